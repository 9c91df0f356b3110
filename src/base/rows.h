/*
 * State rows: the one description of a state struct. From the rows come saving, loading, hashing,
 * comparing and printing, so no chip contains snapshot code. Every byte of the struct is described,
 * padding included: state_rows_uncovered() names the first byte that is not, and each chip's test calls it.
 */
#ifndef GATE86_BASE_ROWS_H
#define GATE86_BASE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct state_row {
    const char *name;
    size_t offset;                /* of the first element, from the start of the struct, bytes */
    size_t size;                  /* of one element, bytes; 1, 2, 4 or 8 unless `rows` is set */
    size_t count;                 /* number of elements; 1 for a scalar */
    const struct state_row *rows; /* the rows of a nested struct, ended by ROW_END, or NULL */
};

/* clang-format off */
#define ROW(type, field) {#field, offsetof(type, field), sizeof(((type *)0)->field), 1, NULL}
#define ROW_ARRAY(type, field)                                                                    \
    {#field, offsetof(type, field), sizeof(((type *)0)->field[0]),                                \
     sizeof(((type *)0)->field) / sizeof(((type *)0)->field[0]), NULL}
#define ROW_STRUCT(type, field, nested) {#field, offsetof(type, field), sizeof(((type *)0)->field), 1, nested}
#define ROW_STRUCTS(type, field, nested)                                                          \
    {#field, offsetof(type, field), sizeof(((type *)0)->field[0]),                                \
     sizeof(((type *)0)->field) / sizeof(((type *)0)->field[0]), nested}
#define ROW_END {NULL, 0, 0, 0, NULL}
/* clang-format on */

/* Offset of the first byte of a struct of `size` bytes that no row (or more than one) describes; `size` if all are. */
size_t state_rows_uncovered(const struct state_row *rows, size_t size);

/* A 64-bit hash of all described values; `seed` chains several structs. Independent of host byte order. */
uint64_t state_rows_hash(const struct state_row *rows, const void *state, uint64_t seed);

/* Prints one line per value, "PREFIX.name = 0x...", arrays of bytes in lines of 16. */
void state_rows_print(const struct state_row *rows, const void *state, const char *prefix, FILE *out);

/*
 * Writes the dotted name of the first value in which the two states differ ("pit.channel[1].count") to
 * `name` and returns true; returns false when the states are equal.
 */
bool state_rows_differ(const struct state_row *rows, const void *a, const void *b, char *name,
                       size_t name_size);

/* Little-endian image of all values in row order: the number of bytes, writing them, reading them back. */
size_t state_rows_image_size(const struct state_row *rows);
void state_rows_write(const struct state_row *rows, const void *state, uint8_t *image);
void state_rows_read(const struct state_row *rows, void *state, const uint8_t *image);

#endif
