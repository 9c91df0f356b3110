/*
 * Control and debug registers, caches and translations, MSRs and counters, CPUID, HLT and MWAIT (SDM 2A, 2B;
 * 3A 2.5, 2.8; 3B 17.2). SYSENTER and SYSEXIT have their own file.
 */
#include "cpu/instructions/families.h"

#include "cpu/control.h"
#include "cpu/debug.h"

/* Order of CPUID's answer; not the registers' encoding order. */
enum { LEAF_EAX, LEAF_EBX, LEAF_ECX, LEAF_EDX };

#define PERFORMANCE_COUNTER_P6       0xc1u
#define PERFORMANCE_COUNTER_NETBURST 0x300u

static MUST_USE struct fault needs_cpl0(const struct cpu *cpu)
{
    return cpu->cpl != 0 ? fault_gp(0, NOT_CPL0) : FAULT_NONE;
}

/* The time-stamp counter and all that is measured with it run with the guest's clock, one cycle per
 * nanosecond. */
static uint64_t cycles_now(const struct cpu *cpu)
{
    return clock_now(cpu->clock);
}

static void write_edx_eax(struct cpu *cpu, uint64_t value)
{
    cpu->gpr[EAX] = (uint32_t)value;
    cpu->gpr[EDX] = (uint32_t)(value >> 32);
}

/* ---- control registers (SDM 2B MOV CRn): always 32 bits, mod ignored; CR1 and CR5 to CR7 have no row ----
 */

EXECUTE(mov_RC)
{
    TRY(needs_cpl0(cpu));
    uint32_t value = op->reg == 0 ? cpu->cr0 : op->reg == 2 ? cpu->cr2 : op->reg == 3 ? cpu->cr3 : cpu->cr4;
    register_write(cpu, op->rm, 4, value);
    return FAULT_NONE;
}

EXECUTE(mov_CR)
{
    TRY(needs_cpl0(cpu));
    uint32_t value = register_read(cpu, op->rm, 4);
    switch (op->reg) {
    case 0:
        return cr0_write(cpu, value);
    case 2:
        cpu->cr2 = value;
        return FAULT_NONE;
    case 3:
        return cr3_write(cpu, value);
    default:
        return cr4_write(cpu, value);
    }
}

EXECUTE(clts)
{
    (void)op;
    TRY(needs_cpl0(cpu));
    return cr0_write(cpu, cpu->cr0 & ~CR0_TS);
}

/* ---- debug registers (SDM 2B MOV DRn, 3B 17.2) ---- */

/* Order as for every privileged instruction: #UD, then the privilege, then what the instruction itself finds.
 */
static MUST_USE struct fault debug_register_check(const struct cpu *cpu, unsigned number)
{
    if ((cpu->cr4 & CR4_DE) && (number == 4 || number == 5))
        return fault_ud(DEBUG_REGISTER_ALIAS);
    TRY(needs_cpl0(cpu));
    if (cpu->dr7 & DR7_GD) {
        struct fault fault = fault_plain(VECTOR_DB, DEBUG_REGISTER_GUARDED);
        fault.address = DR6_BD;
        return fault;
    }
    return FAULT_NONE;
}

EXECUTE(mov_RD)
{
    TRY(debug_register_check(cpu, op->reg));
    uint32_t value = op->reg < 4 ? cpu->dr[op->reg] : op->reg & 1 ? cpu->dr7 : cpu->dr6;
    register_write(cpu, op->rm, 4, value);
    return FAULT_NONE;
}

EXECUTE(mov_DR)
{
    TRY(debug_register_check(cpu, op->reg));
    uint32_t value = register_read(cpu, op->rm, 4);
    if (op->reg < 4) {
        cpu->dr[op->reg] = value;
    } else if (op->reg & 1) {
        /* Bits 11, 12, 14 and 15 are reserved and read as zero. */
        cpu->dr7 = (value & 0xffff23ffu) | DR7_FIXED;
    } else {
        uint32_t writable = DR6_B0 | DR6_B1 | DR6_B2 | DR6_B3 | DR6_BD | DR6_BS | DR6_BT;
        cpu->dr6 = (value & writable) | DR6_FIXED;
    }
    debug_registers_changed(cpu);
    return FAULT_NONE;
}

/* ---- caches and translations ---- */

EXECUTE(invlpg)
{
    TRY(needs_cpl0(cpu));
    /* SDM 2A INVLPG: no memory is accessed, so no limit, type or page counts */
    mmu_flush_page(&cpu->mmu, cpu->segments[op->segment].base + effective_address(cpu, op));
    fetch_close(&cpu->fetch);
    return FAULT_NONE;
}

