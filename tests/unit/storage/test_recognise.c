/* What an image is an image of. */
#include "storage/recognise.h"
#include "unit/storage/bench.h"

static enum medium_kind kind_of(const char *path)
{
    struct error error = NO_ERROR;
    enum medium_kind kind;
    struct medium *medium = open_image(path, true);
    must(medium_recognise(medium, &kind, &error));
    close_image(medium);
    return kind;
}

START_TEST(floppy_disks_have_the_geometry_of_their_size)
{
    static const unsigned sizes[] = {160, 180, 320, 360, 640, 720, 1200, 1440, 1680, 1722, 2880};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        const struct floppy_geometry *floppy = floppy_geometry_find(sizes[i] * 1024ull);
        ck_assert_ptr_nonnull(floppy);
        ck_assert_uint_eq(floppy->cylinders * floppy->heads * floppy->sectors * 512, sizes[i] * 1024);
        ck_assert_ptr_eq(floppy_geometry_holding(sizes[i] * 1024ull), floppy);
    }
    ck_assert_ptr_null(floppy_geometry_find(1440 * 1024 + 512));
    ck_assert_uint_eq(floppy_geometry_find(1200 * 1024)->drive_type, 2);
    ck_assert_uint_eq(floppy_geometry_find(2880 * 1024)->kbit_per_s, 1000);
}
END_TEST

START_TEST(every_known_geometry_has_its_size)
{
    unsigned known = 0;
    for (unsigned kib = 1; kib <= 4096; kib++) {
        const struct floppy_geometry *floppy = floppy_geometry_find(kib * 1024ull);
        if (floppy == NULL)
            continue;
        ck_assert_uint_eq(floppy->cylinders * floppy->heads * floppy->sectors, kib * 2);
        known++;
    }
    ck_assert_uint_ge(known, 11);
}
END_TEST

/* A boot sector alone, as those who write boot loaders have it. */
START_TEST(images_of_other_sizes_lie_on_a_larger_floppy_disk)
{
    ck_assert_uint_eq(floppy_geometry_holding(512)->kib, 1440);
    ck_assert_uint_eq(floppy_geometry_holding(1440 * 1024 + 1)->kib, 1600);
    ck_assert_uint_eq(floppy_geometry_holding(2000 * 1024)->kib, 2880);
    ck_assert_ptr_null(floppy_geometry_holding(2880 * 1024 + 1));
}
END_TEST

START_TEST(contents_tell_a_cd_and_sizes_a_floppy_disk)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    create_image("disk", &(struct medium_plan){.format = MEDIUM_RAW, .size = 1440 * 1024 + 512});
    create_image("floppy", &(struct medium_plan){.format = MEDIUM_RAW, .size = 1440 * 1024});
    create_image("floppy.qcow2", &(struct medium_plan){.format = MEDIUM_QCOW2, .size = 720 * 1024});
    create_image("tiny", &(struct medium_plan){.format = MEDIUM_RAW, .size = 512});
    ck_assert_int_eq(kind_of("disk"), MEDIUM_DISK);
    ck_assert_int_eq(kind_of("floppy"), MEDIUM_FLOPPY);
    ck_assert_int_eq(kind_of("floppy.qcow2"), MEDIUM_FLOPPY);
    ck_assert_int_eq(kind_of("tiny"), MEDIUM_DISK);
    struct medium *medium = open_image("floppy", false);
    must(medium_write(medium, 0x8000, "\1CD001\1", 7, &error));
    close_image(medium);
    ck_assert_int_eq(kind_of("floppy"), MEDIUM_CD);
    folder_remove(&folder);
}
END_TEST

UNIT_SUITE("recognise", floppy_disks_have_the_geometry_of_their_size, every_known_geometry_has_its_size,
           images_of_other_sizes_lie_on_a_larger_floppy_disk, contents_tell_a_cd_and_sizes_a_floppy_disk)
