/* Integer instructions where they fault, and which of them which processor has. */
#include "base/bits.h"
#include "single.h"
#include "unit/suite.h"

START_TEST(a_failed_cmpxchg_writes_and_so_faults_on_a_read_only_page)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_paging(bench);
    single_page(bench, BENCH_DATA, BENCH_DATA | 5);
    cpu->gpr[EAX] = 1;
    cpu->gpr[EDX] = 2;
    FAULTS(SINGLE(bench, 0x0f, 0xb1, 0x0d, 0x00, 0x00, 0x02, 0x00), VECTOR_PF, PF_P | PF_WR);
    FAULTS(SINGLE(bench, 0x0f, 0xc7, 0x0d, 0x00, 0x00, 0x02, 0x00), VECTOR_PF, PF_P | PF_WR);
    ck_assert_uint_eq(cpu->gpr[EAX], 1);
    ck_assert_uint_eq(cpu->gpr[EDX], 2);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1);
    bench_free(bench);
}
END_TEST

/* Each read-modify-write instruction must find out before it changes anything. */
START_TEST(a_read_modify_write_of_a_read_only_page_changes_nothing)
{
    static const uint8_t opcodes[][3] = {
        {0x01, 0x05},       {0x81, 0x05},       {0xff, 0x05},       {0xff, 0x0d},       {0xf7, 0x15},
        {0xf7, 0x1d},       {0x87, 0x05},       {0x0f, 0xc1, 0x05}, {0xd1, 0x05},       {0xd3, 0x25},
        {0xc1, 0x3d},       {0x0f, 0xa4, 0x05}, {0x0f, 0xad, 0x05}, {0x0f, 0xab, 0x05}, {0x0f, 0xba, 0x35},
        {0x0f, 0x94, 0x05}, {0x89, 0x05},       {0xc7, 0x05},       {0x8f, 0x05},
    };
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    single_paging(bench);
    single_page(bench, BENCH_DATA, BENCH_DATA | 5);
    bench_write32(bench, BENCH_DATA, 0x12345678);
    for (size_t i = 0; i < ARRAY_LENGTH(opcodes); i++) {
        uint8_t bytes[15] = {0};
        unsigned at = 0;
        while (at < 3 && (at < 2 || opcodes[i][at] != 0)) {
            bytes[at] = opcodes[i][at];
            at++;
        }
        store_le32(bytes + at, BENCH_DATA);
        cpu->gpr[EAX] = 0x0000001a;
        cpu->gpr[ECX] = 3;
        FAULTS(single_execute(bench, bytes, sizeof bytes), VECTOR_PF, PF_P | PF_WR);
        ck_assert_uint_eq(cpu->gpr[EAX], 0x0000001a);
        ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK);
        ck_assert_uint_eq(cpu->eflags, EFLAGS_1);
        ck_assert_uint_eq(cpu->eip, BENCH_CODE);
        ck_assert_uint_eq(bench_read32(bench, BENCH_DATA), 0x12345678);
    }
    bench_free(bench);
}
END_TEST

START_TEST(cmov_reads_its_source_whatever_the_condition)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    single_limit(bench, DS, 0xfff);
    bench->cpu.eflags = EFLAGS_1;
    FAULTS(SINGLE(bench, 0x0f, 0x44, 0x05, 0x00, 0x10, 0x00, 0x00), VECTOR_GP, 0);
    bench_free(bench);
}
END_TEST

START_TEST(division_faults_on_zero_and_on_what_does_not_fit)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    cpu->gpr[EDX] = 1;
    ck_assert_uint_eq(SINGLE(bench, 0xf7, 0xf1).reason, DIVIDE_BY_ZERO);
    ck_assert_uint_eq(SINGLE(bench, 0xd4, 0x00).reason, DIVIDE_BY_ZERO);
    cpu->gpr[ECX] = 1;
    ck_assert_uint_eq(SINGLE(bench, 0xf7, 0xf1).reason, DIVIDE_OVERFLOW);
    cpu->gpr[EAX] = 0;
    cpu->gpr[EDX] = 0x80000000;
    cpu->gpr[ECX] = 0xffffffff;
    FAULTS(SINGLE(bench, 0xf7, 0xf9), VECTOR_DE, 0); /* the smallest 64-bit number by -1 */
    cpu->gpr[EAX] = 0x80000000;
    cpu->gpr[EDX] = 0xffffffff;
    cpu->gpr[ECX] = 1;
    FINE(SINGLE(bench, 0xf7, 0xf9)); /* 80000000h is a quotient */
    ck_assert_uint_eq(cpu->gpr[EAX], 0x80000000);
    ck_assert_uint_eq(cpu->gpr[EDX], 0);
    bench_free(bench);
}
END_TEST

