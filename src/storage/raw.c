/* Raw images. Room on the host's disk is taken only by what has been written (sparse files). */
#include "storage/raw.h"

#include <stdlib.h>
#include <string.h>

struct raw {
    struct medium medium;
    struct host_file file;
};

static struct raw *raw_of(struct medium *medium)
{
    return (struct raw *)medium;
}

static bool raw_read(struct medium *medium, uint64_t offset, uint8_t *bytes, size_t length,
                     struct error *error)
{
    return host_file_read(&raw_of(medium)->file, offset, bytes, length, error);
}

static bool raw_write(struct medium *medium, uint64_t offset, const uint8_t *bytes, size_t length,
                      struct error *error)
{
    return host_file_write(&raw_of(medium)->file, offset, bytes, length, error);
}

static bool raw_discard(struct medium *medium, uint64_t offset, uint64_t length, struct error *error)
{
    (void)error;
    struct raw *raw = raw_of(medium);
    if (!raw->file.is_device)
        host_file_punch(&raw->file, offset, length);
    return true;
}

static bool raw_flush(struct medium *medium, struct error *error)
{
    return host_file_flush(&raw_of(medium)->file, error);
}

static bool raw_extent(struct medium *medium, uint64_t offset, struct medium_extent *extent,
                       struct error *error)
{
    (void)error;
    uint64_t data, end;
    host_file_data(&raw_of(medium)->file, offset, &data, &end);
    if (data >= raw_of(medium)->file.size)
        data = medium->size; /* zeros fill the last sector */
    extent->zero = data > offset;
    extent->length = (extent->zero ? data : end) - offset;
    return true;
}

static struct host_file *raw_settle(struct medium *medium, struct error *error)
{
    (void)error;
    return &raw_of(medium)->file;
}

static bool raw_close(struct medium *medium, struct error *error)
{
    (void)error;
    host_file_close(&raw_of(medium)->file);
    free(medium->path);
    free(medium);
    return true;
}

static const struct medium_class raw_class = {
    .name = "raw",
    .read = raw_read,
    .write = raw_write,
    .discard = raw_discard,
    .flush = raw_flush,
    .extent = raw_extent,
    .settle = raw_settle,
    .close = raw_close,
};

struct medium *raw_open(struct host_file *file, bool writable, struct error *error)
{
    struct raw *raw = calloc(1, sizeof *raw);
    char *path = strdup(file->path);
    if (raw == NULL || path == NULL) {
        error_set(error, ERROR_HOST, "%s: out of memory", file->path);
        host_file_close(file);
        free(raw);
        free(path);
        return NULL;
    }
    raw->file = *file;
    uint64_t partial = file->size % MEDIUM_SECTOR;
    /* A device cannot grow: what is no whole sector at its end is out of reach. */
    uint64_t rounded = partial == 0      ? file->size
                       : file->is_device ? file->size - partial
                                         : file->size + (MEDIUM_SECTOR - partial);
    raw->medium = (struct medium){.class = &raw_class, .size = rounded, .writable = writable, .path = path};
    return &raw->medium;
}
