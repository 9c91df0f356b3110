/* RDMSR, WRMSR, RDTSC, RDPMC, CPUID, MONITOR and MWAIT: privilege, absence, and what a write brings about. */
#include "expect.h"

static const uint8_t rdmsr_code[] = {0x0f, 0x32};
static const uint8_t wrmsr_code[] = {0x0f, 0x30};
static const uint8_t rdtsc_code[] = {0x0f, 0x31};
static const uint8_t rdpmc_code[] = {0x0f, 0x33};
static const uint8_t cpuid_code[] = {0x0f, 0xa2};

/* Runs the two bytes where EIP stands; the tests look at the registers. */
static void run(struct bench *bench, const uint8_t code[2])
{
    bench_code(bench, code, 2);
    bench_run(bench, 1);
}

static uint64_t edx_eax(const struct bench *bench)
{
    return (uint64_t)bench->cpu.gpr[EDX] << 32 | bench->cpu.gpr[EAX];
}

static uint64_t rdmsr(struct bench *bench, uint32_t address)
{
    bench->cpu.gpr[ECX] = address;
    run(bench, rdmsr_code);
    return edx_eax(bench);
}

static void wrmsr(struct bench *bench, uint32_t address, uint64_t value)
{
    bench->cpu.gpr[ECX] = address;
    bench->cpu.gpr[EAX] = (uint32_t)value;
    bench->cpu.gpr[EDX] = (uint32_t)(value >> 32);
    run(bench, wrmsr_code);
}

START_TEST(MSRs_are_for_CPL_0_and_real_mode)
{
    struct bench *bench = bench_new(NULL);
    for (unsigned write = 0; write < 2; write++) {
        const uint8_t *code = write ? wrmsr_code : rdmsr_code;
        for (unsigned cpl = 1; cpl < 4; cpl++) {
            expect_protected(bench, cpl == 3 ? 3 : 0);
            cpu_set_cpl(&bench->cpu, cpl);
            bench->cpu.gpr[ECX] = 0xffffffff; /* the privilege is asked first */
            bench->cpu.segments[CS].selector |= (uint16_t)cpl;
            run(bench, code);
            EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
        }
        bench_v86(bench, 3);
        run(bench, code);
        EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
        bench_real(bench);
        bench->cpu.gpr[ECX] = IA32_SYSENTER_EIP;
        run(bench, code);
        EXPECT_NO_FAULT(bench);
    }
    bench_free(bench);
}
END_TEST

START_TEST(what_is_written_can_be_read)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    wrmsr(bench, IA32_SYSENTER_EIP, 0x12345678);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(rdmsr(bench, IA32_SYSENTER_EIP), 0x12345678);
    ck_assert_uint_eq(rdmsr(bench, IA32_PAT), 0x0007040600070406);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(absent_MSRs_and_reserved_bits_fault_and_change_no_register)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 0);
    cpu->gpr[EAX] = 0x11111111;
    cpu->gpr[EDX] = 0x22222222;
    ck_assert_uint_eq(rdmsr(bench, 0xc0000081), 0x2222222211111111);
    EXPECT_FAULT(bench, VECTOR_GP, 0, MSR_ABSENT);
    expect_protected(bench, 0);
    wrmsr(bench, 0x12345678, 0);
    EXPECT_FAULT(bench, VECTOR_GP, 0, MSR_ABSENT);
    expect_protected(bench, 0);
    wrmsr(bench, IA32_EFER, IA32_EFER_NXE | 0x100);
    EXPECT_FAULT(bench, VECTOR_GP, 0, MSR_RESERVED_BIT);
    expect_protected(bench, 0);
    wrmsr(bench, IA32_PAT, 0x02);
    EXPECT_FAULT(bench, VECTOR_GP, 0, MSR_INVALID_VALUE);
    expect_protected(bench, 0);
    ck_assert_uint_eq(rdmsr(bench, IA32_EFER), 0);
    ck_assert_uint_eq(rdmsr(bench, IA32_PAT), 0x0007040600070406);
    bench_free(bench);

    bench = bench_new("pentium-pro");
    for (uint32_t address = IA32_SYSENTER_CS; address <= IA32_SYSENTER_EIP; address++) {
        expect_protected(bench, 0);
        rdmsr(bench, address);
        EXPECT_FAULT(bench, VECTOR_GP, 0, MSR_ABSENT);
    }
    bench_free(bench);

    bench = bench_new("486");
    expect_protected(bench, 0);
    rdmsr(bench, 0);
    EXPECT_FAULT(bench, VECTOR_UD, 0, DECODE_UNDEFINED);
    bench_free(bench);
}
END_TEST

