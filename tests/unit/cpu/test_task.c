/* Task switches: what is saved, loaded and marked, and in which task a fault is raised. */
#include "cpu/far.h"
#include "cpu/interrupt.h"
#include "cpu/iret.h"
#include "cpu/task.h"
#include "transfer_bench.h"
#include "unit/suite.h"

#define NEW      0x38 /* the new TSS's descriptor */
#define TASKGATE 0x40
#define SPARE    0x48

#define NEW_TSS   0x5000u
#define NEW_CODE  0x11000u
#define NEW_STACK 0xa000u

#define DIRECTORY     0x30000u
#define NEW_DIRECTORY 0x32000u

/* Offsets in a 32-bit TSS, SDM 3A figure 7-2 */
enum {
    LINK = 0,
    CR3 = 0x1c,
    EIP = 0x20,
    FLAGS = 0x24,
    REGISTERS = 0x28,
    SELECTORS = 0x48,
    LDT = 0x60,
    TRAP = 0x64
};

static void new_tss_describe(struct bench *bench, unsigned access, uint32_t limit)
{
    bench_gdt_set(bench, NEW, bench_descriptor(NEW_TSS, limit, (uint16_t)access));
}

/* A 32-bit TSS for a task in ring 0 (or 3), with registers 100h, 101h, .. */
static void new_tss_fill(struct bench *bench, unsigned cpl)
{
    new_tss_describe(bench, PRESENT | SYSTEM_TSS32_AVAILABLE, 0x67);
    bench_write32(bench, NEW_TSS + EIP, NEW_CODE);
    bench_write32(bench, NEW_TSS + FLAGS, EFLAGS_IF | EFLAGS_CF);
    for (unsigned i = 0; i < 8; i++)
        bench_write32(bench, NEW_TSS + REGISTERS + 4 * i, i == ESP ? NEW_STACK : 0x100 + i);
    for (unsigned i = 0; i < 6; i++)
        bench_write32(bench, NEW_TSS + SELECTORS + 4 * i, cpl == 3 ? BENCH_DATA3 : BENCH_DATA0);
    bench_write32(bench, NEW_TSS + SELECTORS + 4 * CS, cpl == 3 ? BENCH_CODE3 : BENCH_CODE0);
    bench_write32(bench, NEW_TSS + LDT, 0);
    bench_write32(bench, NEW_TSS + TRAP, 0x680000);
}

static struct bench *bench_with_task(unsigned cpl, unsigned new_cpl)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, cpl);
    new_tss_fill(bench, new_cpl);
    bench->cpu.next_eip = bench->cpu.eip + 7;
    return bench;
}

static uint8_t type_of(struct bench *bench, uint16_t selector)
{
    return bench_read8(bench, BENCH_GDT + selector + 5) & ACCESS_TYPE;
}

static void switch_refused(struct bench *bench, const struct task_switch *request, unsigned vector,
                           uint32_t error_code, enum fault_reason reason)
{
    struct picture *before = picture_take(bench);
    fault_is(task_switch(&bench->cpu, request), vector, error_code, reason);
    picture_compare(before);
}

