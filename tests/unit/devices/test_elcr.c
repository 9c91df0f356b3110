/* Edge/level control registers. */
#include "devices/elcr.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&elcr_class);
}
END_TEST

START_TEST(the_system_lines_stay_edge_triggered)
{
    struct device elcr;
    bench_begin();
    device_init(&elcr, &elcr_class, "elcr0", &bench.board, 0);
    out8(0x4d0, 0xff);
    out8(0x4d1, 0xff);
    ck_assert_uint_eq(in8(0x4d0), 0xf8);
    ck_assert_uint_eq(in8(0x4d1), 0xde);
    ck_assert(!bench_level(&elcr, "level0"));
    ck_assert(bench_level(&elcr, "level3"));
    ck_assert(!bench_level(&elcr, "level8"));
    ck_assert(bench_level(&elcr, "level9"));
    ck_assert(!bench_level(&elcr, "level13"));
    device_reset(&elcr);
    ck_assert_uint_eq(in8(0x4d1), 0);
    ck_assert(!bench_level(&elcr, "level9"));
    device_free(&elcr);
    bench_end();
}
END_TEST

UNIT_SUITE("elcr", every_byte_of_the_state_has_its_row, the_system_lines_stay_edge_triggered)
