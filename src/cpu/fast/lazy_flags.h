/*
 * Lazy status flags: result and second operand are kept, and the flags are computed when somebody asks. Both are
 * shifted up to bit 31, so that one formula serves all operand sizes.
 */
#ifndef GATE86_CPU_FAST_LAZY_FLAGS_H
#define GATE86_CPU_FAST_LAZY_FLAGS_H

#include "cpu/cpu.h"
#include "cpu/flags.h"

enum lazy_kind { LAZY_NONE, LAZY_ADD, LAZY_SUB, LAZY_LOGIC, LAZY_INC, LAZY_DEC };

#define LAZY_KIND(kind, shift) ((uint32_t)(kind) | (uint32_t)(shift) << 8)

ALWAYS_INLINE void lazy_set(struct cpu *cpu, enum lazy_kind kind, uint32_t result, uint32_t source,
                            unsigned size)
{
    unsigned shift = 32 - 8 * size;
    cpu->lazy.result = result << shift;
    cpu->lazy.source = source << shift;
    cpu->lazy.kind = LAZY_KIND(kind, shift);
}

/* The flags that the lazy ones stand for; kind is not LAZY_NONE. */
static inline uint32_t lazy_compute(const struct lazy_flags *lazy)
{
    unsigned shift = lazy->kind >> 8;
    unsigned size = 4 - shift / 8;
    uint32_t result = lazy->result >> shift;
    uint32_t source = lazy->source >> shift;
    switch ((enum lazy_kind)(lazy->kind & 0xff)) {
    case LAZY_ADD:
        return flags_add((result - source) & size_mask(size), source, result, size);
    case LAZY_SUB:
        return flags_subtract((result + source) & size_mask(size), source, result, size);
    case LAZY_INC:
        return (flags_add((result - 1) & size_mask(size), 1, result, size) & ~EFLAGS_CF) | lazy->source;
    case LAZY_DEC:
        return (flags_subtract((result + 1) & size_mask(size), 1, result, size) & ~EFLAGS_CF) | lazy->source;
    default:
        return flags_szp(result, size);
    }
}

/* Brings EFLAGS up to date. */
ALWAYS_INLINE void lazy_settle(struct cpu *cpu)
{
    if (cpu->lazy.kind == LAZY_NONE)
        return;
    flags_set(cpu, EFLAGS_STATUS, lazy_compute(&cpu->lazy));
    cpu->lazy.kind = LAZY_NONE;
}

ALWAYS_INLINE uint32_t lazy_carry(const struct cpu *cpu)
{
    const struct lazy_flags *lazy = &cpu->lazy;
    switch ((enum lazy_kind)(lazy->kind & 0xff)) {
    case LAZY_NONE:
        return cpu->eflags & EFLAGS_CF;
    case LAZY_ADD:
        return lazy->result < lazy->source;
    case LAZY_SUB:
        return lazy->result + lazy->source < lazy->source;
    case LAZY_LOGIC:
        return 0;
    default:
        return lazy->source;
    }
}

/* a - b was computed at 32 bits (or both shifted up): does the condition hold? P is not among these. */
ALWAYS_INLINE bool condition_of_subtraction(uint32_t a, uint32_t b, unsigned condition)
{
    uint32_t result = a - b;
    bool holds;
    switch (condition >> 1) {
    case 0:
        holds = ((a ^ b) & (a ^ result)) >> 31;
        break;
    case 1:
        holds = a < b;
        break;
    case 2:
        holds = a == b;
        break;
    case 3:
        holds = a <= b;
        break;
    case 4:
        holds = result >> 31;
        break;
    case 6:
        holds = (int32_t)a < (int32_t)b;
        break;
    default:
        holds = (int32_t)a <= (int32_t)b;
        break;
    }
    return holds ^ (condition & 1);
}

/* The same for a bitwise result. */
ALWAYS_INLINE bool condition_of_logic(uint32_t result, unsigned condition)
{
    return condition_of_subtraction(result, 0, condition);
}

/* Conditions 0 to 15 from whatever the flags are in. */
ALWAYS_INLINE bool lazy_condition(struct cpu *cpu, unsigned condition)
{
    uint32_t kind = cpu->lazy.kind & 0xff;
    if (condition >> 1 != 5) {
        if (kind == LAZY_SUB)
            return condition_of_subtraction(cpu->lazy.result + cpu->lazy.source, cpu->lazy.source, condition);
        if (kind == LAZY_LOGIC)
            return condition_of_logic(cpu->lazy.result, condition);
        if ((condition >> 1 == 2 || condition >> 1 == 4) && kind != LAZY_NONE)
            return condition_of_logic(cpu->lazy.result, condition);
    }
    lazy_settle(cpu);
    return condition_holds(cpu->eflags, condition);
}

#endif