START_TEST(a_jump_saves_the_dynamic_fields_and_loads_everything)
{
    struct bench *bench = bench_with_task(0, 3);
    struct cpu *cpu = &bench->cpu;
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[i] = i == ESP ? BENCH_STACK : 0x900 + i;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_ZF | EFLAGS_NT);
    cpu->dr7 = DR7_FIXED | 0x3ff;
    bench_write32(bench, BENCH_TSS + CR3, 0xabcdef00);
    bench_write16(bench, BENCH_TSS + LDT, 0x7777);
    BENCH_STEP(bench, 0xea, 0, 0, 0, 0, NEW, 0);

    ck_assert_uint_eq(bench_read32(bench, BENCH_TSS + EIP), BENCH_CODE + 7);
    ck_assert_uint_eq(bench_read32(bench, BENCH_TSS + FLAGS), EFLAGS_1 | EFLAGS_ZF | EFLAGS_NT);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(bench_read32(bench, BENCH_TSS + REGISTERS + 4 * i),
                          i == ESP ? BENCH_STACK : 0x900 + i);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(bench_read16(bench, BENCH_TSS + SELECTORS + 4 * i),
                          i == CS ? BENCH_CODE0 : BENCH_DATA0);
    ck_assert_uint_eq(bench_read32(bench, BENCH_TSS + CR3), 0xabcdef00); /* static fields stay */
    ck_assert_uint_eq(bench_read16(bench, BENCH_TSS + LDT), 0x7777);
    ck_assert_uint_eq(bench_read16(bench, BENCH_TSS + LINK), 0);

    ck_assert_uint_eq(cpu->eip, NEW_CODE);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_IF | EFLAGS_CF);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(cpu->gpr[i], i == ESP ? NEW_STACK : 0x100 + i);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(cpu->segments[i].selector, i == CS ? BENCH_CODE3 : BENCH_DATA3);
        ck_assert(cpu->segments[i].usable);
    }
    ck_assert_uint_eq(cpu->tr.selector, NEW);
    ck_assert_uint_eq(cpu->tr.base, NEW_TSS);
    ck_assert_uint_eq(cpu->tr.access & ACCESS_TYPE, SYSTEM_TSS32_BUSY);
    ck_assert(!cpu->ldtr.usable);
    ck_assert_uint_eq(cpu->cr0 & CR0_TS, CR0_TS);
    ck_assert_uint_eq(cpu->dr7, DR7_FIXED | 0x2aa); /* G0 to G3 and GE stay */
    bench_free(bench);
}
END_TEST

START_TEST(a_jump_moves_the_busy_bit_and_links_nothing)
{
    struct bench *bench = bench_with_task(0, 0);
    bench_write16(bench, NEW_TSS + LINK, 0x5555);
    BENCH_STEP(bench, 0xea, 0, 0, 0, 0, NEW, 0);
    ck_assert_uint_eq(type_of(bench, BENCH_TSS_SELECTOR), SYSTEM_TSS32_AVAILABLE);
    ck_assert_uint_eq(type_of(bench, NEW), SYSTEM_TSS32_BUSY);
    ck_assert_uint_eq(bench_read16(bench, NEW_TSS + LINK), 0x5555);
    ck_assert_uint_eq(bench->cpu.eflags & EFLAGS_NT, 0);
    bench_free(bench);
}
END_TEST

START_TEST(a_call_nests_and_iret_returns_with_nt_cleared_in_the_task_it_leaves)
{
    struct bench *bench = bench_with_task(0, 0);
    struct cpu *cpu = &bench->cpu;
    BENCH_STEP(bench, 0x9a, 0, 0, 0, 0, NEW, 0);
    ck_assert_uint_eq(type_of(bench, BENCH_TSS_SELECTOR), SYSTEM_TSS32_BUSY);
    ck_assert_uint_eq(type_of(bench, NEW), SYSTEM_TSS32_BUSY);
    ck_assert_uint_eq(bench_read16(bench, NEW_TSS + LINK), BENCH_TSS_SELECTOR);
    ck_assert_uint_eq(cpu->eflags & EFLAGS_NT, EFLAGS_NT);
    ck_assert_uint_eq(cpu->gpr[ESP], NEW_STACK);

    cpu->nmi_blocked = true;
    cpu->cr0 &= ~CR0_TS;
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 7);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK);
    ck_assert_uint_eq(cpu->tr.selector, BENCH_TSS_SELECTOR);
    ck_assert_uint_eq(type_of(bench, BENCH_TSS_SELECTOR), SYSTEM_TSS32_BUSY);
    ck_assert_uint_eq(type_of(bench, NEW), SYSTEM_TSS32_AVAILABLE);
    ck_assert_uint_eq(bench_read32(bench, NEW_TSS + FLAGS) & EFLAGS_NT, 0);
    ck_assert_uint_eq(bench_read32(bench, NEW_TSS + EIP), NEW_CODE + 1);
    ck_assert_uint_eq(bench_read16(bench, NEW_TSS + LINK), BENCH_TSS_SELECTOR);
    ck_assert_uint_eq(cpu->cr0 & CR0_TS, CR0_TS);
    ck_assert(!cpu->nmi_blocked);
    bench_free(bench);
}
END_TEST

START_TEST(a_task_gate_is_as_good_as_the_tss_and_its_own_dpl_counts)
{
    struct bench *bench = bench_with_task(3, 0);
    bench_gdt_set(bench, TASKGATE, bench_gate(NEW, 0, PRESENT | RING(3) | SYSTEM_TASK_GATE, 0));
    BENCH_STEP(bench, 0xea, 0, 0, 0, 0, TASKGATE | 3, 0);
    ck_assert_uint_eq(bench->cpu.eip, NEW_CODE);
    ck_assert_uint_eq(bench->cpu.cpl, 0);
    bench_free(bench);
}
END_TEST

