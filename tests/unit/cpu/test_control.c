/* Writing control registers: what is reserved, what faults, what is flushed and reloaded (SDM 3A 2.5, 4.4.1). */
#include "cpu/control.h"

#include "expect.h"

#define TABLES 0x100000u /* page tables of the tests */

static void check_fault(struct fault fault, enum fault_reason reason)
{
    ck_assert_msg(fault.reason == reason, "\"%s\" instead of \"%s\"", fault_reason_words(fault.reason),
                  fault_reason_words(reason));
    ck_assert_uint_eq(fault.vector, reason == NO_FAULT ? 0 : VECTOR_GP);
    ck_assert_uint_eq(fault.error_code, 0);
}

START_TEST(impossible_combinations_of_CR0_fault_and_change_nothing)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    check_fault(cr0_write(cpu, CR0_PG), CR0_PG_WITHOUT_PE);
    check_fault(cr0_write(cpu, CR0_PE | CR0_NW), CR0_NW_WITHOUT_CD);
    ck_assert_uint_eq(cpu->cr0, CR0_ET);
    check_fault(cr0_write(cpu, CR0_CD | CR0_NW), NO_FAULT);
    ck_assert_uint_eq(cpu->cr0, CR0_ET | CR0_CD | CR0_NW);
    check_fault(cr0_write(cpu, CR0_PE | CR0_PG | CR0_CD), NO_FAULT);
    ck_assert_uint_eq(cpu->cr0, CR0_ET | CR0_CD | CR0_PE | CR0_PG);
    /* Leaving protected mode with paging on is the same impossible combination. */
    check_fault(cr0_write(cpu, CR0_PG), CR0_PG_WITHOUT_PE);
    bench_free(bench);
}
END_TEST

START_TEST(reserved_bits_of_CR0_are_ignored_and_ET_is_wired)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    check_fault(cr0_write(&bench->cpu, 0x5ffaffefu & ~(CR0_NW | CR0_PG)), NO_FAULT);
    ck_assert_uint_eq(bench->cpu.cr0, CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_CD);
    bench_free(bench);
}
END_TEST

START_TEST(the_386_has_no_NE_WP_AM_NW_CD_and_a_writable_ET)
{
    struct bench *bench = bench_new("386");
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    check_fault(cr0_write(cpu, ~(CR0_PG | CR0_ET)), NO_FAULT);
    ck_assert_uint_eq(cpu->cr0, CR0_PE | CR0_MP | CR0_EM | CR0_TS);
    check_fault(cr0_write(cpu, CR0_PE | CR0_ET), NO_FAULT);
    ck_assert_uint_eq(cpu->cr0, CR0_PE | CR0_ET);
    check_fault(cr0_write(cpu, CR0_PG), CR0_PG_WITHOUT_PE);
    bench_free(bench);
}
END_TEST

START_TEST(CR4_has_the_bits_of_its_model)
{
    static const struct {
        const char *model;
        uint32_t has, lacks;
    } cases[] = {
        {"pentium", CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_MCE, CR4_PAE | CR4_PGE | CR4_PCE},
        {"pentium2", CR4_PAE | CR4_PGE | CR4_PCE | CR4_OSFXSR, CR4_OSXMMEXCPT},
        {"pentium3", CR4_OSFXSR | CR4_OSXMMEXCPT, 0x800},
        {"core-duo", 0x7ff, 0x2000},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench *bench = bench_new(cases[i].model);
        bench_real(bench);
        for (unsigned bit = 0; bit < 32; bit++) {
            if (cases[i].has >> bit & 1)
                check_fault(cr4_write(&bench->cpu, 1u << bit), NO_FAULT);
            if (cases[i].lacks >> bit & 1)
                check_fault(cr4_write(&bench->cpu, 1u << bit), CR4_RESERVED_BIT);
        }
        check_fault(cr4_write(&bench->cpu, 0x80000000u), CR4_RESERVED_BIT);
        bench_free(bench);
    }
}
END_TEST

START_TEST(processors_before_the_Pentium_have_no_CR4)
{
    struct bench *bench = bench_new("486");
    bench_real(bench);
    BENCH_STEP(bench, 0x0f, 0x20, 0xe0); /* MOV EAX, CR4 */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    bench_free(bench);
    bench = bench_new("386");
    bench_real(bench);
    BENCH_STEP(bench, 0x0f, 0x20, 0xe0);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    bench_free(bench);
}
END_TEST

START_TEST(control_registers_1_5_6_7_are_undefined_and_the_others_privileged)
{
    static const uint8_t undefined[] = {1, 5, 6, 7};
    static const uint8_t defined[] = {0, 2, 3, 4};
    struct bench *bench = bench_new(NULL);
    for (unsigned direction = 0x20; direction <= 0x22; direction += 2) {
        for (unsigned i = 0; i < 4; i++) {
            uint8_t code[] = {0x0f, (uint8_t)direction, (uint8_t)(0xc0 | undefined[i] << 3)};
            expect_protected(bench, 3); /* #UD comes before the privilege */
            bench_code(bench, code, sizeof code);
            bench_run(bench, 1);
            ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);

            code[2] = (uint8_t)(0xc0 | defined[i] << 3);
            expect_protected(bench, 3);
            bench_code(bench, code, sizeof code);
            bench_run(bench, 1);
            EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);

            bench_v86(bench, 3);
            bench_code(bench, code, sizeof code);
            bench_run(bench, 1);
            EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
        }
    }
    bench_free(bench);
}
END_TEST

