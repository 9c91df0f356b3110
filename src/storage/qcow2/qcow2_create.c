/* An empty qcow2 image: header, refcount table and blocks, L1 table, in this order. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "storage/qcow2/qcow2.h"

#define EXTENSION_BACKING_FORMAT 0xe2792acau
#define HEADER_LENGTH            112u /* version 3: with the compression type and its padding */
#define CLUSTER_BITS_USUAL       16u
#define REFCOUNT_ORDER_USUAL     4u

/* Sizes in clusters. */
struct layout {
    unsigned cluster_bits, refcount_order;
    uint64_t l1_size; /* entries */
    uint64_t l1, refcount_table, refcount_blocks, all;
};

static bool layout_plan(struct layout *layout, const char *path, const struct medium_plan *plan,
                        uint64_t size, struct error *error)
{
    *layout = (struct layout){.cluster_bits = CLUSTER_BITS_USUAL, .refcount_order = REFCOUNT_ORDER_USUAL};
    if (plan->cluster_size != 0)
        layout->cluster_bits = (unsigned)__builtin_ctz(plan->cluster_size);
    if (plan->refcount_bits != 0)
        layout->refcount_order = (unsigned)__builtin_ctz(plan->refcount_bits);
    uint64_t cluster_size = 1ull << layout->cluster_bits;
    uint64_t l2_reach = cluster_size * cluster_size / 8;
    layout->l1_size = (size + l2_reach - 1) / l2_reach;
    if (layout->l1_size * 8 > QCOW2_L1_MAX)
        return error_set(error, ERROR_USAGE,
                         "%s: too large for clusters of %llu bytes; remedy: larger clusters", path,
                         (unsigned long long)cluster_size);
    layout->l1 = (layout->l1_size * 8 + cluster_size - 1) >> layout->cluster_bits;
    uint64_t block_entries = cluster_size * 8 >> layout->refcount_order;
    uint64_t before;
    do {
        before = layout->all;
        layout->all = 1 + layout->refcount_table + layout->refcount_blocks + layout->l1;
        layout->refcount_blocks = (layout->all + block_entries - 1) / block_entries;
        layout->refcount_table = (layout->refcount_blocks * 8 + cluster_size - 1) >> layout->cluster_bits;
    } while (layout->all != before);
    return true;
}

static bool header_fill(uint8_t *cluster, const struct layout *layout, const char *path,
                        const struct medium_plan *plan, uint64_t size, const char *backing_format,
                        struct error *error)
{
    unsigned version = plan->version == 2 ? 2 : 3;
    size_t at = version == 2 ? QCOW2_HEADER_V2 : HEADER_LENGTH;
    store_be32(cluster, QCOW2_MAGIC);
    store_be32(cluster + 4, version);
    store_be32(cluster + 20, layout->cluster_bits);
    store_be64(cluster + 24, size);
    store_be32(cluster + 36, (uint32_t)layout->l1_size);
    store_be64(cluster + 40, (1 + layout->refcount_table + layout->refcount_blocks) << layout->cluster_bits);
    store_be64(cluster + 48, 1ull << layout->cluster_bits);
    store_be32(cluster + 56, (uint32_t)layout->refcount_table);
    if (version == 3) {
        store_be32(cluster + 96, layout->refcount_order);
        store_be32(cluster + 100, HEADER_LENGTH);
    }
    if (plan->backing == NULL)
        return true;
    size_t format_length = strlen(backing_format), name_length = strlen(plan->backing);
    store_be32(cluster + at, EXTENSION_BACKING_FORMAT);
    store_be32(cluster + at + 4, (uint32_t)format_length);
    /* Names in the image have a length and no zero at their end. */
    for (size_t i = 0; i < format_length; i++)
        cluster[at + 8 + i] = (uint8_t)backing_format[i];
    at += 8 + ((format_length + 7) & ~(size_t)7) + 8; /* and the end of the extensions: all zero */
    if (name_length == 0 || name_length > QCOW2_NAME_MAX || at + name_length > 1ull << layout->cluster_bits)
        return error_set(error, ERROR_USAGE, "%s: the name of its backing file is empty or too long", path);
    memcpy(cluster + at, plan->backing, name_length);
    store_be64(cluster + QCOW2_AT_BACKING, at);
    store_be32(cluster + QCOW2_AT_BACKING + 8, (uint32_t)name_length);
    return true;
}

/* All clusters of the new file are counted once. */
static bool refcounts_write(struct host_file *file, const struct layout *layout, uint8_t *cluster,
                            struct error *error)
{
    size_t size = (size_t)1 << layout->cluster_bits;
    uint64_t entries = (uint64_t)size * 8 >> layout->refcount_order;
    for (uint64_t block = 0; block < layout->refcount_blocks; block++) {
        uint64_t offset = (1 + layout->refcount_table + block) << layout->cluster_bits;
        uint8_t entry[8];
        store_be64(entry, offset);
        memset(cluster, 0, size);
        for (uint64_t i = 0; i < entries && block * entries + i < layout->all; i++)
            qcow2_refcount_store(cluster, i, layout->refcount_order, 1);
        if (!host_file_write(file, offset, cluster, size, error) ||
            !host_file_write(file, size + block * 8, entry, sizeof entry, error))
            return false;
    }
    return true;
}

bool qcow2_format(struct host_file *file, const struct medium_plan *plan, uint64_t size,
                  const char *backing_format, struct error *error)
{
    struct layout layout;
    if (!layout_plan(&layout, file->path, plan, size, error))
        return false;
    uint8_t *cluster = calloc(1, (size_t)1 << layout.cluster_bits);
    if (cluster == NULL)
        return error_set(error, ERROR_HOST, "%s: out of memory", file->path);
    bool good = header_fill(cluster, &layout, file->path, plan, size, backing_format, error) &&
                host_file_write(file, 0, cluster, (size_t)1 << layout.cluster_bits, error) &&
                refcounts_write(file, &layout, cluster, error) &&
                host_file_extend(file, layout.all << layout.cluster_bits, error);
    free(cluster);
    return good;
}
