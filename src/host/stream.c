/* Output sinks over file descriptors. */
#include "host/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool stream_open(struct stream *stream, const char *where, struct error *error)
{
    stream->descriptor = -1;
    stream->owned = false;
    stream->failure = 0;
    stream->used = 0;
    snprintf(stream->name, sizeof stream->name, "%s", where);
    if (strcmp(where, "null") == 0)
        return true;
    if (strcmp(where, "stdio") == 0) {
        stream->descriptor = STDOUT_FILENO;
        snprintf(stream->name, sizeof stream->name, "standard output");
        return true;
    }
    if (strcmp(where, "stderr") == 0) {
        stream->descriptor = STDERR_FILENO;
        snprintf(stream->name, sizeof stream->name, "standard error");
        return true;
    }
    if (strncmp(where, "file:", 5) != 0 || where[5] == '\0')
        return error_set(error, ERROR_USAGE,
                         "'%s' is no place for output: use stdio, stderr, null or file:PATH", where);
    const char *path = where + 5;
    snprintf(stream->name, sizeof stream->name, "%s", path);
    stream->descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (stream->descriptor < 0)
        return error_set_errno(error, ERROR_INPUT, "cannot open '%s' for writing", path);
    stream->owned = true;
    return true;
}

/* Writes all bytes; false with errno set. A descriptor in non-blocking mode is waited for. */
static bool write_all(int descriptor, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
            if (poll(&wait, 1, -1) < 0 && errno != EINTR)
                return false;
        } else if (written < 0 && errno != EINTR) {
            return false;
        } else if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        }
    }
    return true;
}

static void stream_drain(struct stream *stream)
{
    if (stream->descriptor >= 0 && stream->failure == 0 &&
        !write_all(stream->descriptor, stream->buffer, stream->used))
        stream->failure = errno;
    stream->used = 0;
}

void stream_write(struct stream *stream, const uint8_t *bytes, size_t count)
{
    if (stream->descriptor < 0)
        return;
    while (count > 0) {
        size_t part = STREAM_BUFFER - stream->used;
        if (part > count)
            part = count;
        memcpy(stream->buffer + stream->used, bytes, part);
        stream->used += part;
        bytes += part;
        count -= part;
        if (stream->used == STREAM_BUFFER)
            stream_drain(stream);
    }
}

static bool stream_fail(const struct stream *stream, struct error *error)
{
    errno = stream->failure;
    return error_set_errno(error, ERROR_HOST, "cannot write the guest's output to %s", stream->name);
}

bool stream_flush(struct stream *stream, struct error *error)
{
    if (stream->used > 0)
        stream_drain(stream);
    return stream->failure == 0 || stream_fail(stream, error);
}

bool stream_close(struct stream *stream, struct error *error)
{
    bool flushed = stream_flush(stream, error);
    if (stream->owned && close(stream->descriptor) != 0 && flushed) {
        stream->failure = errno;
        flushed = stream_fail(stream, error);
    }
    stream->owned = false;
    stream->descriptor = -1;
    return flushed;
}
