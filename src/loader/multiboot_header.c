/* Finding and checking the multiboot header (Multiboot Specification 0.6.96, 3.1). */
#include <string.h>

#include "base/bits.h"
#include "loader/elf.h"
#include "loader/multiboot.h"

#define HEADER_MAGIC          0x1badb002u
#define HEADER_2_MAGIC        0xe85250d6u
#define HEADER_SIZE           12u
#define HEADER_ADDRESSES_SIZE 32u
#define HEADER_VIDEO_SIZE     48u
#define FLAGS_REQUIRED        0xffffu /* a loader that does not know one of these bits must refuse */

static bool magic_at(const struct file_bytes *file, size_t offset, uint32_t magic)
{
    return offset + 4 <= file->size && load_le32(file->bytes + offset) == magic;
}

static bool header_at(const struct file_bytes *file, size_t offset)
{
    const uint8_t *at = file->bytes + offset;
    return offset + HEADER_SIZE <= file->size && load_le32(at) == HEADER_MAGIC &&
           load_le32(at) + load_le32(at + 4) + load_le32(at + 8) == 0;
}

/* The first offset below `limit`, in steps, where the test holds; or false. */
static bool header_search(const struct file_bytes *file, size_t limit, size_t step, size_t *offset)
{
    for (size_t at = 0; at < limit && at + HEADER_SIZE <= file->size; at += step) {
        if (header_at(file, at)) {
            *offset = at;
            return true;
        }
    }
    return false;
}

bool multiboot_is_multiboot(const struct file_bytes *file)
{
    size_t offset;
    return header_search(file, MULTIBOOT_SEARCH - HEADER_SIZE + 1, 4, &offset);
}

static bool magic_search(const struct file_bytes *file, size_t limit, uint32_t magic, size_t *offset)
{
    for (size_t at = 0; at < limit && at + 4 <= file->size; at += 4) {
        if (magic_at(file, at, magic)) {
            *offset = at;
            return true;
        }
    }
    return false;
}

/* No good header where it must be: what comes nearest? */
static bool error_missing(const char *path, const struct file_bytes *file, struct error *error)
{
    size_t at;
    if (magic_search(file, MULTIBOOT_SEARCH, HEADER_MAGIC, &at)) {
        if (at + HEADER_SIZE > file->size || at + HEADER_SIZE > MULTIBOOT_SEARCH) {
            return error_set(
                error, ERROR_INPUT,
                "%s: the multiboot header at offset %zu is cut off: it must lie whole within the first %u "
                "bytes of the file; remedy: put its section first in the linker script",
                path, at, MULTIBOOT_SEARCH);
        }
        const uint32_t flags = load_le32(file->bytes + at + 4);
        return error_set(error, ERROR_INPUT,
                         "%s: multiboot header at offset %zu: checksum %08Xh at offset %zu, expected %08Xh "
                         "(magic + flags + "
                         "checksum must be 0); remedy: correct it in the source",
                         path, at, load_le32(file->bytes + at + 8), at + 8, -(HEADER_MAGIC + flags));
    }
    if (header_search(file, MULTIBOOT_SEARCH, 1, &at)) {
        return error_set(
            error, ERROR_INPUT,
            "%s: the multiboot header at offset %zu is not aligned to 4 bytes; remedy: .align 4 before it",
            path, at);
    }
    if (header_search(file, file->size, 4, &at)) {
        return error_set(
            error, ERROR_INPUT,
            "%s: the multiboot header lies at offset %zu, beyond the first %u bytes of the file; remedy: put "
            "its section first in the linker script, and link with -z max-page-size=4096",
            path, at, MULTIBOOT_SEARCH);
    }
    if (magic_search(file, 32768, HEADER_2_MAGIC, &at)) {
        return error_set(error, ERROR_INPUT,
                         "%s: only a multiboot 2 header (offset %zu), expected a multiboot 1 header "
                         "(1BADB002h) in the first "
                         "%u bytes; remedy: add one",
                         path, at, MULTIBOOT_SEARCH);
    }
    if (elf_is_elf(file) && file->size > 4 && file->bytes[4] == 2) {
        return error_set(
            error, ERROR_INPUT,
            "%s: a 64-bit ELF (class 2 at offset 4) without a multiboot 1 header, but the machine is 32-bit; "
            "remedy: compile with -m32 and link with -m elf_i386",
            path);
    }
    return error_set(
        error, ERROR_INPUT,
        "%s: no multiboot header: expected 1BADB002h, flags and checksum, aligned to 4 bytes, in the first "
        "%u bytes; remedy: add one, in a section that comes first",
        path, MULTIBOOT_SEARCH);
}

static bool header_fits(const char *path, const struct file_bytes *file, size_t at, size_t size,
                        struct error *error)
{
    const size_t limit = file->size < MULTIBOOT_SEARCH ? file->size : MULTIBOOT_SEARCH;
    return at + size <= limit || error_set(error, ERROR_INPUT,
                                           "%s: the multiboot header at offset %zu needs %zu bytes for its "
                                           "flags, but ends at offset %zu; "
                                           "remedy: put its section first in the linker script",
                                           path, at, size, limit);
}

bool multiboot_header_find(const char *path, const struct file_bytes *file, struct multiboot_header *header,
                           struct error *error)
{
    size_t at;
    memset(header, 0, sizeof *header);
    if (!header_search(file, MULTIBOOT_SEARCH - HEADER_SIZE + 1, 4, &at))
        return error_missing(path, file, error);
    const uint8_t *bytes = file->bytes + at;
    const uint32_t known = MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY | MULTIBOOT_VIDEO;
    header->offset = (uint32_t)at;
    header->flags = load_le32(bytes + 4);
    if (header->flags & FLAGS_REQUIRED & ~known) {
        return error_set(
            error, ERROR_INPUT,
            "%s: multiboot header at offset %zu: flags %08Xh require features (bits %04Xh) that multiboot 1 "
            "does not have; remedy: clear them",
            path, at, header->flags, header->flags & FLAGS_REQUIRED & ~known);
    }
    if ((header->flags & MULTIBOOT_ADDRESSES && !header_fits(path, file, at, HEADER_ADDRESSES_SIZE, error)) ||
        (header->flags & MULTIBOOT_VIDEO && !header_fits(path, file, at, HEADER_VIDEO_SIZE, error)))
        return false;
    if (header->flags & MULTIBOOT_ADDRESSES) {
        header->header_addr = load_le32(bytes + 12);
        header->load_addr = load_le32(bytes + 16);
        header->load_end_addr = load_le32(bytes + 20);
        header->bss_end_addr = load_le32(bytes + 24);
        header->entry_addr = load_le32(bytes + 28);
    }
    return true;
}
