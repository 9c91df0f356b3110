/* The debug registers: which bits they keep, who may touch them, and what matches (SDM 3B 17.2, 17.3). */
#include "cpu/debug.h"

#include "expect.h"

#define RW_EXECUTE    0u
#define RW_WRITE      1u
#define RW_PORT       2u
#define RW_READ_WRITE 3u
#define LEN_1         0u
#define LEN_2         1u
#define LEN_8         2u
#define LEN_4         3u

static uint32_t dr7_kind(unsigned number, uint32_t rw, uint32_t len)
{
    return (rw | len << 2) << (16 + number * 4);
}
static uint32_t dr7_local(unsigned number)
{
    return DR7_L0 << (number * 2);
}

/* Breakpoint `number` at an address, enabled locally, added to what DR7 holds. */
static void set_breakpoint(struct bench *bench, unsigned number, uint32_t address, uint32_t rw, uint32_t len)
{
    bench->cpu.dr[number] = address;
    bench->cpu.dr7 |= dr7_kind(number, rw, len) | dr7_local(number);
    debug_registers_changed(&bench->cpu);
}

static struct bench *bench_with_debug(void)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    return bench;
}

START_TEST(DR6_and_DR7_keep_their_fixed_bits)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = 0xffffffff & ~DR7_GD;
    BENCH_STEP(bench, 0x0f, 0x23, 0xf0); /* MOV DR6, EAX */
    BENCH_STEP(bench, 0x0f, 0x21, 0xf1); /* MOV ECX, DR6 */
    ck_assert_uint_eq(cpu->gpr[ECX], 0xffffcfff);
    cpu->gpr[EAX] = 0;
    BENCH_STEP(bench, 0x0f, 0x23, 0xf0);
    BENCH_STEP(bench, 0x0f, 0x21, 0xf1);
    ck_assert_uint_eq(cpu->gpr[ECX], 0xffff0ff0);
    BENCH_STEP(bench, 0x0f, 0x23, 0xf8); /* MOV DR7, EAX */
    BENCH_STEP(bench, 0x0f, 0x21, 0xf9);
    ck_assert_uint_eq(cpu->gpr[ECX], 0x400);
    cpu->gpr[EAX] = 0xffff0000 | 0xd800;
    BENCH_STEP(bench, 0x0f, 0x23, 0xf8);
    BENCH_STEP(bench, 0x0f, 0x21, 0xf9);
    ck_assert_uint_eq(cpu->gpr[ECX], 0xffff0400);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(DR4_and_DR5_are_DR6_and_DR7_until_CR4_DE_forbids_them)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = DR6_B1;
    BENCH_STEP(bench, 0x0f, 0x23, 0xe0); /* MOV DR4, EAX */
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_B1);
    cpu->gpr[EAX] = DR7_GE;
    BENCH_STEP(bench, 0x0f, 0x23, 0xe8); /* MOV DR5, EAX */
    ck_assert_uint_eq(cpu->dr7, DR7_FIXED | DR7_GE);
    EXPECT_NO_FAULT(bench);
    cpu->cr4 = CR4_DE;
    BENCH_STEP(bench, 0x0f, 0x21, 0xe0); /* MOV EAX, DR4 */
    EXPECT_FAULT(bench, VECTOR_UD, 0, DEBUG_REGISTER_ALIAS);
    expect_protected(bench, 3);
    cpu->cr4 = CR4_DE; /* #UD goes before the privilege */
    BENCH_STEP(bench, 0x0f, 0x23, 0xe8);
    EXPECT_FAULT(bench, VECTOR_UD, 0, DEBUG_REGISTER_ALIAS);
    bench_free(bench);
}
END_TEST

START_TEST(the_debug_registers_are_privileged_and_guarded_by_GD)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    cpu->dr7 = DR7_FIXED | DR7_GD;
    BENCH_STEP(bench, 0x0f, 0x21, 0xc0); /* MOV EAX, DR0 */
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_REGISTER_GUARDED);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_BD);
    ck_assert_uint_eq(cpu->dr7, DR7_FIXED); /* the handler may look */

    expect_protected(bench, 3);
    cpu->dr7 = DR7_FIXED | DR7_GD;
    BENCH_STEP(bench, 0x0f, 0x23, 0xc0);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_v86(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x21, 0xc0);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_free(bench);
}
END_TEST

