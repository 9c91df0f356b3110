/*
 * Near transfers: Jcc, JMP, CALL, RET, LOOP, JCXZ (SDM 2A, 2B). A 16-bit operand size cuts the target to 16
 * bits. The target is checked against the limit of CS before anything changes. Far forms are elsewhere.
 */
#include "cpu/instructions/conditions.h"
#include "cpu/instructions/families.h"
#include "cpu/stack.h"

#define JCC_SIZE(name, number, size)                                                    \
    EXECUTE(j##name##_##size)                                                           \
    {                                                                                   \
        if (!condition_holds(cpu->eflags, number))                                      \
            return FAULT_NONE;                                                          \
        return branch_near(cpu, (cpu->next_eip + op->immediate) & size_mask(size / 8)); \
    }

#define JCC(name, mnemonic, digit, number, reads) \
    JCC_SIZE(name, number, 16)                    \
    JCC_SIZE(name, number, 32)

CONDITIONS(JCC)

/* CALL: first the target, then the room on the stack (SDM 2A CALL, operation of near calls). */
ALWAYS_INLINE struct fault call(struct cpu *cpu, uint32_t target, unsigned size)
{
    uint32_t return_eip = cpu->next_eip;
    TRY(branch_near(cpu, target));
    return push(cpu, size, return_eip & size_mask(size));
}

/* RET: the stack is read first, then the target is checked; ESP moves last. */
ALWAYS_INLINE struct fault ret(struct cpu *cpu, uint32_t release, unsigned size)
{
    uint32_t mask = stack_mask(cpu);
    uint32_t target;
    TRY(data_read(cpu, SS, cpu->gpr[ESP] & mask, size, &target));
    TRY(branch_near(cpu, target));
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | ((cpu->gpr[ESP] + size + release) & mask);
    return FAULT_NONE;
}

/* LOOP and JCXZ count in CX or ECX by the address size (SDM 2A LOOP); the count changes even when it does not
 * jump. */
ALWAYS_INLINE struct fault loop(struct cpu *cpu, const struct operation *op, bool holds, unsigned size)
{
    uint32_t count = (cpu->gpr[ECX] - 1) & op->address_mask;
    if (count != 0 && holds)
        TRY(branch_near(cpu, (cpu->next_eip + op->immediate) & size_mask(size)));
    cpu->gpr[ECX] = (cpu->gpr[ECX] & ~op->address_mask) | count;
    return FAULT_NONE;
}

#define BRANCH_SIZE(size)                                                                  \
    EXECUTE(jmp_J_##size)                                                                  \
    {                                                                                      \
        return branch_near(cpu, (cpu->next_eip + op->immediate) & size_mask(size / 8));    \
    }                                                                                      \
    EXECUTE(jmp_E_##size)                                                                  \
    {                                                                                      \
        uint32_t target;                                                                   \
        TRY(rm_read(cpu, op, size / 8, &target));                                          \
        return branch_near(cpu, target);                                                   \
    }                                                                                      \
    EXECUTE(call_J_##size)                                                                 \
    {                                                                                      \
        return call(cpu, (cpu->next_eip + op->immediate) & size_mask(size / 8), size / 8); \
    }                                                                                      \
    EXECUTE(call_E_##size)                                                                 \
    {                                                                                      \
        uint32_t target;                                                                   \
        TRY(rm_read(cpu, op, size / 8, &target));                                          \
        return call(cpu, target, size / 8);                                                \
    }                                                                                      \
    EXECUTE(ret_##size)                                                                    \
    {                                                                                      \
        (void)op;                                                                          \
        return ret(cpu, 0, size / 8);                                                      \
    }                                                                                      \
    EXECUTE(ret_I_##size)                                                                  \
    {                                                                                      \
        return ret(cpu, op->immediate & 0xffff, size / 8);                                 \
    }                                                                                      \
    EXECUTE(loop_##size)                                                                   \
    {                                                                                      \
        return loop(cpu, op, true, size / 8);                                              \
    }                                                                                      \
    EXECUTE(loope_##size)                                                                  \
    {                                                                                      \
        return loop(cpu, op, cpu->eflags & EFLAGS_ZF, size / 8);                           \
    }                                                                                      \
    EXECUTE(loopne_##size)                                                                 \
    {                                                                                      \
        return loop(cpu, op, !(cpu->eflags & EFLAGS_ZF), size / 8);                        \
    }                                                                                      \
    EXECUTE(jcxz_##size)                                                                   \
    {                                                                                      \
        if ((cpu->gpr[ECX] & op->address_mask) != 0)                                       \
            return FAULT_NONE;                                                             \
        return branch_near(cpu, (cpu->next_eip + op->immediate) & size_mask(size / 8));    \
    }

BRANCH_SIZE(16)
BRANCH_SIZE(32)

/* clang-format off */
#define JCC_ROWS(name, ending, digit, number, reads)                                                  \
    {"7" digit,    "J" ending, "Jb", reads, "", "", 0, FEATURE_ALWAYS, SIZES(j##name), "SDM 2A Jcc"}, \
    {"0F 8" digit, "J" ending, "Jz", reads, "", "", 0, FEATURE_ALWAYS, SIZES(j##name), "SDM 2A Jcc"},

const struct instruction branch_instructions[] = {
    CONDITIONS(JCC_ROWS)
    {"EB",    "JMP",    "Jb", "",  "", "", 0, FEATURE_ALWAYS, SIZES(jmp_J),  "SDM 2A JMP"},
    {"E9",    "JMP",    "Jz", "",  "", "", 0, FEATURE_ALWAYS, SIZES(jmp_J),  "SDM 2A JMP"},
    {"FF /4", "JMP",    "Ev", "",  "", "", 0, FEATURE_ALWAYS, SIZES(jmp_E),  "SDM 2A JMP"},
    {"E8",    "CALL",   "Jz", "",  "", "", 0, FEATURE_ALWAYS, SIZES(call_J), "SDM 2A CALL"},
    {"FF /2", "CALL",   "Ev", "",  "", "", 0, FEATURE_ALWAYS, SIZES(call_E), "SDM 2A CALL"},
    {"C3",    "RET",    "",   "",  "", "", 0, FEATURE_ALWAYS, SIZES(ret),    "SDM 2B RET"},
    {"C2",    "RET",    "Iw", "",  "", "", 0, FEATURE_ALWAYS, SIZES(ret_I),  "SDM 2B RET"},
    {"E0",    "LOOPNE", "Jb", "z", "", "", 0, FEATURE_ALWAYS, SIZES(loopne), "SDM 2A LOOP"},
    {"E1",    "LOOPE",  "Jb", "z", "", "", 0, FEATURE_ALWAYS, SIZES(loope),  "SDM 2A LOOP"},
    {"E2",    "LOOP",   "Jb", "",  "", "", 0, FEATURE_ALWAYS, SIZES(loop),   "SDM 2A LOOP"},
    {"E3",    "JCXZ",   "Jb", "",  "", "", 0, FEATURE_ALWAYS, SIZES(jcxz),   "SDM 2A Jcc"},
    {0},
};
/* clang-format on */