START_TEST(a_16_bit_tss_holds_words)
{
    struct bench *bench = bench_with_task(0, 0);
    struct cpu *cpu = &bench->cpu;
    new_tss_describe(bench, PRESENT | SYSTEM_TSS16_AVAILABLE, 0x2b);
    bench_write16(bench, NEW_TSS + 0x0e, 0x1234);
    bench_write16(bench, NEW_TSS + 0x10, EFLAGS_CF);
    for (unsigned i = 0; i < 8; i++)
        bench_write16(bench, NEW_TSS + 0x12 + 2 * i, (uint16_t)(0x8800 + i));
    bench_write16(bench, NEW_TSS + 0x22, BENCH_DATA0);
    bench_write16(bench, NEW_TSS + 0x24, BENCH_CODE0);
    bench_write16(bench, NEW_TSS + 0x26, BENCH_DATA0);
    bench_write16(bench, NEW_TSS + 0x28, BENCH_DATA0);
    bench_write16(bench, NEW_TSS + 0x2a, BENCH_LDT_SELECTOR);
    BENCH_STEP(bench, 0x9a, 0, 0, 0, 0, NEW, 0);
    ck_assert_uint_eq(cpu->eip, 0x1234);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_CF | EFLAGS_NT);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(cpu->gpr[i] & 0xffff, 0x8800 + i);
    ck_assert_uint_eq(cpu->ldtr.selector, BENCH_LDT_SELECTOR);
    ck_assert_uint_eq(cpu->ldtr.base, BENCH_LDT);
    ck_assert(!cpu->segments[FS].usable && !cpu->segments[GS].usable);
    ck_assert_uint_eq(bench_read16(bench, NEW_TSS), BENCH_TSS_SELECTOR);

    cpu->gpr[EBX] = 0xaabbccdd;
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 7);
    ck_assert_uint_eq(bench_read16(bench, NEW_TSS + 0x0e), 0x1235);
    ck_assert_uint_eq(bench_read16(bench, NEW_TSS + 0x12 + 2 * EBX), 0xccdd);
    ck_assert_uint_eq(bench_read16(bench, NEW_TSS + 0x2a), BENCH_LDT_SELECTOR);
    ck_assert_uint_eq(type_of(bench, NEW), SYSTEM_TSS16_AVAILABLE);
    bench_free(bench);
}
END_TEST

START_TEST(what_is_wrong_with_the_tss_is_found_in_the_old_task)
{
    static const struct {
        uint16_t selector;
        unsigned access;
        uint32_t limit;
        uint8_t vector;
        uint16_t error_code;
        uint16_t reason;
    } rows[] = {
        {2, 0, 0, VECTOR_GP, 0, TASK_TSS_SELECTOR},
        {NEW | 4, PRESENT | SYSTEM_TSS32_AVAILABLE, 0x67, VECTOR_GP, NEW | 4, TASK_TSS_SELECTOR},
        {0x100, 0, 0, VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE},
        {NEW, SYSTEM_TSS32_BUSY, 0x66, VECTOR_GP, NEW, TASK_TSS_NOT_AVAILABLE},
        {NEW, SYSTEM_TSS16_BUSY, 0x66, VECTOR_GP, NEW, TASK_TSS_NOT_AVAILABLE},
        {NEW, SYSTEM_LDT, 0x66, VECTOR_GP, NEW, TASK_TSS_NOT_AVAILABLE},
        {NEW, SYSTEM_TSS32_AVAILABLE, 0x66, VECTOR_NP, NEW, TASK_TSS_NOT_PRESENT},
        {NEW, PRESENT | SYSTEM_TSS32_AVAILABLE, 0x66, VECTOR_TS, NEW, TASK_TSS_LIMIT},
        {NEW, PRESENT | SYSTEM_TSS16_AVAILABLE, 0x2a, VECTOR_TS, NEW, TASK_TSS_LIMIT},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (unsigned external = 0; external < 2; external++) {
            struct bench *bench = bench_with_task(0, 0);
            new_tss_describe(bench, rows[i].access, rows[i].limit);
            const struct task_switch request = {.source = external ? TASK_INTERRUPT : TASK_JUMP,
                                                .selector = rows[i].selector,
                                                .external = external};
            switch_refused(bench, &request, rows[i].vector, rows[i].error_code | external, rows[i].reason);
            bench_free(bench);
        }
    }
}
END_TEST

