/* The overlay behind --snapshot: changed clusters lie in a file without a name, in the order in which they came. */
#include "storage/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "storage/cluster_map.h"

/* A trade: small ones copy less around each first write, large ones need fewer map entries. */
#define CLUSTER 16384u

struct overlay {
    struct medium medium;
    struct medium *below; /* owned */
    struct host_file file;
    struct cluster_map places; /* cluster of the medium -> cluster of the file */
    uint64_t next;             /* first free cluster of the file */
    uint8_t buffer[CLUSTER];
};

static struct overlay *overlay_of(struct medium *medium)
{
    return (struct overlay *)medium;
}

/* Bytes from offset to the end of its cluster, at most `length`. */
static size_t piece_length(uint64_t offset, size_t length)
{
    size_t rest = CLUSTER - offset % CLUSTER;
    return rest < length ? rest : length;
}

static bool overlay_read(struct medium *medium, uint64_t offset, uint8_t *bytes, size_t length,
                         struct error *error)
{
    struct overlay *overlay = overlay_of(medium);
    while (length > 0) {
        size_t piece = piece_length(offset, length);
        const uint64_t *place = cluster_map_find(&overlay->places, offset / CLUSTER);
        bool good = place != NULL ? host_file_read(&overlay->file, *place * CLUSTER + offset % CLUSTER, bytes,
                                                   piece, error)
                                  : medium_read(overlay->below, offset, bytes, piece, error);
        if (!good)
            return false;
        offset += piece;
        bytes += piece;
        length -= piece;
    }
    return true;
}

/* A cluster's first write: the bytes around it come from below. */
static bool overlay_add(struct overlay *overlay, uint64_t offset, const uint8_t *bytes, size_t length,
                        struct error *error)
{
    uint64_t start = offset - offset % CLUSTER;
    uint64_t rest = overlay->medium.size - start;
    size_t whole = rest < CLUSTER ? (size_t)rest : CLUSTER;
    if (length < whole && !medium_read(overlay->below, start, overlay->buffer, whole, error))
        return false;
    memcpy(overlay->buffer + offset % CLUSTER, bytes, length);
    if (!host_file_write(&overlay->file, overlay->next * CLUSTER, overlay->buffer, whole, error))
        return error_prefix(error, "%s: temporary file of its changes", overlay->medium.path);
    if (!cluster_map_put(&overlay->places, start / CLUSTER, overlay->next))
        return error_set(error, ERROR_HOST, "%s: no memory for more changes", overlay->medium.path);
    overlay->next++;
    return true;
}

static bool overlay_write(struct medium *medium, uint64_t offset, const uint8_t *bytes, size_t length,
                          struct error *error)
{
    struct overlay *overlay = overlay_of(medium);
    while (length > 0) {
        size_t piece = piece_length(offset, length);
        const uint64_t *place = cluster_map_find(&overlay->places, offset / CLUSTER);
        bool good = place != NULL ? host_file_write(&overlay->file, *place * CLUSTER + offset % CLUSTER,
                                                    bytes, piece, error)
                                  : overlay_add(overlay, offset, bytes, piece, error);
        if (!good)
            return false;
        offset += piece;
        bytes += piece;
        length -= piece;
    }
    return true;
}

/* Nothing of it is to outlive the run, and the medium below has not changed. */
static bool overlay_flush(struct medium *medium, struct error *error)
{
    (void)medium;
    (void)error;
    return true;
}

static bool overlay_extent(struct medium *medium, uint64_t offset, struct medium_extent *extent,
                           struct error *error)
{
    struct overlay *overlay = overlay_of(medium);
    uint64_t rest = medium->size - offset;
    uint64_t piece = CLUSTER - offset % CLUSTER;
    if (cluster_map_find(&overlay->places, offset / CLUSTER) == NULL) {
        if (!medium_extent(overlay->below, offset, extent, error))
            return false;
        piece = extent->length < piece ? extent->length : piece;
    } else {
        extent->zero = false;
    }
    extent->length = piece < rest ? piece : rest;
    return true;
}

static bool overlay_close(struct medium *medium, struct error *error)
{
    struct overlay *overlay = overlay_of(medium);
    bool good = medium_close(overlay->below, error);
    host_file_close(&overlay->file);
    cluster_map_free(&overlay->places);
    free(medium->path);
    free(medium);
    return good;
}

static const struct medium_class overlay_class = {
    .name = "overlay",
    .read = overlay_read,
    .write = overlay_write,
    .flush = overlay_flush,
    .extent = overlay_extent,
    .close = overlay_close,
};

struct medium *overlay_open(struct medium *below, struct error *error)
{
    struct overlay *overlay = calloc(1, sizeof *overlay);
    char *path = strdup(medium_path(below));
    bool good = false;
    if (overlay == NULL || path == NULL)
        error_set(error, ERROR_HOST, "%s: out of memory", medium_path(below));
    else
        good = host_file_create_temporary(&overlay->file, error);
    if (!good) {
        struct error ignored;
        if (!medium_close(below, &ignored))
            error_prefix(error, "%s", ignored.text);
        free(overlay);
        free(path);
        return NULL;
    }
    overlay->below = below;
    overlay->medium =
        (struct medium){.class = &overlay_class, .size = medium_size(below), .writable = true, .path = path};
    return &overlay->medium;
}
