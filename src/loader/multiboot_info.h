/* The information that a multiboot kernel finds through EBX (Multiboot Specification 0.6.96, 3.3). */
#ifndef GATE86_LOADER_MULTIBOOT_INFO_H
#define GATE86_LOADER_MULTIBOOT_INFO_H

#include "loader/elf.h"
#include "loader/layout.h"
#include "loader/load.h"

struct multiboot_module {
    uint32_t start, end; /* physical; end is the first byte after it */
    const char *string;  /* "path arguments" */
};

struct multiboot_info {
    const char *path; /* of the kernel */
    const char *command_line;
    unsigned modules_used;
    struct multiboot_module modules[BOOT_MODULES_MAX];
    const struct file_bytes *file; /* the kernel */
    const struct elf_image *elf;   /* NULL: not an ELF, no section headers are passed */
    uint64_t floor;                /* symbol tables are placed at or above this address */
};

/* Places and writes the information and a GDT; returns their addresses. */
MUST_USE bool multiboot_info_write(struct layout *layout, const struct multiboot_info *info,
                                   uint32_t *address, uint32_t *gdt, struct error *error);

#endif
