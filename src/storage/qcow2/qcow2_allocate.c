/* Finding free clusters in a qcow2 image and giving them back. */
#include "storage/qcow2/qcow2.h"

/* Counted at once, bytes: each time costs a flush, and a killed emulator leaves as much counted in vain. */
#define RESERVE_SIZE (16u << 20)

#define FILE_END (1ull << 56) /* entries reach no further */

/* The first free cluster at `cluster` or above, which has a refcount block. */
static bool find_free(struct qcow2 *qcow2, uint64_t *cluster, struct error *error)
{
    for (;; ++*cluster) {
        uint64_t refcount;
        if (*cluster >= FILE_END >> qcow2->header.cluster_bits)
            return error_set(error, ERROR_HOST, "%s: the image is full", qcow2->file.path);
        if (!qcow2_block_provide(qcow2, *cluster, error) ||
            !qcow2_refcount_get(qcow2, *cluster, &refcount, error))
            return false;
        if (refcount == 0)
            return true;
    }
}

/* Free clusters behind the first one, up to the end of its refcount block. */
static bool measure_free(struct qcow2 *qcow2, uint64_t first, uint64_t *count, struct error *error)
{
    uint64_t block_end = ((first >> qcow2->block_bits) + 1) << qcow2->block_bits;
    uint64_t most = RESERVE_SIZE >> qcow2->header.cluster_bits;
    for (*count = 1; *count < most && first + *count < block_end; ++*count) {
        uint64_t refcount;
        if (!qcow2_refcount_get(qcow2, first + *count, &refcount, error))
            return false;
        if (refcount != 0)
            break;
    }
    return true;
}

static bool reserve(struct qcow2 *qcow2, struct error *error)
{
    uint64_t first = qcow2->next_free, count;
    if (!find_free(qcow2, &first, error) || !measure_free(qcow2, first, &count, error))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t *table = cluster_map_find(&qcow2->tables, first + i);
        if (table != NULL && *table != 0)
            return qcow2_break(qcow2, (first + i) << qcow2->header.cluster_bits,
                               "a table lies here and is not counted", error);
    }
    if (!qcow2_refcount_set(qcow2, first, count, 1, error))
        return false;
    qcow2->reserved = first;
    qcow2->reserved_end = qcow2->next_free = first + count;
    return host_file_flush(&qcow2->file, error);
}

bool qcow2_allocate(struct qcow2 *qcow2, uint64_t wanted, uint64_t *offset, uint64_t *got,
                    struct error *error)
{
    if (qcow2->reserved == qcow2->reserved_end && !reserve(qcow2, error))
        return false;
    uint64_t there = qcow2->reserved_end - qcow2->reserved;
    *got = there < wanted ? there : wanted;
    *offset = qcow2->reserved << qcow2->header.cluster_bits;
    qcow2->reserved += *got;
    return true;
}

void qcow2_unallocate(struct qcow2 *qcow2, uint64_t offset, uint64_t count)
{
    if (qcow2_cluster_of(qcow2, offset) + count == qcow2->reserved)
        qcow2->reserved -= count;
}

/* Lowers the refcounts of one range. */
static bool give_up(struct qcow2 *qcow2, const struct qcow2_given_up *range, struct error *error)
{
    uint64_t last = qcow2_cluster_of(qcow2, range->offset + range->length - 1);
    for (uint64_t cluster = qcow2_cluster_of(qcow2, range->offset); cluster <= last; cluster++) {
        uint64_t refcount, offset = cluster << qcow2->header.cluster_bits;
        if (!qcow2_refcount_get(qcow2, cluster, &refcount, error))
            return false;
        if (refcount == 0)
            return qcow2_break(qcow2, offset, "a cluster was in use and is not counted", error);
        if (!qcow2_refcount_set(qcow2, cluster, 1, refcount - 1, error))
            return false;
        if (refcount > 1)
            continue;
        if (cluster_map_find(&qcow2->tables, cluster) != NULL)
            (void)!cluster_map_put(&qcow2->tables, cluster, 0); /* a place that exists */
        if (range->punch)
            host_file_punch(&qcow2->file, offset, qcow2->cluster_size);
        if (cluster < qcow2->next_free)
            qcow2->next_free = cluster;
    }
    return true;
}

bool qcow2_flush(struct qcow2 *qcow2, struct error *error)
{
    if (!host_file_flush(&qcow2->file, error))
        return false;
    bool good = true;
    for (unsigned i = 0; good && i < qcow2->given_up_count; i++)
        good = give_up(qcow2, &qcow2->given_up[i], error);
    qcow2->given_up_count = 0;
    return good;
}

bool qcow2_release(struct qcow2 *qcow2, uint64_t offset, uint64_t length, bool punch, struct error *error)
{
    struct qcow2_given_up *last =
        qcow2->given_up_count > 0 ? &qcow2->given_up[qcow2->given_up_count - 1] : NULL;
    /* Whole clusters only: two compressed ones that share a cluster have two references to it. */
    bool whole = (offset | length) % qcow2->cluster_size == 0;
    if (whole && last != NULL && last->offset + last->length == offset && last->punch == punch &&
        last->offset % qcow2->cluster_size == 0) {
        last->length += length;
        return true;
    }
    if (qcow2->given_up_count == QCOW2_GIVEN_UP_MAX && !qcow2_flush(qcow2, error))
        return false;
    qcow2->given_up[qcow2->given_up_count++] = (struct qcow2_given_up){offset, length, punch};
    return true;
}

bool qcow2_unreserve(struct qcow2 *qcow2, struct error *error)
{
    uint64_t first = qcow2->reserved, count = qcow2->reserved_end - first;
    if (count == 0)
        return true;
    qcow2->reserved = qcow2->reserved_end = 0;
    if (first < qcow2->next_free)
        qcow2->next_free = first;
    return qcow2_refcount_set(qcow2, first, count, 0, error);
}
