/*
 * Native handlers of addition, subtraction, logic and shifts: what cpu/instructions/arithmetic.c and shift.c do
 * when nothing unusual happens, with lazy flags.
 */
#include "cpu/fast/handlers.h"
#include "cpu/instructions/multiply_compute.h"
#include "cpu/instructions/shift_compute.h"

ALWAYS_INLINE uint32_t compute_add(struct cpu *cpu, uint32_t a, uint32_t b, unsigned size)
{
    uint32_t result = a + b;
    lazy_set(cpu, LAZY_ADD, result, b, size);
    return result;
}

ALWAYS_INLINE uint32_t compute_sub(struct cpu *cpu, uint32_t a, uint32_t b, unsigned size)
{
    uint32_t result = a - b;
    lazy_set(cpu, LAZY_SUB, result, b, size);
    return result;
}

ALWAYS_INLINE uint32_t compute_and(struct cpu *cpu, uint32_t a, uint32_t b, unsigned size)
{
    lazy_set(cpu, LAZY_LOGIC, a & b, 0, size);
    return a & b;
}

ALWAYS_INLINE uint32_t compute_or(struct cpu *cpu, uint32_t a, uint32_t b, unsigned size)
{
    lazy_set(cpu, LAZY_LOGIC, a | b, 0, size);
    return a | b;
}

ALWAYS_INLINE uint32_t compute_xor(struct cpu *cpu, uint32_t a, uint32_t b, unsigned size)
{
    lazy_set(cpu, LAZY_LOGIC, a ^ b, 0, size);
    return a ^ b;
}

/* ADC and SBB compute their flags at once. */
ALWAYS_INLINE uint32_t compute_adc(struct cpu *cpu, uint32_t a, uint32_t b, unsigned size)
{
    uint32_t result = a + b + lazy_carry(cpu);
    flags_set(cpu, EFLAGS_STATUS, flags_add(a, b, result, size));
    cpu->lazy.kind = LAZY_NONE;
    return result;
}

ALWAYS_INLINE uint32_t compute_sbb(struct cpu *cpu, uint32_t a, uint32_t b, unsigned size)
{
    uint32_t result = a - b - lazy_carry(cpu);
    flags_set(cpu, EFLAGS_STATUS, flags_subtract(a, b, result, size));
    cpu->lazy.kind = LAZY_NONE;
    return result;
}

ALWAYS_INLINE void lazy_keep_carry(struct cpu *cpu, enum lazy_kind kind, uint32_t result, unsigned size)
{
    uint32_t carry = lazy_carry(cpu);
    lazy_set(cpu, kind, result, 0, size);
    cpu->lazy.source = carry;
}

ALWAYS_INLINE uint32_t compute_inc(struct cpu *cpu, uint32_t a, unsigned size)
{
    lazy_keep_carry(cpu, LAZY_INC, a + 1, size);
    return a + 1;
}

ALWAYS_INLINE uint32_t compute_dec(struct cpu *cpu, uint32_t a, unsigned size)
{
    lazy_keep_carry(cpu, LAZY_DEC, a - 1, size);
    return a - 1;
}

ALWAYS_INLINE uint32_t compute_neg(struct cpu *cpu, uint32_t a, unsigned size)
{
    lazy_set(cpu, LAZY_SUB, 0 - a, a, size);
    return 0 - a;
}

ALWAYS_INLINE uint32_t compute_not(struct cpu *cpu, uint32_t a, unsigned size)
{
    (void)cpu;
    (void)size;
    return ~a;
}

/*
 * Two operands: destination register (r) or memory (m, and p with a plain address), the other a register (r) or an
 * immediate (i); and the register of ModRM.reg (g) as destination.
 */
