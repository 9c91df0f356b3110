/* The 16550: timing, FIFOs, interrupts, loopback. */
#include "devices/uart16550.h"
#include "unit/devices/bench.h"

#define BASE 0x3f8
/* 10 bits of 16 * 12 clocks of 1.8432 MHz */
#define CHARACTER_9600_NS 1041666ull

static struct device uart;

static void make_uart(void)
{
    bench_begin();
    device_init(&uart, &uart16550_class, "uart0", &bench.board, 0);
    out8(BASE + 3, 0x03); /* 8 data bits, 1 stop bit */
}

static void end_uart(void)
{
    device_free(&uart);
    bench_end();
}

static uint8_t iir(void)
{
    return in8(BASE + 2);
}

static uint8_t lsr(void)
{
    return in8(BASE + 5);
}

static bool intr(void)
{
    return bench_level(&uart, "intr");
}

/* Offers bytes until all are taken, as the board does. */
static void send_in(const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t left = strlen(text);
    for (unsigned tries = 0; left > 0; tries++) {
        ck_assert_uint_lt(tries, 10000);
        size_t took = uart.class->receive(&uart, bytes, left);
        bytes += took;
        left -= took;
        bench_run(CHARACTER_9600_NS / 10);
    }
    bench_run(CHARACTER_9600_NS);
}

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&uart16550_class);
}
END_TEST

START_TEST(the_registers_after_reset)
{
    make_uart();
    out8(BASE + 1, 0x0f);
    out8(BASE + 4, 0x1f);
    device_reset(&uart);
    ck_assert_uint_eq(in8(BASE + 1), 0);
    ck_assert_uint_eq(iir(), 0x01);
    ck_assert_uint_eq(in8(BASE + 3), 0);
    ck_assert_uint_eq(in8(BASE + 4), 0);
    ck_assert_uint_eq(lsr(), 0x60);
    ck_assert_uint_eq(in8(BASE + 6), 0);
    out8(BASE + 7, 0xa5);
    ck_assert_uint_eq(in8(BASE + 7), 0xa5);
    out8(BASE + 1, 0xff);
    ck_assert_uint_eq(in8(BASE + 1), 0x0f);
    end_uart();
}
END_TEST

START_TEST(the_divisor_hides_behind_dlab)
{
    make_uart();
    out8(BASE + 3, 0x83);
    out8(BASE, 0x34);
    out8(BASE + 1, 0x12);
    ck_assert_uint_eq(in8(BASE), 0x34);
    ck_assert_uint_eq(in8(BASE + 1), 0x12);
    out8(BASE + 3, 0x03);
    ck_assert_uint_eq(in8(BASE + 1), 0);
    ck_assert_uint_eq(bench.sent_count, 0);
    end_uart();
}
END_TEST

START_TEST(a_character_takes_its_time_on_the_line)
{
    make_uart();
    out8(BASE, 'A');
    ck_assert_uint_eq(lsr(), 0x20); /* holding register free again, shift register busy */
    out8(BASE, 'B');
    ck_assert_uint_eq(lsr(), 0x00);
    bench_run_until(CHARACTER_9600_NS - 1);
    ck_assert_uint_eq(bench.sent_count, 0);
    bench_run_until(CHARACTER_9600_NS);
    ck_assert_uint_eq(bench.sent_count, 1);
    ck_assert_uint_eq(lsr(), 0x20);
    bench_run_until(2 * CHARACTER_9600_NS);
    ck_assert_uint_eq(lsr(), 0x60);
    ck_assert_mem_eq(bench.sent, "AB", 2);
    end_uart();
}
END_TEST

