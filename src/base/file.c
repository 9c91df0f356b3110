/* Whole files, and the door to zlib (RFC 1952 gzip members). */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define GROWTH_START 65536u

/* Makes room for at least one more byte, never above `limit` + 1. */
static bool buffer_grow(struct file_bytes *buffer, size_t *capacity, size_t limit)
{
    if (buffer->size < *capacity)
        return true;
    size_t ceiling = limit == SIZE_MAX ? limit : limit + 1;
    size_t wanted = *capacity < GROWTH_START ? GROWTH_START : *capacity * 2;
    if (wanted > ceiling || wanted < *capacity)
        wanted = ceiling;
    uint8_t *bytes = realloc(buffer->bytes, wanted);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    *capacity = wanted;
    return true;
}

static bool stream_read(FILE *stream, const char *path, size_t limit, struct file_bytes *file,
                        struct error *error)
{
    size_t capacity = 0;
    for (;;) {
        if (!buffer_grow(file, &capacity, limit))
            return error_set(error, ERROR_HOST, "%s: no memory for its contents", path);
        size_t got = fread(file->bytes + file->size, 1, capacity - file->size, stream);
        file->size += got;
        if (file->size > limit)
            return error_set(error, ERROR_INPUT, "%s: larger than the limit of %zu bytes", path, limit);
        if (got == 0)
            break;
    }
    if (ferror(stream))
        return error_set_errno(error, ERROR_INPUT, "%s: cannot be read", path);
    return true;
}

bool file_read(const char *path, size_t limit, struct file_bytes *file, struct error *error)
{
    *file = (struct file_bytes){0};
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return error_set_errno(error, ERROR_INPUT, "%s: cannot be opened", path);
    struct stat status;
    bool good;
    if (fstat(fileno(stream), &status) != 0)
        good = error_set_errno(error, ERROR_INPUT, "%s: cannot be examined", path);
    else if (S_ISDIR(status.st_mode))
        good = error_set(error, ERROR_INPUT, "%s: is a directory", path);
    else if (S_ISREG(status.st_mode) && (uint64_t)status.st_size > limit)
        good = error_set(error, ERROR_INPUT, "%s: %lld bytes, larger than the limit of %zu", path,
                         (long long)status.st_size, limit);
    else
        good = stream_read(stream, path, limit, file, error);
    fclose(stream);
    if (!good)
        file_bytes_free(file);
    return good;
}

bool file_is_gzip(const struct file_bytes *file)
{
    return file->size >= 2 && file->bytes[0] == 0x1f && file->bytes[1] == 0x8b;
}

struct unpacking {
    const char *path;
    const struct file_bytes *packed;
    size_t fed; /* bytes of the packed file given to zlib so far */
    struct file_bytes result;
    size_t capacity;
    size_t limit;
    bool others_follow; /* what follows the gzip members is the caller's */
    z_stream stream;
};

static size_t unpacking_offset(const struct unpacking *unpacking)
{
    return unpacking->fed - unpacking->stream.avail_in;
}

static void unpacking_feed(struct unpacking *unpacking)
{
    size_t left = unpacking->packed->size - unpacking->fed;
    if (unpacking->stream.avail_in != 0 || left == 0)
        return;
    uInt chunk = left > 1u << 30 ? 1u << 30 : (uInt)left; /* avail_in has 32 bits */
    unpacking->stream.next_in = unpacking->packed->bytes + unpacking->fed;
    unpacking->stream.avail_in = chunk;
    unpacking->fed += chunk;
}

static int unpacking_step(struct unpacking *unpacking)
{
    struct file_bytes *result = &unpacking->result;
    size_t room = unpacking->capacity - result->size;
    uInt chunk = room > 1u << 30 ? 1u << 30 : (uInt)room;
    unpacking_feed(unpacking);
    unpacking->stream.next_out = result->bytes + result->size;
    unpacking->stream.avail_out = chunk;
    int status = inflate(&unpacking->stream, Z_NO_FLUSH);
    result->size += chunk - unpacking->stream.avail_out;
    return status;
}

/*
 * Looks at what follows a finished member: another member (RFC 1952 2.2), padding with zeros as gzip
 * itself accepts it, or the end. *done is set at the end.
 */
