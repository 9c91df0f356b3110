/* Loads of segment registers: the checks of SDM 2B MOV, what becomes of the hidden part, and the shadows. */
#include "cpu/segment_load.h"

#include "expect.h"

#define DATA       (ACCESS_P | ACCESS_S | ACCESS_WRITABLE)
#define CODE       (ACCESS_P | ACCESS_S | ACCESS_CODE | ACCESS_READABLE)
#define DPL(level) ((level) << ACCESS_DPL_SHIFT)

#define SLOT 0x40 /* a free entry of the bench's GDT */

/* MOV Sreg, AX with this selector. */
static void load(struct bench *bench, unsigned segment, uint16_t selector)
{
    uint8_t code[] = {0x8e, (uint8_t)(0xc0 | segment << 3)};
    bench->cpu.eip = BENCH_CODE;
    bench->cpu.gpr[EAX] = selector;
    bench_code(bench, code, sizeof code);
    bench_run(bench, 1);
}

static void set_slot(struct bench *bench, uint16_t access)
{
    bench_gdt_set(bench, SLOT, bench_descriptor(0x12345678, 0xabcde, access));
}

START_TEST(the_hidden_part_comes_from_the_descriptor_and_accessed_is_set)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    set_slot(bench, DATA | ACCESS_DB | ACCESS_AVL);
    load(bench, ES, SLOT);
    EXPECT_NO_FAULT(bench);
    const struct segment *es = &bench->cpu.segments[ES];
    ck_assert_uint_eq(es->selector, SLOT);
    ck_assert_uint_eq(es->base, 0x12345678);
    ck_assert_uint_eq(es->limit, 0xabcde);
    ck_assert_uint_eq(es->access, DATA | ACCESS_DB | ACCESS_AVL | ACCESS_ACCESSED);
    ck_assert(es->usable && es->writable);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SLOT + 5), DATA | ACCESS_ACCESSED);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_CODE + 2);
    bench_free(bench);
}
END_TEST

START_TEST(an_accessed_descriptor_is_not_written_again)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    /* Page tables: identity for the first 4 MiB, the GDT's page read-only, CR0.WP set. */
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, 0x100000 + page * 4, page << 12 | 3);
    bench_write32(bench, 0x100000 + (BENCH_GDT >> 12) * 4, BENCH_GDT | 1);
    bench_write32(bench, 0x101000, 0x100000 | 3);
    set_slot(bench, DATA);
    bench_gdt_set(bench, SLOT + 8, bench_descriptor(0, 0xffff, DATA | ACCESS_ACCESSED));
    bench->cpu.cr3 = 0x101000;
    bench->cpu.cr0 |= CR0_PG | CR0_WP;
    cpu_restored(&bench->cpu);

    load(bench, ES, SLOT + 8);
    EXPECT_NO_FAULT(bench);
    load(bench, FS, SLOT);
    EXPECT_FAULT(bench, VECTOR_PF, PF_P | PF_WR, PAGE_NOT_WRITABLE);
    ck_assert_uint_eq(bench->cpu.cr2, BENCH_GDT + SLOT + 5);
    ck_assert_uint_eq(bench->cpu.segments[FS].selector, BENCH_DATA0);
    bench_free(bench);
}
END_TEST

struct data_case {
    unsigned cpl;
    uint16_t selector;
    uint16_t access;
    unsigned vector; /* 0: no fault */
    enum fault_reason reason;
};

