/* The real-time clock: calendar, update cycle, interrupts, memory. */
#include "devices/mc146818.h"
#include "unit/devices/bench.h"

#define SECOND 1000000000ull

static struct device rtc;
static struct probe irq;

/* 2026-01-01 00:00:00 UTC is a Thursday. */
#define NEW_YEAR_2026 1767225600

static void make_rtc(int64_t start_seconds)
{
    bench_begin();
    bench.board.start_seconds = start_seconds;
    device_init(&rtc, &mc146818_class, "rtc0", &bench.board, 0);
    bench_probe(&rtc, "irq", &irq);
}

static void end_rtc(void)
{
    device_free(&rtc);
    bench_end();
}

static uint8_t get(uint8_t index)
{
    out8(0x70, index);
    return in8(0x71);
}

static void put(uint8_t index, uint8_t value)
{
    out8(0x70, index);
    out8(0x71, value);
}

/* Year, month, day, hour, minute, second as the bytes stand. */
static void expect_clock(const uint8_t *expected)
{
    static const uint8_t indexes[] = {9, 8, 7, 4, 2, 0};
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(get(indexes[i]), expected[i]);
}

#define EXPECT_CLOCK(...) expect_clock((const uint8_t[]){__VA_ARGS__})

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&mc146818_class);
}
END_TEST

START_TEST(the_clock_starts_at_the_given_date_and_counts_guest_time)
{
    make_rtc(NEW_YEAR_2026 - 1);
    EXPECT_CLOCK(0x25, 0x12, 0x31, 0x23, 0x59, 0x59);
    ck_assert_uint_eq(get(6), 4);
    ck_assert_uint_eq(get(0x32), 0x20);
    ck_assert_uint_eq(get(0x0d), 0x80);
    bench_run_until(SECOND - 1);
    ck_assert_uint_eq(get(0), 0x59);
    bench_run_until(SECOND);
    EXPECT_CLOCK(0x26, 0x01, 0x01, 0x00, 0x00, 0x00);
    ck_assert_uint_eq(get(6), 5);
    bench_run_until(90001 * SECOND);
    EXPECT_CLOCK(0x26, 0x01, 0x02, 0x01, 0x00, 0x00);
    end_rtc();
}
END_TEST

START_TEST(leap_days_are_counted)
{
    make_rtc(NEW_YEAR_2026);
    put(9, 0x28);
    put(8, 0x02);
    put(7, 0x28);
    bench_run(86400 * SECOND);
    EXPECT_CLOCK(0x28, 0x02, 0x29, 0x00, 0x00, 0x00);
    bench_run(86400 * SECOND);
    EXPECT_CLOCK(0x28, 0x03, 0x01, 0x00, 0x00, 0x00);
    put(9, 0x99);
    put(8, 0x12);
    put(7, 0x31);
    bench_run(86400 * SECOND);
    EXPECT_CLOCK(0x00, 0x01, 0x01, 0x00, 0x00, 0x00);
    end_rtc();
}
END_TEST

START_TEST(twelve_hours_and_binary)
{
    static const uint8_t hours_12[] = {12, 1, 11, 0x8c, 0x81, 0x8b}; /* 0, 1, 11, 12, 13, 23 o'clock */
    make_rtc(NEW_YEAR_2026);
    put(0x0b, 0x04); /* 12 hours, binary */
    put(0, 0);
    put(2, 0);
    put(9, 26);
    put(7, 1);
    put(4, 12);
    for (unsigned hour = 0; hour < 24; hour++) {
        if (hour == 0 || hour == 1 || hour == 11)
            ck_assert_uint_eq(get(4), hours_12[hour == 11 ? 2 : hour]);
        if (hour == 12 || hour == 13 || hour == 23)
            ck_assert_uint_eq(get(4), hours_12[hour == 23 ? 5 : hour - 9]);
        bench_run(3600 * SECOND);
    }
    ck_assert_uint_eq(get(4), 12);
    ck_assert_uint_eq(get(7), 2);
    bench_run(59 * 60 * SECOND);
    ck_assert_uint_eq(get(2), 59);
    put(0x0b, 0x00); /* 12 hours, BCD */
    put(4, 0x92);    /* 12 PM */
    put(2, 0x59);
    bench_run(60 * SECOND);
    ck_assert_uint_eq(get(4), 0x81);
    end_rtc();
}
END_TEST

