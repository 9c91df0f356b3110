/*
 * Files of the host: opening, locks, and names that appear when the file is complete.
 *
 * Locks are open-file-description locks on single bytes, the convention that QEMU follows too, so that its programs
 * and ours keep out of each other's images: a lock on byte 100 + n says "I do n", one on byte 200 + n says "nobody
 * else may do n". All locks are shared ones; who has set its own looks whether another's forbid it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/host_file.h"

enum {
    DOES = 100,
    FORBIDS = 200,
    CAN_READ = 1u << 0, /* and relies on what it reads */
    CAN_WRITE = 1u << 1,
    CAN_RESIZE = 1u << 3,
    CAN_END = 4,
};

/* False: somebody holds a lock that excludes ours, errno is EAGAIN; or another errno. */
static bool lock_byte(int descriptor, unsigned byte)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

static bool is_locked(int descriptor, unsigned byte)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool lock_all(int descriptor, unsigned does, unsigned forbids, bool *supported)
{
    *supported = true;
    for (unsigned i = 0; i < CAN_END; i++) {
        bool good = (!(does >> i & 1) || lock_byte(descriptor, DOES + i)) &&
                    (!(forbids >> i & 1) || lock_byte(descriptor, FORBIDS + i));
        if (good)
            continue;
        *supported = errno == EAGAIN || errno == EACCES;
        return false;
    }
    for (unsigned i = 0; i < CAN_END; i++) {
        if ((does >> i & 1 && is_locked(descriptor, FORBIDS + i)) ||
            (forbids >> i & 1 && is_locked(descriptor, DOES + i)))
            return false;
    }
    return true;
}

static bool host_file_lock(struct host_file *file, bool write, struct error *error)
{
    unsigned does = CAN_READ | (write ? CAN_WRITE | CAN_RESIZE : 0);
    unsigned forbids = CAN_WRITE | CAN_RESIZE;
    bool supported;
    if (lock_all(file->descriptor, does, forbids, &supported) || !supported)
        return true; /* some network file systems have no locks; without them nobody can know */
    return error_set(error, ERROR_INPUT,
                     "%s: is in use by another program%s; remedy: end that program, or work on a copy",
                     file->path, write ? "" : " that writes it");
}

static bool host_file_examine(struct host_file *file, struct error *error)
{
    struct stat status;
    if (fstat(file->descriptor, &status) != 0)
        return error_set_errno(error, ERROR_INPUT, "%s: cannot be examined", file->path);
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        return error_set(error, ERROR_INPUT, "%s: is a %s; remedy: name a file or a block device", file->path,
                         S_ISDIR(status.st_mode) ? "folder" : "stream, not something with a size");
    file->is_device = S_ISBLK(status.st_mode);
    off_t end = lseek(file->descriptor, 0, SEEK_END);
    if (end < 0)
        return error_set_errno(error, ERROR_INPUT, "%s: its size cannot be told", file->path);
    file->size = (uint64_t)end;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    return true;
}

bool host_file_open(struct host_file *file, const char *path, enum host_file_access access,
                    struct error *error)
{
    bool write = access == HOST_FILE_WRITE;
    *file = (struct host_file){.descriptor = -1, .path = strdup(path)};
    if (file->path == NULL)
        return error_set(error, ERROR_HOST, "%s: out of memory", path);
    /* O_NONBLOCK: a named pipe would wait for its other end. */
    file->descriptor = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    bool good = file->descriptor >= 0;
    if (!good && write && (errno == EACCES || errno == EROFS || errno == EPERM))
        error_set_errno(error, ERROR_INPUT, "%s: cannot be opened for writing; remedy: open it read-only",
                        path);
    else if (!good && write && errno == EISDIR)
        error_set(error, ERROR_INPUT, "%s: is a folder; remedy: name a file or a block device", path);
    else if (!good)
        error_set_errno(error, ERROR_INPUT, "%s: cannot be opened", path);
    good = good && host_file_examine(file, error) &&
           (access == HOST_FILE_LOOK || host_file_lock(file, write, error));
    if (!good)
        host_file_close(file);
    return good;
}

