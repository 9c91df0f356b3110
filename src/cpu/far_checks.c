/*
 * What far transfers, interrupt delivery and IRET have in common: the stack of an inner ring (SDM 3A 5.8.5),
 * the CS and SS images of a return (SDM 2A IRET, 2B RET), and loading what was checked.
 */
#include "cpu/access.h"
#include "cpu/far.h"
#include "cpu/task.h"

struct fault inner_stack_find(struct cpu *cpu, unsigned dpl, uint32_t error_ext, struct inner_stack *inner)
{
    uint16_t selector;
    uint32_t pointer;
    TRY(task_inner_stack(cpu, dpl, error_ext, &selector, &pointer));
    if (selector_is_null(selector))
        return fault_coded(VECTOR_TS, error_ext, INNER_SS_NULL);

    struct descriptor *descriptor = &inner->segment.descriptor;
    TRY(descriptor_read(cpu, selector, VECTOR_TS, error_ext, descriptor));
    uint32_t error = selector_as_error(selector, error_ext);
    if ((selector & SELECTOR_RPL) != dpl)
        return fault_coded(VECTOR_TS, error, INNER_SS_RPL);
    if (!access_is_writable_data(descriptor->access))
        return fault_coded(VECTOR_TS, error, INNER_SS_TYPE);
    if (access_dpl(descriptor->access) != dpl)
        return fault_coded(VECTOR_TS, error, INNER_SS_DPL);
    if (!(descriptor->access & ACCESS_P))
        return fault_coded(VECTOR_SS, error, INNER_SS_NOT_PRESENT);

    inner->segment.selector = selector;
    struct segment ss = segment_from_descriptor(selector, descriptor);
    inner->stack = stack_make(&ss, pointer, dpl, error);
    return FAULT_NONE;
}

void inner_stack_enter(struct cpu *cpu, const struct inner_stack *inner)
{
    cpu->segments[SS] = segment_from_descriptor(inner->segment.selector, &inner->segment.descriptor);
    /* SDM 2A CALL: ESP is loaded whole from the TSS, even when the pushes moved only SP. */
    cpu->gpr[ESP] = inner->stack.pointer;
}

struct fault return_code_check(struct cpu *cpu, uint16_t selector, struct far_segment *code)
{
    if (selector_is_null(selector))
        return fault_gp(0, RETURN_CS_NULL);
    TRY(descriptor_read(cpu, selector, VECTOR_GP, 0, &code->descriptor));
    uint16_t access = code->descriptor.access;
    uint32_t error = selector_as_error(selector, 0);
    unsigned rpl = selector & SELECTOR_RPL;
    if (!access_is_code(access))
        return fault_gp(error, RETURN_CS_TYPE);
    if (rpl < cpu->cpl)
        return fault_gp(error, RETURN_CS_INNER);
    if (access_is_conforming(access) && access_dpl(access) > rpl)
        return fault_gp(error, RETURN_CS_CONFORMING_DPL);
    /* In the exception list of the IRET and RET pages, missing in their operation sections. */
    if (!access_is_conforming(access) && access_dpl(access) != rpl)
        return fault_gp(error, RETURN_CS_DPL);
    if (!(access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, RETURN_CS_NOT_PRESENT);
    code->selector = selector;
    return FAULT_NONE;
}

struct fault return_stack_check(struct cpu *cpu, uint16_t selector, unsigned rpl, struct far_segment *stack)
{
    if (selector_is_null(selector))
        return fault_gp(0, RETURN_SS_NULL);
    TRY(descriptor_read(cpu, selector, VECTOR_GP, 0, &stack->descriptor));
    uint16_t access = stack->descriptor.access;
    uint32_t error = selector_as_error(selector, 0);
    if ((selector & SELECTOR_RPL) != rpl)
        return fault_gp(error, RETURN_SS_RPL);
    if (!access_is_writable_data(access))
        return fault_gp(error, RETURN_SS_TYPE);
    if (access_dpl(access) != rpl)
        return fault_gp(error, RETURN_SS_DPL);
    if (!(access & ACCESS_P))
        return fault_coded(VECTOR_SS, error, RETURN_SS_NOT_PRESENT);
    stack->selector = selector;
    return FAULT_NONE;
}

void return_outward(struct cpu *cpu, const struct far_segment *code, const struct far_segment *stack,
                    uint32_t pointer)
{
    far_code_enter(cpu, code, code->selector & SELECTOR_RPL);
    cpu->segments[SS] = segment_from_descriptor(stack->selector, &stack->descriptor);
    /* With a 16-bit stack segment only SP is loaded and the inner ring's upper half shows through. */
    uint32_t mask = stack->descriptor.access & ACCESS_DB ? 0xffffffffu : 0xffffu;
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | (pointer & mask);
    segments_drop_privileged(cpu);
}

struct fault far_segments_mark(struct cpu *cpu, struct far_segment *code, struct far_segment *stack)
{
    if (stack != NULL && !(stack->descriptor.access & ACCESS_ACCESSED))
        TRY(linear_probe_write(cpu, descriptor_address(cpu, stack->selector) + 5, 1, false));
    TRY(descriptor_mark_accessed(cpu, code->selector, &code->descriptor));
    if (stack == NULL)
        return FAULT_NONE;
    return descriptor_mark_accessed(cpu, stack->selector, &stack->descriptor);
}

void far_code_enter(struct cpu *cpu, const struct far_segment *code, unsigned cpl)
{
    uint16_t selector = (uint16_t)((code->selector & ~SELECTOR_RPL) | cpl);
    struct segment cs = segment_from_descriptor(selector, &code->descriptor);
    cpu_set_cpl(cpu, cpl);
    segment_set_code(cpu, &cs);
}
