/* From the medium's bytes to those of the file, and reading. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/unpack.h"
#include "storage/qcow2/qcow2.h"

#define SECTOR 512u /* of compressed clusters */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What one L2 entry says; `offset` is the first wanted byte of its cluster. */
static bool entry_decode(struct qcow2 *qcow2, uint64_t offset, uint64_t entry, struct qcow2_extent *extent,
                         struct error *error)
{
    uint64_t host = entry & QCOW2_OFFSET;
    bool zero = (entry & QCOW2_ZERO) != 0;
    *extent = (struct qcow2_extent){.entry = entry};
    if (entry & QCOW2_COMPRESSED) {
        extent->kind = QCOW2_KIND_COMPRESSED;
        return true;
    }
    if (host % qcow2->cluster_size != 0 || (zero && qcow2->header.version < 3))
        return qcow2_damaged(qcow2, host, "an L2 table points there", error);
    if (zero) {
        extent->kind = QCOW2_KIND_ZERO;
    } else if (host == 0) {
        if (entry & QCOW2_COPIED)
            return qcow2_damaged(qcow2, host, "an L2 table takes the header for data", error);
        extent->kind = QCOW2_KIND_BACKING;
    } else {
        extent->kind = QCOW2_KIND_DATA;
        extent->copied = (entry & QCOW2_COPIED) != 0;
        extent->host = host + offset % qcow2->cluster_size;
    }
    return true;
}

/* True when `next`, `distance` bytes further, continues the run. */
static bool extent_continues(const struct qcow2_extent *extent, const struct qcow2_extent *next,
                             uint64_t distance)
{
    if (extent->kind != next->kind || extent->kind == QCOW2_KIND_COMPRESSED)
        return false;
    return extent->kind != QCOW2_KIND_DATA ||
           (extent->copied == next->copied && extent->host + distance == next->host);
}

bool qcow2_find(struct qcow2 *qcow2, uint64_t offset, uint64_t length, struct qcow2_extent *extent,
                struct error *error)
{
    uint64_t cluster = qcow2_cluster_of(qcow2, offset), l2_size = 1ull << qcow2->l2_bits;
    uint64_t l1_index = cluster >> qcow2->l2_bits, index = cluster & (l2_size - 1);
    uint64_t rest = qcow2->cluster_size - offset % qcow2->cluster_size; /* of the first cluster */
    uint64_t l2_offset = qcow2->l1[l1_index] & QCOW2_OFFSET;
    if (l2_offset == 0) {
        *extent = (struct qcow2_extent){.kind = QCOW2_KIND_BACKING};
        extent->length = smaller(length, rest + ((l2_size - 1 - index) << qcow2->header.cluster_bits));
        return true;
    }
    const uint8_t *table = qcow2_table(qcow2, &qcow2->l2_cache, l2_offset, error);
    if (table == NULL || !entry_decode(qcow2, offset, load_be64(table + index * 8), extent, error))
        return false;
    uint64_t found = rest;
    while (found < length && ++index < l2_size) {
        struct qcow2_extent next;
        struct error ignored; /* it is met again when the run begins there */
        if (!entry_decode(qcow2, offset + found, load_be64(table + index * 8), &next, &ignored) ||
            !extent_continues(extent, &next, found))
            break;
        found += qcow2->cluster_size;
    }
    extent->length = smaller(length, found);
    return true;
}

void qcow2_compressed_place(const struct qcow2 *qcow2, uint64_t entry, uint64_t *offset, uint64_t *length)
{
    unsigned width = 62 - (qcow2->header.cluster_bits - 8); /* of the offset, bits */
    *offset = bits(entry, width - 1, 0) & ~(uint64_t)(SECTOR - 1);
    *length = (bits(entry, 61, width) + 1) * SECTOR;
}

/* Makes `unpacked` hold the compressed cluster. */
static bool unpack_cluster(struct qcow2 *qcow2, uint64_t entry, struct error *error)
{
    if (qcow2->unpacked_entry == entry)
        return true;
    uint64_t offset, length;
    qcow2_compressed_place(qcow2, entry, &offset, &length);
    uint8_t *packed = malloc(length);
    if (packed == NULL)
        return error_set(error, ERROR_HOST, "%s: no memory to unpack a cluster", qcow2->file.path);
    qcow2->unpacked_entry = 0;
    bool good = host_file_read(&qcow2->file, offset, packed, length, error);
    if (good) {
        size_t start = (size_t)(entry & (SECTOR - 1));
        bool (*unpack)(const void *, size_t, void *, size_t) =
            qcow2->header.zstd ? unpack_zstd : unpack_deflate;
        good = unpack(packed + start, length - start, qcow2->unpacked, qcow2->cluster_size) ||
               qcow2_damaged(qcow2, offset + start, "a compressed cluster cannot be unpacked", error);
    }
    free(packed);
    if (good)
        qcow2->unpacked_entry = entry;
    return good;
}

static bool read_backing(struct qcow2 *qcow2, uint64_t offset, uint8_t *bytes, size_t length,
                         struct error *error)
{
    uint64_t end = qcow2->backing != NULL ? qcow2->backing->size : 0;
    size_t there = offset < end ? (size_t)smaller(length, end - offset) : 0;
    memset(bytes + there, 0, length - there);
    return there == 0 || medium_read(qcow2->backing, offset, bytes, there, error);
}

bool qcow2_read(struct medium *medium, uint64_t offset, uint8_t *bytes, size_t length, struct error *error)
{
    struct qcow2 *qcow2 = (struct qcow2 *)medium;
    while (length > 0) {
        struct qcow2_extent extent;
        if (!qcow2_find(qcow2, offset, length, &extent, error))
            return false;
        size_t piece = (size_t)extent.length;
        bool good = true;
        switch (extent.kind) {
        case QCOW2_KIND_BACKING:
            good = read_backing(qcow2, offset, bytes, piece, error);
            break;
        case QCOW2_KIND_ZERO:
            memset(bytes, 0, piece);
            break;
        case QCOW2_KIND_DATA:
            good = host_file_read(&qcow2->file, extent.host, bytes, piece, error);
            break;
        case QCOW2_KIND_COMPRESSED:
            good = unpack_cluster(qcow2, extent.entry, error);
            if (good)
                memcpy(bytes, qcow2->unpacked + offset % qcow2->cluster_size, piece);
            break;
        }
        if (!good)
            return false;
        offset += piece;
        bytes += piece;
        length -= piece;
    }
    return true;
}

bool qcow2_extent(struct medium *medium, uint64_t offset, struct medium_extent *extent, struct error *error)
{
    struct qcow2 *qcow2 = (struct qcow2 *)medium;
    struct qcow2_extent found;
    if (!qcow2_find(qcow2, offset, medium->size - offset, &found, error))
        return false;
    extent->length = found.length;
    extent->zero = found.kind == QCOW2_KIND_ZERO;
    if (found.kind != QCOW2_KIND_BACKING)
        return true;
    extent->zero = qcow2->backing == NULL || offset >= qcow2->backing->size;
    if (extent->zero)
        return true;
    if (!medium_extent(qcow2->backing, offset, extent, error))
        return false;
    extent->length = smaller(extent->length, found.length);
    return true;
}
