#include "loader/multiboot_info.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"

#define INFO_SIZE       116u
#define MODULE_SIZE     16u
#define MAP_ENTRY_SIZE  24u
#define MAP_ENTRIES_MAX 4u
#define BLOCK_ALIGNMENT 16u

/* Bits of info.flags, which say what fields are valid. */
#define INFO_MEMORY      0x0001u
#define INFO_COMMAND     0x0004u
#define INFO_MODULES     0x0008u
#define INFO_SECTIONS    0x0020u
#define INFO_MAP         0x0040u
#define INFO_LOADER      0x0200u
#define INFO_FRAMEBUFFER 0x1000u

#define MAP_RAM      1u
#define MAP_RESERVED 2u

static const char loader_name[] = "gate86";

/* A piece of guest memory under construction. */
struct block {
    uint8_t *bytes;
    size_t capacity, used;
    uint32_t base; /* physical address of bytes[0] */
};

/* Reserves size bytes; returns their physical address. */
static uint32_t block_add(struct block *block, const void *bytes, size_t size)
{
    const size_t at = (block->used + BLOCK_ALIGNMENT - 1) & ~(size_t)(BLOCK_ALIGNMENT - 1);
    INVARIANT(at + size <= block->capacity);
    if (bytes != NULL)
        memcpy(block->bytes + at, bytes, size);
    block->used = at + size;
    return block->base + (uint32_t)at;
}

static uint8_t *block_at(struct block *block, uint32_t physical)
{
    return block->bytes + (physical - block->base);
}

static uint32_t block_add_string(struct block *block, const char *first, const char *separator,
                                 const char *second)
{
    const size_t sizes[3] = {strlen(first), strlen(separator), strlen(second)};
    const uint32_t address = block_add(block, NULL, sizes[0] + sizes[1] + sizes[2] + 1);
    char *at = (char *)block_at(block, address);
    memcpy(at, first, sizes[0]);
    memcpy(at + sizes[0], separator, sizes[1]);
    memcpy(at + sizes[0] + sizes[1], second, sizes[2]);
    return address;
}

/* Upper bound of what info_fill adds, each item with its alignment. */
static size_t block_capacity(const struct multiboot_info *info)
{
    size_t capacity = BOOT_GDT_SIZE + INFO_SIZE + MAP_ENTRIES_MAX * MAP_ENTRY_SIZE + sizeof loader_name +
                      strlen(info->path) + 1 + strlen(info->command_line) + 1 +
                      info->modules_used * MODULE_SIZE + (8 + info->modules_used) * BLOCK_ALIGNMENT;
    for (unsigned i = 0; i < info->modules_used; i++)
        capacity += strlen(info->modules[i].string) + 1;
    if (info->elf != NULL)
        capacity += (size_t)info->elf->section_count * ELF_SECTION_SIZE;
    return capacity;
}

/* Appends an entry at map + *used bytes, unless it would be empty. */
static void map_entry_add(uint8_t *map, size_t *used, uint64_t start, uint64_t end, uint32_t type)
{
    uint8_t *entry = map + *used;
    if (start == end)
        return;
    *used += MAP_ENTRY_SIZE;
    /* The size field does not count itself. */
    store_le32(entry, MAP_ENTRY_SIZE - 4);
    store_le64(entry + 4, start);
    store_le64(entry + 12, end - start);
    store_le32(entry + 20, type);
}

static void memory_add(struct block *block, uint8_t *fields, const struct boot_memory *boot)
{
    uint8_t map[MAP_ENTRIES_MAX * MAP_ENTRY_SIZE];
    size_t used = 0;
    map_entry_add(map, &used, 0, boot->low_end, MAP_RAM);
    map_entry_add(map, &used, boot->low_end, 0xa0000, MAP_RESERVED);
    map_entry_add(map, &used, 0xe0000, 0x100000, MAP_RESERVED);
    map_entry_add(map, &used, 0x100000, boot->high_end, MAP_RAM);
    store_le32(fields + 4, (uint32_t)(boot->low_end / 1024));
    store_le32(fields + 8, (uint32_t)((boot->high_end - 0x100000) / 1024));
    store_le32(fields + 44, (uint32_t)used);
    store_le32(fields + 48, block_add(block, map, used));
}

