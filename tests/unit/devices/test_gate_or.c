/* The or-gate. */
#include "devices/gate_or.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&gate_or_class);
}
END_TEST

START_TEST(out_is_high_while_any_input_is)
{
    struct device gate;
    struct probe probe;
    bench_begin();
    device_init(&gate, &gate_or_class, "or0", &bench.board, 0);
    bench_probe(&gate, "out", &probe);
    bench_pin(&gate, "a", true);
    bench_pin(&gate, "d", true);
    bench_pin(&gate, "a", false);
    ck_assert(bench_level(&gate, "out"));
    bench_pin(&gate, "d", false);
    ck_assert(!bench_level(&gate, "out"));
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(probe.falls, 1);
    device_free(&gate);
    bench_end();
}
END_TEST

UNIT_SUITE("gate_or", every_byte_of_the_state_has_its_row, out_is_high_while_any_input_is)
