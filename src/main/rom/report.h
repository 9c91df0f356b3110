/* Results of ROMs for readers and for programs: a summary, TAP, JUnit. Each is written ROM by ROM, in order. */
#ifndef GATE86_MAIN_ROM_REPORT_H
#define GATE86_MAIN_ROM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "main/rom/result.h"

struct rom_report {
    FILE *out;   /* summary or TAP */
    FILE *junit; /* NULL: not wanted */
    bool tap;
    size_t roms, roms_passed;
    uint64_t of_kind[ROM_CASE_KINDS]; /* cases so far */
    uint64_t tap_number;              /* of the last test point */
    int status;                       /* enum exit_status: the worst so far */
};

void rom_report_begin(struct rom_report *report, FILE *out, bool tap, FILE *junit);
void rom_report_add(struct rom_report *report, const char *name, const struct rom_result *result);

/* The end of the list; complete: every ROM was run. Returns the exit status. */
int rom_report_end(struct rom_report *report, bool complete);

/* The worse of two exit statuses: 2, 3, 67, 64, 65, 66, 1, 0. */
int rom_status_worse(int a, int b);

#endif
