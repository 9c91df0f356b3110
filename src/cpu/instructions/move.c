/*
 * Moving and converting data: MOV between general registers and memory, MOVZX, MOVSX, LEA, CMOVcc, SETcc,
 * XLAT, CBW and CWD (SDM 2A, 2B). MOV of segment, control and debug registers is elsewhere.
 */
#include "cpu/instructions/conditions.h"
#include "cpu/instructions/families.h"

#define MOV_SIZE(size)                                                           \
    EXECUTE(mov_EG_##size)                                                       \
    {                                                                            \
        return rm_write(cpu, op, size / 8, reg_read(cpu, op, size / 8));         \
    }                                                                            \
    EXECUTE(mov_GE_##size)                                                       \
    {                                                                            \
        uint32_t value;                                                          \
        TRY(rm_read(cpu, op, size / 8, &value));                                 \
        reg_write(cpu, op, size / 8, value);                                     \
        return FAULT_NONE;                                                       \
    }                                                                            \
    EXECUTE(mov_EI_##size)                                                       \
    {                                                                            \
        return rm_write(cpu, op, size / 8, op->immediate & size_mask(size / 8)); \
    }

MOV_SIZE(8)
MOV_SIZE(16)
MOV_SIZE(32)

#define EXTEND(name, from, extend)           \
    EXECUTE(name##_16)                       \
    {                                        \
        uint32_t value;                      \
        TRY(rm_read(cpu, op, from, &value)); \
        reg_write(cpu, op, 2, extend);       \
        return FAULT_NONE;                   \
    }                                        \
    EXECUTE(name##_32)                       \
    {                                        \
        uint32_t value;                      \
        TRY(rm_read(cpu, op, from, &value)); \
        reg_write(cpu, op, 4, extend);       \
        return FAULT_NONE;                   \
    }

EXTEND(movzx_byte, 1, value)
EXTEND(movzx_word, 2, value)
EXTEND(movsx_byte, 1, sign_extend(value, 1))
EXTEND(movsx_word, 2, sign_extend(value, 2))

/* Address and operand size are independent: a 32-bit address may be cut to 16 bits, a 16-bit one is
 * zero-extended. */
EXECUTE(lea_16)
{
    reg_write(cpu, op, 2, effective_address(cpu, op));
    return FAULT_NONE;
}

EXECUTE(lea_32)
{
    reg_write(cpu, op, 4, effective_address(cpu, op));
    return FAULT_NONE;
}

/* The source is read whatever the condition says, and so may fault (SDM 2A CMOVcc, operation). */
#define CMOV_SIZE(name, number, size)             \
    EXECUTE(cmov##name##_##size)                  \
    {                                             \
        uint32_t value;                           \
        TRY(rm_read(cpu, op, size / 8, &value));  \
        if (condition_holds(cpu->eflags, number)) \
            reg_write(cpu, op, size / 8, value);  \
        return FAULT_NONE;                        \
    }

#define CONDITIONAL(name, mnemonic, digit, number, reads)                  \
    CMOV_SIZE(name, number, 16)                                            \
    CMOV_SIZE(name, number, 32)                                            \
    EXECUTE(set##name)                                                     \
    {                                                                      \
        return rm_write(cpu, op, 1, condition_holds(cpu->eflags, number)); \
    }

CONDITIONS(CONDITIONAL)

EXECUTE(xlat)
{
    uint32_t value;
    uint32_t offset = (cpu->gpr[EBX] + register_read(cpu, EAX, 1)) & op->address_mask;
    TRY(data_read(cpu, op->segment, offset, 1, &value));
    register_write(cpu, EAX, 1, value);
    return FAULT_NONE;
}

EXECUTE(cbw)
{
    (void)op;
    register_write(cpu, EAX, 2, sign_extend(cpu->gpr[EAX], 1));
    return FAULT_NONE;
}

EXECUTE(cwde)
{
    (void)op;
    cpu->gpr[EAX] = sign_extend(cpu->gpr[EAX], 2);
    return FAULT_NONE;
}

EXECUTE(cwd)
{
    (void)op;
    register_write(cpu, EDX, 2, cpu->gpr[EAX] & sign_bit(2) ? 0xffff : 0);
    return FAULT_NONE;
}

EXECUTE(cdq)
{
    (void)op;
    cpu->gpr[EDX] = cpu->gpr[EAX] & sign_bit(4) ? 0xffffffff : 0;
    return FAULT_NONE;
}

/* clang-format off */
#define CMOV_ROW(name, ending, digit, number, reads)                                                        \
    {"0F 4" digit " /r", "CMOV" ending, "Gv,Ev", reads, "", "", 0, FEATURE(CMOV), SIZES(cmov##name), "SDM 2A CMOVcc"},
#define SET_ROW(name, ending, digit, number, reads)                                                         \
    {"0F 9" digit " /r", "SET" ending, "Eb", reads, "", "", 0, FEATURE_ALWAYS, ALWAYS(set##name), "SDM 2B SETcc"},

const struct instruction move_instructions[] = {
    {"88 /r",    "MOV",   "Eb,Gb",  "", "", "", 0, FEATURE_ALWAYS, BYTES(mov_EG),     "SDM 2B MOV"},
    {"89 /r",    "MOV",   "Ev,Gv",  "", "", "", 0, FEATURE_ALWAYS, SIZES(mov_EG),     "SDM 2B MOV"},
    {"8A /r",    "MOV",   "Gb,Eb",  "", "", "", 0, FEATURE_ALWAYS, BYTES(mov_GE),     "SDM 2B MOV"},
    {"8B /r",    "MOV",   "Gv,Ev",  "", "", "", 0, FEATURE_ALWAYS, SIZES(mov_GE),     "SDM 2B MOV"},
    {"A0",       "MOV",   "AL,Ob",  "", "", "", 0, FEATURE_ALWAYS, BYTES(mov_GE),     "SDM 2B MOV"},
    {"A1",       "MOV",   "eAX,Ov", "", "", "", 0, FEATURE_ALWAYS, SIZES(mov_GE),     "SDM 2B MOV"},
    {"A2",       "MOV",   "Ob,AL",  "", "", "", 0, FEATURE_ALWAYS, BYTES(mov_EG),     "SDM 2B MOV"},
    {"A3",       "MOV",   "Ov,eAX", "", "", "", 0, FEATURE_ALWAYS, SIZES(mov_EG),     "SDM 2B MOV"},
    {"B0+r",     "MOV",   "Zb,Ib",  "", "", "", 0, FEATURE_ALWAYS, BYTES(mov_EI),     "SDM 2B MOV"},
    {"B8+r",     "MOV",   "Zv,Iv",  "", "", "", 0, FEATURE_ALWAYS, SIZES(mov_EI),     "SDM 2B MOV"},
    {"C6 /0",    "MOV",   "Eb,Ib",  "", "", "", 0, FEATURE_ALWAYS, BYTES(mov_EI),     "SDM 2B MOV"},
    {"C7 /0",    "MOV",   "Ev,Iz",  "", "", "", 0, FEATURE_ALWAYS, SIZES(mov_EI),     "SDM 2B MOV"},
    {"0F B6 /r", "MOVZX", "Gv,Eb",  "", "", "", 0, FEATURE_ALWAYS, SIZES(movzx_byte), "SDM 2B MOVZX"},
    {"0F B7 /r", "MOVZX", "Gv,Ew",  "", "", "", 0, FEATURE_ALWAYS, SIZES(movzx_word), "SDM 2B MOVZX"},
    {"0F BE /r", "MOVSX", "Gv,Eb",  "", "", "", 0, FEATURE_ALWAYS, SIZES(movsx_byte), "SDM 2B MOVSX"},
    {"0F BF /r", "MOVSX", "Gv,Ew",  "", "", "", 0, FEATURE_ALWAYS, SIZES(movsx_word), "SDM 2B MOVSX"},
    {"8D /r",    "LEA",   "Gv,M",   "", "", "", 0, FEATURE_ALWAYS, SIZES(lea),        "SDM 2A LEA"},
    {"D7",       "XLAT",  "",       "", "", "", 0, FEATURE_ALWAYS, ALWAYS(xlat),      "SDM 2B XLAT"},
    {"98",       "CBW",   "",       "", "", "", 0, FEATURE_ALWAYS, {cbw, cwde},       "SDM 2A CBW"},
    {"99",       "CWD",   "",       "", "", "", 0, FEATURE_ALWAYS, {cwd, cdq},        "SDM 2A CWD"},
    CONDITIONS(CMOV_ROW)
    CONDITIONS(SET_ROW)
    {0},
};
/* clang-format on */
