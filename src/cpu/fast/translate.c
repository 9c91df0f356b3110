/* From decoded instructions to blocks. */
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "cpu/fast/block.h"
#include "cpu/instruction.h"

/*
 * Instructions without a native handler that can go on at the next one. What must not go on is found out when it
 * happens (another EIP, a closed fetch window, attention); the list saves the translation of what stands behind
 * an instruction that never does.
 */
static bool stays_in_block(const struct instruction *row)
{
    static const char *const leaving[] = {
        "CALL", "HLT",   "INT",    "INT1", "INT3", "IRET",     "JCXZ",    "JMP",
        "LOOP", "LOOPE", "LOOPNE", "RET",  "RETF", "SYSENTER", "SYSEXIT",
    };
    if (row == NULL)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(leaving); i++) {
        if (strcmp(row->mnemonic, leaving[i]) == 0)
            return false;
    }
    return true;
}

static void targets_set(struct fast_block *block, const struct fast_op *op)
{
    uint32_t behind = op->eip + op->operation.length;
    block->target[NOT_TAKEN] = behind;
    block->target[TAKEN] = (behind + op->operation.immediate) & (op->operation.wide ? 0xffffffffu : 0xffffu);
}

/* A branch whose operand size is not the code segment's may leave its limit: the exact interpreter checks it. */
static bool branch_is_native(const struct operation *operation, const struct cpu *cpu)
{
    return operation->wide == cpu->fetch.page->wide;
}

/* Fills one operation; true when the block ends with it. */
static bool op_make(struct cpu *cpu, struct fast_op *op, const struct operation *operation, uint32_t eip)
{
    bool last;
    op->operation = *operation;
    op->eip = eip;
    op->row_slot = fast_row_slot(cpu->fast, operation->row);
    op->run = fast_handler_find(cpu->fast, op->row_slot, operation, &last);
    if (op->run != NULL && (!last || branch_is_native(operation, cpu)))
        return last;
    last = last || !stays_in_block(operation->row);
    op->run = last ? fast_hand_over_last : fast_hand_over;
    return last;
}

struct fast_block *fast_translate(struct cpu *cpu)
{
    struct fast_op ops[FAST_BLOCK_INSTRUCTIONS + 1];
    uint32_t start = cpu->eip - cpu->fetch.first_eip;
    uint32_t at = start;
    unsigned count = 0;
    bool ended = false;
    while (!ended && count < FAST_BLOCK_INSTRUCTIONS) {
        const struct operation *operation = fetch_peek(cpu, at);
        if (operation == NULL)
            break;
        ended = op_make(cpu, &ops[count], operation, cpu->fetch.first_eip + at);
        at += operation->length;
        count++;
    }
    if (count == 0)
        return NULL;

    unsigned total = count + !ended;
    size_t size = sizeof(struct fast_block) + total * sizeof ops[0];
    struct fast_block *block = calloc(1, size);
    INVARIANT(block != NULL);
    block->size = (uint32_t)size;
    block->eip = cpu->eip;
    block->cs_base = cpu->segments[CS].base;
    block->page = cpu->fetch.page;
    block->host = cpu->fetch.page->host;
    block->offset = (uint16_t)start;
    block->bytes = (uint16_t)(at - start);
    block->count = (uint16_t)count;
    targets_set(block, &ops[count - 1]);
    for (unsigned i = 0; i < count; i++)
        ops[i].remaining = (uint16_t)(count - 1 - i);
    if (!ended) {
        ops[count] = (struct fast_op){.run = fast_fall_through, .eip = cpu->fetch.first_eip + at};
        block->target[NOT_TAKEN] = ops[count].eip;
    } else if (count >= 2) {
        fast_handler *pair = fast_pair_find(&ops[count - 2], &ops[count - 1].operation);
        if (pair != NULL && branch_is_native(&ops[count - 1].operation, cpu))
            ops[count - 2].run = pair;
    }
    memcpy(block->ops, ops, total * sizeof ops[0]);
    cpu->fast->blocks_made++;
    cpu->fast->bytes_used += size;
    return block;
}