#define BINARY_FORM(name, compute, stores, bits, form, load, other, store) \
    FAST(name##_##form##_##bits)                                           \
    {                                                                      \
        const struct operation *o = &op->operation;                        \
        load;                                                              \
        uint32_t result = compute(cpu, a, other, bits / 8);                \
        if (stores)                                                        \
            store;                                                         \
        FAST_NEXT;                                                         \
    }

#define LOAD_REGISTER(number, bits) uint32_t a = register_read(cpu, o->number, bits / 8)
#define LOAD_MEMORY(stores, bits, address)                                  \
    uint8_t *host = stores ? quick_write(cpu, o, address(cpu, o), bits / 8) \
                           : quick_read(cpu, o, address(cpu, o), bits / 8); \
    if (UNLIKELY(host == NULL))                                             \
        FAST_HAND_OVER;                                                     \
    uint32_t a = host_load(host, bits / 8)
#define LOAD_BOTH(bits, address)                                         \
    const uint8_t *host = quick_read(cpu, o, address(cpu, o), bits / 8); \
    if (UNLIKELY(host == NULL))                                          \
        FAST_HAND_OVER;                                                  \
    LOAD_REGISTER(reg, bits)

#define OTHER_REGISTER(number, bits) register_read(cpu, o->number, bits / 8)
#define OTHER_IMMEDIATE(bits)        (o->immediate & size_mask(bits / 8))
#define STORE_REGISTER(number, bits) register_write(cpu, o->number, bits / 8, result)
#define STORE_MEMORY(bits)           host_store(host, bits / 8, result)

#define BINARY_MEMORY(name, compute, stores, bits, m, gm, address)                                    \
    BINARY_FORM(name, compute, stores, bits, m##r, LOAD_MEMORY(stores, bits, address),                \
                OTHER_REGISTER(reg, bits), STORE_MEMORY(bits))                                        \
    BINARY_FORM(name, compute, stores, bits, m##i, LOAD_MEMORY(stores, bits, address),                \
                OTHER_IMMEDIATE(bits), STORE_MEMORY(bits))                                            \
    BINARY_FORM(name, compute, stores, bits, gm, LOAD_BOTH(bits, address), host_load(host, bits / 8), \
                STORE_REGISTER(reg, bits))

#define BINARY_SIZE(name, compute, stores, bits)                                                     \
    BINARY_FORM(name, compute, stores, bits, rr, LOAD_REGISTER(rm, bits), OTHER_REGISTER(reg, bits), \
                STORE_REGISTER(rm, bits))                                                            \
    BINARY_FORM(name, compute, stores, bits, ri, LOAD_REGISTER(rm, bits), OTHER_IMMEDIATE(bits),     \
                STORE_REGISTER(rm, bits))                                                            \
    BINARY_FORM(name, compute, stores, bits, gr, LOAD_REGISTER(reg, bits), OTHER_REGISTER(rm, bits), \
                STORE_REGISTER(reg, bits))                                                           \
    BINARY_MEMORY(name, compute, stores, bits, m, gm, effective_address)                             \
    BINARY_MEMORY(name, compute, stores, bits, p, gp, plain_address)

#define BINARY(name, compute, stores)      \
    BINARY_SIZE(name, compute, stores, 8)  \
    BINARY_SIZE(name, compute, stores, 16) \
    BINARY_SIZE(name, compute, stores, 32)

BINARY(add, compute_add, true)
BINARY(or, compute_or, true)
BINARY(adc, compute_adc, true)
BINARY(sbb, compute_sbb, true)
BINARY(and, compute_and, true)
BINARY(sub, compute_sub, true)
BINARY(xor, compute_xor, true)
BINARY(cmp, compute_sub, false)
BINARY(test, compute_and, false)

#define UNARY_SIZE(name, compute, bits)                                                \
    FAST(name##_r_##bits)                                                              \
    {                                                                                  \
        const struct operation *o = &op->operation;                                    \
        uint32_t result = compute(cpu, register_read(cpu, o->rm, bits / 8), bits / 8); \
        register_write(cpu, o->rm, bits / 8, result);                                  \
        FAST_NEXT;                                                                     \
    }                                                                                  \
    FAST(name##_m_##bits)                                                              \
    {                                                                                  \
        const struct operation *o = &op->operation;                                    \
        uint8_t *host = quick_write(cpu, o, effective_address(cpu, o), bits / 8);      \
        if (UNLIKELY(host == NULL))                                                    \
            FAST_HAND_OVER;                                                            \
        host_store(host, bits / 8, compute(cpu, host_load(host, bits / 8), bits / 8)); \
        FAST_NEXT;                                                                     \
    }

#define UNARY(name, compute)      \
    UNARY_SIZE(name, compute, 8)  \
    UNARY_SIZE(name, compute, 16) \
    UNARY_SIZE(name, compute, 32)

UNARY(inc, compute_inc)
UNARY(dec, compute_dec)
UNARY(neg, compute_neg)
UNARY(not, compute_not)

/* Shifts and rotates of registers. The rotates leave some flags alone, and need the others settled. */
#define SHIFT_CASE(name, count_of, whole, bits)                                                  \
    {                                                                                            \
        const struct operation *o = &op->operation;                                              \
        unsigned count = (count_of)&31;                                                          \
        if (count != 0) {                                                                        \
            if (!whole)                                                                          \
                lazy_settle(cpu);                                                                \
            struct shift_result r =                                                              \
                shift_##name(register_read(cpu, o->rm, bits / 8), count, cpu->eflags, bits / 8); \
            register_write(cpu, o->rm, bits / 8, r.value);                                       \
            flags_set(cpu, r.changed, r.flags);                                                  \
            cpu->lazy.kind = LAZY_NONE;                                                          \
        }                                                                                        \
        FAST_NEXT;                                                                               \
    }

#define SHIFT_SIZE(name, whole, bits)                      \
    FAST(name##_ri_##bits)                                 \
    SHIFT_CASE(name, op->operation.immediate, whole, bits) \
    FAST(name##_rc_##bits) SHIFT_CASE(name, cpu->gpr[ECX], whole, bits)

#define SHIFT(name, whole)      \
    SHIFT_SIZE(name, whole, 8)  \
    SHIFT_SIZE(name, whole, 16) \
    SHIFT_SIZE(name, whole, 32)

SHIFT(rol, false)
SHIFT(ror, false)
SHIFT(shl, true)
SHIFT(shr, true)
SHIFT(sar, true)

/* IMUL with two and three operands. */
#define MULTIPLY(name, factor_a, factor_b)                                      \
    FAST(name##_r_32)                                                           \
    {                                                                           \
        const struct operation *o = &op->operation;                             \
        uint32_t e = cpu->gpr[o->rm];                                           \
        imul_to_register(cpu, o, factor_a, factor_b, 4);                        \
        cpu->lazy.kind = LAZY_NONE;                                             \
        FAST_NEXT;                                                              \
    }                                                                           \
    FAST(name##_m_32)                                                           \
    {                                                                           \
        const struct operation *o = &op->operation;                             \
        const uint8_t *host = quick_read(cpu, o, effective_address(cpu, o), 4); \
        if (UNLIKELY(host == NULL))                                             \
            FAST_HAND_OVER;                                                     \
        uint32_t e = load_le32(host);                                           \
        imul_to_register(cpu, o, factor_a, factor_b, 4);                        \
        cpu->lazy.kind = LAZY_NONE;                                             \
        FAST_NEXT;                                                              \
    }

MULTIPLY(imul2, cpu->gpr[o->reg], e)
MULTIPLY(imul3, e, o->immediate)

/* clang-format off */
#define BINARY_FORMS(mnemonic, name) \
    {mnemonic, "Eb,Gb",  BYTE(name##_rr),  BYTE(name##_mr),  BYTE(name##_pr),  false}, \
    {mnemonic, "Ev,Gv",  SIZED(name##_rr), SIZED(name##_mr), SIZED(name##_pr), false}, \
    {mnemonic, "Gb,Eb",  BYTE(name##_gr),  BYTE(name##_gm),  BYTE(name##_gp),  false}, \
    {mnemonic, "Gv,Ev",  SIZED(name##_gr), SIZED(name##_gm), SIZED(name##_gp), false}, \
    {mnemonic, "AL,Ib",  BYTE(name##_ri),  NONE,             NONE,             false}, \
    {mnemonic, "eAX,Iz", SIZED(name##_ri), NONE,             NONE,             false}, \
    {mnemonic, "Eb,Ib",  BYTE(name##_ri),  BYTE(name##_mi),  BYTE(name##_pi),  false}, \
    {mnemonic, "Ev,Iz",  SIZED(name##_ri), SIZED(name##_mi), SIZED(name##_pi), false}, \
    {mnemonic, "Ev,Ibs", SIZED(name##_ri), SIZED(name##_mi), SIZED(name##_pi), false}

#define SHIFT_FORMS(mnemonic, name) \
    {mnemonic, "Eb,1",  BYTE(name##_ri),  NONE, NONE, false}, \
    {mnemonic, "Ev,1",  SIZED(name##_ri), NONE, NONE, false}, \
    {mnemonic, "Eb,Ib", BYTE(name##_ri),  NONE, NONE, false}, \
    {mnemonic, "Ev,Ib", SIZED(name##_ri), NONE, NONE, false}, \
    {mnemonic, "Eb,CL", BYTE(name##_rc),  NONE, NONE, false}, \
    {mnemonic, "Ev,CL", SIZED(name##_rc), NONE, NONE, false}

#define UNARY_FORMS(mnemonic, name) \
    {mnemonic, "Eb", BYTE(name##_r),  BYTE(name##_m),  NONE, false}, \
    {mnemonic, "Ev", SIZED(name##_r), SIZED(name##_m), NONE, false}, \
    {mnemonic, "Zv", SIZED(name##_r), NONE,            NONE, false}

const struct fast_form fast_arithmetic_forms[] = {
    BINARY_FORMS("ADD", add), BINARY_FORMS("OR", or), BINARY_FORMS("ADC", adc), BINARY_FORMS("SBB", sbb),
    BINARY_FORMS("AND", and), BINARY_FORMS("SUB", sub), BINARY_FORMS("XOR", xor), BINARY_FORMS("CMP", cmp),
    BINARY_FORMS("TEST", test),
    UNARY_FORMS("INC", inc), UNARY_FORMS("DEC", dec), UNARY_FORMS("NEG", neg), UNARY_FORMS("NOT", not),
    SHIFT_FORMS("ROL", rol), SHIFT_FORMS("ROR", ror), SHIFT_FORMS("SHL", shl), SHIFT_FORMS("SHR", shr),
    SHIFT_FORMS("SAR", sar),
    {"IMUL", "Gv,Ev",     WIDE(imul2_r), WIDE(imul2_m), NONE, false},
    {"IMUL", "Gv,Ev,Iz",  WIDE(imul3_r), WIDE(imul3_m), NONE, false},
    {"IMUL", "Gv,Ev,Ibs", WIDE(imul3_r), WIDE(imul3_m), NONE, false},
    {NULL, NULL, NONE, NONE, NONE, false},
};
/* clang-format on */

/* In the order of FAST_PAIR_ROWS. */
fast_handler *const fast_pair_firsts[FAST_PAIRS] = {
    cmp_rr_8,  cmp_rr_32,  cmp_ri_8,  cmp_ri_32,  cmp_mr_8,  cmp_mr_32,  cmp_mi_8,
    cmp_mi_32, cmp_pr_8,   cmp_pr_32, cmp_pi_8,   cmp_pi_32, test_rr_8,  test_rr_32,
    test_ri_8, test_ri_32, test_mi_8, test_mi_32, test_pi_8, test_pi_32,
};