static bool unpacking_next_member(struct unpacking *unpacking, bool *done, struct error *error)
{
    size_t offset = unpacking_offset(unpacking);
    const struct file_bytes *packed = unpacking->packed;
    size_t at = offset;
    while (at < packed->size && packed->bytes[at] == 0)
        at++;
    *done = at == packed->size;
    if (*done)
        return true;
    struct file_bytes rest = {packed->bytes + offset, packed->size - offset};
    if (!file_is_gzip(&rest)) {
        *done = unpacking->others_follow;
        return *done ||
               error_set(error, ERROR_INPUT, "%s: offset %zu: neither the end nor another gzip member",
                         unpacking->path, at);
    }
    if (inflateReset(&unpacking->stream) != Z_OK)
        return error_set(error, ERROR_HOST, "%s: zlib cannot start another member", unpacking->path);
    return true;
}

static bool unpacking_run(struct unpacking *unpacking, struct error *error)
{
    bool done = false;
    while (!done) {
        if (!buffer_grow(&unpacking->result, &unpacking->capacity, unpacking->limit))
            return error_set(error, ERROR_HOST, "%s: no memory to unpack it", unpacking->path);
        int status = unpacking_step(unpacking);
        size_t offset = unpacking_offset(unpacking);
        if (unpacking->result.size > unpacking->limit)
            return error_set(error, ERROR_INPUT,
                             "%s: offset %zu: unpacks to more than the limit of %zu bytes", unpacking->path,
                             offset, unpacking->limit);
        if (status == Z_STREAM_END) {
            if (!unpacking_next_member(unpacking, &done, error))
                return false;
        } else if (status == Z_BUF_ERROR || (status == Z_OK && unpacking->stream.avail_out != 0)) {
            /* zlib asks for input: fine as long as there is some. */
            if (unpacking->fed == unpacking->packed->size && unpacking->stream.avail_in == 0)
                return error_set(error, ERROR_INPUT, "%s: offset %zu: the gzip data is truncated",
                                 unpacking->path, offset);
        } else if (status == Z_MEM_ERROR) {
            return error_set(error, ERROR_HOST, "%s: no memory to unpack it", unpacking->path);
        } else if (status != Z_OK) {
            return error_set(error, ERROR_INPUT, "%s: offset %zu: damaged gzip data (%s)", unpacking->path,
                             offset, unpacking->stream.msg ? unpacking->stream.msg : "preset dictionary");
        }
    }
    return true;
}

bool file_gunzip_prefix(const char *path, size_t limit, const struct file_bytes *packed,
                        struct file_bytes *result, size_t *used, struct error *error)
{
    struct unpacking unpacking = {.path = path, .packed = packed, .limit = limit, .others_follow = true};
    *result = (struct file_bytes){0};
    if (inflateInit2(&unpacking.stream, 16 + MAX_WBITS) != Z_OK) /* 16: gzip wrapper only */
        return error_set(error, ERROR_HOST, "%s: zlib cannot start", path);
    bool good = unpacking_run(&unpacking, error);
    *used = unpacking_offset(&unpacking);
    inflateEnd(&unpacking.stream);
    if (good)
        *result = unpacking.result;
    else
        file_bytes_free(&unpacking.result);
    return good;
}

bool file_gunzip(const char *path, size_t limit, struct file_bytes *file, struct error *error)
{
    if (!file_is_gzip(file))
        return true;
    struct unpacking unpacking = {.path = path, .packed = file, .limit = limit};
    if (inflateInit2(&unpacking.stream, 16 + MAX_WBITS) != Z_OK) /* 16: gzip wrapper only */
        return error_set(error, ERROR_HOST, "%s: zlib cannot start", path);
    bool good = unpacking_run(&unpacking, error);
    inflateEnd(&unpacking.stream);
    if (!good) {
        file_bytes_free(&unpacking.result);
        return false;
    }
    file_bytes_free(file);
    *file = unpacking.result;
    return true;
}

void file_bytes_free(struct file_bytes *file)
{
    free(file->bytes);
    *file = (struct file_bytes){0};
}
