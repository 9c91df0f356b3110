/* The run loop, around a fake machine. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host/session.h"
#include "host/signals.h"
#include "unit/fake_machine.h"
#include "unit/suite.h"

#define MS 1000000u

static struct session session;
static struct error error;
static enum machine_stop stop;
static int ends[2];

/* A session over a pipe for input; its output is dropped. */
static void begin(void)
{
    struct machine_config config;
    free(session.machine); /* of an earlier part of the test */
    machine_config_init(&config);
    memset(&session, 0, sizeof session);
    ck_assert(stream_open(&session.serial, "null", &error));
    ck_assert(stream_open(&session.debugcon, "null", &error));
    ck_assert_int_eq(pipe(ends), 0);
    input_open(&session.input, ends[0], false);
    session.max_instructions = UINT64_MAX;
    session.timeout_ns = UINT64_MAX;
    config.serial = session_serial_output;
    config.debugcon = session_debugcon_output;
    config.output_context = &session;
    session.machine = machine_create(&config, &error);
    signals_watch(session.machine);
}

static void type(const char *text)
{
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(a_run_goes_in_slices_to_its_end)
{
    fake_reset(12345678);
    begin();
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_POWER_OFF);
    ck_assert_uint_eq(machine_instructions(session.machine), 12345678);
    ck_assert_uint_le(fake.longest_slice, 1000000);
}
END_TEST

START_TEST(the_instruction_limit_is_exact)
{
    fake_reset(UINT64_MAX);
    begin();
    session.max_instructions = 3000001;
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_LIMIT);
    ck_assert_uint_eq(machine_instructions(session.machine), 3000001);
}
END_TEST

START_TEST(a_limit_of_whole_slices_is_exact_too)
{
    fake_reset(UINT64_MAX);
    begin();
    session.max_instructions = 2000000;
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_LIMIT);
    ck_assert_uint_eq(machine_instructions(session.machine), 2000000);
}
END_TEST

START_TEST(the_timeout_ends_a_busy_and_a_sleeping_guest)
{
    fake_reset(UINT64_MAX);
    begin();
    session.timeout_ns = 30 * MS;
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_TIMEOUT);

    fake_reset(UINT64_MAX);
    fake.halt_ns = 3600000ull * MS;
    begin();
    session.paced = true;
    session.timeout_ns = 30 * MS;
    uint64_t before = pace_host_ns();
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_TIMEOUT);
    uint64_t took = pace_host_ns() - before;
    ck_assert_uint_ge(took, 30 * MS);
    ck_assert_uint_lt(took, 5000ull * MS);
}
END_TEST

START_TEST(a_paced_guest_keeps_the_hosts_time_and_uses_little_of_its_processor)
{
    fake_reset(10000);
    fake.halt_ns = 30 * MS; /* ten halts: 300 ms */
    begin();
    session.paced = true;
    uint64_t before = pace_host_ns(), processor_before = pace_processor_ns();
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_uint_ge(pace_host_ns() - before, 270 * MS);
    ck_assert_uint_lt(pace_processor_ns() - processor_before, 100 * MS);
}
END_TEST

START_TEST(a_busy_paced_guest_is_held_back)
{
    fake_reset(10000000); /* 100 ms of guest time */
    begin();
    session.paced = true;
    uint64_t before = pace_host_ns();
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_uint_ge(pace_host_ns() - before, 80 * MS);
}
END_TEST

START_TEST(an_unpaced_guest_does_not_wait_for_its_sleep)
{
    fake_reset(10000);
    fake.halt_ns = 3600000ull * MS;
    begin();
    uint64_t before = pace_host_ns();
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_uint_lt(pace_host_ns() - before, 5000ull * MS);
    ck_assert_uint_eq(machine_time_ns(session.machine), 10 * fake.halt_ns + 10000 * FAKE_NS_PER_INSTRUCTION);
}
END_TEST

START_TEST(input_wakes_a_sleeping_guest_at_the_time_it_comes)
{
    fake_reset(UINT64_MAX);
    fake.halt_ns = 3600000ull * MS;
    fake.stop_on = "k";
    begin();
    session.paced = true;
    pid_t typist = fork();
    if (typist == 0) {
        usleep(50000);
        type("k");
        _exit(0);
    }
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_POWER_OFF);
    ck_assert_uint_ge(session.machine->received_at, 30 * MS);
    ck_assert_uint_lt(session.machine->received_at, 10000ull * MS);
}
END_TEST

