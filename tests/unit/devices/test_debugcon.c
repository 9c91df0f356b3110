/* The debug console. */
#include "devices/debugcon.h"
#include "unit/devices/bench.h"

START_TEST(bytes_go_out_and_the_port_names_itself)
{
    struct device console;
    bench_begin();
    bench_rows_are_complete(&debugcon_class);
    device_init(&console, &debugcon_class, "debugcon", &bench.board, 0);
    for (const char *p = "hello"; *p; p++)
        out8(0xe9, (uint8_t)*p);
    ck_assert_uint_eq(bench.sent_count, 5);
    ck_assert_mem_eq(bench.sent, "hello", 5);
    ck_assert_uint_eq(in8(0xe9), 0xe9);
    device_free(&console);
    bench_end();
}
END_TEST

UNIT_SUITE("debugcon", bytes_go_out_and_the_port_names_itself)
