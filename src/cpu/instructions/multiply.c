/*
 * MUL, IMUL, DIV, IDIV (SDM 2A, 2B).
 *
 * What the manual leaves undefined: SF, ZF and PF after a multiplication are those of the product's low half and AF
 * is cleared; a division leaves all flags alone.
 */
#include "cpu/instructions/families.h"
#include "cpu/instructions/multiply_compute.h"

/* The double-width operand: AX, DX:AX or EDX:EAX. */
ALWAYS_INLINE uint64_t accumulator_read(const struct cpu *cpu, unsigned size)
{
    if (size == 1)
        return (uint16_t)cpu->gpr[EAX];
    return (uint64_t)register_read(cpu, EDX, size) << (size * 8) | register_read(cpu, EAX, size);
}

ALWAYS_INLINE void accumulator_write(struct cpu *cpu, unsigned size, uint32_t high, uint32_t low)
{
    if (size == 1) {
        register_write(cpu, EAX, 2, (high & 0xff) << 8 | (low & 0xff));
        return;
    }
    register_write(cpu, EAX, size, low);
    register_write(cpu, EDX, size, high);
}

ALWAYS_INLINE struct fault mul(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t b;
    TRY(rm_read(cpu, op, size, &b));
    uint64_t product = (uint64_t)register_read(cpu, EAX, size) * b;
    uint32_t low = (uint32_t)product & size_mask(size);
    uint32_t high = (uint32_t)(product >> (size * 8));
    accumulator_write(cpu, size, high, low);
    product_flags(cpu, low, high != 0, size);
    return FAULT_NONE;
}

ALWAYS_INLINE struct fault imul1(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t b;
    TRY(rm_read(cpu, op, size, &b));
    int64_t product = signed_value(register_read(cpu, EAX, size), size) * signed_value(b, size);
    uint32_t low = (uint32_t)product & size_mask(size);
    uint32_t high = (uint32_t)((uint64_t)product >> (size * 8)) & size_mask(size);
    accumulator_write(cpu, size, high, low);
    product_flags(cpu, low, product != signed_value(low, size), size);
    return FAULT_NONE;
}

ALWAYS_INLINE struct fault div(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t divisor;
    TRY(rm_read(cpu, op, size, &divisor));
    if (divisor == 0)
        return fault_plain(VECTOR_DE, DIVIDE_BY_ZERO);
    uint64_t dividend = accumulator_read(cpu, size);
    uint64_t quotient = dividend / divisor;
    if (quotient > size_mask(size))
        return fault_plain(VECTOR_DE, DIVIDE_OVERFLOW);
    accumulator_write(cpu, size, (uint32_t)(dividend % divisor), (uint32_t)quotient);
    return FAULT_NONE;
}

/*
 * The quotient is rounded towards zero and the remainder has the dividend's sign. The smallest quotient, 80h for
 * bytes, is allowed (SDM 2A IDIV, operation). The host must not divide INT64_MIN by -1.
 */
ALWAYS_INLINE struct fault idiv(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t raw;
    TRY(rm_read(cpu, op, size, &raw));
    int64_t divisor = signed_value(raw, size);
    if (divisor == 0)
        return fault_plain(VECTOR_DE, DIVIDE_BY_ZERO);
    unsigned shift = 64 - size * 16;
    int64_t dividend = (int64_t)(accumulator_read(cpu, size) << shift) >> shift;
    if (dividend == INT64_MIN && divisor == -1)
        return fault_plain(VECTOR_DE, DIVIDE_OVERFLOW);
    int64_t quotient = dividend / divisor;
    int64_t largest = size_mask(size) >> 1;
    if (quotient > largest || quotient < -largest - 1)
        return fault_plain(VECTOR_DE, DIVIDE_OVERFLOW);
    accumulator_write(cpu, size, (uint32_t)(dividend % divisor), (uint32_t)quotient);
    return FAULT_NONE;
}

#define ACCUMULATOR_SIZE(name, size)    \
    EXECUTE(name##_E_##size)            \
    {                                   \
        return name(cpu, op, size / 8); \
    }

#define ACCUMULATOR(name)      \
    ACCUMULATOR_SIZE(name, 8)  \
    ACCUMULATOR_SIZE(name, 16) \
    ACCUMULATOR_SIZE(name, 32)

ACCUMULATOR(mul)
ACCUMULATOR(imul1)
ACCUMULATOR(div)
ACCUMULATOR(idiv)

#define IMUL_SIZE(size)                                                      \
    EXECUTE(imul_GE_##size)                                                  \
    {                                                                        \
        uint32_t b;                                                          \
        TRY(rm_read(cpu, op, size / 8, &b));                                 \
        imul_to_register(cpu, op, reg_read(cpu, op, size / 8), b, size / 8); \
        return FAULT_NONE;                                                   \
    }                                                                        \
    EXECUTE(imul_GEI_##size)                                                 \
    {                                                                        \
        uint32_t a;                                                          \
        TRY(rm_read(cpu, op, size / 8, &a));                                 \
        imul_to_register(cpu, op, a, op->immediate, size / 8);               \
        return FAULT_NONE;                                                   \
    }

IMUL_SIZE(16)
IMUL_SIZE(32)

/* clang-format off */
const struct instruction multiply_instructions[] = {
    {"F6 /4",    "MUL",  "Eb",        "", "oszapc", "szap",   0, FEATURE_ALWAYS, BYTES(mul_E),    "SDM 2B MUL"},
    {"F7 /4",    "MUL",  "Ev",        "", "oszapc", "szap",   0, FEATURE_ALWAYS, SIZES(mul_E),    "SDM 2B MUL"},
    {"F6 /5",    "IMUL", "Eb",        "", "oszapc", "szap",   0, FEATURE_ALWAYS, BYTES(imul1_E),  "SDM 2A IMUL"},
    {"F7 /5",    "IMUL", "Ev",        "", "oszapc", "szap",   0, FEATURE_ALWAYS, SIZES(imul1_E),  "SDM 2A IMUL"},
    {"0F AF /r", "IMUL", "Gv,Ev",     "", "oszapc", "szap",   0, FEATURE_ALWAYS, SIZES(imul_GE),  "SDM 2A IMUL"},
    {"69 /r",    "IMUL", "Gv,Ev,Iz",  "", "oszapc", "szap",   0, FEATURE_ALWAYS, SIZES(imul_GEI), "SDM 2A IMUL"},
    {"6B /r",    "IMUL", "Gv,Ev,Ibs", "", "oszapc", "szap",   0, FEATURE_ALWAYS, SIZES(imul_GEI), "SDM 2A IMUL"},
    {"F6 /6",    "DIV",  "Eb",        "", "",       "oszapc", 0, FEATURE_ALWAYS, BYTES(div_E),    "SDM 2A DIV"},
    {"F7 /6",    "DIV",  "Ev",        "", "",       "oszapc", 0, FEATURE_ALWAYS, SIZES(div_E),    "SDM 2A DIV"},
    {"F6 /7",    "IDIV", "Eb",        "", "",       "oszapc", 0, FEATURE_ALWAYS, BYTES(idiv_E),   "SDM 2A IDIV"},
    {"F7 /7",    "IDIV", "Ev",        "", "",       "oszapc", 0, FEATURE_ALWAYS, SIZES(idiv_E),   "SDM 2A IDIV"},
    {0},
};
/* clang-format on */