START_TEST(a_code_breakpoint_matches_the_first_byte_and_only_when_enabled)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    set_breakpoint(bench, 2, 0x1234, RW_EXECUTE, LEN_1);
    ck_assert(debug_watches_code(cpu) && !debug_watches_data(cpu));
    ck_assert_uint_eq(debug_match_code(cpu, 0x1234), DR6_B2);
    ck_assert_uint_eq(debug_match_code(cpu, 0x1233), 0);
    ck_assert_uint_eq(debug_match_code(cpu, 0x1235), 0);
    /* A disabled one at the same address is reported with it, but not alone. */
    cpu->dr[0] = 0x1234;
    ck_assert_uint_eq(debug_match_code(cpu, 0x1234), DR6_B0 | DR6_B2);
    cpu->dr7 = DR7_FIXED;
    ck_assert_uint_eq(debug_match_code(cpu, 0x1234), 0);
    ck_assert(!debug_watches_code(cpu));
    bench_free(bench);
}
END_TEST

static uint32_t match(struct bench *bench, uint32_t linear, unsigned size, bool write)
{
    bench->cpu.pending_debug = 0;
    debug_match_data(&bench->cpu, linear, size, write);
    return bench->cpu.pending_debug;
}

START_TEST(a_data_breakpoint_matches_any_overlap_with_its_aligned_range)
{
    struct bench *bench = bench_with_debug();
    set_breakpoint(bench, 1, 0x2002, RW_WRITE, LEN_2);
    ck_assert(debug_watches_data(&bench->cpu) && !debug_watches_code(&bench->cpu));
    ck_assert_uint_eq(match(bench, 0x2002, 1, true), DR6_B1);
    ck_assert_uint_eq(match(bench, 0x2003, 1, true), DR6_B1);
    ck_assert_uint_eq(match(bench, 0x2000, 4, true), DR6_B1);
    ck_assert_uint_eq(match(bench, 0x1fff, 4, true), DR6_B1);
    ck_assert_uint_eq(match(bench, 0x2001, 1, true), 0);
    ck_assert_uint_eq(match(bench, 0x2004, 4, true), 0);
    ck_assert_uint_eq(match(bench, 0x1ffe, 4, true), 0);
    ck_assert_uint_eq(match(bench, 0x2002, 2, false), 0);
    /* The address register's low bits do not count. */
    bench->cpu.dr7 = DR7_FIXED;
    set_breakpoint(bench, 1, 0x2007, RW_READ_WRITE, LEN_4);
    ck_assert_uint_eq(match(bench, 0x2004, 1, false), DR6_B1);
    ck_assert_uint_eq(match(bench, 0x2008, 1, false), 0);
    /* Linear addresses wrap. */
    bench->cpu.dr7 = DR7_FIXED;
    set_breakpoint(bench, 3, 0xffffffff, RW_READ_WRITE, LEN_1);
    set_breakpoint(bench, 0, 0, RW_READ_WRITE, LEN_1);
    ck_assert_uint_eq(match(bench, 0xfffffffe, 4, false), DR6_B0 | DR6_B3);
    bench_free(bench);
}
END_TEST

START_TEST(a_data_breakpoint_is_a_trap_after_the_access)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    set_breakpoint(bench, 0, BENCH_DATA + 4, RW_WRITE, LEN_4);
    cpu->gpr[EAX] = 0x11223344;
    BENCH_STEP(bench, 0xa3, 0x00, 0x00, 0x02, 0x00, 0x90, 0x90); /* MOV [BENCH_DATA], EAX: beside it */
    ck_assert_uint_eq(cpu->pending_debug, 0);
    BENCH_STEP(bench, 0xa1, 0x04, 0x00, 0x02, 0x00, 0x90); /* a read is no write */
    ck_assert_uint_eq(cpu->pending_debug, 0);
    cpu->gpr[EAX] = 0x55667788;
    BENCH_STEP(bench, 0xa2, 0x07, 0x00, 0x02, 0x00, 0x90); /* MOV [BENCH_DATA+7], AL */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->pending_debug, DR6_B0);
    uint32_t after = cpu->eip;
    ck_assert_uint_eq(bench_read8(bench, BENCH_DATA + 7), 0x88);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_TRAP);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_B0);
    ck_assert_uint_eq(cpu->history[(cpu->history_next + FAULT_HISTORY - 1) % FAULT_HISTORY].eip, 0);
    ck_assert_uint_eq(bench_read32(bench, cpu->gpr[ESP]), after);
    bench_free(bench);
}
END_TEST

