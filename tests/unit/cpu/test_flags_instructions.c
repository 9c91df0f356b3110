/* CLI, STI, PUSHF, POPF with IOPL, VME and PVI (SDM 2A CLI, 2B STI, PUSHF, POPF). */
#include "expect.h"

#define ALL_STATUS (EFLAGS_STATUS | EFLAGS_DF | EFLAGS_NT)

static void set_flags(struct bench *bench, uint32_t eflags)
{
    cpu_set_eflags(&bench->cpu, eflags);
}

/* The environments: real mode, protected mode by CPL and IOPL, virtual-8086 mode by IOPL; CR4 on top. */
enum mode { REAL, PROTECTED, V86 };

static void enter(struct bench *bench, enum mode mode, unsigned cpl, unsigned iopl, uint32_t cr4)
{
    expect_protected(bench, mode == PROTECTED ? cpl : 0);
    if (mode == REAL)
        bench_real(bench);
    if (mode == V86)
        bench_v86(bench, iopl);
    else
        set_flags(bench, EFLAGS_1 | iopl << 12);
    bench->cpu.cr4 = cr4;
}

static void run_byte(struct bench *bench, uint8_t code)
{
    bench_code(bench, &code, 1);
    bench_run(bench, 1);
}

#define CLI 0xfa
#define STI 0xfb

enum outcome { IF_CHANGES, VIF_CHANGES, FAULTS };

static void check_cli_sti(struct bench *bench, enum mode mode, unsigned cpl, unsigned iopl, uint32_t cr4,
                          enum outcome outcome)
{
    enter(bench, mode, cpl, iopl, cr4);
    uint32_t before = bench->cpu.eflags;
    run_byte(bench, STI);
    if (outcome == FAULTS) {
        EXPECT_FAULT(bench, VECTOR_GP, 0, mode == V86 ? IOPL_VIRTUAL_8086 : IOPL_TOO_LOW);
        enter(bench, mode, cpl, iopl, cr4);
        run_byte(bench, CLI);
        EXPECT_FAULT(bench, VECTOR_GP, 0, mode == V86 ? IOPL_VIRTUAL_8086 : IOPL_TOO_LOW);
        return;
    }
    EXPECT_NO_FAULT(bench);
    uint32_t flag = outcome == IF_CHANGES ? EFLAGS_IF : EFLAGS_VIF;
    ck_assert_uint_eq(bench->cpu.eflags, before | flag);
    ck_assert_uint_eq(bench->cpu.shadow, outcome == IF_CHANGES ? SHADOW_STI : 0);
    run_byte(bench, CLI);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.eflags, before);
}

static void check_pending(enum mode mode, unsigned cpl, unsigned iopl, uint32_t cr4, bool faults)
{
    struct bench *bench = bench_new(NULL);
    enter(bench, mode, cpl, iopl, cr4);
    set_flags(bench, bench->cpu.eflags | EFLAGS_VIF | EFLAGS_VIP);
    run_byte(bench, 0x90);
    if (faults)
        EXPECT_FAULT(bench, VECTOR_GP, 0, VIRTUAL_INTERRUPT_PENDING);
    else
        EXPECT_NO_FAULT(bench);
    bench_free(bench);
}

/* SDM 3B 20.3.2, 20.4 */
START_TEST(VIF_and_VIP_together_fault_at_the_beginning_of_an_instruction)
{
    for (unsigned iopl = 0; iopl < 4; iopl++) {
        for (uint32_t cr4 = 0; cr4 < 4; cr4++) {
            check_pending(REAL, 0, iopl, cr4, false);
            check_pending(PROTECTED, 0, iopl, cr4, false);
            check_pending(PROTECTED, 3, iopl, cr4, iopl < 3 && (cr4 & CR4_PVI));
            check_pending(V86, 3, iopl, cr4, iopl < 3 && (cr4 & CR4_VME));
        }
    }
}
END_TEST

