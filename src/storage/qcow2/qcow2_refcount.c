/* Reference counts of a qcow2 image's clusters: a table of blocks of numbers of 1 to 64 bits. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"
#include "storage/qcow2/qcow2.h"

/* Below a byte, entry 0 has the least significant bits; from two bytes on they are big-endian. */
uint64_t qcow2_refcount_load(const uint8_t *block, uint64_t index, unsigned order)
{
    switch (order) {
    case 6:
        return load_be64(block + index * 8);
    case 5:
        return load_be32(block + index * 4);
    case 4:
        return load_be16(block + index * 2);
    case 3:
        return block[index];
    default:
        return block[index >> (3 - order)] >> ((index << order) & 7) & ((1u << (1u << order)) - 1);
    }
}

void qcow2_refcount_store(uint8_t *block, uint64_t index, unsigned order, uint64_t refcount)
{
    switch (order) {
    case 6:
        store_be64(block + index * 8, refcount);
        break;
    case 5:
        store_be32(block + index * 4, (uint32_t)refcount);
        break;
    case 4:
        store_be16(block + index * 2, (uint16_t)refcount);
        break;
    case 3:
        block[index] = (uint8_t)refcount;
        break;
    default: {
        uint8_t *byte = &block[index >> (3 - order)];
        unsigned shift = (index << order) & 7;
        unsigned mask = ((1u << (1u << order)) - 1) << shift;
        *byte = (uint8_t)((*byte & ~mask) | (refcount << shift & mask));
    }
    }
}

/* Offset of the block that counts the cluster; 0: there is none. */
static uint64_t block_of(const struct qcow2 *qcow2, uint64_t cluster)
{
    uint64_t index = cluster >> qcow2->block_bits;
    return index < qcow2->refcount_table_size ? qcow2->refcount_table[index] : 0;
}

static uint64_t index_of(const struct qcow2 *qcow2, uint64_t cluster)
{
    return cluster & ((1ull << qcow2->block_bits) - 1);
}

bool qcow2_refcount_get(struct qcow2 *qcow2, uint64_t cluster, uint64_t *refcount, struct error *error)
{
    uint64_t offset = block_of(qcow2, cluster);
    *refcount = 0;
    if (offset == 0)
        return true;
    const uint8_t *block = qcow2_table(qcow2, &qcow2->block_cache, offset, error);
    if (block == NULL)
        return false;
    *refcount = qcow2_refcount_load(block, index_of(qcow2, cluster), qcow2->header.refcount_order);
    return true;
}

bool qcow2_refcount_set(struct qcow2 *qcow2, uint64_t cluster, uint64_t count, uint64_t refcount,
                        struct error *error)
{
    uint64_t offset = block_of(qcow2, cluster), first = index_of(qcow2, cluster);
    unsigned order = qcow2->header.refcount_order;
    INVARIANT(offset != 0 && count > 0 && first + count <= 1ull << qcow2->block_bits);
    uint8_t *block = qcow2_table(qcow2, &qcow2->block_cache, offset, error);
    if (block == NULL)
        return false;
    for (uint64_t i = 0; i < count; i++)
        qcow2_refcount_store(block, first + i, order, refcount);
    size_t start = (size_t)((first << order) >> 3);
    size_t last = (size_t)((((first + count) << order) - 1) >> 3);
    return qcow2_table_write(qcow2, &qcow2->block_cache, offset, start, last - start + 1, error);
}

/* The file's table is written with the old entry's neighbours untouched. */
static bool table_entry_write(struct qcow2 *qcow2, uint64_t index, uint64_t offset, struct error *error)
{
    uint8_t bytes[8];
    store_be64(bytes, offset);
    if (!host_file_write(&qcow2->file, qcow2->header.refcount_table_offset + index * 8, bytes, sizeof bytes,
                         error))
        return false;
    qcow2->refcount_table[index] = offset;
    return true;
}

static bool block_create(struct qcow2 *qcow2, uint64_t cluster, struct error *error)
{
    uint64_t offset = cluster << qcow2->header.cluster_bits;
    if (!qcow2_tables_add(qcow2, offset, qcow2->cluster_size, "a table lies here and is not counted",
                          error)) {
        qcow2->broken = true;
        return false;
    }
    uint8_t *block = qcow2_table_new(qcow2, &qcow2->block_cache, offset);
    qcow2_refcount_store(block, index_of(qcow2, cluster), qcow2->header.refcount_order, 1);
    bool good = qcow2_table_write(qcow2, &qcow2->block_cache, offset, 0, qcow2->cluster_size, error) &&
                host_file_flush(&qcow2->file, error) &&
                table_entry_write(qcow2, cluster >> qcow2->block_bits, offset, error);
    if (!good) /* the place in the map exists, so this cannot fail */
        (void)!cluster_map_put(&qcow2->tables, cluster, 0);
    return good;
}

/* A larger refcount table in the making: its blocks and it lie behind each other where nothing has been counted. */
struct growth {
    uint64_t start;               /* cluster: the first of the blocks */
    uint64_t blocks, first_block; /* number of new blocks, index of the first */
    uint64_t clusters;            /* of the new table */
    uint64_t size;                /* entries of the new table */
};

