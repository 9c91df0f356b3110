/* The keyboard controller and its keyboard, as software sees them. */
#include "devices/i8042.h"
#include "unit/devices/bench.h"

static struct device kbc;

/* As a BIOS leaves it: keyboard and its interrupt on, translation to set 1. */
static void make_controller(uint8_t mode)
{
    bench_begin();
    device_init(&kbc, &i8042_class, "kbc0", &bench.board, 0);
    out8(0x64, 0x60);
    out8(0x60, mode);
}

static void end_controller(void)
{
    device_free(&kbc);
    bench_end();
}

/* The next byte within 2 ms of guest time, or -1. */
static int next(void)
{
    bench_run(2000000);
    return in8(0x64) & 1 ? in8(0x60) : -1;
}

static void press(const char *bytes, size_t count)
{
    ck_assert_uint_eq(kbc.class->receive(&kbc, (const uint8_t *)bytes, count), count);
}

static void expect(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(next(), (uint8_t)bytes[i]);
    ck_assert_int_eq(next(), -1);
}

#define PRESS(text)  press(text, sizeof text - 1)
#define EXPECT(text) expect(text, sizeof text - 1)

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&i8042_class);
}
END_TEST

START_TEST(the_self_test_passes_and_sets_the_system_flag)
{
    make_controller(0x30);
    ck_assert_uint_eq(in8(0x64), 0x10);
    out8(0x64, 0xaa);
    ck_assert_uint_eq(in8(0x64), 0x1d);
    ck_assert_uint_eq(in8(0x60), 0x55);
    ck_assert_uint_eq(in8(0x64), 0x1c);
    out8(0x64, 0xab);
    ck_assert_uint_eq(in8(0x60), 0x00);
    out8(0x64, 0x20);
    ck_assert_uint_eq(in8(0x60), 0x34);
    end_controller();
}
END_TEST

START_TEST(controller_ram_reads_back)
{
    make_controller(0x30);
    out8(0x64, 0x7f);
    out8(0x60, 0xa5);
    out8(0x64, 0x3f);
    ck_assert_uint_eq(in8(0x60), 0xa5);
    out8(0x64, 0xa4);
    ck_assert_uint_eq(in8(0x60), 0xf1);
    out8(0x64, 0xc0);
    ck_assert_uint_eq(in8(0x60) & 0x80, 0x80);
    out8(0x64, 0xe0);
    ck_assert_uint_eq(in8(0x60), 0x02);
    end_controller();
}
END_TEST

START_TEST(keys_arrive_translated_with_one_interrupt_each)
{
    struct probe probe;
    make_controller(0x45);
    bench_probe(&kbc, "irq1", &probe);
    PRESS("\x1c\xf0\x1c"); /* A pressed and released */
    bench_run(999999);
    ck_assert_uint_eq(probe.rises, 0);
    bench_run(1);
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(in8(0x64), 0x15);
    bench_run(10000000);
    ck_assert_uint_eq(in8(0x60), 0x1e); /* waits until it is read */
    ck_assert_uint_eq(probe.falls, 1);
    bench_run(2000000);
    ck_assert_uint_eq(in8(0x60), 0x9e);
    ck_assert_uint_eq(probe.rises, 2);
    ck_assert_int_eq(next(), -1);
    end_controller();
}
END_TEST

START_TEST(extended_keys_keep_their_prefix_through_the_translation)
{
    make_controller(0x45);
    PRESS("\xe0\x75\xe0\xf0\x75");
    EXPECT("\xe0\x48\xe0\xc8");
    PRESS("\xe1\x14\x77\xe1\xf0\x14\xf0\x77");
    EXPECT("\xe1\x1d\x45\xe1\x9d\xc5");
    PRESS("\x83\xf0\x83\x84"); /* F7 and SysRq lie beyond the table of 128 */
    EXPECT("\x41\xc1\x54");
    end_controller();
}
END_TEST

START_TEST(without_translation_set_2_comes_through)
{
    make_controller(0x05);
    PRESS("\xe0\x75\xe0\xf0\x75");
    EXPECT("\xe0\x75\xe0\xf0\x75");
    end_controller();
}
END_TEST