/* clang-format off */
static const struct data_case data_cases[] = {
    {0, SLOT,     DATA,                                    0,         NO_FAULT},
    {0, SLOT,     ACCESS_P | ACCESS_S,                     0,         NO_FAULT},  /* read-only data */
    {0, SLOT,     CODE,                                    0,         NO_FAULT},
    {0, SLOT,     CODE & ~ACCESS_READABLE,                 VECTOR_GP, SEGMENT_LOAD_TYPE},
    {0, SLOT,     ACCESS_P | SYSTEM_LDT,                   VECTOR_GP, SEGMENT_LOAD_TYPE},
    {0, SLOT,     ACCESS_P | SYSTEM_CALL_GATE32,           VECTOR_GP, SEGMENT_LOAD_TYPE},
    {0, SLOT,     DATA & ~ACCESS_P,                        VECTOR_NP, SEGMENT_LOAD_NOT_PRESENT},
    {0, SLOT,     ACCESS_S | ACCESS_CODE,                  VECTOR_GP, SEGMENT_LOAD_TYPE}, /* before presence */
    {0, SLOT | 3, DATA,                                    VECTOR_GP, SEGMENT_LOAD_DPL}, /* RPL alone is too weak */
    {0, SLOT | 3, DATA | DPL(3),                           0,         NO_FAULT},
    {3, SLOT,     DATA,                                    VECTOR_GP, SEGMENT_LOAD_DPL}, /* CPL alone is too weak */
    {3, SLOT,     CODE | DPL(2),                           VECTOR_GP, SEGMENT_LOAD_DPL},
    {3, SLOT,     DATA | DPL(3),                           0,         NO_FAULT},
    {3, SLOT | 3, CODE | ACCESS_CONFORMING,                0,         NO_FAULT},
    {3, SLOT | 3, (DATA | DPL(2)) & ~ACCESS_P,             VECTOR_GP, SEGMENT_LOAD_DPL},
    {3, SLOT | 3, (DATA | DPL(3)) & ~ACCESS_P,             VECTOR_NP, SEGMENT_LOAD_NOT_PRESENT},
    {0, 0x100,    DATA,                                    VECTOR_GP, SELECTOR_BEYOND_TABLE},
    {0, 0x104,    DATA,                                    VECTOR_GP, SELECTOR_WITHOUT_LDT},
};
/* clang-format on */

static void check_data_case(const struct data_case *test, unsigned segment)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, test->cpl);
    set_slot(bench, test->access);
    uint16_t before = bench->cpu.segments[segment].selector;
    load(bench, segment, test->selector);
    if (test->vector == 0) {
        EXPECT_NO_FAULT(bench);
        ck_assert_uint_eq(bench->cpu.segments[segment].selector, test->selector);
    } else {
        EXPECT_FAULT(bench, test->vector, test->selector & ~3u, test->reason);
        ck_assert_uint_eq(bench->cpu.segments[segment].selector, before);
        ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SLOT + 5), test->access);
    }
    bench_free(bench);
}

START_TEST(data_segments_are_checked_by_type_privilege_and_presence)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(data_cases); i++) {
        check_data_case(&data_cases[i], ES);
        check_data_case(&data_cases[i], DS);
        check_data_case(&data_cases[i], FS);
        check_data_case(&data_cases[i], GS);
    }
}
END_TEST

/* clang-format off */
static const struct data_case stack_cases[] = {
    {0, SLOT,     DATA,                         0,         NO_FAULT},
    {3, SLOT | 3, DATA | DPL(3),                0,         NO_FAULT},
    {0, SLOT | 1, DATA,                         VECTOR_GP, SS_LOAD_RPL},
    {3, SLOT,     DATA | DPL(3),                VECTOR_GP, SS_LOAD_RPL},
    {0, SLOT,     ACCESS_P | ACCESS_S,          VECTOR_GP, SS_LOAD_TYPE},
    {0, SLOT,     CODE,                         VECTOR_GP, SS_LOAD_TYPE},
    {0, SLOT,     ACCESS_P | SYSTEM_LDT,        VECTOR_GP, SS_LOAD_TYPE},
    {0, SLOT,     DATA | DPL(3),                VECTOR_GP, SS_LOAD_DPL},
    {3, SLOT | 3, DATA,                         VECTOR_GP, SS_LOAD_DPL},
    {0, SLOT,     DATA & ~ACCESS_P,             VECTOR_SS, SS_LOAD_NOT_PRESENT},
    {0, SLOT,     (DATA & ~ACCESS_P) | DPL(1),  VECTOR_GP, SS_LOAD_DPL},
    {0, 0x100,    DATA,                         VECTOR_GP, SELECTOR_BEYOND_TABLE},
};
/* clang-format on */

