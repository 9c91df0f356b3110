/* System control port A. */
#include "devices/port92.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&port92_class);
}
END_TEST

START_TEST(bit_1_opens_a20)
{
    struct device port;
    bench_begin();
    device_init(&port, &port92_class, "port92", &bench.board, 0);
    ck_assert_uint_eq(in8(0x92), 0);
    out8(0x92, 0x02);
    ck_assert(bench_level(&port, "a20"));
    ck_assert_uint_eq(in8(0x92), 0x02);
    device_reset(&port);
    ck_assert(!bench_level(&port, "a20"));
    device_free(&port);
    bench_end();
}
END_TEST

START_TEST(bit_0_pulses_init_when_it_rises)
{
    struct device port;
    struct probe probe;
    bench_begin();
    device_init(&port, &port92_class, "port92", &bench.board, 0);
    bench_probe(&port, "init", &probe);
    out8(0x92, 0x01);
    out8(0x92, 0x01);
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(probe.falls, 1);
    out8(0x92, 0x00);
    out8(0x92, 0x03);
    ck_assert_uint_eq(probe.rises, 2);
    device_free(&port);
    bench_end();
}
END_TEST

UNIT_SUITE("port92", every_byte_of_the_state_has_its_row, bit_1_opens_a20, bit_0_pulses_init_when_it_rises)