START_TEST(the_old_tss_must_hold_what_is_saved)
{
    struct bench *bench = bench_with_task(0, 0);
    bench->cpu.tr.limit = 0x5e;
    const struct task_switch request = {.source = TASK_JUMP, .selector = NEW};
    switch_refused(bench, &request, VECTOR_TS, BENCH_TSS_SELECTOR, TASK_OLD_TSS_LIMIT);
    bench->cpu.tr.limit = 0x5f;
    ck_assert_int_eq(task_switch(&bench->cpu, &request).reason, NO_FAULT);
    bench_free(bench);
}
END_TEST

/* Identity paging of 4 MiB from two directories that share their table. */
static void paging_on(struct bench *bench)
{
    bench_write32(bench, DIRECTORY, (DIRECTORY + 0x1000) | 7);
    bench_write32(bench, NEW_DIRECTORY, (DIRECTORY + 0x1000) | 7);
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, DIRECTORY + 0x1000 + 4 * page, page << 12 | 7);
    bench->cpu.cr3 = DIRECTORY;
    bench->cpu.cr0 |= CR0_PG | CR0_WP;
    cpu_restored(&bench->cpu);
}

static void page_set(struct bench *bench, uint32_t linear, unsigned bits)
{
    bench_write32(bench, DIRECTORY + 0x1000 + 4 * (linear >> 12), (linear & ~0xfffu) | bits);
    mmu_flush(&bench->cpu.mmu, false);
}

START_TEST(cr3_is_loaded_from_a_32_bit_tss_when_paging_is_on)
{
    for (unsigned paging = 0; paging < 2; paging++) {
        struct bench *bench = bench_with_task(0, 0);
        if (paging)
            paging_on(bench);
        bench_write32(bench, NEW_TSS + CR3, NEW_DIRECTORY);
        const struct task_switch request = {.source = TASK_JUMP, .selector = NEW};
        ck_assert_int_eq(task_switch(&bench->cpu, &request).reason, NO_FAULT);
        ck_assert_uint_eq(bench->cpu.cr3, paging ? NEW_DIRECTORY : 0);
        ck_assert_uint_eq(bench->cpu.mmu.paging.cr3, bench->cpu.cr3);
        bench_free(bench);
    }
}
END_TEST

START_TEST(pages_of_both_tsss_and_of_the_gdt_are_tried_before_anything_is_written)
{
    static const struct {
        uint32_t page;
        unsigned bits;
        enum task_switch_source source;
        uint32_t error_code;
        uint32_t address;
    } rows[] = {
        {BENCH_TSS, 1, TASK_JUMP, PF_P | PF_WR, BENCH_TSS + EIP}, /* read-only: CR0.WP counts */
        {BENCH_TSS, 0, TASK_CALL, PF_WR, BENCH_TSS + EIP},
        {NEW_TSS, 1, TASK_CALL, PF_P | PF_WR, NEW_TSS + LINK},
        {NEW_TSS, 0, TASK_JUMP, 0, NEW_TSS + EIP},
        {BENCH_GDT, 1, TASK_JUMP, PF_P | PF_WR, BENCH_GDT + BENCH_TSS_SELECTOR + 5},
        {BENCH_GDT, 1, TASK_CALL, PF_P | PF_WR, BENCH_GDT + NEW + 5},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct bench *bench = bench_with_task(0, 0);
        paging_on(bench);
        bench_write32(bench, NEW_TSS + CR3, DIRECTORY);
        page_set(bench, rows[i].page, rows[i].bits);
        const struct task_switch request = {.source = rows[i].source, .selector = NEW};
        struct picture *before = picture_take(bench);
        struct fault fault = task_switch(&bench->cpu, &request);
        ck_assert_uint_eq(fault.vector, VECTOR_PF);
        ck_assert_uint_eq(fault.error_code, rows[i].error_code);
        ck_assert_uint_eq(fault.address, rows[i].address);
        memcpy(before->ram + DIRECTORY, bench->memory.ram + DIRECTORY, 0x2000); /* accessed and dirty bits */
        picture_compare(before);
        bench_free(bench);
    }
}
END_TEST

