/* The program in ring 3: what it does in which order, and what it does about exceptions. */
#include "nt/user.h"

void user_exception(const struct EXCEPTION_RECORD *record, struct CONTEXT *context);
_Noreturn void user_main(void);

struct TEB_OF_PROGRAM {
    uint32_t ExceptionList, StackBase, StackLimit, unused[3];
    struct TEB_OF_PROGRAM *Self;
};

/* The kernel gives the first to the first thread. */
struct TEB_OF_PROGRAM user_teb[2];

void (*user_exception_handler)(const struct EXCEPTION_RECORD *, struct CONTEXT *);

/* Called by KiUserExceptionDispatcher; returns to go on with the context. */
void user_exception(const struct EXCEPTION_RECORD *record, struct CONTEXT *context)
{
    if (user_exception_handler != NULL) {
        user_exception_handler(record, context);
        return;
    }
    say("nt: FAILED: exception ");
    say_hex(record->ExceptionCode, 8);
    say(" at ");
    say_hex(record->ExceptionAddress, 8);
    say(" ");
    say_hex(record->ExceptionInformation[1], 8);
    say_end();
    NtTerminateProcess(CURRENT_PROCESS, 255);
}

struct entry_information entries_get(void)
{
    struct entry_information entries;
    NtQuerySystemInformation(SYSTEM_ENTRY_INFORMATION, &entries, sizeof entries, NULL);
    return entries;
}

int has_sysenter(void)
{
    static struct frame_information information;
    NtQuerySystemInformation(SYSTEM_FRAME_INFORMATION, &information, sizeof information, NULL);
    return information.has_sysenter != 0;
}

static void totals_print(void)
{
    const struct entry_information entries = entries_get();
    const struct {
        const char *what;
        uint32_t count;
    } rows[] = {
        {"services entered by SYSENTER", entries.by_sysenter},
        {"services entered by INT 2Eh", entries.by_int2e},
        {"services left by SYSEXIT", entries.left_by_sysexit},
        {"services left by IRET", entries.left_by_iret},
        {"services left by the full IRET", entries.left_by_full_iret},
        {"single steps met at KiFastCallEntry", entries.steps_at_entry},
        {"timer interrupts in the program", entries.ticks_in_program},
        {"timer interrupts in a service", entries.ticks_in_service},
        {"timer interrupts in virtual-8086 mode", entries.ticks_in_v86},
        {"page faults of services resolved", entries.faults_resolved_in_service},
        {"bad pointers met by services", entries.violations_in_service},
        {"exceptions handed to the program", entries.exceptions},
        {"thread switches", entries.switches},
    };
    say_end();
    say_line("what the kernel has counted");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        say("    ");
        say_padded(rows[i].what, 42);
        say_number(rows[i].count, 8);
        say_end();
    }
}

void user_main(void)
{
    user_teb[0].Self = &user_teb[0];
    user_teb[1].Self = &user_teb[1];
    chapter_frame();
    chapter_calls();
    chapter_limits();
    chapter_pointers();
    chapter_page_fault();
    chapter_timer();
    chapter_threads();
    chapter_steps();
    chapter_continue();
    chapter_segments();
    chapter_v86();
    totals_print();
    const uint32_t failed = checks_table();
    say_end();
    say_line(failed == 0 ? "nt: all checks passed" : "nt: FAILED");
    for (;;)
        NtTerminateProcess(CURRENT_PROCESS, failed);
}
