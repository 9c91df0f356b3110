/* Writing to a qcow2 image: in place where the cluster is ours alone, to new clusters elsewhere. */
#include <string.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "storage/qcow2/qcow2.h"

/* Clusters that one step links. */
#define STEP_MAX 256u

/* Data is written only where no table lies and the file reaches. */
static bool place_is_data(struct qcow2 *qcow2, uint64_t host, uint64_t length, struct error *error)
{
    uint64_t first = qcow2_cluster_of(qcow2, host), last = qcow2_cluster_of(qcow2, host + length - 1);
    if (host + length > ((qcow2->file.size | (qcow2->cluster_size - 1)) + 1))
        return qcow2_break(qcow2, host, "an L2 table points there, beyond the end of the file", error);
    for (uint64_t cluster = first; cluster <= last; cluster++) {
        const uint64_t *table = cluster_map_find(&qcow2->tables, cluster);
        if (table != NULL && *table != 0)
            return qcow2_break(qcow2, cluster << qcow2->header.cluster_bits,
                               "an L2 table takes another table for data", error);
    }
    return true;
}

/* The specification: who writes must clear the auto-clear bits it does not know, and we know none. */
static bool begin_changes(struct qcow2 *qcow2, struct error *error)
{
    static const uint8_t none[8];
    if (qcow2->broken)
        return error_set(
            error, ERROR_INPUT,
            "%s: was found damaged, so nothing more is written; remedy: 'qemu-img check' on a copy of it",
            qcow2->file.path);
    if (qcow2->changing)
        return true;
    if (qcow2->header.autoclear != 0 &&
        !(host_file_write(&qcow2->file, QCOW2_AT_AUTOCLEAR, none, sizeof none, error) &&
          host_file_flush(&qcow2->file, error)))
        return false;
    qcow2->header.autoclear = 0;
    qcow2->changing = true;
    return true;
}

static bool l1_entry_write(struct qcow2 *qcow2, uint64_t index, uint64_t l2_offset, struct error *error)
{
    uint8_t bytes[8];
    store_be64(bytes, l2_offset | QCOW2_COPIED);
    if (!host_file_write(&qcow2->file, qcow2->header.l1_offset + index * 8, bytes, sizeof bytes, error))
        return false;
    qcow2->l1[index] = l2_offset | QCOW2_COPIED;
    return true;
}

/* A new L2 table: empty, or a copy of one that snapshots share. */
static bool l2_create(struct qcow2 *qcow2, uint64_t l1_index, uint64_t old, struct error *error)
{
    uint64_t offset, got;
    if (!qcow2_allocate(qcow2, 1, &offset, &got, error))
        return false;
    if (old != 0) {
        const uint8_t *table = qcow2_table(qcow2, &qcow2->l2_cache, old, error);
        if (table == NULL) {
            qcow2_unallocate(qcow2, offset, 1);
            return false;
        }
        memcpy(qcow2->buffer, table, qcow2->cluster_size);
    }
    uint8_t *table = qcow2_table_new(qcow2, &qcow2->l2_cache, offset);
    if (old != 0)
        memcpy(table, qcow2->buffer, qcow2->cluster_size);
    if (!qcow2_table_write(qcow2, &qcow2->l2_cache, offset, 0, qcow2->cluster_size, error) ||
        !host_file_flush(&qcow2->file, error)) {
        qcow2_unallocate(qcow2, offset, 1);
        return false;
    }
    if (!qcow2_tables_add(qcow2, offset, qcow2->cluster_size, "a new L2 table", error) ||
        !l1_entry_write(qcow2, l1_index, offset, error))
        return false;
    return old == 0 || qcow2_release(qcow2, old, qcow2->cluster_size, false, error);
}

/* An L2 table for the offset that may be changed. */
static bool l2_provide(struct qcow2 *qcow2, uint64_t offset, uint64_t *l2_offset, struct error *error)
{
    uint64_t index = offset >> (qcow2->header.cluster_bits + qcow2->l2_bits);
    uint64_t old = qcow2->l1[index] & QCOW2_OFFSET;
    bool ours = old != 0 && (qcow2->l1[index] & QCOW2_COPIED) != 0;
    if (!ours && !l2_create(qcow2, index, old, error))
        return false;
    *l2_offset = qcow2->l1[index] & QCOW2_OFFSET;
    return true;
}