START_TEST(CLI_and_STI_follow_IOPL_VME_and_PVI)
{
    struct bench *bench = bench_new(NULL);
    for (unsigned iopl = 0; iopl < 4; iopl++) {
        for (unsigned extensions = 0; extensions < 4; extensions++) {
            uint32_t cr4 = extensions; /* VME is bit 0, PVI bit 1 */
            check_cli_sti(bench, REAL, 0, iopl, cr4, IF_CHANGES);
            check_cli_sti(bench, PROTECTED, 0, iopl, cr4, IF_CHANGES);
            check_cli_sti(bench, PROTECTED, 3, iopl, cr4,
                          iopl == 3       ? IF_CHANGES
                          : cr4 & CR4_PVI ? VIF_CHANGES
                                          : FAULTS);
            check_cli_sti(bench, V86, 3, iopl, cr4,
                          iopl == 3       ? IF_CHANGES
                          : cr4 & CR4_VME ? VIF_CHANGES
                                          : FAULTS);
        }
    }
    bench_free(bench);
}
END_TEST

START_TEST(PVI_is_for_CPL_3_alone)
{
    struct bench *bench = bench_new(NULL);
    enter(bench, PROTECTED, 0, 0, CR4_PVI);
    cpu_set_cpl(&bench->cpu, 1); /* flat supervisor segments serve as well */
    bench->cpu.segments[CS].selector |= 1;
    run_byte(bench, CLI);
    EXPECT_FAULT(bench, VECTOR_GP, 0, IOPL_TOO_LOW);
    bench_free(bench);
}
END_TEST

START_TEST(STI_faults_while_a_virtual_interrupt_is_pending)
{
    struct bench *bench = bench_new(NULL);
    enter(bench, PROTECTED, 3, 0, CR4_PVI);
    set_flags(bench, bench->cpu.eflags | EFLAGS_VIP);
    run_byte(bench, STI);
    EXPECT_FAULT(bench, VECTOR_GP, 0, VIRTUAL_INTERRUPT_PENDING);
    enter(bench, V86, 3, 0, CR4_VME);
    set_flags(bench, bench->cpu.eflags | EFLAGS_VIP);
    run_byte(bench, STI);
    EXPECT_FAULT(bench, VECTOR_GP, 0, VIRTUAL_INTERRUPT_PENDING);
    enter(bench, V86, 3, 3, CR4_VME);
    set_flags(bench, bench->cpu.eflags | EFLAGS_VIP);
    run_byte(bench, STI);
    EXPECT_NO_FAULT(bench);
    ck_assert(bench->cpu.eflags & EFLAGS_IF);
    bench_free(bench);
}
END_TEST

START_TEST(an_interrupt_waits_for_the_instruction_after_STI)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    enter(bench, PROTECTED, 0, 0, 0);
    bench->next_vector = 0x40;
    cpu_set_intr(cpu, true);
    static const uint8_t code[] = {STI, 0x41, 0x41}; /* INC ECX twice */
    bench_code(bench, code, sizeof code);
    cpu->gpr[ECX] = 0;
    bench_run(bench, 2);
    ck_assert_uint_eq(cpu->gpr[ECX], 1);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 2);
    bench_run(bench, 1);
    ck_assert_uint_eq(cpu->gpr[ECX], 1);
    ck_assert_uint_eq(cpu->eip, BENCH_HANDLERS + 0x40);
    ck_assert_uint_eq(bench_read32(bench, cpu->gpr[ESP]), BENCH_CODE + 2);
    bench_free(bench);
}
END_TEST

START_TEST(STI_casts_no_shadow_when_IF_is_set_already)
{
    struct bench *bench = bench_new(NULL);
    enter(bench, PROTECTED, 0, 0, 0);
    set_flags(bench, EFLAGS_1 | EFLAGS_IF);
    run_byte(bench, STI);
    ck_assert_uint_eq(bench->cpu.shadow, 0);
    bench_free(bench);
}
END_TEST

/* POPFD or POPF of an image in the present mode. */
static void popf(struct bench *bench, uint32_t image, bool wide)
{
    struct cpu *cpu = &bench->cpu;
    bool wide_code = cpu->segments[CS].access & ACCESS_DB;
    uint8_t prefixed[] = {0x66, 0x9d};
    bench_write32(bench, cpu->segments[SS].base + BENCH_STACK - 4, image);
    cpu->gpr[ESP] = BENCH_STACK - 4;
    if (wide == wide_code)
        bench_code(bench, prefixed + 1, 1);
    else
        bench_code(bench, prefixed, 2);
    bench_run(bench, 1);
}

