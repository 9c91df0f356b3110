/* Civil dates, compared with the C library's over a wide span. */
#include <time.h>

#include "devices/calendar.h"
#include "unit/suite.h"

START_TEST(dates_equal_those_of_the_c_library)
{
    for (int64_t seconds = -5000000000; seconds < 20000000000; seconds += 7654321) {
        time_t when = (time_t)seconds;
        struct tm expected;
        gmtime_r(&when, &expected);
        struct calendar_date date = calendar_from_seconds(seconds);
        ck_assert_int_eq(date.year, expected.tm_year + 1900);
        ck_assert_int_eq(date.month, expected.tm_mon + 1);
        ck_assert_int_eq(date.day, expected.tm_mday);
        ck_assert_int_eq(date.weekday, expected.tm_wday + 1);
        ck_assert_int_eq(date.hour, expected.tm_hour);
        ck_assert_int_eq(date.minute, expected.tm_min);
        ck_assert_int_eq(date.second, expected.tm_sec);
    }
}
END_TEST

START_TEST(february_follows_the_gregorian_rule)
{
    ck_assert_uint_eq(calendar_month_days(2024, 2), 29);
    ck_assert_uint_eq(calendar_month_days(2025, 2), 28);
    ck_assert_uint_eq(calendar_month_days(1900, 2), 28);
    ck_assert_uint_eq(calendar_month_days(2000, 2), 29);
    ck_assert_uint_eq(calendar_month_days(2025, 12), 31);
}
END_TEST

UNIT_SUITE("calendar", dates_equal_those_of_the_c_library, february_follows_the_gregorian_rule)
