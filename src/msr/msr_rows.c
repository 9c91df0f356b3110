/*
 * The MSRs, one row each (SDM volume 4: tables 2-2 architectural, 2-46 ff. Pentium 4, then Core Solo and Core
 * Duo, P6 family and Pentium). A register that differs between processors has a row for each kind. Rows
 * ascend by address. Where volume 4 gives no reset value it is what makes the processor's own description
 * true: no error logged, counters zero, nothing enabled.
 */
#include "ia32/registers.h"
#include "msr/msr_table.h"

#define ALL_BITS ~0ull
#define LOW_HALF 0xffffffffull

/* Models as DisplayFamily_DisplayModel, first and last */
#define PENTIUM     0x0500, 0x05ff
#define P6          0x0601, 0x060d
#define CORE        0x060e, 0x060e
#define PENTIUM4    0x0f00, 0x0f02
#define FAMILY_6    0x0601, 0x060e
#define P6_AND_UP   0x0601, 0x0f02
#define CORE_AND_UP 0x060e, 0x0f02
#define ANY         0, 0

/* SDM 3A 11.11.2.1: UC, WC, WT, WP, WB; PAT (11.12.2) has UC- besides */
static bool type_is_memory_type(uint8_t type)
{
    return type == 0 || type == 1 || (type >= 4 && type <= 6);
}

static bool accept_fixed_mtrr(uint64_t old, uint64_t *value)
{
    (void)old;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (!type_is_memory_type((uint8_t)(*value >> shift)))
            return false;
    }
    return true;
}

static bool accept_type(uint64_t old, uint64_t *value)
{
    (void)old;
    return type_is_memory_type((uint8_t)*value);
}

static bool accept_pat(uint64_t old, uint64_t *value)
{
    (void)old;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint8_t type = (uint8_t)(*value >> shift);
        if (!type_is_memory_type(type) && type != 7)
            return false;
    }
    return true;
}

/* SDM 3B 15.3.2.1: P6 family processors take all ones or all zeros only */
static bool accept_all_or_nothing(uint64_t old, uint64_t *value)
{
    (void)old;
    return *value == 0 || *value == ALL_BITS;
}

/* SDM 3B 15.3.2.2: software clears by writing zeros; ones are #GP */
static bool accept_zero(uint64_t old, uint64_t *value)
{
    (void)old;
    return *value == 0;
}

/* SDM 3B 18 (P6 family): WRMSR gives the low 32 bits, sign-extended to the counter's 40 */
static bool accept_p6_counter(uint64_t old, uint64_t *value)
{
    (void)old;
    *value = (uint64_t)(int64_t)(int32_t)(uint32_t)*value & 0xffffffffffull;
    return true;
}

/* clang-format off */

/* IA32_MTRR_PHYSBASEn and PHYSMASKn, SDM 3A 11.11.2.3: a type in 7:0, the valid bit 11 in the mask */
#define MTRR_PAIR(n) \
    {0x200 + 2 * n, "IA32_MTRR_PHYSBASE" #n, FEATURE(MTRR), ANY, MSR_READ_WRITE, 0, ALL_BITS, 0xf00, true, \
     MSR_EFFECT_MEMORY_TYPES, accept_type, "SDM 3A 11.11.2.3"}, \
    {0x201 + 2 * n, "IA32_MTRR_PHYSMASK" #n, FEATURE(MTRR), ANY, MSR_READ_WRITE, 0, ALL_BITS, 0x7ff, true, \
     MSR_EFFECT_MEMORY_TYPES, NULL, "SDM 3A 11.11.2.3"}

#define MTRR_FIXED(address, name) \
    {address, name, FEATURE(MTRR), ANY, MSR_READ_WRITE, 0, ALL_BITS, 0, false, \
     MSR_EFFECT_MEMORY_TYPES, accept_fixed_mtrr, "SDM 3A 11.11.2.2"}

/*
 * A machine-check bank, SDM 3B 15.3.2. The misc register is absent: no bank of these processors sets MISCV, and then
 * it is not implemented (15.3.2.4).
 */
#define MC_CTL(address, name, models, accept) \
    {address, name "_CTL", FEATURE(MCA), models, MSR_READ_WRITE, 0, ALL_BITS, 0, false, MSR_EFFECT_NONE, accept, \
     "SDM 3B 15.3.2.1"}