START_TEST(reserved_bits_of_the_new_pdptes_stop_the_switch)
{
    struct bench *bench = bench_with_task(0, 0);
    struct cpu *cpu = &bench->cpu;
    bench_write32(bench, DIRECTORY, (DIRECTORY + 0x1000) | 1); /* one PDPTE, one 2 MiB page */
    bench_write32(bench, DIRECTORY + 0x1000, 0xe3);
    bench_write32(bench, NEW_DIRECTORY, (DIRECTORY + 0x1000) | 3); /* bit 1 is reserved */
    cpu->cr4 |= CR4_PAE;
    cpu->cr3 = DIRECTORY;
    cpu->cr0 |= CR0_PG;
    cpu->mmu.paging.pdpte[0] = (DIRECTORY + 0x1000) | 1;
    cpu_restored(cpu);
    bench_write32(bench, NEW_TSS + CR3, NEW_DIRECTORY);
    const struct task_switch request = {.source = TASK_JUMP, .selector = NEW};
    switch_refused(bench, &request, VECTOR_GP, 0, PDPTE_RESERVED_BIT);
    bench_write32(bench, NEW_DIRECTORY, (DIRECTORY + 0x1000) | 1);
    ck_assert_int_eq(task_switch(cpu, &request).reason, NO_FAULT);
    ck_assert_uint_eq(cpu->cr3, NEW_DIRECTORY);
    bench_free(bench);
}
END_TEST

/* A selector field of the new TSS, what stands at SPARE, and the fault in the new task (at CPL 3). */
START_TEST(bad_selectors_are_faults_of_the_new_task)
{
    static const struct {
        unsigned field;
        uint16_t selector;
        unsigned access;
        uint8_t vector;
        uint16_t error_code;
        uint16_t reason;
    } rows[] = {
        {LDT, SPARE | 4, PRESENT | SYSTEM_LDT, VECTOR_TS, SPARE | 4, TASK_LDT},
        {LDT, 0x100, 0, VECTOR_TS, 0x100, SELECTOR_BEYOND_TABLE},
        {LDT, SPARE, PRESENT | SYSTEM_TSS32_AVAILABLE, VECTOR_TS, SPARE, TASK_LDT},
        {LDT, SPARE, SYSTEM_LDT, VECTOR_TS, SPARE, TASK_LDT_NOT_PRESENT},
        {SELECTORS + 4 * CS, 3, 0, VECTOR_TS, 0, TASK_CS_NULL},
        {SELECTORS + 4 * CS, 0x103, 0, VECTOR_TS, 0x100, SELECTOR_BEYOND_TABLE},
        {SELECTORS + 4 * CS, SPARE | 3, PRESENT | DATA | RING(3), VECTOR_TS, SPARE, TASK_CS_TYPE},
        {SELECTORS + 4 * CS, SPARE | 3, CODE | RING(2), VECTOR_TS, SPARE, TASK_CS_DPL},
        {SELECTORS + 4 * CS, SPARE | 3, CODE | RING(3), VECTOR_NP, SPARE, TASK_CS_NOT_PRESENT},
        {SELECTORS + 4 * SS, 3, 0, VECTOR_TS, 0, TASK_SS_NULL},
        {SELECTORS + 4 * SS, 0x103, 0, VECTOR_TS, 0x100, SELECTOR_BEYOND_TABLE},
        {SELECTORS + 4 * SS, SPARE | 3, CODE | RING(3), VECTOR_TS, SPARE, TASK_SS_TYPE},
        {SELECTORS + 4 * SS, SPARE | 3, DATA | RING(2), VECTOR_SS, SPARE, TASK_SS_NOT_PRESENT},
        {SELECTORS + 4 * SS, SPARE | 3, PRESENT | DATA | RING(2), VECTOR_TS, SPARE, TASK_SS_DPL},
        {SELECTORS + 4 * SS, SPARE | 2, PRESENT | DATA | RING(3), VECTOR_TS, SPARE, TASK_SS_RPL},
        {SELECTORS + 4 * DS, 0x103, 0, VECTOR_TS, 0x100, SELECTOR_BEYOND_TABLE},
        {SELECTORS + 4 * ES, SPARE | 3, (CODE & ~ACCESS_READABLE) | RING(3), VECTOR_TS, SPARE,
         TASK_DATA_TYPE},
        {SELECTORS + 4 * FS, SPARE | 3, DATA | RING(2), VECTOR_NP, SPARE, TASK_DATA_NOT_PRESENT},
        {SELECTORS + 4 * GS, SPARE | 3, PRESENT | DATA | RING(2), VECTOR_TS, SPARE, TASK_DATA_DPL},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (unsigned external = 0; external < 2; external++) {
            struct bench *bench = bench_with_task(0, 3);
            struct cpu *cpu = &bench->cpu;
            bench_gdt_set(bench, SPARE, bench_descriptor(0, 0xffff, rows[i].access & ~ACCESS_G));
            bench_write16(bench, NEW_TSS + rows[i].field, rows[i].selector);
            const struct task_switch request = {
                .source = external ? TASK_INTERRUPT : TASK_CALL, .selector = NEW, .external = external};
            fault_is(task_switch(cpu, &request), rows[i].vector, rows[i].error_code | external,
                     rows[i].reason);
            ck_assert_uint_eq(cpu->tr.selector, NEW);
            ck_assert_uint_eq(cpu->eip, NEW_CODE);
            ck_assert_uint_eq(cpu->gpr[EBX], 0x103);
            ck_assert_uint_eq(cpu->cpl, 3);
            ck_assert_uint_eq(type_of(bench, NEW), SYSTEM_TSS32_BUSY);
            bench_free(bench);
        }
    }
}
END_TEST

