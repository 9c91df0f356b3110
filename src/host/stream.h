/*
 * Where the characters of a guest's port go: nowhere, standard output, standard error, or a file. Writes are
 * collected and leave with a flush, so that a guest which writes byte by byte does not cost a system call
 * each.
 */
#ifndef GATE86_HOST_STREAM_H
#define GATE86_HOST_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define STREAM_BUFFER 4096

struct stream {
    int descriptor; /* -1: dropped */
    bool owned;     /* opened here, closed here */
    int failure;    /* errno of the first write that failed, 0 so far */
    char name[256]; /* for messages: the file's path, "standard output" */
    size_t used;    /* bytes waiting in buffer */
    uint8_t buffer[STREAM_BUFFER];
};

/* where: "null", "stdio", "stderr" or "file:PATH" (created or emptied). Errors: ERROR_USAGE, ERROR_INPUT. */
MUST_USE bool stream_open(struct stream *stream, const char *where, struct error *error);

/* Never fails at once: after a failed write everything is dropped, and the next flush reports it. */
void stream_write(struct stream *stream, const uint8_t *bytes, size_t count);

/* Writes out what waits. False when this or any earlier write failed (ERROR_HOST: disk full, reader gone). */
MUST_USE bool stream_flush(struct stream *stream, struct error *error);

/* Flushes and closes; false as for stream_flush, or when the file system reports a late failure. */
MUST_USE bool stream_close(struct stream *stream, struct error *error);

#endif