START_TEST(POPF_changes_what_the_privilege_allows)
{
    uint32_t everyone = EFLAGS_STATUS | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID;
    static const struct {
        enum mode mode;
        unsigned cpl, iopl;
        uint32_t more;
    } cases[] = {
        {REAL, 0, 0, EFLAGS_IF | EFLAGS_IOPL},
        {PROTECTED, 0, 0, EFLAGS_IF | EFLAGS_IOPL},
        {PROTECTED, 3, 3, EFLAGS_IF},
        {PROTECTED, 3, 2, 0},
        {PROTECTED, 3, 0, 0},
        {V86, 3, 3, EFLAGS_IF},
    };
    struct bench *bench = bench_new(NULL);
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        enter(bench, cases[i].mode, cases[i].cpl, cases[i].iopl, 0);
        uint32_t before = bench->cpu.eflags;
        uint32_t writable = everyone | cases[i].more;
        popf(bench, ~EFLAGS_TF, true);
        EXPECT_NO_FAULT(bench);
        ck_assert_uint_eq(bench->cpu.eflags, before | writable);
        ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK);

        /* And back to zero: the same bits, as far as IOPL still allows. */
        before = bench->cpu.eflags;
        popf(bench, 0, true);
        ck_assert_uint_eq(bench->cpu.eflags, before & ~writable);

        /* The 16-bit form leaves the upper half. */
        enter(bench, cases[i].mode, cases[i].cpl, cases[i].iopl, 0);
        before = bench->cpu.eflags;
        popf(bench, ~EFLAGS_TF, false);
        ck_assert_uint_eq(bench->cpu.eflags, before | (writable & 0xffff));
        ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK - 2);
    }
    bench_free(bench);
}
END_TEST

START_TEST(POPF_leaves_VIF_and_VIP_alone)
{
    struct bench *bench = bench_new(NULL);
    enter(bench, PROTECTED, 0, 0, 0);
    set_flags(bench, EFLAGS_1 | EFLAGS_VIF | EFLAGS_VIP);
    popf(bench, 0, true);
    ck_assert_uint_eq(bench->cpu.eflags, EFLAGS_1 | EFLAGS_VIF | EFLAGS_VIP);
    set_flags(bench, EFLAGS_1);
    popf(bench, EFLAGS_VIF | EFLAGS_VIP | EFLAGS_VM | EFLAGS_RF, true);
    ck_assert_uint_eq(bench->cpu.eflags, EFLAGS_1);
    bench_free(bench);
}
END_TEST

START_TEST(AC_and_ID_exist_from_the_486_and_with_CPUID)
{
    struct bench *bench = bench_new("386");
    enter(bench, PROTECTED, 0, 0, 0);
    popf(bench, EFLAGS_AC | EFLAGS_ID, true);
    ck_assert_uint_eq(bench->cpu.eflags, EFLAGS_1);
    bench_free(bench);
    bench = bench_new("486,-cpuid");
    enter(bench, PROTECTED, 0, 0, 0);
    popf(bench, EFLAGS_AC | EFLAGS_ID, true);
    ck_assert_uint_eq(bench->cpu.eflags, EFLAGS_1 | EFLAGS_AC);
    bench_free(bench);
}
END_TEST

START_TEST(POPF_in_virtual_8086_mode_below_IOPL_3_needs_VME)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    enter(bench, V86, 3, 2, 0);
    popf(bench, 0, false);
    EXPECT_FAULT(bench, VECTOR_GP, 0, IOPL_VIRTUAL_8086);
    enter(bench, V86, 3, 2, CR4_VME);
    popf(bench, 0, true); /* the doubleword form never */
    EXPECT_FAULT(bench, VECTOR_GP, 0, IOPL_VIRTUAL_8086);

    enter(bench, V86, 3, 2, CR4_VME);
    uint32_t before = cpu->eflags;
    popf(bench, 0xffff & ~EFLAGS_TF, false);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->eflags, before | ALL_STATUS | EFLAGS_VIF);
    popf(bench, 0, false);
    ck_assert_uint_eq(cpu->eflags, before);

    popf(bench, EFLAGS_TF, false);
    EXPECT_FAULT(bench, VECTOR_GP, 0, VIRTUAL_TRAP_FLAG);
    enter(bench, V86, 3, 2, CR4_VME);
    set_flags(bench, cpu->eflags | EFLAGS_VIP);
    popf(bench, EFLAGS_CF, false);
    EXPECT_NO_FAULT(bench);
    popf(bench, EFLAGS_IF, false);
    EXPECT_FAULT(bench, VECTOR_GP, 0, VIRTUAL_INTERRUPT_PENDING);
    bench_free(bench);
}
END_TEST

