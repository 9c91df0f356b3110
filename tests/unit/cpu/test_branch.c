/* Near transfers: conditions, targets, limits, the stack. */
#include "base/bits.h"
#include "single.h"
#include "unit/suite.h"

/* SDM 1 appendix B, in its own words. */
static bool condition(unsigned number, bool of, bool cf, bool zf, bool sf, bool pf)
{
    switch (number) {
    case 0x0:
        return of;
    case 0x1:
        return !of;
    case 0x2:
        return cf;
    case 0x3:
        return !cf;
    case 0x4:
        return zf;
    case 0x5:
        return !zf;
    case 0x6:
        return cf || zf;
    case 0x7:
        return !cf && !zf;
    case 0x8:
        return sf;
    case 0x9:
        return !sf;
    case 0xa:
        return pf;
    case 0xb:
        return !pf;
    case 0xc:
        return sf != of;
    case 0xd:
        return sf == of;
    case 0xe:
        return zf || sf != of;
    default:
        return !zf && sf == of;
    }
}

START_TEST(every_condition_jumps_when_the_manual_says_so)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    for (unsigned number = 0; number < 16; number++) {
        for (unsigned f = 0; f < 32; f++) {
            bool of = f & 1, cf = f & 2, zf = f & 4, sf = f & 8, pf = f & 16;
            uint32_t eflags =
                EFLAGS_1 | of * EFLAGS_OF | cf * EFLAGS_CF | zf * EFLAGS_ZF | sf * EFLAGS_SF | pf * EFLAGS_PF;
            bool taken = condition(number, of, cf, zf, sf, pf);
            cpu->eflags = eflags;
            cpu->eip = BENCH_CODE;
            FINE(SINGLE(bench, (uint8_t)(0x70 | number), 0xf0));
            ck_assert_uint_eq(cpu->eip, BENCH_CODE + 2 - taken * 0x10u);
            cpu->eip = BENCH_CODE;
            FINE(SINGLE(bench, 0x0f, (uint8_t)(0x80 | number), 0x00, 0x01, 0x00, 0x00));
            ck_assert_uint_eq(cpu->eip, BENCH_CODE + 6 + taken * 0x100u);
            cpu->eip = BENCH_CODE;
            FINE(SINGLE(bench, 0x66, 0x0f, (uint8_t)(0x80 | number), 0x00, 0x01));
            ck_assert_uint_eq(cpu->eip, taken ? (BENCH_CODE + 5 + 0x100) & 0xffff : BENCH_CODE + 5);
            cpu->gpr[EAX] = 0x12345678;
            FINE(SINGLE(bench, 0x0f, (uint8_t)(0x90 | number), 0xc4));
            ck_assert_uint_eq(cpu->gpr[EAX], 0x12340078 | taken * 0x100u);
            ck_assert_uint_eq(cpu->eflags, eflags);
        }
    }
    bench_free(bench);
}
END_TEST

START_TEST(a_16_bit_operand_size_cuts_the_target)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    FINE(SINGLE(bench, 0x66, 0xe9, 0x00, 0x80));
    ck_assert_uint_eq(cpu->eip, 0x8004);
    cpu->eip = BENCH_CODE;
    cpu->gpr[EDX] = 0x56781234;
    FINE(SINGLE(bench, 0x66, 0xff, 0xe2));
    ck_assert_uint_eq(cpu->eip, 0x1234);
    cpu->eip = BENCH_CODE;
    bench_write32(bench, BENCH_DATA, 0xaaaa5678);
    FINE(SINGLE(bench, 0x66, 0xff, 0x25, 0x00, 0x00, 0x02, 0x00));
    ck_assert_uint_eq(cpu->eip, 0x5678);
    bench_free(bench);
}
END_TEST

START_TEST(a_call_pushes_the_next_eip_and_ret_takes_it_back)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    FINE(SINGLE(bench, 0xe8, 0x00, 0x10, 0x00, 0x00));
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 0x1005);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 4);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), BENCH_CODE + 5);
    FINE(SINGLE(bench, 0xc3));
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 5);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK);

    bench_write32(bench, BENCH_STACK, 0xcccccccc);
    bench_write32(bench, BENCH_STACK - 4, 0xdddddddd);
    FINE(SINGLE(bench, 0x66, 0xe8, 0x00, 0x10));
    ck_assert_uint_eq(cpu->eip, (BENCH_CODE + 9 + 0x1000) & 0xffff);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), 0x0009dddd);
    FINE(SINGLE(bench, 0x66, 0xc2, 0xfe, 0xff));
    ck_assert_uint_eq(cpu->eip, 9);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 0xfffe);
    bench_free(bench);
}
END_TEST

START_TEST(an_indirect_call_reads_its_target_before_it_pushes)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    bench_write32(bench, BENCH_STACK, 0x12340);
    FINE(SINGLE(bench, 0xff, 0x14, 0x24));
    ck_assert_uint_eq(cpu->eip, 0x12340);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 4);
    FINE(SINGLE(bench, 0xff, 0xd4));
    ck_assert_uint_eq(cpu->eip, BENCH_STACK - 4);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 8), 0x12342);
    bench_free(bench);
}
END_TEST