START_TEST(a_breakpoint_hit_by_MOV_SS_waits_for_the_instruction_after_it)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    bench_write16(bench, BENCH_DATA, BENCH_DATA0);
    set_breakpoint(bench, 0, BENCH_DATA, RW_READ_WRITE, LEN_2);
    static const uint8_t code[] = {0x8e, 0x15, 0x00, 0x00,
                                   0x02, 0x00, 0x41, 0x41}; /* MOV SS, [..]; INC ECX; INC ECX */
    bench_code(bench, code, sizeof code);
    cpu->gpr[ECX] = 0;
    bench_run(bench, 2);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->gpr[ECX], 1);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_TRAP);
    ck_assert_uint_eq(cpu->gpr[ECX], 1);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_B0);
    bench_free(bench);
}
END_TEST

START_TEST(port_breakpoints_need_CR4_DE)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    set_breakpoint(bench, 3, 0x81, RW_PORT, LEN_1);
    debug_match_port(cpu, 0x81, 1);
    ck_assert_uint_eq(cpu->pending_debug, 0);
    cpu->cr4 = CR4_DE;
    debug_match_port(cpu, 0x82, 2);
    ck_assert_uint_eq(cpu->pending_debug, 0);
    BENCH_STEP(bench, 0xe7, 0x80); /* OUT 80h, EAX covers 80h to 83h */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->pending_debug, DR6_B3);
    ck_assert(cpu->attention & ATTENTION_DEBUG);
    bench_free(bench);
}
END_TEST

START_TEST(a_single_step_over_HLT_does_not_stay_halted)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_TF);
    BENCH_STEP(bench, 0xf4);
    ck_assert(cpu_would_wake(cpu));
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_TRAP);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_BS);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 12), BENCH_CODE + 1);
    bench_free(bench);
}
END_TEST

START_TEST(a_code_breakpoint_is_a_fault_that_RF_skips_once)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    set_breakpoint(bench, 1, BENCH_CODE, RW_EXECUTE, LEN_1);
    static const uint8_t code[] = {0x41, 0xeb, 0xfd}; /* INC ECX; JMP back to it */
    bench_code(bench, code, sizeof code);
    cpu->gpr[ECX] = 0;
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_CODE_BREAKPOINT);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_B1);
    ck_assert_uint_eq(cpu->gpr[ECX], 0);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 12), BENCH_CODE);

    expect_protected(bench, 0);
    set_breakpoint(bench, 1, BENCH_CODE, RW_EXECUTE, LEN_1);
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_RF);
    bench_run(bench, 2);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->gpr[ECX], 1);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_CODE_BREAKPOINT);
    bench_free(bench);
}
END_TEST

START_TEST(a_port_breakpoint_in_a_repeated_OUTS_traps_after_each_iteration)
{
    struct bench *bench = bench_with_debug();
    struct cpu *cpu = &bench->cpu;
    cpu->cr4 = CR4_DE;
    set_breakpoint(bench, 0, 0x80, RW_PORT, LEN_1);
    cpu->gpr[EDX] = 0x80;
    cpu->gpr[ESI] = BENCH_DATA;
    cpu->gpr[ECX] = 3;
    BENCH_STEP(bench, 0xf3, 0x6e); /* REP OUTSB */
    ck_assert_uint_eq(cpu->gpr[ECX], 2);
    bench_run(bench, 1);
    EXPECT_FAULT(bench, VECTOR_DB, 0, DEBUG_TRAP);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED | DR6_B0);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 12), BENCH_CODE);
    ck_assert(bench_read32(bench, BENCH_STACK - 4) &
              EFLAGS_RF); /* before the last iteration: SDM 3B 17.3.1.1 */
    bench_free(bench);
}
END_TEST

UNIT_SUITE("debug", DR6_and_DR7_keep_their_fixed_bits, DR4_and_DR5_are_DR6_and_DR7_until_CR4_DE_forbids_them,
           the_debug_registers_are_privileged_and_guarded_by_GD,
           a_code_breakpoint_matches_the_first_byte_and_only_when_enabled,
           a_data_breakpoint_matches_any_overlap_with_its_aligned_range,
           a_data_breakpoint_is_a_trap_after_the_access,
           a_breakpoint_hit_by_MOV_SS_waits_for_the_instruction_after_it, port_breakpoints_need_CR4_DE,
           a_single_step_over_HLT_does_not_stay_halted, a_code_breakpoint_is_a_fault_that_RF_skips_once,
           a_port_breakpoint_in_a_repeated_OUTS_traps_after_each_iteration)
