/* String instructions: repetition, budget, wrapping, overlap, faults in the middle. */
#include <string.h>

#include "base/bits.h"
#include "single.h"
#include "unit/suite.h"

#define FROM    0x20000u
#define TO      0x24000u
#define PATTERN 0x3000u /* bytes at FROM */

static struct bench *string_bench(void)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    for (uint32_t i = 0; i < PATTERN; i++)
        bench->memory.ram[FROM + i] = (uint8_t)(i * 7 + (i >> 8));
    bench->clock.budget = 1000000;
    return bench;
}

static void registers_set(struct bench *bench, uint32_t esi, uint32_t edi, uint32_t ecx)
{
    bench->cpu.gpr[ESI] = esi;
    bench->cpu.gpr[EDI] = edi;
    bench->cpu.gpr[ECX] = ecx;
}

static void registers_are(const struct bench *bench, uint32_t esi, uint32_t edi, uint32_t ecx)
{
    ck_assert_uint_eq(bench->cpu.gpr[ESI], esi);
    ck_assert_uint_eq(bench->cpu.gpr[EDI], edi);
    ck_assert_uint_eq(bench->cpu.gpr[ECX], ecx);
}

START_TEST(every_iteration_costs_one_unit_of_budget_in_either_direction)
{
    struct bench *bench = string_bench();
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        bench->cpu.eflags = EFLAGS_1 | backwards * EFLAGS_DF;
        bench->clock.budget = 100000;
        registers_set(bench, FROM + backwards * 0x2ffc, TO + backwards * 0x2ffc, 0xc00);
        memset(bench->memory.ram + TO, 0, PATTERN);
        FINE(SINGLE(bench, 0xf3, 0xa5));
        ck_assert_int_eq(bench->clock.budget, 100000 - (0xc00 - 1)); /* the run loop takes the first */
        ck_assert(memcmp(bench->memory.ram + FROM, bench->memory.ram + TO, PATTERN) == 0);
        uint32_t moved = backwards ? 0u - 4 : PATTERN;
        registers_are(bench, FROM + moved, TO + moved, 0);
        ck_assert(!bench->cpu.repeating);
    }
    bench_free(bench);
}
END_TEST

START_TEST(a_repetition_pauses_when_the_budget_is_used_up_and_goes_on)
{
    struct bench *bench = string_bench();
    struct cpu *cpu = &bench->cpu;
    registers_set(bench, FROM, TO, 100);
    bench->clock.budget = 10;
    FINE(SINGLE(bench, 0xf3, 0xa4));
    ck_assert_uint_eq(cpu->eip, BENCH_CODE);
    ck_assert(cpu->repeating);
    ck_assert_int_eq(bench->clock.budget, 0);
    registers_are(bench, FROM + 11, TO + 11, 89);
    FINE(SINGLE(bench, 0xf3, 0xa4));
    registers_are(bench, FROM + 12, TO + 12, 88);
    bench->clock.budget = 1000;
    FINE(SINGLE(bench, 0xf3, 0xa4));
    registers_are(bench, FROM + 100, TO + 100, 0);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 2);
    ck_assert(!cpu->repeating);
    ck_assert(memcmp(bench->memory.ram + FROM, bench->memory.ram + TO, 100) == 0);
    ck_assert_uint_eq(bench_read8(bench, TO + 100), 0);
    bench_free(bench);
}
END_TEST

START_TEST(a_repetition_pauses_after_each_iteration_when_attention_is_asked_for)
{
    struct bench *bench = string_bench();
    registers_set(bench, FROM, TO, 3);
    bench->cpu.attention = ATTENTION_TRACE;
    for (uint32_t done = 1; done <= 3; done++) {
        FINE(SINGLE(bench, 0xf3, 0xab));
        registers_are(bench, FROM, TO + 4 * done, 3 - done);
        ck_assert_uint_eq(bench->cpu.repeating, done < 3);
        ck_assert_uint_eq(bench->cpu.eip, done < 3 ? BENCH_CODE : BENCH_CODE + 2);
    }
    bench_free(bench);
}
END_TEST

