/* Judging one program on both sides, and making a failing one small. */
#ifndef GATE86_TESTS_ORACLE_SHRINK_H
#define GATE86_TESTS_ORACLE_SHRINK_H

#include "host.h"
#include "run.h"

struct judge {
    struct oracle_processor *processor;
    struct oracle_host *host;
};

struct verdict {
    const char *difference; /* NULL: the two sides agree, or the program cannot be compared */
    struct run run;
    struct oracle_outcome host;
};

/* What two outcomes of gate86 and one of the host amount to. */
const char *verdict_difference(const struct run *run, const struct oracle_outcome *host);

/* Runs one program on both sides. */
void program_judge(const struct judge *judge, const struct oracle_program *program, struct verdict *verdict);

/* Takes away whatever can go while the two sides still differ. */
void program_shrink(const struct judge *judge, struct oracle_program *program, struct verdict *verdict);

#endif