START_TEST(the_stack_segment_must_be_writable_data_of_exactly_this_privilege)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(stack_cases); i++) {
        const struct data_case *test = &stack_cases[i];
        struct bench *bench = bench_new(NULL);
        expect_protected(bench, test->cpl);
        set_slot(bench, test->access | ACCESS_DB);
        uint16_t before = bench->cpu.segments[SS].selector;
        struct fault fault = segment_load(&bench->cpu, SS, test->selector);
        ck_assert_uint_eq(fault.reason, test->reason);
        ck_assert_uint_eq(fault.vector, test->vector);
        ck_assert_uint_eq(fault.error_code, test->vector == 0 ? 0 : test->selector & ~3u);
        ck_assert_uint_eq(bench->cpu.segments[SS].selector, test->vector == 0 ? test->selector : before);
        bench_free(bench);
    }
}
END_TEST

START_TEST(null_selectors_fault_in_SS_and_make_the_others_unusable)
{
    struct bench *bench = bench_new(NULL);
    for (uint16_t selector = 0; selector < 4; selector++) {
        expect_protected(bench, 3);
        load(bench, SS, selector);
        EXPECT_FAULT(bench, VECTOR_GP, 0, SS_LOAD_NULL);

        expect_protected(bench, 3);
        load(bench, FS, selector);
        EXPECT_NO_FAULT(bench);
        ck_assert_uint_eq(bench->cpu.segments[FS].selector, selector);
        BENCH_STEP(bench, 0x64, 0xa0, 0x00, 0x00, 0x00, 0x00); /* MOV AL, FS:[0] */
        EXPECT_FAULT(bench, VECTOR_GP, 0, SEGMENT_UNUSABLE);
    }
    bench_free(bench);
}
END_TEST

START_TEST(the_LDT_counts_with_its_own_limit)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    uint64_t descriptor = bench_descriptor(0x7000, 0xff, DATA);
    bench_write(bench, BENCH_LDT + 0x10, &descriptor, 8);
    bench_gdt_set(bench, BENCH_LDT_SELECTOR, bench_descriptor(BENCH_LDT, 0x17, ACCESS_P | SYSTEM_LDT));
    bench->cpu.gpr[EAX] = BENCH_LDT_SELECTOR;
    BENCH_STEP(bench, 0x0f, 0x00, 0xd0); /* LLDT AX */
    EXPECT_NO_FAULT(bench);
    load(bench, GS, 0x14);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.segments[GS].base, 0x7000);
    load(bench, GS, 0x1c);
    EXPECT_FAULT(bench, VECTOR_GP, 0x1c, SELECTOR_BEYOND_TABLE);
    bench_free(bench);
}
END_TEST

START_TEST(a_descriptor_must_lie_in_its_table_whole)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    set_slot(bench, DATA);
    bench->cpu.gdtr.limit = SLOT + 6;
    load(bench, DS, SLOT);
    EXPECT_FAULT(bench, VECTOR_GP, SLOT, SELECTOR_BEYOND_TABLE);
    expect_protected(bench, 0);
    bench->cpu.gdtr.limit = SLOT + 7;
    load(bench, DS, SLOT);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(CS_and_the_registers_6_and_7_cannot_be_loaded)
{
    static const uint8_t numbers[] = {CS, 6, 7};
    struct bench *bench = bench_new(NULL);
    for (unsigned i = 0; i < sizeof numbers; i++) {
        expect_protected(bench, 0);
        load(bench, numbers[i], BENCH_DATA0);
        ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
        bench_forget(bench);
    }
    bench_free(bench);
}
END_TEST

START_TEST(real_mode_keeps_limit_and_rights)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct segment *ds = &bench->cpu.segments[DS];
    ds->limit = 0xffffffff; /* as a visit to protected mode leaves it */
    segment_derive(ds);
    bench->cpu.gpr[EAX] = 0x2345;
    BENCH_STEP(bench, 0x8e, 0xd8);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(ds->base, 0x23450);
    ck_assert_uint_eq(ds->limit, 0xffffffff);
    bench_write32(bench, 0x23450 + 0x10000, 0x11223344);
    BENCH_STEP(bench, 0x67, 0x66, 0xa1, 0x00, 0x00, 0x01, 0x00); /* MOV EAX, [10000h] */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.gpr[EAX], 0x11223344);
    bench_free(bench);
}
END_TEST

