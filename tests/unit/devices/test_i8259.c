/* The 8259A, alone and as the pair of a PC. */
#include "devices/i8259.h"
#include "unit/devices/bench.h"

static struct device pic0, pic1;

static void line(unsigned irq, bool level)
{
    char name[] = "ir0";
    name[2] = (char)('0' + irq % 8);
    bench_pin(irq < 8 ? &pic0 : &pic1, name, level);
}

/* The pair as a PC BIOS sets it up: vectors 08h and 70h, slave on ir2. */
static void make_pair(uint8_t icw4)
{
    bench_begin();
    device_init(&pic0, &i8259_class, "pic0", &bench.board, 0);
    device_init(&pic1, &i8259_class, "pic1", &bench.board, 0xa0);
    bench_pin(&pic0, "sp", true);
    device_connect(&pic1, "int", &pic0, "ir2");
    device_connect(&pic0, "cas0", &pic1, "cas0");
    device_connect(&pic0, "cas1", &pic1, "cas1");
    device_connect(&pic0, "cas2", &pic1, "cas2");
    out8(0x20, 0x11);
    out8(0x21, 0x08);
    out8(0x21, 0x04);
    out8(0x21, icw4);
    out8(0xa0, 0x11);
    out8(0xa1, 0x70);
    out8(0xa1, 0x02);
    out8(0xa1, 0x01);
}

static void end_pair(void)
{
    device_free(&pic0);
    device_free(&pic1);
    bench_end();
}

static uint8_t acknowledge(void)
{
    uint8_t vector = pic0.class->acknowledge(&pic0);
    if (bench_level(&pic0, "cas"))
        vector = pic1.class->acknowledge(&pic1);
    return vector;
}

static uint8_t isr(uint16_t port)
{
    out8(port, 0x0b);
    return in8(port);
}

static uint8_t irr(uint16_t port)
{
    out8(port, 0x0a);
    return in8(port);
}

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&i8259_class);
}
END_TEST

START_TEST(an_uninitialized_chip_requests_nothing)
{
    bench_begin();
    device_init(&pic0, &i8259_class, "pic0", &bench.board, 0);
    line(0, true);
    ck_assert(!bench_level(&pic0, "int"));
    out8(0x20, 0x11);
    ck_assert(!bench_level(&pic0, "int"));
    device_free(&pic0);
    bench_end();
}
END_TEST

START_TEST(an_edge_is_requested_acknowledged_and_ended)
{
    make_pair(0x01);
    line(3, true);
    ck_assert(bench_level(&pic0, "int"));
    ck_assert_uint_eq(irr(0x20), 0x08);
    ck_assert_uint_eq(acknowledge(), 0x0b);
    ck_assert(!bench_level(&pic0, "int"));
    ck_assert_uint_eq(irr(0x20), 0);
    ck_assert_uint_eq(isr(0x20), 0x08);
    out8(0x20, 0x20);
    ck_assert_uint_eq(isr(0x20), 0);
    ck_assert(!bench_level(&pic0, "int")); /* the line is still high, but there was no new edge */
    line(3, false);
    line(3, true);
    ck_assert(bench_level(&pic0, "int"));
    end_pair();
}
END_TEST

START_TEST(the_slave_answers_through_the_cascade)
{
    make_pair(0x01);
    line(12, true);
    ck_assert(bench_level(&pic0, "int"));
    ck_assert_uint_eq(acknowledge(), 0x74);
    ck_assert_uint_eq(isr(0x20), 0x04);
    ck_assert_uint_eq(isr(0xa0), 0x10);
    line(8, true); /* higher in the slave, but the master holds ir2 in service */
    ck_assert(bench_level(&pic1, "int"));
    ck_assert(!bench_level(&pic0, "int"));
    out8(0xa0, 0x20);
    out8(0x20, 0x20);
    ck_assert_uint_eq(isr(0xa0), 0);
    ck_assert(bench_level(&pic0, "int"));
    ck_assert_uint_eq(acknowledge(), 0x70);
    end_pair();
}
END_TEST

