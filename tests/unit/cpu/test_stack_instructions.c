/* PUSH to LEAVE where the host cannot be asked: other stack widths, faults, and that nothing changes then. */
#include <string.h>

#include "base/bits.h"
#include "single.h"
#include "unit/suite.h"

/* A 16-bit stack with base 0. */
static void narrow_stack(struct bench *bench, uint32_t esp)
{
    struct segment *ss = &bench->cpu.segments[SS];
    ss->access &= (uint16_t) ~(ACCESS_DB | ACCESS_G);
    single_limit(bench, SS, 0xffff);
    bench->cpu.gpr[ESP] = esp;
}

struct snapshot {
    uint32_t gpr[9];
    uint32_t eflags, eip;
    uint8_t ram[0x20000];
};

static struct snapshot *snapshot_take(const struct bench *bench)
{
    struct snapshot *s = malloc(sizeof *s);
    ck_assert_ptr_nonnull(s);
    memcpy(s->gpr, bench->cpu.gpr, sizeof s->gpr);
    s->eflags = bench->cpu.eflags;
    s->eip = bench->cpu.eip;
    memcpy(s->ram, bench->memory.ram, sizeof s->ram);
    return s;
}

static void unchanged(const struct bench *bench, struct snapshot *s)
{
    ck_assert_mem_eq(s->gpr, bench->cpu.gpr, sizeof s->gpr);
    ck_assert_uint_eq(s->eflags, bench->cpu.eflags);
    ck_assert_uint_eq(s->eip, bench->cpu.eip);
    ck_assert(memcmp(s->ram, bench->memory.ram, sizeof s->ram) == 0);
    free(s);
}

START_TEST(push_esp_pushes_the_old_value_and_pop_esp_keeps_the_popped_one)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    FINE(SINGLE(bench, 0x54));
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), BENCH_STACK);
    bench_write32(bench, BENCH_STACK - 4, 0x12345678);
    FINE(SINGLE(bench, 0x5c));
    ck_assert_uint_eq(cpu->gpr[ESP], 0x12345678);
    cpu->gpr[ESP] = BENCH_STACK;
    bench_write16(bench, BENCH_STACK, 0xabcd);
    FINE(SINGLE(bench, 0x66, 0x5c));
    ck_assert_uint_eq(cpu->gpr[ESP], (BENCH_STACK & ~0xffffu) | 0xabcd);
    bench_free(bench);
}
END_TEST

START_TEST(pop_to_memory_addresses_with_the_incremented_esp)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    bench_write32(bench, BENCH_STACK, 0x11111111);
    bench_write32(bench, BENCH_STACK + 4, 0x22222222);
    FINE(SINGLE(bench, 0x8f, 0x04, 0x24));
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK), 0x11111111);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK + 4), 0x11111111);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 4);
    bench_free(bench);
}
END_TEST

START_TEST(a_pop_whose_destination_faults_leaves_esp)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_limit(bench, DS, 0xfff);
    struct snapshot *before = snapshot_take(bench);
    FAULTS(SINGLE(bench, 0x8f, 0x05, 0xfd, 0x0f, 0x00, 0x00), VECTOR_GP, 0);
    unchanged(bench, before);
    FINE(SINGLE(bench, 0x8f, 0x05, 0xfc, 0x0f, 0x00, 0x00));
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 4);
    bench_free(bench);
}
END_TEST

START_TEST(a_16_bit_stack_wraps_and_keeps_the_upper_half_of_esp)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    narrow_stack(bench, 0x56780002);
    cpu->gpr[EAX] = 0xaaaabbbb;
    FINE(SINGLE(bench, 0x66, 0x50));
    ck_assert_uint_eq(cpu->gpr[ESP], 0x56780000);
    FINE(SINGLE(bench, 0x50));
    ck_assert_uint_eq(cpu->gpr[ESP], 0x5678fffc);
    ck_assert_uint_eq(bench_read32(bench, 0xfffc), 0xaaaabbbb);
    FINE(SINGLE(bench, 0x5b));
    ck_assert_uint_eq(cpu->gpr[ESP], 0x56780000);
    ck_assert_uint_eq(cpu->gpr[EBX], 0xaaaabbbb);
    cpu->gpr[EBP] = 0x12348000;
    bench_write32(bench, 0x8000, 0xcafe);
    FINE(SINGLE(bench, 0xc9)); /* LEAVE takes BP, and the upper half of ESP stays */
    ck_assert_uint_eq(cpu->gpr[ESP], 0x56788004);
    ck_assert_uint_eq(cpu->gpr[EBP], 0xcafe);
    bench_free(bench);
}
END_TEST

