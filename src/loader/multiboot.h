/*
 * Multiboot 1 kernels (Multiboot Specification 0.6.96): 32-bit ELF, or any file whose header gives the load
 * addresses itself.
 *
 * NOT IMPLEMENTED: graphics modes (a kernel that asks for one is given the text screen, as the specification
 * allows), drives, the configuration table, APM.
 */
#ifndef GATE86_LOADER_MULTIBOOT_H
#define GATE86_LOADER_MULTIBOOT_H

#include "loader/load.h"

#define MULTIBOOT_SEARCH 8192u /* bytes at the file's start that must contain the whole header (3.1) */

/* The header's fields (3.1.1), those that its flags announce. */
struct multiboot_header {
    uint32_t offset; /* in the file, bytes */
    uint32_t flags;
    uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr; /* with MULTIBOOT_ADDRESSES */
};

/* Header flags (3.1.2). */
#define MULTIBOOT_PAGE_ALIGN 0x00001u
#define MULTIBOOT_MEMORY     0x00002u
#define MULTIBOOT_VIDEO      0x00004u
#define MULTIBOOT_ADDRESSES  0x10000u

/* True when a header with a good checksum lies in the first 8 KiB. */
bool multiboot_is_multiboot(const struct file_bytes *file);

/* ERROR_INPUT says whether the header is absent, misplaced, misaligned, cut off or has a bad checksum. */
MUST_USE bool multiboot_header_find(const char *path, const struct file_bytes *file,
                                    struct multiboot_header *header, struct error *error);

MUST_USE bool multiboot_load(const struct boot_memory *boot, const struct load_request *request,
                             const struct file_bytes *file, struct boot_state *state, struct error *error);

#endif
