/* Texts of host errors. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "unit/suite.h"

START_TEST(setting_an_error_keeps_kind_and_text_and_returns_false)
{
    struct error error = {0};
    ck_assert(!error_set(&error, ERROR_USAGE, "no CPU model '%s'", "z80"));
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    ck_assert_str_eq(error.text, "no CPU model 'z80'");
}
END_TEST

START_TEST(the_meaning_of_errno_is_appended)
{
    struct error error = {0};
    errno = ENOENT;
    ck_assert(!error_set_errno(&error, ERROR_INPUT, "disk.img"));
    ck_assert_str_eq(error.text, "disk.img: No such file or directory");
}
END_TEST

START_TEST(a_prefix_goes_before_and_keeps_the_kind)
{
    struct error error = {0};
    error_set(&error, ERROR_INPUT, "truncated");
    ck_assert(!error_prefix(&error, "module %d", 2));
    ck_assert_str_eq(error.text, "module 2: truncated");
    ck_assert_int_eq(error.kind, ERROR_INPUT);
}
END_TEST

START_TEST(long_texts_are_cut_and_stay_terminated)
{
    struct error error = {0};
    char path[1024];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    error_set(&error, ERROR_INPUT, "%s", path);
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
    errno = ENOENT;
    error_set_errno(&error, ERROR_INPUT, "%s", path);
    error_prefix(&error, "%s", path);
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
}
END_TEST

UNIT_SUITE("error", setting_an_error_keeps_kind_and_text_and_returns_false, the_meaning_of_errno_is_appended,
           a_prefix_goes_before_and_keeps_the_kind, long_texts_are_cut_and_stay_terminated)
