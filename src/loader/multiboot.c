#include "loader/multiboot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/elf.h"
#include "loader/layout.h"
#include "loader/multiboot_info.h"

#define MULTIBOOT_EAX 0x2badb002u /* 3.2: what EAX holds at the start */

struct kernel {
    uint32_t entry;
    uint64_t start, end; /* of all its parts in memory, physical */
    bool is_elf;
    struct elf_image elf;
};

static void kernel_extend(struct kernel *kernel, uint64_t start, uint64_t size)
{
    if (start < kernel->start)
        kernel->start = start;
    if (start + size > kernel->end)
        kernel->end = start + size;
}

static bool part_load(struct layout *layout, const char *path, const char *what, uint64_t address,
                      const uint8_t *bytes, uint64_t file_size, uint64_t memory_size, struct error *error)
{
    if (!layout_take(layout, path, what, address, memory_size, error))
        return false;
    layout_write(layout, address, bytes, file_size);
    layout_clear(layout, address + file_size, memory_size - file_size);
    return true;
}

static bool elf_load(struct layout *layout, const char *path, const struct file_bytes *file,
                     struct kernel *kernel, struct error *error)
{
    if (!elf_read(path, file, &kernel->elf, error))
        return false;
    kernel->is_elf = true;
    kernel->entry = kernel->elf.entry;
    for (unsigned i = 0; i < kernel->elf.segments_used; i++) {
        const struct elf_segment *segment = &kernel->elf.segments[i];
        char what[32];
        snprintf(what, sizeof what, "segment %u", segment->number);
        if (!part_load(layout, path, what, segment->physical, file->bytes + segment->file_offset,
                       segment->file_size, segment->memory_size, error))
            return false;
        kernel_extend(kernel, segment->physical, segment->memory_size);
    }
    return true;
}

/* 3.1.3: the address fields replace whatever executable format the file has. */
static bool addresses_load(struct layout *layout, const char *path, const struct file_bytes *file,
                           const struct multiboot_header *header, struct kernel *kernel, struct error *error)
{
    const unsigned at = header->offset;
    const uint32_t before = header->header_addr - header->load_addr;
    if (header->load_addr > header->header_addr || before > at) {
        return error_set(
            error, ERROR_INPUT,
            "%s: multiboot header at offset %u: load_addr %Xh (offset %u) does not fit header_addr %Xh: "
            "expected header_addr - load_addr from 0 to %u",
            path, at, header->load_addr, at + 16, header->header_addr, at);
    }
    const uint32_t offset = at - before;
    const uint64_t in_file = file->size - offset;
    const uint64_t wanted =
        header->load_end_addr != 0 ? (uint64_t)header->load_end_addr - header->load_addr : in_file;
    if (header->load_end_addr != 0 && header->load_end_addr <= header->load_addr) {
        return error_set(
            error, ERROR_INPUT,
            "%s: multiboot header at offset %u: load_end_addr %Xh (offset %u) is not above load_addr %Xh",
            path, at, header->load_end_addr, at + 20, header->load_addr);
    }
    if (wanted > in_file) {
        return error_set(
            error, ERROR_INPUT,
            "%s: truncated: the multiboot header at offset %u loads bytes %u-%llu of a file of %zu bytes; "
            "remedy: build or copy it again",
            path, at, offset, (unsigned long long)(offset + wanted), file->size);
    }
    const uint64_t load_end = header->load_addr + wanted;
    if (header->bss_end_addr != 0 && header->bss_end_addr < load_end) {
        return error_set(error, ERROR_INPUT,
                         "%s: multiboot header at offset %u: bss_end_addr %Xh (offset %u) lies below the "
                         "loaded part's end "
                         "%llXh",
                         path, at, header->bss_end_addr, at + 24, (unsigned long long)load_end);
    }
    if (header->entry_addr < header->load_addr || header->entry_addr >= load_end) {
        return error_set(
            error, ERROR_INPUT,
            "%s: multiboot header at offset %u: entry_addr %Xh (offset %u) lies outside the loaded part "
            "%Xh-%llXh",
            path, at, header->entry_addr, at + 28, header->load_addr, (unsigned long long)load_end);
    }
    const uint64_t size = header->bss_end_addr != 0 ? header->bss_end_addr - header->load_addr : wanted;
    kernel->entry = header->entry_addr;
    kernel_extend(kernel, header->load_addr, size);
    return part_load(layout, path, "the image", header->load_addr, file->bytes + offset, wanted, size, error);
}

