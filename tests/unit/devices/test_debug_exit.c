/* The debug exit port. */
#include "devices/debug_exit.h"
#include "unit/devices/bench.h"

START_TEST(a_write_of_any_width_ends_the_run_with_its_low_byte)
{
    struct device port;
    bench_begin();
    bench_rows_are_complete(&debug_exit_class);
    device_init(&port, &debug_exit_class, "exit0", &bench.board, 0);
    static const unsigned sizes[] = {1, 2, 4};
    for (unsigned i = 0; i < 3; i++) {
        ports_write(&bench.ports, 0xf4, 0x12345630 + i, sizes[i]);
        ck_assert_uint_eq(bench.requests, i + 1);
        ck_assert_int_eq(bench.request, BOARD_DEBUG_EXIT);
        ck_assert_uint_eq(bench.request_value, 0x30 + i);
    }
    ck_assert_uint_eq(ports_read(&bench.ports, 0xf4, 4), 0xffffffff);
    device_free(&port);
    bench_end();
}
END_TEST

START_TEST(the_bytes_above_the_first_are_not_the_port)
{
    struct device port;
    bench_begin();
    device_init(&port, &debug_exit_class, "exit0", &bench.board, 0);
    out8(0xf5, 1);
    ck_assert_uint_eq(bench.requests, 0);
    device_free(&port);
    bench_end();
}
END_TEST

UNIT_SUITE("debug_exit", a_write_of_any_width_ends_the_run_with_its_low_byte,
           the_bytes_above_the_first_are_not_the_port)
