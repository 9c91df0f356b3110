/* MOV, PUSH and POP of segment registers, far-pointer loads, LAR to ARPL, and the descriptor-table registers. */
#include "cpu/segment_load.h"

#include "expect.h"

#define DATA       (ACCESS_P | ACCESS_S | ACCESS_WRITABLE)
#define CODE       (ACCESS_P | ACCESS_S | ACCESS_CODE | ACCESS_READABLE)
#define DPL(level) ((level) << ACCESS_DPL_SHIFT)

#define SLOT 0x40

static void set_slot(struct bench *bench, uint16_t access)
{
    bench_gdt_set(bench, SLOT, bench_descriptor(0x12345678, 0xabcde, access));
}

START_TEST(MOV_from_a_segment_register_is_a_word_in_memory_and_zero_extended_in_a_register)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = 0xffffffff;
    BENCH_STEP(bench, 0x8c, 0xd8); /* MOV EAX, DS */
    ck_assert_uint_eq(cpu->gpr[EAX], BENCH_DATA0);
    cpu->gpr[EAX] = 0xffffffff;
    BENCH_STEP(bench, 0x66, 0x8c, 0xd8); /* MOV AX, DS */
    ck_assert_uint_eq(cpu->gpr[EAX], 0xffff0000 | BENCH_DATA0);
    bench_write32(bench, BENCH_DATA, 0xffffffff);
    cpu->gpr[EBX] = BENCH_DATA;
    BENCH_STEP(bench, 0x8c, 0x1b); /* MOV [EBX], DS */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA), 0xffff0000 | BENCH_DATA0);
    bench_free(bench);
}
END_TEST

START_TEST(a_pushed_segment_register_leaves_the_upper_half_of_its_slot)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    bench_write32(bench, BENCH_STACK - 4, 0xaaaaaaaa);
    BENCH_STEP(bench, 0x0f, 0xa8); /* PUSH GS */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK - 4);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), 0xaaaa0000 | BENCH_DATA0);
    BENCH_STEP(bench, 0x66, 0x0e); /* PUSH CS, 16 bits */
    ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK - 6);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 6), BENCH_CODE0);
    bench_free(bench);
}
END_TEST

START_TEST(a_faulting_POP_of_a_segment_register_leaves_ESP)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    bench_write32(bench, BENCH_STACK, 0xdead0000 | BENCH_CODE3);
    BENCH_STEP(bench, 0x0f, 0xa1); /* POP FS: readable code is allowed */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->segments[FS].selector, BENCH_CODE3);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 4);

    expect_protected(bench, 0);
    bench_write32(bench, BENCH_STACK, 0x100);
    cpu->idtr.limit = 0;     /* nothing can be delivered: the state is seen as the instruction left it */
    BENCH_STEP(bench, 0x1f); /* POP DS */
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK);
    ck_assert_uint_eq(cpu->segments[DS].selector, BENCH_DATA0);
    bench_free(bench);
}
END_TEST

START_TEST(far_pointers_are_loaded_whole_or_not_at_all)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EBX] = BENCH_DATA;
    bench_write32(bench, BENCH_DATA, 0x89abcdef);
    bench_write16(bench, BENCH_DATA + 4, BENCH_DATA3);
    BENCH_STEP(bench, 0xc4, 0x03); /* LES EAX, [EBX] */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->gpr[EAX], 0x89abcdef);
    ck_assert_uint_eq(cpu->segments[ES].selector, BENCH_DATA3);

    cpu->gpr[ECX] = 0x11111111;
    bench_write16(bench, BENCH_DATA + 2, BENCH_DATA0);
    BENCH_STEP(bench, 0x66, 0x0f, 0xb4, 0x0b); /* LFS CX, [EBX] */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->gpr[ECX], 0x1111cdef);
    ck_assert_uint_eq(cpu->segments[FS].selector, BENCH_DATA0);

    bench_write16(bench, BENCH_DATA + 4, 0x100);
    BENCH_STEP(bench, 0xc5, 0x0b); /* LDS ECX, [EBX] */
    EXPECT_FAULT(bench, VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE);
    ck_assert_uint_eq(cpu->gpr[ECX], 0x1111cdef);

    expect_protected(bench, 0);
    BENCH_STEP(bench, 0xc5, 0xcb); /* LDS ECX, EBX */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    bench_free(bench);
}
END_TEST

/* LAR or LSL EAX, ECX of the slot with this access; returns ZF. */
static bool ask(struct bench *bench, uint8_t opcode, uint16_t access, uint16_t selector)
{
    uint8_t code[] = {0x0f, opcode, 0xc1};
    set_slot(bench, access);
    bench->cpu.eip = BENCH_CODE;
    bench->cpu.gpr[EAX] = 0x55555555;
    bench->cpu.gpr[ECX] = selector;
    bench->cpu.eflags ^= EFLAGS_ZF;
    bench_code(bench, code, sizeof code);
    bench_run(bench, 1);
    EXPECT_NO_FAULT(bench);
    return bench->cpu.eflags & EFLAGS_ZF;
}

