/*
 * The status flags of arithmetic (SDM 1 3.4.3.1, 1 appendix A), computed at once. Operands and results are
 * zero-extended; size is in bytes. `carries` is the vector of carries (or borrows) out of each bit, from which
 * CF, AF and OF follow for addition and subtraction alike.
 */
#ifndef GATE86_CPU_FLAGS_H
#define GATE86_CPU_FLAGS_H

#include "base/bits.h"
#include "cpu/cpu.h"

/* PF: even number of ones in the low byte. */
ALWAYS_INLINE uint32_t flag_parity(uint32_t result)
{
    return __builtin_parity(result & 0xff) ? 0 : EFLAGS_PF;
}

/* SF, ZF, PF of a result of `size` bytes. Without branches: whether a result is zero is hard to predict. */
ALWAYS_INLINE uint32_t flags_szp(uint32_t result, unsigned size)
{
    uint32_t zero = (result & size_mask(size)) == 0;
    uint32_t sign = (result >> (size * 8 - 1)) & 1;
    return flag_parity(result) | zero * EFLAGS_ZF | sign * EFLAGS_SF;
}

/* CF, AF, OF from the vector of carries out of each bit. */
ALWAYS_INLINE uint32_t flags_carries(uint32_t carries, unsigned size)
{
    unsigned top = size * 8 - 1;
    uint32_t carry_out = (carries >> top) & 1;
    uint32_t carry_in = (carries >> (top - 1)) & 1;
    return carry_out * EFLAGS_CF | ((carries >> 3) & 1) * EFLAGS_AF | (carry_out ^ carry_in) * EFLAGS_OF;
}

/* All six status flags of a + b (+ carry) = result. */
ALWAYS_INLINE uint32_t flags_add(uint32_t a, uint32_t b, uint32_t result, unsigned size)
{
    return flags_szp(result, size) | flags_carries((a & b) | ((a | b) & ~result), size);
}

/* All six status flags of a - b (- borrow) = result. */
ALWAYS_INLINE uint32_t flags_subtract(uint32_t a, uint32_t b, uint32_t result, unsigned size)
{
    return flags_szp(result, size) | flags_carries((~a & b) | ((~a | b) & result), size);
}

/* Replaces the status flags in `mask`. Never touches IF, TF or other bits that need cpu_set_eflags. */
ALWAYS_INLINE void flags_set(struct cpu *cpu, uint32_t mask, uint32_t flags)
{
    cpu->eflags = (cpu->eflags & ~mask) | (flags & mask);
}

/* The EFLAGS bits that exist on this model; the others read as zero (and bit 1 as one) whatever is loaded. */
static inline uint32_t eflags_supported(const struct cpu *cpu)
{
    uint32_t supported =
        EFLAGS_STATUS | EFLAGS_TF | EFLAGS_IF | EFLAGS_DF | EFLAGS_IOPL | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM;
    if (cpu_has(cpu, FEATURE(I486)))
        supported |= EFLAGS_AC;
    if (cpu_has(cpu, FEATURE(CPUID)))
        supported |= EFLAGS_ID;
    if (cpu_has(cpu, FEATURE(VME)))
        supported |= EFLAGS_VIF | EFLAGS_VIP;
    return supported;
}

/* Condition codes 0..15 of Jcc, SETcc, CMOVcc (SDM 1 appendix B). */
ALWAYS_INLINE bool condition_holds(uint32_t eflags, unsigned condition)
{
    bool holds;
    switch ((condition >> 1) & 7) {
    case 0:
        holds = eflags & EFLAGS_OF;
        break;
    case 1:
        holds = eflags & EFLAGS_CF;
        break;
    case 2:
        holds = eflags & EFLAGS_ZF;
        break;
    case 3:
        holds = eflags & (EFLAGS_CF | EFLAGS_ZF);
        break;
    case 4:
        holds = eflags & EFLAGS_SF;
        break;
    case 5:
        holds = eflags & EFLAGS_PF;
        break;
    case 6:
        holds = !(eflags & EFLAGS_SF) != !(eflags & EFLAGS_OF);
        break;
    default:
        holds = (eflags & EFLAGS_ZF) || !(eflags & EFLAGS_SF) != !(eflags & EFLAGS_OF);
        break;
    }
    return holds ^ (condition & 1);
}

#endif