#define MC_LOG(address, name, models) \
    {address + 1, name "_STATUS", FEATURE(MCA), models, MSR_READ_WRITE, 0, ALL_BITS, 0, false, MSR_EFFECT_NONE, \
     accept_zero, "SDM 3B 15.3.2.2"}, \
    {address + 2, name "_ADDR", FEATURE(MCA), models, MSR_READ_WRITE, 0, ALL_BITS, 0, false, MSR_EFFECT_NONE, \
     accept_zero, "SDM 3B 15.3.2.3"}

#define PLAIN false, MSR_EFFECT_NONE, NULL
#define RW MSR_READ_WRITE
#define RO MSR_READ_ONLY
#define WO MSR_WRITE_ONLY

const struct msr_row msr_rows[] = {
    /* address, name, features, models, access, reset, writable, reserved, physical, effect, accept, reference */
    {0x000, "IA32_P5_MC_ADDR", FEATURE(MCE), ANY, RW, 0, 0, 0, PLAIN, "SDM 3B 15.10.2"},
    {0x001, "IA32_P5_MC_TYPE", FEATURE(MCE), ANY, RW, 0, 0, 0, PLAIN, "SDM 3B 15.10.2"},
    {0x00e, "TR12", 0, PENTIUM, RW, 0, 0x34f, 0, PLAIN, "Pentium Processor Developer's Manual 3, 16.2"},

    /* SDM 3B 17.17: before 0F_03 and 06_0E only the low half can be written, and the high half is then cleared */
    {IA32_TIME_STAMP_COUNTER, "IA32_TIME_STAMP_COUNTER", FEATURE(TSC), 0x0300, 0x060d, RW, 0, LOW_HALF, 0, false,
     MSR_EFFECT_TSC, NULL, "SDM 3B 17.17"},
    {IA32_TIME_STAMP_COUNTER, "IA32_TIME_STAMP_COUNTER", FEATURE(TSC), CORE, RW, 0, ALL_BITS, 0, false,
     MSR_EFFECT_TSC, NULL, "SDM 3B 17.17"},
    {IA32_TIME_STAMP_COUNTER, "IA32_TIME_STAMP_COUNTER", FEATURE(TSC), PENTIUM4, RW, 0, LOW_HALF, 0, false,
     MSR_EFFECT_TSC, NULL, "SDM 3B 17.17"},

    {0x011, "CESR", 0, PENTIUM, RW, 0, 0x03ff03ff, 0, PLAIN, "SDM 3B 18 (Pentium performance monitoring)"},
    {0x012, "CTR0", 0, PENTIUM, RW, 0, 0xffffffffffull, 0, PLAIN, "SDM 3B 18 (Pentium performance monitoring)"},
    {0x013, "CTR1", 0, PENTIUM, RW, 0, 0xffffffffffull, 0, PLAIN, "SDM 3B 18 (Pentium performance monitoring)"},

    {0x017, "IA32_PLATFORM_ID", 0, P6_AND_UP, RO, 0, 0, 0, PLAIN, "SDM 4 table 2-2"},

    /* BSP and the base. With the local APIC the enable bit 11 is set and can be written. */
    {IA32_APIC_BASE, "IA32_APIC_BASE", FEATURE(APIC), P6_AND_UP, RW, 0xfee00900, ~0x7ffull, 0x6ff, true,
     MSR_EFFECT_APIC_BASE, NULL, "SDM 3A 10.4.4"},
    /*
     * Without it the processor is in the state of SDM 3A 10.4.3, "equivalent to an IA-32 processor without an
     * on-chip APIC", where setting bit 11 has no effect until a reset.
     */
    {IA32_APIC_BASE, "IA32_APIC_BASE", 0, P6_AND_UP, RW, 0xfee00100, ~0xfffull, 0x6ff, true,
     MSR_EFFECT_APIC_BASE, NULL, "SDM 3A 10.4.3"},

    /* Bits 1 to 4, 6, 7 and 26 enable error pins; the others tell the power-on configuration: all off */
    {0x02a, "EBL_CR_POWERON", 0, P6, RW, 0, 0x040000de, 0, PLAIN, "SDM 4 (P6 family)"},
    {0x02a, "MSR_EBL_CR_POWERON", 0, CORE, RW, 0, 0x000000de, 0, PLAIN, "SDM 4 (Core Solo, Core Duo)"},
    {0x02a, "MSR_EBC_HARD_POWERON", 0, PENTIUM4, RW, 0, 0, 0, PLAIN, "SDM 4 (Pentium 4)"},
    {0x02b, "MSR_EBC_SOFT_POWERON", 0, PENTIUM4, RW, 0, 0x7f, 0, PLAIN, "SDM 4 (Pentium 4)"},
    /* 133 MHz bus, ratio 21: the 2.8 GHz of the brand string */
    {0x02c, "MSR_EBC_FREQUENCY_ID", 0, PENTIUM4, RO, 0x15010000, 0, 0, PLAIN, "SDM 4 (Pentium 4)"},
    {0x033, "TEST_CTL", 0, P6, RW, 0, 0xc0000000, 0, PLAIN, "SDM 4 (P6 family)"},

#define LAST_BRANCH(n) {0x040 + n, "MSR_LASTBRANCH_" #n, 0, CORE, RW, 0, ALL_BITS, 0, PLAIN, "SDM 3B 17.9"}
    LAST_BRANCH(0), LAST_BRANCH(1), LAST_BRANCH(2), LAST_BRANCH(3),
    LAST_BRANCH(4), LAST_BRANCH(5), LAST_BRANCH(6), LAST_BRANCH(7),
#undef LAST_BRANCH

    /* SDM 3A 9.11.6: the write loads an update; one that does not fit the processor is ignored, as every one is here */
    {0x079, "IA32_BIOS_UPDT_TRIG", 0, P6_AND_UP, WO, 0, 0, 0, PLAIN, "SDM 3A 9.11.6"},
    {0x088, "BBL_CR_D0", 0, P6, RW, 0, ALL_BITS, 0, PLAIN, "SDM 4 (P6 family)"},
    {0x089, "BBL_CR_D1", 0, P6, RW, 0, ALL_BITS, 0, PLAIN, "SDM 4 (P6 family)"},
    {0x08a, "BBL_CR_D2", 0, P6, RW, 0, ALL_BITS, 0, PLAIN, "SDM 4 (P6 family)"},
    /* CPUID leaf 1 puts the update's signature here; without an update it leaves the zero that software has put (9.11.7) */
    {0x08b, "IA32_BIOS_SIGN_ID", 0, P6_AND_UP, RW, 0, ALL_BITS, 0, PLAIN, "SDM 3A 9.11.7"},
    {0x0c1, "PERFCTR0", 0, FAMILY_6, RW, 0, LOW_HALF, 0, false, MSR_EFFECT_NONE, accept_p6_counter, "SDM 3B 18 (P6 family)"},
    {0x0c2, "PERFCTR1", 0, FAMILY_6, RW, 0, LOW_HALF, 0, false, MSR_EFFECT_NONE, accept_p6_counter, "SDM 3B 18 (P6 family)"},
    {0x0cd, "MSR_FSB_FREQ", 0, CORE, RO, 3 /* 166 MHz */, 0, 0, PLAIN, "SDM 4 (Core Solo, Core Duo)"},
    /* Eight variable ranges, fixed ranges, write combining */
    {0x0fe, "IA32_MTRRCAP", FEATURE(MTRR), ANY, RO, 0x508, 0, 0, PLAIN, "SDM 3A 11.11.1"},

    {0x116, "BBL_CR_ADDR", 0, P6, RW, 0, 0xfffffff8, 0, PLAIN, "SDM 4 (P6 family)"},
    {0x118, "BBL_CR_DECC", 0, P6, RW, 0, ALL_BITS, 0, PLAIN, "SDM 4 (P6 family)"},
    {0x119, "BBL_CR_CTL", 0, P6, RW, 0, 0x3fffff, 0, PLAIN, "SDM 4 (P6 family)"},
    {0x11a, "BBL_CR_TRIG", 0, P6, WO, 0, 0, 0, PLAIN, "SDM 4 (P6 family)"},
    {0x11b, "BBL_CR_BUSY", 0, P6, RO, 0 /* never busy */, 0, 0, PLAIN, "SDM 4 (P6 family)"},
    /* The second-level cache: configured by the BIOS on the P6, present and enabled by hardware on the Core Duo */
    {0x11e, "BBL_CR_CTL3", 0, P6, RW, 0, 0x01ffffff & ~(1u << 23), 0, PLAIN, "SDM 4 (P6 family)"},
    {0x11e, "MSR_BBL_CR_CTL3", 0, CORE, RW, 0x101, 0x100, 0, PLAIN, "SDM 4 (Core Solo, Core Duo)"},

    {IA32_SYSENTER_CS, "IA32_SYSENTER_CS", FEATURE(SEP_INSTRUCTION), ANY, RW, 0, LOW_HALF, 0, false,
     MSR_EFFECT_SYSENTER, NULL, "SDM 3A 5.8.7"},
    {IA32_SYSENTER_ESP, "IA32_SYSENTER_ESP", FEATURE(SEP_INSTRUCTION), ANY, RW, 0, LOW_HALF, 0, false,
     MSR_EFFECT_SYSENTER, NULL, "SDM 3A 5.8.7"},
    {IA32_SYSENTER_EIP, "IA32_SYSENTER_EIP", FEATURE(SEP_INSTRUCTION), ANY, RW, 0, LOW_HALF, 0, false,
     MSR_EFFECT_SYSENTER, NULL, "SDM 3A 5.8.7"},

    /* Count of banks; P6: MCG_CTL present */
    {0x179, "MCG_CAP", FEATURE(MCA), P6, RO, 0x105, 0, 0, PLAIN, "SDM 3B 15.3.1.1"},
    {0x179, "IA32_MCG_CAP", FEATURE(MCA), CORE, RO, 6, 0, 0, PLAIN, "SDM 3B 15.3.1.1"},
    {0x179, "IA32_MCG_CAP", FEATURE(MCA), PENTIUM4, RO, 4, 0, 0, PLAIN, "SDM 3B 15.3.1.1"},
    {0x17a, "IA32_MCG_STATUS", FEATURE(MCA), ANY, RW, 0, 7, ~7ull, PLAIN, "SDM 3B 15.3.1.2"},
    {0x17b, "MCG_CTL", FEATURE(MCA), P6, RW, 0, ALL_BITS, 0, PLAIN, "SDM 3B 15.3.1.3"},
    {0x186, "PERFEVTSEL0", 0, FAMILY_6, RW, 0, 0xffdfffff, ~LOW_HALF, PLAIN, "SDM 3B 18 (P6 family)"},
    {0x187, "PERFEVTSEL1", 0, FAMILY_6, RW, 0, 0xff9fffff, ~LOW_HALF, PLAIN, "SDM 3B 18 (P6 family)"},
    /* Ratio 11 at a 166 MHz bus, the only one: bits 12:8 now, 28:24 lowest, 44:40 highest */
    {0x198, "IA32_PERF_STATUS", 0, CORE, RO, 0x00000b000b000b28, 0, 0, PLAIN, "SDM 4 (Core Solo, Core Duo)"},
    {0x199, "IA32_PERF_CTL", 0, CORE, RW, 0x0b28, 0xffff, 0, PLAIN, "SDM 4 (Core Solo, Core Duo)"},
    {0x19a, "IA32_CLOCK_MODULATION", 0, CORE, RW, 0, 0x1e, ~0x1eull, PLAIN, "SDM 3B 14.7.3"},
    {0x19a, "IA32_CLOCK_MODULATION", 0, PENTIUM4, RW, 0, 0x1e, ~0x1eull, PLAIN, "SDM 3B 14.7.3"},
    {0x19b, "IA32_THERM_INTERRUPT", 0, CORE, RW, 0, 0x00ffff17, ~0x00ffff17ull, PLAIN, "SDM 3B 14.7.2"},
    {0x19b, "IA32_THERM_INTERRUPT", 0, PENTIUM4, RW, 0, 3, ~3ull, PLAIN, "SDM 3B 14.7.2"},
    /* Log bits are cleared by writing zero; none is ever set */
    {0x19c, "IA32_THERM_STATUS", 0, CORE, RW, 0, 0, 0, PLAIN, "SDM 3B 14.7.2"},
    {0x19c, "IA32_THERM_STATUS", 0, PENTIUM4, RW, 0, 0, 0, PLAIN, "SDM 3B 14.7.2"},
    {0x19d, "MSR_THERM2_CTL", 0, CORE, RW, 0, 0x1ffff, 0, PLAIN, "SDM 4 (Core Solo, Core Duo)"},

    /* TM1 3, FERR# 10, TM2 13, SpeedStep 16, MONITOR 18, its lock 20, CPUID limit 22, XD disable 34 */
    {IA32_MISC_ENABLE, "IA32_MISC_ENABLE", 0, CORE, RW,
     MISC_ENABLE_FAST_STRINGS | MISC_ENABLE_BTS_UNAVAILABLE | MISC_ENABLE_PEBS_UNAVAILABLE | MISC_ENABLE_MONITOR,
     0x552409 | MISC_ENABLE_XD_DISABLE, ~0x553c89ull & ~MISC_ENABLE_XD_DISABLE, false, MSR_EFFECT_MISC_ENABLE, NULL,
     "SDM 4 (Core Solo, Core Duo)"},
    /* Bits 0, 2, 3, 4, 6, 8, 9, 10, 19, 24 are switches, 7, 11 and 12 tell what is there */
    {IA32_MISC_ENABLE, "IA32_MISC_ENABLE", 0, PENTIUM4, RW,
     MISC_ENABLE_FAST_STRINGS | MISC_ENABLE_BTS_UNAVAILABLE | MISC_ENABLE_PEBS_UNAVAILABLE,
     0x0108075d, ~0x01081fddull, false, MSR_EFFECT_MISC_ENABLE, NULL, "SDM 4 (Pentium 4)"},
    {0x1a1, "MSR_PLATFORM_BRV", 0, PENTIUM4, RO, 0, 0, 0, PLAIN, "SDM 4 (Pentium 4)"},

    {0x1c9, "MSR_LASTBRANCH_TOS", 0, CORE, RO, 0, 0, 0, PLAIN, "SDM 3B 17.9"},
    {0x1d7, "MSR_LER_FROM_LIP", 0, PENTIUM4, RO, 0, 0, 0, PLAIN, "SDM 3B 17.7.3"},
    {0x1d8, "MSR_LER_TO_LIP", 0, PENTIUM4, RO, 0, 0, 0, PLAIN, "SDM 3B 17.7.3"},
    {IA32_DEBUGCTL, "DEBUGCTLMSR", 0, P6, RW, 0, 0x7f, ~0x7full, PLAIN, "SDM 3B 17.11.1"},
    {IA32_DEBUGCTL, "IA32_DEBUGCTL", 0, CORE, RW, 0, 0x1c3, ~0x1c3ull, PLAIN, "SDM 3B 17.9"},
    {IA32_DEBUGCTL, "MSR_DEBUGCTLA", 0, PENTIUM4, RW, 0, 0x1f, ~0x1full, PLAIN, "SDM 3B 17.7.1"},
    {0x1da, "MSR_LASTBRANCH_TOS", 0, PENTIUM4, RO, 0, 0, 0, PLAIN, "SDM 3B 17.7.2"},
    {0x1db, "LASTBRANCHFROMIP", 0, P6, RW, 0, LOW_HALF, 0, PLAIN, "SDM 3B 17.11.2"},
    {0x1db, "MSR_LASTBRANCH_0", 0, PENTIUM4, RW, 0, ALL_BITS, 0, PLAIN, "SDM 3B 17.7.2"},
    {0x1dc, "LASTBRANCHTOIP", 0, P6, RW, 0, LOW_HALF, 0, PLAIN, "SDM 3B 17.11.2"},
    {0x1dc, "MSR_LASTBRANCH_1", 0, PENTIUM4, RW, 0, ALL_BITS, 0, PLAIN, "SDM 3B 17.7.2"},
    {0x1dd, "LASTINTFROMIP", 0, P6, RW, 0, LOW_HALF, 0, PLAIN, "SDM 3B 17.11.2"},
    {0x1dd, "MSR_LER_FROM_LIP", 0, CORE, RO, 0, 0, 0, PLAIN, "SDM 3B 17.9"},
    {0x1dd, "MSR_LASTBRANCH_2", 0, PENTIUM4, RW, 0, ALL_BITS, 0, PLAIN, "SDM 3B 17.7.2"},
    {0x1de, "LASTINTTOIP", 0, P6, RW, 0, LOW_HALF, 0, PLAIN, "SDM 3B 17.11.2"},
    {0x1de, "MSR_LER_TO_LIP", 0, CORE, RO, 0, 0, 0, PLAIN, "SDM 3B 17.9"},
    {0x1de, "MSR_LASTBRANCH_3", 0, PENTIUM4, RW, 0, ALL_BITS, 0, PLAIN, "SDM 3B 17.7.2"},
    /* Bit 2: fast string operations */
    {0x1e0, "ROB_CR_BKUPTMPDR6", 0, FAMILY_6, RW, 4, 4, 0, PLAIN, "SDM 4 (P6 family)"},

    MTRR_PAIR(0), MTRR_PAIR(1), MTRR_PAIR(2), MTRR_PAIR(3),
    MTRR_PAIR(4), MTRR_PAIR(5), MTRR_PAIR(6), MTRR_PAIR(7),
    MTRR_FIXED(0x250, "IA32_MTRR_FIX64K_00000"),
    MTRR_FIXED(0x258, "IA32_MTRR_FIX16K_80000"),
    MTRR_FIXED(0x259, "IA32_MTRR_FIX16K_A0000"),
    MTRR_FIXED(0x268, "IA32_MTRR_FIX4K_C0000"),
    MTRR_FIXED(0x269, "IA32_MTRR_FIX4K_C8000"),
    MTRR_FIXED(0x26a, "IA32_MTRR_FIX4K_D0000"),
    MTRR_FIXED(0x26b, "IA32_MTRR_FIX4K_D8000"),
    MTRR_FIXED(0x26c, "IA32_MTRR_FIX4K_E0000"),
    MTRR_FIXED(0x26d, "IA32_MTRR_FIX4K_E8000"),
    MTRR_FIXED(0x26e, "IA32_MTRR_FIX4K_F0000"),
    MTRR_FIXED(0x26f, "IA32_MTRR_FIX4K_F8000"),
    /* Reset value: WB, WT, UC-, UC, twice */
    {IA32_PAT, "IA32_PAT", FEATURE(PAT), ANY, RW, 0x0007040600070406, ALL_BITS, 0, false,
     MSR_EFFECT_MEMORY_TYPES, accept_pat, "SDM 3A 11.12.2"},
    {0x2ff, "IA32_MTRR_DEF_TYPE", FEATURE(MTRR), ANY, RW, 0, 0xcff, ~0xcffull, false,
     MSR_EFFECT_MEMORY_TYPES, accept_type, "SDM 3A 11.11.2.1"},

    MC_CTL(0x400, "MC0", P6, accept_all_or_nothing), MC_CTL(0x400, "IA32_MC0", CORE_AND_UP, NULL),
    MC_LOG(0x400, "IA32_MC0", ANY),
    MC_CTL(0x404, "MC1", P6, accept_all_or_nothing), MC_CTL(0x404, "IA32_MC1", CORE_AND_UP, NULL),
    MC_LOG(0x404, "IA32_MC1", ANY),
    MC_CTL(0x408, "MC2", P6, accept_all_or_nothing), MC_CTL(0x408, "IA32_MC2", CORE_AND_UP, NULL),
    MC_LOG(0x408, "IA32_MC2", ANY),
    /* Family 6 has banks 3 and 4 in exchanged places. */
    MC_CTL(0x40c, "MC4", P6, accept_all_or_nothing), MC_CTL(0x40c, "IA32_MC4", CORE, NULL),
    MC_CTL(0x40c, "IA32_MC3", PENTIUM4, NULL),
    MC_LOG(0x40c, "IA32_MC4", ANY),
    MC_CTL(0x410, "MC3", P6, accept_all_or_nothing), MC_CTL(0x410, "IA32_MC3", CORE, NULL),
    MC_LOG(0x410, "IA32_MC3", FAMILY_6),
    MC_CTL(0x414, "IA32_MC5", CORE, NULL),
    MC_LOG(0x414, "IA32_MC5", CORE),

    {IA32_EFER, "IA32_EFER", FEATURE(NX), ANY, RW, 0, IA32_EFER_NXE, ~(uint64_t)IA32_EFER_NXE, false,
     MSR_EFFECT_EFER, NULL, "SDM 4 table 2-2"},
    {.name = NULL},
};
/* clang-format on */

const unsigned msr_row_count = sizeof msr_rows / sizeof msr_rows[0] - 1;

_Static_assert(sizeof msr_rows / sizeof msr_rows[0] - 1 <= MSR_SLOTS, "each row has a slot in the bank");
