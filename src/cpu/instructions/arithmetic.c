/*
 * Addition, subtraction, comparison and bitwise logic (SDM 2A ADD .. XOR, INC, DEC, NEG, NOT, TEST): the
 * exemplar of an instruction family. Each instruction is load, compute, store: the destination is loaded with
 * rm_modify, which makes every check of the later write, so nothing has changed when a fault comes back.
 */
#include "cpu/instructions/families.h"

struct alu_result {
    uint32_t value;
    uint32_t flags;   /* the new status flags */
    uint32_t changed; /* which of them the instruction writes */
};

ALWAYS_INLINE struct alu_result alu_add(uint32_t a, uint32_t b, uint32_t eflags, unsigned size)
{
    (void)eflags;
    uint32_t value = a + b;
    return (struct alu_result){value, flags_add(a, b, value, size), EFLAGS_STATUS};
}

ALWAYS_INLINE struct alu_result alu_adc(uint32_t a, uint32_t b, uint32_t eflags, unsigned size)
{
    uint32_t value = a + b + (eflags & EFLAGS_CF);
    return (struct alu_result){value, flags_add(a, b, value, size), EFLAGS_STATUS};
}

ALWAYS_INLINE struct alu_result alu_sub(uint32_t a, uint32_t b, uint32_t eflags, unsigned size)
{
    (void)eflags;
    uint32_t value = a - b;
    return (struct alu_result){value, flags_subtract(a, b, value, size), EFLAGS_STATUS};
}

ALWAYS_INLINE struct alu_result alu_sbb(uint32_t a, uint32_t b, uint32_t eflags, unsigned size)
{
    uint32_t value = a - b - (eflags & EFLAGS_CF);
    return (struct alu_result){value, flags_subtract(a, b, value, size), EFLAGS_STATUS};
}

/* AF is undefined after logic; like real processors we clear it. */
ALWAYS_INLINE struct alu_result alu_and(uint32_t a, uint32_t b, uint32_t eflags, unsigned size)
{
    (void)eflags;
    return (struct alu_result){a & b, flags_szp(a & b, size), EFLAGS_STATUS};
}

ALWAYS_INLINE struct alu_result alu_or(uint32_t a, uint32_t b, uint32_t eflags, unsigned size)
{
    (void)eflags;
    return (struct alu_result){a | b, flags_szp(a | b, size), EFLAGS_STATUS};
}

ALWAYS_INLINE struct alu_result alu_xor(uint32_t a, uint32_t b, uint32_t eflags, unsigned size)
{
    (void)eflags;
    return (struct alu_result){a ^ b, flags_szp(a ^ b, size), EFLAGS_STATUS};
}

