/*
 * PUSH, POP, PUSHA, POPA, ENTER and LEAVE (SDM 2A, 2B). The width of the stack pointer is SS.B's, the width
 * of what is pushed is the operand size; the two are independent. Segment registers and EFLAGS are elsewhere.
 */
#include "cpu/stack.h"

#include "cpu/instructions/families.h"

/*
 * With an odd SP a value would lie across offset 0. That is #SS on every stack, but for SP = 7, 9, 11, 13 and 15 in
 * real-address and virtual-8086 mode the manual has #GP (SDM 2B PUSHA, exceptions).
 */
static bool push_all_is_general_fault(const struct cpu *cpu, const struct stack *stack)
{
    uint32_t top = stack->pointer & stack->mask;
    return cpu_is_real_or_v86(cpu) && top >= 7 && top <= 15 && top % 2 == 1;
}

static struct fault push_all(struct cpu *cpu, unsigned size)
{
    struct stack stack = stack_current(cpu);
    if (push_all_is_general_fault(cpu, &stack))
        return fault_gp(0, SEGMENT_LIMIT);
    TRY(stack_reserve(cpu, &stack, 8, size));
    for (unsigned number = EAX; number <= EDI; number++)
        stack_push(cpu, &stack, size, register_read(cpu, number, size));
    stack_commit(cpu, &stack);
    return FAULT_NONE;
}

/* The image of ESP is skipped, not read (SDM 2B POPA). */
static struct fault pop_all(struct cpu *cpu, unsigned size)
{
    struct stack stack = stack_current(cpu);
    uint32_t values[8] = {0};
    for (unsigned i = 0; i < 8; i++)
        if (EDI - i != ESP)
            TRY(stack_peek(cpu, &stack, i * size, size, &values[EDI - i]));
    for (unsigned number = EAX; number <= EDI; number++)
        if (number != ESP)
            register_write(cpu, number, size, values[number]);
    stack_drop(&stack, 8 * size);
    stack_commit(cpu, &stack);
    return FAULT_NONE;
}

/* The frame pointer of the i-th enclosing procedure, from the display below EBP. */
static struct fault display_read(struct cpu *cpu, const struct stack *stack, unsigned i, unsigned size,
                                 uint32_t *value)
{
    return data_read(cpu, SS, (cpu->gpr[EBP] - i * size) & stack->mask, size, value);
}

/*
 * SDM 2A ENTER: level 0 pushes EBP; a higher level copies level - 1 frame pointers of the enclosing
 * procedures behind it and then the new frame pointer. A write at the final stack pointer must be possible,
 * though nothing is written there (SDM 2A ENTER, exceptions). Everything is tried before the first push; the
 * display is read again between the pushes, because the frame may grow into it.
 */
static struct fault enter(struct cpu *cpu, const struct operation *op, unsigned size)
{
    unsigned level = op->immediate2 & 31;
    uint32_t value;
    struct stack stack = stack_current(cpu);
    TRY(stack_reserve(cpu, &stack, level + 1, size));
    for (unsigned i = 1; i < level; i++)
        TRY(display_read(cpu, &stack, i, size, &value));
    struct stack end = stack;
    stack_drop(&end, 0u - ((level + 1) * size + (op->immediate & 0xffff)));
    TRY(data_probe_write(cpu, SS, end.pointer & end.mask, size));

    stack_push(cpu, &stack, size, register_read(cpu, EBP, size));
    uint32_t frame = stack.pointer;
    for (unsigned i = 1; i < level; i++) {
        TRY(display_read(cpu, &stack, i, size, &value));
        stack_push(cpu, &stack, size, value);
    }
    if (level > 0)
        stack_push(cpu, &stack, size, frame & size_mask(size));
    register_write(cpu, EBP, size, frame);
    stack_commit(cpu, &end);
    return FAULT_NONE;
}

static struct fault leave(struct cpu *cpu, unsigned size)
{
    struct stack stack = stack_current(cpu);
    stack.pointer = (stack.pointer & ~stack.mask) | (cpu->gpr[EBP] & stack.mask);
    uint32_t value;
    TRY(stack_pop(cpu, &stack, size, &value));
    register_write(cpu, EBP, size, value);
    stack_commit(cpu, &stack);
    return FAULT_NONE;
}

