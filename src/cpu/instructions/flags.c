/*
 * CLI, STI, PUSHF, POPF in every mode (SDM 2A CLI, 2B STI, PUSHF, POPF; 3B 20.2.7, 20.3, 20.4), CLD, STD and
 * their like are with the integer instructions.
 */
#include "cpu/instructions/families.h"

#include "cpu/stack.h"

/* What an instruction that depends on IOPL may do (SDM 2A CLI table, 2B STI table). */
enum interrupt_flag_access {
    FLAG_ITSELF,  /* IF itself */
    FLAG_VIRTUAL, /* VIF in its place: VME or PVI */
    FLAG_FORBIDDEN,
};

static enum interrupt_flag_access interrupt_flag_access(const struct cpu *cpu)
{
    if (!cpu_is_protected(cpu) || cpu->cpl <= cpu_iopl(cpu))
        return FLAG_ITSELF;
    /* Virtual-8086 mode has CPL 3, so that the test above is IOPL = 3 there. */
    uint32_t extension = cpu_is_v86(cpu) ? CR4_VME : CR4_PVI;
    if (cpu->cpl == 3 && (cpu->cr4 & extension))
        return FLAG_VIRTUAL;
    return FLAG_FORBIDDEN;
}

static struct fault iopl_fault(const struct cpu *cpu)
{
    return fault_gp(0, cpu_is_v86(cpu) ? IOPL_VIRTUAL_8086 : IOPL_TOO_LOW);
}

EXECUTE(cli)
{
    (void)op;
    switch (interrupt_flag_access(cpu)) {
    case FLAG_ITSELF:
        cpu_set_eflags(cpu, cpu->eflags & ~EFLAGS_IF);
        return FAULT_NONE;
    case FLAG_VIRTUAL:
        cpu_set_eflags(cpu, cpu->eflags & ~EFLAGS_VIF);
        return FAULT_NONE;
    default:
        return iopl_fault(cpu);
    }
}

EXECUTE(sti)
{
    (void)op;
    switch (interrupt_flag_access(cpu)) {
    case FLAG_ITSELF:
        /* SDM 2B STI: the shadow is there only when IF was clear */
        if (!(cpu->eflags & EFLAGS_IF))
            cpu->shadow |= SHADOW_STI;
        cpu_set_eflags(cpu, cpu->eflags | EFLAGS_IF);
        return FAULT_NONE;
    case FLAG_VIRTUAL:
        if (cpu->eflags & EFLAGS_VIP)
            return fault_gp(0, VIRTUAL_INTERRUPT_PENDING);
        cpu_set_eflags(cpu, cpu->eflags | EFLAGS_VIF);
        return FAULT_NONE;
    default:
        return iopl_fault(cpu);
    }
}

/* In virtual-8086 mode with IOPL < 3 (SDM 2B PUSHF, POPF): only the word forms, and only with VME. */
static bool flags_are_virtual(const struct cpu *cpu)
{
    return cpu_is_v86(cpu) && cpu_iopl(cpu) < 3;
}

static bool virtual_flags_allowed(const struct cpu *cpu, const struct operation *op)
{
    return (cpu->cr4 & CR4_VME) && !op->wide;
}

EXECUTE(pushf)
{
    if (flags_are_virtual(cpu)) {
        if (!virtual_flags_allowed(cpu, op))
            return iopl_fault(cpu);
        uint32_t image = cpu->eflags | EFLAGS_IOPL;
        image = cpu->eflags & EFLAGS_VIF ? image | EFLAGS_IF : image & ~EFLAGS_IF;
        return push(cpu, 2, (uint16_t)image);
    }
    if (!op->wide)
        return push(cpu, 2, (uint16_t)cpu->eflags);
    return push(cpu, 4, cpu->eflags & ~(EFLAGS_VM | EFLAGS_RF));
}

/* The bits that POPF changes, apart from the virtual case (SDM 2B POPF, table 4-21 and its operation). */
static uint32_t popf_writable(const struct cpu *cpu, bool wide)
{
    uint32_t writable = EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT;
    if (!cpu_is_protected(cpu) || cpu->cpl == 0)
        writable |= EFLAGS_IOPL | EFLAGS_IF;
    else if (cpu->cpl <= cpu_iopl(cpu))
        writable |= EFLAGS_IF;
    if (wide) {
        if (cpu_has(cpu, FEATURE(I486)))
            writable |= EFLAGS_AC;
        if (cpu_has(cpu, FEATURE(CPUID)))
            writable |= EFLAGS_ID;
    }
    return writable;
}

static struct fault popf_virtual(struct cpu *cpu, uint32_t image)
{
    if ((image & EFLAGS_IF) && (cpu->eflags & EFLAGS_VIP))
        return fault_gp(0, VIRTUAL_INTERRUPT_PENDING);
    if (image & EFLAGS_TF)
        return fault_gp(0, VIRTUAL_TRAP_FLAG);
    uint32_t writable = EFLAGS_STATUS | EFLAGS_DF | EFLAGS_NT | EFLAGS_TF | EFLAGS_VIF;
    uint32_t value = (image & ~EFLAGS_VIF) | (image & EFLAGS_IF ? EFLAGS_VIF : 0);
    cpu_set_eflags(cpu, (cpu->eflags & ~writable) | (value & writable));
    return FAULT_NONE;
}

EXECUTE(popf)
{
    bool is_virtual = flags_are_virtual(cpu);
    if (is_virtual && !virtual_flags_allowed(cpu, op))
        return iopl_fault(cpu);

    unsigned size = op->wide ? 4 : 2;
    uint32_t old_esp = cpu->gpr[ESP];
    uint32_t image;
    TRY(pop(cpu, size, &image));

    if (is_virtual) {
        struct fault fault = popf_virtual(cpu, image);
        if (fault.reason != NO_FAULT)
            cpu->gpr[ESP] = old_esp;
        return fault;
    }
    uint32_t writable = popf_writable(cpu, op->wide);
    /* SDM 2B POPF: RF is always clear afterwards; VM, VIF and VIP are kept */
    cpu_set_eflags(cpu, (cpu->eflags & ~(writable | EFLAGS_RF)) | (image & writable));
    return FAULT_NONE;
}

/* clang-format off */
const struct instruction flags_instructions[] = {
    {"FA", "CLI",   "",   "",           "i",          "", 0, FEATURE_ALWAYS, ALWAYS(cli),   "SDM 2A CLI"},
    {"FB", "STI",   "",   "",           "i",          "", 0, FEATURE_ALWAYS, ALWAYS(sti),   "SDM 2B STI"},
    {"9C", "PUSHF", "Fv", "oszapcditn", "",           "", 0, FEATURE_ALWAYS, ALWAYS(pushf), "SDM 2B PUSHF"},
    {"9D", "POPF",  "Fv", "",           "oszapcditn", "", 0, FEATURE_ALWAYS, ALWAYS(popf),  "SDM 2B POPF"},
    {0},
};
/* clang-format on */
