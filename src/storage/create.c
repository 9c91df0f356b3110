/* New images. */
#include <stdlib.h>
#include <string.h>

#include "storage/medium_class.h"
#include "storage/qcow2/qcow2.h"
#include "storage/raw.h"

/* The image keeps its format, so that it is not guessed each time, and has its size unless another is wanted. */
static bool backing_examine(const char *path, const struct medium_plan *plan, uint64_t *size,
                            const char **format, struct error *error)
{
    char *backing = qcow2_backing_path(path, plan->backing, error);
    if (backing == NULL)
        return false;
    struct medium_options options = {.format = plan->backing_format, .read_only = true};
    struct medium *medium = medium_open(backing, &options, error);
    free(backing);
    if (medium == NULL)
        return error_prefix(error, "backing file");
    *format = medium_format_name(medium);
    if (*size == 0)
        *size = medium_size(medium);
    return medium_close(medium, error);
}

static bool plan_check(const char *path, const struct medium_plan *plan, struct error *error)
{
    uint32_t cluster = plan->cluster_size;
    unsigned bits = plan->refcount_bits;
    bool qcow2_words = cluster != 0 || bits != 0 || plan->version != 0 || plan->backing != NULL;
    if (plan->format == MEDIUM_RAW && qcow2_words)
        return error_set(error, ERROR_USAGE,
                         "%s: a raw image has no clusters, version or backing file; remedy: make it qcow2",
                         path);
    if (cluster != 0 && (cluster < 512 || cluster > 2u << 20 || (cluster & (cluster - 1)) != 0))
        return error_set(error, ERROR_USAGE, "%s: a cluster size of %u; it is a power of two from 512 to 2M",
                         path, cluster);
    if (plan->version != 0 && plan->version != 2 && plan->version != 3)
        return error_set(error, ERROR_USAGE, "%s: there are versions 2 and 3 of qcow2, not %u", path,
                         plan->version);
    if (bits > 64 || (bits & (bits - 1)) != 0)
        return error_set(error, ERROR_USAGE, "%s: refcounts of %u bits; there are 1, 2, 4, 8, 16, 32 and 64",
                         path, bits);
    if (plan->version == 2 && bits != 0 && bits != 16)
        return error_set(error, ERROR_USAGE, "%s: in version 2 of qcow2 refcounts have 16 bits", path);
    if (plan->size == 0 && plan->backing == NULL)
        return error_set(error, ERROR_USAGE, "%s: a size is needed", path);
    return true;
}

struct medium *medium_create(const char *path, const struct medium_plan *plan, bool replace,
                             struct error *error)
{
    struct host_file file;
    uint64_t size = plan->size;
    const char *backing_format = NULL;
    if (!plan_check(path, plan, error) ||
        (plan->backing != NULL && !backing_examine(path, plan, &size, &backing_format, error)))
        return NULL;
    if (size > INT64_MAX - MEDIUM_SECTOR) {
        error_set(error, ERROR_USAGE, "%s: no file can be that large", path);
        return NULL;
    }
    size = (size + MEDIUM_SECTOR - 1) & ~(uint64_t)(MEDIUM_SECTOR - 1);
    if (!host_file_create(&file, path, replace, error))
        return NULL;
    bool raw = plan->format == MEDIUM_RAW;
    if (raw ? !host_file_extend(&file, size, error)
            : !qcow2_format(&file, plan, size, backing_format, error)) {
        host_file_close(&file);
        return NULL;
    }
    if (raw)
        return raw_open(&file, true, error);
    struct medium_chain link = {NULL, file.device, file.inode, 0};
    return qcow2_open(&file, &(struct medium_options){.format = MEDIUM_QCOW2}, &link, error);
}

bool medium_publish(struct medium *medium, bool replace, struct error *error)
{
    struct host_file *file = medium->class->settle(medium, error);
    return file != NULL && host_file_publish(file, replace, error);
}