/* Loads one "path arguments" above the kernel, page-aligned. */
static bool module_load(struct layout *layout, const char *string, uint64_t floor,
                        struct multiboot_module *module, struct error *error)
{
    const size_t length = strcspn(string, " ");
    struct file_bytes file;
    uint64_t place;
    char *path = strndup(string, length);
    if (path == NULL)
        return error_set(error, ERROR_HOST, "no memory for the name of module '%s'", string);
    bool loaded = load_file(path, &file, error);
    if (loaded) {
        loaded = layout_place_above(layout, "a module", floor, file.size, PAGE_SIZE, &place);
        if (loaded) {
            layout_write(layout, place, file.bytes, file.size);
            *module = (struct multiboot_module){(uint32_t)place, (uint32_t)(place + file.size), string};
        } else {
            error_set(error, ERROR_INPUT,
                      "%s: no room for this module: %zu bytes between %llXh (the kernel's end) and %llXh "
                      "(RAM's end), "
                      "beside the other modules; remedy: give the machine more memory",
                      path, file.size, (unsigned long long)floor, (unsigned long long)layout->boot->high_end);
        }
        file_bytes_free(&file);
    }
    free(path);
    return loaded;
}

static void description_write(const struct kernel *kernel, const struct multiboot_info *info,
                              struct boot_state *state)
{
    const int used = snprintf(
        state->description, sizeof state->description, "multiboot kernel (%s), %llXh-%llXh, entry %Xh",
        kernel->is_elf ? "ELF" : "addresses in its header", (unsigned long long)kernel->start,
        (unsigned long long)kernel->end, kernel->entry);
    if (info->modules_used != 0 && used > 0 && (size_t)used < sizeof state->description) {
        snprintf(state->description + used, sizeof state->description - (size_t)used, ", %u module%s at %Xh",
                 info->modules_used, info->modules_used == 1 ? "" : "s", info->modules[0].start);
    }
}

bool multiboot_load(const struct boot_memory *boot, const struct load_request *request,
                    const struct file_bytes *file, struct boot_state *state, struct error *error)
{
    struct multiboot_header header;
    struct kernel kernel = {.start = UINT64_MAX};
    struct layout layout;
    layout_init(&layout, boot);
    if (!multiboot_header_find(request->path, file, &header, error) ||
        !(header.flags & MULTIBOOT_ADDRESSES
              ? addresses_load(&layout, request->path, file, &header, &kernel, error)
              : elf_load(&layout, request->path, file, &kernel, error)))
        return false;
    struct multiboot_info info = {
        .path = request->path,
        .command_line = request->command_line != NULL ? request->command_line : "",
        .file = file,
        .elf = kernel.is_elf ? &kernel.elf : NULL,
        .floor = kernel.end > LAYOUT_HIGH_START ? kernel.end : LAYOUT_HIGH_START,
    };
    for (unsigned i = 0; i < BOOT_MODULES_MAX && request->modules[i] != NULL; i++) {
        if (!module_load(&layout, request->modules[i], info.floor, &info.modules[i], error))
            return false;
        info.modules_used++;
    }
    uint32_t address, gdt;
    if (!multiboot_info_write(&layout, &info, &address, &gdt, error))
        return false;
    boot_state_protected(state, kernel.entry, gdt);
    state->eax = MULTIBOOT_EAX;
    state->ebx = address;
    description_write(&kernel, &info, state);
    return true;
}
