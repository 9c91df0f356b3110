/*
 * Who lies where in the guest's RAM while an image is being loaded, so that nothing overwrites anything else:
 * RAM is conventional memory (0 to low_end) and the block from 1 MiB to high_end.
 */
#ifndef GATE86_LOADER_LAYOUT_H
#define GATE86_LOADER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "loader/boot.h"

#define LAYOUT_RANGES_MAX 128
#define LAYOUT_HIGH_START 0x100000u

struct layout_range {
    uint64_t start, end; /* physical; end is the first byte after it */
    char what[64];       /* for messages: "segment 1" */
};

struct layout {
    const struct boot_memory *boot;
    unsigned used;
    struct layout_range ranges[LAYOUT_RANGES_MAX];
};

void layout_init(struct layout *layout, const struct boot_memory *boot);

/*
 * Claims start..start+size-1 for `what` of file `path`. ERROR_INPUT when part of it is not RAM (with the
 * amount of memory that would do) or is claimed already.
 */
MUST_USE bool layout_take(struct layout *layout, const char *path, const char *what, uint64_t start,
                          uint64_t size, struct error *error);

/* Finds and claims the lowest free place at or above `floor`; `alignment` is a power of two. False: no room.
 */
MUST_USE bool layout_place_above(struct layout *layout, const char *what, uint64_t floor, uint64_t size,
                                 uint64_t alignment, uint64_t *address);

/* Finds and claims the highest free place that ends at or below `ceiling` and starts at or above `floor`. */
MUST_USE bool layout_place_below(struct layout *layout, const char *what, uint64_t ceiling, uint64_t floor,
                                 uint64_t size, uint64_t alignment, uint64_t *address);

/* A page-aligned place for tables: the top of conventional memory, else the top of the high block. */
MUST_USE bool layout_place_tables(struct layout *layout, const char *path, uint64_t size, uint64_t *address,
                                  struct error *error);

/* Writes zeros over a claimed range. */
void layout_clear(struct layout *layout, uint64_t start, uint64_t size);

/* Writes bytes into a claimed range. */
void layout_write(struct layout *layout, uint64_t start, const void *bytes, uint64_t size);

#endif
