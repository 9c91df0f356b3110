/* The 8254: all modes against the data sheet's timing, in clock ticks. */
#include "devices/i8254.h"
#include "unit/devices/bench.h"

static struct device pit;
static struct probe probe;

/* Starts in the middle of tick 10, all gates high, OUT of `channel` heard. */
static void make_pit(const char *heard)
{
    bench_begin();
    device_init(&pit, &i8254_class, "pit0", &bench.board, 0);
    bench_pin(&pit, "gate0", true);
    bench_pin(&pit, "gate1", true);
    bench_pin(&pit, "gate2", true);
    if (heard)
        bench_probe(&pit, heard, &probe);
    bench_run_until(10 * 88000ull / 105 + 400);
}

static void end_pit(void)
{
    device_free(&pit);
    bench_end();
}

/* Runs to the middle of the tick that is n ticks after tick 10. */
static void to_tick(uint64_t n)
{
    bench_run_until((10 + n) * 88000ull / 105 + 400);
}

/* The tick, counted from tick 10, that holds a time. */
static uint64_t tick_of(uint64_t ns)
{
    return ns * 105 / 88000 - 10;
}

static void program(unsigned channel, unsigned mode, uint16_t count)
{
    out8(0x43, (uint8_t)(channel << 6 | 0x30 | mode << 1));
    out8((uint16_t)(0x40 + channel), (uint8_t)count);
    out8((uint16_t)(0x40 + channel), (uint8_t)(count >> 8));
}

static unsigned counter(unsigned channel)
{
    out8(0x43, (uint8_t)(channel << 6));
    unsigned low = in8((uint16_t)(0x40 + channel));
    return low | (unsigned)in8((uint16_t)(0x40 + channel)) << 8;
}

static uint8_t status(unsigned channel)
{
    out8(0x43, (uint8_t)(0xe0 | 2u << channel));
    return in8((uint16_t)(0x40 + channel));
}

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&i8254_class);
}
END_TEST

START_TEST(mode_0_raises_out_n_plus_1_clocks_after_the_count)
{
    make_pit("out0");
    program(0, 0, 100);
    ck_assert_uint_eq(status(0), 0x70); /* OUT low, null count */
    to_tick(1);
    ck_assert_uint_eq(status(0), 0x30);
    ck_assert_uint_eq(counter(0), 100);
    to_tick(51);
    ck_assert_uint_eq(counter(0), 50);
    ck_assert_uint_eq(probe.rises, 0);
    to_tick(101);
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 101);
    ck_assert_uint_eq(counter(0), 0);
    to_tick(102);
    ck_assert_uint_eq(counter(0), 0xffff);
    ck_assert_uint_eq(status(0), 0xb0);
    to_tick(200000);
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(probe.falls, 0);
    end_pit();
}
END_TEST

START_TEST(mode_0_stops_while_the_gate_is_low_and_on_the_first_byte)
{
    make_pit("out2");
    program(2, 0, 100);
    to_tick(31);
    bench_pin(&pit, "gate2", false);
    to_tick(500);
    ck_assert_uint_eq(counter(2), 70);
    bench_pin(&pit, "gate2", true);
    to_tick(520);
    ck_assert_uint_eq(counter(2), 50);
    out8(0x42, 10); /* low byte: counting stops */
    to_tick(600);
    ck_assert_uint_eq(counter(2), 50);
    ck_assert_uint_eq(probe.rises, 0);
    out8(0x42, 0);
    to_tick(611);
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 611);
    out8(0x42, 5); /* OUT falls at once */
    ck_assert_uint_eq(probe.falls, 1);
    end_pit();
}
END_TEST

START_TEST(mode_0_loads_a_count_that_is_written_while_the_gate_is_low)
{
    make_pit("out2");
    bench_pin(&pit, "gate2", false);
    program(2, 0, 40);
    to_tick(10);
    ck_assert_uint_eq(counter(2), 40);
    bench_pin(&pit, "gate2", true);
    to_tick(60);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 50); /* "OUT will go high N CLK pulses later" */
    end_pit();
}
END_TEST

START_TEST(mode_1_is_a_retriggerable_one_shot)
{
    make_pit("out2");
    bench_pin(&pit, "gate2", false);
    program(2, 1, 20);
    ck_assert(bench_level(&pit, "out2"));
    to_tick(5);
    ck_assert_uint_eq(status(2), 0xf2);
    bench_pin(&pit, "gate2", true);
    to_tick(6);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 6);
    ck_assert_uint_eq(counter(2), 20);
    ck_assert_uint_eq(status(2), 0x32);
    bench_pin(&pit, "gate2", false); /* no effect */
    to_tick(16);
    ck_assert_uint_eq(counter(2), 10);
    bench_pin(&pit, "gate2", true);
    to_tick(40);
    ck_assert_uint_eq(probe.falls, 1);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 37);
    out8(0x42, 50); /* a new count waits for the next trigger */
    out8(0x42, 0);
    ck_assert_uint_eq(status(2) & 0x40, 0x40);
    bench_pin(&pit, "gate2", false);
    bench_pin(&pit, "gate2", true);
    to_tick(42);
    ck_assert_uint_eq(status(2) & 0x40, 0);
    ck_assert_uint_eq(counter(2), 49);
    end_pit();
}
END_TEST