START_TEST(LAR_and_LSL_know_the_system_types_of_their_tables)
{
    static const bool lar_knows[16] = {
        [1] = 1, [2] = 1, [3] = 1, [4] = 1, [5] = 1, [9] = 1, [11] = 1, [12] = 1};
    static const bool lsl_knows[16] = {[1] = 1, [2] = 1, [3] = 1, [9] = 1, [11] = 1};
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    for (unsigned type = 0; type < 16; type++) {
        ck_assert_int_eq(ask(bench, 0x02, (uint16_t)(ACCESS_P | type), SLOT), lar_knows[type]);
        ck_assert_uint_eq(bench->cpu.gpr[EAX] & 0xfff0ffff,
                          lar_knows[type] ? (ACCESS_P | type) << 8 : 0x55505555);
        ck_assert_int_eq(ask(bench, 0x03, (uint16_t)(ACCESS_P | type), SLOT), lsl_knows[type]);
        ck_assert_uint_eq(bench->cpu.gpr[EAX], lsl_knows[type] ? 0xabcde : 0x55555555);
    }
    /* Presence does not matter, nor whether the segment was accessed. */
    ck_assert(ask(bench, 0x02, ACCESS_S | ACCESS_DB, SLOT));
    ck_assert_uint_eq(bench->cpu.gpr[EAX] & 0xfff0ffff, 0x00401000);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SLOT + 5), ACCESS_S);
    bench_gdt_set(bench, SLOT, bench_descriptor(0, 0x12345fff, DATA | ACCESS_G));
    BENCH_STEP(bench, 0x0f, 0x03, 0xc1); /* the granularity is applied */
    ck_assert_uint_eq(bench->cpu.gpr[EAX], 0x12345fff);
    bench_free(bench);
}
END_TEST

START_TEST(LAR_asks_for_privilege_except_of_conforming_code)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    ck_assert(!ask(bench, 0x02, DATA, SLOT | 3));
    ck_assert(ask(bench, 0x02, DATA | DPL(3), SLOT | 3));
    ck_assert(!ask(bench, 0x02, DATA, 0));
    ck_assert(!ask(bench, 0x02, DATA, 0x100));
    ck_assert(!ask(bench, 0x02, DATA, SLOT | 4));
    expect_protected(bench, 3);
    ck_assert(!ask(bench, 0x02, DATA, SLOT));
    ck_assert(!ask(bench, 0x03, CODE, SLOT));
    ck_assert(ask(bench, 0x02, CODE | ACCESS_CONFORMING, SLOT | 3));
    bench_free(bench);
}
END_TEST

static bool verify(struct bench *bench, unsigned digit, uint16_t access, uint16_t selector)
{
    uint8_t code[] = {0x0f, 0x00, (uint8_t)(0xc1 | digit << 3)};
    set_slot(bench, access);
    bench->cpu.eip = BENCH_CODE;
    bench->cpu.gpr[ECX] = selector;
    bench->cpu.eflags ^= EFLAGS_ZF;
    bench_code(bench, code, sizeof code);
    bench_run(bench, 1);
    EXPECT_NO_FAULT(bench);
    return bench->cpu.eflags & EFLAGS_ZF;
}

START_TEST(VERR_and_VERW_answer_for_readable_and_writable_segments)
{
    enum { VERR = 4, VERW = 5 };
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 3);
    ck_assert(verify(bench, VERR, DATA | DPL(3), SLOT));
    ck_assert(verify(bench, VERW, DATA | DPL(3), SLOT));
    ck_assert(verify(bench, VERR, ACCESS_P | ACCESS_S | DPL(3), SLOT));
    ck_assert(!verify(bench, VERW, ACCESS_P | ACCESS_S | DPL(3), SLOT));
    ck_assert(verify(bench, VERR, CODE | DPL(3), SLOT));
    ck_assert(!verify(bench, VERW, CODE | DPL(3), SLOT));
    ck_assert(!verify(bench, VERR, (CODE | DPL(3)) & ~ACCESS_READABLE, SLOT));
    ck_assert(!verify(bench, VERR, DATA, SLOT));
    ck_assert(verify(bench, VERR, CODE | ACCESS_CONFORMING, SLOT));
    ck_assert(!verify(bench, VERR, ACCESS_P | SYSTEM_LDT | DPL(3), SLOT));
    ck_assert(!verify(bench, VERR, DATA | DPL(3), 3));
    bench_free(bench);
}
END_TEST

