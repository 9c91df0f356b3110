/* Far CALL, JMP and RET (SDM 2A CALL, JMP; 2B RET). What they do is in cpu/far.c; here are the operands. */
#include "cpu/far.h"
#include "cpu/instructions/families.h"

/* m16:16 or m16:32: the offset first, the selector behind it, both within the address size. */
static struct fault far_pointer_read(struct cpu *cpu, const struct operation *op, uint16_t *selector,
                                     uint32_t *offset)
{
    unsigned size = op->wide ? 4 : 2;
    uint32_t address = effective_address(cpu, op);
    uint32_t high;
    TRY(data_read(cpu, op->segment, address, size, offset));
    TRY(data_read(cpu, op->segment, (address + size) & op->address_mask, 2, &high));
    *selector = (uint16_t)high;
    return FAULT_NONE;
}

EXECUTE(call_far)
{
    return far_call(cpu, op->immediate2, op->immediate, op->wide);
}

EXECUTE(jmp_far)
{
    return far_jump(cpu, op->immediate2, op->immediate, op->wide);
}

EXECUTE(call_far_memory)
{
    uint16_t selector;
    uint32_t offset;
    TRY(far_pointer_read(cpu, op, &selector, &offset));
    return far_call(cpu, selector, offset, op->wide);
}

EXECUTE(jmp_far_memory)
{
    uint16_t selector;
    uint32_t offset;
    TRY(far_pointer_read(cpu, op, &selector, &offset));
    return far_jump(cpu, selector, offset, op->wide);
}

EXECUTE(ret_far)
{
    return far_return(cpu, op->wide, 0);
}

EXECUTE(ret_far_release)
{
    return far_return(cpu, op->wide, (uint16_t)op->immediate);
}

/* clang-format off */
const struct instruction far_instructions[] = {
    {"9A",    "CALL", "Ap", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(call_far),        "SDM 2A CALL"},
    {"FF /3", "CALL", "Mp", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(call_far_memory), "SDM 2A CALL"},
    {"EA",    "JMP",  "Ap", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(jmp_far),         "SDM 2A JMP"},
    {"FF /5", "JMP",  "Mp", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(jmp_far_memory),  "SDM 2A JMP"},
    {"CB",    "RETF", "",   "", "", "", 0, FEATURE_ALWAYS, ALWAYS(ret_far),         "SDM 2B RET"},
    {"CA",    "RETF", "Iw", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(ret_far_release), "SDM 2B RET"},
    {0},
};
/* clang-format on */