START_TEST(mode_2_lowers_out_for_one_clock_in_n)
{
    make_pit("out0");
    program(0, 2, 100);
    ck_assert(bench_level(&pit, "out0"));
    to_tick(99);
    ck_assert_uint_eq(counter(0), 2);
    ck_assert_uint_eq(probe.falls, 0);
    to_tick(100);
    ck_assert_uint_eq(counter(0), 1);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 100);
    to_tick(101);
    ck_assert_uint_eq(counter(0), 100);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 101);
    to_tick(10000);
    ck_assert_uint_eq(probe.falls, 100);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 10000);
    end_pit();
}
END_TEST

START_TEST(mode_2_takes_a_new_count_at_the_end_of_the_cycle_and_a_trigger_at_once)
{
    make_pit("out2");
    program(2, 2, 100);
    to_tick(30);
    out8(0x42, 50);
    out8(0x42, 0);
    ck_assert_uint_eq(counter(2), 71);
    ck_assert_uint_eq(status(2) & 0x40, 0x40);
    to_tick(111);
    ck_assert_uint_eq(counter(2), 40);
    ck_assert_uint_eq(status(2) & 0x40, 0);
    to_tick(150);
    ck_assert_uint_eq(probe.falls, 2);
    bench_pin(&pit, "gate2", false); /* OUT goes high at once, counting stops */
    ck_assert(bench_level(&pit, "out2"));
    to_tick(170);
    ck_assert_uint_eq(counter(2), 1);
    bench_pin(&pit, "gate2", true);
    to_tick(171);
    ck_assert_uint_eq(counter(2), 50);
    to_tick(300);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 270);
    end_pit();
}
END_TEST

START_TEST(mode_3_is_a_square_wave)
{
    make_pit("out0");
    program(0, 3, 100);
    to_tick(11);
    ck_assert_uint_eq(counter(0), 80); /* by two */
    to_tick(51);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 51);
    ck_assert_uint_eq(counter(0), 100);
    to_tick(101);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 101);
    to_tick(1001);
    ck_assert_uint_eq(probe.rises, 1 + 10); /* the mode itself raised OUT once */
    end_pit();
}
END_TEST

START_TEST(mode_3_with_an_odd_count_is_high_one_clock_longer)
{
    make_pit("out0");
    program(0, 3, 7);
    to_tick(1);
    ck_assert_uint_eq(counter(0), 6);
    to_tick(4);
    ck_assert_uint_eq(counter(0), 0);
    to_tick(5);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 5); /* high for 4 clocks */
    ck_assert_uint_eq(counter(0), 6);
    to_tick(8);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 8); /* low for 3 */
    to_tick(15);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 15);
    end_pit();
}
END_TEST

START_TEST(mode_3_takes_a_new_count_at_the_end_of_the_half_cycle)
{
    make_pit("out0");
    program(0, 3, 100);
    to_tick(20);
    out8(0x40, 20);
    out8(0x40, 0);
    to_tick(60);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 51);
    to_tick(61);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 61);
    end_pit();
}
END_TEST

START_TEST(mode_4_strobes_once_for_one_clock)
{
    make_pit("out0");
    program(0, 4, 10);
    ck_assert(bench_level(&pit, "out0"));
    to_tick(200000);
    ck_assert_uint_eq(probe.falls, 1);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 11);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 12);
    end_pit();
}
END_TEST

START_TEST(mode_5_strobes_after_a_trigger)
{
    make_pit("out2");
    program(2, 5, 10);
    to_tick(100);
    ck_assert_uint_eq(probe.falls, 0);
    bench_pin(&pit, "gate2", false);
    bench_pin(&pit, "gate2", true);
    to_tick(105);
    bench_pin(&pit, "gate2", false);
    bench_pin(&pit, "gate2", true); /* again, before the strobe */
    to_tick(1000);
    ck_assert_uint_eq(probe.falls, 1);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 116);
    ck_assert_uint_eq(tick_of(probe.rise_ns), 117);
    end_pit();
}
END_TEST

START_TEST(a_count_of_zero_is_the_largest)
{
    make_pit("out0");
    program(0, 2, 0);
    to_tick(65536);
    ck_assert_uint_eq(probe.falls, 1);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 65536);
    out8(0x43, 0x35); /* BCD */
    out8(0x40, 0);
    out8(0x40, 0);
    to_tick(65536 + 2);
    ck_assert_uint_eq(counter(0), 0x9999);
    to_tick(65536 + 10000);
    ck_assert_uint_eq(tick_of(probe.fall_ns), 65536 + 10000);
    end_pit();
}
END_TEST

