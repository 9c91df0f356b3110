/* Which rows have been executed; see coverage.h. */
#include "coverage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "admission.h"
#include "base/invariant.h"

/* The slot that holds the row, or the free one where it belongs. */
static uint16_t *slot_of(struct coverage *coverage, const struct instruction *row)
{
    uint32_t at = (uint32_t)((uintptr_t)row / sizeof(void *)) * 0x9e3779b1u >> 19;
    while (coverage->slots[at] != 0 && coverage->rows[coverage->slots[at] - 1] != row)
        at = (at + 1) % COVERAGE_SLOTS;
    return &coverage->slots[at];
}

struct coverage *coverage_new(void)
{
    struct coverage *coverage = calloc(1, sizeof *coverage);
    INVARIANT(coverage != NULL);
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        if (family_excluded(instruction_families[family]))
            continue;
        for (const struct instruction *row = instruction_families[family]; row->opcode != NULL; row++) {
            INVARIANT(coverage->count < COVERAGE_ROWS_MAX);
            coverage->facts[coverage->count] = row_facts_read(row);
            coverage->rows[coverage->count++] = row;
            *slot_of(coverage, row) = (uint16_t)coverage->count;
        }
    }
    return coverage;
}

const struct row_facts *coverage_find(struct coverage *coverage, const struct instruction *row)
{
    uint16_t number = *slot_of(coverage, row);
    return number != 0 ? &coverage->facts[number - 1] : NULL;
}

void coverage_note(struct coverage *coverage, const struct operation *op, bool completed)
{
    if (op->row == NULL)
        return;
    uint16_t number = *slot_of(coverage, op->row);
    if (number == 0)
        return;
    number--;
    coverage->firsts += coverage->executed[number] == 0 || (completed && coverage->completed[number] == 0);
    coverage->executed[number]++;
    coverage->completed[number] += completed;
}

static void row_print(const struct coverage *coverage, unsigned i, FILE *to)
{
    const struct instruction *row = coverage->rows[i];
    fprintf(to, "  %-14s %-10s %-10s %10" PRIu64 " executed %10" PRIu64 " completed\n", row->opcode,
            row->mnemonic, row->operands, coverage->executed[i], coverage->completed[i]);
}

unsigned coverage_report(const struct coverage *coverage, FILE *to)
{
    unsigned missing = 0;
    for (unsigned i = 0; i < coverage->count; i++) {
        if (coverage->executed[i] != 0 || row_excluded(coverage->rows[i]))
            continue;
        if (missing++ == 0)
            fprintf(to, "rows of the instruction table that were never executed:\n");
        row_print(coverage, i, to);
    }
    return missing;
}

void coverage_list(const struct coverage *coverage, FILE *to)
{
    for (unsigned i = 0; i < coverage->count; i++)
        row_print(coverage, i, to);
    for (unsigned reason = NO_FAULT + 1; reason < FAULT_REASON_COUNT; reason++) {
        if (coverage->faults[reason] != 0)
            fprintf(to, "  %10" PRIu64 " x %s\n", coverage->faults[reason],
                    fault_reason_words((enum fault_reason)reason));
    }
}