static uint32_t pushf(struct bench *bench, bool wide)
{
    struct cpu *cpu = &bench->cpu;
    bool wide_code = cpu->segments[CS].access & ACCESS_DB;
    uint8_t prefixed[] = {0x66, 0x9c};
    cpu->gpr[ESP] = BENCH_STACK;
    bench_code(bench, wide == wide_code ? prefixed + 1 : prefixed, wide == wide_code ? 1 : 2);
    bench_run(bench, 1);
    uint32_t top = cpu->segments[SS].base + BENCH_STACK;
    return wide ? bench_read32(bench, top - 4) : bench_read16(bench, top - 2);
}

START_TEST(PUSHF_images_have_neither_RF_nor_VM)
{
    struct bench *bench = bench_new(NULL);
    enter(bench, PROTECTED, 3, 1, 0);
    set_flags(bench,
              bench->cpu.eflags | EFLAGS_RF | EFLAGS_IF | EFLAGS_AC | EFLAGS_VIF | EFLAGS_ID | EFLAGS_CF);
    ck_assert_uint_eq(pushf(bench, true),
                      EFLAGS_1 | 1u << 12 | EFLAGS_IF | EFLAGS_AC | EFLAGS_VIF | EFLAGS_ID | EFLAGS_CF);
    enter(bench, V86, 3, 3, 0);
    ck_assert_uint_eq(pushf(bench, true), EFLAGS_1 | EFLAGS_IOPL);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(PUSHF_in_virtual_8086_mode_shows_VIF_and_IOPL_3_with_VME)
{
    struct bench *bench = bench_new(NULL);
    enter(bench, V86, 3, 0, 0);
    pushf(bench, false);
    EXPECT_FAULT(bench, VECTOR_GP, 0, IOPL_VIRTUAL_8086);
    enter(bench, V86, 3, 0, CR4_VME);
    pushf(bench, true);
    EXPECT_FAULT(bench, VECTOR_GP, 0, IOPL_VIRTUAL_8086);
    enter(bench, V86, 3, 0, CR4_VME);
    set_flags(bench, bench->cpu.eflags | EFLAGS_IF);
    ck_assert_uint_eq(pushf(bench, false), EFLAGS_1 | EFLAGS_IOPL);
    set_flags(bench, (bench->cpu.eflags & ~EFLAGS_IF) | EFLAGS_VIF);
    ck_assert_uint_eq(pushf(bench, false), EFLAGS_1 | EFLAGS_IOPL | EFLAGS_IF);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(POPF_that_clears_TF_still_traps_once_and_one_that_sets_it_not_yet)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    enter(bench, PROTECTED, 0, 0, 0);
    popf(bench, EFLAGS_TF, true);
    ck_assert_uint_eq(cpu->pending_debug, 0);
    ck_assert(cpu->eflags & EFLAGS_TF);
    popf(bench, 0, true);
    ck_assert(!(cpu->eflags & EFLAGS_TF));
    ck_assert_uint_eq(cpu->pending_debug, DR6_BS);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("flags_instructions", CLI_and_STI_follow_IOPL_VME_and_PVI, PVI_is_for_CPL_3_alone,
           VIF_and_VIP_together_fault_at_the_beginning_of_an_instruction,
           STI_faults_while_a_virtual_interrupt_is_pending, an_interrupt_waits_for_the_instruction_after_STI,
           STI_casts_no_shadow_when_IF_is_set_already, POPF_changes_what_the_privilege_allows,
           POPF_leaves_VIF_and_VIP_alone, AC_and_ID_exist_from_the_486_and_with_CPUID,
           POPF_in_virtual_8086_mode_below_IOPL_3_needs_VME, PUSHF_images_have_neither_RF_nor_VM,
           PUSHF_in_virtual_8086_mode_shows_VIF_and_IOPL_3_with_VME,
           POPF_that_clears_TF_still_traps_once_and_one_that_sets_it_not_yet)