START_TEST(bcd_counts_in_decimal)
{
    make_pit(NULL);
    out8(0x43, 0xb1); /* channel 2, mode 0, BCD */
    out8(0x42, 0x34);
    out8(0x42, 0x12);
    to_tick(1 + 35);
    ck_assert_uint_eq(counter(2), 0x1199);
    to_tick(1 + 1234 + 1);
    ck_assert_uint_eq(counter(2), 0x9999);
    end_pit();
}
END_TEST

START_TEST(single_byte_access_reads_and_writes_one_byte)
{
    make_pit(NULL);
    out8(0x43, 0x94); /* channel 2, low byte only, mode 2 */
    out8(0x42, 200);
    to_tick(51);
    ck_assert_uint_eq(in8(0x42), 150);
    ck_assert_uint_eq(in8(0x42), 150);
    out8(0x43, 0xa0); /* high byte only, mode 0 */
    out8(0x42, 2);
    to_tick(52);
    ck_assert_uint_eq(in8(0x42), 2);
    to_tick(53);
    ck_assert_uint_eq(in8(0x42), 1);
    end_pit();
}
END_TEST

START_TEST(a_latched_count_waits_and_further_latches_are_ignored)
{
    make_pit(NULL);
    program(0, 2, 1000);
    to_tick(101);
    out8(0x43, 0x00);
    to_tick(201);
    out8(0x43, 0x00);
    out8(0x43, 0xc2);                   /* read-back: count is latched already, status is not */
    ck_assert_uint_eq(in8(0x40), 0xb4); /* status comes first: OUT, access 3, mode 2 */
    ck_assert_uint_eq(in8(0x40), 900 & 255);
    ck_assert_uint_eq(in8(0x40), 900 >> 8);
    ck_assert_uint_eq(in8(0x40), 800 & 255); /* and live again */
    end_pit();
}
END_TEST

START_TEST(read_back_latches_several_channels)
{
    make_pit(NULL);
    program(0, 2, 1000);
    program(2, 3, 500);
    to_tick(101);
    out8(0x43, 0xda); /* counts of channels 0 and 2 */
    to_tick(150);
    ck_assert_uint_eq(in8(0x40), 900 & 255);
    ck_assert_uint_eq(in8(0x42), 300 & 255);
    ck_assert_uint_eq(in8(0x42), 300 >> 8);
    ck_assert_uint_eq(in8(0x40), 900 >> 8);
    ck_assert_uint_eq(in8(0x43), 0xff);
    end_pit();
}
END_TEST

START_TEST(an_unheard_output_schedules_nothing)
{
    make_pit(NULL);
    program(0, 2, 100);
    program(1, 3, 18);
    ck_assert_uint_eq(clock_next_due(&bench.clock), CLOCK_NEVER);
    end_pit();
}
END_TEST

START_TEST(the_illegal_count_of_one_does_no_harm)
{
    make_pit("out0");
    for (unsigned mode = 2; mode <= 3; mode++) {
        program(0, mode, 1);
        to_tick(1000 * mode);
        ck_assert(bench_level(&pit, "out0"));
        program(0, mode, 2);
        to_tick(1000 * mode + 500);
    }
    ck_assert_uint_gt(probe.falls, 100);
    end_pit();
}
END_TEST

START_TEST(a_pulse_that_falls_between_two_instructions_is_not_lost)
{
    make_pit("out0");
    program(0, 2, 10);
    probe.falls = 0;
    for (unsigned i = 0; i < 100; i++) { /* events come two whole cycles late */
        bench.clock.horizon_ns += 20 * 88000ull / 105 + 1;
        clock_run_due(&bench.clock, 0);
    }
    ck_assert_uint_ge(probe.falls, 100);
    end_pit();
}
END_TEST

UNIT_SUITE("i8254", every_byte_of_the_state_has_its_row, mode_0_raises_out_n_plus_1_clocks_after_the_count,
           mode_0_stops_while_the_gate_is_low_and_on_the_first_byte,
           mode_0_loads_a_count_that_is_written_while_the_gate_is_low, mode_1_is_a_retriggerable_one_shot,
           mode_2_lowers_out_for_one_clock_in_n,
           mode_2_takes_a_new_count_at_the_end_of_the_cycle_and_a_trigger_at_once, mode_3_is_a_square_wave,
           mode_3_with_an_odd_count_is_high_one_clock_longer,
           mode_3_takes_a_new_count_at_the_end_of_the_half_cycle, mode_4_strobes_once_for_one_clock,
           mode_5_strobes_after_a_trigger, a_count_of_zero_is_the_largest, bcd_counts_in_decimal,
           single_byte_access_reads_and_writes_one_byte,
           a_latched_count_waits_and_further_latches_are_ignored, read_back_latches_several_channels,
           an_unheard_output_schedules_nothing, the_illegal_count_of_one_does_no_harm,
           a_pulse_that_falls_between_two_instructions_is_not_lost)
