/* Everything that is made from state rows. */
#include "base/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/invariant.h"

static size_t row_element_offset(const struct state_row *row, size_t index)
{
    return row->offset + index * row->size;
}

static uint64_t value_load(const void *at, size_t size)
{
    uint8_t b1;
    uint16_t b2;
    uint32_t b4;
    uint64_t b8;
    switch (size) {
    case 1:
        memcpy(&b1, at, 1);
        return b1;
    case 2:
        memcpy(&b2, at, 2);
        return b2;
    case 4:
        memcpy(&b4, at, 4);
        return b4;
    default:
        INVARIANT(size == 8);
        memcpy(&b8, at, 8);
        return b8;
    }
}

static void value_store(void *at, size_t size, uint64_t value)
{
    uint8_t b1 = (uint8_t)value;
    uint16_t b2 = (uint16_t)value;
    uint32_t b4 = (uint32_t)value;
    switch (size) {
    case 1:
        memcpy(at, &b1, 1);
        return;
    case 2:
        memcpy(at, &b2, 2);
        return;
    case 4:
        memcpy(at, &b4, 4);
        return;
    default:
        INVARIANT(size == 8);
        memcpy(at, &value, 8);
    }
}

/* Counts in covered[] how often each byte is described; returns false when a row leaves the struct. */
static bool rows_cover(const struct state_row *rows, uint8_t *covered, size_t size)
{
    for (const struct state_row *row = rows; row->name; row++) {
        if (row->offset > size || row->count > (size - row->offset) / (row->size ? row->size : 1))
            return false;
        for (size_t i = 0; i < row->count; i++) {
            uint8_t *element = covered + row_element_offset(row, i);
            if (row->rows) {
                if (!rows_cover(row->rows, element, row->size))
                    return false;
                continue;
            }
            for (size_t j = 0; j < row->size; j++)
                element[j] += element[j] < 2;
        }
    }
    return true;
}

size_t state_rows_uncovered(const struct state_row *rows, size_t size)
{
    uint8_t *covered = calloc(size ? size : 1, 1);
    INVARIANT(covered);
    INVARIANT(rows_cover(rows, covered, size));
    size_t at = 0;
    while (at < size && covered[at] == 1)
        at++;
    free(covered);
    return at;
}

size_t state_rows_image_size(const struct state_row *rows)
{
    size_t size = 0;
    for (const struct state_row *row = rows; row->name; row++)
        size += row->count * (row->rows ? state_rows_image_size(row->rows) : row->size);
    return size;
}

static uint8_t *rows_write(const struct state_row *rows, const uint8_t *state, uint8_t *image)
{
    for (const struct state_row *row = rows; row->name; row++) {
        for (size_t i = 0; i < row->count; i++) {
            const uint8_t *element = state + row_element_offset(row, i);
            if (row->rows) {
                image = rows_write(row->rows, element, image);
                continue;
            }
            uint64_t value = value_load(element, row->size);
            for (size_t j = 0; j < row->size; j++)
                *image++ = (uint8_t)(value >> (8 * j));
        }
    }
    return image;
}

void state_rows_write(const struct state_row *rows, const void *state, uint8_t *image)
{
    rows_write(rows, state, image);
}

static const uint8_t *rows_read(const struct state_row *rows, uint8_t *state, const uint8_t *image)
{
    for (const struct state_row *row = rows; row->name; row++) {
        for (size_t i = 0; i < row->count; i++) {
            uint8_t *element = state + row_element_offset(row, i);
            if (row->rows) {
                image = rows_read(row->rows, element, image);
                continue;
            }
            uint64_t value = 0;
            for (size_t j = 0; j < row->size; j++)
                value |= (uint64_t)*image++ << (8 * j);
            value_store(element, row->size, value);
        }
    }
    return image;
}

void state_rows_read(const struct state_row *rows, void *state, const uint8_t *image)
{
    rows_read(rows, state, image);
}

uint64_t state_rows_hash(const struct state_row *rows, const void *state, uint64_t seed)
{
    size_t size = state_rows_image_size(rows);
    uint8_t *image = malloc(size ? size : 1);
    INVARIANT(image);
    state_rows_write(rows, state, image);
    uint64_t hash = hash_bytes(image, size, seed);
    free(image);
    return hash;
}

#define NAME_MAX_LENGTH 256

/* "PREFIX.name" or "PREFIX.name[i]"; an empty prefix takes no dot. */
static void element_name(char *name, const char *prefix, const struct state_row *row, size_t index)
{
    const char *dot = prefix[0] ? "." : "";
    if (row->count > 1)
        snprintf(name, NAME_MAX_LENGTH, "%s%s%s[%zu]", prefix, dot, row->name, index);
    else
        snprintf(name, NAME_MAX_LENGTH, "%s%s%s", prefix, dot, row->name);
}

static void bytes_print(const struct state_row *row, const uint8_t *state, const char *prefix, FILE *out)
{
    for (size_t i = 0; i < row->count; i++) {
        if (i % 16 == 0) {
            char name[NAME_MAX_LENGTH];
            element_name(name, prefix, row, i);
            fprintf(out, "%s =", name);
        }
        fprintf(out, " %02x", state[row->offset + i]);
        if (i % 16 == 15 || i == row->count - 1)
            fputc('\n', out);
    }
}

void state_rows_print(const struct state_row *rows, const void *state, const char *prefix, FILE *out)
{
    const uint8_t *bytes = state;
    for (const struct state_row *row = rows; row->name; row++) {
        if (!row->rows && row->size == 1 && row->count > 1) {
            bytes_print(row, bytes, prefix, out);
            continue;
        }
        for (size_t i = 0; i < row->count; i++) {
            char name[NAME_MAX_LENGTH];
            const uint8_t *element = bytes + row_element_offset(row, i);
            element_name(name, prefix, row, i);
            if (row->rows)
                state_rows_print(row->rows, element, name, out);
            else
                fprintf(out, "%s = 0x%llx\n", name, (unsigned long long)value_load(element, row->size));
        }
    }
}

static bool rows_differ(const struct state_row *rows, const uint8_t *a, const uint8_t *b, const char *prefix,
                        char *name, size_t name_size)
{
    for (const struct state_row *row = rows; row->name; row++) {
        for (size_t i = 0; i < row->count; i++) {
            char full[NAME_MAX_LENGTH];
            size_t offset = row_element_offset(row, i);
            if (!row->rows && value_load(a + offset, row->size) == value_load(b + offset, row->size))
                continue;
            element_name(full, prefix, row, i);
            if (!row->rows) {
                snprintf(name, name_size, "%s", full);
                return true;
            }
            if (rows_differ(row->rows, a + offset, b + offset, full, name, name_size))
                return true;
        }
    }
    return false;
}

bool state_rows_differ(const struct state_row *rows, const void *a, const void *b, char *name,
                       size_t name_size)
{
    return rows_differ(rows, a, b, "", name, name_size);
}