static bool growth_plan(struct qcow2 *qcow2, uint64_t cluster, struct growth *growth, struct error *error)
{
    uint64_t covered = qcow2->refcount_table_size << qcow2->block_bits;
    uint64_t entries_per_cluster = qcow2->cluster_size / 8;
    *growth = (struct growth){.start = cluster > covered ? cluster : covered};
    growth->first_block = growth->start >> qcow2->block_bits;
    uint64_t last_block;
    do {
        growth->blocks++;
        /* Half as many again, so that growing stays rare. */
        growth->size = growth->first_block + growth->blocks;
        growth->size += growth->size / 2 + 1;
        growth->clusters = (growth->size + entries_per_cluster - 1) / entries_per_cluster;
        last_block = (growth->start + growth->blocks + growth->clusters - 1) >> qcow2->block_bits;
    } while (last_block >= growth->first_block + growth->blocks);
    growth->size = growth->clusters * entries_per_cluster;
    if (growth->size * 8 > QCOW2_REFCOUNT_TABLE_MAX)
        return error_set(
            error, ERROR_HOST,
            "%s: the image is full, its clusters are too small for more; remedy: convert it with "
            "larger ones",
            qcow2->file.path);
    return true;
}

static bool growth_write(struct qcow2 *qcow2, const struct growth *growth, uint8_t *table,
                         struct error *error)
{
    uint64_t end = growth->start + growth->blocks + growth->clusters;
    for (uint64_t i = 0; i < growth->blocks; i++) {
        uint64_t first = (growth->first_block + i) << qcow2->block_bits;
        uint64_t offset = (growth->start + i) << qcow2->header.cluster_bits;
        memset(qcow2->buffer, 0, qcow2->cluster_size);
        for (uint64_t entry = 0; entry < 1ull << qcow2->block_bits; entry++) {
            if (first + entry >= growth->start && first + entry < end)
                qcow2_refcount_store(qcow2->buffer, entry, qcow2->header.refcount_order, 1);
        }
        if (!host_file_write(&qcow2->file, offset, qcow2->buffer, qcow2->cluster_size, error))
            return false;
        store_be64(table + (growth->first_block + i) * 8, offset);
    }
    for (uint64_t i = 0; i < qcow2->refcount_table_size; i++)
        store_be64(table + i * 8, qcow2->refcount_table[i]);
    uint64_t offset = (growth->start + growth->blocks) << qcow2->header.cluster_bits;
    uint8_t field[12];
    store_be64(field, offset);
    store_be32(field + 8, (uint32_t)growth->clusters);
    return host_file_write(&qcow2->file, offset, table, growth->size * 8, error) &&
           host_file_flush(&qcow2->file, error) &&
           host_file_write(&qcow2->file, QCOW2_AT_REFCOUNT_TABLE, field, sizeof field, error) &&
           host_file_flush(&qcow2->file, error);
}

/* In memory as in the file; then the old table's clusters are free. */
static bool growth_adopt(struct qcow2 *qcow2, const struct growth *growth, uint8_t *table,
                         struct error *error)
{
    uint64_t old_offset = qcow2->header.refcount_table_offset, old_size = qcow2->refcount_table_size;
    uint64_t *entries = (uint64_t *)(void *)table;
    for (uint64_t i = 0; i < growth->size; i++)
        entries[i] = load_be64(&entries[i]);
    free(qcow2->refcount_table);
    qcow2->refcount_table = entries;
    qcow2->refcount_table_size = growth->size;
    qcow2->header.refcount_table_offset = (growth->start + growth->blocks) << qcow2->header.cluster_bits;
    qcow2->header.refcount_table_clusters = (uint32_t)growth->clusters;
    /* The new blocks may have had another table's bytes in the cache, were they ever read. */
    memset(qcow2->block_cache.offsets, 0, qcow2->block_cache.count * sizeof *qcow2->block_cache.offsets);
    return qcow2_release(qcow2, old_offset, old_size * 8, false, error);
}

static bool refcount_table_grow(struct qcow2 *qcow2, uint64_t cluster, struct error *error)
{
    struct growth growth;
    if (!growth_plan(qcow2, cluster, &growth, error))
        return false;
    uint8_t *table = calloc(growth.size, 8);
    if (table == NULL)
        return error_set(error, ERROR_HOST, "%s: no memory for its refcount table", qcow2->file.path);
    uint64_t length = (growth.blocks + growth.clusters) << qcow2->header.cluster_bits;
    if (!qcow2_tables_add(qcow2, growth.start << qcow2->header.cluster_bits, length,
                          "a table lies here and is not counted", error)) {
        qcow2->broken = true;
        free(table);
        return false;
    }
    if (growth_write(qcow2, &growth, table, error))
        return growth_adopt(qcow2, &growth, table, error);
    for (uint64_t i = 0; i < growth.blocks + growth.clusters; i++)
        (void)!cluster_map_put(&qcow2->tables, growth.start + i, 0);
    free(table);
    return false;
}

bool qcow2_block_provide(struct qcow2 *qcow2, uint64_t cluster, struct error *error)
{
    if (cluster >> qcow2->block_bits >= qcow2->refcount_table_size &&
        !refcount_table_grow(qcow2, cluster, error))
        return false;
    return block_of(qcow2, cluster) != 0 || block_create(qcow2, cluster, error);
}
