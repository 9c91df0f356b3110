/* The closing line and the exit status. */
#include <string.h>

#include "main/report.h"
#include "unit/suite.h"

static int status_of(enum machine_stop stop, uint8_t exit_code)
{
    struct report report = {
        .end = SESSION_STOPPED, .stop = stop, .restart_ends = true, .exit_code = exit_code};
    return report_exit_status(&report);
}

START_TEST(every_stop_has_the_exit_status_of_the_manual)
{
    ck_assert_int_eq(status_of(MACHINE_POWER_OFF, 0), 0);
    ck_assert_int_eq(status_of(MACHINE_RESET, 0), 0);
    ck_assert_int_eq(status_of(MACHINE_DEBUG_EXIT, 0), 0);
    ck_assert_int_eq(status_of(MACHINE_DEBUG_EXIT, 1), 1);
    ck_assert_int_eq(status_of(MACHINE_DEBUG_EXIT, 255), 1);
    ck_assert_int_eq(status_of(MACHINE_SHUTDOWN, 0), 64);
    ck_assert_int_eq(status_of(MACHINE_LIMIT, 0), 65);
    ck_assert_int_eq(status_of(MACHINE_HALTED, 0), 66);
    ck_assert_int_eq(status_of(MACHINE_UNIMPLEMENTED, 0), 67);
    ck_assert_int_eq(report_exit_status(&(struct report){.end = SESSION_TIMEOUT}), 65);
    ck_assert_int_eq(report_exit_status(&(struct report){.end = SESSION_QUIT}), 0);
    struct report image_lost = {.end = SESSION_STOPPED, .stop = MACHINE_RESET, .restart_ends = false};
    ck_assert_int_eq(report_exit_status(&image_lost), 3);
}
END_TEST

static void expect_line(const struct report *report, const char *line)
{
    char text[512] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    report_print(report, out);
    fclose(out);
    ck_assert_str_eq(text, line);
}

START_TEST(the_closing_line_has_instructions_times_and_speed)
{
    struct report report = {.end = SESSION_STOPPED,
                            .stop = MACHINE_POWER_OFF,
                            .instructions = 1234567890,
                            .guest_ns = 12345678900,
                            .processor_ns = 10000000000};
    expect_line(&report,
                "gate86: powered off: 1,234,567,890 instructions, 12.346 guest seconds, 10.00 processor "
                "seconds, 123 MIPS\n");
}
END_TEST

START_TEST(a_failed_guest_tells_its_code)
{
    struct report report = {
        .end = SESSION_STOPPED, .stop = MACHINE_DEBUG_EXIT, .exit_code = 7, .instructions = 12};
    expect_line(&report,
                "gate86: debug exit: the guest failed with code 7: 12 instructions, 0.000 guest seconds, "
                "0.00 processor seconds\n");
}
END_TEST

UNIT_SUITE("report", every_stop_has_the_exit_status_of_the_manual,
           the_closing_line_has_instructions_times_and_speed, a_failed_guest_tells_its_code)