START_TEST(a_target_beyond_the_limit_faults_at_the_branch_and_changes_nothing)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_limit(bench, CS, 0x1ffff);
    bench_write32(bench, BENCH_STACK - 4, 0x5555);
    bench_write32(bench, BENCH_STACK, 0x20000);
    cpu->gpr[ECX] = 2;
    FAULTS(SINGLE(bench, 0xe9, 0xfb, 0xff, 0x00, 0x00), VECTOR_GP, 0);
    FAULTS(SINGLE(bench, 0xe8, 0xfb, 0xff, 0x00, 0x00), VECTOR_GP, 0);
    FAULTS(SINGLE(bench, 0x0f, 0x85, 0xfa, 0xff, 0x00, 0x00), VECTOR_GP, 0);
    FAULTS(SINGLE(bench, 0xff, 0x14, 0x24), VECTOR_GP, 0);
    FAULTS(SINGLE(bench, 0xc3), VECTOR_GP, 0);
    FAULTS(SINGLE(bench, 0xc2, 0x08, 0x00), VECTOR_GP, 0);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), 0x5555);
    cpu->eip = 0x1fffd;
    FAULTS(SINGLE(bench, 0xe2, 0x02), VECTOR_GP, 0);
    ck_assert_uint_eq(cpu->gpr[ECX], 2);
    FINE(SINGLE(bench, 0xe2, 0x00));
    ck_assert_uint_eq(cpu->gpr[ECX], 1);
    cpu->eip = BENCH_CODE;
    FINE(SINGLE(bench, 0x0f, 0x84, 0xfa, 0xff, 0x00, 0x00)); /* not taken: the target does not matter */
    FINE(SINGLE(bench, 0xe9, 0xf4, 0xff, 0x00, 0x00));       /* the last byte is inside */
    ck_assert_uint_eq(cpu->eip, 0x1ffff);
    bench_free(bench);
}
END_TEST

START_TEST(a_call_without_room_on_the_stack_changes_nothing)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_limit(bench, SS, 0x8fff);
    cpu->gpr[ESP] = 0x9001;
    FAULTS(SINGLE(bench, 0xe8, 0x00, 0x00, 0x00, 0x00), VECTOR_SS, 0);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE);
    ck_assert_uint_eq(cpu->gpr[ESP], 0x9001);
    bench_free(bench);
}
END_TEST

START_TEST(loops_count_in_cx_or_ecx_by_address_size)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    cpu->gpr[ECX] = 0x10001;
    FINE(SINGLE(bench, 0xe2, 0x10));
    ck_assert_uint_eq(cpu->gpr[ECX], 0x10000);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 0x12);
    FINE(SINGLE(bench, 0x67, 0xe2, 0x10)); /* CX wraps to FFFFh; the upper half stays */
    ck_assert_uint_eq(cpu->gpr[ECX], 0x1ffff);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 0x25);
    cpu->gpr[ECX] = 0x10001;
    FINE(SINGLE(bench, 0x67, 0xe2, 0x10));
    ck_assert_uint_eq(cpu->gpr[ECX], 0x10000);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 0x28);
    FINE(SINGLE(bench, 0xe3, 0x10)); /* JECXZ: no */
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 0x2a);
    FINE(SINGLE(bench, 0x67, 0xe3, 0x10)); /* JCXZ: yes */
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 0x3d);
    bench_free(bench);
}
END_TEST

START_TEST(loope_and_loopne_look_at_zf_and_always_count)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    for (unsigned zf = 0; zf < 2; zf++) {
        for (uint32_t count = 1; count < 3; count++) {
            for (uint8_t opcode = 0xe0; opcode < 0xe3; opcode++) {
                cpu->eip = BENCH_CODE;
                cpu->gpr[ECX] = count;
                cpu->eflags = EFLAGS_1 | zf * EFLAGS_ZF;
                FINE(SINGLE(bench, opcode, 0x40));
                bool taken = count != 1 && (opcode == 0xe2 || zf == (opcode == 0xe1));
                ck_assert_uint_eq(cpu->eip, BENCH_CODE + 2 + taken * 0x40u);
                ck_assert_uint_eq(cpu->gpr[ECX], count - 1);
                ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | zf * EFLAGS_ZF);
            }
        }
    }
    bench_free(bench);
}
END_TEST

START_TEST(in_real_mode_branches_stay_within_64_kib)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_real(bench);
    cpu->eip = 0xfff0;
    FINE(SINGLE(bench, 0xeb, 0x7f));
    ck_assert_uint_eq(cpu->eip, 0x71);
    cpu->eip = 0xfff0;
    FAULTS(SINGLE(bench, 0x66, 0xe9, 0x7f, 0x00, 0x00, 0x00), VECTOR_GP, 0);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("branches", every_condition_jumps_when_the_manual_says_so, a_16_bit_operand_size_cuts_the_target,
           a_call_pushes_the_next_eip_and_ret_takes_it_back,
           an_indirect_call_reads_its_target_before_it_pushes,
           a_target_beyond_the_limit_faults_at_the_branch_and_changes_nothing,
           a_call_without_room_on_the_stack_changes_nothing, loops_count_in_cx_or_ecx_by_address_size,
           loope_and_loopne_look_at_zf_and_always_count, in_real_mode_branches_stay_within_64_kib)
