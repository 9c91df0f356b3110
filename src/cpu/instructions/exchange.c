/*
 * XCHG, XADD, CMPXCHG, CMPXCHG8B (SDM 2A, 2B). All of them write their memory operand in every case: a failed
 * comparison writes back what was read, so that the write's checks and dirty bits are always there. One
 * processor needs no bus lock.
 */
#include "cpu/instructions/families.h"

/*
 * Memory is written before the registers its address is made of. Between registers XADD writes the source first:
 * XADD EAX,EAX ends with the sum (SDM 2B XADD, operation).
 */
#define EXCHANGE_SIZE(size)                                                                     \
    EXECUTE(xchg_##size)                                                                        \
    {                                                                                           \
        uint32_t a;                                                                             \
        uint32_t b = reg_read(cpu, op, size / 8);                                               \
        TRY(rm_modify(cpu, op, size / 8, &a));                                                  \
        TRY(rm_write(cpu, op, size / 8, b));                                                    \
        reg_write(cpu, op, size / 8, a);                                                        \
        return FAULT_NONE;                                                                      \
    }                                                                                           \
    EXECUTE(xadd_##size)                                                                        \
    {                                                                                           \
        uint32_t a;                                                                             \
        uint32_t b = reg_read(cpu, op, size / 8);                                               \
        TRY(rm_modify(cpu, op, size / 8, &a));                                                  \
        uint32_t sum = a + b;                                                                   \
        if (op->rm != RM_MEMORY)                                                                \
            reg_write(cpu, op, size / 8, a);                                                    \
        TRY(rm_write(cpu, op, size / 8, sum));                                                  \
        if (op->rm == RM_MEMORY)                                                                \
            reg_write(cpu, op, size / 8, a);                                                    \
        flags_set(cpu, EFLAGS_STATUS, flags_add(a, b, sum, size / 8));                          \
        return FAULT_NONE;                                                                      \
    }                                                                                           \
    EXECUTE(cmpxchg_##size)                                                                     \
    {                                                                                           \
        uint32_t old;                                                                           \
        uint32_t expected = register_read(cpu, EAX, size / 8);                                  \
        TRY(rm_modify(cpu, op, size / 8, &old));                                                \
        bool equal = old == expected;                                                           \
        TRY(rm_write(cpu, op, size / 8, equal ? reg_read(cpu, op, size / 8) : old));            \
        if (!equal)                                                                             \
            register_write(cpu, EAX, size / 8, old);                                            \
        flags_set(cpu, EFLAGS_STATUS, flags_subtract(expected, old, expected - old, size / 8)); \
        return FAULT_NONE;                                                                      \
    }

EXCHANGE_SIZE(8)
EXCHANGE_SIZE(16)
EXCHANGE_SIZE(32)

/* NOP is XCHG eAX,eAX that does nothing (SDM 2B NOP); PAUSE is a hint, and a NOP on processors that lack it. */
EXECUTE(nop)
{
    (void)cpu, (void)op;
    return FAULT_NONE;
}

EXECUTE(cmpxchg8b)
{
    uint32_t offset = effective_address(cpu, op);
    uint64_t old;
    const uint8_t *host = data_quick(cpu, op->segment, offset, 8, ACCESS_WRITE, true);
    if (LIKELY(host != NULL))
        old = load_le64(host);
    else
        TRY(data_modify_slow(cpu, op->segment, offset, 8, &old));
    uint64_t expected = (uint64_t)cpu->gpr[EDX] << 32 | cpu->gpr[EAX];
    uint64_t replacement = (uint64_t)cpu->gpr[ECX] << 32 | cpu->gpr[EBX];
    bool equal = old == expected;
    TRY(data_write64(cpu, op->segment, offset, equal ? replacement : old));
    cpu->gpr[EAX] = (uint32_t)old;
    cpu->gpr[EDX] = (uint32_t)(old >> 32);
    flags_set(cpu, EFLAGS_ZF, equal ? EFLAGS_ZF : 0);
    return FAULT_NONE;
}

/* clang-format off */
const struct instruction exchange_instructions[] = {
    {"86 /r",    "XCHG",      "Eb,Gb",  "", "",       "", LOCKABLE, FEATURE_ALWAYS, BYTES(xchg),      "SDM 2B XCHG"},
    {"87 /r",    "XCHG",      "Ev,Gv",  "", "",       "", LOCKABLE, FEATURE_ALWAYS, SIZES(xchg),      "SDM 2B XCHG"},
    {"F3 90",    "PAUSE",     "",       "", "",       "", 0,        FEATURE_ALWAYS, ALWAYS(nop),      "SDM 2B PAUSE"},
    {"90",       "NOP",       "",       "", "",       "", 0,        FEATURE_ALWAYS, ALWAYS(nop),      "SDM 2B NOP"},
    {"90+r",     "XCHG",      "Zv,eAX", "", "",       "", 0,        FEATURE_ALWAYS, SIZES(xchg),      "SDM 2B XCHG"},
    {"0F C0 /r", "XADD",      "Eb,Gb",  "", "oszapc", "", LOCKABLE, FEATURE(I486),  BYTES(xadd),      "SDM 2B XADD"},
    {"0F C1 /r", "XADD",      "Ev,Gv",  "", "oszapc", "", LOCKABLE, FEATURE(I486),  SIZES(xadd),      "SDM 2B XADD"},
    {"0F B0 /r", "CMPXCHG",   "Eb,Gb",  "", "oszapc", "", LOCKABLE, FEATURE(I486),  BYTES(cmpxchg),   "SDM 2A CMPXCHG"},
    {"0F B1 /r", "CMPXCHG",   "Ev,Gv",  "", "oszapc", "", LOCKABLE, FEATURE(I486),  SIZES(cmpxchg),   "SDM 2A CMPXCHG"},
    {"0F C7 /1", "CMPXCHG8B", "Mq",     "", "z",      "", LOCKABLE, FEATURE(CX8),   ALWAYS(cmpxchg8b), "SDM 2A CMPXCHG8B"},
    {0},
};
/* clang-format on */