/* The folder in which `path` lies; NULL without memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* On file systems without O_TMPFILE the file has a name from the start. */
static bool create_with_name(struct host_file *file, const char *stem, struct error *error)
{
    if (asprintf(&file->temporary, "%s.XXXXXX", stem) < 0) {
        file->temporary = NULL;
        return error_set(error, ERROR_HOST, "%s: out of memory", file->path);
    }
    file->descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (file->descriptor >= 0)
        return true;
    error_set_errno(error, ERROR_HOST, "%s: cannot be created", file->path);
    free(file->temporary);
    file->temporary = NULL;
    return false;
}

/* An existing file may be replaced when that was asked for and nobody uses it. */
static bool may_create(const char *path, bool replace, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno == ENOENT || error_set_errno(error, ERROR_INPUT, "%s: cannot be created", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_USAGE, "%s: exists and is no regular file; remedy: choose another name",
                         path);
    if (!replace)
        return error_set(error, ERROR_USAGE,
                         "%s: exists already; remedy: choose another name, or add --force", path);
    struct host_file existing;
    if (!host_file_open(&existing, path, HOST_FILE_WRITE, error))
        return false;
    host_file_close(&existing);
    return true;
}

static bool create_in(struct host_file *file, const char *folder, struct error *error)
{
    file->descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (file->descriptor >= 0)
        return true;
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
        return create_with_name(file, file->path, error);
    return error_set_errno(error, ERROR_HOST, "%s: cannot be created", file->path);
}

bool host_file_create(struct host_file *file, const char *path, bool replace, struct error *error)
{
    *file = (struct host_file){.descriptor = -1};
    if (!may_create(path, replace, error))
        return false;
    char *folder = folder_of(path);
    bool good = false;
    file->path = strdup(path);
    if (file->path == NULL || folder == NULL)
        error_set(error, ERROR_HOST, "%s: out of memory", path);
    else
        good = create_in(file, folder, error) && host_file_examine(file, error) &&
               host_file_lock(file, true, error);
    free(folder);
    if (!good)
        host_file_close(file);
    return good;
}

/* Gives the unnamed file a name that nobody has. */
static bool link_temporary(struct host_file *file)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", file->descriptor);
    for (unsigned i = 0; i < 1000; i++) {
        if (asprintf(&file->temporary, "%s.%ld-%u", file->path, (long)getpid(), i) < 0) {
            file->temporary = NULL;
            return false;
        }
        if (linkat(AT_FDCWD, self, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW) == 0)
            return true;
        free(file->temporary);
        file->temporary = NULL;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

bool host_file_publish(struct host_file *file, bool replace, struct error *error)
{
    if (!host_file_flush(file, error))
        return false;
    bool good;
    if (replace) {
        good = (file->temporary != NULL || link_temporary(file)) && rename(file->temporary, file->path) == 0;
    } else if (file->temporary != NULL) {
        good = link(file->temporary, file->path) == 0;
        if (good)
            unlink(file->temporary);
    } else {
        char self[64];
        snprintf(self, sizeof self, "/proc/self/fd/%d", file->descriptor);
        good = linkat(AT_FDCWD, self, AT_FDCWD, file->path, AT_SYMLINK_FOLLOW) == 0;
    }
    if (!good)
        return error_set_errno(error, ERROR_HOST, "%s: cannot be given its name", file->path);
    free(file->temporary);
    file->temporary = NULL;
    return true;
}

bool host_file_create_temporary(struct host_file *file, struct error *error)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0')
        folder = "/var/tmp"; /* not /tmp, which is often kept in memory */
    char *path = strdup(folder);
    if (path == NULL)
        return error_set(error, ERROR_HOST, "%s: out of memory", folder);
    *file = (struct host_file){.descriptor = -1, .path = path};
    bool good = true;
    file->descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file->descriptor < 0) {
        char stem[4096];
        snprintf(stem, sizeof stem, "%s/gate86", folder);
        good = create_with_name(file, stem, error);
        if (file->temporary != NULL) {
            unlink(file->temporary);
            free(file->temporary);
            file->temporary = NULL;
        } else {
            error_prefix(error, "temporary file (TMPDIR chooses another folder)");
        }
    }
    if (!good)
        host_file_close(file);
    return good;
}