/* Gives up what an L2 entry pointed to; with `punch`, its room goes back to the host. */
static bool entry_release(struct qcow2 *qcow2, uint64_t entry, bool punch, struct error *error)
{
    uint64_t offset = entry & QCOW2_OFFSET, length = qcow2->cluster_size;
    if (entry & QCOW2_COMPRESSED) {
        qcow2->unpacked_entry = 0; /* its place may get other contents */
        qcow2_compressed_place(qcow2, entry, &offset, &length);
        punch = false; /* others share its clusters */
    } else if (offset == 0) {
        return true;
    }
    return qcow2_release(qcow2, offset, length, punch, error);
}

/* Makes `count` L2 entries from `offset` on say `first`, first + step, ..., then gives up what they said before. */
static bool entries_replace(struct qcow2 *qcow2, uint64_t l2_offset, uint64_t offset, uint64_t count,
                            uint64_t first, uint64_t step, bool punch, struct error *error)
{
    uint64_t old[STEP_MAX];
    uint64_t index = qcow2_cluster_of(qcow2, offset) & ((1ull << qcow2->l2_bits) - 1);
    uint8_t *table = qcow2_table(qcow2, &qcow2->l2_cache, l2_offset, error);
    if (table == NULL)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        old[i] = load_be64(table + (index + i) * 8);
        store_be64(table + (index + i) * 8, first + i * step);
    }
    if (!qcow2_table_write(qcow2, &qcow2->l2_cache, l2_offset, index * 8, count * 8, error))
        return false;
    bool good = true;
    for (uint64_t i = 0; good && i < count; i++)
        good = entry_release(qcow2, old[i], punch, error);
    return good;
}

/* The whole cluster as it is now, with the guest's bytes over it, goes to its new place. */
static bool write_around(struct qcow2 *qcow2, uint64_t host, uint64_t offset, const uint8_t *bytes,
                         size_t length, struct error *error)
{
    uint64_t within = offset % qcow2->cluster_size, start = offset - within;
    uint64_t rest = qcow2->medium.size - start;
    size_t there = (size_t)(rest < qcow2->cluster_size ? rest : qcow2->cluster_size);
    if (!qcow2_read(&qcow2->medium, start, qcow2->buffer, there, error))
        return false;
    memset(qcow2->buffer + there, 0, qcow2->cluster_size - there);
    memcpy(qcow2->buffer + within, bytes, length);
    return host_file_write(&qcow2->file, host, qcow2->buffer, qcow2->cluster_size, error);
}

/* Fills new clusters behind each other at `host`, of which the first holds `offset`. */
static bool clusters_fill(struct qcow2 *qcow2, uint64_t host, uint64_t offset, const uint8_t *bytes,
                          size_t length, bool was_zero, struct error *error)
{
    /* Beyond the end of the file all is zero without being written. */
    if (was_zero && host >= qcow2->file.size && !qcow2->file.is_device)
        return host_file_write(&qcow2->file, host + offset % qcow2->cluster_size, bytes, length, error);
    while (length > 0) {
        size_t within = (size_t)(offset % qcow2->cluster_size);
        size_t whole = length - length % qcow2->cluster_size;
        size_t rest = (size_t)qcow2->cluster_size - within;
        size_t piece = within == 0 && whole > 0 ? whole : rest < length ? rest : length;
        bool good = within == 0 && whole > 0 ? host_file_write(&qcow2->file, host, bytes, piece, error)
                                             : write_around(qcow2, host, offset, bytes, piece, error);
        if (!good)
            return false;
        host += within + piece;
        offset += piece;
        bytes += piece;
        length -= piece;
    }
    return true;
}

static bool reads_as_zero(const struct qcow2 *qcow2, uint64_t offset, const struct qcow2_extent *extent)
{
    uint64_t start = offset - offset % qcow2->cluster_size;
    return extent->kind == QCOW2_KIND_ZERO ||
           (extent->kind == QCOW2_KIND_BACKING && (qcow2->backing == NULL || start >= qcow2->backing->size));
}

