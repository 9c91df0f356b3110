/*
 * Stacks, the current one and one that is about to be entered. A frame is pushed in two steps: stack_reserve
 * makes every check for all of it, so that the pushes cannot fail midway, and the caller commits ESP last.
 *
 *     struct stack stack = stack_current(cpu);
 *     TRY(stack_reserve(cpu, &stack, 3, 4));
 *     stack_push(cpu, &stack, 4, eflags); ...
 *     stack_commit(cpu, &stack);
 */
#ifndef GATE86_CPU_STACK_H
#define GATE86_CPU_STACK_H

#include "cpu/access.h"

struct stack {
    struct segment ss;
    uint32_t pointer;     /* ESP or SP, whole 32 bits; only `mask` bits count */
    uint32_t mask;        /* ffffffffh when SS.B is set, else ffffh */
    bool user;            /* pages are accessed at CPL 3 */
    uint32_t limit_error; /* error code of #SS when there is no room: 0, or the new SS selector (and EXT) */
};

struct stack stack_current(const struct cpu *cpu);

/* A stack to be entered at privilege `cpl`. */
struct stack stack_make(const struct segment *ss, uint32_t pointer, unsigned cpl, uint32_t limit_error);

/* Room for `count` pushes of `slot` bytes, limits and pages checked: #SS(limit_error), #PF, #AC. Nothing is written. */
MUST_USE struct fault stack_reserve(struct cpu *cpu, const struct stack *stack, unsigned count,
                                    unsigned slot);

/* Pushes 2 or 4 bytes into reserved room. */
void stack_push(struct cpu *cpu, struct stack *stack, unsigned size, uint32_t value);

/* Reads `size` bytes at `pointer + distance` without moving the pointer, and pops. Faults: #SS(0), #PF, #AC. */
MUST_USE struct fault stack_peek(struct cpu *cpu, const struct stack *stack, uint32_t distance, unsigned size,
                                 uint32_t *value);
MUST_USE struct fault stack_pop(struct cpu *cpu, struct stack *stack, unsigned size, uint32_t *value);

/* Moves the pointer by `bytes`, wrapping within the mask. */
void stack_drop(struct stack *stack, uint32_t bytes);

/* Writes ESP (or SP: the upper half is kept). The segment register is the caller's affair. */
void stack_commit(struct cpu *cpu, const struct stack *stack);

/* The bits of ESP that count on the current stack: SP alone when SS.B is clear. */
ALWAYS_INLINE uint32_t stack_mask(const struct cpu *cpu)
{
    return cpu->segments[SS].access & ACCESS_DB ? 0xffffffffu : 0xffffu;
}

/* PUSH and POP of one value on the current stack, whole: checks, memory, then ESP. */
ALWAYS_INLINE MUST_USE struct fault push(struct cpu *cpu, unsigned size, uint32_t value)
{
    uint32_t mask = stack_mask(cpu);
    uint32_t pointer = (cpu->gpr[ESP] - size) & mask;
    TRY(data_write(cpu, SS, pointer, size, value));
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | pointer;
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault pop(struct cpu *cpu, unsigned size, uint32_t *value)
{
    uint32_t mask = stack_mask(cpu);
    TRY(data_read(cpu, SS, cpu->gpr[ESP] & mask, size, value));
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | ((cpu->gpr[ESP] + size) & mask);
    return FAULT_NONE;
}

#endif
