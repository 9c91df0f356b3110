/* What a multiboot loader tells (Multiboot Specification 0.6.96, 3.3): the beginning of the structure. */
#ifndef IMAGES_BOOT_INFO_H
#define IMAGES_BOOT_INFO_H

#include <stdint.h>

#define BOOT_MAGIC       0x2badb002u /* EAX at the start */
#define BOOT_HAS_MEMORY  0x001u
#define BOOT_HAS_COMMAND 0x004u
#define BOOT_HAS_MODULES 0x008u
#define BOOT_HAS_LOADER  0x200u

struct boot_info {
    uint32_t flags; /* which of the fields are valid */
    uint32_t lower_kib, upper_kib;
    uint32_t device;
    const char *command_line;
    uint32_t modules_used;
    const struct boot_module *modules;
    uint32_t sections[4];
    uint32_t map_length, map;
    uint32_t drives_length, drives;
    uint32_t configuration;
    const char *loader_name;
};

struct boot_module {
    const uint8_t *start, *end;
    const char *string;
    uint32_t reserved;
};

#endif
