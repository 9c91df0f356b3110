/* The closing line and the exit status. */
#include "main/report.h"

#include <string.h>

#include "main/exit_status.h"

int report_exit_status(const struct report *report)
{
    if (report->end == SESSION_QUIT)
        return EXIT_PASSED;
    if (report->end == SESSION_TIMEOUT)
        return EXIT_TIME_LIMIT;
    switch (report->stop) {
    case MACHINE_POWER_OFF:
        return EXIT_PASSED;
    case MACHINE_RESET: /* the way many kernels end a test run under --no-reboot */
        return report->restart_ends ? EXIT_PASSED : EXIT_INPUT;
    case MACHINE_DEBUG_EXIT:
        return report->exit_code == 0 ? EXIT_PASSED : EXIT_GUEST_FAILED;
    case MACHINE_LIMIT:
        return EXIT_TIME_LIMIT;
    case MACHINE_SHUTDOWN:
        return EXIT_TRIPLE_FAULT;
    case MACHINE_HALTED:
        return EXIT_HALTED;
    case MACHINE_UNIMPLEMENTED:
    case MACHINE_INTERRUPTED: /* session_run never ends with it */
        break;
    }
    return EXIT_UNIMPLEMENTED;
}

static const char *reason(const struct report *report)
{
    switch (report->end) {
    case SESSION_QUIT:
        return "ended by the user";
    case SESSION_TIMEOUT:
        return "time limit of the host's seconds";
    case SESSION_SIGNAL:
        return "ended by a signal";
    case SESSION_FAILED:
        return "ended by a failure of the host";
    case SESSION_STOPPED:
        break;
    }
    switch (report->stop) {
    case MACHINE_LIMIT:
        return "limit of instructions";
    case MACHINE_POWER_OFF:
        return "powered off";
    case MACHINE_RESET:
        return report->restart_ends ? "the guest asked for a restart" : "the guest could not be restarted";
    case MACHINE_DEBUG_EXIT:
        return report->exit_code == 0 ? "debug exit with code 0" : "debug exit: the guest failed";
    case MACHINE_SHUTDOWN:
        return "triple fault";
    case MACHINE_HALTED:
        return "halted for ever";
    case MACHINE_UNIMPLEMENTED:
        return "stopped at something not implemented";
    case MACHINE_INTERRUPTED:
        break;
    }
    return "interrupted";
}

void report_reason(const struct report *report, char text[REPORT_REASON_SIZE])
{
    if (report->end == SESSION_STOPPED && report->stop == MACHINE_DEBUG_EXIT && report->exit_code != 0)
        snprintf(text, REPORT_REASON_SIZE, "%s with code %u", reason(report), report->exit_code);
    else
        snprintf(text, REPORT_REASON_SIZE, "%s", reason(report));
}

void report_print_grouped(uint64_t number, FILE *out)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            fputc(',', out);
        fputc(digits[i], out);
    }
}

void report_print(const struct report *report, FILE *out)
{
    char text[REPORT_REASON_SIZE];
    report_reason(report, text);
    fprintf(out, "gate86: %s: ", text);
    report_print_grouped(report->instructions, out);
    fprintf(out, " instructions, %.3f guest seconds, %.2f processor seconds", (double)report->guest_ns / 1e9,
            (double)report->processor_ns / 1e9);
    if (report->processor_ns > 0)
        fprintf(out, ", %.0f MIPS", (double)report->instructions * 1e3 / (double)report->processor_ns);
    fputc('\n', out);
}