START_TEST(MOV_of_control_registers_ignores_mod_and_operand_size)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[ECX] = 0x12345678;
    BENCH_STEP(bench, 0x66, 0x0f, 0x22, 0x11); /* MOV CR2, ECX with mod = 0 */
    ck_assert_uint_eq(cpu->cr2, 0x12345678);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 4);
    BENCH_STEP(bench, 0x0f, 0x20, 0xd7); /* MOV EDI, CR2 */
    ck_assert_uint_eq(cpu->gpr[EDI], 0x12345678);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

/* PAE tables that map the first 4 MiB onto themselves. */
static void write_pae_tables(struct bench *bench)
{
    bench_write32(bench, TABLES, (TABLES + 0x1000) | 1);
    for (unsigned i = 1; i < 8; i++)
        bench_write32(bench, TABLES + i * 4, 0);
    for (unsigned i = 0; i < 2; i++) {
        bench_write32(bench, TABLES + 0x1000 + i * 8, i << 21 | 0x83);
        bench_write32(bench, TABLES + 0x1004 + i * 8, 0);
    }
}

START_TEST(PDPTEs_are_read_when_CR3_is_loaded_and_not_again)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    write_pae_tables(bench);
    check_fault(cr4_write(cpu, CR4_PAE), NO_FAULT);
    check_fault(cr3_write(cpu, TABLES), NO_FAULT);
    ck_assert_uint_eq(cpu->mmu.paging.pdpte[0], 0);
    check_fault(cr0_write(cpu, cpu->cr0 | CR0_PG), NO_FAULT);
    ck_assert_uint_eq(cpu->mmu.paging.pdpte[0], (TABLES + 0x1000) | 1);

    bench_write32(bench, TABLES, 0); /* memory alone changes nothing */
    BENCH_STEP(bench, 0xa1, 0x00, 0x00, 0x02, 0x00);
    EXPECT_NO_FAULT(bench);

    /* A reserved bit in a present entry: #GP(0), and the old entries stay. */
    bench_write32(bench, TABLES, (TABLES + 0x1000) | 3);
    check_fault(cr3_write(cpu, TABLES), PDPTE_RESERVED_BIT);
    check_fault(cr4_write(cpu, CR4_PAE | CR4_PGE), PDPTE_RESERVED_BIT);
    ck_assert_uint_eq(cpu->cr4, CR4_PAE);
    check_fault(cr0_write(cpu, cpu->cr0 | CR0_CD), PDPTE_RESERVED_BIT);
    ck_assert_uint_eq(cpu->mmu.paging.pdpte[0], (TABLES + 0x1000) | 1);
    /* What does not touch paging does not read them. */
    check_fault(cr4_write(cpu, CR4_PAE | CR4_TSD), NO_FAULT);
    check_fault(cr0_write(cpu, cpu->cr0 | CR0_TS), NO_FAULT);
    bench_free(bench);
}
END_TEST

/* 32-bit tables that map the first 4 MiB onto themselves; returns the address of a linear page's entry. */
static uint32_t write_tables(struct bench *bench, uint32_t linear)
{
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, TABLES + 0x1000 + page * 4, page << 12 | 3);
    bench_write32(bench, TABLES, (TABLES + 0x1000) | 3);
    return TABLES + 0x1000 + (linear >> 12) * 4;
}

static uint32_t load_dword(struct bench *bench)
{
    BENCH_STEP(bench, 0xa1, 0x00, 0x00, 0x02, 0x00); /* MOV EAX, [20000h] = BENCH_DATA */
    EXPECT_NO_FAULT(bench);
    return bench->cpu.gpr[EAX];
}

START_TEST(loading_CR3_keeps_global_translations_and_CR4_PGE_drops_them)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    uint32_t entry = write_tables(bench, BENCH_DATA);
    bench_write32(bench, BENCH_DATA, 1);
    bench_write32(bench, 0x30000, 2);
    bench_write32(bench, entry, BENCH_DATA | 0x103);
    check_fault(cr3_write(cpu, TABLES), NO_FAULT);
    check_fault(cr4_write(cpu, CR4_PGE), NO_FAULT);
    check_fault(cr0_write(cpu, cpu->cr0 | CR0_PG), NO_FAULT);
    ck_assert_uint_eq(load_dword(bench), 1);

    bench_write32(bench, entry, 0x30000 | 0x103);
    check_fault(cr3_write(cpu, TABLES), NO_FAULT);
    ck_assert_uint_eq(load_dword(bench), 1);
    check_fault(cr4_write(cpu, 0), NO_FAULT);
    ck_assert_uint_eq(load_dword(bench), 2);

    bench_write32(bench, entry, BENCH_DATA | 3);
    check_fault(cr3_write(cpu, TABLES), NO_FAULT);
    ck_assert_uint_eq(load_dword(bench), 1);
    bench_free(bench);
}
END_TEST

