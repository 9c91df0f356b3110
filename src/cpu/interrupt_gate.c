/*
 * Delivery through task, interrupt and trap gates, from protected and virtual-8086 mode. The order of the
 * checks is that of the operation section of SDM 2A INT n; everything is checked before anything is written.
 */
#include "cpu/interrupt_gate.h"
#include "cpu/access.h"
#include "cpu/far.h"
#include "cpu/task.h"

struct delivery {
    const struct event *event;
    uint32_t ext;
    struct gate gate;
    struct far_segment code;
};

static bool gate_type_is(const struct gate *gate, unsigned type16, unsigned type32)
{
    unsigned type = gate->access & ACCESS_TYPE;
    return type == type16 || type == type32;
}

static bool gate_is_interrupt(const struct gate *gate)
{
    return gate_type_is(gate, SYSTEM_INTERRUPT_GATE16, SYSTEM_INTERRUPT_GATE32);
}

static bool gate_may_stand_in_idt(const struct gate *gate)
{
    return !(gate->access & ACCESS_S) &&
           (gate_is_interrupt(gate) || gate_type_is(gate, SYSTEM_TRAP_GATE16, SYSTEM_TRAP_GATE32) ||
            gate_type_is(gate, SYSTEM_TASK_GATE, SYSTEM_TASK_GATE));
}

static struct fault gate_read(struct cpu *cpu, struct delivery *d)
{
    uint32_t offset = d->event->vector * 8u;
    uint32_t error = offset | ERROR_CODE_IDT | d->ext;
    if (offset + 7 > cpu->idtr.limit)
        return fault_gp(error, IDT_LIMIT);
    uint64_t raw;
    TRY(system_read64(cpu, cpu->idtr.base + offset, &raw));
    d->gate = gate_decode(raw);
    if (!gate_may_stand_in_idt(&d->gate))
        return fault_gp(error, IDT_GATE_TYPE);
    if (d->event->source == EVENT_SOFTWARE && access_dpl(d->gate.access) < cpu->cpl)
        return fault_gp(error, IDT_GATE_DPL);
    if (!(d->gate.access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, IDT_GATE_NOT_PRESENT);
    return FAULT_NONE;
}

static struct fault handler_code_read(struct cpu *cpu, struct delivery *d)
{
    uint16_t selector = d->gate.selector;
    if (selector_is_null(selector))
        return fault_gp(d->ext, HANDLER_CS_NULL);
    TRY(descriptor_read(cpu, selector, VECTOR_GP, d->ext, &d->code.descriptor));
    uint16_t access = d->code.descriptor.access;
    uint32_t error = selector_as_error(selector, d->ext);
    if (!access_is_code(access))
        return fault_gp(error, HANDLER_CS_TYPE);
    if (access_dpl(access) > cpu->cpl)
        return fault_gp(error, HANDLER_CS_DPL);
    if (!(access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, HANDLER_CS_NOT_PRESENT);
    d->code.selector = selector;
    return FAULT_NONE;
}

/* The last check of each way: made after the room on the stack was found. */
static struct fault handler_offset_check(const struct delivery *d)
{
    if (d->gate.offset > d->code.descriptor.limit)
        return fault_gp(d->ext, HANDLER_OFFSET);
    return FAULT_NONE;
}

static unsigned frame_slot(const struct delivery *d)
{
    return d->gate.wide ? 4 : 2;
}

/* EFLAGS, CS, EIP and the error code: the part that all frames have. */
static void frame_push_return(struct cpu *cpu, struct stack *stack, const struct delivery *d)
{
    unsigned slot = frame_slot(d);
    stack_push(cpu, stack, slot, d->event->eflags_image);
    stack_push(cpu, stack, slot, cpu->segments[CS].selector);
    stack_push(cpu, stack, slot, d->event->return_eip);
    if (d->event->has_error_code)
        stack_push(cpu, stack, slot, d->event->error_code);
}

static unsigned frame_slots(const struct delivery *d, unsigned without_error_code)
{
    return without_error_code + (d->event->has_error_code ? 1 : 0);
}

/* The frame is written and SS:ESP is the handler's: nothing can fail any more. */
static void handler_enter(struct cpu *cpu, const struct delivery *d, unsigned cpl)
{
    uint32_t cleared = EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM;
    if (gate_is_interrupt(&d->gate))
        cleared |= EFLAGS_IF;
    far_code_enter(cpu, &d->code, cpl);
    cpu_set_eflags(cpu, cpu->eflags & ~cleared);
    cpu->eip = cpu->next_eip = d->gate.offset;
}

/* SDM 2A INT n, INTRA-PRIVILEGE-LEVEL-INTERRUPT */
static struct fault deliver_same_ring(struct cpu *cpu, struct delivery *d)
{
    struct stack stack = stack_current(cpu);
    stack.limit_error = d->ext;
    TRY(stack_reserve(cpu, &stack, frame_slots(d, 3), frame_slot(d)));
    TRY(handler_offset_check(d));
    TRY(far_segments_mark(cpu, &d->code, NULL));

