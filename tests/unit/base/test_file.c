/* Whole files, plain, packed and damaged. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "unit/suite.h"

#define LIMIT (1u << 20)

static void write_temporary(char *path, const void *bytes, size_t size)
{
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, bytes, size), (ssize_t)size);
    close(descriptor);
}

static struct file_bytes packed(const void *bytes, size_t size)
{
    struct file_bytes file = {malloc(size + 1024), 0};
    z_stream stream = {0};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = file.bytes;
    stream.avail_out = (uInt)size + 1024;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    file.size = stream.total_out;
    deflateEnd(&stream);
    return file;
}

/* Text that does not pack to almost nothing. */
static void fill(uint8_t *bytes, size_t size)
{
    uint32_t seed = 1;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (uint8_t)(seed >> 16);
    }
}

START_TEST(a_file_is_read_whole)
{
    char path[] = "/tmp/gate86-test-XXXXXX";
    static uint8_t bytes[200000];
    struct file_bytes file;
    struct error error;
    fill(bytes, sizeof bytes);
    write_temporary(path, bytes, sizeof bytes);
    ck_assert(file_read(path, LIMIT, &file, &error));
    ck_assert_uint_eq(file.size, sizeof bytes);
    ck_assert_mem_eq(file.bytes, bytes, sizeof bytes);
    file_bytes_free(&file);
    ck_assert(file_read(path, sizeof bytes, &file, &error));
    file_bytes_free(&file);
    ck_assert(!file_read(path, sizeof bytes - 1, &file, &error));
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_nonnull(strstr(error.text, "199999"));
    unlink(path);
}
END_TEST

START_TEST(an_empty_file_is_read)
{
    char path[] = "/tmp/gate86-test-XXXXXX";
    struct file_bytes file;
    struct error error;
    write_temporary(path, "", 0);
    ck_assert(file_read(path, LIMIT, &file, &error));
    ck_assert_uint_eq(file.size, 0);
    file_bytes_free(&file);
    unlink(path);
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
    struct file_bytes file;
    struct error error;
    ck_assert(!file_read("/nonexistent/kernel", LIMIT, &file, &error));
    ck_assert_int_eq(error.kind, ERROR_INPUT);
    ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/kernel"));
    ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
    ck_assert(!file_read("/tmp", LIMIT, &file, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "directory"));
    ck_assert(!file_read("/dev/zero", LIMIT, &file, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "limit"));
    ck_assert_ptr_null(file.bytes);
}
END_TEST

START_TEST(packed_bytes_are_unpacked)
{
    static uint8_t bytes[300000];
    fill(bytes, sizeof bytes);
    struct file_bytes file = packed(bytes, sizeof bytes);
    struct error error;
    ck_assert(file_is_gzip(&file));
    ck_assert(file_gunzip("k.gz", sizeof bytes, &file, &error));
    ck_assert_uint_eq(file.size, sizeof bytes);
    ck_assert_mem_eq(file.bytes, bytes, sizeof bytes);
    ck_assert(!file_is_gzip(&file));
    ck_assert(file_gunzip("k", LIMIT, &file, &error));
    ck_assert_uint_eq(file.size, sizeof bytes);
    file_bytes_free(&file);
}
END_TEST

START_TEST(an_empty_member_unpacks_to_nothing)
{
    struct file_bytes file = packed("", 0);
    struct error error;
    ck_assert(file_gunzip("k.gz", 0, &file, &error));
    ck_assert_uint_eq(file.size, 0);
    file_bytes_free(&file);
}
END_TEST

START_TEST(members_are_joined_and_zero_padding_is_ignored)
{
    struct file_bytes one = packed("first ", 6), two = packed("second", 6);
    struct file_bytes file = {calloc(1, one.size + two.size + 512), one.size + two.size + 512};
    struct error error;
    memcpy(file.bytes, one.bytes, one.size);
    memcpy(file.bytes + one.size, two.bytes, two.size);
    ck_assert(file_gunzip("k.gz", LIMIT, &file, &error));
    ck_assert_uint_eq(file.size, 12);
    ck_assert_mem_eq(file.bytes, "first second", 12);
    file_bytes_free(&one);
    file_bytes_free(&two);
    file_bytes_free(&file);
}
END_TEST

START_TEST(every_truncation_is_told_with_its_offset)
{
    uint8_t bytes[600];
    fill(bytes, sizeof bytes);
    struct file_bytes whole = packed(bytes, sizeof bytes);
    for (size_t size = 2; size < whole.size; size++) {
        struct file_bytes file = {malloc(size), size};
        struct error error;
        char offset[32];
        memcpy(file.bytes, whole.bytes, size);
        ck_assert(!file_gunzip("cut.gz", LIMIT, &file, &error));
        ck_assert_int_eq(error.kind, ERROR_INPUT);
        ck_assert_ptr_nonnull(strstr(error.text, "cut.gz"));
        ck_assert_ptr_nonnull(strstr(error.text, "truncated"));
        snprintf(offset, sizeof offset, "offset %zu:", size);
        ck_assert_ptr_nonnull(strstr(error.text, offset));
        ck_assert_uint_eq(file.size, size); /* the packed bytes are still the caller's */
        file_bytes_free(&file);
    }
    file_bytes_free(&whole);
}
END_TEST