START_TEST(set_stops_the_clock)
{
    make_rtc(NEW_YEAR_2026);
    put(0x0b, 0x82);
    bench_run(10 * SECOND);
    ck_assert_uint_eq(get(0), 0);
    put(0, 0x30);
    bench_run(SECOND - 1000);
    ck_assert_uint_eq(get(0x0a) & 0x80, 0);
    put(0x0b, 0x02);
    ck_assert_uint_eq(get(0x0a) & 0x80, 0x80);
    bench_run(1000);
    ck_assert_uint_eq(get(0), 0x31); /* with the next second of the divider, which ran on */
    end_rtc();
}
END_TEST

START_TEST(uip_announces_the_update)
{
    make_rtc(NEW_YEAR_2026);
    ck_assert_uint_eq(get(0x0a), 0x26);
    bench_run_until(SECOND - 2228001);
    ck_assert_uint_eq(get(0x0a), 0x26);
    bench_run_until(SECOND - 2228000);
    ck_assert_uint_eq(get(0x0a), 0xa6);
    bench_run_until(SECOND - 1);
    ck_assert_uint_eq(get(0x0a), 0xa6);
    bench_run_until(SECOND);
    ck_assert_uint_eq(get(0x0a), 0x26);
    end_rtc();
}
END_TEST

START_TEST(a_divider_reset_gives_the_first_update_half_a_second_later)
{
    make_rtc(NEW_YEAR_2026);
    bench_run(SECOND / 3);
    put(0x0a, 0x76);
    bench_run(5 * SECOND);
    ck_assert_uint_eq(get(0), 0);
    put(0x0a, 0x26);
    bench_run(SECOND / 2 - 1);
    ck_assert_uint_eq(get(0), 0);
    bench_run(1);
    ck_assert_uint_eq(get(0), 1);
    end_rtc();
}
END_TEST

START_TEST(the_update_interrupt_comes_every_second)
{
    make_rtc(NEW_YEAR_2026);
    put(0x0b, 0x12);
    bench_run_until(SECOND - 1);
    ck_assert_uint_eq(irq.rises, 0);
    bench_run_until(3 * SECOND);
    ck_assert_uint_eq(irq.rises, 1); /* held until register C is read */
    ck_assert_uint_eq(irq.rise_ns, SECOND);
    ck_assert_uint_eq(get(0x0c) & 0xb0, 0x90);
    ck_assert_uint_eq(irq.falls, 1);
    ck_assert_uint_eq(get(0x0c), 0x00);
    bench_run_until(4 * SECOND);
    ck_assert_uint_eq(irq.rises, 2);
    end_rtc();
}
END_TEST

START_TEST(the_periodic_interrupt_has_the_selected_rate)
{
    static const struct {
        uint8_t rate;
        unsigned per_second;
    } cases[] = {{1, 256}, {2, 128}, {3, 8192}, {6, 1024}, {15, 2}};
    for (unsigned i = 0; i < 5; i++) {
        make_rtc(NEW_YEAR_2026);
        put(0x0a, 0x20 | cases[i].rate);
        put(0x0b, 0x42);
        for (uint64_t ns = 0; ns < SECOND; ns += 50000) {
            bench_run(50000);
            if (irq.rises > irq.falls)
                ck_assert_uint_eq(get(0x0c) & 0xc0, 0xc0);
        }
        ck_assert_uint_eq(irq.rises, cases[i].per_second);
        ck_assert_uint_eq(irq.rise_ns, SECOND); /* in phase with the second */
        end_rtc();
    }
}
END_TEST

START_TEST(flags_rise_without_being_enabled_and_enabling_them_interrupts)
{
    make_rtc(NEW_YEAR_2026);
    bench_run(1500000);
    ck_assert_uint_eq(clock_next_due(&bench.clock), CLOCK_NEVER);
    ck_assert_uint_eq(get(0x0c), 0x40);
    ck_assert_uint_eq(get(0x0c), 0x00);
    bench_run(SECOND);
    put(0x0b, 0x42);
    ck_assert_uint_eq(irq.rises, 1);
    ck_assert_uint_eq(get(0x0c), 0xd0);
    put(0x0a, 0x20); /* no rate: no periodic flag */
    bench_run(SECOND / 2);
    ck_assert_uint_eq(get(0x0c), 0x00);
    end_rtc();
}
END_TEST

