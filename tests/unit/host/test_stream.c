/* Output sinks. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/stream.h"
#include "unit/suite.h"

static struct error error;

static void write_text(struct stream *stream, const char *text)
{
    stream_write(stream, (const uint8_t *)text, strlen(text));
}

START_TEST(a_file_gets_all_bytes_in_order)
{
    char path[] = "/tmp/gate86-stream-XXXXXX";
    close(mkstemp(path));
    char where[64];
    snprintf(where, sizeof where, "file:%s", path);
    struct stream stream;
    ck_assert(stream_open(&stream, where, &error));
    for (int i = 0; i < 3000; i++)
        write_text(&stream, "abcde");
    ck_assert(stream_close(&stream, &error));
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    char bytes[15001];
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, file), 15000);
    for (int i = 0; i < 15000; i++)
        ck_assert_int_eq(bytes[i], "abcde"[i % 5]);
    fclose(file);
    unlink(path);
}
END_TEST

START_TEST(small_writes_leave_with_the_flush_and_not_before)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    struct stream stream;
    ck_assert(stream_open(&stream, "stderr", &error));
    write_text(&stream, "x");
    write_text(&stream, "y");
    ck_assert_uint_eq(stream.used, 2);
    ck_assert(stream_flush(&stream, &error));
    char bytes[8];
    ck_assert_int_eq(read(ends[0], bytes, sizeof bytes), 2);
    ck_assert(stream_close(&stream, &error));
    ck_assert_int_eq(write(STDERR_FILENO, "z", 1), 1); /* not closed with the stream */
}
END_TEST

START_TEST(a_full_disk_is_reported_with_its_name)
{
    struct stream stream;
    ck_assert(stream_open(&stream, "file:/dev/full", &error));
    for (int i = 0; i < 2000; i++)
        write_text(&stream, "abcde");
    ck_assert(!stream_flush(&stream, &error));
    ck_assert_int_eq(error.kind, ERROR_HOST);
    ck_assert_str_eq(error.text, "cannot write the guest's output to /dev/full: No space left on device");
    ck_assert(!stream_close(&stream, &error));
}
END_TEST

START_TEST(null_drops_everything)
{
    struct stream stream;
    ck_assert(stream_open(&stream, "null", &error));
    write_text(&stream, "gone");
    ck_assert_uint_eq(stream.used, 0);
    ck_assert(stream_close(&stream, &error));
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_and_a_wrong_place_are_told_apart)
{
    struct stream stream;
    ck_assert(!stream_open(&stream, "file:/nowhere/at/all", &error));
    ck_assert_int_eq(error.kind, ERROR_INPUT);
    ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/at/all"));
    ck_assert(!stream_open(&stream, "fiel:x", &error));
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    ck_assert(!stream_open(&stream, "file:", &error));
}
END_TEST

UNIT_SUITE("stream", a_file_gets_all_bytes_in_order, small_writes_leave_with_the_flush_and_not_before,
           a_full_disk_is_reported_with_its_name, null_drops_everything,
           a_file_that_cannot_be_opened_and_a_wrong_place_are_told_apart)