START_TEST(every_flipped_bit_of_data_and_trailer_is_noticed)
{
    uint8_t bytes[300];
    fill(bytes, sizeof bytes);
    struct file_bytes whole = packed(bytes, sizeof bytes);
    for (size_t bit = 10 * 8; bit < whole.size * 8; bit++) { /* RFC 1952 2.3: the header has 10 bytes */
        struct file_bytes file = {malloc(whole.size), whole.size};
        struct error error;
        memcpy(file.bytes, whole.bytes, whole.size);
        file.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (file_gunzip("flip.gz", LIMIT, &file, &error)) {
            /* The unused bits between the last deflate block and the byte boundary carry nothing. */
            ck_assert_uint_eq(file.size, sizeof bytes);
            ck_assert_mem_eq(file.bytes, bytes, sizeof bytes);
        } else {
            ck_assert_int_eq(error.kind, ERROR_INPUT);
        }
        file_bytes_free(&file);
    }
    file_bytes_free(&whole);
}
END_TEST

START_TEST(a_bad_checksum_is_called_so)
{
    struct file_bytes file = packed("hello", 5);
    struct error error;
    file.bytes[file.size - 8] ^= 1; /* RFC 1952 2.3.1: CRC32 and ISIZE end the member */
    ck_assert(!file_gunzip("crc.gz", LIMIT, &file, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "incorrect data check"));
    file.bytes[file.size - 8] ^= 1;
    file.bytes[file.size - 4] ^= 1;
    ck_assert(!file_gunzip("length.gz", LIMIT, &file, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "incorrect length check"));
    file_bytes_free(&file);
}
END_TEST

START_TEST(a_bomb_is_stopped_at_the_limit)
{
    uint8_t *zeros = calloc(1, 8u << 20);
    struct file_bytes file = packed(zeros, 8u << 20);
    struct error error;
    ck_assert_uint_lt(file.size, 16384);
    ck_assert(!file_gunzip("bomb.gz", LIMIT, &file, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "limit of 1048576"));
    ck_assert(!file_gunzip("bomb.gz", (8u << 20) - 1, &file, &error));
    ck_assert(file_gunzip("bomb.gz", 8u << 20, &file, &error));
    file_bytes_free(&file);
    free(zeros);
}
END_TEST

START_TEST(rubbish_after_the_end_is_refused)
{
    struct file_bytes file = packed("hello", 5);
    struct error error;
    size_t end = file.size;
    file.bytes[file.size++] = 0;
    file.bytes[file.size++] = 'x';
    ck_assert(!file_gunzip("tail.gz", LIMIT, &file, &error));
    char offset[32];
    snprintf(offset, sizeof offset, "offset %zu:", end + 1);
    ck_assert_ptr_nonnull(strstr(error.text, offset));
    file_bytes_free(&file);
}
END_TEST

START_TEST(what_follows_the_members_is_left_to_the_caller_of_prefix)
{
    struct file_bytes file = packed("hello", 5), result;
    struct error error;
    size_t used, end = file.size;
    file.bytes[file.size++] = 'x';
    ck_assert(file_gunzip_prefix("tail.gz", LIMIT, &file, &result, &used, &error));
    ck_assert_uint_eq(used, end);
    ck_assert_uint_eq(result.size, 5);
    ck_assert_mem_eq(result.bytes, "hello", 5);
    ck_assert_uint_eq(file.size, end + 1);
    file_bytes_free(&result);
    file.size = end - 1;
    ck_assert(!file_gunzip_prefix("tail.gz", LIMIT, &file, &result, &used, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "truncated"));
    file_bytes_free(&file);
}
END_TEST

START_TEST(a_header_without_data_or_of_another_method_is_refused)
{
    struct error error;
    static const uint8_t bad_method[] = {0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct file_bytes file = {malloc(sizeof bad_method), sizeof bad_method};
    memcpy(file.bytes, bad_method, sizeof bad_method);
    ck_assert(!file_gunzip("method.gz", LIMIT, &file, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "unknown compression method"));
    file_bytes_free(&file);
}
END_TEST

UNIT_SUITE("file", a_file_is_read_whole, an_empty_file_is_read, what_cannot_be_read_is_named,
           packed_bytes_are_unpacked, an_empty_member_unpacks_to_nothing,
           members_are_joined_and_zero_padding_is_ignored, every_truncation_is_told_with_its_offset,
           every_flipped_bit_of_data_and_trailer_is_noticed, a_bad_checksum_is_called_so,
           a_bomb_is_stopped_at_the_limit, rubbish_after_the_end_is_refused,
           what_follows_the_members_is_left_to_the_caller_of_prefix,
           a_header_without_data_or_of_another_method_is_refused)