START_TEST(the_line_format_sets_the_time_and_the_bits)
{
    static const struct {
        uint8_t lcr;
        unsigned half_bits;
        uint8_t sent;
    } cases[] = {
        {0x00, 2 * 7, 0x1f},     /* 5N1 */
        {0x04, 2 * 7 + 1, 0x1f}, /* 5N1.5 */
        {0x06, 2 * 10, 0x7f},    /* 7N2 */
        {0x1b, 2 * 11, 0xff},    /* 8E1 */
    };
    make_uart();
    for (unsigned i = 0; i < 4; i++) {
        out8(BASE + 3, 0x80 | cases[i].lcr);
        out8(BASE, 1); /* 115200 baud */
        out8(BASE + 1, 0);
        out8(BASE + 3, cases[i].lcr);
        uint64_t start = clock_now(&bench.clock);
        out8(BASE, 0xff);
        bench_run(1000000);
        ck_assert_uint_eq(bench.sent_ns - start, cases[i].half_bits * 8ull * 1000000000 / 1843200);
        ck_assert_uint_eq(bench.sent[i], cases[i].sent);
    }
    end_uart();
}
END_TEST

START_TEST(the_transmitter_interrupt_comes_on_enabling_and_goes_with_reading_iir)
{
    make_uart();
    out8(BASE + 1, 0x02);
    ck_assert(intr());
    ck_assert_uint_eq(iir(), 0x02);
    ck_assert(!intr());
    ck_assert_uint_eq(iir(), 0x01);
    out8(BASE, 'A'); /* straight into the shift register: empty again */
    ck_assert(intr());
    out8(BASE, 'B'); /* a write clears it too */
    ck_assert(!intr());
    bench_run_until(CHARACTER_9600_NS);
    ck_assert_uint_eq(iir(), 0x02);
    out8(BASE + 1, 0x00);
    out8(BASE + 1, 0x02);
    ck_assert(intr());
    end_uart();
}
END_TEST

START_TEST(the_transmit_fifo_holds_sixteen_and_tells_when_it_is_empty)
{
    make_uart();
    out8(BASE + 2, 0x01);
    out8(BASE + 1, 0x02);
    iir();
    for (unsigned i = 0; i < 18; i++) /* one shifts out at once, sixteen wait, one is lost */
        out8(BASE, (uint8_t)('a' + i));
    ck_assert_uint_eq(lsr(), 0);
    bench_run_until(15 * CHARACTER_9600_NS);
    ck_assert(!intr());
    bench_run_until(16 * CHARACTER_9600_NS + 100);
    ck_assert(intr());
    ck_assert_uint_eq(iir(), 0xc2);
    bench_run_until(20 * CHARACTER_9600_NS);
    ck_assert_uint_eq(bench.sent_count, 17);
    ck_assert_mem_eq(bench.sent, "abcdefghijklmnopq", 17);
    end_uart();
}
END_TEST

START_TEST(a_lone_byte_in_the_fifo_delays_the_empty_indication)
{
    make_uart();
    out8(BASE + 2, 0x01);
    out8(BASE, 'a'); /* the first one after the change of mode is immediate */
    ck_assert_uint_eq(lsr() & 0x20, 0x20);
    bench_run(2 * CHARACTER_9600_NS);
    out8(BASE, 'b');
    ck_assert_uint_eq(lsr() & 0x20, 0);
    bench_run(CHARACTER_9600_NS * 9 / 10 - 100);
    ck_assert_uint_eq(lsr() & 0x20, 0);
    bench_run(200);
    ck_assert_uint_eq(lsr() & 0x60, 0x20);
    bench_run(CHARACTER_9600_NS / 10);
    ck_assert_uint_eq(lsr() & 0x60, 0x60);
    end_uart();
}
END_TEST

START_TEST(received_characters_arrive_one_by_one)
{
    make_uart();
    out8(BASE + 1, 0x01);
    ck_assert_uint_eq(uart.class->receive(&uart, (const uint8_t *)"xy", 2), 1);
    ck_assert_uint_eq(uart.class->receive(&uart, (const uint8_t *)"y", 1), 0);
    ck_assert_uint_eq(lsr() & 1, 0);
    bench_run_until(CHARACTER_9600_NS);
    ck_assert_uint_eq(lsr() & 1, 1);
    ck_assert(intr());
    ck_assert_uint_eq(iir(), 0x04);
    ck_assert_uint_eq(uart.class->receive(&uart, (const uint8_t *)"y", 1), 0); /* no room: flow control */
    ck_assert_uint_eq(in8(BASE), 'x');
    ck_assert(!intr());
    ck_assert_uint_eq(bench.ready_calls, 1);
    ck_assert_uint_eq(uart.class->receive(&uart, (const uint8_t *)"y", 1), 1);
    end_uart();
}
END_TEST