START_TEST(special_fully_nested_mode_lets_the_slave_interrupt_itself)
{
    make_pair(0x11);
    line(12, true);
    ck_assert_uint_eq(acknowledge(), 0x74);
    line(8, true);
    ck_assert(bench_level(&pic0, "int"));
    ck_assert_uint_eq(acknowledge(), 0x70);
    ck_assert_uint_eq(isr(0xa0), 0x11);
    line(13, true); /* lower than what the slave serves */
    ck_assert(!bench_level(&pic0, "int"));
    end_pair();
}
END_TEST

START_TEST(priority_nests_and_the_mask_holds_back)
{
    make_pair(0x01);
    line(5, true);
    ck_assert_uint_eq(acknowledge(), 0x0d);
    line(6, true);
    ck_assert(!bench_level(&pic0, "int"));
    line(1, true);
    ck_assert(bench_level(&pic0, "int"));
    out8(0x21, 0x02);
    ck_assert(!bench_level(&pic0, "int"));
    ck_assert_uint_eq(in8(0x21), 0x02);
    out8(0x21, 0x00);
    ck_assert_uint_eq(acknowledge(), 0x09);
    ck_assert_uint_eq(isr(0x20), 0x22);
    out8(0x20, 0x20); /* non-specific: the highest */
    ck_assert_uint_eq(isr(0x20), 0x20);
    out8(0x20, 0x65); /* specific */
    ck_assert_uint_eq(isr(0x20), 0);
    ck_assert_uint_eq(acknowledge(), 0x0e);
    end_pair();
}
END_TEST

START_TEST(a_request_that_vanishes_gives_the_spurious_vector_without_service)
{
    make_pair(0x01);
    line(4, true);
    line(4, false);
    ck_assert(!bench_level(&pic0, "int"));
    ck_assert_uint_eq(acknowledge(), 0x0f);
    ck_assert_uint_eq(isr(0x20), 0);
    end_pair();
}
END_TEST

START_TEST(a_slave_that_is_called_for_nothing_answers_fifteen)
{
    make_pair(0x01);
    bench_pin(&pic0, "ir2", true); /* noise on the cascade line */
    ck_assert_uint_eq(acknowledge(), 0x77);
    ck_assert_uint_eq(isr(0xa0), 0);
    ck_assert_uint_eq(isr(0x20), 0x04);
    end_pair();
}
END_TEST

START_TEST(a_level_triggered_line_requests_as_long_as_it_is_high)
{
    make_pair(0x01);
    bench_pin(&pic0, "lt5", true);
    line(5, true);
    ck_assert_uint_eq(acknowledge(), 0x0d);
    ck_assert_uint_eq(irr(0x20), 0x20);
    out8(0x20, 0x20);
    ck_assert(bench_level(&pic0, "int"));
    ck_assert_uint_eq(acknowledge(), 0x0d);
    line(5, false);
    out8(0x20, 0x20);
    ck_assert(!bench_level(&pic0, "int"));
    end_pair();
}
END_TEST

START_TEST(icw1_makes_all_lines_level_triggered)
{
    make_pair(0x01);
    out8(0x20, 0x1b); /* LTIM, single */
    out8(0x21, 0x20);
    out8(0x21, 0x01);
    line(6, true);
    ck_assert_uint_eq(acknowledge(), 0x26);
    out8(0x20, 0x20);
    ck_assert(bench_level(&pic0, "int"));
    end_pair();
}
END_TEST

START_TEST(icw1_forgets_edges_masks_and_service)
{
    make_pair(0x01);
    line(0, true);
    acknowledge();
    line(1, true);
    out8(0x21, 0xf0);
    out8(0x20, 0x13);
    ck_assert_uint_eq(in8(0x21), 0);
    ck_assert_uint_eq(in8(0x20), 0); /* IRR: status read is set to IRR, edges forgotten */
    ck_assert_uint_eq(isr(0x20), 0);
    out8(0x21, 0x40);
    out8(0x21, 0x01);
    ck_assert(!bench_level(&pic0, "int"));
    line(1, false);
    line(1, true);
    ck_assert_uint_eq(acknowledge(), 0x41);
    end_pair();
}
END_TEST

START_TEST(automatic_eoi_leaves_nothing_in_service)
{
    make_pair(0x03);
    line(4, true);
    ck_assert_uint_eq(acknowledge(), 0x0c);
    ck_assert_uint_eq(isr(0x20), 0);
    end_pair();
}
END_TEST