START_TEST(virtual_8086_mode_sets_limit_and_rights)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 3);
    bench->cpu.segments[DS].limit = 0xffffffff;
    bench->cpu.gpr[EAX] = 0x2345;
    BENCH_STEP(bench, 0x8e, 0xd8);
    EXPECT_NO_FAULT(bench);
    const struct segment *ds = &bench->cpu.segments[DS];
    ck_assert_uint_eq(ds->base, 0x23450);
    ck_assert_uint_eq(ds->limit, 0xffff);
    ck_assert_uint_eq(ds->access, DATA | DPL(3) | ACCESS_ACCESSED);
    bench_free(bench);
}
END_TEST

START_TEST(loading_SS_casts_a_shadow_and_LSS_does_not)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    load(bench, SS, BENCH_DATA0);
    ck_assert_uint_eq(bench->cpu.shadow, SHADOW_MOV_SS);
    ck_assert(bench->cpu.attention & ATTENTION_SHADOW);
    BENCH_STEP(bench, 0x90);
    ck_assert_uint_eq(bench->cpu.shadow, 0);

    bench_write32(bench, BENCH_STACK - 4, BENCH_DATA0);
    bench->cpu.gpr[ESP] = BENCH_STACK - 4;
    BENCH_STEP(bench, 0x17); /* POP SS */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.shadow, SHADOW_MOV_SS);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK);
    BENCH_STEP(bench, 0x90);

    bench_write32(bench, BENCH_DATA, 0x5000);
    bench_write16(bench, BENCH_DATA + 4, BENCH_DATA0);
    bench->cpu.gpr[EBX] = BENCH_DATA;
    BENCH_STEP(bench, 0x0f, 0xb2, 0x23); /* LSS ESP, [EBX] */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], 0x5000);
    ck_assert_uint_eq(bench->cpu.shadow, 0);

    load(bench, DS, BENCH_DATA0);
    ck_assert_uint_eq(bench->cpu.shadow, 0);
    bench_free(bench);
}
END_TEST

START_TEST(returning_outwards_drops_what_the_new_privilege_may_not_use)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    set_slot(bench, CODE | ACCESS_CONFORMING);
    load(bench, ES, BENCH_DATA3);
    load(bench, FS, SLOT);
    load(bench, GS, 3);
    cpu_set_cpl(cpu, 3);
    segments_drop_privileged(cpu);
    ck_assert_uint_eq(cpu->segments[DS].selector, 0);
    ck_assert(!cpu->segments[DS].usable && !cpu->segments[DS].readable);
    ck_assert_uint_eq(cpu->segments[ES].selector, BENCH_DATA3);
    ck_assert_uint_eq(cpu->segments[FS].selector, SLOT);
    ck_assert(cpu->segments[FS].usable);
    ck_assert_uint_eq(cpu->segments[GS].selector, 3);
    ck_assert_uint_eq(cpu->segments[SS].selector, BENCH_DATA0);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("segment_load", the_hidden_part_comes_from_the_descriptor_and_accessed_is_set,
           an_accessed_descriptor_is_not_written_again,
           data_segments_are_checked_by_type_privilege_and_presence,
           the_stack_segment_must_be_writable_data_of_exactly_this_privilege,
           null_selectors_fault_in_SS_and_make_the_others_unusable, the_LDT_counts_with_its_own_limit,
           a_descriptor_must_lie_in_its_table_whole, CS_and_the_registers_6_and_7_cannot_be_loaded,
           real_mode_keeps_limit_and_rights, virtual_8086_mode_sets_limit_and_rights,
           loading_SS_casts_a_shadow_and_LSS_does_not,
           returning_outwards_drops_what_the_new_privilege_may_not_use)
