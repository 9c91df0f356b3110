/* Which rows of the instruction table have been executed, and which have completed without a fault. */
#ifndef GATE86_TESTS_ORACLE_COVERAGE_H
#define GATE86_TESTS_ORACLE_COVERAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "cpu/instruction.h"

#define COVERAGE_ROWS_MAX 2048
#define COVERAGE_SLOTS    8192 /* a power of two, well above the number of rows */

/* What the row's text says, read once. */
struct row_facts {
    uint32_t exclusions;               /* a bit for each entry of `exclusions` that may apply */
    uint32_t reads, writes, undefined; /* EFLAGS bits */
    bool shift, string;
    bool
        loose; /* several accesses: which comes first, and what is left of them at a fault, is each maker's own */
};

struct coverage {
    const struct instruction *rows[COVERAGE_ROWS_MAX]; /* all rows of the integer families, in their order */
    unsigned count;
    uint16_t slots[COVERAGE_SLOTS]; /* hash table: number of the row plus one, by its address */
    struct row_facts facts[COVERAGE_ROWS_MAX];
    unsigned firsts; /* how often a row was executed, or completed, for the first time */
    uint64_t executed[COVERAGE_ROWS_MAX];
    uint64_t completed[COVERAGE_ROWS_MAX];
    uint64_t faults[FAULT_REASON_COUNT]; /* how programs ended, by reason */
};

struct coverage *coverage_new(void);

/* The row's facts; NULL: it is not one of those counted. */
const struct row_facts *coverage_find(struct coverage *coverage, const struct instruction *row);
void coverage_note(struct coverage *coverage, const struct operation *op, bool completed);

/* Names the rows that were never executed and are not excluded; returns how many. */
unsigned coverage_report(const struct coverage *coverage, FILE *to);

/* Every row, and every reason of a fault, with its counts. */
void coverage_list(const struct coverage *coverage, FILE *to);

#endif
