/*
 * Decimal adjustment: DAA, DAS, AAA, AAS, AAM, AAD (SDM 2A).
 *
 * What the manual leaves undefined: OF after DAA and DAS, and OF, SF, ZF, PF after AAA and AAS, stay as they were;
 * OF, AF and CF after AAM and AAD are cleared.
 */
#include "cpu/instructions/families.h"

/* DAA and DAS differ in the direction of the correction: `sign` is 1 or -1. */
ALWAYS_INLINE void decimal_adjust(struct cpu *cpu, int sign)
{
    uint32_t old = register_read(cpu, EAX, 1);
    bool old_carry = cpu->eflags & EFLAGS_CF;
    bool low = (old & 15) > 9 || (cpu->eflags & EFLAGS_AF);
    bool high = old > 0x99 || old_carry;
    uint32_t value = (uint32_t)((int)old + sign * ((low ? 6 : 0) + (high ? 0x60 : 0))) & 0xff;
    /* DAS: a borrow out of the low correction counts too (SDM 2A DAS, operation). */
    bool borrow = sign < 0 && low && old < 6;
    register_write(cpu, EAX, 1, value);
    flags_set(cpu, EFLAGS_STATUS & ~EFLAGS_OF,
              flags_szp(value, 1) | (low ? EFLAGS_AF : 0) | (high || borrow ? EFLAGS_CF : 0));
}

EXECUTE(daa)
{
    (void)op;
    decimal_adjust(cpu, 1);
    return FAULT_NONE;
}

EXECUTE(das)
{
    (void)op;
    decimal_adjust(cpu, -1);
    return FAULT_NONE;
}

/* AAA and AAS add to or subtract from AX as a whole (SDM 2A AAA, AAS, operation). */
ALWAYS_INLINE void ascii_adjust(struct cpu *cpu, uint32_t correction)
{
    bool adjust = (cpu->gpr[EAX] & 15) > 9 || (cpu->eflags & EFLAGS_AF);
    if (adjust)
        register_write(cpu, EAX, 2, cpu->gpr[EAX] + correction);
    register_write(cpu, EAX, 1, cpu->gpr[EAX] & 15);
    flags_set(cpu, EFLAGS_AF | EFLAGS_CF, adjust ? EFLAGS_AF | EFLAGS_CF : 0);
}

EXECUTE(aaa)
{
    (void)op;
    ascii_adjust(cpu, 0x106);
    return FAULT_NONE;
}

EXECUTE(aas)
{
    (void)op;
    ascii_adjust(cpu, 0u - 0x106);
    return FAULT_NONE;
}

EXECUTE(aam)
{
    uint32_t base = op->immediate & 0xff;
    if (base == 0)
        return fault_plain(VECTOR_DE, DIVIDE_BY_ZERO);
    uint32_t value = register_read(cpu, EAX, 1);
    register_write(cpu, EAX, 2, (value / base) << 8 | value % base);
    flags_set(cpu, EFLAGS_STATUS, flags_szp(value % base, 1));
    return FAULT_NONE;
}

EXECUTE(aad)
{
    uint32_t high = (cpu->gpr[EAX] >> 8) & 0xff;
    uint32_t value = (register_read(cpu, EAX, 1) + high * (op->immediate & 0xff)) & 0xff;
    register_write(cpu, EAX, 2, value);
    flags_set(cpu, EFLAGS_STATUS, flags_szp(value, 1));
    return FAULT_NONE;
}

/* clang-format off */
const struct instruction decimal_instructions[] = {
    {"27", "DAA", "",   "ac", "szapc",  "o",    0, FEATURE_ALWAYS, ALWAYS(daa), "SDM 2A DAA"},
    {"2F", "DAS", "",   "ac", "szapc",  "o",    0, FEATURE_ALWAYS, ALWAYS(das), "SDM 2A DAS"},
    {"37", "AAA", "",   "a",  "ac",     "oszp", 0, FEATURE_ALWAYS, ALWAYS(aaa), "SDM 2A AAA"},
    {"3F", "AAS", "",   "a",  "ac",     "oszp", 0, FEATURE_ALWAYS, ALWAYS(aas), "SDM 2A AAS"},
    {"D4", "AAM", "Ib", "",   "oszapc", "oac",  0, FEATURE_ALWAYS, ALWAYS(aam), "SDM 2A AAM"},
    {"D5", "AAD", "Ib", "",   "oszapc", "oac",  0, FEATURE_ALWAYS, ALWAYS(aad), "SDM 2A AAD"},
    {0},
};
/* clang-format on */
