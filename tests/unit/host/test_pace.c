/* Pacing, with a clock of the test's own. */
#include "host/pace.h"
#include "unit/suite.h"

#define MS 1000000u

START_TEST(a_guest_that_is_ahead_sleeps_the_difference)
{
    struct pace pace;
    pace_start(&pace, 5000 * MS, 0);
    ck_assert_uint_eq(pace_sleep_ns(&pace, 5000 * MS, 30 * MS), 30 * MS);
    ck_assert_uint_eq(pace_sleep_ns(&pace, 5010 * MS, 30 * MS), 20 * MS);
    ck_assert_uint_eq(pace_sleep_ns(&pace, 5030 * MS, 30 * MS), 0);
}
END_TEST

START_TEST(a_small_lag_is_caught_up)
{
    struct pace pace;
    pace_start(&pace, 1000 * MS, 400 * MS);
    ck_assert_uint_eq(pace_sleep_ns(&pace, 1100 * MS, 410 * MS), 0); /* 90 ms behind */
    ck_assert_uint_eq(pace_sleep_ns(&pace, 1100 * MS, 520 * MS), 20 * MS);
}
END_TEST

START_TEST(a_great_lag_is_given_up)
{
    struct pace pace;
    pace_start(&pace, 0, 0);
    ck_assert_uint_eq(pace_sleep_ns(&pace, 10000 * MS, 1000 * MS), 0); /* 9 s behind */
    /* From here on guest time 1000 ms stands PACE_LAG_MAX behind. */
    ck_assert_uint_eq(pace_sleep_ns(&pace, 10000 * MS, 1000 * MS + PACE_LAG_MAX + 7 * MS), 7 * MS);
}
END_TEST

START_TEST(guest_time_may_start_beyond_the_hosts)
{
    struct pace pace;
    pace_start(&pace, 10 * MS, 9000 * MS);
    ck_assert_uint_eq(pace_sleep_ns(&pace, 10 * MS, 9004 * MS), 4 * MS);
}
END_TEST

START_TEST(the_hosts_clock_goes_forward)
{
    uint64_t first = pace_host_ns();
    while (pace_host_ns() == first) {
    }
    ck_assert_uint_gt(pace_host_ns(), first);
    ck_assert_uint_gt(pace_processor_ns(), 0);
}
END_TEST

UNIT_SUITE("pace", a_guest_that_is_ahead_sleeps_the_difference, a_small_lag_is_caught_up,
           a_great_lag_is_given_up, guest_time_may_start_beyond_the_hosts, the_hosts_clock_goes_forward)
