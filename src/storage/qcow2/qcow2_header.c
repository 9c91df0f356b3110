/* The header of a qcow2 image and its extensions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "storage/qcow2/qcow2.h"

#define EXTENSION_BACKING_FORMAT 0xe2792acau
#define EXTENSION_FEATURE_NAMES  0x6803f857u
#define FEATURE_NAME_ROW         48u /* type, bit, name */
#define FEATURE_NAME             46u

static bool header_bad(const struct host_file *file, struct error *error, const char *field, uint64_t value)
{
    return error_set(
        error, ERROR_INPUT,
        "%s: the header's %s %#llx is out of range, the image is damaged; remedy: a copy of it, or "
        "'qemu-img check'",
        file->path, field, (unsigned long long)value);
}

static void header_parse(const uint8_t *bytes, struct qcow2_header *header)
{
    *header = (struct qcow2_header){
        .version = load_be32(bytes + 4),
        .backing_offset = load_be64(bytes + 8),
        .backing_size = load_be32(bytes + 16),
        .cluster_bits = load_be32(bytes + 20),
        .size = load_be64(bytes + 24),
        .l1_size = load_be32(bytes + 36),
        .l1_offset = load_be64(bytes + 40),
        .refcount_table_offset = load_be64(bytes + 48),
        .refcount_table_clusters = load_be32(bytes + 56),
        .snapshot_count = load_be32(bytes + 60),
        .snapshots_offset = load_be64(bytes + 64),
        .refcount_order = 4,
    };
    if (header->version < 3)
        return;
    header->incompatible = load_be64(bytes + 72);
    header->compatible = load_be64(bytes + 80);
    header->autoclear = load_be64(bytes + 88);
    header->refcount_order = load_be32(bytes + 96);
}

/* A table must be aligned and lie within the file. */
static bool table_fits(const struct host_file *file, const struct qcow2_header *header, uint64_t offset,
                       uint64_t length)
{
    uint64_t mask = (1ull << header->cluster_bits) - 1;
    return (offset & mask) == 0 && offset > 0 && offset <= file->size && length <= file->size - offset;
}

static bool header_check(const struct host_file *file, const struct qcow2_header *header, struct error *error)
{
    if (header->cluster_bits < QCOW2_CLUSTER_BITS_MIN || header->cluster_bits > QCOW2_CLUSTER_BITS_MAX)
        return header_bad(file, error, "cluster_bits", header->cluster_bits);
    if (header->refcount_order > 6)
        return header_bad(file, error, "refcount_order", header->refcount_order);
    /* As many clusters as the largest L1 table reaches: entries of 8 bytes, in it and in each L2 table. */
    uint64_t l2_reach = 1ull << (2 * header->cluster_bits - 3);
    if (header->size > QCOW2_L1_MAX / 8 * l2_reach)
        return header_bad(file, error, "size", header->size);
    if (header->l1_size > QCOW2_L1_MAX / 8)
        return header_bad(file, error, "l1_size", header->l1_size);
    if (header->l1_size > 0 && !table_fits(file, header, header->l1_offset, header->l1_size * 8ull))
        return header_bad(file, error, "l1_table_offset", header->l1_offset);
    if (header->l1_size < (header->size + l2_reach - 1) / l2_reach)
        return header_bad(file, error, "l1_size", header->l1_size);
    uint64_t refcount_bytes = (uint64_t)header->refcount_table_clusters << header->cluster_bits;
    if (refcount_bytes == 0 || refcount_bytes > QCOW2_REFCOUNT_TABLE_MAX)
        return header_bad(file, error, "refcount_table_clusters", header->refcount_table_clusters);
    if (!table_fits(file, header, header->refcount_table_offset, 8))
        return header_bad(file, error, "refcount_table_offset", header->refcount_table_offset);
    if (header->snapshot_count > QCOW2_SNAPSHOTS_MAX)
        return header_bad(file, error, "nb_snapshots", header->snapshot_count);
    if (header->snapshot_count > 0 && !table_fits(file, header, header->snapshots_offset, 40))
        return header_bad(file, error, "snapshots_offset", header->snapshots_offset);
    return true;
}

/* The image's own name for an incompatible feature, if it has one. */
static void feature_name(const uint8_t *names, size_t size, unsigned bit, char name[FEATURE_NAME + 1])
{
    snprintf(name, FEATURE_NAME + 1, "number %u", bit);
    for (; size >= FEATURE_NAME_ROW; names += FEATURE_NAME_ROW, size -= FEATURE_NAME_ROW) {
        if (names[0] == 0 && names[1] == bit && names[2] >= ' ') {
            memcpy(name, names + 2, FEATURE_NAME);
            name[FEATURE_NAME] = '\0';
            for (char *c = name; *c != '\0'; c++)
                if (*c < ' ' || *c == 0x7f)
                    *c = '?';
        }
    }
}

static bool features_check(const struct host_file *file, const struct qcow2_header *header,
                           const uint8_t *names, size_t names_size, struct error *error)
{
    uint64_t known = QCOW2_DIRTY | QCOW2_CORRUPT | QCOW2_COMPRESSION;
    uint64_t unknown = header->incompatible & ~known;
    const char *what = NULL;
    char name[FEATURE_NAME + 1];
    if (unknown == 0)
        return true;
    if (unknown & QCOW2_EXTERNAL_DATA) {
        what = "an external data file";
    } else if (unknown & QCOW2_EXTENDED_L2) {
        what = "extended L2 entries";
    } else {
        feature_name(names, names_size, (unsigned)__builtin_ctzll(unknown), name);
        what = name;
    }
    return error_set(error, ERROR_INPUT,
                     "%s: uses the qcow2 feature '%s', which is not supported; remedy: convert it with "
                     "'qemu-img convert -O qcow2'",
                     file->path, what);
}

