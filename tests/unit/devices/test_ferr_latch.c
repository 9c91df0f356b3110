/* Coprocessor error logic. */
#include "devices/ferr_latch.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&ferr_latch_class);
}
END_TEST

START_TEST(ferr_raises_irq13_until_port_f0_is_written)
{
    struct device latch;
    bench_begin();
    device_init(&latch, &ferr_latch_class, "ferr", &bench.board, 0);
    out8(0xf0, 0);
    ck_assert(!bench_level(&latch, "ignne"));
    bench_pin(&latch, "ferr", true);
    ck_assert(bench_level(&latch, "irq13"));
    ck_assert(!bench_level(&latch, "ignne"));
    out8(0xf0, 0);
    ck_assert(!bench_level(&latch, "irq13"));
    ck_assert(bench_level(&latch, "ignne"));
    bench_pin(&latch, "ferr", false);
    ck_assert(!bench_level(&latch, "ignne"));
    bench_pin(&latch, "ferr", true);
    ck_assert(bench_level(&latch, "irq13"));
    bench_pin(&latch, "ferr", false);
    ck_assert(bench_level(&latch, "irq13")); /* latched */
    device_reset(&latch);
    ck_assert(!bench_level(&latch, "irq13"));
    ck_assert_uint_eq(in8(0xf0), 0xff);
    device_free(&latch);
    bench_end();
}
END_TEST

UNIT_SUITE("ferr_latch", every_byte_of_the_state_has_its_row, ferr_raises_irq13_until_port_f0_is_written)