START_TEST(bound_reads_two_signed_bounds_that_belong_to_the_range)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    bench_write32(bench, BENCH_DATA, (uint32_t)-5);
    bench_write32(bench, BENCH_DATA + 4, 7);
    for (int index = -7; index < 10; index++) {
        cpu->gpr[EAX] = (uint32_t)index;
        struct fault fault = SINGLE(bench, 0x62, 0x05, 0x00, 0x00, 0x02, 0x00);
        if (index >= -5 && index <= 7)
            FINE(fault);
        else
            FAULTS(fault, VECTOR_BR, 0);
    }
    single_limit(bench, DS, BENCH_DATA + 6);
    cpu->gpr[EAX] = 100;
    FAULTS(SINGLE(bench, 0x62, 0x05, 0x00, 0x00, 0x02, 0x00), VECTOR_GP, 0);
    bench_free(bench);
}
END_TEST

START_TEST(a_bit_string_reaches_before_its_address_and_wraps_with_16_bit_addresses)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    cpu->gpr[EAX] = (uint32_t)-1;
    FINE(SINGLE(bench, 0x0f, 0xab, 0x05, 0x00, 0x00, 0x02, 0x00));
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA - 4), 0x80000000);
    cpu->gpr[EAX] = 0x7fffffff; /* the farthest bit is 256 MiB away: beyond the segment */
    single_limit(bench, DS, 0x0fffffff);
    FAULTS(SINGLE(bench, 0x0f, 0xab, 0x05, 0x00, 0x00, 0x02, 0x00), VECTOR_GP, 0);
    single_limit(bench, DS, 0xffffffff);
    cpu->segments[DS].base = BENCH_DATA;
    cpu->gpr[EAX] = (uint32_t)-16;
    FINE(SINGLE(bench, 0x67, 0x66, 0x0f, 0xab, 0x06, 0x00, 0x00)); /* word FFFEh of the segment */
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA + 0xfffe), 1);
    bench_free(bench);
}
END_TEST

START_TEST(lock_goes_with_writing_memory_forms_only)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    FINE(SINGLE(bench, 0xf0, 0x01, 0x05, 0x00, 0x00, 0x02, 0x00));
    FINE(SINGLE(bench, 0xf0, 0x0f, 0xc7, 0x0d, 0x00, 0x00, 0x02, 0x00));
    FINE(SINGLE(bench, 0xf0, 0x0f, 0xab, 0x05, 0x00, 0x00, 0x02, 0x00));
    FINE(SINGLE(bench, 0xf0, 0x87, 0x05, 0x00, 0x00, 0x02, 0x00));
    ck_assert_uint_eq(SINGLE(bench, 0xf0, 0x01, 0xc0).reason, DECODE_LOCK);
    ck_assert_uint_eq(SINGLE(bench, 0xf0, 0x03, 0x05, 0x00, 0x00, 0x02, 0x00).reason, DECODE_LOCK);
    ck_assert_uint_eq(SINGLE(bench, 0xf0, 0x39, 0x05, 0x00, 0x00, 0x02, 0x00).reason, DECODE_LOCK);
    ck_assert_uint_eq(SINGLE(bench, 0xf0, 0x0f, 0xa3, 0x05, 0x00, 0x00, 0x02, 0x00).reason, DECODE_LOCK);
    ck_assert_uint_eq(SINGLE(bench, 0xf0, 0x89, 0x05, 0x00, 0x00, 0x02, 0x00).reason, DECODE_LOCK);
    ck_assert_uint_eq(SINGLE(bench, 0xf0, 0xd1, 0x25, 0x00, 0x00, 0x02, 0x00).reason, DECODE_LOCK);
    ck_assert_uint_eq(SINGLE(bench, 0xf0, 0x90).reason, DECODE_LOCK);
    bench_free(bench);
}
END_TEST

START_TEST(memory_only_operands_refuse_registers)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    FAULTS(SINGLE(bench, 0x8d, 0xc0), VECTOR_UD, 0);
    FAULTS(SINGLE(bench, 0x62, 0xc0), VECTOR_UD, 0);
    FAULTS(SINGLE(bench, 0x0f, 0xc7, 0xc8), VECTOR_UD, 0);
    bench_free(bench);
}
END_TEST

static bool is_undefined_on(const char *model, const uint8_t *bytes, unsigned size)
{
    struct bench *bench = bench_new(model);
    bench_protected(bench, 0);
    struct fault fault = single_execute(bench, bytes, size);
    bench_free(bench);
    return fault.reason == DECODE_UNDEFINED;
}

