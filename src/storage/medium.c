/* Media: what a file is, and the checks that all formats share. */
#include "storage/medium.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "storage/overlay.h"
#include "storage/qcow2/qcow2.h"
#include "storage/raw.h"

#define CHAIN_DEPTH_MAX 64 /* backing files behind each other */

/* First bytes of images in formats that are not raw. */
static const struct {
    const char *magic;
    size_t size;
    const char *name; /* NULL: qcow2, which can be read */
} formats[] = {
    /* clang-format off */
    {"QFI\xfb\0\0\0\x02", 8, NULL},
    {"QFI\xfb\0\0\0\x03", 8, NULL},
    {"QFI\xfb", 4, "a qcow image of another version than 2 and 3"},
    {"KDMV", 4, "a VMware disk (vmdk)"},
    {"COWD", 4, "a VMware disk (vmdk)"},
    {"# Disk DescriptorFile", 21, "a VMware disk (vmdk)"},
    {"vhdxfile", 8, "a Hyper-V disk (vhdx)"},
    {"conectix", 8, "a Virtual PC disk (vhd)"},
    {"<<< ", 4, "a VirtualBox disk (vdi)"},
    {"QED\0", 4, "a QED disk"},
    {"WithoutFreeSpace", 16, "a Parallels disk"},
    {"WithouFreSpacExt", 16, "a Parallels disk"},
    {"\x1f\x8b", 2, "packed by gzip"},
    {"\xfd" "7zXZ", 5, "packed by xz"},
    {"BZh", 3, "packed by bzip2"},
    {"\x28\xb5\x2f\xfd", 4, "packed by zstd"},
    /* clang-format on */
};

#define HEAD_SIZE 32u

/* Index in `formats`; ARRAY_LENGTH(formats) when the bytes belong to none. */
static size_t format_of(const uint8_t head[HEAD_SIZE])
{
    size_t i = 0;
    while (i < ARRAY_LENGTH(formats) && memcmp(head, formats[i].magic, formats[i].size) != 0)
        i++;
    return i;
}

bool medium_format_parse(const char *name, enum medium_format *format)
{
    if (strcmp(name, "raw") == 0)
        *format = MEDIUM_RAW;
    else if (strcmp(name, "qcow2") == 0)
        *format = MEDIUM_QCOW2;
    else
        return false;
    return true;
}

static bool choose_format(struct host_file *file, enum medium_format *format, struct error *error)
{
    uint8_t head[HEAD_SIZE];
    if (*format != MEDIUM_ANY)
        return true;
    if (!host_file_read(file, 0, head, sizeof head, error))
        return false;
    size_t i = format_of(head);
    if (i < ARRAY_LENGTH(formats) && formats[i].name != NULL)
        return error_set(error, ERROR_INPUT, "%s: is %s, and raw and qcow2 images are read; remedy: %s",
                         file->path, formats[i].name,
                         strncmp(formats[i].name, "packed", 6) == 0
                             ? "unpack it"
                             : "convert it with qemu-img convert -O qcow2");
    *format = i < ARRAY_LENGTH(formats) ? MEDIUM_QCOW2 : MEDIUM_RAW;
    return true;
}

static bool chain_is_sound(const struct host_file *file, const struct medium_chain *link, struct error *error)
{
    if (link->depth > CHAIN_DEPTH_MAX)
        return error_set(error, ERROR_INPUT, "%s: more than %d backing files behind each other", file->path,
                         CHAIN_DEPTH_MAX);
    for (const struct medium_chain *above = link->above; above != NULL; above = above->above) {
        if (above->device == link->device && above->inode == link->inode)
            return error_set(error, ERROR_INPUT, "%s: is its own backing file, directly or through others",
                             file->path);
    }
    return true;
}

static enum host_file_access access_for(const struct medium_options *options)
{
    if (options->unlocked)
        return HOST_FILE_LOOK;
    return options->read_only ? HOST_FILE_READ : HOST_FILE_WRITE;
}

