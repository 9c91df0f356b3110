/*
 * CPU models: which processor the guest sees. A model is a set of rows: features, CPUID leaves, MSRs. Which
 * instructions, control-register bits and MSRs exist follows from its features, never from its name.
 */
#ifndef GATE86_MSR_MODEL_H
#define GATE86_MSR_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/*
 * X(NAME, "name for --cpu", CPUID leaf, register ('d' EDX, 'c' ECX, 0: has no CPUID bit), bit)
 * The order is the bit order in cpu_model.features.
 */
/* clang-format off */
#define CPU_FEATURES(X)                                                                              \
    X(I486, "i486", 0, 0, 0)           /* BSWAP, XADD, CMPXCHG, INVD, WBINVD, INVLPG, AC, CR0.WP/AM */ \
    X(CPUID, "cpuid", 0, 0, 0)         /* the CPUID instruction and EFLAGS.ID */                      \
    X(P6, "p6", 0, 0, 0)               /* UD2 is old; RDPMC, multi-byte NOP (0F 1F), hint NOPs */      \
    X(SEP_INSTRUCTION, "sysenter", 0, 0, 0) /* SYSENTER works; the early Pentium Pro only reports SEP */ \
    X(CR4, "cr4", 0, 0, 0)                                                                            \
    X(FPU, "fpu", 1, 'd', 0)                                                                          \
    X(VME, "vme", 1, 'd', 1)                                                                          \
    X(DE, "de", 1, 'd', 2)                                                                            \
    X(PSE, "pse", 1, 'd', 3)                                                                          \
    X(TSC, "tsc", 1, 'd', 4)                                                                          \
    X(MSR, "msr", 1, 'd', 5)                                                                          \
    X(PAE, "pae", 1, 'd', 6)                                                                          \
    X(MCE, "mce", 1, 'd', 7)                                                                          \
    X(CX8, "cx8", 1, 'd', 8)                                                                          \
    X(APIC, "apic", 1, 'd', 9)                                                                        \
    X(SEP, "sep", 1, 'd', 11)                                                                         \
    X(MTRR, "mtrr", 1, 'd', 12)                                                                       \
    X(PGE, "pge", 1, 'd', 13)                                                                         \
    X(MCA, "mca", 1, 'd', 14)                                                                         \
    X(CMOV, "cmov", 1, 'd', 15)                                                                       \
    X(PAT, "pat", 1, 'd', 16)                                                                         \
    X(PSE36, "pse36", 1, 'd', 17)                                                                     \
    X(PSN, "psn", 1, 'd', 18)                                                                         \
    X(CLFSH, "clfsh", 1, 'd', 19)                                                                     \
    X(DS, "ds", 1, 'd', 21)                                                                           \
    X(ACPI, "acpi", 1, 'd', 22)                                                                       \
    X(MMX, "mmx", 1, 'd', 23)                                                                         \
    X(FXSR, "fxsr", 1, 'd', 24)                                                                       \
    X(SSE, "sse", 1, 'd', 25)                                                                         \
    X(SSE2, "sse2", 1, 'd', 26)                                                                       \
    X(SS, "ss", 1, 'd', 27)                                                                           \
    X(HTT, "htt", 1, 'd', 28)                                                                         \
    X(TM, "tm", 1, 'd', 29)                                                                           \
    X(PBE, "pbe", 1, 'd', 31)                                                                         \
    X(SSE3, "sse3", 1, 'c', 0)                                                                        \
    X(MONITOR, "monitor", 1, 'c', 3)                                                                  \
    X(EST, "est", 1, 'c', 7)                                                                          \
    X(TM2, "tm2", 1, 'c', 8)                                                                          \
    X(XTPR, "xtpr", 1, 'c', 14)                                                                       \
    X(PDCM, "pdcm", 1, 'c', 15)                                                                       \
    X(NX, "nx", 0x80000001, 'd', 20)
/* clang-format on */

enum cpu_feature {
#define X(name, text, leaf, where, bit) FEATURE_NUMBER_##name,
    CPU_FEATURES(X)
#undef X
        CPU_FEATURE_COUNT
};

enum {
    FEATURE_ALWAYS = 0, /* for tables: needs nothing beyond the 386 */
};
#define FEATURE(name) (1ull << FEATURE_NUMBER_##name)

struct cpu_model {
    const char *name;        /* "core-duo" */
    const char *description; /* "Intel Core Duo (Yonah), 2006" */
    uint8_t family, model, stepping;
    uint8_t physical_bits;      /* MAXPHYADDR */
    uint64_t features;          /* FEATURE bits */
    uint32_t max_leaf;          /* CPUID EAX of leaf 0; 0 with FEATURE(CPUID) clear means no CPUID */
    uint32_t max_extended_leaf; /* 80000000h.., or 0 */
    uint8_t brand_index;        /* CPUID leaf 1 EBX[7:0], 0: none */
    const char *brand;          /* leaves 80000002h..4, 47 characters at most, or NULL */
    uint8_t cache_descriptors
        [15];           /* CPUID leaf 2: EAX[31:8], EBX, ECX, EDX, low byte first; 0 is the null descriptor */
    uint32_t reset_edx; /* the signature in EDX after RESET */
};

#define CPU_MODEL_DEFAULT "core-duo"

/* The models, 386 to core-duo, ended by a NULL name. */
extern const struct cpu_model cpu_models[];

/*
 * "core-duo", "pentium3,-sep,+nx": a model with features switched. Switching a feature on brings what it stands
 * on (+sse3 brings sse2), switching one off takes away what stands on it. ERROR_USAGE names the choices otherwise, and
 * refuses a feature that gate86 has no behaviour for.
 */
MUST_USE bool cpu_model_parse(const char *text, struct cpu_model *model, struct error *error);

static inline bool cpu_model_has(const struct cpu_model *model, uint64_t feature)
{
    return (model->features & feature) == feature;
}

/* CR4 bits that may be set on this model; the others are reserved. */
uint32_t cpu_model_cr4_bits(const struct cpu_model *model);

/* The name of a feature for --cpu ("sse2"), by its number. */
const char *cpu_feature_name(enum cpu_feature feature);

/*
 * CPUID: out is EAX, EBX, ECX, EDX. Leaves beyond the maximum answer as the manual says (the highest basic leaf).
 * msr_cpuid heeds the MSRs.
 */
void cpuid(const struct cpu_model *model, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

#endif
