/*
 * A medium: what a disk, CD or floppy drive holds, an array of bytes behind an image file. Formats: raw (disks, ISO and
 * floppy images, block devices) and qcow2, recognised from the contents. All work is done before a call returns.
 *
 * What is written survives a killed emulator at once, and a crash of the host after the next flush.
 *
 * NOT IMPLEMENTED: other formats (they are recognised and refused by name), images behind a network protocol.
 */
#ifndef GATE86_STORAGE_MEDIUM_H
#define GATE86_STORAGE_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Sizes of media are multiples of it; a raw file's last sector is filled up with zeros. */
#define MEDIUM_SECTOR 512u

struct medium;

enum medium_format {
    MEDIUM_ANY, /* recognised from the contents */
    MEDIUM_RAW,
    MEDIUM_QCOW2,
};

struct medium_options {
    enum medium_format format;
    bool read_only;
    bool
        snapshot; /* the file is opened read-only; what is written goes to an unnamed file and is lost at the end */
    bool unlocked; /* with read_only: look at an image that may be in use */
    bool alone;    /* with read_only: without its backing files; what they hold reads as zeros */
};

/* A run of bytes of the same kind, from the offset that was asked for. */
struct medium_extent {
    uint64_t length; /* bytes, above 0 */
    bool zero;       /* all of them are known to be zero without reading */
};

/*
 * Opens an image and its backing files. Unless read_only or snapshot, nobody else may have it open under a lock; with them,
 * nobody else may write it. Errors name the file and the remedy: ERROR_INPUT for a damaged image or one in use.
 */
MUST_USE struct medium *medium_open(const char *path, const struct medium_options *options,
                                    struct error *error);

uint64_t medium_size(const struct medium *medium); /* bytes, a multiple of MEDIUM_SECTOR */
bool medium_writable(const struct medium *medium);
const char *medium_path(const struct medium *medium);
const char *medium_format_name(const struct medium *medium);

/*
 * Any offset and length within the medium. On failure *error tells why, some of the bytes may have been transferred,
 * and everything else is as it was; a full host disk is such a failure, and the same write may succeed later.
 */
MUST_USE bool medium_read(struct medium *medium, uint64_t offset, void *bytes, size_t length,
                          struct error *error);
MUST_USE bool medium_write(struct medium *medium, uint64_t offset, const void *bytes, size_t length,
                           struct error *error);

/* The bytes are no longer needed: from now on they read as zeros or as before. */
MUST_USE bool medium_discard(struct medium *medium, uint64_t offset, uint64_t length, struct error *error);

/* All that was written is on the host's disk when this returns true. After a failure it never is again: data may be
 * lost, and every further flush fails. */
MUST_USE bool medium_flush(struct medium *medium, struct error *error);

/* What begins at `offset`, which is below the size. */
MUST_USE bool medium_extent(struct medium *medium, uint64_t offset, struct medium_extent *extent,
                            struct error *error);

/* Gives a medium from medium_create its name, after all that was written is on the disk. */
MUST_USE bool medium_publish(struct medium *medium, bool replace, struct error *error);

/* Flushes and closes. The medium is gone even when this fails. */
MUST_USE bool medium_close(struct medium *medium, struct error *error);

/* A new image. Fields that are 0 have the usual value. */
struct medium_plan {
    enum medium_format format; /* not MEDIUM_ANY */
    uint64_t size;             /* bytes, rounded up to sectors; 0 with a backing file: as large as that */
    /* qcow2 only */
    uint32_t cluster_size;  /* bytes, a power of two from 512 to 2 MiB; usually 64 KiB */
    unsigned version;       /* 2 or 3, usually 3 */
    unsigned refcount_bits; /* 1, 2, 4 ... 64, usually 16; version 2 has 16 always */
    const char *backing;    /* its path as the image is to name it, from the image's folder; or NULL */
    enum medium_format backing_format;
};

/*
 * A new image open for writing, all zero or like its backing file. It will be called `path`, but has no name before
 * medium_publish: if that is never reached, nothing is left. An existing file is an error unless `replace`, and one in
 * use always is. What cannot be is ERROR_USAGE.
 */
MUST_USE struct medium *medium_create(const char *path, const struct medium_plan *plan, bool replace,
                                      struct error *error);

/* The names "raw" and "qcow2". False: it is neither. */
MUST_USE bool medium_format_parse(const char *name, enum medium_format *format);

#endif