/* INVD and WBINVD: gate86 models no caches, memory is always current. */
EXECUTE(invalidate_caches)
{
    (void)op;
    return needs_cpl0(cpu);
}

/* ---- halting and waiting ---- */

EXECUTE(hlt)
{
    (void)op;
    TRY(needs_cpl0(cpu));
    cpu->activity = HALTED;
    cpu_update_attention(cpu);
    return FAULT_NONE;
}

static MUST_USE struct fault monitor_check(const struct cpu *cpu)
{
    if (msr_features_off(&cpu->msr, &cpu->model) & FEATURE(MONITOR))
        return fault_ud(MONITOR_DISABLED);
    if (cpu->cpl != 0)
        return fault_ud(MONITOR_NOT_CPL0);
    return FAULT_NONE;
}

EXECUTE(monitor)
{
    TRY(monitor_check(cpu));
    if (cpu->gpr[ECX] != 0)
        return fault_gp(0, MONITOR_EXTENSION);
    /* Checked like a load of one byte (SDM 2B MONITOR). */
    uint32_t offset = cpu->gpr[EAX] & op->address_mask;
    uint32_t byte;
    TRY(data_read(cpu, op->segment, offset, 1, &byte));
    uint32_t linear = cpu->segments[op->segment].base + offset;
    struct tlb_entry *entry;
    TRY(mmu_translate(&cpu->mmu, linear, ACCESS_READ, cpu->user, &entry));
    cpu->monitor_address = entry->physical + (linear & PAGE_OFFSET_MASK);
    cpu->monitor_linear = linear;
    cpu->monitor_armed = true;
    debug_registers_changed(cpu);
    return FAULT_NONE;
}

EXECUTE(mwait)
{
    (void)op;
    TRY(monitor_check(cpu));
    uint32_t leaf[4];
    cpuid(&cpu->model, 5, 0, leaf);
    /* SDM 2B MWAIT: CPUID.05H:ECX[1] tells that ECX[0], masked interrupts as break events, may be set */
    uint32_t extensions = cpu->model.max_leaf >= 5 && (leaf[LEAF_ECX] & 1) ? (leaf[LEAF_ECX] >> 1) & 1 : 0;
    if (cpu->gpr[ECX] & ~extensions)
        return fault_gp(0, MONITOR_EXTENSION);
    if (cpu->monitor_armed) {
        cpu->activity = WAITING;
        cpu->wait_ignores_if = cpu->gpr[ECX] & 1;
        cpu_update_attention(cpu);
    }
    return FAULT_NONE;
}

/* ---- counters, MSRs, CPUID ---- */

EXECUTE(rdtsc)
{
    (void)op;
    if ((cpu->cr4 & CR4_TSD) && cpu->cpl != 0)
        return fault_gp(0, TIME_STAMP_DISABLED);
    write_edx_eax(cpu, cycles_now(cpu) + cpu->msr.tsc_offset);
    return FAULT_NONE;
}

/* SDM 2B RDPMC: the counters are MSRs; which there are depends on the family. */
EXECUTE(rdpmc)
{
    (void)op;
    if (!(cpu->cr4 & CR4_PCE) && cpu->cpl != 0)
        return fault_gp(0, COUNTERS_DISABLED);

    uint32_t counter = cpu->gpr[ECX];
    bool netburst = cpu->model.family == 15;
    /* ECX[31] asks for a fast read of the low half, on NetBurst only. */
    bool fast = netburst && (counter & 0x80000000u);
    if (fast)
        counter &= 0x7fffffffu;
    if (counter >= (netburst ? 18 : 2))
        return fault_gp(0, COUNTER_ABSENT);

    uint64_t value = 0;
    uint32_t address = (netburst ? PERFORMANCE_COUNTER_NETBURST : PERFORMANCE_COUNTER_P6) + counter;
    if (msr_find(&cpu->model, address) != NULL)
        TRY(msr_read(&cpu->msr, &cpu->model, address, cycles_now(cpu), &value));
    /* The counters are 40 bits wide. */
    write_edx_eax(cpu, fast ? (uint32_t)value : value & 0xffffffffffull);
    return FAULT_NONE;
}

EXECUTE(rdmsr)
{
    (void)op;
    TRY(needs_cpl0(cpu));
    uint64_t value;
    TRY(msr_read(&cpu->msr, &cpu->model, cpu->gpr[ECX], cycles_now(cpu), &value));
    write_edx_eax(cpu, value);
    return FAULT_NONE;
}

EXECUTE(wrmsr)
{
    (void)op;
    TRY(needs_cpl0(cpu));
    uint64_t value = (uint64_t)cpu->gpr[EDX] << 32 | cpu->gpr[EAX];
    enum msr_effect effect;
    TRY(msr_write(&cpu->msr, &cpu->model, cpu->gpr[ECX], value, cycles_now(cpu), &effect));
    if (effect == MSR_EFFECT_EFER || effect == MSR_EFFECT_MISC_ENABLE)
        cpu_update_paging(cpu, false);
    return FAULT_NONE;
}

