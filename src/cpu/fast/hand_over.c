/* From a block to the exact interpreter and back, and the look-up of native handlers. */
#include "cpu/fast/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/instruction.h"
#include "cpu/interrupt.h"

/*
 * Runs the exact handler. The clock gets back what the block has not executed, so that a device asked by the
 * instruction sees the right time; when all is as before, the block goes on.
 */
ALWAYS_INLINE bool exact_step(struct cpu *cpu, const struct fast_op *op)
{
    uint32_t behind = op->eip + op->operation.length;
    cpu->fast->rows[op->row_slot].hand_overs++;
    lazy_settle(cpu);
    cpu->eip = op->eip;
    cpu->next_eip = behind;
    cpu->clock->budget += op->remaining;
    struct fault fault = op->operation.execute(cpu, &op->operation);
    if (UNLIKELY(fault.reason != NO_FAULT)) {
        exception_deliver(cpu, &fault);
        return false;
    }
    cpu->eip = cpu->next_eip;
    if (cpu->eip != behind || cpu->attention != 0 || cpu->block->dead || cpu->fetch.length == 0 ||
        cpu->clock->budget < op->remaining)
        return false;
    cpu->clock->budget -= op->remaining;
    return true;
}

NEVER_INLINE static bool exact_step_apart(struct cpu *cpu, const struct fast_op *op)
{
    return exact_step(cpu, op);
}

fast_step fast_hand_over(struct cpu *cpu, const struct fast_op *op)
{
    if (!exact_step_apart(cpu, op))
        FAST_LEAVE;
    FAST_NEXT;
}

fast_step fast_hand_over_last(struct cpu *cpu, const struct fast_op *op)
{
    (void)exact_step_apart(cpu, op);
    FAST_LEAVE;
}

fast_step fast_fall_through(struct cpu *cpu, const struct fast_op *op)
{
    (void)op;
    FAST_BRANCH(NOT_TAKEN);
}

static const struct fast_form *form_find(const struct instruction *row)
{
    static const struct fast_form *const families[] = {fast_arithmetic_forms, fast_move_forms,
                                                       fast_branch_forms};
    for (size_t family = 0; family < ARRAY_LENGTH(families); family++) {
        for (const struct fast_form *form = families[family]; form->mnemonic != NULL; form++) {
            if (strcmp(form->mnemonic, row->mnemonic) == 0 && strcmp(form->operands, row->operands) == 0)
                return form;
        }
    }
    return NULL;
}

uint16_t fast_row_slot(struct fast_engine *engine, const struct instruction *row)
{
    uint32_t slot = (uint32_t)((uintptr_t)row / sizeof *row) % FAST_ROWS;
    while (engine->rows[slot].row != row && engine->rows[slot].row != NULL)
        slot = (slot + 1) % FAST_ROWS;
    if (engine->rows[slot].row == NULL && row != NULL)
        engine->rows[slot] = (struct fast_row){.row = row, .form = form_find(row)};
    return (uint16_t)slot;
}

fast_handler *fast_handler_find(const struct fast_engine *engine, uint16_t slot,
                                const struct operation *operation, bool *last)
{
    const struct fast_form *form = engine->rows[slot].form;
    *last = form != NULL && form->last;
    if (form == NULL || operation->lock)
        return NULL;
    if (operation->rm != RM_MEMORY)
        return form->in_register[operation->wide];
    bool plain = operation->index == GPR_ZERO && operation->address_mask == 0xffffffffu;
    if (plain && form->in_plain[operation->wide] != NULL)
        return form->in_plain[operation->wide];
    return form->in_memory[operation->wide];
}

static int by_hand_overs(const void *a, const void *b)
{
    const struct fast_row *const *left = a, *const *right = b;
    return ((*left)->hand_overs < (*right)->hand_overs) - ((*left)->hand_overs > (*right)->hand_overs);
}

void fast_print_statistics(const struct fast_engine *engine, FILE *out)
{
    const struct fast_row *rows[FAST_ROWS];
    size_t used = 0;
    for (unsigned i = 0; i < FAST_ROWS; i++) {
        if (engine->rows[i].hand_overs != 0)
            rows[used++] = &engine->rows[i];
    }
    qsort(rows, used, sizeof rows[0], by_hand_overs); /* NOLINT(bugprone-sizeof-expression): sorts pointers */
    fprintf(out, "fast engine: %llu blocks made, handed over to the exact interpreter by instruction:\n",
            (unsigned long long)engine->blocks_made);
    for (size_t i = 0; i < used && i < 40; i++)
        fprintf(out, "  %12llu  %-10s %-12s %s\n", (unsigned long long)rows[i]->hand_overs,
                rows[i]->row->mnemonic, rows[i]->row->operands,
                rows[i]->form != NULL ? "an unusual case of a native form" : "");
}
