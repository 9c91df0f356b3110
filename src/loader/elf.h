/*
 * The door to libelf: a 32-bit IA-32 executable's loadable segments and section headers, every number
 * checked against the file.
 */
#ifndef GATE86_LOADER_ELF_H
#define GATE86_LOADER_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

#define ELF_SEGMENTS_MAX 64
#define ELF_SECTIONS_MAX 4096
#define ELF_SECTION_SIZE 40u /* of one section header, bytes */

/* A PT_LOAD segment with memory_size > 0. file_offset..file_offset+file_size-1 lies within the file. */
struct elf_segment {
    unsigned number; /* of the program header, from 0 */
    uint32_t file_offset, file_size;
    uint32_t physical, linear;
    uint32_t memory_size; /* >= file_size; the rest is to be zeroed */
};

struct elf_image {
    uint32_t entry; /* physical address of the first instruction, within a segment */
    unsigned segments_used;
    struct elf_segment segments[ELF_SEGMENTS_MAX];
    /* The section header table, or section_count 0 when there is none that could be used. */
    uint32_t sections_offset;              /* in the file, bytes */
    unsigned section_count, section_names; /* names: number of the section that holds the names */
};

/* Section header fields a loader needs; contents lie within the file when `in_file`. */
struct elf_section {
    uint32_t type, flags, address, file_offset, size;
    bool in_file;
};

/* True when the bytes begin with 7Fh "ELF". */
bool elf_is_elf(const struct file_bytes *file);

/* ERROR_INPUT names `path`, the offset and what was expected there. */
MUST_USE bool elf_read(const char *path, const struct file_bytes *file, struct elf_image *image,
                       struct error *error);

/* Section `number` < image->section_count. */
struct elf_section elf_section_get(const struct file_bytes *file, const struct elf_image *image,
                                   unsigned number);

#endif
