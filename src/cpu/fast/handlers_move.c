/* Native handlers of moves and of the stack: see cpu/instructions/move.c, exchange.c and stack.c. */
#include "cpu/fast/handlers.h"

/* A memory operand (m), or one with a plain address (p). */
#define MOVE_MEMORY(bits, mr, gm, mi, address)                               \
    FAST(mov_##mr##_##bits)                                                  \
    {                                                                        \
        const struct operation *o = &op->operation;                          \
        uint8_t *host = quick_write(cpu, o, address(cpu, o), bits / 8);      \
        if (UNLIKELY(host == NULL))                                          \
            FAST_HAND_OVER;                                                  \
        host_store(host, bits / 8, register_read(cpu, o->reg, bits / 8));    \
        FAST_NEXT;                                                           \
    }                                                                        \
    FAST(mov_##mi##_##bits)                                                  \
    {                                                                        \
        const struct operation *o = &op->operation;                          \
        uint8_t *host = quick_write(cpu, o, address(cpu, o), bits / 8);      \
        if (UNLIKELY(host == NULL))                                          \
            FAST_HAND_OVER;                                                  \
        host_store(host, bits / 8, o->immediate);                            \
        FAST_NEXT;                                                           \
    }                                                                        \
    FAST(mov_##gm##_##bits)                                                  \
    {                                                                        \
        const struct operation *o = &op->operation;                          \
        const uint8_t *host = quick_read(cpu, o, address(cpu, o), bits / 8); \
        if (UNLIKELY(host == NULL))                                          \
            FAST_HAND_OVER;                                                  \
        register_write(cpu, o->reg, bits / 8, host_load(host, bits / 8));    \
        FAST_NEXT;                                                           \
    }

#define MOVE_SIZE(bits)                                                             \
    FAST(mov_rr_##bits)                                                             \
    {                                                                               \
        const struct operation *o = &op->operation;                                 \
        register_write(cpu, o->rm, bits / 8, register_read(cpu, o->reg, bits / 8)); \
        FAST_NEXT;                                                                  \
    }                                                                               \
    FAST(mov_gr_##bits)                                                             \
    {                                                                               \
        const struct operation *o = &op->operation;                                 \
        register_write(cpu, o->reg, bits / 8, register_read(cpu, o->rm, bits / 8)); \
        FAST_NEXT;                                                                  \
    }                                                                               \
    FAST(mov_ri_##bits)                                                             \
    {                                                                               \
        register_write(cpu, op->operation.rm, bits / 8, op->operation.immediate);   \
        FAST_NEXT;                                                                  \
    }                                                                               \
    MOVE_MEMORY(bits, mr, gm, mi, effective_address)                                \
    MOVE_MEMORY(bits, pr, gp, pi, plain_address)

MOVE_SIZE(8)
MOVE_SIZE(16)
MOVE_SIZE(32)

/* MOVZX and MOVSX to 32 bits. */
#define EXTEND_MEMORY(name, bits, extended, form, address)                   \
    FAST(name##_##form##_##bits)                                             \
    {                                                                        \
        const struct operation *o = &op->operation;                          \
        const uint8_t *host = quick_read(cpu, o, address(cpu, o), bits / 8); \
        if (UNLIKELY(host == NULL))                                          \
            FAST_HAND_OVER;                                                  \
        uint32_t value = host_load(host, bits / 8);                          \
        cpu->gpr[o->reg] = extended;                                         \
        FAST_NEXT;                                                           \
    }

#define EXTEND(name, bits, extended)                          \
    FAST(name##_r_##bits)                                     \
    {                                                         \
        const struct operation *o = &op->operation;           \
        uint32_t value = register_read(cpu, o->rm, bits / 8); \
        cpu->gpr[o->reg] = extended;                          \
        FAST_NEXT;                                            \
    }                                                         \
    EXTEND_MEMORY(name, bits, extended, m, effective_address) \
    EXTEND_MEMORY(name, bits, extended, p, plain_address)

EXTEND(movzx, 8, value)
EXTEND(movzx, 16, value)
EXTEND(movsx, 8, sign_extend(value, 1))
EXTEND(movsx, 16, sign_extend(value, 2))

FAST(lea_32)
{
    const struct operation *o = &op->operation;
    cpu->gpr[o->reg] = effective_address(cpu, o);
    FAST_NEXT;
}

FAST(xchg_r_32)
{
    const struct operation *o = &op->operation;
    uint32_t value = cpu->gpr[o->rm];
    cpu->gpr[o->rm] = cpu->gpr[o->reg];
    cpu->gpr[o->reg] = value;
    FAST_NEXT;
}

FAST(cdq_32)
{
    cpu->gpr[EDX] = (uint32_t)((int32_t)cpu->gpr[EAX] >> 31);
    FAST_NEXT;
}

FAST(cwde_32)
{
    cpu->gpr[EAX] = sign_extend(cpu->gpr[EAX], 2);
    FAST_NEXT;
}

FAST(bswap_r_32)
{
    const struct operation *o = &op->operation;
    cpu->gpr[o->rm] = __builtin_bswap32(cpu->gpr[o->rm]);
    FAST_NEXT;
}

FAST(no_operation)
{
    FAST_NEXT;
}

FAST(push_r_32)
{
    uint32_t mask = stack_mask(cpu);
    uint32_t pointer = (cpu->gpr[ESP] - 4) & mask;
    uint8_t *host = data_quick(cpu, SS, pointer, 4, ACCESS_WRITE, true);
    if (UNLIKELY(host == NULL))
        FAST_HAND_OVER;
    store_le32(host, cpu->gpr[op->operation.rm]);
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | pointer;
    FAST_NEXT;
}

FAST(push_i_32)
{
    uint32_t mask = stack_mask(cpu);
    uint32_t pointer = (cpu->gpr[ESP] - 4) & mask;
    uint8_t *host = data_quick(cpu, SS, pointer, 4, ACCESS_WRITE, true);
    if (UNLIKELY(host == NULL))
        FAST_HAND_OVER;
    store_le32(host, op->operation.immediate);
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | pointer;
    FAST_NEXT;
}

FAST(push_m_32)
{
    const uint8_t *from = quick_read(cpu, &op->operation, effective_address(cpu, &op->operation), 4);
    uint32_t mask = stack_mask(cpu);
    uint32_t pointer = (cpu->gpr[ESP] - 4) & mask;
    uint8_t *host = data_quick(cpu, SS, pointer, 4, ACCESS_WRITE, true);
    if (UNLIKELY(from == NULL || host == NULL))
        FAST_HAND_OVER;
    store_le32(host, load_le32(from));
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | pointer;
    FAST_NEXT;
}

FAST(pop_r_32)
{
    uint32_t mask = stack_mask(cpu);
    const uint8_t *host = data_quick(cpu, SS, cpu->gpr[ESP] & mask, 4, ACCESS_READ, false);
    if (UNLIKELY(host == NULL))
        FAST_HAND_OVER;
    uint32_t value = load_le32(host);
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | ((cpu->gpr[ESP] + 4) & mask);
    cpu->gpr[op->operation.rm] = value; /* POP ESP: the value read counts */
    FAST_NEXT;
}

FAST(leave_32)
{
    uint32_t mask = stack_mask(cpu);
    uint32_t frame = cpu->gpr[EBP];
    const uint8_t *host = data_quick(cpu, SS, frame & mask, 4, ACCESS_READ, false);
    if (UNLIKELY(host == NULL))
        FAST_HAND_OVER;
    cpu->gpr[EBP] = load_le32(host);
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | ((frame + 4) & mask);
    FAST_NEXT;
}

/* clang-format off */
const struct fast_form fast_move_forms[] = {
    {"MOV",   "Eb,Gb",  BYTE(mov_rr),  BYTE(mov_mr), BYTE(mov_pr),  false},
    {"MOV",   "Ev,Gv",  SIZED(mov_rr), SIZED(mov_mr), SIZED(mov_pr), false},
    {"MOV",   "Gb,Eb",  BYTE(mov_gr),  BYTE(mov_gm), BYTE(mov_gp),  false},
    {"MOV",   "Gv,Ev",  SIZED(mov_gr), SIZED(mov_gm), SIZED(mov_gp), false},
    {"MOV",   "AL,Ob",  NONE,          BYTE(mov_gm), BYTE(mov_gp),  false},
    {"MOV",   "eAX,Ov", NONE,          SIZED(mov_gm), SIZED(mov_gp), false},
    {"MOV",   "Ob,AL",  NONE,          BYTE(mov_mr), BYTE(mov_pr),  false},
    {"MOV",   "Ov,eAX", NONE,          SIZED(mov_mr), SIZED(mov_pr), false},
    {"MOV",   "Zb,Ib",  BYTE(mov_ri),  NONE, NONE,          false},
    {"MOV",   "Zv,Iv",  SIZED(mov_ri), NONE, NONE,          false},
    {"MOV",   "Eb,Ib",  BYTE(mov_ri),  BYTE(mov_mi), BYTE(mov_pi),  false},
    {"MOV",   "Ev,Iz",  SIZED(mov_ri), SIZED(mov_mi), SIZED(mov_pi), false},
    {"MOVZX", "Gv,Eb",  {NULL, movzx_r_8},  {NULL, movzx_m_8}, {NULL, movzx_p_8},  false},
    {"MOVZX", "Gv,Ew",  {NULL, movzx_r_16}, {NULL, movzx_m_16}, {NULL, movzx_p_16}, false},
    {"MOVSX", "Gv,Eb",  {NULL, movsx_r_8},  {NULL, movsx_m_8}, {NULL, movsx_p_8},  false},
    {"MOVSX", "Gv,Ew",  {NULL, movsx_r_16}, {NULL, movsx_m_16}, {NULL, movsx_p_16}, false},
    {"LEA",   "Gv,M",   NONE,          WIDE(lea), NONE,     false},
    {"XCHG",  "Zv,eAX", WIDE(xchg_r),  NONE, NONE,          false},
    {"XCHG",  "Ev,Gv",  WIDE(xchg_r),  NONE, NONE,          false},
    {"BSWAP", "Zv",     WIDE(bswap_r), NONE, NONE,          false},
    {"CBW",   "",       WIDE(cwde),    NONE, NONE,          false},
    {"CWD",   "",       WIDE(cdq),     NONE, NONE,          false},
    {"NOP",   "",       ANY(no_operation), NONE, NONE,      false},
    {"NOP",   "Ev",     ANY(no_operation), ANY(no_operation), NONE, false},
    {"PUSH",  "Zv",     WIDE(push_r),  NONE, NONE,          false},
    {"PUSH",  "Ev",     WIDE(push_r),  WIDE(push_m), NONE,  false},
    {"PUSH",  "Iz",     WIDE(push_i),  NONE, NONE,          false},
    {"PUSH",  "Ibs",    WIDE(push_i),  NONE, NONE,          false},
    {"POP",   "Zv",     WIDE(pop_r),   NONE, NONE,          false},
    {"LEAVE", "",       WIDE(leave),   NONE, NONE,          false},
    {NULL, NULL, NONE, NONE, NONE, false},
};
/* clang-format on */
