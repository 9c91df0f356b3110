/* The vocabulary of native handlers. */
#ifndef GATE86_CPU_FAST_HANDLERS_H
#define GATE86_CPU_FAST_HANDLERS_H

#include "cpu/fast/block.h"
#include "cpu/fast/lazy_flags.h"
#include "cpu/operands.h"
#include "cpu/stack.h"

#if defined(__clang__)
#define FAST_MUST_TAIL __attribute__((musttail))
#else
#define FAST_MUST_TAIL
#endif

/* Goes on with another operation, or with another handler for this one, or back to fast_run. */
#if FAST_TAIL_CALLS
#define FAST_GO(next_op)                                  \
    do {                                                  \
        const struct fast_op *fast_go = (next_op);        \
        FAST_MUST_TAIL return fast_go->run(cpu, fast_go); \
    } while (0)
#define FAST_LEAVE return
#else
#define FAST_GO(next_op)  \
    do {                  \
        (void)cpu;        \
        return (next_op); \
    } while (0)
#define FAST_LEAVE return NULL
#endif
#define FAST_TAIL(handler) FAST_MUST_TAIL return handler(cpu, op)
#define FAST_NEXT          FAST_GO(op + 1)
#define FAST_HAND_OVER     FAST_TAIL(fast_hand_over)

#define FAST(name) static fast_step name(struct cpu *cpu, const struct fast_op *op)

/* Enters a block: charges the clock for all of it, or leaves it to the exact interpreter. */
#define FAST_ENTER(entered)                                           \
    do {                                                              \
        struct fast_block *fast_entered = (entered);                  \
        int64_t fast_left = cpu->clock->budget - fast_entered->count; \
        if (UNLIKELY(fast_left < 0)) {                                \
            cpu->eip = fast_entered->eip;                             \
            FAST_LEAVE;                                               \
        }                                                             \
        cpu->clock->budget = fast_left;                               \
        cpu->block = fast_entered;                                    \
        FAST_GO(fast_entered->ops);                                   \
    } while (0)

/* Leaves the block for one of its two targets. */
#define FAST_BRANCH(way)                                        \
    do {                                                        \
        struct fast_block *fast_target = cpu->block->next[way]; \
        if (UNLIKELY(fast_target == NULL))                      \
            fast_target = fast_link(cpu, way);                  \
        if (UNLIKELY(fast_target == NULL))                      \
            FAST_LEAVE;                                         \
        FAST_ENTER(fast_target);                                \
    } while (0)

/* Leaves the block for an EIP known only now. */
#define FAST_JUMP(target_eip)                                        \
    do {                                                             \
        struct fast_block *fast_target = fast_jump(cpu, target_eip); \
        if (UNLIKELY(fast_target == NULL))                           \
            FAST_LEAVE;                                              \
        FAST_ENTER(fast_target);                                     \
    } while (0)

/* The block at an EIP, with the fetch window on its page; NULL: cpu->eip is set, and fast_run must find out. */
struct fast_block *fast_jump(struct cpu *cpu, uint32_t eip);

/* The same for a fixed target of the present block; remembered when it is in the same page. */
struct fast_block *fast_link(struct cpu *cpu, enum fast_way way);

/* clang-format off */
/* Which handlers a row of the instruction table has; one table a file, ended by a NULL mnemonic. */
struct fast_form {
    const char *mnemonic, *operands;
    fast_handler *in_register[2]; /* by operand size, 16 and 32 bits: the E operand is a register, or there is none */
    fast_handler *in_memory[2];
    fast_handler *in_plain[2];    /* in memory, 32-bit address without index; NULL: as in_memory */
    bool last;                    /* the block ends here */
};

#define BYTE(name)  {name##_8, name##_8}
#define SIZED(name) {name##_16, name##_32}
#define WIDE(name)  {NULL, name##_32}
#define ANY(name)   {name, name}
#define NONE        {NULL, NULL}
/* clang-format on */

extern const struct fast_form fast_arithmetic_forms[], fast_move_forms[], fast_branch_forms[];

/* The handlers that make a pair with a Jcc behind them. */
#define FAST_PAIRS 20
extern fast_handler *const fast_pair_firsts[FAST_PAIRS];

ALWAYS_INLINE uint32_t host_load(const uint8_t *host, unsigned size)
{
    return size == 1 ? *host : size == 2 ? load_le16(host) : load_le32(host);
}

ALWAYS_INLINE void host_store(uint8_t *host, unsigned size, uint32_t value)
{
    if (size == 1)
        *host = (uint8_t)value;
    else if (size == 2)
        store_le16(host, (uint16_t)value);
    else
        store_le32(host, value);
}

/* The offset of a memory operand with a 32-bit address and no index: the commonest by far. */
ALWAYS_INLINE uint32_t plain_address(const struct cpu *cpu, const struct operation *o)
{
    return cpu->gpr[o->base] + o->displacement;
}

/* The host address of a memory operand when the quick road is open, else NULL. */
ALWAYS_INLINE uint8_t *quick_read(struct cpu *cpu, const struct operation *o, uint32_t offset, unsigned size)
{
    return data_quick(cpu, o->segment, offset, size, ACCESS_READ, false);
}

ALWAYS_INLINE uint8_t *quick_write(struct cpu *cpu, const struct operation *o, uint32_t offset, unsigned size)
{
    return data_quick(cpu, o->segment, offset, size, ACCESS_WRITE, true);
}

#endif
