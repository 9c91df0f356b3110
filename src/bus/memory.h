/*
 * Physical memory: RAM, ROM and memory-mapped devices in one 64 GiB (36-bit) physical address space, with
 * the A20 gate in front. Unclaimed addresses read as all ones and swallow writes, as on a PC.
 *
 * RAM and ROM are reached through host pointers (memory_ram_page), so that the TLB can skip this file;
 * everything else goes through memory_read and memory_write.
 */
#ifndef GATE86_BUS_MEMORY_H
#define GATE86_BUS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PAGE_SIZE             4096u
#define PAGE_OFFSET_MASK      4095u
#define PHYSICAL_ADDRESS_BITS 36
#define MEMORY_REGIONS_MAX    32

enum memory_kind { MEMORY_RAM, MEMORY_ROM, MEMORY_DEVICE };

/* Device access: offset from the region's start, size 1, 2 or 4 bytes; an access never straddles the region's end. */
typedef uint32_t memory_read_callback(void *context, uint64_t offset, unsigned size);
typedef void memory_write_callback(void *context, uint64_t offset, uint32_t value, unsigned size);

struct memory_region {
    const char *name;
    uint64_t base; /* physical, page-aligned */
    uint64_t size; /* bytes, whole pages */
    enum memory_kind kind;
    uint8_t *host; /* RAM and ROM: the bytes */
    memory_read_callback *read;
    memory_write_callback *write;
    void *context;
};

/* The processor, which keeps decoded code and translations: told at once when either may be stale. */
struct memory_listener {
    void (*code_written)(void *context, uint64_t ram_page, uint32_t offset,
                         uint32_t size); /* within one RAM page */
    void (*map_changed)(void *context);  /* regions or A20 */
    void *context;
};

struct memory {
    struct memory_region regions[MEMORY_REGIONS_MAX]; /* sorted by base, never overlapping */
    unsigned regions_used;
    uint64_t a20_mask;       /* all ones, or bit 20 clear */
    uint8_t *ram;            /* one host block of ram_size bytes; RAM regions point into it */
    uint64_t ram_size;       /* bytes */
    uint64_t *code_granules; /* per RAM page: bit n is set when decoded code came from its n-th 64 bytes */
    struct memory_listener listener; /* NULL functions: nobody listens */
    uint32_t
        generation; /* counts changes of the map and of A20: cached translations of an older one are void */
};

/* Allocates zeroed RAM of `ram_size` bytes (whole pages); maps nothing yet. */
MUST_USE bool memory_init(struct memory *memory, uint64_t ram_size, struct error *error);
void memory_free(struct memory *memory);

/* Maps RAM bytes ram_offset.. at physical base. Aborts on overlap: the board is our own. */
void memory_map_ram(struct memory *memory, const char *name, uint64_t base, uint64_t size,
                    uint64_t ram_offset);

/* Maps caller-owned bytes as ROM: reads see them, writes are swallowed. */
void memory_map_rom(struct memory *memory, const char *name, uint64_t base, uint64_t size, uint8_t *bytes);

void memory_map_device(struct memory *memory, const char *name, uint64_t base, uint64_t size,
                       memory_read_callback *read, memory_write_callback *write, void *context);
void memory_unmap(struct memory *memory, uint64_t base);

void memory_set_a20(struct memory *memory, bool enabled);

/* The region that holds a physical address (after A20), or NULL. */
const struct memory_region *memory_find(const struct memory *memory, uint64_t physical);

/*
 * Host pointer to the page that holds `physical` (after A20) when it is RAM or ROM, else NULL.
 * *writable is false for ROM.
 */
uint8_t *memory_page(const struct memory *memory, uint64_t physical, bool *writable);

/* Any size from 1 to 8, any alignment, split at region ends where needed. A20 is applied. */
uint64_t memory_read(struct memory *memory, uint64_t physical, unsigned size);
void memory_write(struct memory *memory, uint64_t physical, uint64_t value, unsigned size);

/* Bulk copies for loaders and DMA. Returns false when part of the range is not RAM (loaders) - nothing is written then. */
MUST_USE bool memory_copy_in(struct memory *memory, uint64_t physical, const void *bytes, uint64_t size);
void memory_copy_out(const struct memory *memory, uint64_t physical, void *bytes, uint64_t size);

/* Index into code_granules of a host pointer into RAM. */
static inline uint64_t memory_ram_page_number(const struct memory *memory, const uint8_t *host)
{
    return (uint64_t)(host - memory->ram) / PAGE_SIZE;
}

/* Hash of RAM contents; zero pages cost little. */
uint64_t memory_hash(const struct memory *memory, uint64_t seed);

#endif