START_TEST(ARPL_raises_the_requested_privilege_and_says_so)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = 0xffff0040;
    cpu->gpr[ECX] = 0x0003;
    BENCH_STEP(bench, 0x63, 0xc8); /* ARPL AX, CX */
    ck_assert_uint_eq(cpu->gpr[EAX], 0xffff0043);
    ck_assert(cpu->eflags & EFLAGS_ZF);
    cpu->gpr[ECX] = 0x0002;
    BENCH_STEP(bench, 0x63, 0xc8);
    ck_assert_uint_eq(cpu->gpr[EAX], 0xffff0043);
    ck_assert(!(cpu->eflags & EFLAGS_ZF));
    bench_free(bench);
}
END_TEST

START_TEST(questions_about_descriptors_are_undefined_in_real_and_virtual_8086_mode)
{
    static const uint8_t codes[][3] = {
        {0x0f, 0x02, 0xc1}, {0x0f, 0x03, 0xc1}, {0x63, 0xc8, 0x90}, {0x0f, 0x00, 0xc0},
        {0x0f, 0x00, 0xc8}, {0x0f, 0x00, 0xd0}, {0x0f, 0x00, 0xd8}, {0x0f, 0x00, 0xe0},
    };
    struct bench *bench = bench_new(NULL);
    for (unsigned i = 0; i < ARRAY_LENGTH(codes); i++) {
        bench_real(bench);
        bench_code(bench, codes[i], sizeof codes[i]);
        bench_run(bench, 1);
        EXPECT_FAULT(bench, VECTOR_UD, 0, NOT_IN_V86);
        bench_v86(bench, 3);
        bench_code(bench, codes[i], sizeof codes[i]);
        bench_run(bench, 1);
        EXPECT_FAULT(bench, VECTOR_UD, 0, NOT_IN_V86);
    }
    bench_free(bench);
}
END_TEST

/* LLDT (digit 2) or LTR (3) of a selector in AX. */
static void load_system(struct bench *bench, unsigned cpl, unsigned digit, uint16_t access, uint16_t selector)
{
    uint8_t code[] = {0x0f, 0x00, (uint8_t)(0xc0 | digit << 3)};
    expect_protected(bench, cpl);
    set_slot(bench, access);
    bench->cpu.gpr[EAX] = selector;
    bench_code(bench, code, sizeof code);
    bench_run(bench, 1);
}

START_TEST(LLDT_takes_a_present_LDT_of_the_GDT_or_null)
{
    struct bench *bench = bench_new(NULL);
    load_system(bench, 0, 2, ACCESS_P | SYSTEM_LDT, SLOT | 1);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.ldtr.selector, SLOT | 1);
    ck_assert_uint_eq(bench->cpu.ldtr.base, 0x12345678);
    load_system(bench, 0, 2, 0, 3);
    EXPECT_NO_FAULT(bench);
    ck_assert(!bench->cpu.ldtr.usable);
    load_system(bench, 0, 2, ACCESS_P | SYSTEM_LDT, SLOT | 4);
    EXPECT_FAULT(bench, VECTOR_GP, SLOT | 4, LDT_SELECTOR_TI);
    load_system(bench, 0, 2, SYSTEM_LDT, SLOT);
    EXPECT_FAULT(bench, VECTOR_NP, SLOT, LDT_NOT_PRESENT);
    load_system(bench, 0, 2, SYSTEM_TSS32_AVAILABLE, SLOT);
    EXPECT_FAULT(bench, VECTOR_GP, SLOT, LDT_TYPE);
    load_system(bench, 0, 2, DATA, SLOT);
    EXPECT_FAULT(bench, VECTOR_GP, SLOT, LDT_TYPE);
    load_system(bench, 0, 2, 0, 0x100);
    EXPECT_FAULT(bench, VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE);
    load_system(bench, 3, 2, ACCESS_P | SYSTEM_LDT, SLOT);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_free(bench);
}
END_TEST

START_TEST(LTR_takes_an_available_TSS_and_makes_it_busy)
{
    struct bench *bench = bench_new(NULL);
    load_system(bench, 0, 3, ACCESS_P | SYSTEM_TSS32_AVAILABLE, SLOT);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench->cpu.tr.access & ACCESS_TYPE, SYSTEM_TSS32_BUSY);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SLOT + 5), ACCESS_P | SYSTEM_TSS32_BUSY);
    load_system(bench, 0, 3, ACCESS_P | SYSTEM_TSS16_AVAILABLE, SLOT);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SLOT + 5), ACCESS_P | SYSTEM_TSS16_BUSY);
    load_system(bench, 0, 3, ACCESS_P | SYSTEM_TSS32_BUSY, SLOT);
    EXPECT_FAULT(bench, VECTOR_GP, SLOT, TR_TYPE);
    load_system(bench, 0, 3, SYSTEM_TSS32_AVAILABLE, SLOT);
    EXPECT_FAULT(bench, VECTOR_NP, SLOT, TR_NOT_PRESENT);
    load_system(bench, 0, 3, ACCESS_P | SYSTEM_TSS32_AVAILABLE, SLOT | 4);
    EXPECT_FAULT(bench, VECTOR_GP, SLOT | 4, TR_SELECTOR_TI);
    load_system(bench, 0, 3, 0, 2);
    EXPECT_FAULT(bench, VECTOR_GP, 0, TR_SELECTOR_NULL);
    load_system(bench, 3, 3, ACCESS_P | SYSTEM_TSS32_AVAILABLE, SLOT);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_free(bench);
}
END_TEST