START_TEST(a_push_across_the_top_of_a_16_bit_stack_faults)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    narrow_stack(bench, 0x12340001);
    struct snapshot *before = snapshot_take(bench);
    FAULTS(SINGLE(bench, 0x50), VECTOR_SS, 0);
    FAULTS(SINGLE(bench, 0x60), VECTOR_SS, 0);
    FAULTS(SINGLE(bench, 0xc8, 0x00, 0x00, 0x00), VECTOR_SS, 0);
    unchanged(bench, before);
    bench_free(bench);
}
END_TEST

START_TEST(pusha_wraps_whole_values_and_faults_on_split_ones)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_real(bench);
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[i] = 0x1000 + i;
    cpu->gpr[ESP] = 4;
    FINE(SINGLE(bench, 0x60));
    ck_assert_uint_eq(cpu->gpr[ESP], 0xfff4);
    ck_assert_uint_eq(bench_read16(bench, 2), 0x1000);
    ck_assert_uint_eq(bench_read16(bench, 0), 0x1001);
    ck_assert_uint_eq(bench_read16(bench, 0xfffe), 0x1002);
    ck_assert_uint_eq(bench_read16(bench, 0xfff4), 0x1007);
    for (uint32_t sp = 1; sp < 16; sp += 2) {
        cpu->gpr[ESP] = sp;
        struct snapshot *before = snapshot_take(bench);
        FAULTS(SINGLE(bench, 0x60), sp < 7 ? VECTOR_SS : VECTOR_GP, 0);
        unchanged(bench, before);
    }
    bench_free(bench);
}
END_TEST

START_TEST(pusha_that_meets_an_absent_page_midway_writes_nothing)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_paging(bench);
    single_page(bench, 0x8000, 0);
    cpu->gpr[ESP] = 0x9010;
    struct snapshot *before = snapshot_take(bench);
    FAULTS(SINGLE(bench, 0x60), VECTOR_PF, PF_WR);
    unchanged(bench, before);
    cpu->gpr[ESP] = 0x8ff0;
    before = snapshot_take(bench);
    FAULTS(SINGLE(bench, 0x61), VECTOR_PF, 0);
    unchanged(bench, before);
    bench_free(bench);
}
END_TEST

START_TEST(enter_probes_a_write_at_the_final_stack_pointer)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_paging(bench);
    single_page(bench, 0x7000, 0x7000 | 5);
    struct snapshot *before = snapshot_take(bench);
    FAULTS(SINGLE(bench, 0xc8, 0x00, 0x10, 0x00), VECTOR_PF, PF_P | PF_WR);
    unchanged(bench, before);
    bench->cpu.gpr[EBP] = 0xa000;
    FINE(SINGLE(bench, 0xc8, 0xf0, 0x0f, 0x00));
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 4 - 0xff0);
    ck_assert_uint_eq(cpu->gpr[EBP], BENCH_STACK - 4);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), 0xa000);
    bench_free(bench);
}
END_TEST

START_TEST(enter_whose_display_faults_changes_nothing)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_paging(bench);
    single_page(bench, 0x5000, 0);
    cpu->gpr[EBP] = 0x6008; /* the third pointer above is on the absent page */
    struct snapshot *before = snapshot_take(bench);
    FAULTS(SINGLE(bench, 0xc8, 0x00, 0x00, 0x04), VECTOR_PF, 0);
    unchanged(bench, before);
    FINE(SINGLE(bench, 0xc8, 0x00, 0x00, 0x03));
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 16);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("stack instructions", push_esp_pushes_the_old_value_and_pop_esp_keeps_the_popped_one,
           pop_to_memory_addresses_with_the_incremented_esp, a_pop_whose_destination_faults_leaves_esp,
           a_16_bit_stack_wraps_and_keeps_the_upper_half_of_esp,
           a_push_across_the_top_of_a_16_bit_stack_faults, pusha_wraps_whole_values_and_faults_on_split_ones,
           pusha_that_meets_an_absent_page_midway_writes_nothing,
           enter_probes_a_write_at_the_final_stack_pointer, enter_whose_display_faults_changes_nothing)
