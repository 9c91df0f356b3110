/* The shutdown port. */
#include "devices/shutdown_port.h"
#include "unit/devices/bench.h"

static void write_text(const char *text)
{
    for (; *text; text++)
        out8(0x8900, (uint8_t)*text);
}

START_TEST(only_the_whole_text_switches_off)
{
    struct device port;
    bench_begin();
    bench_rows_are_complete(&shutdown_port_class);
    device_init(&port, &shutdown_port_class, "shutdown0", &bench.board, 0);
    write_text("Shutdow");
    write_text("shutdown");
    ck_assert_uint_eq(bench.requests, 0);
    write_text("ShutShutdown"); /* a wrong letter may be the first of the text */
    ck_assert_uint_eq(bench.requests, 1);
    ck_assert_int_eq(bench.request, BOARD_POWER_OFF);
    write_text("Shutd");
    device_reset(&port);
    write_text("own");
    ck_assert_uint_eq(bench.requests, 1);
    ck_assert_uint_eq(in8(0x8900), 0xff);
    device_free(&port);
    bench_end();
}
END_TEST

UNIT_SUITE("shutdown_port", only_the_whole_text_switches_off)