START_TEST(ldtr_is_loaded_before_the_segments_that_live_in_it)
{
    struct bench *bench = bench_with_task(0, 0);
    struct cpu *cpu = &bench->cpu;
    uint64_t data = bench_descriptor(0x1000, 0xffff, (PRESENT | DATA) & ~ACCESS_G);
    bench_write(bench, BENCH_LDT + 8, &data, sizeof data);
    bench_write16(bench, NEW_TSS + LDT, BENCH_LDT_SELECTOR);
    bench_write16(bench, NEW_TSS + SELECTORS + 4 * SS, 8 | 4);
    gdt_segment_set(bench, SPARE, 0xffffffff, PRESENT | DATA);
    bench_write16(bench, NEW_TSS + SELECTORS + 4 * DS, SPARE);
    const struct task_switch request = {.source = TASK_JUMP, .selector = NEW};
    ck_assert_int_eq(task_switch(cpu, &request).reason, NO_FAULT);
    ck_assert_uint_eq(cpu->segments[SS].base, 0x1000);
    ck_assert_uint_eq(bench_read8(bench, BENCH_LDT + 8 + 5) & 1, 1);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SPARE + 5) & 1, 1);
    ck_assert_uint_eq(cpu->segments[DS].access & ACCESS_ACCESSED, 1);
    bench_free(bench);
}
END_TEST

START_TEST(an_entry_point_beyond_the_code_limit_is_a_fault_of_the_new_task)
{
    struct bench *bench = bench_with_task(0, 0);
    bench_gdt_set(bench, SPARE, bench_descriptor(0, NEW_CODE - 1, (PRESENT | CODE) & ~ACCESS_G));
    bench_write16(bench, NEW_TSS + SELECTORS + 4 * CS, SPARE);
    BENCH_STEP(bench, 0xea, 0, 0, 0, 0, NEW, 0);
    fault_is(bench_fault(bench), VECTOR_GP, 0, CODE_LIMIT);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_GP);
    ck_assert_uint_eq(bench_read32(bench, NEW_STACK - 12), NEW_CODE);
    ck_assert_uint_eq(bench_read32(bench, NEW_STACK - 8), SPARE);
    bench_free(bench);
}
END_TEST

