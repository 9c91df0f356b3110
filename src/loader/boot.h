/*
 * What a loader hands to the machine: the registers with which the image starts. Loaders write guest memory
 * themselves and know nothing of the processor.
 */
#ifndef GATE86_LOADER_BOOT_H
#define GATE86_LOADER_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/file.h"
#include "bus/memory.h"

#define BOOT_MODULES_MAX 16
#define BOOT_DESCRIPTION 256

/* The GDT that loaders place: two null descriptors, then flat code and data, as the Linux boot protocol asks.
 */
#define BOOT_CODE_SELECTOR 0x10
#define BOOT_DATA_SELECTOR 0x18
#define BOOT_GDT_SIZE      32

enum boot_entry {
    BOOT_RESET,     /* the processor's reset vector FFFF:FFF0 */
    BOOT_PROTECTED, /* 32-bit protected mode, paging off, flat 4 GiB segments from a GDT in memory */
};

struct boot_state {
    enum boot_entry entry;
    uint32_t eip, esp, eax, ebx, ecx, edx, esi, edi, ebp;
    uint16_t code_selector, data_selector; /* flat segments in the GDT at gdt_base */
    uint32_t gdt_base;                     /* physical; 0: GDTR is left as after reset */
    uint16_t gdt_limit;
    struct file_bytes rom; /* BOOT_RESET: the mapped ROM's bytes, now the machine's to free; else empty */
    char description[BOOT_DESCRIPTION]; /* one line for the user */
};

/*
 * What the firmware would report: the RAM, conventional memory below 640 KiB and one block from 1 MiB, and
 * what the board has. Optional fields are 0 when absent.
 */
struct boot_memory {
    struct memory *memory;
    uint64_t low_end;   /* first byte after conventional memory, normally 9FC00h */
    uint64_t high_end;  /* first byte after the block that starts at 1 MiB, at most 4 GiB */
    uint64_t acpi_rsdp; /* physical address of the ACPI root pointer; 0: the guest searches for it */
    bool text_screen;   /* a VGA shows text mode 3 at B8000h */
};

/* The GDT's bytes. */
void boot_gdt_write(uint8_t gdt[BOOT_GDT_SIZE]);

/* A protected-mode start at eip with the GDT at gdt_base, all other registers 0. */
void boot_state_protected(struct boot_state *state, uint32_t eip, uint32_t gdt_base);

#endif
