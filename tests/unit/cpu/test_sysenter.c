/* SYSENTER and SYSEXIT, rule by rule (SDM 2B; 3A 5.8.7). */
#include "expect.h"

#define KERNEL_ESP 0x7000u
#define KERNEL_EIP 0x12000u
#define USER_EIP   0x13000u

static const uint8_t sysenter_code[] = {0x0f, 0x34};
static const uint8_t sysexit_code[] = {0x0f, 0x35};

static void set_msr(struct bench *bench, uint32_t address, uint64_t value)
{
    enum msr_effect effect;
    struct fault fault = msr_write(&bench->cpu.msr, &bench->cpu.model, address, value, 0, &effect);
    ck_assert_uint_eq(fault.reason, NO_FAULT);
}

static void set_msrs(struct bench *bench, uint32_t selector)
{
    set_msr(bench, IA32_SYSENTER_CS, selector);
    set_msr(bench, IA32_SYSENTER_ESP, KERNEL_ESP);
    set_msr(bench, IA32_SYSENTER_EIP, KERNEL_EIP);
}

static struct bench *bench_at(unsigned cpl, uint32_t selector)
{
    struct bench *bench = bench_new(NULL);
    set_msrs(bench, selector);
    expect_protected(bench, cpl);
    bench->cpu.gpr[ECX] = 0x6000;
    bench->cpu.gpr[EDX] = USER_EIP;
    return bench;
}

static void run_sysenter(struct bench *bench)
{
    bench_code(bench, sysenter_code, sizeof sysenter_code);
    bench_run(bench, 1);
}
static void run_sysexit(struct bench *bench)
{
    bench_code(bench, sysexit_code, sizeof sysexit_code);
    bench_run(bench, 1);
}

static void check_flat(const struct segment *segment, uint16_t selector, unsigned type, unsigned dpl)
{
    ck_assert_uint_eq(segment->selector, selector);
    ck_assert_uint_eq(segment->base, 0);
    ck_assert_uint_eq(segment->limit, 0xffffffff);
    ck_assert_uint_eq(segment->access,
                      ACCESS_P | ACCESS_S | ACCESS_G | ACCESS_DB | type | dpl << ACCESS_DPL_SHIFT);
    ck_assert(segment->usable);
}

START_TEST(SYSENTER_loads_flat_segments_ESP_and_EIP_without_reading_the_GDT)
{
    struct bench *bench = bench_at(3, BENCH_CODE0 | 3); /* RPL bits of the MSR do not count */
    struct cpu *cpu = &bench->cpu;
    cpu->gdtr = (struct table_register){.base = 0xfffff000, .limit = 0};
    struct segment ds = cpu->segments[DS];
    uint32_t memory_before = bench_read32(bench, KERNEL_ESP - 4);
    run_sysenter(bench);
    EXPECT_NO_FAULT(bench);
    check_flat(&cpu->segments[CS], BENCH_CODE0, 0xb, 0);
    check_flat(&cpu->segments[SS], BENCH_CODE0 + 8, 0x3, 0);
    ck_assert_uint_eq(cpu->gpr[ESP], KERNEL_ESP);
    ck_assert_uint_eq(cpu->eip, KERNEL_EIP);
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert(!cpu->user);
    ck_assert_mem_eq(&cpu->segments[DS], &ds, sizeof ds);
    ck_assert_uint_eq(bench_read32(bench, KERNEL_ESP - 4), memory_before);
    bench_free(bench);
}
END_TEST

START_TEST(SYSENTER_clears_VM_IF_and_RF_and_keeps_the_other_flags)
{
    uint32_t kept = EFLAGS_1 | EFLAGS_STATUS | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID | EFLAGS_VIF;
    struct bench *bench = bench_at(3, BENCH_CODE0);
    for (unsigned iopl = 0; iopl < 4; iopl++) {
        expect_protected(bench, 3);
        cpu_set_eflags(&bench->cpu, kept | EFLAGS_IF | EFLAGS_RF | iopl << 12);
        run_sysenter(bench);
        ck_assert_uint_eq(bench->cpu.eflags, kept | iopl << 12);
    }
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(SYSENTER_is_legal_from_every_privilege_and_from_virtual_8086_mode)
{
    struct bench *bench = bench_at(0, BENCH_CODE0);
    struct cpu *cpu = &bench->cpu;
    run_sysenter(bench);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->eip, KERNEL_EIP);

    bench_v86(bench, 0);
    run_sysenter(bench);
    EXPECT_NO_FAULT(bench);
    ck_assert(!cpu_is_v86(cpu));
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert_uint_eq(cpu->eip, KERNEL_EIP);
    ck_assert_uint_eq(cpu->segments[DS].selector, BENCH_DATA >> 4);
    ck_assert_uint_eq(cpu->segments[DS].limit, 0xffff);
    bench_free(bench);
}
END_TEST

