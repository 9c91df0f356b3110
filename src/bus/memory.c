/* The physical address space. */
#include "bus/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/invariant.h"

#define A20_BIT (1ull << 20)

static void memory_map_changed(struct memory *memory)
{
    memory->generation++;
    if (memory->listener.map_changed != NULL)
        memory->listener.map_changed(memory->listener.context);
}

bool memory_init(struct memory *memory, uint64_t ram_size, struct error *error)
{
    memset(memory, 0, sizeof *memory);
    memory->a20_mask = ~0ull;
    INVARIANT(ram_size > 0 && ram_size % PAGE_SIZE == 0);
    if (ram_size > SIZE_MAX)
        return error_set(error, ERROR_HOST,
                         "%llu bytes of guest RAM do not fit into this host's address space",
                         (unsigned long long)ram_size);
    /* Anonymous pages read as zero and take host memory only once the guest writes them. */
    void *ram = mmap(NULL, (size_t)ram_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram == MAP_FAILED)
        return error_set_errno(error, ERROR_HOST, "cannot reserve %llu bytes for guest RAM",
                               (unsigned long long)ram_size);
    memory->code_granules = calloc((size_t)(ram_size / PAGE_SIZE), sizeof *memory->code_granules);
    if (!memory->code_granules) {
        munmap(ram, (size_t)ram_size);
        return error_set(error, ERROR_HOST, "no host memory for the code map of guest RAM");
    }
    memory->ram = ram;
    memory->ram_size = ram_size;
    return true;
}

void memory_free(struct memory *memory)
{
    if (memory->ram)
        munmap(memory->ram, (size_t)memory->ram_size);
    free(memory->code_granules);
    memset(memory, 0, sizeof *memory);
}

