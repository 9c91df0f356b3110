/*
 * Flags one by one, BOUND, SALC, the opcodes that are undefined on purpose, and the hints that do nothing
 * (SDM 2A, 2B). Flags beyond the status flags and DF are elsewhere.
 */
#include "cpu/instructions/families.h"

#define FLAGS_AH (EFLAGS_SF | EFLAGS_ZF | EFLAGS_AF | EFLAGS_PF | EFLAGS_CF)

EXECUTE(lahf)
{
    (void)op;
    register_write(cpu, EAX, 2, ((cpu->eflags & FLAGS_AH) | EFLAGS_1) << 8 | (cpu->gpr[EAX] & 0xff));
    return FAULT_NONE;
}

EXECUTE(sahf)
{
    (void)op;
    flags_set(cpu, FLAGS_AH, cpu->gpr[EAX] >> 8);
    return FAULT_NONE;
}

EXECUTE(cmc)
{
    (void)op;
    cpu->eflags ^= EFLAGS_CF;
    return FAULT_NONE;
}

EXECUTE(clc)
{
    (void)op;
    cpu->eflags &= ~EFLAGS_CF;
    return FAULT_NONE;
}

EXECUTE(stc)
{
    (void)op;
    cpu->eflags |= EFLAGS_CF;
    return FAULT_NONE;
}

EXECUTE(cld)
{
    (void)op;
    cpu->eflags &= ~EFLAGS_DF;
    return FAULT_NONE;
}

EXECUTE(std)
{
    (void)op;
    cpu->eflags |= EFLAGS_DF;
    return FAULT_NONE;
}

/* Not in the manual, on every processor: AL becomes 0 or FFh by CF. */
EXECUTE(salc)
{
    (void)op;
    register_write(cpu, EAX, 1, cpu->eflags & EFLAGS_CF ? 0xff : 0);
    return FAULT_NONE;
}

/* Both bounds are signed and included (SDM 2A BOUND, operation). */
ALWAYS_INLINE struct fault bound(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t lower, upper;
    uint32_t offset = effective_address(cpu, op);
    TRY(data_read(cpu, op->segment, offset, size, &lower));
    TRY(data_read(cpu, op->segment, (offset + size) & op->address_mask, size, &upper));
    int32_t index = (int32_t)sign_extend(reg_read(cpu, op, size), size);
    if (index < (int32_t)sign_extend(lower, size) || index > (int32_t)sign_extend(upper, size))
        return fault_plain(VECTOR_BR, BOUND_EXCEEDED);
    return FAULT_NONE;
}

EXECUTE(bound_16)
{
    return bound(cpu, op, 2);
}

EXECUTE(bound_32)
{
    return bound(cpu, op, 4);
}

EXECUTE(ud)
{
    (void)cpu, (void)op;
    return fault_ud(UNDEFINED_ON_PURPOSE);
}

EXECUTE(hint)
{
    (void)cpu, (void)op;
    return FAULT_NONE;
}

/* clang-format off */
#define HINT_ROW(opcode)                                                                                   \
    {opcode " /r",  "NOP",         "Ev",    "", "",      "", 0, FEATURE(P6),    ALWAYS(hint), "SDM 2B NOP"}
#define PREFETCH_ROW(digit, mnemonic)                                                                      \
    {"0F 18 /" digit, mnemonic,    "Mb",    "", "",      "", 0, FEATURE(SSE),   ALWAYS(hint), "SDM 2B PREFETCHh"}

const struct instruction misc_instructions[] = {
    {"9F",          "LAHF",      "",      "szapc", "",      "", 0, FEATURE_ALWAYS, ALWAYS(lahf),  "SDM 2A LAHF"},
    {"9E",          "SAHF",      "",      "",      "szapc", "", 0, FEATURE_ALWAYS, ALWAYS(sahf),  "SDM 2B SAHF"},
    {"F5",          "CMC",       "",      "c",     "c",     "", 0, FEATURE_ALWAYS, ALWAYS(cmc),   "SDM 2A CMC"},
    {"F8",          "CLC",       "",      "",      "c",     "", 0, FEATURE_ALWAYS, ALWAYS(clc),   "SDM 2A CLC"},
    {"F9",          "STC",       "",      "",      "c",     "", 0, FEATURE_ALWAYS, ALWAYS(stc),   "SDM 2B STC"},
    {"FC",          "CLD",       "",      "",      "d",     "", 0, FEATURE_ALWAYS, ALWAYS(cld),   "SDM 2A CLD"},
    {"FD",          "STD",       "",      "",      "d",     "", 0, FEATURE_ALWAYS, ALWAYS(std),   "SDM 2B STD"},
    {"D6",          "SALC",      "",      "c",     "",      "", 0, FEATURE_ALWAYS, ALWAYS(salc),  "not in the SDM"},
    {"62 /r",       "BOUND",     "Gv,Ma", "",      "",      "", 0, FEATURE_ALWAYS, SIZES(bound),  "SDM 2A BOUND"},
    {"0F FF /r",    "UD0",       "Gd,Ed", "",      "",      "", 0, FEATURE_ALWAYS, ALWAYS(ud),    "SDM 2B UD"},
    {"0F B9 /r",    "UD1",       "Gd,Ed", "",      "",      "", 0, FEATURE_ALWAYS, ALWAYS(ud),    "SDM 2B UD"},
    {"0F 0B",       "UD2",       "",      "",      "",      "", 0, FEATURE_ALWAYS, ALWAYS(ud),    "SDM 2B UD"},
    {"F3 0F 1E FA", "ENDBR64",   "",      "",      "",      "", 0, FEATURE(P6),    ALWAYS(hint),  "SDM 2A ENDBR64"},
    {"F3 0F 1E FB", "ENDBR32",   "",      "",      "",      "", 0, FEATURE(P6),    ALWAYS(hint),  "SDM 2A ENDBR32"},
    PREFETCH_ROW("0", "PREFETCHNTA"),
    PREFETCH_ROW("1", "PREFETCHT0"),
    PREFETCH_ROW("2", "PREFETCHT1"),
    PREFETCH_ROW("3", "PREFETCHT2"),
    HINT_ROW("0F 18"), HINT_ROW("0F 19"), HINT_ROW("0F 1A"), HINT_ROW("0F 1B"),
    HINT_ROW("0F 1C"), HINT_ROW("0F 1D"), HINT_ROW("0F 1E"), HINT_ROW("0F 1F"),
    {0},
};
/* clang-format on */