START_TEST(set_1_from_the_keyboard_equals_the_translation)
{
    make_controller(0x05);
    out8(0x60, 0xf0);
    EXPECT("\xfa");
    out8(0x60, 0x01);
    EXPECT("\xfa");
    PRESS("\x1c\xf0\x1c\xe0\x75\xe0\xf0\x75");
    EXPECT("\x1e\x9e\xe0\x48\xe0\xc8");
    out8(0x60, 0xf0);
    EXPECT("\xfa");
    out8(0x60, 0x00);
    EXPECT("\xfa\x01");
    end_controller();
}
END_TEST

START_TEST(set_3_gives_each_key_one_code_and_a_type)
{
    make_controller(0x05);
    out8(0x60, 0xf0);
    EXPECT("\xfa");
    out8(0x60, 0x03);
    EXPECT("\xfa");
    PRESS("\x1c\xf0\x1c");         /* A: typematic, no break */
    PRESS("\x12\xf0\x12");         /* left shift: make and break */
    PRESS("\xe0\x75\xe0\xf0\x75"); /* up */
    EXPECT("\x1c\x12\xf0\x12\x63");
    PRESS("\xe0\x12\xe0\x70\xe0\xf0\x70\xe0\xf0\x12"); /* Insert in its shifts */
    EXPECT("\x67");
    PRESS("\xe1\x14\x77\xe1\xf0\x14\xf0\x77\x05"); /* Pause, F1 */
    EXPECT("\x62\x07");
    out8(0x60, 0xfc); /* make and break for A */
    EXPECT("\xfa");
    out8(0x60, 0x1c);
    EXPECT("\xfa");
    PRESS("\x1c\xf0\x1c");
    EXPECT("\x1c\xf0\x1c");
    out8(0x60, 0xf9); /* ends the list of keys; all make only */
    EXPECT("\xfa");
    PRESS("\x12\xf0\x12\x1c\xf0\x1c");
    EXPECT("\x12\x1c");
    out8(0x60, 0xfa);
    EXPECT("\xfa");
    PRESS("\x05\xf0\x05");
    EXPECT("\x07\xf0\x07");
    end_controller();
}
END_TEST

START_TEST(the_keyboard_answers_its_commands)
{
    make_controller(0x05);
    out8(0x60, 0xee);
    EXPECT("\xee");
    out8(0x60, 0xf2);
    EXPECT("\xfa\xab\x83");
    out8(0x60, 0xed);
    EXPECT("\xfa");
    out8(0x60, 0x07);
    EXPECT("\xfa");
    ck_assert_uint_eq(((struct i8042 *)kbc.state)->keyboard.leds, 7);
    out8(0x60, 0xf3);
    EXPECT("\xfa");
    out8(0x60, 0x20);
    EXPECT("\xfa");
    out8(0x60, 0xfe);
    EXPECT("\xfa"); /* the last byte again */
    out8(0x60, 0xf0);
    EXPECT("\xfa");
    out8(0x60, 0x07);
    EXPECT("\xfe");
    out8(0x60, 0x12);
    EXPECT("\xfe");
    out8(0x60, 0xed);
    EXPECT("\xfa");
    out8(0x60, 0xf4); /* a command where a parameter was due */
    EXPECT("\xfa");
    end_controller();
}
END_TEST

START_TEST(the_identity_is_translated_too)
{
    make_controller(0x45);
    out8(0x60, 0xf2);
    EXPECT("\xfa\xab\x41");
    end_controller();
}
END_TEST

START_TEST(a_reset_acknowledges_and_tests_for_three_hundred_milliseconds)
{
    make_controller(0x05);
    out8(0x60, 0xff);
    EXPECT("\xfa");
    PRESS("\x1c");
    out8(0x60, 0xee);
    bench_run(200000000);
    ck_assert_int_eq(next(), -1);
    bench_run(100000000);
    EXPECT("\xaa");
    PRESS("\x1c");
    EXPECT("\x1c");
    end_controller();
}
END_TEST

START_TEST(scanning_can_be_switched_off_and_the_interface_too)
{
    make_controller(0x05);
    out8(0x60, 0xf5);
    EXPECT("\xfa");
    PRESS("\x1c");
    ck_assert_int_eq(next(), -1);
    out8(0x60, 0xf4);
    EXPECT("\xfa");
    out8(0x64, 0xad);
    PRESS("\x1c");
    ck_assert_int_eq(next(), -1);
    out8(0x64, 0xae);
    EXPECT("\x1c");
    out8(0x64, 0xad);
    out8(0x60, 0xee); /* a byte for the keyboard enables it */
    EXPECT("\xee");
    end_controller();
}
END_TEST

