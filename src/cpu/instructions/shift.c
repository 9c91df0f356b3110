/*
 * Shifts and rotates (SDM 2B RCL, SAL, SHLD, SHRD). The count is masked to five bits, and a masked count of
 * zero changes no flag.
 *
 * What the manual leaves undefined: OF after a count other than 1 follows the formula of count 1 applied to
 * the result; CF after a SHL or SHR of 8 or 16 bits by more than that is the zero that was shifted out last;
 * AF after a shift is cleared; SHLD and SHRD of 16 bits by more than 16 go on with the destination's bits, as
 * P6 processors do.
 */
#include "cpu/instructions/families.h"

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

/* A masked count of zero still reads the operand, and checks that it could be written. */
#define SHIFT_EXECUTE(name, size, count_of, computed) \
    EXECUTE(name)                                     \
    {                                                 \
        unsigned count = (count_of)&31;               \
        uint32_t a;                                   \
        TRY(rm_modify(cpu, op, size / 8, &a));        \
        if (count == 0)                               \
            return FAULT_NONE;                        \
        struct shift_result r = computed;             \
        TRY(rm_write(cpu, op, size / 8, r.value));    \
        flags_set(cpu, r.changed, r.flags);           \
        return FAULT_NONE;                            \
    }

#define SHIFT_SIZE(name, size)                                                                          \
    SHIFT_EXECUTE(name##_EI_##size, size, op->immediate, shift_##name(a, count, cpu->eflags, size / 8)) \
    SHIFT_EXECUTE(name##_EC_##size, size, cpu->gpr[ECX], shift_##name(a, count, cpu->eflags, size / 8))

#define SHIFT(name)      \
    SHIFT_SIZE(name, 8)  \
    SHIFT_SIZE(name, 16) \
    SHIFT_SIZE(name, 32)

#define DOUBLE_SHIFT_SIZE(name, size)                                            \
    SHIFT_EXECUTE(name##_EGI_##size, size, op->immediate,                        \
                  shift_##name(a, reg_read(cpu, op, size / 8), count, size / 8)) \
    SHIFT_EXECUTE(name##_EGC_##size, size, cpu->gpr[ECX],                        \
                  shift_##name(a, reg_read(cpu, op, size / 8), count, size / 8))

SHIFT(rol)
SHIFT(ror)
SHIFT(rcl)
SHIFT(rcr)
SHIFT(shl)
SHIFT(shr)
SHIFT(sar)
DOUBLE_SHIFT_SIZE(shld, 16)
DOUBLE_SHIFT_SIZE(shld, 32)
DOUBLE_SHIFT_SIZE(shrd, 16)
DOUBLE_SHIFT_SIZE(shrd, 32)

/* clang-format off */
/* `by1`: undefined after a shift by the constant 1; `byn`: undefined after some other count. */
#define SHIFT_ROWS(digit, name, mnemonic, reads, writes, by1, byn, manual)                             \
    {"D0 /" digit, mnemonic, "Eb,1",  reads, writes, by1, 0, FEATURE_ALWAYS, BYTES(name##_EI), manual}, \
    {"D1 /" digit, mnemonic, "Ev,1",  reads, writes, by1, 0, FEATURE_ALWAYS, SIZES(name##_EI), manual}, \
    {"C0 /" digit, mnemonic, "Eb,Ib", reads, writes, byn, 0, FEATURE_ALWAYS, BYTES(name##_EI), manual}, \
    {"C1 /" digit, mnemonic, "Ev,Ib", reads, writes, byn, 0, FEATURE_ALWAYS, SIZES(name##_EI), manual}, \
    {"D2 /" digit, mnemonic, "Eb,CL", reads, writes, byn, 0, FEATURE_ALWAYS, BYTES(name##_EC), manual}, \
    {"D3 /" digit, mnemonic, "Ev,CL", reads, writes, byn, 0, FEATURE_ALWAYS, SIZES(name##_EC), manual}

#define DOUBLE_SHIFT_ROWS(byte_immediate, byte_cl, name, mnemonic, manual)                                      \
    {byte_immediate " /r", mnemonic, "Ev,Gv,Ib", "", "oszapc", "oszapc", 0, FEATURE_ALWAYS, SIZES(name##_EGI), manual}, \
    {byte_cl " /r",        mnemonic, "Ev,Gv,CL", "", "oszapc", "oszapc", 0, FEATURE_ALWAYS, SIZES(name##_EGC), manual}

const struct instruction shift_instructions[] = {
    SHIFT_ROWS("0", rol, "ROL", "",  "oc",     "",  "o",   "SDM 2B RCL"),
    SHIFT_ROWS("1", ror, "ROR", "",  "oc",     "",  "o",   "SDM 2B RCL"),
    SHIFT_ROWS("2", rcl, "RCL", "c", "oc",     "",  "o",   "SDM 2B RCL"),
    SHIFT_ROWS("3", rcr, "RCR", "c", "oc",     "",  "o",   "SDM 2B RCL"),
    SHIFT_ROWS("4", shl, "SHL", "",  "oszapc", "a", "oac", "SDM 2B SAL"),
    SHIFT_ROWS("5", shr, "SHR", "",  "oszapc", "a", "oac", "SDM 2B SAL"),
    SHIFT_ROWS("6", shl, "SAL", "",  "oszapc", "a", "oac", "SDM 2B SAL"), /* not in the manual, on every processor */
    SHIFT_ROWS("7", sar, "SAR", "",  "oszapc", "a", "oa",  "SDM 2B SAL"),
    DOUBLE_SHIFT_ROWS("0F A4", "0F A5", shld, "SHLD", "SDM 2B SHLD"),
    DOUBLE_SHIFT_ROWS("0F AC", "0F AD", shrd, "SHRD", "SDM 2B SHRD"),
    {0},
};
/* clang-format on */