START_TEST(a_count_of_zero_touches_nothing)
{
    struct bench *bench = string_bench();
    single_limit(bench, DS, 0xfff);
    single_limit(bench, ES, 0xfff);
    bench->cpu.eflags = EFLAGS_1 | EFLAGS_ZF | EFLAGS_CF;
    for (unsigned opcode = 0xa4; opcode <= 0xaf; opcode++) {
        if (opcode == 0xa8 || opcode == 0xa9)
            continue;
        registers_set(bench, FROM, TO, 0);
        FINE(SINGLE(bench, 0xf3, (uint8_t)opcode));
        FINE(SINGLE(bench, 0xf2, (uint8_t)opcode));
        registers_are(bench, FROM, TO, 0);
        FAULTS(SINGLE(bench, (uint8_t)opcode), VECTOR_GP, 0);
    }
    ck_assert_uint_eq(bench->cpu.eflags, EFLAGS_1 | EFLAGS_ZF | EFLAGS_CF);
    bench_free(bench);
}
END_TEST

/* The copy as the manual has it: one element after the other. */
static void reference_copy(uint8_t *ram, uint32_t from, uint32_t to, uint32_t count, unsigned size)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t element[4];
        memcpy(element, ram + from + i * size, size);
        memcpy(ram + to + i * size, element, size);
    }
}

START_TEST(overlapping_copies_go_element_by_element)
{
    static uint8_t expected[0x8000];
    struct bench *bench = string_bench();
    for (int distance = -9; distance <= 9; distance++) {
        for (unsigned size = 1; size <= 4; size *= 2) {
            uint32_t to = FROM + 0x100 + (uint32_t)distance, count = 0x1800 / size;
            memcpy(expected, bench->memory.ram + FROM, sizeof expected);
            reference_copy(expected, 0x100, 0x100 + (uint32_t)distance, count, size);
            registers_set(bench, FROM + 0x100, to, count);
            if (size == 1)
                FINE(SINGLE(bench, 0xf3, 0xa4));
            else if (size == 2)
                FINE(SINGLE(bench, 0x66, 0xf3, 0xa5));
            else
                FINE(SINGLE(bench, 0xf3, 0xa5));
            ck_assert(memcmp(expected, bench->memory.ram + FROM, sizeof expected) == 0);
            for (uint32_t i = 0; i < PATTERN; i++)
                bench->memory.ram[FROM + i] = (uint8_t)(i * 7 + (i >> 8));
        }
    }
    bench_free(bench);
}
END_TEST

START_TEST(pages_that_are_not_neighbours_are_copied_each_to_its_place)
{
    struct bench *bench = string_bench();
    single_paging(bench);
    single_page(bench, TO, 0x100000 | 7);
    single_page(bench, TO + 0x1000, 0x180000 | 7);
    for (uint32_t odd = 0; odd < 5; odd++) { /* elements across the border too */
        memset(bench->memory.ram + 0x100000, 0, 0x1000);
        memset(bench->memory.ram + 0x180000, 0, 0x1000);
        registers_set(bench, FROM, TO + odd, 0x600);
        FINE(SINGLE(bench, 0xf3, 0xa5));
        ck_assert(memcmp(bench->memory.ram + 0x100000 + odd, bench->memory.ram + FROM, 0x1000 - odd) == 0);
        ck_assert(
            memcmp(bench->memory.ram + 0x180000, bench->memory.ram + FROM + 0x1000 - odd, 0x800 + odd) == 0);
        bench->cpu.gpr[EAX] = 0xdeadbeef;
        registers_set(bench, 0, TO + 0xff0 + odd, 8);
        FINE(SINGLE(bench, 0xf3, 0xab));
        for (uint32_t i = 0; i < 32; i++) {
            uint32_t linear = TO + 0xff0 + odd + i;
            uint32_t physical =
                linear < TO + 0x1000 ? linear - TO + 0x100000 : linear - TO - 0x1000 + 0x180000;
            ck_assert_uint_eq(bench_read8(bench, physical), (uint8_t)(0xdeadbeef >> (i % 4) * 8));
        }
    }
    bench_free(bench);
}
END_TEST

START_TEST(a_page_fault_in_the_middle_leaves_the_iterations_before_it)
{
    struct bench *bench = string_bench();
    single_paging(bench);
    single_page(bench, TO + 0x1000, 0);
    registers_set(bench, FROM, TO + 0xf80, 0x100);
    FAULTS(SINGLE(bench, 0xf3, 0xa5), VECTOR_PF, PF_WR);
    registers_are(bench, FROM + 0x80, TO + 0x1000, 0xe0);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_CODE);
    ck_assert(!bench->cpu.repeating);
    ck_assert(memcmp(bench->memory.ram + FROM, bench->memory.ram + TO + 0xf80, 0x80) == 0);
    single_page(bench, TO + 0x1000, (TO + 0x1000) | 7);
    FINE(SINGLE(bench, 0xf3, 0xa5));
    registers_are(bench, FROM + 0x400, TO + 0x1380, 0);
    ck_assert(memcmp(bench->memory.ram + FROM, bench->memory.ram + TO + 0xf80, 0x400) == 0);
    bench_free(bench);
}
END_TEST