START_TEST(the_seventeenth_byte_becomes_the_overrun_code)
{
    make_controller(0x05);
    out8(0x64, 0xad);
    for (unsigned i = 0; i < 20; i++)
        PRESS("\x1c");
    out8(0x64, 0xae);
    for (unsigned i = 0; i < 15; i++)
        ck_assert_int_eq(next(), 0x1c);
    EXPECT("\0");
    end_controller();
}
END_TEST

START_TEST(the_output_port_opens_a20_and_resets)
{
    struct probe probe;
    make_controller(0x05);
    bench_probe(&kbc, "init", &probe);
    ck_assert(bench_level(&kbc, "a20"));
    out8(0x64, 0xd1);
    out8(0x60, 0xdd);
    ck_assert(!bench_level(&kbc, "a20"));
    ck_assert_uint_eq(probe.rises, 0);
    out8(0x64, 0xd0);
    ck_assert_uint_eq(in8(0x60) & 3, 1);
    out8(0x64, 0xdf);
    ck_assert(bench_level(&kbc, "a20"));
    out8(0x64, 0xdd);
    ck_assert(!bench_level(&kbc, "a20"));
    out8(0x64, 0xd1);
    out8(0x60, 0xde);
    ck_assert_uint_eq(probe.rises, 1);
    out8(0x64, 0xfe);
    ck_assert_uint_eq(probe.rises, 2);
    ck_assert_uint_eq(probe.falls, 2);
    ck_assert(bench_level(&kbc, "a20"));
    out8(0x64, 0xfd); /* A20 low for 6 us */
    ck_assert(!bench_level(&kbc, "a20"));
    bench_run(6000);
    ck_assert(bench_level(&kbc, "a20"));
    device_reset(&kbc);
    ck_assert(bench_level(&kbc, "a20"));
    end_controller();
}
END_TEST

START_TEST(the_auxiliary_port_is_there_and_nobody_is_at_it)
{
    struct probe probe;
    make_controller(0x47);
    bench_probe(&kbc, "irq12", &probe);
    out8(0x64, 0xa7);
    out8(0x64, 0x20);
    ck_assert_uint_eq(in8(0x60), 0x67);
    out8(0x64, 0xa8);
    out8(0x64, 0xa9);
    ck_assert_uint_eq(in8(0x60), 0x00);
    out8(0x64, 0xd3);
    out8(0x60, 0x5a);
    ck_assert_uint_eq(in8(0x64) & 0x61, 0x21);
    ck_assert_uint_eq(probe.rises, 1);
    ck_assert_uint_eq(in8(0x60), 0x5a);
    out8(0x64, 0xd4);
    out8(0x60, 0xff);
    ck_assert_uint_eq(in8(0x64) & 0x61, 0x61);
    ck_assert_uint_eq(in8(0x60), 0xfe);
    ck_assert_uint_eq(in8(0x64) & 0x61, 0x00);
    out8(0x64, 0xd2);
    out8(0x60, 0x77);
    ck_assert_uint_eq(in8(0x64) & 0x21, 0x01);
    ck_assert_uint_eq(in8(0x60), 0x77);
    end_controller();
}
END_TEST

UNIT_SUITE("i8042", every_byte_of_the_state_has_its_row, the_self_test_passes_and_sets_the_system_flag,
           controller_ram_reads_back, keys_arrive_translated_with_one_interrupt_each,
           extended_keys_keep_their_prefix_through_the_translation, without_translation_set_2_comes_through,
           set_1_from_the_keyboard_equals_the_translation, set_3_gives_each_key_one_code_and_a_type,
           the_keyboard_answers_its_commands, the_identity_is_translated_too,
           a_reset_acknowledges_and_tests_for_three_hundred_milliseconds,
           scanning_can_be_switched_off_and_the_interface_too, the_seventeenth_byte_becomes_the_overrun_code,
           the_output_port_opens_a20_and_resets, the_auxiliary_port_is_there_and_nobody_is_at_it)
