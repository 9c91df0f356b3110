/*
 * A task's state in memory and on its way into the processor (SDM 3A 7.2.1 figure 7-2, 7.6 figure 7-10, 7.3
 * table 7-1).
 */
#include "cpu/task_state.h"

#include "cpu/access.h"
#include "cpu/far.h"

#define TSS32_CR3  0x1c
#define TSS32_TRAP 0x64

/* clang-format off */
static const struct tss_layout tss16 = {
    .width = 2, .eip = 0x0e, .eflags = 0x10, .registers = 0x12, .selectors = 0x22, .selector_count = 4,
    .ldt = 0x2a, .last_byte = 0x2b,
};
static const struct tss_layout tss32 = {
    .width = 4, .eip = 0x20, .eflags = 0x24, .registers = 0x28, .selectors = 0x48, .selector_count = 6,
    .ldt = 0x60, .last_byte = 0x67,
};
/* clang-format on */

const struct tss_layout *tss_layout_of(uint16_t access)
{
    return (access & ACCESS_TYPE) >= SYSTEM_TSS32_AVAILABLE ? &tss32 : &tss16;
}

static struct fault field_read(struct cpu *cpu, uint32_t linear, unsigned width, uint32_t *value)
{
    if (width == 4)
        return system_read32(cpu, linear, value);
    uint16_t word;
    TRY(system_read16(cpu, linear, &word));
    *value = word;
    return FAULT_NONE;
}

static struct fault field_write(struct cpu *cpu, uint32_t linear, unsigned width, uint32_t value)
{
    return width == 4 ? system_write32(cpu, linear, value) : system_write16(cpu, linear, (uint16_t)value);
}

struct fault task_state_read(struct cpu *cpu, uint32_t tss, const struct tss_layout *layout,
                             struct task_state *state)
{
    unsigned width = layout->width;
    *state = (struct task_state){0};
    TRY(field_read(cpu, tss + layout->eip, width, &state->eip));
    TRY(field_read(cpu, tss + layout->eflags, width, &state->eflags));
    for (unsigned i = 0; i < ARRAY_LENGTH(state->registers); i++) {
        TRY(field_read(cpu, tss + layout->registers + i * width, width, &state->registers[i]));
        /* SDM 3A 7.6: "modified and not maintained"; set, as on the processors that were looked at. */
        if (width == 2)
            state->registers[i] |= 0xffff0000u;
    }
    for (unsigned i = 0; i < layout->selector_count; i++)
        TRY(system_read16(cpu, tss + layout->selectors + i * width, &state->selectors[i]));
    TRY(system_read16(cpu, tss + layout->ldt, &state->ldt));
    if (width == 4) {
        uint16_t trap;
        TRY(system_read32(cpu, tss + TSS32_CR3, &state->cr3));
        TRY(system_read16(cpu, tss + TSS32_TRAP, &trap));
        state->trap = trap & 1;
    }
    return FAULT_NONE;
}

struct fault task_state_save(struct cpu *cpu, uint32_t tss, const struct tss_layout *layout, uint32_t eip,
                             uint32_t eflags)
{
    unsigned width = layout->width;
    TRY(field_write(cpu, tss + layout->eip, width, eip));
    TRY(field_write(cpu, tss + layout->eflags, width, eflags));
    for (unsigned i = 0; i < 8; i++)
        TRY(field_write(cpu, tss + layout->registers + i * width, width, cpu->gpr[i]));
    for (unsigned i = 0; i < layout->selector_count; i++)
        TRY(system_write16(cpu, tss + layout->selectors + i * width, cpu->segments[i].selector));
    return FAULT_NONE;
}

static struct fault load_ldtr(struct cpu *cpu, uint16_t selector, uint32_t ext)
{
    uint32_t error = selector_as_error(selector, ext);
    if (selector_is_null(selector))
        return FAULT_NONE;
    if (selector & SELECTOR_TI)
        return fault_coded(VECTOR_TS, error, TASK_LDT);
    struct descriptor descriptor;
    TRY(descriptor_read(cpu, selector, VECTOR_TS, ext, &descriptor));
    if ((descriptor.access & (ACCESS_S | ACCESS_TYPE)) != SYSTEM_LDT)
        return fault_coded(VECTOR_TS, error, TASK_LDT);
    /* Earlier than in table 7-1: the selectors checked in between may point into this LDT. */
    if (!(descriptor.access & ACCESS_P))
        return fault_coded(VECTOR_TS, error, TASK_LDT_NOT_PRESENT);
    cpu->ldtr = segment_from_descriptor(selector, &descriptor);
    return FAULT_NONE;
}