struct medium *medium_open_chained(const char *path, const struct medium_options *options,
                                   const struct medium_chain *above, struct error *error)
{
    struct host_file file;
    enum medium_format format = options->format;
    INVARIANT(options->read_only || !options->unlocked);
    /* A loop would meet our own locks first, and they would not explain it. */
    if (!host_file_open(&file, path, above == NULL ? access_for(options) : HOST_FILE_LOOK, error))
        return NULL;
    struct medium_chain link = {above, file.device, file.inode, above == NULL ? 0 : above->depth + 1};
    bool good = chain_is_sound(&file, &link, error);
    if (good && above != NULL && !options->unlocked) {
        host_file_close(&file);
        if (!host_file_open(&file, path, access_for(options), error))
            return NULL;
    }
    if (!good || !choose_format(&file, &format, error)) {
        host_file_close(&file);
        return NULL;
    }
    if (format == MEDIUM_QCOW2)
        return qcow2_open(&file, options, &link, error);
    struct medium *medium = raw_open(&file, !options->read_only, error);
    if (medium != NULL)
        medium->guessed_raw = options->format == MEDIUM_ANY;
    return medium;
}

struct medium *medium_open(const char *path, const struct medium_options *options, struct error *error)
{
    struct medium_options own = *options;
    own.read_only = options->read_only || options->snapshot;
    struct medium *medium = medium_open_chained(path, &own, NULL, error);
    return medium != NULL && options->snapshot ? overlay_open(medium, error) : medium;
}

uint64_t medium_size(const struct medium *medium)
{
    return medium->size;
}

bool medium_writable(const struct medium *medium)
{
    return medium->writable;
}

const char *medium_path(const struct medium *medium)
{
    return medium->path;
}

const char *medium_format_name(const struct medium *medium)
{
    return medium->class->name;
}

static bool medium_holds(const struct medium *medium, uint64_t offset, uint64_t length, struct error *error)
{
    if (offset <= medium->size && length <= medium->size - offset)
        return true;
    return error_set(error, ERROR_INPUT, "%s: offset %#llx and %#llx bytes are beyond its end at %#llx",
                     medium->path, (unsigned long long)offset, (unsigned long long)length,
                     (unsigned long long)medium->size);
}

bool medium_read(struct medium *medium, uint64_t offset, void *bytes, size_t length, struct error *error)
{
    return medium_holds(medium, offset, length, error) &&
           medium->class->read(medium, offset, bytes, length, error);
}

/*
 * A guest that writes a qcow2 header into a raw image would be taken at its word the next time, and such a header
 * names a backing file: any file of the host. So this needs an image that somebody has called raw.
 */
static bool medium_stays_raw(struct medium *medium, uint64_t offset, const void *bytes, size_t length,
                             struct error *error)
{
    uint8_t head[HEAD_SIZE] = {0};
    if (!medium->guessed_raw || offset >= HEAD_SIZE || length == 0)
        return true;
    size_t known = medium->size < HEAD_SIZE ? (size_t)medium->size : HEAD_SIZE;
    if (!medium->class->read(medium, 0, head, known, error))
        return false;
    size_t piece = HEAD_SIZE - (size_t)offset;
    memcpy(head + offset, bytes, piece < length ? piece : length);
    size_t i = format_of(head);
    if (i == ARRAY_LENGTH(formats) || formats[i].name != NULL)
        return true;
    return error_set(
        error, ERROR_INPUT,
        "%s: the guest makes it look like a qcow2 image, while it was taken for raw by its contents; "
        "remedy: say that its format is raw",
        medium->path);
}

static bool medium_may_change(const struct medium *medium, struct error *error)
{
    return medium->writable || error_set(error, ERROR_INPUT, "%s: is open for reading only", medium->path);
}

bool medium_write(struct medium *medium, uint64_t offset, const void *bytes, size_t length,
                  struct error *error)
{
    return medium_holds(medium, offset, length, error) && medium_may_change(medium, error) &&
           medium_stays_raw(medium, offset, bytes, length, error) &&
           medium->class->write(medium, offset, bytes, length, error);
}

bool medium_discard(struct medium *medium, uint64_t offset, uint64_t length, struct error *error)
{
    if (!medium_holds(medium, offset, length, error) || !medium_may_change(medium, error))
        return false;
    return medium->class->discard == NULL || medium->class->discard(medium, offset, length, error);
}

bool medium_flush(struct medium *medium, struct error *error)
{
    return !medium->writable || medium->class->flush(medium, error);
}

bool medium_extent(struct medium *medium, uint64_t offset, struct medium_extent *extent, struct error *error)
{
    INVARIANT(offset < medium->size);
    if (!medium->class->extent(medium, offset, extent, error))
        return false;
    if (extent->length > medium->size - offset)
        extent->length = medium->size - offset;
    return true;
}

bool medium_close(struct medium *medium, struct error *error)
{
    struct error other;
    bool flushed = medium_flush(medium, error);
    bool closed = medium->class->close(medium, flushed ? error : &other);
    return flushed && closed;
}
