/* Tables of a qcow2 image in memory, and the set of clusters in which they lie. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"
#include "storage/qcow2/qcow2.h"

/* Memory for each of the two kinds of tables, bytes. L2 tables of 1 MiB reach over 8 GiB at 64 KiB a cluster. */
#define CACHE_SIZE       (1u << 20)
#define CACHE_TABLES_MIN 4u
#define CACHE_TABLES_MAX 256u

#define SNAPSHOT_HEAD      40u          /* bytes of an entry before its variable parts */
#define SNAPSHOT_EXTRA_MAX 1024u        /* bytes; 16 are defined */
#define SNAPSHOT_TABLE_MAX (256u << 20) /* bytes */

bool qcow2_damaged(struct qcow2 *qcow2, uint64_t offset, const char *what, struct error *error)
{
    return error_set(error, ERROR_INPUT,
                     "%s: damaged at offset %#llx: %s; remedy: 'qemu-img check' on a copy of it",
                     qcow2->file.path, (unsigned long long)offset, what);
}

bool qcow2_break(struct qcow2 *qcow2, uint64_t offset, const char *what, struct error *error)
{
    qcow2->broken = true;
    return qcow2_damaged(qcow2, offset, what, error);
}

bool qcow2_cache_create(struct qcow2_cache *cache, uint64_t cluster_size)
{
    uint64_t count = CACHE_SIZE / cluster_size;
    count = count < CACHE_TABLES_MIN ? CACHE_TABLES_MIN : count;
    count = count > CACHE_TABLES_MAX ? CACHE_TABLES_MAX : count;
    cache->count = (unsigned)count;
    cache->bytes = malloc(count * cluster_size);
    cache->offsets = calloc(count, sizeof *cache->offsets);
    return cache->bytes != NULL && cache->offsets != NULL;
}

void qcow2_cache_free(struct qcow2_cache *cache)
{
    free(cache->bytes);
    free(cache->offsets);
    *cache = (struct qcow2_cache){0};
}

static unsigned place_of(const struct qcow2 *qcow2, const struct qcow2_cache *cache, uint64_t offset)
{
    return (unsigned)(qcow2_cluster_of(qcow2, offset) % cache->count);
}

uint8_t *qcow2_table(struct qcow2 *qcow2, struct qcow2_cache *cache, uint64_t offset, struct error *error)
{
    unsigned place = place_of(qcow2, cache, offset);
    uint8_t *table = cache->bytes + place * qcow2->cluster_size;
    if (cache->offsets[place] == offset)
        return table;
    if (offset % qcow2->cluster_size != 0 || offset == 0 || offset >= qcow2->file.size) {
        qcow2_damaged(qcow2, offset, "a table is said to be there", error);
        return NULL;
    }
    cache->offsets[place] = 0;
    if (!host_file_read(&qcow2->file, offset, table, qcow2->cluster_size, error))
        return NULL;
    cache->offsets[place] = offset;
    return table;
}

uint8_t *qcow2_table_new(struct qcow2 *qcow2, struct qcow2_cache *cache, uint64_t offset)
{
    unsigned place = place_of(qcow2, cache, offset);
    uint8_t *table = cache->bytes + place * qcow2->cluster_size;
    cache->offsets[place] = offset;
    memset(table, 0, qcow2->cluster_size);
    return table;
}

bool qcow2_table_write(struct qcow2 *qcow2, struct qcow2_cache *cache, uint64_t offset, size_t first,
                       size_t length, struct error *error)
{
    unsigned place = place_of(qcow2, cache, offset);
    INVARIANT(cache->offsets[place] == offset && first + length <= qcow2->cluster_size);
    const uint8_t *table = cache->bytes + place * qcow2->cluster_size;
    if (host_file_write(&qcow2->file, offset + first, table + first, length, error))
        return true;
    cache->offsets[place] = 0;
    return false;
}

bool qcow2_entries_read(struct qcow2 *qcow2, uint64_t offset, uint64_t count, uint64_t **entries,
                        struct error *error)
{
    *entries = calloc(count > 0 ? count : 1, sizeof **entries);
    if (*entries == NULL)
        return error_set(error, ERROR_HOST, "%s: no memory for its tables", qcow2->file.path);
    if (count > 0 && !host_file_read(&qcow2->file, offset, *entries, count * sizeof **entries, error))
        return false;
    for (uint64_t i = 0; i < count; i++)
        (*entries)[i] = load_be64(&(*entries)[i]);
    return true;
}