START_TEST(NXE_holds_from_the_WRMSR_that_sets_it)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 0);
    ck_assert(!cpu->mmu.paging.nxe);
    wrmsr(bench, IA32_EFER, IA32_EFER_NXE);
    EXPECT_NO_FAULT(bench);
    ck_assert(cpu->mmu.paging.nxe);
    wrmsr(bench, IA32_EFER, 0);
    ck_assert(!cpu->mmu.paging.nxe);
    bench_free(bench);
}
END_TEST

START_TEST(the_time_stamp_counter_runs_with_the_clock_and_can_be_set)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 0);
    run(bench, rdtsc_code);
    uint64_t first = edx_eax(bench);
    ck_assert_uint_eq(first, clock_now(&bench->clock));
    static const uint8_t nops[] = {0x90, 0x90, 0x90, 0x90};
    bench_code(bench, nops, sizeof nops);
    bench_run(bench, 4);
    run(bench, rdtsc_code);
    ck_assert_uint_eq(edx_eax(bench), first + 5); /* one nanosecond an instruction on the bench */

    wrmsr(bench, IA32_TIME_STAMP_COUNTER, 0x123456789abc);
    run(bench, rdtsc_code);
    ck_assert_uint_eq(edx_eax(bench), 0x123456789abc + 1);
    ck_assert_uint_eq(rdmsr(bench, IA32_TIME_STAMP_COUNTER), 0x123456789abc + 2);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 4 + 5 * 2);
    bench_free(bench);
}
END_TEST

START_TEST(TSD_and_PCE_decide_for_those_above_CPL_0)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 3);
    run(bench, rdtsc_code);
    EXPECT_NO_FAULT(bench);
    cpu->cr4 = CR4_TSD;
    run(bench, rdtsc_code);
    EXPECT_FAULT(bench, VECTOR_GP, 0, TIME_STAMP_DISABLED);
    expect_protected(bench, 0);
    cpu->cr4 = CR4_TSD;
    run(bench, rdtsc_code);
    EXPECT_NO_FAULT(bench);
    bench_v86(bench, 3);
    cpu->cr4 = CR4_TSD;
    run(bench, rdtsc_code);
    EXPECT_FAULT(bench, VECTOR_GP, 0, TIME_STAMP_DISABLED);

    expect_protected(bench, 3);
    cpu->gpr[ECX] = 0;
    run(bench, rdpmc_code);
    EXPECT_FAULT(bench, VECTOR_GP, 0, COUNTERS_DISABLED);
    expect_protected(bench, 3);
    cpu->cr4 = CR4_PCE;
    run(bench, rdpmc_code);
    EXPECT_NO_FAULT(bench);
    expect_protected(bench, 0);
    run(bench, rdpmc_code);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(RDPMC_knows_the_counters_of_its_family)
{
    static const struct {
        const char *model;
        uint32_t last;
    } cases[] = {{"pentium2", 1}, {"core-duo", 1}, {"pentium4", 17}};
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench *bench = bench_new(cases[i].model);
        expect_protected(bench, 0);
        bench->cpu.gpr[ECX] = cases[i].last;
        run(bench, rdpmc_code);
        EXPECT_NO_FAULT(bench);
        bench->cpu.gpr[ECX] = cases[i].last + 1;
        run(bench, rdpmc_code);
        EXPECT_FAULT(bench, VECTOR_GP, 0, COUNTER_ABSENT);
        bench_free(bench);
    }
    struct bench *bench = bench_new("pentium3");
    expect_protected(bench, 0);
    wrmsr(bench, 0xc2, 0x87654321); /* PERFCTR1: sign-extended to 40 bits */
    bench->cpu.gpr[ECX] = 1;
    run(bench, rdpmc_code);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(edx_eax(bench), 0xff87654321);
    bench_free(bench);
}
END_TEST

