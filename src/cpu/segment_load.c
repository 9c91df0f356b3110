/*
 * Loading segment registers and reading descriptor tables (SDM 2B MOV and POP, 3A 3.4 and 5.2 to 5.8).
 */
#include "cpu/segment_load.h"

#include "cpu/access.h"

uint32_t descriptor_address(const struct cpu *cpu, uint16_t selector)
{
    uint32_t table = selector & SELECTOR_TI ? cpu->ldtr.base : cpu->gdtr.base;
    return table + (selector & SELECTOR_INDEX);
}

static uint32_t selector_error(uint16_t selector, uint32_t error_ext)
{
    return (selector & ~SELECTOR_RPL) | error_ext;
}

struct fault descriptor_read(struct cpu *cpu, uint16_t selector, enum vector vector, uint32_t error_ext,
                             struct descriptor *descriptor)
{
    uint32_t last_byte = selector | 7u; /* the index counts in eights, RPL and TI fill the rest */
    if (selector & SELECTOR_TI) {
        if (!cpu->ldtr.usable)
            return fault_coded(vector, selector_error(selector, error_ext), SELECTOR_WITHOUT_LDT);
        if (last_byte > cpu->ldtr.limit)
            return fault_coded(vector, selector_error(selector, error_ext), SELECTOR_BEYOND_TABLE);
    } else if (last_byte > cpu->gdtr.limit) {
        return fault_coded(vector, selector_error(selector, error_ext), SELECTOR_BEYOND_TABLE);
    }

    uint64_t raw;
    TRY(system_read64(cpu, descriptor_address(cpu, selector), &raw));
    *descriptor = descriptor_decode(raw);
    return FAULT_NONE;
}

struct fault descriptor_mark_accessed(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor)
{
    /* SDM 3A 3.4.5.1: no write when the bit is set already, so that tables may lie in ROM or read-only pages
     */
    if (descriptor->access & ACCESS_ACCESSED)
        return FAULT_NONE;
    uint8_t access = (uint8_t)(descriptor->access | ACCESS_ACCESSED);
    TRY(system_write8(cpu, descriptor_address(cpu, selector) + 5, access));
    descriptor->access |= ACCESS_ACCESSED;
    descriptor->raw |= (uint64_t)ACCESS_ACCESSED << 40;
    return FAULT_NONE;
}

/* SDM 2B MOV: SS needs writable data at exactly the current privilege. */
static struct fault load_stack_segment(struct cpu *cpu, uint16_t selector)
{
    if ((selector & ~SELECTOR_RPL) == 0)
        return fault_gp(0, SS_LOAD_NULL);

    struct descriptor descriptor;
    TRY(descriptor_read(cpu, selector, VECTOR_GP, 0, &descriptor));
    uint32_t error = selector_error(selector, 0);
    if ((selector & SELECTOR_RPL) != cpu->cpl)
        return fault_gp(error, SS_LOAD_RPL);
    if (!access_is_writable_data(descriptor.access))
        return fault_gp(error, SS_LOAD_TYPE);
    if (access_dpl(descriptor.access) != cpu->cpl)
        return fault_gp(error, SS_LOAD_DPL);
    if (!(descriptor.access & ACCESS_P))
        return fault_coded(VECTOR_SS, error, SS_LOAD_NOT_PRESENT);
    TRY(descriptor_mark_accessed(cpu, selector, &descriptor));
    cpu->segments[SS] = segment_from_descriptor(selector, &descriptor);
    return FAULT_NONE;
}

static struct fault load_data_segment(struct cpu *cpu, unsigned segment, uint16_t selector)
{
    if ((selector & ~SELECTOR_RPL) == 0) {
        cpu->segments[segment] = segment_null(selector);
        return FAULT_NONE;
    }

    struct descriptor descriptor;
    TRY(descriptor_read(cpu, selector, VECTOR_GP, 0, &descriptor));
    uint32_t error = selector_error(selector, 0);
    if (!access_is_readable(descriptor.access))
        return fault_gp(error, SEGMENT_LOAD_TYPE);
    /*
     * The MOV page says "both RPL and CPL > DPL"; 3A 5.6 asks for max(CPL, RPL) <= DPL, and so do processors
     * (docs/manual-errata.md).
     */
    unsigned dpl = access_dpl(descriptor.access);
    if (!access_is_conforming(descriptor.access) && (cpu->cpl > dpl || (selector & SELECTOR_RPL) > dpl))
        return fault_gp(error, SEGMENT_LOAD_DPL);
    if (!(descriptor.access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, SEGMENT_LOAD_NOT_PRESENT);
    TRY(descriptor_mark_accessed(cpu, selector, &descriptor));
    cpu->segments[segment] = segment_from_descriptor(selector, &descriptor);
    return FAULT_NONE;
}

struct fault segment_load(struct cpu *cpu, unsigned segment, uint16_t selector)
{
    if (!cpu_is_protected(cpu)) {
        segment_load_real(&cpu->segments[segment], selector);
        return FAULT_NONE;
    }
    if (cpu_is_v86(cpu)) {
        cpu->segments[segment] = segment_v86(selector);
        return FAULT_NONE;
    }
    return segment == SS ? load_stack_segment(cpu, selector) : load_data_segment(cpu, segment, selector);
}

void segment_set_code(struct cpu *cpu, const struct segment *segment)
{
    cpu->segments[CS] = *segment;
    fetch_close(&cpu->fetch);
}

void segments_drop_privileged(struct cpu *cpu)
{
    static const uint8_t data_registers[] = {ES, DS, FS, GS};
    for (unsigned i = 0; i < sizeof data_registers; i++) {
        struct segment *segment = &cpu->segments[data_registers[i]];
        if (segment->usable && !access_is_conforming(segment->access) &&
            access_dpl(segment->access) < cpu->cpl)
            *segment = segment_null(0);
    }
}