/* Number of regions that start at or below `physical`. */
static unsigned memory_regions_up_to(const struct memory *memory, uint64_t physical)
{
    unsigned low = 0, high = memory->regions_used;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (memory->regions[middle].base <= physical)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void memory_map(struct memory *memory, const struct memory_region *region)
{
    INVARIANT(memory->regions_used < MEMORY_REGIONS_MAX);
    INVARIANT(region->size > 0 && (region->base | region->size) % PAGE_SIZE == 0);
    INVARIANT(region->base < 1ull << PHYSICAL_ADDRESS_BITS);
    INVARIANT(region->size <= (1ull << PHYSICAL_ADDRESS_BITS) - region->base);
    unsigned at = memory_regions_up_to(memory, region->base);
    const struct memory_region *before = at > 0 ? &memory->regions[at - 1] : NULL;
    const struct memory_region *after = at < memory->regions_used ? &memory->regions[at] : NULL;
    INVARIANT(!before || before->base + before->size <= region->base);
    INVARIANT(!after || region->base + region->size <= after->base);
    memmove(&memory->regions[at + 1], &memory->regions[at],
            (memory->regions_used - at) * sizeof memory->regions[0]);
    memory->regions[at] = *region;
    memory->regions_used++;
    memory_map_changed(memory);
}

void memory_map_ram(struct memory *memory, const char *name, uint64_t base, uint64_t size,
                    uint64_t ram_offset)
{
    INVARIANT(ram_offset % PAGE_SIZE == 0 && ram_offset <= memory->ram_size);
    INVARIANT(size <= memory->ram_size - ram_offset);
    memory_map(memory, &(struct memory_region){
                           .name = name,
                           .base = base,
                           .size = size,
                           .kind = MEMORY_RAM,
                           .host = memory->ram + ram_offset,
                       });
}

void memory_map_rom(struct memory *memory, const char *name, uint64_t base, uint64_t size, uint8_t *bytes)
{
    memory_map(memory, &(struct memory_region){
                           .name = name,
                           .base = base,
                           .size = size,
                           .kind = MEMORY_ROM,
                           .host = bytes,
                       });
}

void memory_map_device(struct memory *memory, const char *name, uint64_t base, uint64_t size,
                       memory_read_callback *read, memory_write_callback *write, void *context)
{
    memory_map(memory, &(struct memory_region){
                           .name = name,
                           .base = base,
                           .size = size,
                           .kind = MEMORY_DEVICE,
                           .read = read,
                           .write = write,
                           .context = context,
                       });
}

void memory_unmap(struct memory *memory, uint64_t base)
{
    unsigned after = memory_regions_up_to(memory, base);
    INVARIANT(after > 0 && memory->regions[after - 1].base == base);
    memmove(&memory->regions[after - 1], &memory->regions[after],
            (memory->regions_used - after) * sizeof memory->regions[0]);
    memory->regions_used--;
    memory_map_changed(memory);
}

void memory_set_a20(struct memory *memory, bool enabled)
{
    uint64_t mask = enabled ? ~0ull : ~A20_BIT;
    if (memory->a20_mask == mask)
        return;
    memory->a20_mask = mask;
    memory_map_changed(memory);
}

/* The region that holds an address already masked by A20, or NULL. */
static const struct memory_region *memory_find_masked(const struct memory *memory, uint64_t physical)
{
    unsigned up_to = memory_regions_up_to(memory, physical);
    if (up_to == 0)
        return NULL;
    const struct memory_region *region = &memory->regions[up_to - 1];
    return physical - region->base < region->size ? region : NULL;
}

const struct memory_region *memory_find(const struct memory *memory, uint64_t physical)
{
    return memory_find_masked(memory, physical & memory->a20_mask);
}

uint8_t *memory_page(const struct memory *memory, uint64_t physical, bool *writable)
{
    uint64_t page = physical & memory->a20_mask & ~(uint64_t)PAGE_OFFSET_MASK;
    const struct memory_region *region = memory_find_masked(memory, page);
    if (!region || region->kind == MEMORY_DEVICE)
        return NULL;
    *writable = region->kind == MEMORY_RAM;
    return region->host + (page - region->base);
}

/*
 * How many of `size` bytes at `physical` one bus cycle carries: it ends with the page (so it crosses neither
 * a region nor the A20 wrap), and cycles to devices are naturally aligned.
 */
static unsigned memory_cycle_size(const struct memory_region *region, uint64_t physical, unsigned size)
{
    unsigned left = PAGE_SIZE - (unsigned)(physical & PAGE_OFFSET_MASK);
    unsigned cycle = size < left ? size : left;
    if (!region || region->kind != MEMORY_DEVICE)
        return cycle;
    if (cycle >= 4 && physical % 4 == 0)
        return 4;
    return cycle >= 2 && physical % 2 == 0 ? 2 : 1;
}

static uint64_t region_read(const struct memory_region *region, uint64_t physical, unsigned size)
{
    uint64_t value = ~0ull;
    if (!region)
        return value;
    uint64_t offset = physical - region->base;
    if (region->kind == MEMORY_DEVICE)
        return region->read(region->context, offset, size);
    memcpy(&value, region->host + offset, size);
    return value;
}

/* Tells the listener when decoded code came from bytes that were just written. */
static void ram_written(const struct memory *memory, const uint8_t *host, unsigned size)
{
    uint64_t page = memory_ram_page_number(memory, host);
    if (UNLIKELY(memory->code_granules[page] != 0) && memory->listener.code_written != NULL) {
        uint32_t offset = (uint32_t)((uint64_t)(host - memory->ram) & PAGE_OFFSET_MASK);
        memory->listener.code_written(memory->listener.context, page, offset, size);
    }
}

static void region_write(const struct memory *memory, const struct memory_region *region, uint64_t physical,
                         uint64_t value, unsigned size)
{
    if (!region || region->kind == MEMORY_ROM)
        return;
    uint64_t offset = physical - region->base;
    if (region->kind == MEMORY_DEVICE) {
        region->write(region->context, offset, (uint32_t)(value & (~0ull >> (64 - 8 * size))), size);
        return;
    }
    memcpy(region->host + offset, &value, size);
    ram_written(memory, region->host + offset, size);
}

uint64_t memory_read(struct memory *memory, uint64_t physical, unsigned size)
{
    INVARIANT(size >= 1 && size <= 8);
    uint64_t value = 0;
    for (unsigned done = 0; done < size;) {
        uint64_t masked = (physical + done) & memory->a20_mask;
        const struct memory_region *region = memory_find_masked(memory, masked);
        unsigned cycle = memory_cycle_size(region, masked, size - done);
        uint64_t part = region_read(region, masked, cycle) & (~0ull >> (64 - 8 * cycle));
        value |= part << (8 * done);
        done += cycle;
    }
    return value;
}

void memory_write(struct memory *memory, uint64_t physical, uint64_t value, unsigned size)
{
    INVARIANT(size >= 1 && size <= 8);
    for (unsigned done = 0; done < size;) {
        uint64_t masked = (physical + done) & memory->a20_mask;
        const struct memory_region *region = memory_find_masked(memory, masked);
        unsigned cycle = memory_cycle_size(region, masked, size - done);
        region_write(memory, region, masked, value >> (8 * done), cycle);
        done += cycle;
    }
}

/* Bytes from `physical` to the end of its page. */
static uint64_t page_left(uint64_t physical)
{
    return PAGE_SIZE - (physical & PAGE_OFFSET_MASK);
}

static bool memory_is_ram(const struct memory *memory, uint64_t physical, uint64_t size)
{
    for (uint64_t done = 0; done < size; done += page_left(physical + done)) {
        const struct memory_region *region = memory_find(memory, physical + done);
        if (!region || region->kind != MEMORY_RAM)
            return false;
    }
    return true;
}

bool memory_copy_in(struct memory *memory, uint64_t physical, const void *bytes, uint64_t size)
{
    if (size > ~0ull - physical || !memory_is_ram(memory, physical, size))
        return false;
    const uint8_t *from = bytes;
    for (uint64_t done = 0; done < size;) {
        uint64_t left = page_left(physical + done);
        uint64_t part = size - done < left ? size - done : left;
        bool writable;
        uint8_t *page = memory_page(memory, physical + done, &writable);
        uint8_t *to = page + ((physical + done) & PAGE_OFFSET_MASK);
        memcpy(to, from + done, (size_t)part);
        ram_written(memory, to, (unsigned)part);
        done += part;
    }
    return true;
}

void memory_copy_out(const struct memory *memory, uint64_t physical, void *bytes, uint64_t size)
{
    uint8_t *to = bytes;
    for (uint64_t done = 0; done < size;) {
        uint64_t left = page_left(physical + done);
        uint64_t part = size - done < left ? size - done : left;
        bool writable;
        const uint8_t *page = memory_page(memory, physical + done, &writable);
        if (page)
            memcpy(to + done, page + ((physical + done) & PAGE_OFFSET_MASK), (size_t)part);
        else
            memset(to + done, 0xff, (size_t)part); /* looking must not touch a device's registers */
        done += part;
    }
}

#define PAGEMAP_BATCH  512u
#define PAGEMAP_BACKED (3ull << 62) /* present in host memory or swapped out */

/* /proc/self/pagemap tells which pages the host has backed; without it every page is looked at. */
static void backed_pages(int pagemap, const uint8_t *first, unsigned count, uint64_t *entries)
{
    uint64_t host_page = (uintptr_t)first / PAGE_SIZE;
    size_t wanted = count * sizeof entries[0];
    if (pagemap < 0 ||
        pread(pagemap, entries, wanted, (off_t)(host_page * sizeof entries[0])) != (ssize_t)wanted)
        memset(entries, 0xff, wanted);
}

static bool page_is_zero(const uint8_t *page)
{
    static const uint8_t zeros[64];
    return memcmp(page, zeros, sizeof zeros) == 0 &&
           memcmp(page, page + sizeof zeros, PAGE_SIZE - sizeof zeros) == 0;
}

uint64_t memory_hash(const struct memory *memory, uint64_t seed)
{
    uint64_t hash = hash_bytes(&memory->ram_size, sizeof memory->ram_size, seed);
    int pagemap = sysconf(_SC_PAGESIZE) == PAGE_SIZE ? open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) : -1;
    uint64_t pages = memory->ram_size / PAGE_SIZE;
    for (uint64_t first = 0; first < pages; first += PAGEMAP_BATCH) {
        uint64_t entries[PAGEMAP_BATCH];
        unsigned count = pages - first < PAGEMAP_BATCH ? (unsigned)(pages - first) : PAGEMAP_BATCH;
        backed_pages(pagemap, memory->ram + first * PAGE_SIZE, count, entries);
        for (unsigned i = 0; i < count; i++) {
            uint64_t number = first + i;
            const uint8_t *page = memory->ram + number * PAGE_SIZE;
            if (!(entries[i] & PAGEMAP_BACKED) || page_is_zero(page))
                continue;
            hash = hash_bytes(&number, sizeof number, hash);
            hash = hash_bytes(page, PAGE_SIZE, hash);
        }
    }
    if (pagemap >= 0)
        close(pagemap);
    return hash;
}
