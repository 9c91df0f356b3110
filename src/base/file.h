/* Whole files in memory, gzip-packed ones unpacked on request (zlib). */
#ifndef GATE86_BASE_FILE_H
#define GATE86_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct file_bytes {
    uint8_t *bytes; /* owned; release with file_bytes_free */
    size_t size;    /* bytes */
};

/* Reads a whole file. Errors name the file and why (ERROR_INPUT). Directories and files over `limit` bytes
 * are refused. */
MUST_USE bool file_read(const char *path, size_t limit, struct file_bytes *file, struct error *error);

/* True when the bytes start with the gzip magic 1Fh 8Bh. */
bool file_is_gzip(const struct file_bytes *file);

/*
 * Replaces gzip-packed bytes by what they unpack to, at most `limit` bytes. Errors name `path`, the offset in
 * the packed file and what is wrong (truncated, bad checksum, too large). Unpacked files are left alone.
 */
MUST_USE bool file_gunzip(const char *path, size_t limit, struct file_bytes *file, struct error *error);

/*
 * Unpacks the gzip members that `packed` begins with into *result, and leaves `packed` alone. *used tells
 * where they end; anything may follow there.
 */
MUST_USE bool file_gunzip_prefix(const char *path, size_t limit, const struct file_bytes *packed,
                                 struct file_bytes *result, size_t *used, struct error *error);

void file_bytes_free(struct file_bytes *file);

#endif
