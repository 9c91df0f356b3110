/*
 * Images that were not closed by a writer with lazy refcounts (QEMU's lazy_refcounts=on): counts on disk may be too
 * low. All references are counted anew, and counts that are too low are raised; those too high stay, which loses room
 * and nothing else.
 */
#include <stdlib.h>

#include "base/bits.h"
#include "storage/qcow2/qcow2.h"

/* A damaged image can refer to the same clusters without end. */
#define REFERENCES_MAX (1ull << 28)
#define CLUSTERS_MAX   (1u << 26)

static bool count_range(struct qcow2 *qcow2, struct cluster_map *counts, uint64_t offset, uint64_t length,
                        struct error *error)
{
    if (length == 0)
        return true;
    uint64_t last = qcow2_cluster_of(qcow2, offset + length - 1);
    for (uint64_t cluster = qcow2_cluster_of(qcow2, offset); cluster <= last; cluster++) {
        const uint64_t *count = cluster_map_find(counts, cluster);
        if (counts->used > CLUSTERS_MAX)
            return error_set(
                error, ERROR_INPUT,
                "%s: was not closed by its last writer and is too large to be repaired here; remedy: "
                "'qemu-img check -r all'",
                qcow2->file.path);
        if (!cluster_map_put(counts, cluster, count != NULL ? *count + 1 : 1))
            return error_set(error, ERROR_HOST, "%s: no memory to count its clusters", qcow2->file.path);
    }
    return true;
}

static bool count_l2(struct qcow2 *qcow2, struct cluster_map *counts, uint64_t l2_offset, struct error *error)
{
    for (uint64_t i = 0; i < 1ull << qcow2->l2_bits; i++) {
        const uint8_t *table = qcow2_table(qcow2, &qcow2->l2_cache, l2_offset, error);
        if (table == NULL)
            return false;
        uint64_t entry = load_be64(table + i * 8);
        uint64_t offset = entry & QCOW2_OFFSET, length = qcow2->cluster_size;
        if (entry & QCOW2_COMPRESSED)
            qcow2_compressed_place(qcow2, entry, &offset, &length);
        else if (offset == 0)
            continue;
        if (offset >= qcow2->file.size)
            return qcow2_damaged(qcow2, l2_offset + i * 8, "an L2 entry points beyond the end of the file",
                                 error);
        if (!count_range(qcow2, counts, offset, length, error))
            return false;
    }
    return true;
}

static bool count_l1(struct qcow2 *qcow2, struct cluster_map *counts, uint64_t l1_offset, uint64_t l1_size,
                     struct error *error)
{
    uint64_t *l1;
    bool good = qcow2_entries_read(qcow2, l1_offset, l1_size, &l1, error) &&
                count_range(qcow2, counts, l1_offset, l1_size * 8, error);
    for (uint64_t i = 0; good && i < l1_size; i++) {
        uint64_t l2_offset = l1[i] & QCOW2_OFFSET;
        if (l2_offset != 0)
            good = count_range(qcow2, counts, l2_offset, qcow2->cluster_size, error) &&
                   count_l2(qcow2, counts, l2_offset, error);
    }
    free(l1);
    return good;
}

static bool count_all(struct qcow2 *qcow2, struct cluster_map *counts, struct error *error)
{
    const struct qcow2_header *header = &qcow2->header;
    bool good =
        count_range(qcow2, counts, 0, qcow2->cluster_size, error) &&
        count_range(qcow2, counts, header->refcount_table_offset, qcow2->refcount_table_size * 8, error) &&
        count_l1(qcow2, counts, header->l1_offset, header->l1_size, error);
    for (uint64_t i = 0; good && i < qcow2->refcount_table_size; i++) {
        if (qcow2->refcount_table[i] != 0)
            good = count_range(qcow2, counts, qcow2->refcount_table[i], qcow2->cluster_size, error);
    }
    uint64_t cursor = 0;
    for (uint32_t i = 0; good && i < header->snapshot_count; i++) {
        struct qcow2_snapshot snapshot;
        good = qcow2_snapshot_next(qcow2, &cursor, &snapshot, error) &&
               count_l1(qcow2, counts, snapshot.l1_offset, snapshot.l1_size, error);
    }
    return good && count_range(qcow2, counts, header->snapshots_offset, cursor, error);
}

/* A refcount block for the cluster, on a cluster of the same block's range that nothing uses. */
static bool block_supply(struct qcow2 *qcow2, const struct cluster_map *counts, uint64_t cluster,
                         struct error *error)
{
    uint64_t index = cluster >> qcow2->block_bits;
    if (index < qcow2->refcount_table_size && qcow2->refcount_table[index] != 0)
        return true;
    uint64_t first = index << qcow2->block_bits, size = 1ull << qcow2->block_bits;
    for (uint64_t i = 0; i < size && index < qcow2->refcount_table_size; i++) {
        if (cluster_map_find(counts, first + i) == NULL)
            return qcow2_block_provide(qcow2, first + i, error);
    }
    return error_set(
        error, ERROR_INPUT,
        "%s: was not closed by its last writer and lacks refcount blocks; remedy: 'qemu-img check -r all'",
        qcow2->file.path);
}

static bool counts_raise(struct qcow2 *qcow2, const struct cluster_map *counts, struct error *error)
{
    unsigned width = 1u << qcow2->header.refcount_order;
    uint64_t most = width == 64 ? UINT64_MAX : (1ull << width) - 1;
    for (size_t i = 0; i < counts->capacity; i++) {
        if (counts->slots[i].key == 0)
            continue;
        uint64_t cluster = counts->slots[i].key - 1, refcount;
        uint64_t wanted = counts->slots[i].value < most ? counts->slots[i].value : most;
        if (!block_supply(qcow2, counts, cluster, error) ||
            !qcow2_refcount_get(qcow2, cluster, &refcount, error))
            return false;
        if (refcount < wanted && !qcow2_refcount_set(qcow2, cluster, 1, wanted, error))
            return false;
    }
    return true;
}

bool qcow2_repair(struct qcow2 *qcow2, struct error *error)
{
    struct cluster_map counts = {0};
    bool good = count_all(qcow2, &counts, error) && counts_raise(qcow2, &counts, error) &&
                host_file_flush(&qcow2->file, error);
    cluster_map_free(&counts);
    if (!good)
        return false;
    uint8_t field[8];
    store_be64(field, qcow2->header.incompatible & ~QCOW2_DIRTY);
    if (!host_file_write(&qcow2->file, QCOW2_AT_INCOMPATIBLE, field, sizeof field, error) ||
        !host_file_flush(&qcow2->file, error))
        return false;
    qcow2->header.incompatible &= ~QCOW2_DIRTY;
    return true;
}