START_TEST(rotation_makes_the_served_level_the_lowest)
{
    make_pair(0x01);
    line(3, true);
    acknowledge();
    out8(0x20, 0xa0); /* rotate on non-specific EOI: 3 is lowest, 4 highest */
    line(0, true);
    line(4, true);
    ck_assert_uint_eq(acknowledge(), 0x0c);
    out8(0x20, 0xe4); /* rotate on specific EOI: 4 is lowest */
    line(5, true);
    ck_assert_uint_eq(acknowledge(), 0x0d);
    out8(0x20, 0x65);
    out8(0x20, 0xc7); /* set priority: back to 7 lowest */
    line(7, true);
    ck_assert_uint_eq(acknowledge(), 0x08);
    end_pair();
}
END_TEST

START_TEST(rotation_in_automatic_eoi_mode)
{
    make_pair(0x03);
    out8(0x20, 0x80);
    line(0, true);
    ck_assert_uint_eq(acknowledge(), 0x08); /* now 1 is highest */
    line(0, false);
    line(0, true);
    line(1, true);
    ck_assert_uint_eq(acknowledge(), 0x09);
    out8(0x20, 0x00);
    ck_assert_uint_eq(acknowledge(), 0x08);
    line(1, false);
    line(1, true);
    line(2, true);
    out8(0x20, 0x40);                                        /* no operation */
    ck_assert_uint_eq(pic0.class->acknowledge(&pic0), 0xff); /* still 1 lowest: ir2, the slave's, is first */
    end_pair();
}
END_TEST

START_TEST(special_mask_mode_opens_the_lower_levels)
{
    make_pair(0x01);
    line(3, true);
    acknowledge();
    line(6, true);
    ck_assert(!bench_level(&pic0, "int"));
    out8(0x21, 0x08);
    ck_assert(!bench_level(&pic0, "int"));
    out8(0x20, 0x68);
    ck_assert(bench_level(&pic0, "int"));
    ck_assert_uint_eq(acknowledge(), 0x0e);
    out8(0x20, 0x20); /* clears 6, not the masked 3 */
    ck_assert_uint_eq(isr(0x20), 0x08);
    out8(0x20, 0x20);
    ck_assert_uint_eq(isr(0x20), 0x08);
    out8(0x20, 0x48);
    out8(0x20, 0x20);
    ck_assert_uint_eq(isr(0x20), 0);
    end_pair();
}
END_TEST

START_TEST(a_poll_takes_the_request_by_reading)
{
    make_pair(0x01);
    out8(0x20, 0x0c);
    ck_assert_uint_eq(in8(0x20) & 0x80, 0);
    line(6, true);
    out8(0x20, 0x0c);
    ck_assert_uint_eq(in8(0x20), 0x86);
    ck_assert_uint_eq(isr(0x20), 0x40);
    ck_assert(!bench_level(&pic0, "int"));
    line(1, true);
    out8(0x20, 0x0c);
    ck_assert_uint_eq(in8(0x21), 0x81); /* a read of either port */
    ck_assert_uint_eq(in8(0x21), 0x00); /* and once only: the mask again */
    end_pair();
}
END_TEST

START_TEST(a_reset_of_the_processor_does_not_reach_the_chip)
{
    make_pair(0x01);
    out8(0x21, 0x5a);
    device_reset(&pic0);
    ck_assert_uint_eq(in8(0x21), 0x5a);
    end_pair();
}
END_TEST

UNIT_SUITE("i8259", every_byte_of_the_state_has_its_row, an_uninitialized_chip_requests_nothing,
           an_edge_is_requested_acknowledged_and_ended, the_slave_answers_through_the_cascade,
           special_fully_nested_mode_lets_the_slave_interrupt_itself, priority_nests_and_the_mask_holds_back,
           a_request_that_vanishes_gives_the_spurious_vector_without_service,
           a_slave_that_is_called_for_nothing_answers_fifteen,
           a_level_triggered_line_requests_as_long_as_it_is_high, icw1_makes_all_lines_level_triggered,
           icw1_forgets_edges_masks_and_service, automatic_eoi_leaves_nothing_in_service,
           rotation_makes_the_served_level_the_lowest, rotation_in_automatic_eoi_mode,
           special_mask_mode_opens_the_lower_levels, a_poll_takes_the_request_by_reading,
           a_reset_of_the_processor_does_not_reach_the_chip)
