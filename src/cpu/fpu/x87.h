/*
 * What the x87 handlers share: the checks before an instruction, the register stack, and how a result's
 * exception flags become state (SDM 1 8.4 to 8.7). A handler runs X87_BEGIN, reads memory, computes on copies, writes
 * memory, and only then changes the FPU.
 */
#ifndef GATE86_CPU_FPU_X87_H
#define GATE86_CPU_FPU_X87_H

#include "cpu/fpu/arithmetic.h"
#include "cpu/instructions/families.h"

extern const struct fpu_register
    X87_INDEFINITE; /* the real indefinite: the answer to a masked invalid operation */

/* FSW of a stack fault; x87_settle takes them like an operation's flags. C1 tells overflow from underflow. */
#define X87_UNDERFLOW (FSW_IE | FSW_SF)
#define X87_OVERFLOW  (FSW_IE | FSW_SF | FSW_C1)

/*
 * #NM or #MF before an x87 instruction; or, with CR0.NE clear and IGNNE# inactive, the processor waits before the
 * instruction for the interrupt that FERR# raised (SDM 1 D.2.1): it is then executed again.
 */
#define X87_BEGIN(cpu)                     \
    do {                                   \
        if (UNLIKELY(x87_is_blocked(cpu))) \
            return x87_refuse(cpu);        \
    } while (0)

/* For the instructions that do not wait for pending exceptions (FN...). */
#define X87_BEGIN_NO_WAIT(cpu)                        \
    do {                                              \
        if (UNLIKELY((cpu)->cr0 & (CR0_EM | CR0_TS))) \
            return x87_unavailable(cpu);              \
    } while (0)

MUST_USE struct fault x87_unavailable(const struct cpu *cpu); /* #NM, with its reason */
MUST_USE struct fault x87_pending(struct cpu *cpu);           /* #MF, or the wait for FERR#'s interrupt */
MUST_USE struct fault x87_refuse(struct cpu *cpu);            /* the one of the two that applies */

ALWAYS_INLINE bool x87_must_wait(const struct cpu *cpu)
{
    return (cpu->fpu.status & FSW_ES) && ((cpu->cr0 & CR0_NE) || !cpu->fpu.ignne);
}

ALWAYS_INLINE bool x87_is_blocked(const struct cpu *cpu)
{
    return (cpu->cr0 & (CR0_EM | CR0_TS)) || x87_must_wait(cpu);
}

/* Recomputes ES and B after flags or masks changed, and drives FERR#. */
void x87_update_summary(struct cpu *cpu);

ALWAYS_INLINE unsigned x87_top(const struct fpu_state *fpu)
{
    return (fpu->status & FSW_TOP) >> FSW_TOP_SHIFT;
}

ALWAYS_INLINE void x87_set_top(struct fpu_state *fpu, unsigned top)
{
    fpu->status = (uint16_t)((fpu->status & ~FSW_TOP) | (top & 7) << FSW_TOP_SHIFT);
}

ALWAYS_INLINE unsigned x87_physical(const struct fpu_state *fpu, unsigned i)
{
    return (x87_top(fpu) + i) & 7;
}

/* ST(i) */
ALWAYS_INLINE struct fpu_register *x87_st(struct fpu_state *fpu, unsigned i)
{
    return &fpu->registers[x87_physical(fpu, i)];
}

ALWAYS_INLINE bool x87_is_empty(const struct fpu_state *fpu, unsigned i)
{
    return (fpu->empty >> x87_physical(fpu, i)) & 1;
}

ALWAYS_INLINE void x87_set(struct fpu_state *fpu, unsigned i, const struct fpu_register *value)
{
    unsigned physical = x87_physical(fpu, i);
    fpu->registers[physical] = *value;
    fpu->empty &= (uint8_t) ~(1u << physical);
}

ALWAYS_INLINE void x87_push(struct fpu_state *fpu, const struct fpu_register *value)
{
    x87_set_top(fpu, x87_top(fpu) - 1);
    x87_set(fpu, 0, value);
}

ALWAYS_INLINE void x87_pop(struct fpu_state *fpu)
{
    fpu->empty |= (uint8_t)(1u << x87_top(fpu));
    x87_set_top(fpu, x87_top(fpu) + 1);
}

/* The last instruction's pointers and opcode (SDM 1 8.1.8); control instructions leave them alone. */
ALWAYS_INLINE void x87_record(struct cpu *cpu, const struct operation *op)
{
    struct fpu_state *fpu = &cpu->fpu;
    fpu->instruction_offset = cpu->eip;
    fpu->instruction_selector = cpu->segments[CS].selector;
    fpu->opcode = (uint16_t)((op->opcode & 7) << 8 | op->modrm);
    if (op->rm == RM_MEMORY) {
        fpu->operand_offset = effective_address(cpu, op);
        fpu->operand_selector = cpu->segments[op->segment].selector;
    }
}

/* Unmasked flags among those of an operation. */
ALWAYS_INLINE unsigned x87_unmasked(const struct fpu_state *fpu, unsigned flags)
{
    return flags & ~(unsigned)fpu->control & FSW_EXCEPTIONS;
}

bool x87_settle_unmasked(struct cpu *cpu, unsigned status);

/*
 * Takes an operation's flags and C1 into FSW. True: the result counts, and pushes and pops are made; false: an
 * unmasked exception stopped the operation before it had one.
 */
ALWAYS_INLINE bool x87_settle(struct cpu *cpu, unsigned status)
{
    struct fpu_state *fpu = &cpu->fpu;
    if (UNLIKELY(x87_unmasked(fpu, status)))
        return x87_settle_unmasked(cpu, status);
    fpu->status = (uint16_t)((fpu->status & ~FSW_C1) | (status & (FSW_EXCEPTIONS | FSW_SF | FSW_C1)));
    return true;
}

/* Replaces condition codes. */
ALWAYS_INLINE void x87_set_condition(struct fpu_state *fpu, unsigned mask, unsigned condition)
{
    fpu->status = (uint16_t)((fpu->status & ~mask) | (condition & mask));
}

/* #AC of operands wider than eight bytes, which data_read_bytes leaves to its callers (SDM 3A table 6-7). */
ALWAYS_INLINE MUST_USE struct fault operand_alignment(const struct cpu *cpu, const struct operation *op,
                                                      unsigned size)
{
    return alignment_check(cpu, cpu->segments[op->segment].base + effective_address(cpu, op), size);
}

/* The memory operand's image: 2, 4, 8 or 10 bytes, in a buffer aligned for any of the formats. */
struct x87_image {
    _Alignas(16) uint8_t bytes[16];
};

MUST_USE struct fault x87_read_image(struct cpu *cpu, const struct operation *op, unsigned size,
                                     struct x87_image *image);
MUST_USE struct fault x87_write_image(struct cpu *cpu, const struct operation *op, unsigned size,
                                      const struct x87_image *image);

/* A row of an x87 table: no flags, exists with the FPU. */
#define X87_ROW(opcode, mnemonic, operands, handler, manual)                             \
    {                                                                                    \
        opcode, mnemonic, operands, "", "", "", 0, FEATURE(FPU), ALWAYS(handler), manual \
    }

#endif
