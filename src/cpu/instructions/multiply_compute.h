/* What multiplications compute, for both engines; see multiply.c for what the manual leaves open. */
#ifndef GATE86_CPU_INSTRUCTIONS_MULTIPLY_COMPUTE_H
#define GATE86_CPU_INSTRUCTIONS_MULTIPLY_COMPUTE_H

#include "cpu/flags.h"
#include "cpu/operands.h"

/* CF and OF tell that the high half is significant. */
ALWAYS_INLINE void product_flags(struct cpu *cpu, uint32_t low, bool significant, unsigned size)
{
    flags_set(cpu, EFLAGS_STATUS, flags_szp(low, size) | (significant ? EFLAGS_CF | EFLAGS_OF : 0));
}

ALWAYS_INLINE int64_t signed_value(uint32_t value, unsigned size)
{
    return (int32_t)sign_extend(value, size);
}

/* The forms with two and three operands: the product is cut to the operand size. */
ALWAYS_INLINE void imul_to_register(struct cpu *cpu, const struct operation *op, uint32_t a, uint32_t b,
                                    unsigned size)
{
    int64_t product = signed_value(a, size) * signed_value(b, size);
    uint32_t low = (uint32_t)product & size_mask(size);
    reg_write(cpu, op, size, low);
    product_flags(cpu, low, product != signed_value(low, size), size);
}

#endif
