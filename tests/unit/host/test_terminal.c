/* The escape key. (What raw mode does to a real terminal is tested with the whole command in
 * main/test_run.c.) */
#include <string.h>

#include "host/terminal.h"
#include "unit/suite.h"

static struct terminal_escape escape;
static enum terminal_request request;

/* Filters the typed text; the result is compared with what the guest should get. */
static void expect(const char *typed, const char *for_guest, enum terminal_request asked)
{
    uint8_t bytes[64];
    size_t count = strlen(typed);
    memcpy(bytes, typed, count);
    size_t kept = terminal_filter(&escape, bytes, count, &request);
    ck_assert_uint_eq(kept, strlen(for_guest));
    ck_assert_int_eq(memcmp(bytes, for_guest, kept), 0);
    ck_assert_int_eq(request, asked);
}

START_TEST(ordinary_keys_pass)
{
    expect("ls -l\r\003\004\032", "ls -l\r\003\004\032", TERMINAL_NOTHING);
}
END_TEST

START_TEST(ctrl_a_x_asks_to_quit_and_drops_the_rest)
{
    expect("ab\001xcd", "ab", TERMINAL_QUIT);
}
END_TEST

START_TEST(ctrl_a_twice_is_one_ctrl_a_for_the_guest)
{
    expect("a\001\001b", "a\001b", TERMINAL_NOTHING);
    expect("\001a", "\001", TERMINAL_NOTHING);
}
END_TEST

START_TEST(ctrl_a_h_asks_for_help_and_goes_on)
{
    expect("a\001hb", "ab", TERMINAL_HELP);
}
END_TEST

START_TEST(an_unknown_key_after_ctrl_a_is_dropped)
{
    expect("a\001zb", "ab", TERMINAL_NOTHING);
}
END_TEST

START_TEST(the_escape_key_waits_for_the_next_piece_of_input)
{
    expect("a\001", "a", TERMINAL_NOTHING);
    ck_assert(escape.pending);
    expect("x", "", TERMINAL_QUIT);
}
END_TEST

START_TEST(leaving_a_terminal_that_was_not_entered_does_nothing)
{
    terminal_leave();
    terminal_leave();
}
END_TEST

UNIT_SUITE("terminal", ordinary_keys_pass, ctrl_a_x_asks_to_quit_and_drops_the_rest,
           ctrl_a_twice_is_one_ctrl_a_for_the_guest, ctrl_a_h_asks_for_help_and_goes_on,
           an_unknown_key_after_ctrl_a_is_dropped, the_escape_key_waits_for_the_next_piece_of_input,
           leaving_a_terminal_that_was_not_entered_does_nothing)
