/*
 * SYSENTER and SYSEXIT (SDM 2B, 3A 5.8.7). Neither reads a descriptor table nor touches memory: the segments
 * are fixed images, and the first fault that can follow is that of the fetch at the target.
 */
#include "cpu/instructions/families.h"

#include "cpu/segment_load.h"

/* The checks both begin with; bits 1:0 of the MSR do not count. */
static MUST_USE struct fault kernel_selector(const struct cpu *cpu, uint16_t *selector)
{
    *selector = (uint16_t)(msr_value(&cpu->msr, IA32_SYSENTER_CS) & 0xfffcu);
    return *selector == 0 ? fault_gp(0, SYSENTER_CS_NULL) : FAULT_NONE;
}

static void enter(struct cpu *cpu, unsigned cpl, uint16_t code, uint16_t stack)
{
    struct segment cs = segment_flat_code(code, cpl);
    cpu_set_cpl(cpu, cpl);
    segment_set_code(cpu, &cs);
    cpu->segments[SS] = segment_flat_stack(stack, cpl);
}

EXECUTE(sysenter)
{
    (void)op;
    if (!cpu_is_protected(cpu))
        return fault_gp(0, SYSENTER_REAL_MODE);
    uint16_t selector;
    TRY(kernel_selector(cpu, &selector));

    cpu_set_eflags(cpu, cpu->eflags & ~(EFLAGS_VM | EFLAGS_IF | EFLAGS_RF));
    enter(cpu, 0, selector, (uint16_t)(selector + 8));
    cpu->gpr[ESP] = (uint32_t)msr_value(&cpu->msr, IA32_SYSENTER_ESP);
    cpu->next_eip = (uint32_t)msr_value(&cpu->msr, IA32_SYSENTER_EIP);
    return FAULT_NONE;
}

EXECUTE(sysexit)
{
    (void)op;
    if (!cpu_is_protected(cpu))
        return fault_gp(0, SYSENTER_REAL_MODE);
    if (cpu->cpl != 0)
        return fault_gp(0, NOT_CPL0);
    uint16_t selector;
    TRY(kernel_selector(cpu, &selector));

    enter(cpu, 3, (uint16_t)((selector + 16) | 3), (uint16_t)((selector + 24) | 3));
    cpu->gpr[ESP] = cpu->gpr[ECX];
    cpu->next_eip = cpu->gpr[EDX];
    return FAULT_NONE;
}

/* clang-format off */
#define SYSENTER_FEATURES (FEATURE(SEP) | FEATURE(SEP_INSTRUCTION))

const struct instruction sysenter_instructions[] = {
    {"0F 34", "SYSENTER", "", "", "i", "", 0, SYSENTER_FEATURES, ALWAYS(sysenter), "SDM 2B SYSENTER"},
    {"0F 35", "SYSEXIT",  "", "", "",  "", 0, SYSENTER_FEATURES, ALWAYS(sysexit),  "SDM 2B SYSEXIT"},
    {0},
};
/* clang-format on */
