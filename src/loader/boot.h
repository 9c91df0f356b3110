/*
 * What a loader hands to the machine: the registers with which the image starts. Loaders write guest memory
 * themselves and know nothing of the processor.
 */
#ifndef GATE86_LOADER_BOOT_H
#define GATE86_LOADER_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "bus/memory.h"

#define BOOT_MODULES_MAX 16
#define BOOT_DESCRIPTION 256

enum boot_entry {
    BOOT_RESET,      /* the processor's reset vector FFFF:FFF0 */
    BOOT_PROTECTED,  /* 32-bit protected mode, paging off, flat 4 GiB segments from a GDT in memory */
};

struct boot_state {
    enum boot_entry entry;
    uint32_t eip, esp, eax, ebx, ecx, edx, esi, edi, ebp;
    uint16_t code_selector, data_selector; /* flat segments in the GDT at gdt_base */
    uint32_t gdt_base;                     /* physical; 0: GDTR is left as after reset */
    uint16_t gdt_limit;
    char description[BOOT_DESCRIPTION];    /* one line for the user */
};

/* The RAM layout the firmware would report: conventional memory below 640 KiB and one block from 1 MiB. */
struct boot_memory {
    struct memory *memory;
    uint64_t low_end;   /* first byte after conventional memory, normally 9FC00h */
    uint64_t high_end;  /* first byte after the block that starts at 1 MiB */
};

#endif
