/*
 * Call gates: a JMP or CALL whose selector names a gate (SDM 2A CALL, JMP, label CALL-GATE; 3A 5.8.3 to 5.8.5).
 * The gate's size, not the operand size, decides the width of everything pushed.
 */
#include "cpu/call_gate.h"

#include "cpu/far.h"

#define PARAMETERS_MAX 31 /* a five-bit count */

static unsigned slot_size(const struct gate *gate)
{
    return gate->wide ? 4 : 2;
}

/* The code segment the gate leads to, up to its type; the privilege rule differs between JMP and CALL. */
static struct fault gate_code_read(struct cpu *cpu, const struct gate *gate, struct far_segment *code)
{
    if (selector_is_null(gate->selector))
        return fault_gp(0, GATE_CS_NULL);
    code->selector = gate->selector;
    TRY(descriptor_read(cpu, gate->selector, VECTOR_GP, 0, &code->descriptor));
    if (!access_is_code(code->descriptor.access))
        return fault_gp(selector_as_error(gate->selector, 0), GATE_CS_TYPE);
    return FAULT_NONE;
}

static struct fault gate_code_present(const struct far_segment *code)
{
    if (!(code->descriptor.access & ACCESS_P))
        return fault_coded(VECTOR_NP, selector_as_error(code->selector, 0), GATE_CS_NOT_PRESENT);
    return FAULT_NONE;
}

static struct fault gate_offset_check(const struct gate *gate, const struct far_segment *code)
{
    if (gate->offset > code->descriptor.limit)
        return fault_gp(0, FAR_OFFSET);
    return FAULT_NONE;
}

struct fault call_gate_jump(struct cpu *cpu, const struct gate *gate)
{
    struct far_segment code;
    TRY(gate_code_read(cpu, gate, &code));
    uint16_t access = code.descriptor.access;
    unsigned dpl = access_dpl(access);
    if (access_is_conforming(access) ? dpl > cpu->cpl : dpl != cpu->cpl)
        return fault_gp(selector_as_error(gate->selector, 0), GATE_CS_DPL);
    TRY(gate_code_present(&code));
    TRY(gate_offset_check(gate, &code));
    TRY(far_segments_mark(cpu, &code, NULL));
    far_code_enter(cpu, &code, cpu->cpl);
    cpu->next_eip = gate->offset;
    return FAULT_NONE;
}

static void return_address_push(struct cpu *cpu, const struct gate *gate, struct stack *stack)
{
    stack_push(cpu, stack, slot_size(gate), cpu->segments[CS].selector);
    stack_push(cpu, stack, slot_size(gate), cpu->next_eip);
}

/* SDM 2A CALL, SAME-PRIVILEGE: no parameters are copied */
static struct fault call_same_ring(struct cpu *cpu, const struct gate *gate, struct far_segment *code)
{
    struct stack stack = stack_current(cpu);
    TRY(stack_reserve(cpu, &stack, 2, slot_size(gate)));
    TRY(gate_offset_check(gate, code));
    TRY(far_segments_mark(cpu, code, NULL));
    return_address_push(cpu, gate, &stack);
    stack_commit(cpu, &stack);
    far_code_enter(cpu, code, cpu->cpl);
    cpu->next_eip = gate->offset;
    return FAULT_NONE;
}

/* SDM 2A CALL, MORE-PRIVILEGE */
static struct fault call_inner_ring(struct cpu *cpu, const struct gate *gate, struct far_segment *code)
{
    unsigned slot = slot_size(gate);
    unsigned cpl = access_dpl(code->descriptor.access);
    struct inner_stack inner;
    TRY(inner_stack_find(cpu, cpl, 0, &inner));
    TRY(stack_reserve(cpu, &inner.stack, 4u + gate->parameters, slot));
    TRY(gate_offset_check(gate, code));

    uint32_t parameters[PARAMETERS_MAX];
    struct stack outer = stack_current(cpu);
    for (unsigned i = 0; i < gate->parameters; i++)
        TRY(stack_peek(cpu, &outer, i * slot, slot, &parameters[i]));
    TRY(far_segments_mark(cpu, code, &inner.segment));

    stack_push(cpu, &inner.stack, slot, cpu->segments[SS].selector);
    stack_push(cpu, &inner.stack, slot, cpu->gpr[ESP]);
    for (unsigned i = gate->parameters; i-- > 0;)
        stack_push(cpu, &inner.stack, slot, parameters[i]);
    return_address_push(cpu, gate, &inner.stack);
    inner_stack_enter(cpu, &inner);
    far_code_enter(cpu, code, cpl);
    cpu->next_eip = gate->offset;
    return FAULT_NONE;
}

struct fault call_gate_call(struct cpu *cpu, const struct gate *gate)
{
    struct far_segment code;
    TRY(gate_code_read(cpu, gate, &code));
    uint16_t access = code.descriptor.access;
    if (access_dpl(access) > cpu->cpl)
        return fault_gp(selector_as_error(gate->selector, 0), GATE_CS_DPL);
    TRY(gate_code_present(&code));
    if (!access_is_conforming(access) && access_dpl(access) < cpu->cpl)
        return call_inner_ring(cpu, gate, &code);
    return call_same_ring(cpu, gate, &code);
}