START_TEST(CPUID_answers_every_privilege_and_heeds_the_MSRs)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 3);
    cpu->gpr[EAX] = 0;
    run(bench, cpuid_code);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->gpr[EBX], 0x756e6547); /* "Genu" */
    ck_assert_uint_eq(cpu->gpr[EDX], 0x49656e69); /* "ineI" */
    ck_assert_uint_eq(cpu->gpr[ECX], 0x6c65746e); /* "ntel" */
    ck_assert_uint_eq(cpu->gpr[EAX], cpu->model.max_leaf);
    cpu->gpr[EAX] = 1;
    run(bench, cpuid_code);
    ck_assert_uint_eq(cpu->gpr[EAX], cpu->model.reset_edx);
    ck_assert(cpu->gpr[ECX] & 1 << 3); /* MONITOR */

    expect_protected(bench, 0);
    wrmsr(bench, IA32_MISC_ENABLE, rdmsr(bench, IA32_MISC_ENABLE) & ~(1ull << 18));
    cpu->gpr[EAX] = 1;
    run(bench, cpuid_code);
    ck_assert(!(cpu->gpr[ECX] & 1 << 3));
    EXPECT_NO_FAULT(bench);
    BENCH_STEP(bench, 0x0f, 0x01, 0xc8);
    EXPECT_FAULT(bench, VECTOR_UD, 0, MONITOR_DISABLED);
    bench_free(bench);
}
END_TEST

/* MONITOR at BENCH_DATA with ECX = 0, then MWAIT with this ECX. */
static void wait_at_data(struct bench *bench, uint32_t extensions)
{
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = BENCH_DATA + 8;
    cpu->gpr[ECX] = cpu->gpr[EDX] = 0;
    BENCH_STEP(bench, 0x0f, 0x01, 0xc8); /* MONITOR */
    EXPECT_NO_FAULT(bench);
    ck_assert(cpu->monitor_armed);
    ck_assert_uint_eq(cpu->monitor_address, BENCH_DATA + 8);
    cpu->gpr[ECX] = extensions;
    BENCH_STEP(bench, 0x0f, 0x01, 0xc9); /* MWAIT */
    EXPECT_NO_FAULT(bench);
}

START_TEST(MWAIT_waits_for_an_interrupt_as_IF_or_ECX_say)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 0);
    wait_at_data(bench, 0);
    ck_assert_int_eq(cpu->activity, WAITING);
    cpu_set_intr(cpu, true);
    ck_assert(!cpu_would_wake(cpu));
    cpu_set_eflags(cpu, cpu->eflags | EFLAGS_IF);
    ck_assert(cpu_would_wake(cpu));

    expect_protected(bench, 0);
    cpu_set_intr(cpu, false);
    wait_at_data(bench, 1);
    ck_assert(!cpu_would_wake(cpu));
    cpu_set_intr(cpu, true);
    ck_assert(cpu_would_wake(cpu));
    uint32_t after = cpu->eip;
    static const uint8_t nop = 0x90;
    bench_code(bench, &nop, 1);
    bench_run(bench, 1); /* it goes on after MWAIT; the masked interrupt is not taken */
    ck_assert_int_eq(cpu->activity, ACTIVE);
    ck_assert_uint_eq(cpu->eip, after + 1);
    bench_free(bench);
}
END_TEST