START_TEST(the_alarm_matches_with_dont_care_codes)
{
    make_rtc(NEW_YEAR_2026);
    put(1, 0x05);
    put(3, 0x02);
    put(5, 0x00);
    put(0x0b, 0x22);
    bench_run_until(125 * SECOND - 1);
    ck_assert_uint_eq(irq.rises, 0);
    bench_run_until(125 * SECOND);
    ck_assert_uint_eq(irq.rises, 1);
    ck_assert_uint_eq(get(0x0c) & 0xa0, 0xa0);
    bench_run(86399 * SECOND);
    ck_assert_uint_eq(irq.rises, 1);
    bench_run(SECOND);
    ck_assert_uint_eq(irq.rises, 2);
    get(0x0c);
    put(3, 0xc0);
    put(5, 0xff);
    bench_run(59 * SECOND);
    ck_assert_uint_eq(irq.rises, 2);
    bench_run(SECOND);
    ck_assert_uint_eq(irq.rises, 3); /* every minute at second 5 */
    end_rtc();
}
END_TEST

START_TEST(set_clears_the_update_enable)
{
    make_rtc(NEW_YEAR_2026);
    put(0x0b, 0x12);
    put(0x0b, 0x92);
    ck_assert_uint_eq(get(0x0b), 0x82);
    end_rtc();
}
END_TEST

START_TEST(memory_index_and_nmi_mask)
{
    make_rtc(NEW_YEAR_2026);
    for (unsigned i = 0x0e; i < 0x80; i++)
        put((uint8_t)i, (uint8_t)(i * 3));
    for (unsigned i = 0x0e; i < 0x80; i++)
        ck_assert_uint_eq(get((uint8_t)i), (uint8_t)(i * 3));
    put(0x0d, 0x00);
    ck_assert_uint_eq(get(0x0d), 0x80);
    ck_assert_uint_eq(in8(0x70), 0xff);
    out8(0x70, 0x8f);
    ck_assert(bench_level(&rtc, "nmi_mask"));
    out8(0x71, 0x11);
    out8(0x70, 0x0f);
    ck_assert(!bench_level(&rtc, "nmi_mask"));
    ck_assert_uint_eq(in8(0x71), 0x11);
    end_rtc();
}
END_TEST

START_TEST(reset_keeps_the_time_and_drops_the_interrupts)
{
    make_rtc(NEW_YEAR_2026);
    put(0x0b, 0x7a);
    bench_run(5 * SECOND);
    ck_assert_uint_eq(irq.rises, 1);
    device_reset(&rtc);
    ck_assert_uint_eq(irq.falls, 1);
    ck_assert_uint_eq(get(0x0b), 0x02);
    ck_assert_uint_eq(get(0x0c), 0x00);
    EXPECT_CLOCK(0x26, 0x01, 0x01, 0x00, 0x00, 0x05);
    end_rtc();
}
END_TEST

START_TEST(rubbish_in_the_clock_does_no_harm)
{
    make_rtc(NEW_YEAR_2026);
    for (unsigned i = 0; i <= 9; i++)
        put((uint8_t)i, 0xff);
    bench_run(86400 * 3 * SECOND);
    for (unsigned i = 0; i <= 9; i++)
        get((uint8_t)i);
    put(8, 0);
    bench_run(86400 * 40 * SECOND);
    ck_assert_uint_le(get(0), 0x59);
    end_rtc();
}
END_TEST

UNIT_SUITE("mc146818", every_byte_of_the_state_has_its_row,
           the_clock_starts_at_the_given_date_and_counts_guest_time, leap_days_are_counted,
           twelve_hours_and_binary, set_stops_the_clock, uip_announces_the_update,
           a_divider_reset_gives_the_first_update_half_a_second_later,
           the_update_interrupt_comes_every_second, the_periodic_interrupt_has_the_selected_rate,
           flags_rise_without_being_enabled_and_enabling_them_interrupts,
           the_alarm_matches_with_dont_care_codes, set_clears_the_update_enable, memory_index_and_nmi_mask,
           reset_keeps_the_time_and_drops_the_interrupts, rubbish_in_the_clock_does_no_harm)
