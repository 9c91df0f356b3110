/* What a format of images implements. Only src/storage includes this. */
#ifndef GATE86_STORAGE_MEDIUM_CLASS_H
#define GATE86_STORAGE_MEDIUM_CLASS_H

#include "storage/host_file.h"
#include "storage/medium.h"

/* Offsets and lengths have been checked against the size; write and discard come only to writable media. */
struct medium_class {
    const char *name;
    bool (*read)(struct medium *medium, uint64_t offset, uint8_t *bytes, size_t length, struct error *error);
    bool (*write)(struct medium *medium, uint64_t offset, const uint8_t *bytes, size_t length,
                  struct error *error);
    bool (*discard)(struct medium *medium, uint64_t offset, uint64_t length, struct error *error);
    bool (*flush)(struct medium *medium, struct error *error);
    bool (*extent)(struct medium *medium, uint64_t offset, struct medium_extent *extent, struct error *error);
    /* Writes what is left; the file, ready to be named. NULL on failure. Formats that are created have it. */
    struct host_file *(*settle)(struct medium *medium, struct error *error);
    bool (*close)(struct medium *medium, struct error *error); /* writes what is left, frees the medium */
};

/* The head of each format's struct. */
struct medium {
    const struct medium_class *class;
    uint64_t size;
    bool writable;
    bool guessed_raw; /* nobody said that it is raw: see medium_write */
    char *path;       /* owned */
};

/* An image in a chain of backing files, the one that names it behind it. */
struct medium_chain {
    const struct medium_chain *above; /* NULL: the one that was asked for */
    uint64_t device, inode;
    unsigned depth;
};

/* Opens `path`, which `above` names as its backing file. */
MUST_USE struct medium *medium_open_chained(const char *path, const struct medium_options *options,
                                            const struct medium_chain *above, struct error *error);

#endif