START_TEST(a_task_gate_for_a_fault_pushes_the_error_code_by_the_new_tsss_width)
{
    struct bench *bench = bench_with_task(3, 0);
    struct cpu *cpu = &bench->cpu;
    bench_idt_set(bench, VECTOR_GP, bench_gate(NEW, 0, PRESENT | SYSTEM_TASK_GATE, 0));
    struct fault fault = fault_gp(0xabc8, IOPL_TOO_LOW);
    exception_deliver(cpu, &fault);
    ck_assert_uint_eq(cpu->eip, NEW_CODE);
    ck_assert_uint_eq(cpu->gpr[ESP], NEW_STACK - 4);
    ck_assert_uint_eq(bench_read32(bench, NEW_STACK - 4), 0xabc8);
    ck_assert_uint_eq(bench_read32(bench, BENCH_TSS + EIP), BENCH_CODE);
    ck_assert_uint_eq(bench_read32(bench, BENCH_TSS + FLAGS), EFLAGS_1 | EFLAGS_RF); /* a fault */
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_IF | EFLAGS_CF | EFLAGS_NT);
    bench_free(bench);

    bench = bench_with_task(3, 0);
    new_tss_describe(bench, PRESENT | SYSTEM_TSS16_AVAILABLE, 0x2b);
    bench_write16(bench, NEW_TSS + 0x12 + 2 * ESP, 0x7000);
    bench_write16(bench, NEW_TSS + 0x24, BENCH_CODE0);
    bench_write16(bench, NEW_TSS + 0x26, BENCH_DATA0);
    bench_write16(bench, NEW_TSS + 0x22, 0);
    bench_write16(bench, NEW_TSS + 0x28, 0);
    bench_write16(bench, NEW_TSS + 0x2a, 0);
    gdt_segment_set(bench, SPARE, 0xffff, (PRESENT | DATA) & SMALL);
    bench_write16(bench, NEW_TSS + 0x26, SPARE);
    bench_idt_set(bench, VECTOR_GP, bench_gate(NEW, 0, PRESENT | SYSTEM_TASK_GATE, 0));
    exception_deliver(&bench->cpu, &fault);
    ck_assert_uint_eq(bench->cpu.gpr[ESP] & 0xffff, 0x6ffe);
    ck_assert_uint_eq(bench_read16(bench, 0x6ffe), 0xabc8);
    bench_free(bench);
}
END_TEST

START_TEST(no_room_for_the_error_code_is_a_stack_fault_of_the_new_task)
{
    struct bench *bench = bench_with_task(0, 0);
    gdt_segment_set(bench, SPARE, NEW_STACK - 2, (PRESENT | DATA) & ~ACCESS_G);
    bench_write16(bench, NEW_TSS + SELECTORS + 4 * SS, SPARE);
    const struct task_switch request = {
        .source = TASK_INTERRUPT, .selector = NEW, .external = true, .has_error_code = true};
    fault_is(task_switch(&bench->cpu, &request), VECTOR_SS, 1, SEGMENT_LIMIT);
    ck_assert_uint_eq(bench->cpu.tr.selector, NEW);
    bench_free(bench);
}
END_TEST

START_TEST(a_double_fault_task_gets_a_clean_state)
{
    struct bench *bench = bench_with_task(0, 0);
    struct cpu *cpu = &bench->cpu;
    cpu->gpr[ESP] = 0x100;
    cpu->segments[SS].limit = 0x10; /* no stack left: every interrupt gate fails */
    segment_derive(&cpu->segments[SS]);
    bench_idt_set(bench, VECTOR_DF, bench_gate(NEW, 0, PRESENT | SYSTEM_TASK_GATE, 0));
    struct fault fault = fault_gp(0, IOPL_TOO_LOW);
    exception_deliver(cpu, &fault);
    ck_assert_uint_eq(cpu->activity, ACTIVE);
    ck_assert_uint_eq(cpu->tr.selector, NEW);
    ck_assert_uint_eq(cpu->gpr[ESP], NEW_STACK - 4);
    ck_assert_uint_eq(bench_read32(bench, NEW_STACK - 4), 0);
    ck_assert_uint_eq(bench_read32(bench, BENCH_TSS + FLAGS) & EFLAGS_RF, 0); /* #DF is an abort */
    bench_free(bench);
}
END_TEST

START_TEST(the_t_bit_is_a_debug_trap_before_the_first_instruction)
{
    struct bench *bench = bench_with_task(0, 0);
    bench_write16(bench, NEW_TSS + TRAP, 1);
    BENCH_STEP(bench, 0xea, 0, 0, 0, 0, NEW, 0);
    ck_assert_uint_eq(bench->cpu.eip, NEW_CODE);
    bench_run(bench, 1);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_DB);
    ck_assert_uint_eq(bench->cpu.dr6, DR6_FIXED | DR6_BT);
    ck_assert_uint_eq(bench_read32(bench, NEW_STACK - 12), NEW_CODE);
    ck_assert_uint_eq(bench_read32(bench, NEW_STACK - 4), EFLAGS_1 | EFLAGS_IF | EFLAGS_CF);
    bench_free(bench);
}
END_TEST

