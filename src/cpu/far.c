/*
 * Far JMP, CALL and RET: real-address and virtual-8086 mode, code segments, call gates, task gates and TSSs
 * (SDM 2A CALL, JMP; 2B RET; 3A 5.8). The order of the checks is that of the operation sections.
 */
#include "cpu/far.h"

#include "cpu/call_gate.h"
#include "cpu/task.h"

static unsigned slot_size(bool wide)
{
    return wide ? 4 : 2;
}

/* Room for the return address, offered before the target's limit is looked at. */
static struct fault return_address_reserve(struct cpu *cpu, bool wide, struct stack *stack)
{
    *stack = stack_current(cpu);
    return stack_reserve(cpu, stack, 2, slot_size(wide));
}

static void return_address_push(struct cpu *cpu, bool wide, struct stack *stack)
{
    stack_push(cpu, stack, slot_size(wide), cpu->segments[CS].selector);
    stack_push(cpu, stack, slot_size(wide), cpu->next_eip);
    stack_commit(cpu, stack);
}

/* What CS becomes in real-address or virtual-8086 mode. */
static struct segment code_segment_8086(const struct cpu *cpu, uint16_t selector)
{
    if (cpu_is_v86(cpu))
        return segment_v86(selector);
    struct segment cs = cpu->segments[CS];
    segment_load_real_code(&cs, selector);
    return cs;
}

static struct fault enter_8086(struct cpu *cpu, uint16_t selector, uint32_t offset, bool wide, bool call)
{
    struct stack stack;
    if (call)
        TRY(return_address_reserve(cpu, wide, &stack));
    struct segment cs = code_segment_8086(cpu, selector);
    if (offset > cs.limit)
        return fault_gp(0, FAR_OFFSET);
    if (call)
        return_address_push(cpu, wide, &stack);
    segment_set_code(cpu, &cs);
    cpu->next_eip = offset;
    return FAULT_NONE;
}