START_TEST(INVLPG_forgets_one_page_without_looking_at_segments)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    uint32_t entry = write_tables(bench, BENCH_DATA);
    bench_write32(bench, BENCH_DATA, 1);
    bench_write32(bench, 0x30000, 2);
    check_fault(cr3_write(cpu, TABLES), NO_FAULT);
    check_fault(cr0_write(cpu, cpu->cr0 | CR0_PG), NO_FAULT);
    ck_assert_uint_eq(load_dword(bench), 1);
    bench_write32(bench, entry, 0x30000 | 3);
    cpu->segments[ES] = segment_null(0);
    cpu->gpr[EBX] = BENCH_DATA + 0x123;
    BENCH_STEP(bench, 0x26, 0x0f, 0x01, 0x3b); /* INVLPG ES:[EBX] */
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(load_dword(bench), 2);

    BENCH_STEP(bench, 0x0f, 0x01, 0xfb); /* a register is no address */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    expect_protected(bench, 3);
    BENCH_STEP(bench, 0x0f, 0x01, 0x3b);
    EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
    bench_free(bench);
}
END_TEST

START_TEST(write_protection_holds_from_the_moment_WP_is_set)
{
    struct bench *bench = bench_new(NULL);
    expect_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    uint32_t entry = write_tables(bench, BENCH_DATA);
    bench_write32(bench, entry, BENCH_DATA | 1);
    check_fault(cr3_write(cpu, TABLES), NO_FAULT);
    check_fault(cr0_write(cpu, cpu->cr0 | CR0_PG), NO_FAULT);
    BENCH_STEP(bench, 0xa3, 0x00, 0x00, 0x02, 0x00); /* MOV [20000h], EAX */
    EXPECT_NO_FAULT(bench);
    check_fault(cr0_write(cpu, cpu->cr0 | CR0_WP), NO_FAULT);
    BENCH_STEP(bench, 0xa3, 0x00, 0x00, 0x02, 0x00);
    EXPECT_FAULT(bench, VECTOR_PF, PF_P | PF_WR, PAGE_NOT_WRITABLE);
    bench_free(bench);
}
END_TEST

START_TEST(protected_mode_is_entered_with_the_old_segments_and_left_again)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[EAX] = CR0_PE;
    BENCH_STEP(bench, 0x0f, 0x22, 0xc0, 0x90);
    ck_assert(cpu_is_protected(cpu));
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE >> 4);
    bench_run(bench, 1); /* the NOP still comes from there */
    ck_assert_uint_eq(cpu->eip, 4);
    cpu->gpr[EAX] = 0;
    BENCH_STEP(bench, 0x0f, 0x22, 0xc0);
    ck_assert(!cpu_is_protected(cpu));
    ck_assert_uint_eq(cpu->segments[CS].base, BENCH_CODE);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(CLTS_HLT_and_the_cache_instructions_need_CPL_0)
{
    static const uint8_t codes[][2] = {{0x0f, 0x06}, {0xf4, 0x90}, {0x0f, 0x08}, {0x0f, 0x09}};
    struct bench *bench = bench_new(NULL);
    for (unsigned i = 0; i < ARRAY_LENGTH(codes); i++) {
        expect_protected(bench, 3);
        bench_code(bench, codes[i], 2);
        bench_run(bench, 1);
        EXPECT_FAULT(bench, VECTOR_GP, 0, NOT_CPL0);
        expect_protected(bench, 0);
        bench->cpu.cr0 |= CR0_TS;
        bench_code(bench, codes[i], 2);
        bench_run(bench, 1);
        EXPECT_NO_FAULT(bench);
        ck_assert_int_eq(bench->cpu.activity, i == 1 ? HALTED : ACTIVE);
        ck_assert_int_eq((bench->cpu.cr0 & CR0_TS) != 0, i != 0);
    }
    bench_free(bench);
}
END_TEST

UNIT_SUITE("control", impossible_combinations_of_CR0_fault_and_change_nothing,
           reserved_bits_of_CR0_are_ignored_and_ET_is_wired, the_386_has_no_NE_WP_AM_NW_CD_and_a_writable_ET,
           CR4_has_the_bits_of_its_model, processors_before_the_Pentium_have_no_CR4,
           control_registers_1_5_6_7_are_undefined_and_the_others_privileged,
           MOV_of_control_registers_ignores_mod_and_operand_size,
           PDPTEs_are_read_when_CR3_is_loaded_and_not_again,
           loading_CR3_keeps_global_translations_and_CR4_PGE_drops_them,
           INVLPG_forgets_one_page_without_looking_at_segments,
           write_protection_holds_from_the_moment_WP_is_set,
           protected_mode_is_entered_with_the_old_segments_and_left_again,
           CLTS_HLT_and_the_cache_instructions_need_CPL_0)