static struct fault check_code(struct cpu *cpu, struct far_segment *code, uint32_t ext)
{
    if (selector_is_null(code->selector))
        return fault_coded(VECTOR_TS, ext, TASK_CS_NULL);
    TRY(descriptor_read(cpu, code->selector, VECTOR_TS, ext, &code->descriptor));
    uint16_t access = code->descriptor.access;
    uint32_t error = selector_as_error(code->selector, ext);
    if (!access_is_code(access))
        return fault_coded(VECTOR_TS, error, TASK_CS_TYPE);
    /* CPL is the selector's RPL. */
    if (access_is_conforming(access) ? access_dpl(access) > cpu->cpl : access_dpl(access) != cpu->cpl)
        return fault_coded(VECTOR_TS, error, TASK_CS_DPL);
    return FAULT_NONE;
}

static struct fault check_stack(struct cpu *cpu, struct far_segment *stack, uint32_t ext)
{
    if (selector_is_null(stack->selector))
        return fault_coded(VECTOR_TS, ext, TASK_SS_NULL);
    TRY(descriptor_read(cpu, stack->selector, VECTOR_TS, ext, &stack->descriptor));
    uint16_t access = stack->descriptor.access;
    uint32_t error = selector_as_error(stack->selector, ext);
    if (!access_is_writable_data(access))
        return fault_coded(VECTOR_TS, error, TASK_SS_TYPE);
    if (!(access & ACCESS_P))
        return fault_coded(VECTOR_SS, error, TASK_SS_NOT_PRESENT);
    if (access_dpl(access) != cpu->cpl)
        return fault_coded(VECTOR_TS, error, TASK_SS_DPL);
    return FAULT_NONE;
}

static struct fault load_code_and_stack(struct cpu *cpu, const struct task_state *state, uint32_t ext)
{
    struct far_segment code = {.selector = state->selectors[CS]};
    struct far_segment stack = {.selector = state->selectors[SS]};
    TRY(check_code(cpu, &code, ext));
    TRY(check_stack(cpu, &stack, ext));
    if (!(code.descriptor.access & ACCESS_P))
        return fault_coded(VECTOR_NP, selector_as_error(code.selector, ext), TASK_CS_NOT_PRESENT);
    if ((stack.selector & SELECTOR_RPL) != cpu->cpl)
        return fault_coded(VECTOR_TS, selector_as_error(stack.selector, ext), TASK_SS_RPL);
    TRY(far_segments_mark(cpu, &code, &stack));
    cpu->segments[SS] = segment_from_descriptor(stack.selector, &stack.descriptor);
    far_code_enter(cpu, &code, cpu->cpl);
    return FAULT_NONE;
}

static struct fault load_data(struct cpu *cpu, unsigned number, uint16_t selector, uint32_t ext)
{
    if (selector_is_null(selector))
        return FAULT_NONE;
    struct descriptor descriptor;
    TRY(descriptor_read(cpu, selector, VECTOR_TS, ext, &descriptor));
    uint16_t access = descriptor.access;
    unsigned dpl = access_dpl(access);
    uint32_t error = selector_as_error(selector, ext);
    if (!access_is_readable(access))
        return fault_coded(VECTOR_TS, error, TASK_DATA_TYPE);
    if (!(access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, TASK_DATA_NOT_PRESENT);
    if (!access_is_conforming(access) && (dpl < cpu->cpl || dpl < (selector & SELECTOR_RPL)))
        return fault_coded(VECTOR_TS, error, TASK_DATA_DPL);
    TRY(descriptor_mark_accessed(cpu, selector, &descriptor));
    cpu->segments[number] = segment_from_descriptor(selector, &descriptor);
    return FAULT_NONE;
}

struct fault task_segments_load(struct cpu *cpu, const struct task_state *state, uint32_t error_ext)
{
    static const uint8_t data_registers[] = {ES, DS, FS, GS};
    TRY(load_ldtr(cpu, state->ldt, error_ext));
    if (cpu_is_v86(cpu)) {
        for (unsigned i = 0; i < ARRAY_LENGTH(state->selectors); i++)
            cpu->segments[i] = segment_v86(state->selectors[i]);
        segment_set_code(cpu, &cpu->segments[CS]);
        return FAULT_NONE;
    }
    TRY(load_code_and_stack(cpu, state, error_ext));
    for (unsigned i = 0; i < ARRAY_LENGTH(data_registers); i++)
        TRY(load_data(cpu, data_registers[i], state->selectors[data_registers[i]], error_ext));
    return FAULT_NONE;
}