START_TEST(bits_15_to_2_of_IA32_SYSENTER_CS_must_not_be_zero)
{
    for (uint32_t selector = 0; selector < 5; selector++) {
        struct bench *bench = bench_at(3, selector | 0x10000); /* the upper half does not count either */
        run_sysenter(bench);
        if (selector < 4) {
            EXPECT_FAULT(bench, VECTOR_GP, 0, SYSENTER_CS_NULL);
        } else {
            EXPECT_NO_FAULT(bench);
            ck_assert_uint_eq(bench->cpu.segments[CS].selector, 4);
            ck_assert_uint_eq(bench->cpu.segments[SS].selector, 12);
        }
        expect_protected(bench, 0);
        run_sysexit(bench);
        if (selector < 4) {
            EXPECT_FAULT(bench, VECTOR_GP, 0, SYSENTER_CS_NULL);
        } else {
            EXPECT_NO_FAULT(bench);
            ck_assert_uint_eq(bench->cpu.segments[CS].selector, 23);
            ck_assert_uint_eq(bench->cpu.segments[SS].selector, 31);
        }
        bench_free(bench);
    }
}
END_TEST

START_TEST(the_selectors_wrap_in_16_bits)
{
    struct bench *bench = bench_at(3, 0xfffc);
    run_sysenter(bench);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.segments[CS].selector, 0xfffc);
    ck_assert_uint_eq(bench->cpu.segments[SS].selector, 0x0004);
    expect_protected(bench, 0);
    run_sysexit(bench);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.segments[CS].selector, 0x000f);
    ck_assert_uint_eq(bench->cpu.segments[SS].selector, 0x0017);
    bench_free(bench);
}
END_TEST

START_TEST(real_mode_and_LOCK_are_refused)
{
    static const uint8_t locked[] = {0xf0, 0x0f, 0x34};
    struct bench *bench = bench_at(3, BENCH_CODE0);
    bench_code(bench, locked, sizeof locked);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_UD, 0, DECODE_LOCK);
    bench_real(bench);
    run_sysenter(bench);
    EXPECT_FAULT(bench, VECTOR_GP, 0, SYSENTER_REAL_MODE);
    bench_real(bench);
    run_sysexit(bench);
    EXPECT_FAULT(bench, VECTOR_GP, 0, SYSENTER_REAL_MODE);
    bench_free(bench);
}
END_TEST

START_TEST(models_without_the_instruction_give_UD_even_when_they_report_SEP)
{
    static const char *const models[] = {"386", "486", "pentium", "pentium-pro", "core-duo,-sep"};
    for (unsigned i = 0; i < ARRAY_LENGTH(models); i++) {
        struct bench *bench = bench_new(models[i]);
        expect_protected(bench, 0);
        run_sysenter(bench);
        EXPECT_FAULT(bench, VECTOR_UD, 0, DECODE_UNDEFINED);
        expect_protected(bench, 0);
        run_sysexit(bench);
        EXPECT_FAULT(bench, VECTOR_UD, 0, DECODE_UNDEFINED);
        bench_free(bench);
    }
    struct bench *bench = bench_new("pentium-pro");
    expect_protected(bench, 3);
    bench->cpu.gpr[EAX] = 1;
    BENCH_STEP(bench, 0x0f, 0xa2); /* CPUID: the trap */
    ck_assert(bench->cpu.gpr[EDX] >> 11 & 1);
    bench_free(bench);
}
END_TEST

START_TEST(the_first_fault_after_SYSENTER_is_the_fetch_at_its_target)
{
    struct bench *bench = bench_at(3, BENCH_CODE0);
    struct cpu *cpu = &bench->cpu;
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, 0x100000 + page * 4, page << 12 | 7);
    bench_write32(bench, 0x100000 + (KERNEL_EIP >> 12) * 4, 0);
    bench_write32(bench, 0x101000, 0x100000 | 7);
    cpu->cr3 = 0x101000;
    cpu->cr0 |= CR0_PG;
    cpu_restored(cpu);
    run_sysenter(bench);
    EXPECT_NO_FAULT(bench);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_PF, 0, PAGE_NOT_PRESENT); /* a supervisor read */
    ck_assert_uint_eq(cpu->cr2, KERNEL_EIP);
    bench_free(bench);
}
END_TEST

START_TEST(a_single_step_over_SYSENTER_traps_at_its_target_with_CPL_0)
{
    struct bench *bench = bench_at(3, BENCH_CODE0);
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_TF | EFLAGS_IF);
    run_sysenter(bench);
    ck_assert_uint_eq(cpu->eip, KERNEL_EIP);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_TRAP);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_BS);
    ck_assert_uint_eq(cpu->gpr[ESP], KERNEL_ESP - 12); /* no stack switch: three doublewords */
    ck_assert_uint_eq(bench_read32(bench, KERNEL_ESP - 12), KERNEL_EIP);
    ck_assert_uint_eq(bench_read32(bench, KERNEL_ESP - 8), BENCH_CODE0);
    ck_assert_uint_eq(bench_read32(bench, KERNEL_ESP - 4), EFLAGS_1 | EFLAGS_TF);
    bench_free(bench);
}
END_TEST

