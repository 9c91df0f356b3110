/* What is told of a run when it is over: why it ended, its size, its cost. */
#ifndef GATE86_MAIN_REPORT_H
#define GATE86_MAIN_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/session.h"
#include "machine/gate86.h"

struct report {
    enum session_end end;
    enum machine_stop stop; /* when end is SESSION_STOPPED */
    bool
        restart_ends; /* --no-reboot; without it MACHINE_RESET means that the image could not be read again */
    uint8_t exit_code;     /* when stop is MACHINE_DEBUG_EXIT */
    uint64_t instructions; /* since power-on */
    uint64_t guest_ns;
    uint64_t processor_ns; /* of the host, for this run */
};

/* The exit status of a run that ended so (not for SESSION_SIGNAL, SESSION_FAILED). */
int report_exit_status(const struct report *report);

/* Why it ended: "powered off", "debug exit: the guest failed with code 3". */
#define REPORT_REASON_SIZE 64
void report_reason(const struct report *report, char text[REPORT_REASON_SIZE]);

/* Digits in groups of three. */
void report_print_grouped(uint64_t number, FILE *out);

/* "gate86: powered off: 1,234,567 instructions, 12.3 guest seconds, 9.8 processor seconds, 126 MIPS" */
void report_print(const struct report *report, FILE *out);

#endif
