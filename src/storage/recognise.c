/* Kinds of media. The ISO 9660 volume descriptors begin at sector 16 (ECMA-119, 6.2.1 and 8.1). */
#include "storage/recognise.h"

#include <string.h>

#define DESCRIPTOR      0x8000u /* of 2048 bytes; the identifier follows its first byte */
#define DESCRIPTOR_SIZE 2048u
#define CD_IDENTIFIER   "CD001"

static const struct floppy_geometry geometries[] = {
    /* clang-format off */
    { 160, 40, 1,  8,  250, 1},
    { 180, 40, 1,  9,  250, 1},
    { 320, 40, 2,  8,  250, 1},
    { 360, 40, 2,  9,  250, 1},
    { 640, 80, 2,  8,  250, 3},
    { 720, 80, 2,  9,  250, 3},
    { 800, 80, 2, 10,  250, 3},
    { 820, 82, 2, 10,  250, 3},
    { 830, 83, 2, 10,  250, 3},
    {1200, 80, 2, 15,  500, 2},
    {1440, 80, 2, 18,  500, 4},
    {1600, 80, 2, 20,  500, 4},
    {1680, 80, 2, 21,  500, 4}, /* Microsoft's distribution format */
    {1722, 82, 2, 21,  500, 4},
    {1743, 83, 2, 21,  500, 4},
    {1760, 80, 2, 22,  500, 4},
    {1840, 80, 2, 23,  500, 4},
    {1920, 80, 2, 24,  500, 4},
    {2880, 80, 2, 36, 1000, 5},
    /* clang-format on */
};

const struct floppy_geometry *floppy_geometry_find(uint64_t size)
{
    for (size_t i = 0; i < ARRAY_LENGTH(geometries); i++) {
        if (geometries[i].kib * 1024ull == size)
            return &geometries[i];
    }
    return NULL;
}

const struct floppy_geometry *floppy_geometry_holding(uint64_t size)
{
    const struct floppy_geometry *exact = floppy_geometry_find(size);
    const struct floppy_geometry *usual = floppy_geometry_find(1440 * 1024);
    if (exact != NULL || size <= 1440 * 1024)
        return exact != NULL ? exact : usual;
    for (size_t i = 0; i < ARRAY_LENGTH(geometries); i++) {
        if (geometries[i].kib * 1024ull >= size)
            return &geometries[i];
    }
    return NULL;
}

const char *medium_kind_name(enum medium_kind kind)
{
    return kind == MEDIUM_CD ? "CD" : kind == MEDIUM_FLOPPY ? "floppy disk" : "hard disk";
}

bool medium_recognise(struct medium *medium, enum medium_kind *kind, struct error *error)
{
    *kind = floppy_geometry_find(medium_size(medium)) != NULL ? MEDIUM_FLOPPY : MEDIUM_DISK;
    uint8_t identifier[sizeof CD_IDENTIFIER - 1];
    if (medium_size(medium) < DESCRIPTOR + DESCRIPTOR_SIZE)
        return true;
    if (!medium_read(medium, DESCRIPTOR + 1, identifier, sizeof identifier, error))
        return false;
    /* Also when a boot sector makes it a hard disk too, as on images for USB sticks: as a CD it has all its files. */
    if (memcmp(identifier, CD_IDENTIFIER, sizeof identifier) == 0)
        *kind = MEDIUM_CD;
    return true;
}
