/* Files of the host: transfers. Names and locks are in host_file_open.c. */
#define _GNU_SOURCE
#include "storage/host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Offsets of the host are signed. */
#define OFFSET_MAX ((uint64_t)INT64_MAX)

static bool host_file_holds(const struct host_file *file, uint64_t offset, uint64_t length,
                            struct error *error)
{
    if (offset <= OFFSET_MAX && length <= OFFSET_MAX - offset)
        return true;
    return error_set(error, ERROR_INPUT, "%s: offset %#llx lies beyond what a file can hold", file->path,
                     (unsigned long long)offset);
}

bool host_file_read(struct host_file *file, uint64_t offset, void *bytes, size_t length, struct error *error)
{
    uint8_t *next = bytes;
    if (!host_file_holds(file, offset, length, error))
        return false;
    while (length > 0) {
        ssize_t got = pread(file->descriptor, next, length, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, ERROR_HOST, "%s: cannot be read at offset %#llx", file->path,
                                   (unsigned long long)offset);
        if (got == 0) {
            memset(next, 0, length);
            return true;
        }
        next += got;
        offset += (uint64_t)got;
        length -= (size_t)got;
    }
    return true;
}

bool host_file_write(struct host_file *file, uint64_t offset, const void *bytes, size_t length,
                     struct error *error)
{
    const uint8_t *next = bytes;
    if (!host_file_holds(file, offset, length, error))
        return false;
    while (length > 0) {
        ssize_t put = pwrite(file->descriptor, next, length, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put == 0)
            errno = ENOSPC; /* the end of a block device */
        if (put <= 0)
            return error_set_errno(error, ERROR_HOST, "%s: cannot be written at offset %#llx", file->path,
                                   (unsigned long long)offset);
        next += put;
        offset += (uint64_t)put;
        length -= (size_t)put;
        if (!file->is_device && offset > file->size)
            file->size = offset;
    }
    return true;
}

bool host_file_extend(struct host_file *file, uint64_t size, struct error *error)
{
    if (size <= file->size)
        return true;
    if (!host_file_holds(file, size, 0, error))
        return false;
    if (file->is_device)
        return error_set(error, ERROR_INPUT, "%s: the device has %llu bytes, %llu are needed", file->path,
                         (unsigned long long)file->size, (unsigned long long)size);
    if (ftruncate(file->descriptor, (off_t)size) != 0)
        return error_set_errno(error, ERROR_HOST, "%s: cannot be made %llu bytes long", file->path,
                               (unsigned long long)size);
    file->size = size;
    return true;
}

void host_file_punch(struct host_file *file, uint64_t offset, uint64_t length)
{
    if (offset < OFFSET_MAX && length <= OFFSET_MAX - offset && length > 0)
        (void)!fallocate(file->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                         (off_t)length);
}

void host_file_data(struct host_file *file, uint64_t offset, uint64_t *data, uint64_t *end)
{
    *data = offset;
    *end = file->size;
    if (file->is_device || offset >= file->size) {
        *data = offset < file->size ? offset : file->size;
        return;
    }
    off_t found = lseek(file->descriptor, (off_t)offset, SEEK_DATA);
    if (found < 0 && errno == ENXIO) { /* a hole up to the end */
        *data = file->size;
        return;
    }
    if (found < 0) /* this file system does not tell */
        return;
    off_t hole = lseek(file->descriptor, found, SEEK_HOLE);
    *data = (uint64_t)found;
    if (hole > found && (uint64_t)hole < file->size)
        *end = (uint64_t)hole;
}

bool host_file_flush(struct host_file *file, struct error *error)
{
    if (file->flush_failed)
        return error_set(error, ERROR_HOST, "%s: an earlier flush failed, and data may have been lost",
                         file->path);
    int result;
    do {
        result = fdatasync(file->descriptor);
    } while (result != 0 && errno == EINTR);
    if (result == 0 || errno == EINVAL || errno == EROFS) /* a special file that has nothing to flush */
        return true;
    file->flush_failed = true;
    return error_set_errno(error, ERROR_HOST, "%s: cannot be flushed to the disk", file->path);
}

void host_file_close(struct host_file *file)
{
    if (file->temporary != NULL)
        unlink(file->temporary);
    if (file->descriptor >= 0)
        close(file->descriptor);
    free(file->temporary);
    free(file->path);
    *file = (struct host_file){.descriptor = -1};
}