START_TEST(an_element_across_the_segment_limit_faults_whole)
{
    struct bench *bench = string_bench();
    single_limit(bench, ES, TO + 0x101);
    registers_set(bench, FROM, TO, 0x100);
    FAULTS(SINGLE(bench, 0xf3, 0xa5), VECTOR_GP, 0);
    registers_are(bench, FROM + 0x100, TO + 0x100, 0xc0);
    ck_assert_uint_eq(bench_read16(bench, TO + 0x100), 0);
    bench->cpu.gpr[EAX] = 0x55555555;
    registers_set(bench, 0, TO, 0x100);
    FAULTS(SINGLE(bench, 0xf3, 0xab), VECTOR_GP, 0);
    registers_are(bench, 0, TO + 0x100, 0xc0);
    ck_assert_uint_eq(bench_read32(bench, TO + 0xfc), 0x55555555);
    ck_assert_uint_eq(bench_read16(bench, TO + 0x100), 0);
    bench_free(bench);
}
END_TEST

#define NARROW 0x100408u /* the segment's end is not a page's end */

START_TEST(with_16_bit_addresses_pointers_wrap_and_upper_halves_stay)
{
    struct bench *bench = string_bench();
    struct cpu *cpu = &bench->cpu;
    cpu->segments[DS].base = cpu->segments[ES].base = NARROW;
    for (uint32_t i = 0; i < 0x10000; i++)
        bench->memory.ram[NARROW + i] = (uint8_t)(i ^ i >> 8);
    registers_set(bench, 0x1234fff0, 0x56780800, 0x9abc0020);
    FINE(SINGLE(bench, 0x67, 0xf3, 0xa4));
    registers_are(bench, 0x12340010, 0x56780820, 0x9abc0000);
    ck_assert(memcmp(bench->memory.ram + NARROW + 0x800, bench->memory.ram + NARROW + 0xfff0, 16) == 0);
    ck_assert(memcmp(bench->memory.ram + NARROW + 0x810, bench->memory.ram + NARROW, 16) == 0);
    cpu->gpr[EAX] = 0x77;
    registers_set(bench, 0, 0x5678fff8, 0x9abc0010);
    FINE(SINGLE(bench, 0x67, 0xf3, 0xaa));
    registers_are(bench, 0, 0x56780008, 0x9abc0000);
    ck_assert_uint_eq(bench_read8(bench, NARROW + 0xffff), 0x77);
    ck_assert_uint_eq(bench_read8(bench, NARROW + 0x10000), 0);
    ck_assert_uint_eq(bench_read8(bench, NARROW + 7), 0x77);
    bench_free(bench);
}
END_TEST

START_TEST(a_segment_override_moves_the_source_and_never_the_destination)
{
    struct bench *bench = string_bench();
    bench->cpu.segments[FS].base = 0x1000;
    registers_set(bench, FROM, TO, 0x10);
    FINE(SINGLE(bench, 0x64, 0xf3, 0xa4));
    ck_assert(memcmp(bench->memory.ram + FROM + 0x1000, bench->memory.ram + TO, 16) == 0);
    ck_assert_uint_eq(bench_read32(bench, TO + 0x1000), 0);
    bench_write32(bench, FROM + 0x1000, 0x01020304);
    registers_set(bench, FROM, TO, 0);
    FINE(SINGLE(bench, 0x64, 0xad));
    ck_assert_uint_eq(bench->cpu.gpr[EAX], 0x01020304);
    bench_free(bench);
}
END_TEST

START_TEST(comparisons_stop_where_the_prefix_says)
{
    struct bench *bench = string_bench();
    struct cpu *cpu = &bench->cpu;
    memcpy(bench->memory.ram + TO, bench->memory.ram + FROM, 0x100);
    bench->memory.ram[TO + 0x42] ^= 1;
    registers_set(bench, FROM, TO, 0x100);
    FINE(SINGLE(bench, 0xf3, 0xa6));
    registers_are(bench, FROM + 0x43, TO + 0x43, 0xbd);
    ck_assert(!(cpu->eflags & EFLAGS_ZF));
    bench->memory.ram[TO + 0x42] ^= 1;
    registers_set(bench, FROM, TO, 0x40);
    FINE(SINGLE(bench, 0xf3, 0xa7));
    registers_are(bench, FROM + 0x100, TO + 0x100, 0);
    ck_assert(cpu->eflags & EFLAGS_ZF);
    cpu->gpr[EAX] = 0x1ee;
    memset(bench->memory.ram + TO, 1, 0x100);
    bench->memory.ram[TO + 0x80] = 0xee;
    registers_set(bench, 0, TO, 0xffffffff);
    FINE(SINGLE(bench, 0xf2, 0xae));
    registers_are(bench, 0, TO + 0x81, 0xffffffff - 0x81);
    ck_assert(cpu->eflags & EFLAGS_ZF);
    bench_free(bench);
}
END_TEST