    frame_push_return(cpu, &stack, d);
    stack_commit(cpu, &stack);
    handler_enter(cpu, d, cpu->cpl);
    return FAULT_NONE;
}

/* SDM 2A INT n, INTER-PRIVILEGE-LEVEL-INTERRUPT */
static struct fault deliver_inner_ring(struct cpu *cpu, struct delivery *d)
{
    unsigned cpl = access_dpl(d->code.descriptor.access);
    struct inner_stack inner;
    TRY(inner_stack_find(cpu, cpl, d->ext, &inner));
    TRY(stack_reserve(cpu, &inner.stack, frame_slots(d, 5), frame_slot(d)));
    TRY(handler_offset_check(d));
    TRY(far_segments_mark(cpu, &d->code, &inner.segment));

    stack_push(cpu, &inner.stack, frame_slot(d), cpu->segments[SS].selector);
    stack_push(cpu, &inner.stack, frame_slot(d), cpu->gpr[ESP]);
    frame_push_return(cpu, &inner.stack, d);
    inner_stack_enter(cpu, &inner);
    handler_enter(cpu, d, cpl);
    return FAULT_NONE;
}

/* SDM 2A INT n, INTERRUPT-FROM-VIRTUAL-8086-MODE; 3B 20.3.1.1 */
static struct fault deliver_from_v86(struct cpu *cpu, struct delivery *d)
{
    static const uint8_t pushed[] = {GS, FS, DS, ES};
    struct inner_stack inner;
    TRY(inner_stack_find(cpu, 0, d->ext, &inner));
    TRY(stack_reserve(cpu, &inner.stack, frame_slots(d, 9), frame_slot(d)));
    TRY(handler_offset_check(d));
    TRY(far_segments_mark(cpu, &d->code, &inner.segment));

    for (unsigned i = 0; i < ARRAY_LENGTH(pushed); i++)
        stack_push(cpu, &inner.stack, frame_slot(d), cpu->segments[pushed[i]].selector);
    stack_push(cpu, &inner.stack, frame_slot(d), cpu->segments[SS].selector);
    stack_push(cpu, &inner.stack, frame_slot(d), cpu->gpr[ESP]);
    frame_push_return(cpu, &inner.stack, d);
    inner_stack_enter(cpu, &inner);
    for (unsigned i = 0; i < ARRAY_LENGTH(pushed); i++)
        cpu->segments[pushed[i]] = segment_null(0);
    handler_enter(cpu, d, 0);
    return FAULT_NONE;
}

static struct fault deliver_through_task_gate(struct cpu *cpu, const struct delivery *d)
{
    const struct task_switch request = {
        .source = TASK_INTERRUPT,
        .selector = d->gate.selector,
        .return_eip = d->event->return_eip,
        .eflags_image = d->event->eflags_image,
        .external = d->ext != 0,
        .has_error_code = d->event->has_error_code,
        .error_code = d->event->error_code,
    };
    return task_switch(cpu, &request);
}

struct fault interrupt_through_gate(struct cpu *cpu, const struct event *event)
{
    struct delivery d = {.event = event, .ext = event_ext(event)};
    TRY(gate_read(cpu, &d));
    if (gate_type_is(&d.gate, SYSTEM_TASK_GATE, SYSTEM_TASK_GATE))
        return deliver_through_task_gate(cpu, &d);

    TRY(handler_code_read(cpu, &d));
    uint16_t access = d.code.descriptor.access;
    bool inner = !access_is_conforming(access) && access_dpl(access) < cpu->cpl;
    if (cpu_is_v86(cpu)) {
        if (!inner || access_dpl(access) != 0)
            return fault_gp(selector_as_error(d.gate.selector, d.ext), HANDLER_CS_NOT_RING0);
        return deliver_from_v86(cpu, &d);
    }
    return inner ? deliver_inner_ring(cpu, &d) : deliver_same_ring(cpu, &d);
}