START_TEST(a_store_into_the_monitored_line_ends_the_wait_before_it_begins)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    for (unsigned inside = 0; inside < 2; inside++) {
        uint32_t address = BENCH_DATA + (inside ? 0 : 0x40);
        uint8_t store[] = {0xa3, (uint8_t)address, (uint8_t)(address >> 8), (uint8_t)(address >> 16), 0};
        expect_protected(bench, 0);
        cpu->monitor_armed = false;
        bench_code(bench, store, sizeof store); /* once before, so that the TLB knows the page */
        bench_run(bench, 1);
        cpu->gpr[EAX] = BENCH_DATA + 8;
        cpu->gpr[ECX] = 0;
        BENCH_STEP(bench, 0x0f, 0x01, 0xc8); /* MONITOR */
        bench_code(bench, store, sizeof store);
        bench_run(bench, 1);
        BENCH_STEP(bench, 0x0f, 0x01, 0xc9); /* MWAIT */
        EXPECT_NO_FAULT(bench);
        ck_assert_int_eq(cpu->activity, inside ? ACTIVE : WAITING);
    }
    bench_free(bench);
}
END_TEST

START_TEST(MWAIT_without_MONITOR_does_not_wait)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    BENCH_STEP(bench, 0x0f, 0x01, 0xc9);
    EXPECT_NO_FAULT(bench);
    ck_assert_int_eq(bench->cpu.activity, ACTIVE);
    bench_free(bench);
}
END_TEST

START_TEST(MONITOR_and_MWAIT_fault_on_privilege_extensions_and_bad_addresses)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x01, 0xc8);
    EXPECT_FAULT(bench, VECTOR_UD, 0, MONITOR_NOT_CPL0);
    expect_protected(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x01, 0xc9);
    EXPECT_FAULT(bench, VECTOR_UD, 0, MONITOR_NOT_CPL0);
    expect_protected(bench, 0);
    BENCH_STEP(bench, 0x66, 0x0f, 0x01, 0xc8); /* no prefix is allowed */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    bench_forget(bench);
    expect_protected(bench, 0);
    cpu->gpr[ECX] = 1;
    BENCH_STEP(bench, 0x0f, 0x01, 0xc8);
    EXPECT_FAULT(bench, VECTOR_GP, 0, MONITOR_EXTENSION);
    expect_protected(bench, 0);
    cpu->gpr[ECX] = 2;
    BENCH_STEP(bench, 0x0f, 0x01, 0xc9);
    EXPECT_FAULT(bench, VECTOR_GP, 0, MONITOR_EXTENSION);
    expect_protected(bench, 0);
    cpu->gpr[ECX] = 0;
    cpu->segments[FS] = segment_null(0);
    BENCH_STEP(bench, 0x64, 0x0f, 0x01, 0xc8); /* FS override */
    EXPECT_FAULT(bench, VECTOR_GP, 0, SEGMENT_UNUSABLE);
    ck_assert(!cpu->monitor_armed);
    bench_free(bench);

    bench = bench_new("pentium3");
    expect_protected(bench, 0);
    BENCH_STEP(bench, 0x0f, 0x01, 0xc8);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    bench_free(bench);
}
END_TEST

START_TEST(RSM_is_undefined_outside_system_management_mode)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    BENCH_STEP(bench, 0x0f, 0xaa);
    EXPECT_FAULT(bench, VECTOR_UD, 0, RSM_OUTSIDE_SMM);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("msr_instructions", MSRs_are_for_CPL_0_and_real_mode, what_is_written_can_be_read,
           absent_MSRs_and_reserved_bits_fault_and_change_no_register, NXE_holds_from_the_WRMSR_that_sets_it,
           the_time_stamp_counter_runs_with_the_clock_and_can_be_set,
           TSD_and_PCE_decide_for_those_above_CPL_0, RDPMC_knows_the_counters_of_its_family,
           CPUID_answers_every_privilege_and_heeds_the_MSRs, MWAIT_waits_for_an_interrupt_as_IF_or_ECX_say,
           MWAIT_without_MONITOR_does_not_wait,
           a_store_into_the_monitored_line_ends_the_wait_before_it_begins,
           MONITOR_and_MWAIT_fault_on_privilege_extensions_and_bad_addresses,
           RSM_is_undefined_outside_system_management_mode)
