#include "loader/initrd.h"

#include <string.h>

#include "loader/load.h"

/* Format: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. */
#define CPIO_HEADER_SIZE     110u /* magic of 6 characters, then 13 numbers of 8 hexadecimal digits */
#define CPIO_FILE_SIZE_FIELD 6u
#define CPIO_NAME_SIZE_FIELD 11u
#define CPIO_NAME_SIZE_MAX   4096u
#define CPIO_TRAILER         "TRAILER!!!"

static bool cpio_magic(const struct file_bytes *file, size_t at)
{
    return at + 6 <= file->size && memcmp(file->bytes + at, "07070", 5) == 0 &&
           (file->bytes[at + 5] == '1' || file->bytes[at + 5] == '2');
}

static bool cpio_number(const uint8_t *header, unsigned field, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t digit = header[6 + field * 8 + i];
        const uint8_t lower = digit | 0x20;
        if (digit >= '0' && digit <= '9')
            *value = *value << 4 | (uint32_t)(digit - '0');
        else if (lower >= 'a' && lower <= 'f')
            *value = *value << 4 | (uint32_t)(lower - 'a' + 10);
        else
            return false;
    }
    return true;
}

static bool error_truncated(const char *path, size_t at, uint64_t end, size_t size, struct error *error)
{
    return error_set(
        error, ERROR_INPUT,
        "%s: truncated: the cpio entry at offset %zu goes to offset %llu, but the archive ends at %zu; "
        "remedy: make or copy it again",
        path, at, (unsigned long long)end, size);
}

/* Walks one archive from *at to behind its trailer. */
static bool cpio_walk(const char *path, const struct file_bytes *file, size_t *at, struct error *error)
{
    for (;;) {
        const uint8_t *header = file->bytes + *at;
        uint32_t name_size, file_size;
        if (*at + CPIO_HEADER_SIZE > file->size)
            return error_truncated(path, *at, (uint64_t)*at + CPIO_HEADER_SIZE, file->size, error);
        if (!cpio_magic(file, *at) || !cpio_number(header, CPIO_NAME_SIZE_FIELD, &name_size) ||
            !cpio_number(header, CPIO_FILE_SIZE_FIELD, &file_size) || name_size == 0 ||
            name_size > CPIO_NAME_SIZE_MAX) {
            return error_set(
                error, ERROR_INPUT,
                "%s: damaged: expected a cpio entry (070701 and 13 hexadecimal numbers) at offset %zu; "
                "remedy: make it with cpio -H newc",
                path, *at);
        }
        const uint64_t name_end = ((uint64_t)*at + CPIO_HEADER_SIZE + name_size + 3) & ~3ull;
        const uint64_t end = (name_end + file_size + 3) & ~3ull;
        if (name_end > file->size || name_end + file_size > file->size)
            return error_truncated(path, *at, name_end + file_size, file->size, error);
        const bool last = name_size == sizeof CPIO_TRAILER &&
                          memcmp(header + CPIO_HEADER_SIZE, CPIO_TRAILER, sizeof CPIO_TRAILER) == 0;
        *at = end < file->size ? (size_t)end : file->size;
        if (last)
            return true;
    }
}

static bool archives_walk(const char *path, const struct file_bytes *file, bool packed, struct error *error)
{
    size_t at = 0;
    for (;;) {
        while (at < file->size && file->bytes[at] == 0)
            at++;
        if (at >= file->size)
            return true;
        if (cpio_magic(file, at)) {
            /* The kernel looks for an archive at multiples of 4 only. */
            if (at & 3)
                return error_set(
                    error, ERROR_INPUT,
                    "%s: the cpio archive at offset %zu is not aligned to 4 bytes; remedy: pad what is "
                    "before it with zeros",
                    path, at);
            if (!cpio_walk(path, file, &at, error))
                return false;
            continue;
        }
        struct file_bytes rest = {file->bytes + at, file->size - at};
        if (packed || !file_is_gzip(&rest))
            return true;
        struct file_bytes inner;
        size_t used;
        bool good = file_gunzip_prefix(path, LOAD_FILE_MAX, &rest, &inner, &used, error);
        if (good) {
            good = archives_walk(path, &inner, true, error);
            file_bytes_free(&inner);
        }
        if (!good)
            return error_prefix(error, "in the gzip data from offset %zu", at);
        at += used;
    }
}

bool initrd_check(const char *path, const struct file_bytes *file, struct error *error)
{
    if (file->size == 0)
        return error_set(error, ERROR_INPUT, "%s: the initrd is empty; remedy: make or copy it again", path);
    return archives_walk(path, file, false, error);
}
