/* Reset control register. */
#include "devices/reset_control.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&reset_control_class);
}
END_TEST

START_TEST(the_rising_start_bit_resets_hard_or_soft)
{
    struct device reset;
    struct probe probe;
    bench_begin();
    device_init(&reset, &reset_control_class, "reset0", &bench.board, 0);
    bench_probe(&reset, "init", &probe);
    out8(0xcf9, 0x02);
    ck_assert_uint_eq(bench.requests, 0);
    ck_assert_uint_eq(in8(0xcf9), 0x02);
    out8(0xcf9, 0x06);
    ck_assert_uint_eq(bench.requests, 1);
    ck_assert_int_eq(bench.request, BOARD_RESET);
    out8(0xcf9, 0x06);
    ck_assert_uint_eq(bench.requests, 1);
    ck_assert_uint_eq(probe.rises, 0);
    out8(0xcf9, 0x00);
    out8(0xcf9, 0x04);
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(bench.requests, 1);
    device_free(&reset);
    bench_end();
}
END_TEST

START_TEST(a_search_for_pci_does_not_reset)
{
    struct device reset;
    bench_begin();
    device_init(&reset, &reset_control_class, "reset0", &bench.board, 0);
    ports_write(&bench.ports, 0xcf8, 0x80000600, 4);
    ports_write(&bench.ports, 0xcf8, 0x0600, 2);
    ck_assert_uint_eq(bench.requests, 0);
    ck_assert_uint_eq(ports_read(&bench.ports, 0xcf8, 4), 0xffffffff);
    device_free(&reset);
    bench_end();
}
END_TEST

UNIT_SUITE("reset_control", every_byte_of_the_state_has_its_row, the_rising_start_bit_resets_hard_or_soft,
           a_search_for_pci_does_not_reset)