EXECUTE(cpuid_instruction)
{
    (void)op;
    uint32_t leaf = cpu->gpr[EAX];
    uint32_t out[4];
    msr_cpuid(&cpu->msr, &cpu->model, leaf, cpu->gpr[ECX], out);
    cpu->gpr[EAX] = out[LEAF_EAX];
    cpu->gpr[EBX] = out[LEAF_EBX];
    cpu->gpr[ECX] = out[LEAF_ECX];
    cpu->gpr[EDX] = out[LEAF_EDX];
    return FAULT_NONE;
}

/* SDM 2B RSM: outside system management mode, which gate86's boards never enter, #UD */
EXECUTE(rsm)
{
    (void)cpu;
    (void)op;
    return fault_ud(RSM_OUTSIDE_SMM);
}

/* clang-format off */
#define READ_CR(digit, feature)  {"0F 20 /" digit, "MOV", "Rd,Cd", "", "", "oszapc", 0, feature, ALWAYS(mov_RC), "SDM 2B MOV CRn"}
#define WRITE_CR(digit, feature) {"0F 22 /" digit, "MOV", "Cd,Rd", "", "", "oszapc", 0, feature, ALWAYS(mov_CR), "SDM 2B MOV CRn"}

const struct instruction control_instructions[] = {
    READ_CR("0", FEATURE_ALWAYS),  READ_CR("2", FEATURE_ALWAYS),  READ_CR("3", FEATURE_ALWAYS),  READ_CR("4", FEATURE(CR4)),
    WRITE_CR("0", FEATURE_ALWAYS), WRITE_CR("2", FEATURE_ALWAYS), WRITE_CR("3", FEATURE_ALWAYS), WRITE_CR("4", FEATURE(CR4)),
    {"0F 21 /r",    "MOV",     "Rd,Dd", "", "", "oszapc", 0, FEATURE_ALWAYS,   ALWAYS(mov_RD),            "SDM 2B MOV DRn"},
    {"0F 23 /r",    "MOV",     "Dd,Rd", "", "", "oszapc", 0, FEATURE_ALWAYS,   ALWAYS(mov_DR),            "SDM 2B MOV DRn"},
    {"0F 06",       "CLTS",    "",      "", "", "",       0, FEATURE_ALWAYS,   ALWAYS(clts),              "SDM 2A CLTS"},
    {"0F 01 /7",    "INVLPG",  "M",     "", "", "",       0, FEATURE(I486),    ALWAYS(invlpg),            "SDM 2A INVLPG"},
    {"0F 08",       "INVD",    "",      "", "", "",       0, FEATURE(I486),    ALWAYS(invalidate_caches), "SDM 2A INVD"},
    {"0F 09",       "WBINVD",  "",      "", "", "",       0, FEATURE(I486),    ALWAYS(invalidate_caches), "SDM 2B WBINVD"},
    {"F4",          "HLT",     "",      "", "", "",       0, FEATURE_ALWAYS,   ALWAYS(hlt),               "SDM 2A HLT"},
    {"NP 0F 01 C8", "MONITOR", "",      "", "", "",       0, FEATURE(MONITOR), ALWAYS(monitor),           "SDM 2B MONITOR"},
    {"NP 0F 01 C9", "MWAIT",   "",      "", "", "",       0, FEATURE(MONITOR), ALWAYS(mwait),             "SDM 2B MWAIT"},
    {"0F 31",       "RDTSC",   "",      "", "", "",       0, FEATURE(TSC),     ALWAYS(rdtsc),             "SDM 2B RDTSC"},
    {"0F 33",       "RDPMC",   "",      "", "", "",       0, FEATURE(P6),      ALWAYS(rdpmc),             "SDM 2B RDPMC"},
    {"0F 32",       "RDMSR",   "",      "", "", "",       0, FEATURE(MSR),     ALWAYS(rdmsr),             "SDM 2B RDMSR"},
    {"0F 30",       "WRMSR",   "",      "", "", "",       0, FEATURE(MSR),     ALWAYS(wrmsr),             "SDM 2B WRMSR"},
    {"0F A2",       "CPUID",   "",      "", "", "",       0, FEATURE(CPUID),   ALWAYS(cpuid_instruction), "SDM 2A CPUID"},
    {"0F AA",       "RSM",     "",      "", "", "",       0, FEATURE_ALWAYS,   ALWAYS(rsm),               "SDM 2B RSM"},
    {0},
};
/* clang-format on */