START_TEST(SYSEXIT_returns_to_flat_segments_of_ring_3_and_keeps_ECX_EDX_and_EFLAGS)
{
    struct bench *bench = bench_at(0, BENCH_CODE0);
    struct cpu *cpu = &bench->cpu;
    uint32_t eflags = EFLAGS_1 | EFLAGS_STATUS | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_NT | EFLAGS_AC;
    cpu_set_eflags(cpu, eflags);
    cpu->gdtr.limit = 0;
    run_sysexit(bench);
    EXPECT_NO_FAULT(bench);
    check_flat(&cpu->segments[CS], (BENCH_CODE0 + 16) | 3, 0xb, 3);
    check_flat(&cpu->segments[SS], (BENCH_CODE0 + 24) | 3, 0x3, 3);
    ck_assert_uint_eq(cpu->eip, USER_EIP);
    ck_assert_uint_eq(cpu->gpr[ESP], 0x6000);
    ck_assert_uint_eq(cpu->gpr[ECX], 0x6000);
    ck_assert_uint_eq(cpu->gpr[EDX], USER_EIP);
    ck_assert_uint_eq(cpu->eflags, eflags);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert(cpu->user);
    ck_assert_uint_eq(cpu->segments[DS].selector, BENCH_DATA0); /* the kernel's affair */
    bench_free(bench);
}
END_TEST

START_TEST(SYSEXIT_needs_CPL_0)
{
    struct bench *bench = bench_at(3, BENCH_CODE0);
    run_sysexit(bench);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_v86(bench, 3);
    run_sysexit(bench);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_free(bench);
}
END_TEST

START_TEST(an_interrupt_waits_until_the_SYSEXIT_after_STI_is_done)
{
    struct bench *bench = bench_at(0, BENCH_CODE0);
    struct cpu *cpu = &bench->cpu;
    static const uint8_t code[] = {0xfb, 0x0f, 0x35}; /* STI; SYSEXIT */
    bench_code(bench, code, sizeof code);
    bench->next_vector = 0x40;
    cpu_set_intr(cpu, true);
    bench_run(bench, 2);
    ck_assert_uint_eq(cpu->eip, USER_EIP);
    ck_assert_uint_eq(cpu->cpl, 3);
    bench_run(bench, 1);
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert_uint_eq(cpu->eip, BENCH_HANDLERS + 0x40);
    ck_assert_uint_eq(bench_read32(bench, cpu->gpr[ESP]), USER_EIP);
    ck_assert_uint_eq(bench_read32(bench, cpu->gpr[ESP] + 4), (BENCH_CODE0 + 16) | 3);
    bench_free(bench);
}
END_TEST

START_TEST(a_single_step_over_SYSEXIT_traps_at_its_target_with_CPL_3)
{
    struct bench *bench = bench_at(0, BENCH_CODE0);
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_TF);
    run_sysexit(bench);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_TRAP);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK0 - 20), USER_EIP);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK0 - 16), (BENCH_CODE0 + 16) | 3);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK0 - 12), EFLAGS_1 | EFLAGS_TF);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK0 - 8), 0x6000);
    bench_free(bench);
}
END_TEST

START_TEST(a_breakpoint_hit_by_MOV_SS_before_SYSENTER_is_reported_after_it)
{
    struct bench *bench = bench_at(0, BENCH_CODE0);
    struct cpu *cpu = &bench->cpu;
    static const uint8_t code[] = {0x8e, 0x15, 0x00, 0x00,
                                   0x02, 0x00, 0x0f, 0x34}; /* MOV SS, [BENCH_DATA]; SYSENTER */
    bench_code(bench, code, sizeof code);
    bench_write16(bench, BENCH_DATA, BENCH_DATA0);
    cpu->dr[0] = BENCH_DATA;
    cpu->dr7 = DR7_FIXED | DR7_L0 | 7u << 16; /* two bytes, read or write */
    cpu_restored(cpu);
    bench_run(bench, 2);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->eip, KERNEL_EIP);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_TRAP);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_B0);
    ck_assert_uint_eq(bench_read32(bench, cpu->gpr[ESP]), KERNEL_EIP);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("sysenter", SYSENTER_loads_flat_segments_ESP_and_EIP_without_reading_the_GDT,
           SYSENTER_clears_VM_IF_and_RF_and_keeps_the_other_flags,
           SYSENTER_is_legal_from_every_privilege_and_from_virtual_8086_mode,
           bits_15_to_2_of_IA32_SYSENTER_CS_must_not_be_zero, the_selectors_wrap_in_16_bits,
           real_mode_and_LOCK_are_refused, models_without_the_instruction_give_UD_even_when_they_report_SEP,
           the_first_fault_after_SYSENTER_is_the_fetch_at_its_target,
           a_single_step_over_SYSENTER_traps_at_its_target_with_CPL_0,
           SYSEXIT_returns_to_flat_segments_of_ring_3_and_keeps_ECX_EDX_and_EFLAGS, SYSEXIT_needs_CPL_0,
           an_interrupt_waits_until_the_SYSEXIT_after_STI_is_done,
           a_single_step_over_SYSEXIT_traps_at_its_target_with_CPL_3,
           a_breakpoint_hit_by_MOV_SS_before_SYSENTER_is_reported_after_it)