START_TEST(table_registers_take_24_or_32_bits_of_base_and_give_32)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EBX] = BENCH_DATA;
    bench_write16(bench, BENCH_DATA, 0x1234);
    bench_write32(bench, BENCH_DATA + 2, 0xfedcba98);
    BENCH_STEP(bench, 0x0f, 0x01, 0x1b); /* LIDT [EBX] */
    ck_assert_uint_eq(cpu->idtr.limit, 0x1234);
    ck_assert_uint_eq(cpu->idtr.base, 0xfedcba98);
    BENCH_STEP(bench, 0x0f, 0x01, 0x4b, 0x10); /* SIDT [EBX+16] */
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA + 16), 0x1234);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 18), 0xfedcba98);
    BENCH_STEP(bench, 0x66, 0x0f, 0x01, 0x4b, 0x20); /* with 16-bit operand size as well */
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 34), 0xfedcba98);
    BENCH_STEP(bench, 0x66, 0x0f, 0x01, 0x13); /* LGDT, 16-bit operand size */
    ck_assert_uint_eq(cpu->gdtr.limit, 0x1234);
    ck_assert_uint_eq(cpu->gdtr.base, 0x00dcba98);
    EXPECT_NO_FAULT(bench);

    expect_protected(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x01, 0x13);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    ck_assert_uint_eq(cpu->gdtr.base, BENCH_GDT);
    expect_protected(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x01, 0x03); /* SGDT is for everyone */
    EXPECT_NO_FAULT(bench);
    bench_v86(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x01, 0x17); /* LGDT [BX] */
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_free(bench);
}
END_TEST

START_TEST(a_table_register_is_stored_whole_or_not_at_all)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    bench->cpu.segments[DS].limit = BENCH_DATA + 4; /* room for the limit, not for the base */
    segment_derive(&bench->cpu.segments[DS]);
    bench->cpu.gpr[EBX] = BENCH_DATA;
    bench_write16(bench, BENCH_DATA, 0x5555);
    BENCH_STEP(bench, 0x0f, 0x01, 0x03); /* SGDT [EBX] */
    EXPECT_FAULT(bench, VECTOR_GP, 0, SEGMENT_LIMIT);
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA), 0x5555);
    bench_free(bench);
}
END_TEST

START_TEST(LMSW_sets_PE_and_never_clears_it)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = 0xffff;
    BENCH_STEP(bench, 0x0f, 0x01, 0xf0); /* LMSW AX */
    ck_assert_uint_eq(cpu->cr0, CR0_ET | CR0_PE | CR0_MP | CR0_EM | CR0_TS);
    cpu->gpr[EAX] = 0;
    BENCH_STEP(bench, 0x0f, 0x01, 0xf0);
    ck_assert_uint_eq(cpu->cr0, CR0_ET | CR0_PE);
    EXPECT_NO_FAULT(bench);
    expect_protected(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x01, 0xf0);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    expect_protected(bench, 3);
    cpu->cr0 |= CR0_WP;
    BENCH_STEP(bench, 0x0f, 0x01, 0xe1); /* SMSW ECX */
    ck_assert_uint_eq(cpu->gpr[ECX], CR0_PE | CR0_ET | CR0_NE | CR0_WP);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("segment_instructions",
           MOV_from_a_segment_register_is_a_word_in_memory_and_zero_extended_in_a_register,
           a_pushed_segment_register_leaves_the_upper_half_of_its_slot,
           a_faulting_POP_of_a_segment_register_leaves_ESP, far_pointers_are_loaded_whole_or_not_at_all,
           LAR_and_LSL_know_the_system_types_of_their_tables,
           LAR_asks_for_privilege_except_of_conforming_code,
           VERR_and_VERW_answer_for_readable_and_writable_segments,
           ARPL_raises_the_requested_privilege_and_says_so,
           questions_about_descriptors_are_undefined_in_real_and_virtual_8086_mode,
           LLDT_takes_a_present_LDT_of_the_GDT_or_null, LTR_takes_an_available_TSS_and_makes_it_busy,
           table_registers_take_24_or_32_bits_of_base_and_give_32,
           a_table_register_is_stored_whole_or_not_at_all, LMSW_sets_PE_and_never_clears_it)
