/*
 * Transfers to another code segment (SDM 2A CALL, JMP; 2B RET; 3A 5.8), and the checks they share with
 * interrupt delivery and IRET. Every function either does the whole transfer, or returns a fault and has changed
 * nothing (task switches excepted, see task.h).
 */
#ifndef GATE86_CPU_FAR_H
#define GATE86_CPU_FAR_H

#include "cpu/segment_load.h"
#include "cpu/stack.h"

/* `wide`: 32-bit operand size. The return address of a call is cpu->next_eip. On success next_eip is the target. */
MUST_USE struct fault far_jump(struct cpu *cpu, uint16_t selector, uint32_t offset, bool wide);
MUST_USE struct fault far_call(struct cpu *cpu, uint16_t selector, uint32_t offset, bool wide);

/* RETF; `release` bytes of parameters go from both stacks. */
MUST_USE struct fault far_return(struct cpu *cpu, bool wide, uint16_t release);

/* ---- shared with the delivery of interrupts and with IRET ---- */

/* A selector as an error code: index and TI, and EXT when given (SDM 3A 6.13). */
static inline uint32_t selector_as_error(uint16_t selector, uint32_t error_ext)
{
    return (selector & ~SELECTOR_RPL) | error_ext;
}

static inline bool selector_is_null(uint16_t selector)
{
    return (selector & ~SELECTOR_RPL) == 0;
}

/* A code or stack segment that passed its checks but is not loaded yet. */
struct far_segment {
    uint16_t selector;
    struct descriptor descriptor;
};

/* The stack of an inner ring as the TSS names it, ready to be pushed to. */
struct inner_stack {
    struct far_segment segment;
    struct stack stack;
};

/* SS and ESP of ring `dpl` from the TSS with every check: #TS, #SS, each with `error_ext`. Nothing is loaded. */
MUST_USE struct fault inner_stack_find(struct cpu *cpu, unsigned dpl, uint32_t error_ext,
                                       struct inner_stack *inner);

/* The stack that was pushed to becomes the current one. */
void inner_stack_enter(struct cpu *cpu, const struct inner_stack *inner);

/* The CS image of RETF or IRET: type, privilege, presence. */
MUST_USE struct fault return_code_check(struct cpu *cpu, uint16_t selector, struct far_segment *code);

/* The SS image of a return to ring `rpl`. */
MUST_USE struct fault return_stack_check(struct cpu *cpu, uint16_t selector, unsigned rpl,
                                         struct far_segment *stack);

/* A return to an outer ring: loads CS, SS and ESP and takes away the data segments it may not use. */
void return_outward(struct cpu *cpu, const struct far_segment *code, const struct far_segment *stack,
                    uint32_t pointer);

/* Sets the accessed bits in the descriptor tables: both or (on a page fault) none. `stack` may be NULL. */
MUST_USE struct fault far_segments_mark(struct cpu *cpu, struct far_segment *code, struct far_segment *stack);

/* Loads CS at privilege `cpl`; the selector's RPL becomes CPL. */
void far_code_enter(struct cpu *cpu, const struct far_segment *code, unsigned cpl);

#endif
