/* The and-gate. */
#include "devices/gate_and.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&gate_and_class);
}
END_TEST

START_TEST(out_is_high_while_both_inputs_are)
{
    struct device gate;
    bench_begin();
    device_init(&gate, &gate_and_class, "and0", &bench.board, 0);
    bench_pin(&gate, "a", true);
    ck_assert(!bench_level(&gate, "out"));
    bench_pin(&gate, "b", true);
    ck_assert(bench_level(&gate, "out"));
    bench_pin(&gate, "a", false);
    ck_assert(!bench_level(&gate, "out"));
    device_free(&gate);
    bench_end();
}
END_TEST

UNIT_SUITE("gate_and", every_byte_of_the_state_has_its_row, out_is_high_while_both_inputs_are)