/*
 * PUSH ESP pushes the value before the push, since the 286 (SDM 2B PUSH, "IA-32 Architecture Compatibility").
 * POP ESP leaves what was on the stack: the increment is lost. POP to memory computes its address with the
 * incremented ESP (SDM 2B POP, description).
 */
#define STACK_SIZE(size)                                                  \
    EXECUTE(push_E_##size)                                                \
    {                                                                     \
        uint32_t value;                                                   \
        TRY(rm_read(cpu, op, size / 8, &value));                          \
        return push(cpu, size / 8, value);                                \
    }                                                                     \
    EXECUTE(push_Z_##size)                                                \
    {                                                                     \
        return push(cpu, size / 8, register_read(cpu, op->rm, size / 8)); \
    }                                                                     \
    EXECUTE(push_I_##size)                                                \
    {                                                                     \
        return push(cpu, size / 8, op->immediate & size_mask(size / 8));  \
    }                                                                     \
    EXECUTE(pop_Z_##size)                                                 \
    {                                                                     \
        uint32_t value;                                                   \
        TRY(pop(cpu, size / 8, &value));                                  \
        register_write(cpu, op->rm, size / 8, value);                     \
        return FAULT_NONE;                                                \
    }                                                                     \
    EXECUTE(pop_E_##size)                                                 \
    {                                                                     \
        uint32_t value;                                                   \
        uint32_t before = cpu->gpr[ESP];                                  \
        TRY(pop(cpu, size / 8, &value));                                  \
        struct fault fault = rm_write(cpu, op, size / 8, value);          \
        if (UNLIKELY(fault.reason != NO_FAULT))                           \
            cpu->gpr[ESP] = before;                                       \
        return fault;                                                     \
    }                                                                     \
    EXECUTE(pusha_##size)                                                 \
    {                                                                     \
        (void)op;                                                         \
        return push_all(cpu, size / 8);                                   \
    }                                                                     \
    EXECUTE(popa_##size)                                                  \
    {                                                                     \
        (void)op;                                                         \
        return pop_all(cpu, size / 8);                                    \
    }                                                                     \
    EXECUTE(enter_##size)                                                 \
    {                                                                     \
        return enter(cpu, op, size / 8);                                  \
    }                                                                     \
    EXECUTE(leave_##size)                                                 \
    {                                                                     \
        (void)op;                                                         \
        return leave(cpu, size / 8);                                      \
    }

STACK_SIZE(16)
STACK_SIZE(32)

/* clang-format off */
const struct instruction stack_instructions[] = {
    {"50+r",  "PUSH",  "Zv",    "", "", "", 0, FEATURE_ALWAYS, SIZES(push_Z), "SDM 2B PUSH"},
    {"58+r",  "POP",   "Zv",    "", "", "", 0, FEATURE_ALWAYS, SIZES(pop_Z),  "SDM 2B POP"},
    {"FF /6", "PUSH",  "Ev",    "", "", "", 0, FEATURE_ALWAYS, SIZES(push_E), "SDM 2B PUSH"},
    {"8F /0", "POP",   "Ev",    "", "", "", 0, FEATURE_ALWAYS, SIZES(pop_E),  "SDM 2B POP"},
    {"68",    "PUSH",  "Iz",    "", "", "", 0, FEATURE_ALWAYS, SIZES(push_I), "SDM 2B PUSH"},
    {"6A",    "PUSH",  "Ibs",   "", "", "", 0, FEATURE_ALWAYS, SIZES(push_I), "SDM 2B PUSH"},
    {"60",    "PUSHA", "",      "", "", "", 0, FEATURE_ALWAYS, SIZES(pusha),  "SDM 2B PUSHA"},
    {"61",    "POPA",  "",      "", "", "", 0, FEATURE_ALWAYS, SIZES(popa),   "SDM 2B POPA"},
    {"C8",    "ENTER", "Iw,Ib", "", "", "", 0, FEATURE_ALWAYS, SIZES(enter),  "SDM 2A ENTER"},
    {"C9",    "LEAVE", "",      "", "", "", 0, FEATURE_ALWAYS, SIZES(leave),  "SDM 2A LEAVE"},
    {0},
};
/* clang-format on */
