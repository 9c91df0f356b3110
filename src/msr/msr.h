/*
 * The MSR bank (SDM 4). An MSR is one row: address, name, the features that bring it, reset value, writable
 * and reserved bits, hook, reference. RDMSR and WRMSR are look-ups in the table.
 *
 * NOT IMPLEMENTED: performance counters do not count, last-branch records stay zero, BTF does not change single
 * steps, machine checks and thermal events never happen, microcode updates are taken and ignored. The
 * Pentium 4's performance monitoring is absent and IA32_MISC_ENABLE says so.
 */
#ifndef GATE86_MSR_MSR_H
#define GATE86_MSR_MSR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rows.h"
#include "ia32/fault.h"
#include "msr/model.h"

/* The addresses that other rooms name. */
#define IA32_TIME_STAMP_COUNTER 0x10u
#define IA32_APIC_BASE          0x1bu
#define IA32_SYSENTER_CS        0x174u
#define IA32_SYSENTER_ESP       0x175u
#define IA32_SYSENTER_EIP       0x176u
#define IA32_MISC_ENABLE        0x1a0u
#define IA32_DEBUGCTL           0x1d9u
#define IA32_PAT                0x277u
#define IA32_EFER               0xc0000080u

/* What the processor must do after a write. */
enum msr_effect {
    MSR_EFFECT_NONE,
    MSR_EFFECT_TSC,      /* the counter was set: `value` is its new value */
    MSR_EFFECT_SYSENTER, /* prepared descriptor images are stale */
    MSR_EFFECT_EFER,     /* NXE may have changed: paging */
    MSR_EFFECT_APIC_BASE,
    MSR_EFFECT_MISC_ENABLE, /* see msr_features_off */
    MSR_EFFECT_MEMORY_TYPES,
};

#define MSR_SLOTS 192

struct msr_bank {
    uint64_t values[MSR_SLOTS]; /* by row number */
    uint64_t tsc_offset;        /* TSC = cycles + tsc_offset */
};

extern const struct state_row msr_bank_rows[];

enum msr_access { MSR_READ_WRITE, MSR_READ_ONLY, MSR_WRITE_ONLY };

struct msr_row {
    uint32_t address;
    const char *name;       /* as the SDM prints it */
    uint64_t features;      /* all must be present for the MSR to exist */
    uint16_t first, last;   /* models that have it, family << 8 | model as the SDM's 06_0EH; 0, 0: any */
    enum msr_access access; /* the wrong kind of access: #GP(0) */
    uint64_t reset;
    uint64_t writable; /* bits WRMSR changes; the others keep their value */
    uint64_t reserved; /* bits that must be written as zero: #GP(0) */
    bool physical;     /* holds a physical address: bits from MAXPHYADDR up are reserved too */
    enum msr_effect effect;
    /* NULL, or looks at the new value and may change it to what the register keeps; false: #GP(0) */
    bool (*accept)(uint64_t old_value, uint64_t *value);
    const char *manual;
};

extern const struct msr_row msr_rows[]; /* by ascending address, ended by a NULL name */

void msr_reset(struct msr_bank *bank, const struct cpu_model *model);

/* RDMSR without the privilege check. `cycles`: the processor's cycle count now. #GP(0) when absent. */
MUST_USE struct fault msr_read(const struct msr_bank *bank, const struct cpu_model *model, uint32_t address,
                               uint64_t cycles, uint64_t *value);

/* WRMSR without the privilege check. #GP(0) when absent, reserved or invalid; nothing is changed then. */
MUST_USE struct fault msr_write(struct msr_bank *bank, const struct cpu_model *model, uint32_t address,
                                uint64_t value, uint64_t cycles, enum msr_effect *effect);

/* The value of an MSR that the processor itself uses; 0 when the model lacks it. */
uint64_t msr_value(const struct msr_bank *bank, uint32_t address);

/*
 * FEATURE bits that software has switched off through IA32_MISC_ENABLE (MONITOR, NX) or IA32_APIC_BASE (APIC). For
 * CPUID, the instructions and IA32_EFER they count as absent.
 */
uint64_t msr_features_off(const struct msr_bank *bank, const struct cpu_model *model);

/* The CPUID instruction: cpuid() of model.h as these MSRs limit it. */
void msr_cpuid(const struct msr_bank *bank, const struct cpu_model *model, uint32_t leaf, uint32_t subleaf,
               uint32_t out[4]);

/* Address of the row that describes an MSR on this model, or NULL. */
const struct msr_row *msr_find(const struct cpu_model *model, uint32_t address);

#endif