static void modules_add(struct block *block, uint8_t *fields, const struct multiboot_info *info)
{
    const uint32_t table = block_add(block, NULL, info->modules_used * MODULE_SIZE);
    for (unsigned i = 0; i < info->modules_used; i++) {
        uint8_t *entry = block_at(block, table) + i * MODULE_SIZE;
        store_le32(entry, info->modules[i].start);
        store_le32(entry + 4, info->modules[i].end);
        store_le32(entry + 8, block_add_string(block, info->modules[i].string, "", ""));
    }
    store_le32(fields + 20, info->modules_used);
    store_le32(fields + 24, table);
}

/*
 * 3.3: the section header table, with sh_addr of the symbol and string tables set to where they were put.
 * Tables for which there is no room stay at address 0.
 */
static void sections_add(struct block *block, uint8_t *fields, struct layout *layout,
                         const struct multiboot_info *info)
{
    const struct elf_image *elf = info->elf;
    const uint32_t table = block_add(block, info->file->bytes + elf->sections_offset,
                                     (size_t)elf->section_count * ELF_SECTION_SIZE);
    for (unsigned i = 0; i < elf->section_count; i++) {
        const struct elf_section section = elf_section_get(info->file, elf, i);
        uint8_t *header = block_at(block, table) + i * ELF_SECTION_SIZE;
        uint64_t place;
        if ((section.type != SHT_SYMTAB && section.type != SHT_STRTAB) || section.flags & SHF_ALLOC ||
            !section.in_file || section.size == 0 || layout->used + 1 >= LAYOUT_RANGES_MAX ||
            !layout_place_above(layout, "a symbol table", info->floor, section.size, PAGE_SIZE, &place))
            continue;
        layout_write(layout, place, info->file->bytes + section.file_offset, section.size);
        store_le32(header + offsetof(Elf32_Shdr, sh_addr), (uint32_t)place);
    }
    store_le32(fields + 28, elf->section_count);
    store_le32(fields + 32, ELF_SECTION_SIZE);
    store_le32(fields + 36, table);
    store_le32(fields + 40, elf->section_names);
}

/* Text mode 3: 80 x 25 characters of 16 bits at B8000h. */
static void framebuffer_fill(uint8_t *fields)
{
    store_le64(fields + 88, 0xb8000);
    store_le32(fields + 96, 160);
    store_le32(fields + 100, 80);
    store_le32(fields + 104, 25);
    fields[108] = 16;
    fields[109] = 2;
}

static void info_fill(struct layout *layout, const struct multiboot_info *info, struct block *block,
                      uint32_t *address, uint32_t *gdt)
{
    uint32_t flags = INFO_MEMORY | INFO_COMMAND | INFO_MAP | INFO_LOADER;
    *gdt = block_add(block, NULL, BOOT_GDT_SIZE);
    *address = block_add(block, NULL, INFO_SIZE);
    uint8_t *fields = block_at(block, *address);
    boot_gdt_write(block_at(block, *gdt));
    memory_add(block, fields, layout->boot);
    store_le32(fields + 16, block_add_string(block, info->path, info->command_line[0] != '\0' ? " " : "",
                                             info->command_line));
    store_le32(fields + 64, block_add(block, loader_name, sizeof loader_name));
    if (info->modules_used != 0)
        modules_add(block, fields, info);
    flags |= INFO_MODULES;
    if (info->elf != NULL && info->elf->section_count != 0) {
        sections_add(block, fields, layout, info);
        flags |= INFO_SECTIONS;
    }
    if (layout->boot->text_screen) {
        framebuffer_fill(fields);
        flags |= INFO_FRAMEBUFFER;
    }
    store_le32(fields, flags);
}

bool multiboot_info_write(struct layout *layout, const struct multiboot_info *info, uint32_t *address,
                          uint32_t *gdt, struct error *error)
{
    struct block block = {.capacity = block_capacity(info)};
    uint64_t base;
    if (!layout_place_tables(layout, info->path, block.capacity, &base, error))
        return false;
    block.base = (uint32_t)base;
    block.bytes = calloc(1, block.capacity);
    if (block.bytes == NULL)
        return error_set(error, ERROR_HOST, "%s: no memory for the boot information", info->path);
    info_fill(layout, info, &block, address, gdt);
    layout_write(layout, base, block.bytes, block.used);
    free(block.bytes);
    return true;
}