START_TEST(input_beyond_the_receivers_room_goes_in_bit_by_bit)
{
    fake_reset(UINT64_MAX);
    fake.halt_ns = MS;
    fake.room = 3;
    fake.stop_on = "0123456789";
    begin();
    type("0123456789");
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_str_eq(session.machine->received, "0123456789");
}
END_TEST

START_TEST(input_refused_by_the_guest_does_not_stop_its_time)
{
    fake_reset(20000);
    fake.halt_ns = MS;
    fake.room = 0;
    begin();
    type("nobody reads this");
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_POWER_OFF);
}
END_TEST

START_TEST(a_halted_guest_waits_for_input_when_interrupts_are_on)
{
    fake_reset(1000);
    fake.stop = MACHINE_HALTED;
    fake.stop_on = "never";
    begin();
    type("go");
    close(ends[1]); /* after that nothing can wake it */
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_HALTED);
    ck_assert_str_eq(session.machine->received, "go");
}
END_TEST

START_TEST(a_guest_halted_with_interrupts_off_is_halted_for_ever)
{
    fake_reset(1000);
    fake.stop = MACHINE_HALTED;
    fake.interrupts_off = true;
    begin(); /* the pipe stays open: waiting for it would hang */
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_HALTED);
}
END_TEST

START_TEST(a_signal_ends_the_run)
{
    fake_reset(UINT64_MAX);
    fake.raises = SIGTERM;
    begin();
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_SIGNAL);
    ck_assert_int_eq(signals_caught(), SIGTERM);
}
END_TEST

START_TEST(a_change_of_the_windows_size_is_harmless)
{
    fake_reset(3000000);
    fake.raises = SIGWINCH;
    begin();
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    ck_assert_int_eq(stop, MACHINE_POWER_OFF);
}
END_TEST

START_TEST(a_full_disk_ends_the_run)
{
    fake_reset(UINT64_MAX);
    fake.says = "hello";
    begin();
    ck_assert(stream_open(&session.serial, "file:/dev/full", &error));
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_FAILED);
    ck_assert_int_eq(error.kind, ERROR_HOST);
}
END_TEST

START_TEST(a_serial_line_leaves_when_it_is_complete)
{
    fake_reset(1);
    begin();
    int out[2];
    ck_assert_int_eq(pipe(out), 0);
    session.serial.descriptor = out[1];
    session_serial_output(&session, (const uint8_t *)"one", 3);
    ck_assert_uint_eq(session.serial.used, 3);
    session_serial_output(&session, (const uint8_t *)"\n", 1);
    ck_assert_uint_eq(session.serial.used, 0);
    char text[32] = "";
    ck_assert_int_eq(read(out[0], text, sizeof text), 4);
    ck_assert_str_eq(text, "one\n");
}
END_TEST

START_TEST(two_ports_into_one_place_keep_the_guests_order)
{
    fake_reset(1);
    fake.says = "serial ";
    fake.debugs = "debug";
    begin();
    int out[2];
    ck_assert_int_eq(pipe(out), 0);
    session.serial.descriptor = out[1];
    session.debugcon_is_serial = true;
    ck_assert_int_eq(session_run(&session, &stop, &error), SESSION_STOPPED);
    char text[32] = "";
    ck_assert_int_eq(read(out[0], text, sizeof text), 12);
    ck_assert_str_eq(text, "serial debug");
}
END_TEST

UNIT_SUITE("session", a_run_goes_in_slices_to_its_end, the_instruction_limit_is_exact,
           a_limit_of_whole_slices_is_exact_too, the_timeout_ends_a_busy_and_a_sleeping_guest,
           a_paced_guest_keeps_the_hosts_time_and_uses_little_of_its_processor,
           a_busy_paced_guest_is_held_back, an_unpaced_guest_does_not_wait_for_its_sleep,
           input_wakes_a_sleeping_guest_at_the_time_it_comes,
           input_beyond_the_receivers_room_goes_in_bit_by_bit,
           input_refused_by_the_guest_does_not_stop_its_time,
           a_halted_guest_waits_for_input_when_interrupts_are_on,
           a_guest_halted_with_interrupts_off_is_halted_for_ever, a_signal_ends_the_run,
           a_change_of_the_windows_size_is_harmless, a_full_disk_ends_the_run,
           a_serial_line_leaves_when_it_is_complete, two_ports_into_one_place_keep_the_guests_order)
