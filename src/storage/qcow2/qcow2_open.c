/* Opening and closing qcow2 images. */
#include <stdlib.h>
#include <string.h>

#include "storage/qcow2/qcow2.h"

static void qcow2_free(struct qcow2 *qcow2)
{
    host_file_close(&qcow2->file);
    qcow2_cache_free(&qcow2->l2_cache);
    qcow2_cache_free(&qcow2->block_cache);
    cluster_map_free(&qcow2->tables);
    free(qcow2->l1);
    free(qcow2->refcount_table);
    free(qcow2->buffer);
    free(qcow2->unpacked);
    free(qcow2->medium.path);
    free(qcow2);
}

static bool flush(struct medium *medium, struct error *error)
{
    return qcow2_flush((struct qcow2 *)medium, error);
}

static struct host_file *qcow2_settle(struct medium *medium, struct error *error)
{
    struct qcow2 *qcow2 = (struct qcow2 *)medium;
    return qcow2_flush(qcow2, error) && qcow2_unreserve(qcow2, error) ? &qcow2->file : NULL;
}

static bool qcow2_close(struct medium *medium, struct error *error)
{
    struct qcow2 *qcow2 = (struct qcow2 *)medium;
    struct error other;
    bool good = !qcow2->changing || qcow2->broken || qcow2_unreserve(qcow2, error);
    if (qcow2->backing != NULL && !medium_close(qcow2->backing, good ? error : &other))
        good = false;
    qcow2_free(qcow2);
    return good;
}

static const struct medium_class qcow2_class = {
    .name = "qcow2",
    .read = qcow2_read,
    .write = qcow2_write,
    .discard = qcow2_discard,
    .flush = flush,
    .extent = qcow2_extent,
    .settle = qcow2_settle,
    .close = qcow2_close,
};

const struct qcow2 *qcow2_of_medium(const struct medium *medium)
{
    return medium->class == &qcow2_class ? (const struct qcow2 *)medium : NULL;
}

static bool tables_read(struct qcow2 *qcow2, bool writable, struct error *error)
{
    const struct qcow2_header *header = &qcow2->header;
    qcow2->cluster_size = 1ull << header->cluster_bits;
    qcow2->l2_bits = header->cluster_bits - 3;
    qcow2->block_bits = header->cluster_bits + 3 - header->refcount_order;
    qcow2->buffer = malloc(qcow2->cluster_size);
    qcow2->unpacked = malloc(qcow2->cluster_size);
    if (qcow2->buffer == NULL || qcow2->unpacked == NULL ||
        !qcow2_cache_create(&qcow2->l2_cache, qcow2->cluster_size) ||
        !qcow2_cache_create(&qcow2->block_cache, qcow2->cluster_size))
        return error_set(error, ERROR_HOST, "%s: out of memory", qcow2->file.path);
    if (!qcow2_entries_read(qcow2, header->l1_offset, header->l1_size, &qcow2->l1, error))
        return false;
    if (!writable)
        return true;
    qcow2->refcount_table_size = ((uint64_t)header->refcount_table_clusters << header->cluster_bits) / 8;
    return qcow2_entries_read(qcow2, header->refcount_table_offset, qcow2->refcount_table_size,
                              &qcow2->refcount_table, error) &&
           qcow2_tables_collect(qcow2, error);
}

static bool backing_open(struct qcow2 *qcow2, const struct medium_options *options,
                         const struct medium_chain *link, struct error *error)
{
    struct medium_options below = {.read_only = true, .unlocked = options->unlocked};
    const char *format = qcow2->header.backing_format;
    if (qcow2->header.backing[0] == '\0' || options->alone)
        return true;
    if (format[0] != '\0' && !medium_format_parse(format, &below.format))
        return error_set(
            error, ERROR_INPUT,
            "%s: its backing file's format '%s' is not supported; remedy: 'qemu-img rebase' to a raw or "
            "qcow2 file",
            qcow2->file.path, format);
    char *path = qcow2_backing_path(qcow2->file.path, qcow2->header.backing, error);
    if (path == NULL)
        return false;
    qcow2->backing = medium_open_chained(path, &below, link, error);
    free(path);
    return qcow2->backing != NULL || error_prefix(error, "%s: backing file", qcow2->file.path);
}

static bool may_be_written(struct qcow2 *qcow2, struct error *error)
{
    if (qcow2->header.incompatible & QCOW2_CORRUPT)
        return error_set(
            error, ERROR_INPUT,
            "%s: is marked as damaged and can only be read; remedy: 'qemu-img check -r all' on a copy of "
            "it, or open it read-only",
            qcow2->file.path);
    return !(qcow2->header.incompatible & QCOW2_DIRTY) || qcow2_repair(qcow2, error);
}

struct medium *qcow2_open(struct host_file *file, const struct medium_options *options,
                          const struct medium_chain *link, struct error *error)
{
    struct qcow2 *qcow2 = calloc(1, sizeof *qcow2);
    if (qcow2 == NULL) {
        error_set(error, ERROR_HOST, "%s: out of memory", file->path);
        host_file_close(file);
        return NULL;
    }
    bool writable = !options->read_only;
    qcow2->file = *file;
    bool good = qcow2_header_read(&qcow2->file, &qcow2->header, error) && tables_read(qcow2, writable, error);
    if (good) {
        qcow2->medium = (struct medium){
            .class = &qcow2_class,
            /* Whole sectors; a cluster is not smaller. */
            .size = (qcow2->header.size + MEDIUM_SECTOR - 1) & ~(uint64_t)(MEDIUM_SECTOR - 1),
            .writable = writable,
            .path = strdup(qcow2->file.path),
        };
        good =
            qcow2->medium.path != NULL || error_set(error, ERROR_HOST, "%s: out of memory", qcow2->file.path);
    }
    good = good && backing_open(qcow2, options, link, error) && (!writable || may_be_written(qcow2, error));
    if (good)
        return &qcow2->medium;
    struct error ignored; /* only read so far */
    if (qcow2->backing != NULL)
        (void)!medium_close(qcow2->backing, &ignored);
    qcow2_free(qcow2);
    return NULL;
}
