/* Is an initrd whole? Plain, packed and joined archives. */
#include "loader/initrd.h"

#include <zlib.h>

#include "images.h"

static struct file_bytes joined(const struct file_bytes *first, const struct file_bytes *second)
{
    struct file_bytes file = {malloc(first->size + second->size), first->size + second->size};
    memcpy(file.bytes, first->bytes, first->size);
    memcpy(file.bytes + first->size, second->bytes, second->size);
    return file;
}

static struct file_bytes packed(const struct file_bytes *file)
{
    struct file_bytes result = {malloc(4096), 0};
    z_stream stream = {
        .next_in = file->bytes, .avail_in = (uInt)file->size, .next_out = result.bytes, .avail_out = 4096};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    result.size =
        (stream.total_out + 3) & ~3ul; /* zeros to the alignment that the kernel asks of what follows */
    memset(result.bytes + stream.total_out, 0, 3);
    deflateEnd(&stream);
    return result;
}

START_TEST(whole_archives_pass_in_every_combination)
{
    struct error error;
    struct file_bytes plain = cpio_new(), zipped = packed(&plain);
    const struct file_bytes *parts[2] = {&plain, &zipped};
    for (int i = 0; i < 4; i++) {
        struct file_bytes both = joined(parts[i & 1], parts[i >> 1]);
        ck_assert_msg(initrd_check("initrd", &both, &error), "%d: %s", i, error.text);
        file_bytes_free(&both);
    }
    file_bytes_free(&plain);
    file_bytes_free(&zipped);
}
END_TEST

START_TEST(every_cut_is_noticed)
{
    struct error error;
    struct file_bytes plain = cpio_new(), zipped = packed(&plain), both = joined(&plain, &zipped);
    /* The last 3 bytes of the archive are padding. */
    for (size_t size = 0; size + 3 < plain.size; size++) {
        struct file_bytes cut = file_cut(&plain, size);
        /* Fewer than six bytes are no cpio magic: such a file is of an unknown packing. */
        ck_assert_msg(initrd_check("initrd", &cut, &error) == (size > 0 && size < 6), "%zu", size);
        file_bytes_free(&cut);
    }
    for (size_t size = 2; size + 3 < zipped.size; size++) {
        struct file_bytes cut = file_cut(&both, plain.size + size);
        ck_assert(!initrd_check("initrd", &cut, &error));
        ck_assert_ptr_nonnull(strstr(error.text, "gzip data"));
        file_bytes_free(&cut);
    }
    file_bytes_free(&plain);
    file_bytes_free(&zipped);
    file_bytes_free(&both);
}
END_TEST

START_TEST(a_cut_archive_within_whole_gzip_data_is_noticed)
{
    struct error error;
    struct file_bytes plain = cpio_new(), cut = file_cut(&plain, 150), zipped = packed(&cut);
    ck_assert(!initrd_check("initrd", &zipped, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "truncated"));
    file_bytes_free(&plain);
    file_bytes_free(&cut);
    file_bytes_free(&zipped);
}
END_TEST

START_TEST(an_archive_off_the_alignment_is_noticed)
{
    struct error error;
    struct file_bytes plain = cpio_new(), pad = file_new(2), both = joined(&pad, &plain);
    ck_assert(!initrd_check("initrd", &both, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "offset 2 is not aligned"));
    file_bytes_free(&plain);
    file_bytes_free(&pad);
    file_bytes_free(&both);
}
END_TEST

START_TEST(a_damaged_entry_is_named_with_its_offset)
{
    struct error error;
    struct file_bytes plain = cpio_new();
    plain.bytes[6 + 11 * 8] = 'x';
    ck_assert(!initrd_check("initrd", &plain, &error));
    ck_assert_int_eq(error.kind, ERROR_INPUT);
    ck_assert_ptr_nonnull(strstr(error.text, "initrd: damaged: expected a cpio entry"));
    ck_assert_ptr_nonnull(strstr(error.text, "at offset 0"));
    file_bytes_free(&plain);
}
END_TEST

START_TEST(other_formats_are_left_to_the_kernel)
{
    struct error error;
    struct file_bytes xz = file_new(100);
    memcpy(xz.bytes,
           "\xfd"
           "7zXZ",
           5);
    ck_assert(initrd_check("initrd", &xz, &error));
    file_bytes_free(&xz);
}
END_TEST

UNIT_SUITE("initrd", whole_archives_pass_in_every_combination, every_cut_is_noticed,
           a_cut_archive_within_whole_gzip_data_is_noticed, a_damaged_entry_is_named_with_its_offset,
           an_archive_off_the_alignment_is_noticed, other_formats_are_left_to_the_kernel)