START_TEST(vm_in_the_new_eflags_makes_a_virtual_8086_task)
{
    struct bench *bench = bench_with_task(0, 0);
    struct cpu *cpu = &bench->cpu;
    bench_write32(bench, NEW_TSS + FLAGS, EFLAGS_VM | EFLAGS_IOPL);
    bench_write32(bench, NEW_TSS + EIP, 0x123);
    for (unsigned i = 0; i < 6; i++)
        bench_write16(bench, NEW_TSS + SELECTORS + 4 * i, (uint16_t)(0x1000 + i));
    BENCH_STEP(bench, 0xea, 0, 0, 0, 0, NEW, 0);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VM | EFLAGS_IOPL);
    ck_assert_uint_eq(cpu->eip, 0x123);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(cpu->segments[i].base, (0x1000 + i) << 4);
        ck_assert_uint_eq(cpu->segments[i].limit, 0xffff);
    }
    bench_free(bench);
}
END_TEST

START_TEST(an_iret_may_lead_back_to_the_task_it_leaves)
{
    struct bench *bench = bench_with_task(0, 0);
    struct cpu *cpu = &bench->cpu;
    bench_write16(bench, BENCH_TSS + LINK, BENCH_TSS_SELECTOR);
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_NT);
    cpu->gpr[EBX] = 0x777;
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 1);
    ck_assert_uint_eq(cpu->gpr[EBX], 0x777);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1);
    bench_free(bench);
}
END_TEST

START_TEST(ring_stacks_come_from_either_tss)
{
    struct bench *bench = bench_with_task(3, 0);
    struct cpu *cpu = &bench->cpu;
    uint16_t ss;
    uint32_t esp;
    for (unsigned i = 0; i < 12; i++)
        bench_write16(bench, BENCH_TSS + 2 * i, (uint16_t)(0x100 + i));
    ck_assert_int_eq(task_inner_stack(cpu, 1, 0, &ss, &esp).reason, NO_FAULT);
    ck_assert_uint_eq(esp, 0x01070106);
    ck_assert_uint_eq(ss, 0x108);
    cpu->tr.access = PRESENT | SYSTEM_TSS16_BUSY;
    ck_assert_int_eq(task_inner_stack(cpu, 2, 0, &ss, &esp).reason, NO_FAULT);
    ck_assert_uint_eq(esp, 0x105);
    ck_assert_uint_eq(ss, 0x106);
    cpu->tr.limit = 12;
    fault_is(task_inner_stack(cpu, 2, 1, &ss, &esp), VECTOR_TS, BENCH_TSS_SELECTOR | 1,
             INNER_STACK_TSS_LIMIT);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("task", a_jump_saves_the_dynamic_fields_and_loads_everything,
           a_jump_moves_the_busy_bit_and_links_nothing,
           a_call_nests_and_iret_returns_with_nt_cleared_in_the_task_it_leaves,
           a_task_gate_is_as_good_as_the_tss_and_its_own_dpl_counts, a_16_bit_tss_holds_words,
           what_is_wrong_with_the_tss_is_found_in_the_old_task, the_old_tss_must_hold_what_is_saved,
           cr3_is_loaded_from_a_32_bit_tss_when_paging_is_on,
           pages_of_both_tsss_and_of_the_gdt_are_tried_before_anything_is_written,
           reserved_bits_of_the_new_pdptes_stop_the_switch, bad_selectors_are_faults_of_the_new_task,
           ldtr_is_loaded_before_the_segments_that_live_in_it,
           an_entry_point_beyond_the_code_limit_is_a_fault_of_the_new_task,
           a_task_gate_for_a_fault_pushes_the_error_code_by_the_new_tsss_width,
           no_room_for_the_error_code_is_a_stack_fault_of_the_new_task,
           a_double_fault_task_gets_a_clean_state, the_t_bit_is_a_debug_trap_before_the_first_instruction,
           vm_in_the_new_eflags_makes_a_virtual_8086_task, an_iret_may_lead_back_to_the_task_it_leaves,
           ring_stacks_come_from_either_tss)
