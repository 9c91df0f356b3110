/* Characters for the guest: reading, waiting, flow control. */
#include <string.h>
#include <unistd.h>

#include "host/input.h"
#include "unit/fake_machine.h"
#include "unit/suite.h"

static int ends[2];
static struct input input;
static struct machine *machine;

static void begin(bool terminal)
{
    struct error error;
    struct machine_config config;
    free(machine); /* of an earlier part of the test */
    fake_reset(1000);
    machine_config_init(&config);
    machine = machine_create(&config, &error);
    ck_assert_int_eq(pipe(ends), 0);
    input_open(&input, ends[0], terminal);
}

static void type(const char *text)
{
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(the_guest_gets_what_it_has_room_for_and_the_rest_later)
{
    begin(false);
    fake.room = 4;
    type("abcdefg");
    ck_assert_int_eq(input_read(&input), TERMINAL_NOTHING);
    ck_assert_uint_eq(input_offer(&input, machine), 4);
    ck_assert_uint_eq(input_offer(&input, machine), 3);
    ck_assert_uint_eq(input_offer(&input, machine), 0);
    ck_assert_str_eq(machine->received, "abcdefg");
}
END_TEST

START_TEST(piped_characters_wait_for_the_guest_to_be_ready_and_typed_ones_do_not)
{
    begin(false);
    fake.ready_at = 1;
    type("x");
    input_read(&input);
    ck_assert(!input_pending(&input, machine));
    ck_assert_uint_eq(input_offer(&input, machine), 0);
    machine->instructions = 1;
    ck_assert_uint_eq(input_offer(&input, machine), 1);

    begin(true);
    fake.ready_at = 1;
    type("x");
    input_read(&input);
    ck_assert_uint_eq(input_offer(&input, machine), 1);
}
END_TEST

START_TEST(a_full_buffer_takes_no_more_and_goes_on_when_there_is_room)
{
    begin(false);
    char text[INPUT_BUFFER + 101];
    memset(text, 'q', INPUT_BUFFER + 100);
    text[INPUT_BUFFER + 100] = '\0';
    type(text);
    input_read(&input);
    ck_assert_uint_eq(input.used, INPUT_BUFFER);
    ck_assert(!input_can_grow(&input));
    ck_assert(!input_wait(&input, 0));
    fake.room = sizeof text;
    ck_assert_uint_eq(input_offer(&input, machine), INPUT_BUFFER);
    ck_assert(input_wait(&input, 0));
    input_read(&input);
    ck_assert_uint_eq(input.used, 100);
}
END_TEST

START_TEST(the_end_of_the_input_is_no_trouble)
{
    begin(false);
    type("last");
    close(ends[1]);
    input_read(&input);
    ck_assert(!input_can_grow(&input));
    ck_assert_uint_eq(input_offer(&input, machine), 4);
    ck_assert(!input_wait(&input, 0));
}
END_TEST

START_TEST(escape_sequences_are_seen_across_reads)
{
    begin(true);
    type("a\001");
    ck_assert_int_eq(input_read(&input), TERMINAL_NOTHING);
    type("x");
    ck_assert_int_eq(input_read(&input), TERMINAL_QUIT);
    ck_assert_uint_eq(input.used, 1);
}
END_TEST

START_TEST(a_pipe_has_no_escape_key)
{
    begin(false);
    type("\001x");
    ck_assert_int_eq(input_read(&input), TERMINAL_NOTHING);
    ck_assert_uint_eq(input.used, 2);
}
END_TEST

UNIT_SUITE("input", the_guest_gets_what_it_has_room_for_and_the_rest_later,
           piped_characters_wait_for_the_guest_to_be_ready_and_typed_ones_do_not,
           a_full_buffer_takes_no_more_and_goes_on_when_there_is_room, the_end_of_the_input_is_no_trouble,
           escape_sequences_are_seen_across_reads, a_pipe_has_no_escape_key)
