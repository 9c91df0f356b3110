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
#include "cpu/instructions/shift_compute.h"

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
