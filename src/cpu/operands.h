/*
 * The operand vocabulary, declared before the handlers: every handler loads its operands with these, computes,
 * and stores last. Sizes are in bytes and constants at the call, so that each folds to a few instructions.
 */
#ifndef GATE86_CPU_OPERANDS_H
#define GATE86_CPU_OPERANDS_H

#include "cpu/access.h"

/* A general register by number, zero-extended; size 1 uses AL CL DL BL AH CH DH BH. */
ALWAYS_INLINE uint32_t register_read(const struct cpu *cpu, unsigned number, unsigned size)
{
    if (size == 4)
        return cpu->gpr[number];
    if (size == 2)
        return (uint16_t)cpu->gpr[number];
    return (uint8_t)(cpu->gpr[number & 3] >> (number & 4) * 2);
}

ALWAYS_INLINE void register_write(struct cpu *cpu, unsigned number, unsigned size, uint32_t value)
{
    if (size == 4)
        cpu->gpr[number] = value;
    else if (size == 2)
        store_le16(&cpu->gpr[number], (uint16_t)value);
    else
        ((uint8_t *)&cpu->gpr[number & 3])[(number >> 2) & 1] = (uint8_t)value;
}

/* Offset of the memory operand in its segment. */
ALWAYS_INLINE uint32_t effective_address(const struct cpu *cpu, const struct operation *op)
{
    return (cpu->gpr[op->base] + (cpu->gpr[op->index] << op->scale) + op->displacement) & op->address_mask;
}

/* The E operand (ModRM.rm: register or memory). */
ALWAYS_INLINE MUST_USE struct fault rm_read(struct cpu *cpu, const struct operation *op, unsigned size,
                                            uint32_t *value)
{
    if (op->rm != RM_MEMORY) {
        *value = register_read(cpu, op->rm, size);
        return FAULT_NONE;
    }
    return data_read(cpu, op->segment, effective_address(cpu, op), size, value);
}

/* The E operand of a read-modify-write: checks the write too, so that the rm_write after it cannot fault. */
ALWAYS_INLINE MUST_USE struct fault rm_modify(struct cpu *cpu, const struct operation *op, unsigned size,
                                              uint32_t *value)
{
    if (op->rm != RM_MEMORY) {
        *value = register_read(cpu, op->rm, size);
        return FAULT_NONE;
    }
    return data_modify(cpu, op->segment, effective_address(cpu, op), size, value);
}

ALWAYS_INLINE MUST_USE struct fault rm_write(struct cpu *cpu, const struct operation *op, unsigned size,
                                             uint32_t value)
{
    if (op->rm != RM_MEMORY) {
        register_write(cpu, op->rm, size, value);
        return FAULT_NONE;
    }
    return data_write(cpu, op->segment, effective_address(cpu, op), size, value);
}

/* The G operand (ModRM.reg). */
ALWAYS_INLINE uint32_t reg_read(const struct cpu *cpu, const struct operation *op, unsigned size)
{
    return register_read(cpu, op->reg, size);
}

ALWAYS_INLINE void reg_write(struct cpu *cpu, const struct operation *op, unsigned size, uint32_t value)
{
    register_write(cpu, op->reg, size, value);
}

/* Goes on at `target` after this instruction; #GP(0) beyond CS.limit. */
ALWAYS_INLINE MUST_USE struct fault branch_near(struct cpu *cpu, uint32_t target)
{
    if (UNLIKELY(target > cpu->segments[CS].highest || target < cpu->segments[CS].lowest))
        return fault_gp(0, CODE_LIMIT);
    cpu->next_eip = target;
    return FAULT_NONE;
}

/*
 * For repeated string instructions: true when the next iteration may follow at once (nothing waits for the
 * instruction boundary); its unit of budget is then taken. Otherwise the handler sets next_eip back to eip.
 */
ALWAYS_INLINE bool repeat_at_once(struct cpu *cpu)
{
    if (cpu->attention != 0 || cpu->clock->budget <= 0)
        return false;
    cpu->clock->budget--;
    return true;
}

#endif
