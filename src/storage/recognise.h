/* What an image is an image of: by its contents a CD, by its size a floppy disk, or else a hard disk. */
#ifndef GATE86_STORAGE_RECOGNISE_H
#define GATE86_STORAGE_RECOGNISE_H

#include "storage/medium.h"

enum medium_kind { MEDIUM_DISK, MEDIUM_CD, MEDIUM_FLOPPY };

/* A floppy disk; sectors have 512 bytes. */
struct floppy_geometry {
    unsigned kib;
    unsigned cylinders, heads, sectors; /* per track */
    unsigned kbit_per_s;                /* data rate, in a drive made for it */
    unsigned drive_type; /* the smallest that reads it, as CMOS 10h says: 1 360K, 2 1.2M, 3 720K,
                                           4 1.44M, 5 2.88M */
};

/* The geometry of exactly that size, bytes; NULL: no floppy disk has it. */
const struct floppy_geometry *floppy_geometry_find(uint64_t size);

/* The geometry of a disk on which an image of any size fits, 1.44M if possible; NULL: it is too large. */
const struct floppy_geometry *floppy_geometry_holding(uint64_t size);

/* "hard disk", "CD", "floppy disk" */
const char *medium_kind_name(enum medium_kind kind);

/* Errors: ERROR_INPUT, ERROR_HOST when it cannot be read. */
MUST_USE bool medium_recognise(struct medium *medium, enum medium_kind *kind, struct error *error);

#endif