START_TEST(the_receive_fifo_interrupts_at_its_trigger_level)
{
    make_uart();
    out8(BASE + 2, 0x81); /* 8 bytes */
    out8(BASE + 1, 0x01);
    send_in("1234567");
    ck_assert_uint_eq(iir(), 0xc1);
    send_in("8");
    ck_assert_uint_eq(iir(), 0xc4);
    ck_assert_uint_eq(in8(BASE), '1');
    ck_assert_uint_eq(iir(), 0xc1);
    send_in("9abcdefgh");
    ck_assert_uint_eq(uart.class->receive(&uart, (const uint8_t *)"i", 1), 0);
    for (const char *p = "23456789abcdefgh"; *p; p++)
        ck_assert_uint_eq(in8(BASE), (uint8_t)*p);
    ck_assert_uint_eq(lsr() & 1, 0);
    end_uart();
}
END_TEST

START_TEST(characters_below_the_trigger_time_out_after_four_character_times)
{
    make_uart();
    out8(BASE + 2, 0xc1);
    out8(BASE + 1, 0x01);
    send_in("ab"); /* waits one character time after the last arrival at most */
    ck_assert(!intr());
    bench_run(2 * CHARACTER_9600_NS);
    ck_assert(!intr());
    bench_run(2 * CHARACTER_9600_NS);
    ck_assert(intr());
    ck_assert_uint_eq(iir(), 0xcc);
    ck_assert_uint_eq(in8(BASE), 'a');
    ck_assert_uint_eq(iir(), 0xc1); /* a read starts the time anew */
    bench_run(4 * CHARACTER_9600_NS + 4);
    ck_assert_uint_eq(iir(), 0xcc);
    ck_assert_uint_eq(in8(BASE), 'b');
    bench_run(10 * CHARACTER_9600_NS);
    ck_assert_uint_eq(iir(), 0xc1);
    end_uart();
}
END_TEST

START_TEST(loopback_joins_lines_and_modem_bits)
{
    make_uart();
    out8(BASE + 4, 0x1a); /* loop, OUT2, RTS */
    ck_assert(!bench_level(&uart, "out2"));
    ck_assert_uint_eq(in8(BASE + 6), 0x99); /* CTS, DCD and their deltas */
    ck_assert_uint_eq(in8(BASE + 6), 0x90);
    out8(BASE, 'L');
    bench_run(CHARACTER_9600_NS + 1);
    ck_assert_uint_eq(bench.sent_count, 0);
    ck_assert_uint_eq(in8(BASE), 'L');
    ck_assert_uint_eq(uart.class->receive(&uart, (const uint8_t *)"x", 1), 0);
    out8(BASE + 4, 0x14); /* OUT1 is RI */
    ck_assert_uint_eq(in8(BASE + 6), 0x49);
    out8(BASE + 4, 0x10);
    ck_assert_uint_eq(in8(BASE + 6), 0x04); /* trailing edge */
    end_uart();
}
END_TEST

START_TEST(an_overrun_is_a_line_status_interrupt_of_the_highest_priority)
{
    make_uart();
    out8(BASE + 4, 0x10);
    out8(BASE + 1, 0x0f);
    out8(BASE, '1');
    bench_run(CHARACTER_9600_NS + 1);
    out8(BASE, '2');
    bench_run(CHARACTER_9600_NS + 1);
    ck_assert_uint_eq(iir(), 0x06);
    ck_assert_uint_eq(lsr(), 0x63);
    ck_assert_uint_eq(lsr(), 0x61);
    ck_assert_uint_eq(iir(), 0x04);
    ck_assert_uint_eq(in8(BASE), '2'); /* character mode: the newer one */
    ck_assert_uint_eq(iir(), 0x02);
    ck_assert_uint_eq(iir(), 0x01);
    end_uart();
}
END_TEST

