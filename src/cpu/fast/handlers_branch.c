/*
 * Native handlers of near branches, and of the pairs CMP Jcc and TEST Jcc executed as one: see
 * cpu/instructions/branch.c. Blocks end with them.
 */
#include "cpu/fast/handlers.h"

#include "cpu/instruction.h"
#include "cpu/instructions/conditions.h"

FAST(jmp_direct)
{
    (void)op;
    FAST_BRANCH(TAKEN);
}

FAST(jmp_r_32)
{
    FAST_JUMP(cpu->gpr[op->operation.rm]);
}

FAST(jmp_m_32)
{
    const uint8_t *host = quick_read(cpu, &op->operation, effective_address(cpu, &op->operation), 4);
    if (UNLIKELY(host == NULL))
        FAST_TAIL(fast_hand_over_last);
    FAST_JUMP(load_le32(host));
}

FAST(call_direct_32)
{
    uint32_t mask = stack_mask(cpu);
    uint32_t pointer = (cpu->gpr[ESP] - 4) & mask;
    uint8_t *host = data_quick(cpu, SS, pointer, 4, ACCESS_WRITE, true);
    if (UNLIKELY(host == NULL))
        FAST_TAIL(fast_hand_over_last);
    store_le32(host, op->eip + op->operation.length);
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | pointer;
    FAST_BRANCH(TAKEN);
}

#define CALL_INDIRECT(name, readable, target_eip)                            \
    FAST(name)                                                               \
    {                                                                        \
        const uint8_t *from = readable;                                      \
        uint32_t mask = stack_mask(cpu);                                     \
        uint32_t pointer = (cpu->gpr[ESP] - 4) & mask;                       \
        uint8_t *host = data_quick(cpu, SS, pointer, 4, ACCESS_WRITE, true); \
        if (UNLIKELY(from == NULL || host == NULL))                          \
            FAST_TAIL(fast_hand_over_last);                                  \
        uint32_t target = target_eip;                                        \
        store_le32(host, op->eip + op->operation.length);                    \
        cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | pointer;                   \
        FAST_JUMP(target);                                                   \
    }

CALL_INDIRECT(call_r_32, (const uint8_t *)&cpu->gpr[op->operation.rm], load_le32(from))
CALL_INDIRECT(call_m_32, quick_read(cpu, &op->operation, effective_address(cpu, &op->operation), 4),
              load_le32(from))

/* RET, with what it releases beyond the return address. */
FAST(ret_32)
{
    uint32_t mask = stack_mask(cpu);
    uint32_t pointer = cpu->gpr[ESP] & mask;
    const uint8_t *host = data_quick(cpu, SS, pointer, 4, ACCESS_READ, false);
    if (UNLIKELY(host == NULL))
        FAST_TAIL(fast_hand_over_last);
    uint32_t released = 4 + (op->operation.immediate & 0xffff);
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | ((pointer + released) & mask);
    FAST_JUMP(load_le32(host));
}

