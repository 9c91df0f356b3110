/*
 * A file or block device of the host with what images need: whole transfers, locks, flushes that can be trusted, and
 * files that have no name before they are complete.
 */
#ifndef GATE86_STORAGE_HOST_FILE_H
#define GATE86_STORAGE_HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct host_file {
    int descriptor; /* -1: closed */
    char *path;     /* owned */
    uint64_t size;  /* bytes */
    uint64_t device, inode;
    bool is_device;    /* a block device: its size is fixed, its old contents are anything */
    bool flush_failed; /* once: the kernel may have dropped what it could not write */
    char *
        temporary; /* owned; the name of a file that is still unpublished on file systems without O_TMPFILE */
};

enum host_file_access {
    HOST_FILE_LOOK,  /* read, without a lock */
    HOST_FILE_READ,  /* read; nobody writes it */
    HOST_FILE_WRITE, /* read and write; nobody else writes it, or reads it and relies on what was read */
};

/* Anything but a regular file or block device is refused. */
MUST_USE bool host_file_open(struct host_file *file, const char *path, enum host_file_access access,
                             struct error *error);

/*
 * A new empty file that will be called `path` but has no name before host_file_publish; closed or killed before that,
 * nothing is left. An existing file is an error unless `replace`, and one in use always is.
 */
MUST_USE bool host_file_create(struct host_file *file, const char *path, bool replace, struct error *error);
MUST_USE bool host_file_publish(struct host_file *file, bool replace, struct error *error);

/* A file without a name, in the folder of temporary files. */
MUST_USE bool host_file_create_temporary(struct host_file *file, struct error *error);

/* All `length` bytes; what lies beyond the end reads as zeros, and writing there makes the file longer. */
MUST_USE bool host_file_read(struct host_file *file, uint64_t offset, void *bytes, size_t length,
                             struct error *error);
MUST_USE bool host_file_write(struct host_file *file, uint64_t offset, const void *bytes, size_t length,
                              struct error *error);

/* Makes the file longer; the new bytes are zero and take no room. */
MUST_USE bool host_file_extend(struct host_file *file, uint64_t size, struct error *error);

/* Gives the room back to the host where it can; the bytes then read as zeros or as before. */
void host_file_punch(struct host_file *file, uint64_t offset, uint64_t length);

/* The next bytes that may be other than zero, at `offset` or above: *data..*end-1. *data is the file's size when
 * there are none. */
void host_file_data(struct host_file *file, uint64_t offset, uint64_t *data, uint64_t *end);

MUST_USE bool host_file_flush(struct host_file *file, struct error *error);

void host_file_close(struct host_file *file);

#endif
