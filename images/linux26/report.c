/* Text for the reader, what was counted, and the table of checks at the end. */
#include "lib/print.h"
#include "linux26/format.h"
#include "linux26/kernel.h"

#define CHECKS 100

static struct {
    char what[CHECK_TEXT];
    int good;
} checks[CHECKS];
static unsigned check_count, failures;

uint32_t count_sysenters, count_int80s, count_sysexits, count_irets, count_fetch_faults, count_entry_traps;
struct counters counters;
volatile uint32_t ticks;

void print_text(const char *text)
{
    print(text);
}

void note(const char *format, ...)
{
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof line, format, arguments);
    va_end(arguments);
    print("    kernel  ");
    print(line);
    print("\n");
}

void panic(const char *format, ...)
{
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof line, format, arguments);
    va_end(arguments);
    print("linux26: FAILED: ");
    print(line);
    print("\n");
    machine_exit(1);
}

void check(int good, const char *what)
{
    if (check_count == CHECKS)
        panic("too many checks");
    for (unsigned i = 0; i < CHECK_TEXT - 1 && what[i] != '\0'; i++)
        checks[check_count].what[i] = what[i];
    checks[check_count++].good = good;
    failures += !good;
    print(good ? "    ok      " : "    WRONG   ");
    print(what);
    print("\n");
}

struct counters counters_get(void)
{
    struct counters now = counters;
    now.sysenters = count_sysenters;
    now.int80s = count_int80s;
    now.sysexits = count_sysexits;
    now.irets = count_irets;
    now.fetch_faults = count_fetch_faults;
    now.entry_traps = count_entry_traps;
    now.ticks = ticks;
    return now;
}

static void counter_print(const char *name, uint32_t value)
{
    print("  ");
    print_padded(name, 52);
    print_number(value, 0);
    print("\n");
}

static void counters_print(void)
{
    const struct counters now = counters_get();
    print("\nCounted\n");
    counter_print("system calls by SYSENTER", now.sysenters);
    counter_print("system calls by INT 80h", now.int80s);
    counter_print("returns to ring 3 by SYSEXIT", now.sysexits);
    counter_print("returns to ring 3 by IRET", now.irets);
    counter_print("calls whose sixth argument could not be fetched", now.fetch_faults);
    counter_print("faults of the kernel put right by the table", now.fixups);
    counter_print("#DB at the first instruction after SYSENTER", now.entry_traps);
    counter_print("calls made again after a signal", now.restarts);
    counter_print("  of these as restart_syscall", now.restart_calls);
    counter_print("shared pages copied at the first write", now.pages_copied);
    counter_print("shared pages kept by their last user", now.pages_kept);
    counter_print("timer interrupts", now.ticks);
    counter_print("  of these during a system call", now.ticks_in_kernel);
    counter_print("task switches", now.switches);
    counter_print("  of these because the time was up", now.preemptions);
}

void report_end(void)
{
    asm volatile("cli");
    counters_print();
    print("\nChecks\n");
    for (unsigned i = 0; i < check_count; i++) {
        print("  ");
        print_number(i + 1, 0);
        print(i < 9 ? "   " : "  ");
        print(checks[i].good ? "ok     " : "WRONG  ");
        print(checks[i].what);
        print("\n");
    }
    print("linux26: ");
    print_number(check_count, 0);
    print(" checks, ");
    print_number(failures, 0);
    print(failures == 0 ? " wrong\nlinux26: all checks passed\n" : " wrong\nlinux26: FAILED\n");
    machine_exit((int)failures);
}
