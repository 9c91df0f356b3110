/*
 * What shifts and rotates compute, for both engines. What is done where the manual leaves the result open is said
 * in shift.c.
 */
#ifndef GATE86_CPU_INSTRUCTIONS_SHIFT_COMPUTE_H
#define GATE86_CPU_INSTRUCTIONS_SHIFT_COMPUTE_H

#include "cpu/flags.h"

struct shift_result {
    uint32_t value;
    uint32_t flags;
    uint32_t changed;
};

#define FLAGS_ROTATE (EFLAGS_CF | EFLAGS_OF)

/* OF of a shift or rotate to the left: the sign against the carry. */
ALWAYS_INLINE uint32_t flag_overflow_left(uint32_t value, uint32_t carry, unsigned size)
{
    return ((value & sign_bit(size)) != 0) != carry ? EFLAGS_OF : 0;
}

/* OF to the right: the sign against the bit below it, which was the sign before a shift by one. */
ALWAYS_INLINE uint32_t flag_overflow_right(uint32_t value, unsigned size)
{
    return (value ^ value << 1) & sign_bit(size) ? EFLAGS_OF : 0;
}

/* `count` is 1..31 from here on. */
ALWAYS_INLINE struct shift_result shift_rol(uint32_t a, unsigned count, uint32_t eflags, unsigned size)
{
    (void)eflags;
    unsigned n = count % (size * 8);
    uint32_t value = n == 0 ? a : (a << n | a >> (size * 8 - n)) & size_mask(size);
    uint32_t carry = value & 1;
    return (struct shift_result){value, carry | flag_overflow_left(value, carry, size), FLAGS_ROTATE};
}

ALWAYS_INLINE struct shift_result shift_ror(uint32_t a, unsigned count, uint32_t eflags, unsigned size)
{
    (void)eflags;
    unsigned n = count % (size * 8);
    uint32_t value = n == 0 ? a : (a >> n | a << (size * 8 - n)) & size_mask(size);
    uint32_t carry = (value & sign_bit(size)) != 0;
    return (struct shift_result){value, carry | flag_overflow_right(value, size), FLAGS_ROTATE};
}

/* Through carry, the operand is one bit wider: 9, 17 or 33 bits. */
ALWAYS_INLINE struct shift_result shift_rcl(uint32_t a, unsigned count, uint32_t eflags, unsigned size)
{
    unsigned width = size * 8 + 1;
    unsigned n = count % width;
    uint64_t ring = (uint64_t)(eflags & EFLAGS_CF) << (width - 1) | a;
    if (n != 0)
        ring = ring << n | ring >> (width - n);
    uint32_t value = (uint32_t)ring & size_mask(size);
    uint32_t carry = (ring >> (width - 1)) & 1;
    return (struct shift_result){value, carry | flag_overflow_left(value, carry, size), FLAGS_ROTATE};
}

ALWAYS_INLINE struct shift_result shift_rcr(uint32_t a, unsigned count, uint32_t eflags, unsigned size)
{
    unsigned width = size * 8 + 1;
    unsigned n = count % width;
    uint64_t ring = (uint64_t)(eflags & EFLAGS_CF) << (width - 1) | a;
    if (n != 0)
        ring = ring >> n | ring << (width - n);
    uint32_t value = (uint32_t)ring & size_mask(size);
    uint32_t carry = (ring >> (width - 1)) & 1;
    return (struct shift_result){value, carry | flag_overflow_right(value, size), FLAGS_ROTATE};
}

ALWAYS_INLINE struct shift_result shift_shl(uint32_t a, unsigned count, uint32_t eflags, unsigned size)
{
    (void)eflags;
    uint64_t shifted = (uint64_t)a << count;
    uint32_t value = (uint32_t)shifted & size_mask(size);
    uint32_t carry = (shifted >> (size * 8)) & 1;
    uint32_t flags = carry | flags_szp(value, size) | flag_overflow_left(value, carry, size);
    return (struct shift_result){value, flags, EFLAGS_STATUS};
}

ALWAYS_INLINE struct shift_result shift_shr(uint32_t a, unsigned count, uint32_t eflags, unsigned size)
{
    (void)eflags;
    uint32_t value = a >> count;
    uint32_t carry = (a >> (count - 1)) & 1;
    uint32_t flags = carry | flags_szp(value, size) | flag_overflow_right(value, size);
    return (struct shift_result){value, flags, EFLAGS_STATUS};
}

ALWAYS_INLINE struct shift_result shift_sar(uint32_t a, unsigned count, uint32_t eflags, unsigned size)
{
    (void)eflags;
    int32_t extended = (int32_t)sign_extend(a, size);
    uint32_t value = (uint32_t)(extended >> count) & size_mask(size);
    uint32_t carry = (uint32_t)(extended >> (count - 1)) & 1;
    return (struct shift_result){value, carry | flags_szp(value, size), EFLAGS_STATUS};
}

ALWAYS_INLINE struct shift_result shift_shld(uint32_t a, uint32_t b, unsigned count, unsigned size)
{
    uint64_t shifted; /* the result, with the last bit shifted out above it */
    if (size == 4)
        shifted = (uint64_t)a << count | b >> (32 - count);
    else
        shifted = ((uint64_t)a << 32 | (uint64_t)b << 16 | a) << count >> 32;
    uint32_t value = (uint32_t)shifted & size_mask(size);
    uint32_t carry = (shifted >> (size * 8)) & 1;
    uint32_t flags = carry | flags_szp(value, size) | flag_overflow_left(value, carry, size);
    return (struct shift_result){value, flags, EFLAGS_STATUS};
}

ALWAYS_INLINE struct shift_result shift_shrd(uint32_t a, uint32_t b, unsigned count, unsigned size)
{
    uint64_t row = size == 4 ? (uint64_t)b << 32 | a : (uint64_t)a << 32 | (uint64_t)b << 16 | a;
    uint32_t value = (uint32_t)(row >> count) & size_mask(size);
    uint32_t carry = (row >> (count - 1)) & 1;
    uint32_t flags = carry | flags_szp(value, size) | flag_overflow_right(value, size);
    return (struct shift_result){value, flags, EFLAGS_STATUS};
}

#endif