START_TEST(a_fault_in_a_repeated_comparison_brings_back_the_flags)
{
    struct bench *bench = string_bench();
    struct cpu *cpu = &bench->cpu;
    uint32_t before = EFLAGS_1 | EFLAGS_CF | EFLAGS_OF | EFLAGS_SF | EFLAGS_PF;
    memcpy(bench->memory.ram + TO, bench->memory.ram + FROM, 0x100);
    single_limit(bench, ES, TO + 0x3f);
    for (int64_t budget = 0; budget < 40; budget += 13) { /* in one go, and with pauses */
        registers_set(bench, FROM, TO, 0x100);
        cpu->eflags = before;
        struct fault fault;
        do {
            bench->clock.budget = budget;
            fault = SINGLE(bench, 0xf3, 0xa6);
        } while (fault.reason == NO_FAULT);
        ck_assert_uint_eq(fault.vector, VECTOR_GP);
        registers_are(bench, FROM + 0x40, TO + 0x40, 0xc0);
        ck_assert_uint_eq(cpu->eflags, before);
    }
    registers_set(bench, FROM, TO, 0x40); /* without a fault they stay */
    bench->clock.budget = 100;
    FINE(SINGLE(bench, 0xf3, 0xa6));
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_ZF | EFLAGS_PF);
    bench_free(bench);
}
END_TEST

START_TEST(at_cpl_3_unaligned_elements_give_ac_when_it_is_on)
{
    struct bench *bench = string_bench();
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 3);
    cpu->cr0 |= CR0_AM;
    registers_set(bench, FROM, TO + 2, 0x10);
    FINE(SINGLE(bench, 0xf3, 0xa5));
    cpu->eflags |= EFLAGS_AC;
    registers_set(bench, FROM, TO + 2, 0x10);
    FAULTS(SINGLE(bench, 0xf3, 0xa5), VECTOR_AC, 0);
    registers_are(bench, FROM, TO + 2, 0x10);
    FINE(SINGLE(bench, 0xf3, 0xa4));
    registers_set(bench, FROM, TO, 0x10);
    FINE(SINGLE(bench, 0xf3, 0xa5));
    bench_free(bench);
}
END_TEST

START_TEST(a_store_into_its_own_code_takes_effect)
{
    struct bench *bench = string_bench();
    static const uint8_t code[] = {0xf3, 0xaa, 0x40, 0x40, 0x40, 0x40}; /* REP STOSB; INC EAX four times */
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = 0x42; /* INC EDX */
    cpu->gpr[EDX] = 0;
    bench_code(bench, code, sizeof code);
    cpu->eip += 2;
    bench_run(bench, 4); /* decoded now */
    ck_assert_uint_eq(cpu->gpr[EAX], 0x46);
    cpu->gpr[EAX] = 0x42;
    cpu->eip = BENCH_CODE;
    registers_set(bench, 0, BENCH_CODE + 2, 4);
    bench_run(bench, 8);
    ck_assert_uint_eq(cpu->gpr[EAX], 0x42);
    ck_assert_uint_eq(cpu->gpr[EDX], 4);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("string instructions", every_iteration_costs_one_unit_of_budget_in_either_direction,
           a_repetition_pauses_when_the_budget_is_used_up_and_goes_on,
           a_repetition_pauses_after_each_iteration_when_attention_is_asked_for,
           a_count_of_zero_touches_nothing, overlapping_copies_go_element_by_element,
           pages_that_are_not_neighbours_are_copied_each_to_its_place,
           a_page_fault_in_the_middle_leaves_the_iterations_before_it,
           an_element_across_the_segment_limit_faults_whole,
           with_16_bit_addresses_pointers_wrap_and_upper_halves_stay,
           a_segment_override_moves_the_source_and_never_the_destination,
           comparisons_stop_where_the_prefix_says, a_fault_in_a_repeated_comparison_brings_back_the_flags,
           at_cpl_3_unaligned_elements_give_ac_when_it_is_on, a_store_into_its_own_code_takes_effect)