bool qcow2_snapshot_next(struct qcow2 *qcow2, uint64_t *cursor, struct qcow2_snapshot *snapshot,
                         struct error *error)
{
    uint8_t head[SNAPSHOT_HEAD];
    uint64_t offset = qcow2->header.snapshots_offset + *cursor;
    if (!host_file_read(&qcow2->file, offset, head, sizeof head, error))
        return false;
    uint32_t extra = load_be32(head + 36);
    *snapshot = (struct qcow2_snapshot){load_be64(head), load_be32(head + 8)};
    uint64_t l1_bytes = snapshot->l1_size * 8ull;
    bool sound = extra <= SNAPSHOT_EXTRA_MAX && l1_bytes <= QCOW2_L1_MAX;
    if (sound && l1_bytes > 0)
        sound = snapshot->l1_offset > 0 && snapshot->l1_offset % qcow2->cluster_size == 0 &&
                snapshot->l1_offset <= qcow2->file.size && l1_bytes <= qcow2->file.size - snapshot->l1_offset;
    *cursor += (SNAPSHOT_HEAD + extra + load_be16(head + 12) + load_be16(head + 14) + 7ull) & ~7ull;
    if (!sound || *cursor > SNAPSHOT_TABLE_MAX)
        return qcow2_damaged(qcow2, offset, "an entry of the snapshot table", error);
    return true;
}

bool qcow2_tables_add(struct qcow2 *qcow2, uint64_t offset, uint64_t length, const char *what,
                      struct error *error)
{
    if (length == 0)
        return true;
    uint64_t last = qcow2_cluster_of(qcow2, offset + length - 1);
    for (uint64_t cluster = qcow2_cluster_of(qcow2, offset); cluster <= last; cluster++) {
        const uint64_t *there = cluster_map_find(&qcow2->tables, cluster);
        if (there != NULL && *there != 0)
            return qcow2_damaged(qcow2, cluster << qcow2->header.cluster_bits, what, error);
        if (!cluster_map_put(&qcow2->tables, cluster, 1))
            return error_set(error, ERROR_HOST, "%s: no memory for its tables", qcow2->file.path);
    }
    return true;
}

static bool snapshots_collect(struct qcow2 *qcow2, struct error *error)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < qcow2->header.snapshot_count; i++) {
        struct qcow2_snapshot snapshot;
        if (!qcow2_snapshot_next(qcow2, &size, &snapshot, error) ||
            !qcow2_tables_add(qcow2, snapshot.l1_offset, snapshot.l1_size * 8ull,
                              "a snapshot's L1 table shares this cluster with another table", error))
            return false;
    }
    return qcow2_tables_add(qcow2, qcow2->header.snapshots_offset, size,
                            "the snapshot table shares this cluster with another table", error);
}

bool qcow2_tables_collect(struct qcow2 *qcow2, struct error *error)
{
    const struct qcow2_header *header = &qcow2->header;
    bool good = qcow2_tables_add(qcow2, 0, qcow2->cluster_size, "the header", error) &&
                qcow2_tables_add(qcow2, header->l1_offset, header->l1_size * 8ull,
                                 "the L1 table shares this cluster with another table", error) &&
                qcow2_tables_add(qcow2, header->refcount_table_offset, qcow2->refcount_table_size * 8,
                                 "the refcount table shares this cluster with another table", error);
    for (uint64_t i = 0; good && i < qcow2->refcount_table_size; i++) {
        uint64_t offset = qcow2->refcount_table[i];
        if (offset % qcow2->cluster_size != 0 || offset >= qcow2->file.size)
            return qcow2_damaged(qcow2, header->refcount_table_offset + i * 8,
                                 "an entry of the refcount table points outside the file", error);
        if (offset != 0)
            good = qcow2_tables_add(qcow2, offset, qcow2->cluster_size,
                                    "a refcount block shares this cluster with another table", error);
    }
    for (uint64_t i = 0; good && i < header->l1_size; i++) {
        uint64_t offset = qcow2->l1[i] & QCOW2_OFFSET;
        if (offset % qcow2->cluster_size != 0 || offset >= qcow2->file.size)
            return qcow2_damaged(qcow2, header->l1_offset + i * 8,
                                 "an entry of the L1 table points outside the file", error);
        if (offset != 0)
            good = qcow2_tables_add(qcow2, offset, qcow2->cluster_size,
                                    "an L2 table shares this cluster with another table", error);
    }
    return good && snapshots_collect(qcow2, error);
}
