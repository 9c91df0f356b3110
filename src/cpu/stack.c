/* Frames on the current stack and on stacks about to be entered (SDM 1 6.2, 3A 5.8.5). */
#include "cpu/stack.h"

struct stack stack_make(const struct segment *ss, uint32_t pointer, unsigned cpl, uint32_t limit_error)
{
    return (struct stack){
        .ss = *ss,
        .pointer = pointer,
        .mask = ss->access & ACCESS_DB ? 0xffffffffu : 0xffffu,
        .user = cpl == 3,
        .limit_error = limit_error,
    };
}

struct stack stack_current(const struct cpu *cpu)
{
    return stack_make(&cpu->segments[SS], cpu->gpr[ESP], cpu->cpl, 0);
}

static bool alignment_checked(const struct cpu *cpu, const struct stack *stack)
{
    return stack->user && (cpu->cr0 & CR0_AM) && (cpu->eflags & EFLAGS_AC);
}

/* One piece of a frame that does not wrap: limit, alignment, pages. */
static struct fault piece_reserve(struct cpu *cpu, const struct stack *stack, uint32_t offset, uint32_t size,
                                  unsigned slot)
{
    if (!segment_allows(&stack->ss, offset, size, true)) {
        struct fault fault = segment_access_fault(&stack->ss, true, offset, size, true);
        fault.error_code = stack->limit_error;
        return fault;
    }
    if (alignment_checked(cpu, stack) && ((stack->ss.base + offset) & (slot - 1)) != 0)
        return fault_coded(VECTOR_AC, 0, ALIGNMENT);
    return linear_probe_write(cpu, stack->ss.base + offset, size, stack->user);
}

static struct fault limit_fault(const struct stack *stack, uint32_t offset)
{
    struct fault fault = fault_coded(VECTOR_SS, stack->limit_error, SEGMENT_LIMIT);
    fault.address = offset;
    return fault;
}

/* Limits, alignment and pages of all slots at once. */
static struct fault frame_reserve(struct cpu *cpu, const struct stack *stack, uint32_t bytes, unsigned slot)
{
    uint32_t top = stack->pointer & stack->mask;
    uint32_t bottom = (stack->pointer - bytes) & stack->mask;
    if (bottom < top || top == 0)
        return piece_reserve(cpu, stack, bottom, bytes, slot);
    /* The frame wraps at the top of a 16-bit stack: two pieces, and no slot may lie across. */
    if (top % slot != 0)
        return limit_fault(stack, bottom);
    TRY(piece_reserve(cpu, stack, 0, top, slot));
    return piece_reserve(cpu, stack, bottom, bytes - top, slot);
}

struct fault stack_reserve(struct cpu *cpu, const struct stack *stack, unsigned count, unsigned slot)
{
    struct fault fault = frame_reserve(cpu, stack, count * slot, slot);
    if (fault.reason == NO_FAULT || fault.vector != VECTOR_PF)
        return fault;
    /* CR2 is to hold the address of the first push that fails. */
    for (unsigned i = 1; i <= count; i++) {
        uint32_t offset = (stack->pointer - i * slot) & stack->mask;
        TRY(linear_probe_write(cpu, stack->ss.base + offset, slot, stack->user));
    }
    return fault;
}

void stack_push(struct cpu *cpu, struct stack *stack, unsigned size, uint32_t value)
{
    stack_drop(stack, 0u - size);
    uint32_t linear = stack->ss.base + (stack->pointer & stack->mask);
    /*
     * stack_reserve made sure that this cannot fault, unless the frame overwrites the page tables that map it;
     * what a processor does then is nobody's business, but it must not stop us.
     */
    struct fault fault = linear_write(cpu, linear, &value, size, stack->user);
    (void)fault;
}

struct fault stack_peek(struct cpu *cpu, const struct stack *stack, uint32_t distance, unsigned size,
                        uint32_t *value)
{
    uint32_t offset = (stack->pointer + distance) & stack->mask;
    if (!segment_allows(&stack->ss, offset, size, false)) {
        struct fault fault = segment_access_fault(&stack->ss, true, offset, size, false);
        fault.error_code = stack->limit_error;
        return fault;
    }
    uint32_t linear = stack->ss.base + offset;
    if (alignment_checked(cpu, stack) && (linear & (size - 1)) != 0)
        return fault_coded(VECTOR_AC, 0, ALIGNMENT);
    *value = 0;
    return linear_read(cpu, linear, value, size, stack->user);
}

struct fault stack_pop(struct cpu *cpu, struct stack *stack, unsigned size, uint32_t *value)
{
    TRY(stack_peek(cpu, stack, 0, size, value));
    stack_drop(stack, size);
    return FAULT_NONE;
}

void stack_drop(struct stack *stack, uint32_t bytes)
{
    stack->pointer = (stack->pointer & ~stack->mask) | ((stack->pointer + bytes) & stack->mask);
}

void stack_commit(struct cpu *cpu, const struct stack *stack)
{
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~stack->mask) | (stack->pointer & stack->mask);
}