/* The extensions lie between the header and the end of the first cluster. */
static bool extensions_read(struct host_file *file, struct qcow2_header *header, uint32_t start,
                            const uint8_t *cluster, size_t size, struct error *error)
{
    const uint8_t *names = NULL;
    size_t names_size = 0;
    size_t at = start;
    while (at + 8 <= size) {
        uint32_t type = load_be32(cluster + at), length = load_be32(cluster + at + 4);
        at += 8;
        if (type == 0 || length > size - at)
            break;
        if (type == EXTENSION_BACKING_FORMAT && length < sizeof header->backing_format) {
            memcpy(header->backing_format, cluster + at, length);
            header->backing_format[length] = '\0';
        } else if (type == EXTENSION_FEATURE_NAMES) {
            names = cluster + at;
            names_size = length;
        }
        at += (length + 7ull) & ~7ull;
    }
    return features_check(file, header, names, names_size, error);
}

static bool backing_name_read(struct host_file *file, struct qcow2_header *header, struct error *error)
{
    if (header->backing_offset == 0)
        return true;
    if (header->backing_size > QCOW2_NAME_MAX)
        return header_bad(file, error, "backing_file_size", header->backing_size);
    if (header->backing_offset > file->size || header->backing_size > file->size - header->backing_offset)
        return header_bad(file, error, "backing_file_offset", header->backing_offset);
    if (!host_file_read(file, header->backing_offset, header->backing, header->backing_size, error))
        return false;
    header->backing[header->backing_size] = '\0';
    if (strlen(header->backing) != header->backing_size)
        return error_set(error, ERROR_INPUT, "%s: the name of its backing file is damaged", file->path);
    return true;
}

static bool header_read_v3(struct host_file *file, struct qcow2_header *header, const uint8_t *cluster,
                           size_t size, struct error *error)
{
    uint32_t length = load_be32(cluster + 100);
    if (length < QCOW2_HEADER_V3 || length % 8 != 0 || length > size)
        return header_bad(file, error, "header_length", length);
    unsigned compression = length > QCOW2_HEADER_V3 ? cluster[QCOW2_HEADER_V3] : 0;
    bool said = (header->incompatible & QCOW2_COMPRESSION) != 0;
    if (compression > 1 || said != (compression != 0))
        return header_bad(file, error, "compression_type", compression);
    header->zstd = compression == 1;
    return extensions_read(file, header, length, cluster, size, error);
}

bool qcow2_header_read(struct host_file *file, struct qcow2_header *header, struct error *error)
{
    uint8_t start[QCOW2_HEADER_V3];
    if (!host_file_read(file, 0, start, sizeof start, error))
        return false;
    header_parse(start, header);
    if (load_be32(start) != QCOW2_MAGIC || header->version < 2 || header->version > 3)
        return error_set(error, ERROR_INPUT, "%s: is no qcow2 image of version 2 or 3", file->path);
    uint32_t crypt_method = load_be32(start + 32);
    if (crypt_method != 0)
        return error_set(
            error, ERROR_INPUT,
            "%s: is encrypted (%s), which is not supported; remedy: decrypt it with qemu-img convert",
            file->path, crypt_method == 2 ? "LUKS" : "AES");
    if (header->cluster_bits < QCOW2_CLUSTER_BITS_MIN || header->cluster_bits > QCOW2_CLUSTER_BITS_MAX)
        return header_bad(file, error, "cluster_bits", header->cluster_bits);
    size_t size = (size_t)1 << header->cluster_bits;
    uint8_t *cluster = malloc(size);
    if (cluster == NULL)
        return error_set(error, ERROR_HOST, "%s: out of memory", file->path);
    bool good =
        host_file_read(file, 0, cluster, size, error) &&
        (header->version == 3 ? header_read_v3(file, header, cluster, size, error)
                              : extensions_read(file, header, QCOW2_HEADER_V2, cluster, size, error)) &&
        header_check(file, header, error) && backing_name_read(file, header, error);
    free(cluster);
    return good;
}

char *qcow2_backing_path(const char *path, const char *backing, struct error *error)
{
    char *result = NULL;
    const char *name = strncmp(backing, "file:", 5) == 0 ? backing + 5 : backing;
    const char *colon = strchr(name, ':');
    const char *first_slash = strchr(name, '/');
    if (colon != NULL && (first_slash == NULL || colon < first_slash)) {
        error_set(error, ERROR_INPUT,
                  "%s: its backing file '%s' is reached by a protocol, and only files are supported; remedy: "
                  "'qemu-img rebase' to a file",
                  path, backing);
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    size_t folder = name[0] == '/' || slash == NULL ? 0 : (size_t)(slash - path) + 1;
    size_t size = folder + strlen(name) + 1;
    result = malloc(size);
    if (result == NULL)
        error_set(error, ERROR_HOST, "%s: out of memory", path);
    else
        snprintf(result, size, "%.*s%s", (int)folder, path, name);
    return result;
}