START_TEST(a_full_fifo_keeps_the_older_characters)
{
    make_uart();
    out8(BASE + 4, 0x10);
    out8(BASE + 2, 0x01);
    for (unsigned i = 0; i < 17; i++) {
        out8(BASE, (uint8_t)('a' + i));
        bench_run(CHARACTER_9600_NS + 1);
    }
    ck_assert_uint_eq(lsr() & 0x03, 0x03);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(in8(BASE), 'a' + i);
    ck_assert_uint_eq(lsr() & 0x03, 0);
    end_uart();
}
END_TEST

START_TEST(modem_inputs_raise_their_interrupt_until_msr_is_read)
{
    make_uart();
    out8(BASE + 1, 0x08);
    bench_pin(&uart, "dsr", true);
    ck_assert_uint_eq(iir(), 0x00);
    ck_assert(intr());
    ck_assert_uint_eq(in8(BASE + 6), 0x22);
    ck_assert(!intr());
    bench_pin(&uart, "ri", true); /* leading edge of RI: not told */
    ck_assert(!intr());
    ck_assert_uint_eq(in8(BASE + 6), 0x60);
    out8(BASE + 4, 0x0b);
    ck_assert(bench_level(&uart, "out2"));
    ck_assert(bench_level(&uart, "dtr"));
    ck_assert(bench_level(&uart, "rts"));
    ck_assert(!bench_level(&uart, "out1"));
    end_uart();
}
END_TEST

START_TEST(clearing_the_fifos)
{
    make_uart();
    out8(BASE + 2, 0x01);
    send_in("abc");
    out8(BASE, '1');
    out8(BASE, '2');
    out8(BASE, '3');
    out8(BASE + 2, 0x07);
    ck_assert_uint_eq(lsr(), 0x20); /* the shift register still sends */
    bench_run(10 * CHARACTER_9600_NS);
    ck_assert_uint_eq(bench.sent_count, 1);
    send_in("d");
    out8(BASE + 2, 0x00); /* leaving FIFO mode clears too */
    ck_assert_uint_eq(lsr() & 1, 0);
    ck_assert_uint_eq(iir(), 0x01);
    end_uart();
}
END_TEST

START_TEST(the_fast_pin_takes_the_lines_delay_away)
{
    make_uart();
    uart.class->input(&uart, (unsigned)device_find_input(&uart16550_class, "fast"), true);
    out8(BASE, 'f');
    ck_assert(uart.class->busy(&uart));
    bench_run(1);
    ck_assert_uint_eq(bench.sent_count, 1);
    ck_assert(!uart.class->busy(&uart));
    end_uart();
}
END_TEST

START_TEST(a_divisor_of_zero_does_no_harm)
{
    make_uart();
    out8(BASE + 3, 0x83);
    out8(BASE, 0);
    out8(BASE + 1, 0);
    out8(BASE + 3, 0x03);
    out8(BASE, 'z');
    bench_run(6000000000ull);
    ck_assert_uint_eq(bench.sent_count, 1);
    end_uart();
}
END_TEST

UNIT_SUITE("uart16550", every_byte_of_the_state_has_its_row, the_registers_after_reset,
           the_divisor_hides_behind_dlab, a_character_takes_its_time_on_the_line,
           the_line_format_sets_the_time_and_the_bits,
           the_transmitter_interrupt_comes_on_enabling_and_goes_with_reading_iir,
           the_transmit_fifo_holds_sixteen_and_tells_when_it_is_empty,
           a_lone_byte_in_the_fifo_delays_the_empty_indication, received_characters_arrive_one_by_one,
           the_receive_fifo_interrupts_at_its_trigger_level,
           characters_below_the_trigger_time_out_after_four_character_times,
           loopback_joins_lines_and_modem_bits, an_overrun_is_a_line_status_interrupt_of_the_highest_priority,
           a_full_fifo_keeps_the_older_characters, modem_inputs_raise_their_interrupt_until_msr_is_read,
           clearing_the_fifos, the_fast_pin_takes_the_lines_delay_away, a_divisor_of_zero_does_no_harm)
