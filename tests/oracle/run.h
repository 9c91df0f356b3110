/* Running a program in gate86: once step by step, watched, and once freely; and judging both against the host. */
#ifndef GATE86_TESTS_ORACLE_RUN_H
#define GATE86_TESTS_ORACLE_RUN_H

#include "admission.h"

#define RUN_STEPS_MAX 20000

enum run_end {
    RUN_ENDED,   /* by an exception */
    RUN_REFUSED, /* something in it cannot be compared */
    RUN_ENDLESS, /* not ended within RUN_STEPS_MAX */
};

struct run {
    enum run_end end;
    const char *why;    /* RUN_REFUSED */
    uint32_t undefined; /* EFLAGS bits not to be compared */
    bool loose;         /* only where it faulted is compared: see row_facts */
    const struct instruction
        *last; /* row of the last instruction but the final HLT; NULL: undefined, or none */
    struct oracle_outcome stepped;
    struct oracle_outcome free;
};

/* The instructions are counted in processor->coverage. */
void program_run(struct oracle_processor *processor, const struct oracle_program *program, struct run *run);

/* Names the first field in which two outcomes differ, what the run leaves open aside; NULL: none. */
const char *outcome_difference(const struct oracle_outcome *a, const struct oracle_outcome *b,
                               uint32_t undefined, bool loose);

#endif
