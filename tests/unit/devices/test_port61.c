/* System control port B. */
#include "devices/port61.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&port61_class);
}
END_TEST

START_TEST(the_low_four_bits_are_kept_and_drive_gate_and_speaker)
{
    struct device port;
    bench_begin();
    device_init(&port, &port61_class, "port61", &bench.board, 0);
    out8(0x61, 0xff);
    ck_assert_uint_eq(in8(0x61) & 0xef, 0x0f);
    ck_assert(bench_level(&port, "gate2"));
    ck_assert(!bench_level(&port, "speaker"));
    bench_pin(&port, "out2", true);
    ck_assert_uint_eq(in8(0x61) & 0x20, 0x20);
    ck_assert(bench_level(&port, "speaker"));
    out8(0x61, 0x01);
    ck_assert(!bench_level(&port, "speaker"));
    device_reset(&port);
    ck_assert(!bench_level(&port, "gate2"));
    device_free(&port);
    bench_end();
}
END_TEST

START_TEST(the_refresh_bit_toggles_every_eighteen_timer_clocks)
{
    struct device port;
    unsigned toggles = 0;
    bench_begin();
    device_init(&port, &port61_class, "port61", &bench.board, 0);
    uint8_t last = in8(0x61) & 0x10;
    for (unsigned us = 0; us < 1000; us++) {
        bench_run(1000);
        uint8_t now = in8(0x61) & 0x10;
        toggles += now != last;
        last = now;
    }
    ck_assert_uint_eq(toggles, 66); /* 1 ms / 15.085 us */
    device_free(&port);
    bench_end();
}
END_TEST

UNIT_SUITE("port61", every_byte_of_the_state_has_its_row,
           the_low_four_bits_are_kept_and_drive_gate_and_speaker,
           the_refresh_bit_toggles_every_eighteen_timer_clocks)