static struct fault code_segment_check(const struct cpu *cpu, const struct far_segment *target)
{
    uint16_t access = target->descriptor.access;
    uint32_t error = selector_as_error(target->selector, 0);
    if (access_is_conforming(access)) {
        if (access_dpl(access) > cpu->cpl)
            return fault_gp(error, FAR_CONFORMING_DPL);
    } else {
        if ((target->selector & SELECTOR_RPL) > cpu->cpl)
            return fault_gp(error, FAR_CODE_RPL);
        if (access_dpl(access) != cpu->cpl)
            return fault_gp(error, FAR_CODE_DPL);
    }
    if (!(access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, FAR_CODE_NOT_PRESENT);
    return FAULT_NONE;
}

static struct fault enter_code_segment(struct cpu *cpu, struct far_segment *target, uint32_t offset,
                                       bool wide, bool call)
{
    struct stack stack;
    TRY(code_segment_check(cpu, target));
    if (call)
        TRY(return_address_reserve(cpu, wide, &stack));
    if (offset > target->descriptor.limit)
        return fault_gp(0, FAR_OFFSET);
    TRY(far_segments_mark(cpu, target, NULL));
    if (call)
        return_address_push(cpu, wide, &stack);
    far_code_enter(cpu, target, cpu->cpl);
    cpu->next_eip = offset;
    return FAULT_NONE;
}

/* DPL of a gate or TSS against CPL and the RPL of the selector that names it. */
static bool accessible(const struct cpu *cpu, uint16_t selector, uint16_t access)
{
    unsigned dpl = access_dpl(access);
    return dpl >= cpu->cpl && dpl >= (selector & SELECTOR_RPL);
}

static struct fault enter_task(struct cpu *cpu, uint16_t tss, bool call)
{
    const struct task_switch request = {
        .source = call ? TASK_CALL : TASK_JUMP,
        .selector = tss,
        .return_eip = cpu->next_eip,
        .eflags_image = cpu->eflags,
    };
    return task_switch(cpu, &request);
}

static struct fault enter_gate(struct cpu *cpu, const struct far_segment *target, bool call)
{
    struct gate gate = gate_decode(target->descriptor.raw);
    uint32_t error = selector_as_error(target->selector, 0);
    if (!accessible(cpu, target->selector, gate.access))
        return fault_gp(error, GATE_DPL);
    if (!(gate.access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, GATE_NOT_PRESENT);
    if ((gate.access & ACCESS_TYPE) == SYSTEM_TASK_GATE)
        return enter_task(cpu, gate.selector, call);
    return call ? call_gate_call(cpu, &gate) : call_gate_jump(cpu, &gate);
}

static struct fault enter_system_descriptor(struct cpu *cpu, const struct far_segment *target, bool call)
{
    uint16_t access = target->descriptor.access;
    uint32_t error = selector_as_error(target->selector, 0);
    switch (access & (ACCESS_S | ACCESS_TYPE)) {
    case SYSTEM_CALL_GATE16:
    case SYSTEM_CALL_GATE32:
    case SYSTEM_TASK_GATE:
        return enter_gate(cpu, target, call);
    case SYSTEM_TSS16_AVAILABLE:
    case SYSTEM_TSS16_BUSY:
    case SYSTEM_TSS32_AVAILABLE:
    case SYSTEM_TSS32_BUSY:
        if (!accessible(cpu, target->selector, access))
            return fault_gp(error, TASK_TSS_DPL);
        return enter_task(cpu, target->selector, call);
    default:
        return fault_gp(error, FAR_TYPE);
    }
}

static struct fault far_enter(struct cpu *cpu, uint16_t selector, uint32_t offset, bool wide, bool call)
{
    if (!wide)
        offset &= 0xffff;
    if (cpu_is_real_or_v86(cpu))
        return enter_8086(cpu, selector, offset, wide, call);
    if (selector_is_null(selector))
        return fault_gp(0, FAR_CS_NULL);
    struct far_segment target = {.selector = selector};
    TRY(descriptor_read(cpu, selector, VECTOR_GP, 0, &target.descriptor));
    if (access_is_code(target.descriptor.access))
        return enter_code_segment(cpu, &target, offset, wide, call);
    return enter_system_descriptor(cpu, &target, call);
}

struct fault far_jump(struct cpu *cpu, uint16_t selector, uint32_t offset, bool wide)
{
    return far_enter(cpu, selector, offset, wide, false);
}

struct fault far_call(struct cpu *cpu, uint16_t selector, uint32_t offset, bool wide)
{
    return far_enter(cpu, selector, offset, wide, true);
}

static struct fault return_8086(struct cpu *cpu, struct stack *stack, uint16_t selector, uint32_t eip)
{
    struct segment cs = code_segment_8086(cpu, selector);
    if (eip > cs.limit)
        return fault_gp(0, IRET_OFFSET);
    stack_commit(cpu, stack);
    segment_set_code(cpu, &cs);
    cpu->next_eip = eip;
    return FAULT_NONE;
}

/* `frame` is the stack with the return address still on it. */
static struct fault return_to_outer(struct cpu *cpu, const struct stack *frame, struct far_segment *code,
                                    uint32_t eip, unsigned slot, uint16_t release)
{
    struct far_segment stack;
    uint32_t pointer, selector;
    unsigned rpl = code->selector & SELECTOR_RPL;
    TRY(stack_peek(cpu, frame, 2 * slot + release, slot, &pointer));
    TRY(stack_peek(cpu, frame, 3 * slot + release, slot, &selector));
    TRY(return_stack_check(cpu, (uint16_t)selector, rpl, &stack));
    if (eip > code->descriptor.limit)
        return fault_gp(0, IRET_OFFSET);
    TRY(far_segments_mark(cpu, code, &stack));
    return_outward(cpu, code, &stack, pointer + release);
    cpu->next_eip = eip;
    return FAULT_NONE;
}

struct fault far_return(struct cpu *cpu, bool wide, uint16_t release)
{
    unsigned slot = slot_size(wide);
    struct stack frame = stack_current(cpu);
    uint32_t eip, selector;
    TRY(stack_peek(cpu, &frame, 0, slot, &eip));
    TRY(stack_peek(cpu, &frame, slot, slot, &selector));
    struct stack released = frame;
    stack_drop(&released, 2 * slot + release);
    if (cpu_is_real_or_v86(cpu))
        return return_8086(cpu, &released, (uint16_t)selector, eip);

    struct far_segment code;
    TRY(return_code_check(cpu, (uint16_t)selector, &code));
    if ((code.selector & SELECTOR_RPL) > cpu->cpl)
        return return_to_outer(cpu, &frame, &code, eip, slot, release);
    if (eip > code.descriptor.limit)
        return fault_gp(0, IRET_OFFSET);
    TRY(far_segments_mark(cpu, &code, NULL));
    stack_commit(cpu, &released);
    far_code_enter(cpu, &code, cpu->cpl);
    cpu->next_eip = eip;
    return FAULT_NONE;
}