START_TEST(each_processor_has_the_instructions_of_its_time)
{
    static const struct {
        const char *last_without, *first_with;
        uint8_t bytes[7];
    } rows[] = {
        {"386", "486", {0x0f, 0xc8}},                                   /* BSWAP */
        {"386", "486", {0x0f, 0xc1, 0xc0}},                             /* XADD */
        {"386", "486", {0x0f, 0xb1, 0xc8}},                             /* CMPXCHG */
        {"486", "pentium", {0x0f, 0xc7, 0x0d, 0x00, 0x00, 0x02, 0x00}}, /* CMPXCHG8B */
        {"pentium", "pentium-pro", {0x0f, 0x44, 0xc8}},                 /* CMOVZ */
        {"pentium", "pentium-pro", {0x0f, 0x1f, 0xc0}},                 /* NOP Ev */
        {"pentium", "pentium-pro", {0x0f, 0x18, 0xc0}},                 /* the same, later PREFETCH */
        {"pentium", "pentium-pro", {0xf3, 0x0f, 0x1e, 0xfb}},           /* ENDBR32 */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        ck_assert(is_undefined_on(rows[i].last_without, rows[i].bytes, sizeof rows[i].bytes));
        ck_assert(!is_undefined_on(rows[i].first_with, rows[i].bytes, sizeof rows[i].bytes));
        ck_assert(!is_undefined_on("core-duo", rows[i].bytes, sizeof rows[i].bytes));
    }
}
END_TEST

START_TEST(undefined_on_purpose_is_told_from_undefined)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    ck_assert_uint_eq(SINGLE(bench, 0x0f, 0x0b).reason, UNDEFINED_ON_PURPOSE);
    ck_assert_uint_eq(SINGLE(bench, 0x0f, 0xb9, 0xc0).reason, UNDEFINED_ON_PURPOSE);
    ck_assert_uint_eq(SINGLE(bench, 0x0f, 0xff, 0xc0).reason, UNDEFINED_ON_PURPOSE);
    ck_assert_uint_eq(SINGLE(bench, 0x0f, 0x0b).vector, VECTOR_UD);
    bench_free(bench);
}
END_TEST

START_TEST(hints_touch_no_memory)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    single_limit(bench, DS, 0xfff);
    FINE(SINGLE(bench, 0x0f, 0x18, 0x0d, 0x00, 0x00, 0x02, 0x00));
    FINE(SINGLE(bench, 0x0f, 0x1f, 0x05, 0x00, 0x00, 0x02, 0x00));
    FINE(SINGLE(bench, 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x02, 0x00));
    FINE(SINGLE(bench, 0xf3, 0x90));
    FINE(SINGLE(bench, 0xf3, 0x0f, 0x1e, 0xfb));
    FINE(SINGLE(bench, 0x8d, 0x05, 0x00, 0x00, 0x02, 0x00)); /* nor does LEA */
    bench_free(bench);
}
END_TEST

START_TEST(lea_takes_any_mixture_of_operand_and_address_size)
{
    struct bench *bench = bench_new(NULL);
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 0);
    cpu->gpr[EBX] = 0x1234ffff;
    cpu->gpr[ESI] = 0x10002;
    cpu->gpr[EAX] = 0xaaaaaaaa;
    FINE(SINGLE(bench, 0x66, 0x8d, 0x04, 0x33)); /* AX = low half of EBX+ESI */
    ck_assert_uint_eq(cpu->gpr[EAX], 0xaaaa0001);
    FINE(SINGLE(bench, 0x67, 0x8d, 0x00)); /* EAX = BX+SI, zero-extended */
    ck_assert_uint_eq(cpu->gpr[EAX], 0x00000001);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("integer instructions and faults", a_failed_cmpxchg_writes_and_so_faults_on_a_read_only_page,
           a_read_modify_write_of_a_read_only_page_changes_nothing,
           cmov_reads_its_source_whatever_the_condition, division_faults_on_zero_and_on_what_does_not_fit,
           bound_reads_two_signed_bounds_that_belong_to_the_range,
           a_bit_string_reaches_before_its_address_and_wraps_with_16_bit_addresses,
           lock_goes_with_writing_memory_forms_only, memory_only_operands_refuse_registers,
           each_processor_has_the_instructions_of_its_time, undefined_on_purpose_is_told_from_undefined,
           hints_touch_no_memory, lea_takes_any_mixture_of_operand_and_address_size)