/* E op G, E op I; the comparing ones store nothing. */
#define ALU_E_SIZE(name, compute, stores, size)                                                       \
    EXECUTE(name##_EG_##size)                                                                         \
    {                                                                                                 \
        uint32_t a;                                                                                   \
        TRY(stores ? rm_modify(cpu, op, size / 8, &a) : rm_read(cpu, op, size / 8, &a));              \
        struct alu_result r = compute(a, reg_read(cpu, op, size / 8), cpu->eflags, size / 8);         \
        if (stores)                                                                                   \
            TRY(rm_write(cpu, op, size / 8, r.value));                                                \
        flags_set(cpu, r.changed, r.flags);                                                           \
        return FAULT_NONE;                                                                            \
    }                                                                                                 \
    EXECUTE(name##_EI_##size)                                                                         \
    {                                                                                                 \
        uint32_t a;                                                                                   \
        TRY(stores ? rm_modify(cpu, op, size / 8, &a) : rm_read(cpu, op, size / 8, &a));              \
        struct alu_result r = compute(a, op->immediate & size_mask(size / 8), cpu->eflags, size / 8); \
        if (stores)                                                                                   \
            TRY(rm_write(cpu, op, size / 8, r.value));                                                \
        flags_set(cpu, r.changed, r.flags);                                                           \
        return FAULT_NONE;                                                                            \
    }

/* G op E */
#define ALU_G_SIZE(name, compute, stores, size)                                               \
    EXECUTE(name##_GE_##size)                                                                 \
    {                                                                                         \
        uint32_t b;                                                                           \
        TRY(rm_read(cpu, op, size / 8, &b));                                                  \
        struct alu_result r = compute(reg_read(cpu, op, size / 8), b, cpu->eflags, size / 8); \
        if (stores)                                                                           \
            reg_write(cpu, op, size / 8, r.value);                                            \
        flags_set(cpu, r.changed, r.flags);                                                   \
        return FAULT_NONE;                                                                    \
    }

#define ALU_E(name, compute, stores)      \
    ALU_E_SIZE(name, compute, stores, 8)  \
    ALU_E_SIZE(name, compute, stores, 16) \
    ALU_E_SIZE(name, compute, stores, 32)

#define ALU(name, compute, stores)        \
    ALU_E(name, compute, stores)          \
    ALU_G_SIZE(name, compute, stores, 8)  \
    ALU_G_SIZE(name, compute, stores, 16) \
    ALU_G_SIZE(name, compute, stores, 32)

ALU(add, alu_add, true)
ALU(or, alu_or, true)
ALU(adc, alu_adc, true)
ALU(sbb, alu_sbb, true)
ALU(and, alu_and, true)
ALU(sub, alu_sub, true)
ALU(xor, alu_xor, true)
ALU(cmp, alu_sub, false)

/* TEST is AND without a result. */
ALU_E(test, alu_and, false)

/* INC and DEC leave CF alone. */
ALWAYS_INLINE struct alu_result alu_inc(uint32_t a, unsigned size)
{
    return (struct alu_result){a + 1, flags_add(a, 1, a + 1, size), EFLAGS_STATUS & ~EFLAGS_CF};
}

ALWAYS_INLINE struct alu_result alu_dec(uint32_t a, unsigned size)
{
    return (struct alu_result){a - 1, flags_subtract(a, 1, a - 1, size), EFLAGS_STATUS & ~EFLAGS_CF};
}

ALWAYS_INLINE struct alu_result alu_neg(uint32_t a, unsigned size)
{
    return (struct alu_result){0 - a, flags_subtract(0, a, 0 - a, size), EFLAGS_STATUS};
}

ALWAYS_INLINE struct alu_result alu_not(uint32_t a, unsigned size)
{
    (void)size;
    return (struct alu_result){~a, 0, 0};
}

#define UNARY_SIZE(name, size)                         \
    EXECUTE(name##_E_##size)                           \
    {                                                  \
        uint32_t a;                                    \
        TRY(rm_modify(cpu, op, size / 8, &a));         \
        struct alu_result r = alu_##name(a, size / 8); \
        TRY(rm_write(cpu, op, size / 8, r.value));     \
        flags_set(cpu, r.changed, r.flags);            \
        return FAULT_NONE;                             \
    }

#define UNARY(name)      \
    UNARY_SIZE(name, 8)  \
    UNARY_SIZE(name, 16) \
    UNARY_SIZE(name, 32)

UNARY(inc)
UNARY(dec)
UNARY(neg)
UNARY(not )

/* clang-format off */
#define ALU_ROWS(o0, o1, o2, o3, o4, o5, digit, name, mnemonic, reads, undefined, lock, manual)                           \
    {o0 " /r",        mnemonic, "Eb,Gb",   reads, "oszapc", undefined, lock, FEATURE_ALWAYS, BYTES(name##_EG), manual}, \
    {o1 " /r",        mnemonic, "Ev,Gv",   reads, "oszapc", undefined, lock, FEATURE_ALWAYS, SIZES(name##_EG), manual}, \
    {o2 " /r",        mnemonic, "Gb,Eb",   reads, "oszapc", undefined, 0,    FEATURE_ALWAYS, BYTES(name##_GE), manual}, \
    {o3 " /r",        mnemonic, "Gv,Ev",   reads, "oszapc", undefined, 0,    FEATURE_ALWAYS, SIZES(name##_GE), manual}, \
    {o4,              mnemonic, "AL,Ib",   reads, "oszapc", undefined, 0,    FEATURE_ALWAYS, BYTES(name##_EI), manual}, \
    {o5,              mnemonic, "eAX,Iz",  reads, "oszapc", undefined, 0,    FEATURE_ALWAYS, SIZES(name##_EI), manual}, \
    {"80 /" digit,    mnemonic, "Eb,Ib",   reads, "oszapc", undefined, lock, FEATURE_ALWAYS, BYTES(name##_EI), manual}, \
    {"81 /" digit,    mnemonic, "Ev,Iz",   reads, "oszapc", undefined, lock, FEATURE_ALWAYS, SIZES(name##_EI), manual}, \
    {"82 /" digit,    mnemonic, "Eb,Ib",   reads, "oszapc", undefined, lock, FEATURE_ALWAYS, BYTES(name##_EI), manual}, \
    {"83 /" digit,    mnemonic, "Ev,Ibs",  reads, "oszapc", undefined, lock, FEATURE_ALWAYS, SIZES(name##_EI), manual}

const struct instruction arithmetic_instructions[] = {
    ALU_ROWS("00", "01", "02", "03", "04", "05", "0", add, "ADD", "",  "",  LOCKABLE, "SDM 2A ADD"),
    ALU_ROWS("08", "09", "0A", "0B", "0C", "0D", "1", or,  "OR",  "",  "a", LOCKABLE, "SDM 2B OR"),
    ALU_ROWS("10", "11", "12", "13", "14", "15", "2", adc, "ADC", "c", "",  LOCKABLE, "SDM 2A ADC"),
    ALU_ROWS("18", "19", "1A", "1B", "1C", "1D", "3", sbb, "SBB", "c", "",  LOCKABLE, "SDM 2B SBB"),
    ALU_ROWS("20", "21", "22", "23", "24", "25", "4", and, "AND", "",  "a", LOCKABLE, "SDM 2A AND"),
    ALU_ROWS("28", "29", "2A", "2B", "2C", "2D", "5", sub, "SUB", "",  "",  LOCKABLE, "SDM 2B SUB"),
    ALU_ROWS("30", "31", "32", "33", "34", "35", "6", xor, "XOR", "",  "a", LOCKABLE, "SDM 2B XOR"),
    ALU_ROWS("38", "39", "3A", "3B", "3C", "3D", "7", cmp, "CMP", "",  "",  0,        "SDM 2A CMP"),

    {"84 /r", "TEST", "Eb,Gb",  "", "oszapc", "a", 0,        FEATURE_ALWAYS, BYTES(test_EG), "SDM 2B TEST"},
    {"85 /r", "TEST", "Ev,Gv",  "", "oszapc", "a", 0,        FEATURE_ALWAYS, SIZES(test_EG), "SDM 2B TEST"},
    {"A8",    "TEST", "AL,Ib",  "", "oszapc", "a", 0,        FEATURE_ALWAYS, BYTES(test_EI), "SDM 2B TEST"},
    {"A9",    "TEST", "eAX,Iz", "", "oszapc", "a", 0,        FEATURE_ALWAYS, SIZES(test_EI), "SDM 2B TEST"},
    {"F6 /0", "TEST", "Eb,Ib",  "", "oszapc", "a", 0,        FEATURE_ALWAYS, BYTES(test_EI), "SDM 2B TEST"},
    {"F6 /1", "TEST", "Eb,Ib",  "", "oszapc", "a", 0,        FEATURE_ALWAYS, BYTES(test_EI), "SDM 2B TEST"},
    {"F7 /0", "TEST", "Ev,Iz",  "", "oszapc", "a", 0,        FEATURE_ALWAYS, SIZES(test_EI), "SDM 2B TEST"},
    {"F7 /1", "TEST", "Ev,Iz",  "", "oszapc", "a", 0,        FEATURE_ALWAYS, SIZES(test_EI), "SDM 2B TEST"},
    {"40+r",  "INC",  "Zv",     "", "oszap",  "",  0,        FEATURE_ALWAYS, SIZES(inc_E),   "SDM 2A INC"},
    {"FE /0", "INC",  "Eb",     "", "oszap",  "",  LOCKABLE, FEATURE_ALWAYS, BYTES(inc_E),   "SDM 2A INC"},
    {"FF /0", "INC",  "Ev",     "", "oszap",  "",  LOCKABLE, FEATURE_ALWAYS, SIZES(inc_E),   "SDM 2A INC"},
    {"48+r",  "DEC",  "Zv",     "", "oszap",  "",  0,        FEATURE_ALWAYS, SIZES(dec_E),   "SDM 2A DEC"},
    {"FE /1", "DEC",  "Eb",     "", "oszap",  "",  LOCKABLE, FEATURE_ALWAYS, BYTES(dec_E),   "SDM 2A DEC"},
    {"FF /1", "DEC",  "Ev",     "", "oszap",  "",  LOCKABLE, FEATURE_ALWAYS, SIZES(dec_E),   "SDM 2A DEC"},
    {"F6 /2", "NOT",  "Eb",     "", "",       "",  LOCKABLE, FEATURE_ALWAYS, BYTES(not_E),   "SDM 2B NOT"},
    {"F7 /2", "NOT",  "Ev",     "", "",       "",  LOCKABLE, FEATURE_ALWAYS, SIZES(not_E),   "SDM 2B NOT"},
    {"F6 /3", "NEG",  "Eb",     "", "oszapc", "",  LOCKABLE, FEATURE_ALWAYS, BYTES(neg_E),   "SDM 2B NEG"},
    {"F7 /3", "NEG",  "Ev",     "", "oszapc", "",  LOCKABLE, FEATURE_ALWAYS, SIZES(neg_E),   "SDM 2B NEG"},
    {0},
};
/* clang-format on */