/* Writes the start of the run that `extent` describes to new clusters; *done tells how many bytes. */
static bool write_new(struct qcow2 *qcow2, uint64_t offset, const uint8_t *bytes,
                      const struct qcow2_extent *extent, size_t *done, struct error *error)
{
    uint64_t within = offset % qcow2->cluster_size;
    uint64_t wanted = (within + extent->length + qcow2->cluster_size - 1) >> qcow2->header.cluster_bits;
    uint64_t l2_offset, host, got;
    if (!l2_provide(qcow2, offset, &l2_offset, error) ||
        !qcow2_allocate(qcow2, wanted < STEP_MAX ? wanted : STEP_MAX, &host, &got, error))
        return false;
    uint64_t room = (got << qcow2->header.cluster_bits) - within;
    *done = (size_t)(room < extent->length ? room : extent->length);
    if (!clusters_fill(qcow2, host, offset, bytes, *done, reads_as_zero(qcow2, offset, extent), error)) {
        qcow2_unallocate(qcow2, host, got);
        return false;
    }
    return entries_replace(qcow2, l2_offset, offset, got, host | QCOW2_COPIED, qcow2->cluster_size, false,
                           error);
}

bool qcow2_write(struct medium *medium, uint64_t offset, const uint8_t *bytes, size_t length,
                 struct error *error)
{
    struct qcow2 *qcow2 = (struct qcow2 *)medium;
    if (!begin_changes(qcow2, error))
        return false;
    while (length > 0) {
        struct qcow2_extent extent;
        if (!qcow2_find(qcow2, offset, length, &extent, error))
            return false;
        size_t piece = (size_t)extent.length;
        bool good;
        if (extent.kind == QCOW2_KIND_DATA && extent.copied)
            good = place_is_data(qcow2, extent.host, piece, error) &&
                   host_file_write(&qcow2->file, extent.host, bytes, piece, error);
        else
            good = write_new(qcow2, offset, bytes, &extent, &piece, error);
        if (!good)
            return false;
        offset += piece;
        bytes += piece;
        length -= piece;
    }
    return true;
}

/* Whole clusters of one kind; what takes no room already is left alone. */
static bool discard_run(struct qcow2 *qcow2, uint64_t offset, uint64_t count,
                        const struct qcow2_extent *extent, struct error *error)
{
    uint64_t empty = qcow2->header.version >= 3 ? QCOW2_ZERO : 0;
    bool takes_room = extent->kind == QCOW2_KIND_DATA || extent->kind == QCOW2_KIND_COMPRESSED ||
                      (extent->kind == QCOW2_KIND_ZERO && (extent->entry & QCOW2_OFFSET) != 0);
    /* Version 2 cannot say that a cluster is empty while the backing file has it. */
    if (!takes_room || (empty == 0 && qcow2->backing != NULL))
        return true;
    if (extent->kind == QCOW2_KIND_DATA &&
        !place_is_data(qcow2, extent->host, count << qcow2->header.cluster_bits, error))
        return false;
    uint64_t l2_offset;
    return l2_provide(qcow2, offset, &l2_offset, error) &&
           entries_replace(qcow2, l2_offset, offset, count, empty, 0, extent->kind == QCOW2_KIND_DATA, error);
}

bool qcow2_discard(struct medium *medium, uint64_t offset, uint64_t length, struct error *error)
{
    struct qcow2 *qcow2 = (struct qcow2 *)medium;
    uint64_t mask = qcow2->cluster_size - 1;
    uint64_t end =
        offset + length == medium->size ? (offset + length + mask) & ~mask : (offset + length) & ~mask;
    offset = (offset + mask) & ~mask;
    if (offset >= end)
        return true;
    if (!begin_changes(qcow2, error))
        return false;
    while (offset < end) {
        struct qcow2_extent extent;
        uint64_t most = end - offset, step = (uint64_t)STEP_MAX << qcow2->header.cluster_bits;
        if (!qcow2_find(qcow2, offset, most < step ? most : step, &extent, error) ||
            !discard_run(qcow2, offset, extent.length >> qcow2->header.cluster_bits, &extent, error))
            return false;
        offset += extent.length;
    }
    return true;
}