/* Jcc on whatever the flags are in, and the pairs CMP Jcc and TEST Jcc as one. */
#define JCC(name, ending, digit, number, reads)                                 \
    FAST(jump_if_##name)                                                        \
    {                                                                           \
        (void)op;                                                               \
        if (lazy_condition(cpu, number))                                        \
            FAST_BRANCH(TAKEN);                                                 \
        FAST_BRANCH(NOT_TAKEN);                                                 \
    }                                                                           \
    FAST(set##name##_r)                                                         \
    {                                                                           \
        register_write(cpu, op->operation.rm, 1, lazy_condition(cpu, number));  \
        FAST_NEXT;                                                              \
    }                                                                           \
    FAST(cmov##name##_r_32)                                                     \
    {                                                                           \
        const struct operation *o = &op->operation;                             \
        if (lazy_condition(cpu, number))                                        \
            cpu->gpr[o->reg] = cpu->gpr[o->rm];                                 \
        FAST_NEXT;                                                              \
    }                                                                           \
    FAST(cmov##name##_m_32)                                                     \
    {                                                                           \
        const struct operation *o = &op->operation;                             \
        const uint8_t *host = quick_read(cpu, o, effective_address(cpu, o), 4); \
        if (UNLIKELY(host == NULL))                                             \
            FAST_HAND_OVER;                                                     \
        uint32_t value = load_le32(host);                                       \
        if (lazy_condition(cpu, number))                                        \
            cpu->gpr[o->reg] = value;                                           \
        FAST_NEXT;                                                              \
    }
CONDITIONS(JCC)

#define FUSED_PAIR(prefix, name, number, bits, kind, left, right, test, value) \
    FAST(prefix##_##name##_##bits)                                             \
    {                                                                          \
        const struct operation *o = &op->operation;                            \
        left;                                                                  \
        uint32_t b = right;                                                    \
        lazy_set(cpu, kind, value, kind == LAZY_SUB ? b : 0, bits / 8);        \
        unsigned shift = 32 - bits;                                            \
        (void)shift;                                                           \
        if (test)                                                              \
            FAST_BRANCH(TAKEN);                                                \
        FAST_BRANCH(NOT_TAKEN);                                                \
    }

#define LEFT_REGISTER(bits) uint32_t a = register_read(cpu, o->rm, bits / 8)
#define LEFT_MEMORY(bits, address)                                       \
    const uint8_t *host = quick_read(cpu, o, address(cpu, o), bits / 8); \
    if (UNLIKELY(host == NULL))                                          \
        FAST_HAND_OVER;                                                  \
    uint32_t a = host_load(host, bits / 8)
#define RIGHT_REGISTER(bits)  register_read(cpu, o->reg, bits / 8)
#define RIGHT_IMMEDIATE(bits) (o->immediate & size_mask(bits / 8))

#define FUSED_CMP(form, name, number, bits, left, right)              \
    FUSED_PAIR(cmp_##form, name, number, bits, LAZY_SUB, left, right, \
               condition_of_subtraction(a << shift, b << shift, number), a - b)
#define FUSED_TEST(form, name, number, bits, left, right)                \
    FUSED_PAIR(test_##form, name, number, bits, LAZY_LOGIC, left, right, \
               condition_of_logic((a & b) << shift, number), (a & b))

#define FUSED(name, number, bits)                                                                   \
    FUSED_CMP(rr, name, number, bits, LEFT_REGISTER(bits), RIGHT_REGISTER(bits))                    \
    FUSED_CMP(ri, name, number, bits, LEFT_REGISTER(bits), RIGHT_IMMEDIATE(bits))                   \
    FUSED_CMP(mr, name, number, bits, LEFT_MEMORY(bits, effective_address), RIGHT_REGISTER(bits))   \
    FUSED_CMP(mi, name, number, bits, LEFT_MEMORY(bits, effective_address), RIGHT_IMMEDIATE(bits))  \
    FUSED_CMP(pr, name, number, bits, LEFT_MEMORY(bits, plain_address), RIGHT_REGISTER(bits))       \
    FUSED_CMP(pi, name, number, bits, LEFT_MEMORY(bits, plain_address), RIGHT_IMMEDIATE(bits))      \
    FUSED_TEST(rr, name, number, bits, LEFT_REGISTER(bits), RIGHT_REGISTER(bits))                   \
    FUSED_TEST(ri, name, number, bits, LEFT_REGISTER(bits), RIGHT_IMMEDIATE(bits))                  \
    FUSED_TEST(mi, name, number, bits, LEFT_MEMORY(bits, effective_address), RIGHT_IMMEDIATE(bits)) \
    FUSED_TEST(pi, name, number, bits, LEFT_MEMORY(bits, plain_address), RIGHT_IMMEDIATE(bits))

#define FUSED_SIZES(name, ending, digit, number, reads) FUSED(name, number, 8) FUSED(name, number, 32)

/* All conditions but P and NP. */
FUSED_SIZES(o, "", "", 0, "")
FUSED_SIZES(no, "", "", 1, "")
FUSED_SIZES(b, "", "", 2, "")
FUSED_SIZES(nb, "", "", 3, "")
FUSED_SIZES(z, "", "", 4, "")
FUSED_SIZES(nz, "", "", 5, "")
FUSED_SIZES(be, "", "", 6, "")
FUSED_SIZES(nbe, "", "", 7, "")
FUSED_SIZES(s, "", "", 8, "")
FUSED_SIZES(ns, "", "", 9, "")
FUSED_SIZES(l, "", "", 12, "")
FUSED_SIZES(nl, "", "", 13, "")
FUSED_SIZES(le, "", "", 14, "")
FUSED_SIZES(nle, "", "", 15, "")

#define CONDITION_FORMS(name, ending, digit, number, reads)          \
    {"J" ending, "Jb", ANY(jump_if_##name), NONE, NONE, true},       \
        {"J" ending, "Jz", ANY(jump_if_##name), NONE, NONE, true},   \
        {"SET" ending, "Eb", ANY(set##name##_r), NONE, NONE, false}, \
        {"CMOV" ending, "Gv,Ev", WIDE(cmov##name##_r), WIDE(cmov##name##_m), NONE, false},

/* clang-format off */
const struct fast_form fast_branch_forms[] = {
    {"JMP",   "Jb",     ANY(jmp_direct), NONE, NONE,        true},
    {"JMP",   "Jz",     ANY(jmp_direct), NONE, NONE,        true},
    {"JMP",   "Ev",     WIDE(jmp_r),   WIDE(jmp_m), NONE,   true},
    {"CALL",  "Jz",     WIDE(call_direct), NONE, NONE,      true},
    {"CALL",  "Ev",     WIDE(call_r),  WIDE(call_m), NONE,  true},
    {"RET",   "",       WIDE(ret),     NONE, NONE,          true},
    {"RET",   "Iw",     WIDE(ret),     NONE, NONE,          true},
    CONDITIONS(CONDITION_FORMS)
    {NULL, NULL, NONE, NONE, NONE, false},
};
/* clang-format on */

#define FUSED_ROW(prefix, bits)                                                                          \
    {                                                                                                    \
        prefix##_o_##bits, prefix##_no_##bits, prefix##_b_##bits, prefix##_nb_##bits, prefix##_z_##bits, \
            prefix##_nz_##bits, prefix##_be_##bits, prefix##_nbe_##bits, prefix##_s_##bits,              \
            prefix##_ns_##bits, NULL, NULL, prefix##_l_##bits, prefix##_nl_##bits, prefix##_le_##bits,   \
            prefix##_nle_##bits                                                                          \
    }

/* By the first instruction, in the order of fast_pair_firsts; then by condition. */
static fast_handler *const pairs[FAST_PAIRS][16] = {
    FUSED_ROW(cmp_rr, 8),  FUSED_ROW(cmp_rr, 32),  FUSED_ROW(cmp_ri, 8),  FUSED_ROW(cmp_ri, 32),
    FUSED_ROW(cmp_mr, 8),  FUSED_ROW(cmp_mr, 32),  FUSED_ROW(cmp_mi, 8),  FUSED_ROW(cmp_mi, 32),
    FUSED_ROW(cmp_pr, 8),  FUSED_ROW(cmp_pr, 32),  FUSED_ROW(cmp_pi, 8),  FUSED_ROW(cmp_pi, 32),
    FUSED_ROW(test_rr, 8), FUSED_ROW(test_rr, 32), FUSED_ROW(test_ri, 8), FUSED_ROW(test_ri, 32),
    FUSED_ROW(test_mi, 8), FUSED_ROW(test_mi, 32), FUSED_ROW(test_pi, 8), FUSED_ROW(test_pi, 32),
};

fast_handler *fast_pair_find(const struct fast_op *first, const struct operation *second)
{
    if (second->row == NULL || second->row->mnemonic[0] != 'J' || second->row->flags_read[0] == '\0')
        return NULL;
    for (unsigned i = 0; i < FAST_PAIRS; i++) {
        if (fast_pair_firsts[i] == first->run)
            return pairs[i][second->opcode & 15];
    }
    return NULL;
}
