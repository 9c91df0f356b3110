/* Delivery of interrupts and exceptions: frames, checks and their order, and what follows from a second fault. */
#include "cpu/interrupt.h"
#include "transfer_bench.h"
#include "unit/suite.h"

#define SPARE      0x38 /* a free GDT entry */
#define SPARE2     0x40
#define GATE_VALID (PRESENT | RING(3))

static const uint32_t FRAME0 = BENCH_STACK0;

static struct event software(uint8_t vector, const struct cpu *cpu)
{
    return (struct event){
        .vector = vector, .source = EVENT_SOFTWARE, .return_eip = cpu->eip + 2, .eflags_image = cpu->eflags};
}

START_TEST(real_mode_pushes_three_words_and_masks_interrupts)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_IF | EFLAGS_AC | EFLAGS_CF | EFLAGS_NT);
    bench_write32(bench, 0x21 * 4, 0x12345678);
    BENCH_STEP(bench, 0xcd, 0x21);
    ck_assert_uint_eq(cpu->segments[CS].selector, 0x1234);
    ck_assert_uint_eq(cpu->segments[CS].base, 0x12340);
    ck_assert_uint_eq(cpu->eip, 0x5678);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 6);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 2), EFLAGS_1 | EFLAGS_IF | EFLAGS_CF | EFLAGS_NT);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 4), BENCH_CODE >> 4);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 6), 2);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_CF | EFLAGS_NT);
    bench_free(bench);
}
END_TEST

START_TEST(real_mode_checks_the_idt_limit_and_the_stack)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    struct event event = software(0x20, cpu);
    cpu->idtr.limit = 0x20 * 4 + 2;
    struct picture *before = picture_take(bench);
    ck_assert_int_eq(interrupt_deliver(cpu, &event).reason, IDT_LIMIT);
    picture_compare(before);
    cpu->idtr.limit++;
    cpu->gpr[ESP] = 5; /* a word would straddle the end of the segment */
    before = picture_take(bench);
    fault_is(interrupt_deliver(cpu, &event), VECTOR_SS, 0, SEGMENT_LIMIT);
    picture_compare(before);
    cpu->gpr[ESP] = 4; /* wraps on a word boundary: allowed */
    ck_assert_int_eq(interrupt_deliver(cpu, &event).reason, NO_FAULT);
    ck_assert_uint_eq(cpu->gpr[ESP], 0xfffe);
    bench_free(bench);
}
END_TEST

START_TEST(an_interrupt_gate_clears_if_and_a_trap_gate_does_not)
{
    for (unsigned trap = 0; trap < 2; trap++) {
        struct bench *bench = bench_new(NULL);
        bench_protected(bench, 0);
        struct cpu *cpu = &bench->cpu;
        unsigned type = trap ? SYSTEM_TRAP_GATE32 : SYSTEM_INTERRUPT_GATE32;
        bench_idt_set(bench, 0x80, bench_gate(BENCH_CODE0, 0x3080, (uint16_t)(GATE_VALID | type), 0));
        uint32_t eflags = EFLAGS_1 | EFLAGS_IF | EFLAGS_NT | EFLAGS_AC | EFLAGS_IOPL | EFLAGS_CF;
        cpu_set_eflags(cpu, eflags);
        BENCH_STEP(bench, 0xcd, 0x80);
        ck_assert_uint_eq(cpu->eip, 0x3080);
        ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 12);
        ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), eflags);
        ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 8), BENCH_CODE0);
        ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 12), BENCH_CODE + 2);
        ck_assert_uint_eq(cpu->eflags, eflags & ~(EFLAGS_NT | (trap ? 0 : EFLAGS_IF)));
        bench_free(bench);
    }
}
END_TEST

START_TEST(an_interrupt_from_ring_3_switches_to_the_stack_in_the_tss)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    BENCH_STEP(bench, 0xcd, 0x80);
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE0);
    ck_assert_uint_eq(cpu->segments[SS].selector, BENCH_DATA0);
    ck_assert_uint_eq(cpu->gpr[ESP], FRAME0 - 20);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 4), BENCH_DATA3);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 8), BENCH_STACK);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 12), EFLAGS_1);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 16), BENCH_CODE3);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 20), BENCH_CODE + 2);
    bench_free(bench);
}
END_TEST

START_TEST(a_16_bit_gate_pushes_words_and_takes_a_16_bit_offset)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    bench_idt_set(bench, VECTOR_GP,
                  bench_gate(BENCH_CODE0, 0xabcd3000, GATE_VALID | SYSTEM_INTERRUPT_GATE16, 0));
    struct fault fault = fault_gp(0x1230, IOPL_TOO_LOW);
    exception_deliver(cpu, &fault);
    ck_assert_uint_eq(cpu->eip, 0x3000);
    ck_assert_uint_eq(cpu->gpr[ESP], FRAME0 - 12);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 2), BENCH_DATA3);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 4), BENCH_STACK & 0xffff);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 6), EFLAGS_1);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 8), BENCH_CODE3);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 10), BENCH_CODE & 0xffff);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 12), 0x1230);
    bench_free(bench);
}
END_TEST

START_TEST(a_conforming_handler_runs_at_the_interrupted_privilege)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    gdt_segment_set(bench, SPARE, 0xffffffff, PRESENT | CODE | ACCESS_CONFORMING);
    bench_idt_set(bench, 0x80, bench_gate(SPARE, 0x3080, GATE_VALID | SYSTEM_TRAP_GATE32, 0));
    BENCH_STEP(bench, 0xcd, 0x80);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->segments[CS].selector, SPARE | 3);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 12);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SPARE + 5) & ACCESS_ACCESSED, ACCESS_ACCESSED);
    bench_free(bench);
}
END_TEST

/* What is wrong with the way to the handler; each check is made before those of the rows below it. */
enum defect {
    DEFECT_IDT_LIMIT,
    DEFECT_GATE_TYPE,
    DEFECT_GATE_DPL,
    DEFECT_GATE_PRESENT,
    DEFECT_CS_NULL,
    DEFECT_CS_BEYOND,
    DEFECT_CS_TYPE,
    DEFECT_CS_PRESENT,
    DEFECT_TSS_LIMIT,
    DEFECT_SS_NULL,
    DEFECT_SS_BEYOND,
    DEFECT_SS_RPL,
    DEFECT_SS_TYPE,
    DEFECT_SS_DPL,
    DEFECT_SS_PRESENT,
    DEFECT_SS_ROOM,
    DEFECT_OFFSET,
    DEFECTS,
};

static const struct {
    uint8_t vector;
    uint16_t error_code;
    uint16_t reason;
} delivery_faults[DEFECTS] = {
    [DEFECT_IDT_LIMIT] = {VECTOR_GP, 0x80 * 8 + 2, IDT_LIMIT},
    [DEFECT_GATE_TYPE] = {VECTOR_GP, 0x80 * 8 + 2, IDT_GATE_TYPE},
    [DEFECT_GATE_DPL] = {VECTOR_GP, 0x80 * 8 + 2, IDT_GATE_DPL},
    [DEFECT_GATE_PRESENT] = {VECTOR_NP, 0x80 * 8 + 2, IDT_GATE_NOT_PRESENT},
    [DEFECT_CS_NULL] = {VECTOR_GP, 0, HANDLER_CS_NULL},
    [DEFECT_CS_BEYOND] = {VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE},
    [DEFECT_CS_TYPE] = {VECTOR_GP, SPARE, HANDLER_CS_TYPE},
    [DEFECT_CS_PRESENT] = {VECTOR_NP, SPARE, HANDLER_CS_NOT_PRESENT},
    [DEFECT_TSS_LIMIT] = {VECTOR_TS, BENCH_TSS_SELECTOR, INNER_STACK_TSS_LIMIT},
    [DEFECT_SS_NULL] = {VECTOR_TS, 0, INNER_SS_NULL},
    [DEFECT_SS_BEYOND] = {VECTOR_TS, 0x100, SELECTOR_BEYOND_TABLE},
    [DEFECT_SS_RPL] = {VECTOR_TS, SPARE2, INNER_SS_RPL},
    [DEFECT_SS_TYPE] = {VECTOR_TS, SPARE2, INNER_SS_TYPE},
    [DEFECT_SS_DPL] = {VECTOR_TS, SPARE2, INNER_SS_DPL},
    [DEFECT_SS_PRESENT] = {VECTOR_SS, SPARE2, INNER_SS_NOT_PRESENT},
    [DEFECT_SS_ROOM] = {VECTOR_SS, SPARE2, SEGMENT_LIMIT},
    [DEFECT_OFFSET] = {VECTOR_GP, 0, HANDLER_OFFSET},
};

/* CPL 3 with a vector 80h that has the defect and all those that are found later than it. */
static struct bench *bench_with_defects(enum defect first)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    bool has[DEFECTS];
    for (unsigned i = 0; i < DEFECTS; i++)
        has[i] = i >= first;

    unsigned type = has[DEFECT_GATE_TYPE] ? SYSTEM_CALL_GATE32 : SYSTEM_INTERRUPT_GATE32;
    unsigned access = type | (has[DEFECT_GATE_DPL] ? 0 : RING(3)) | (has[DEFECT_GATE_PRESENT] ? 0 : PRESENT);
    uint16_t cs = has[DEFECT_CS_NULL] ? 3 : has[DEFECT_CS_BEYOND] ? 0x100 : SPARE;
    bench_idt_set(bench, 0x80, bench_gate(cs, 0x10000, (uint16_t)access, 0));
    if (has[DEFECT_IDT_LIMIT])
        cpu->idtr.limit = 0x80 * 8 + 6;
    gdt_segment_set(bench, SPARE, has[DEFECT_OFFSET] ? 0xffff : 0x10000,
                    ((has[DEFECT_CS_TYPE] ? DATA : CODE) | (has[DEFECT_CS_PRESENT] ? 0 : PRESENT)) &
                        ~ACCESS_G);

    uint16_t ss = has[DEFECT_SS_NULL] ? 0 : has[DEFECT_SS_BEYOND] ? 0x100 : SPARE2;
    bench_write16(bench, BENCH_TSS + 8, (uint16_t)(ss | (has[DEFECT_SS_RPL] ? 3 : 0)));
    unsigned ss_access = (has[DEFECT_SS_TYPE] ? CODE : DATA) | (has[DEFECT_SS_DPL] ? RING(1) : 0) |
                         (has[DEFECT_SS_PRESENT] ? 0 : PRESENT);
    gdt_segment_set(bench, SPARE2, has[DEFECT_SS_ROOM] ? 0x7ffe : 0x7fff, ss_access & ~ACCESS_G);
    cpu->tr.limit = has[DEFECT_TSS_LIMIT] ? 8 : 9;
    return bench;
}

START_TEST(the_checks_of_a_delivery_come_in_the_manuals_order)
{
    for (unsigned defect = 0; defect < DEFECTS; defect++) {
        struct bench *bench = bench_with_defects(defect);
        struct event event = software(0x80, &bench->cpu);
        struct picture *before = picture_take(bench);
        fault_is(interrupt_deliver(&bench->cpu, &event), delivery_faults[defect].vector,
                 delivery_faults[defect].error_code, delivery_faults[defect].reason);
        picture_compare(before);
        bench_free(bench);
    }
    struct bench *bench = bench_with_defects(DEFECTS);
    struct event event = software(0x80, &bench->cpu);
    ck_assert_int_eq(interrupt_deliver(&bench->cpu, &event).reason, NO_FAULT);
    bench_free(bench);
}
END_TEST

START_TEST(ext_is_set_for_all_but_software_interrupts_and_they_alone_see_the_gates_dpl)
{
    for (unsigned defect = 0; defect < DEFECTS; defect++) {
        for (unsigned source = EVENT_HARDWARE; source <= EVENT_EXCEPTION; source++) {
            struct bench *bench = bench_with_defects(defect);
            struct event event = software(0x80, &bench->cpu);
            event.source = source;
            unsigned found = defect == DEFECT_GATE_DPL ? DEFECT_GATE_PRESENT : defect;
            fault_is(interrupt_deliver(&bench->cpu, &event), delivery_faults[found].vector,
                     delivery_faults[found].error_code | 1, delivery_faults[found].reason);
            bench_free(bench);
        }
    }
}
END_TEST

START_TEST(int1_is_a_debug_exception_that_no_gate_dpl_stops)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    bench_idt_set(bench, VECTOR_DB, bench_gate(BENCH_CODE0, 0x3001, PRESENT | SYSTEM_INTERRUPT_GATE32, 0));
    cpu->dr7 |= DR7_GD;
    BENCH_STEP(bench, 0xf1);
    ck_assert_uint_eq(cpu->eip, 0x3001);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 20), BENCH_CODE + 1);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 12), EFLAGS_1);
    ck_assert_uint_eq(cpu->dr6, DR6_FIXED);
    ck_assert_uint_eq(cpu->dr7 & DR7_GD, 0);
    bench_free(bench);
}
END_TEST

START_TEST(into_interrupts_only_when_of_is_set)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    BENCH_STEP(bench, 0xce);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_CODE + 1);
    cpu_set_eflags(&bench->cpu, EFLAGS_1 | EFLAGS_OF);
    BENCH_STEP(bench, 0xce);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_OF);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 20), BENCH_CODE + 2);
    bench_free(bench);
}
END_TEST

START_TEST(software_interrupts_push_no_error_code)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    BENCH_STEP(bench, 0xcd, VECTOR_GP);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK - 12);
    bench_free(bench);
}
END_TEST

START_TEST(int_with_tf_saves_tf_and_is_not_trapped_itself)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    cpu_set_eflags(&bench->cpu, EFLAGS_1 | EFLAGS_TF);
    BENCH_STEP(bench, 0xcd, 0x80);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + 0x80);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 12), EFLAGS_1 | EFLAGS_TF);
    ck_assert_uint_eq(bench->cpu.pending_debug, 0);
    bench_run(bench, 1); /* HLT of the handler, not #DB */
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + 0x81);
    bench_free(bench);
}
END_TEST

START_TEST(a_v86_program_is_left_through_nine_slots_and_null_data_segments)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 3);
    struct cpu *cpu = &bench->cpu;
    cpu->segments[ES] = segment_v86(0x1111);
    cpu->segments[DS] = segment_v86(0x2222);
    cpu->segments[FS] = segment_v86(0x3333);
    cpu->segments[GS] = segment_v86(0x4444);
    BENCH_STEP(bench, 0xcd, 0x80);
    static const uint32_t frame[] = {
        2,      BENCH_CODE >> 4, EFLAGS_1 | EFLAGS_VM | EFLAGS_IOPL, BENCH_STACK, 0, 0x1111, 0x2222,
        0x3333, 0x4444};
    ck_assert_uint_eq(cpu->gpr[ESP], FRAME0 - 36);
    for (unsigned i = 0; i < ARRAY_LENGTH(frame); i++)
        ck_assert_uint_eq(bench_read32(bench, FRAME0 - 36 + 4 * i), frame[i]);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_IOPL);
    ck_assert_uint_eq(cpu->cpl, 0);
    static const uint8_t emptied[] = {ES, DS, FS, GS};
    for (unsigned i = 0; i < ARRAY_LENGTH(emptied); i++) {
        ck_assert_uint_eq(cpu->segments[emptied[i]].selector, 0);
        ck_assert(!cpu->segments[emptied[i]].usable);
    }
    bench_free(bench);
}
END_TEST

START_TEST(a_v86_program_may_be_interrupted_by_ring_0_only)
{
    static const unsigned access[] = {CODE | RING(1), CODE | RING(3), CODE | ACCESS_CONFORMING};
    for (unsigned i = 0; i < ARRAY_LENGTH(access); i++) {
        struct bench *bench = bench_new(NULL);
        bench_v86(bench, 3);
        gdt_segment_set(bench, SPARE, 0xffffffff, PRESENT | access[i]);
        bench_idt_set(bench, 0x80, bench_gate(SPARE, 0x3080, GATE_VALID | SYSTEM_INTERRUPT_GATE32, 0));
        struct event event = software(0x80, &bench->cpu);
        struct picture *before = picture_take(bench);
        fault_is(interrupt_deliver(&bench->cpu, &event), VECTOR_GP, SPARE, HANDLER_CS_NOT_RING0);
        event.source = EVENT_HARDWARE;
        fault_is(interrupt_deliver(&bench->cpu, &event), VECTOR_GP, SPARE | 1, HANDLER_CS_NOT_RING0);
        picture_compare(before);
        bench_free(bench);
    }
}
END_TEST

/* A TSS with room for the redirection bitmap (at 68h) and the I/O map behind it. */
static struct bench *bench_with_vme(unsigned iopl, bool to_monitor)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, iopl);
    struct cpu *cpu = &bench->cpu;
    cpu->cr4 |= CR4_VME;
    cpu->tr.limit = 0x88;
    bench_write16(bench, BENCH_TSS + 0x66, 0x88);
    bench_write16(bench, BENCH_TSS + 0x68 + 0x60 / 8, to_monitor ? 1 : 0);
    bench_write32(bench, 0x60 * 4, 0x30000123);
    return bench;
}

START_TEST(methods_1_and_4_go_through_the_idt)
{
    for (unsigned vme = 0; vme < 2; vme++) {
        struct bench *bench = bench_with_vme(3, true);
        bench->cpu.cr4 = vme ? CR4_VME : 0;
        BENCH_STEP(bench, 0xcd, 0x60);
        ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + 0x60);
        ck_assert_uint_eq(bench->cpu.cpl, 0);
        bench_free(bench);
    }
}
END_TEST

START_TEST(methods_2_and_3_are_general_protection_faults)
{
    for (unsigned vme = 0; vme < 2; vme++) {
        struct bench *bench = bench_with_vme(2, true);
        bench->cpu.cr4 = vme ? CR4_VME : 0;
        BENCH_STEP(bench, 0xcd, 0x60);
        fault_is(bench_fault(bench), VECTOR_GP, 0, V86_INT_IOPL);
        ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_GP);
        bench_free(bench);
    }
}
END_TEST

START_TEST(method_5_goes_to_the_programs_own_table)
{
    struct bench *bench = bench_with_vme(3, false);
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, cpu->eflags | EFLAGS_IF | EFLAGS_VIF | EFLAGS_NT);
    BENCH_STEP(bench, 0xcd, 0x60);
    ck_assert_uint_eq(cpu->segments[CS].selector, 0x3000);
    ck_assert_uint_eq(cpu->eip, 0x123);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VM | EFLAGS_IOPL | EFLAGS_VIF | EFLAGS_NT);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 6);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 2), EFLAGS_1 | EFLAGS_IOPL | EFLAGS_IF | EFLAGS_NT);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 4), BENCH_CODE >> 4);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 6), 2);
    bench_free(bench);
}
END_TEST

START_TEST(method_6_shows_vif_as_if_and_iopl_3)
{
    for (unsigned vif = 0; vif < 2; vif++) {
        struct bench *bench = bench_with_vme(0, false);
        struct cpu *cpu = &bench->cpu;
        cpu_set_eflags(cpu, cpu->eflags | EFLAGS_IF | (vif ? EFLAGS_VIF : 0));
        BENCH_STEP(bench, 0xcd, 0x60);
        ck_assert_uint_eq(cpu->eip, 0x123);
        ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VM | EFLAGS_IF);
        ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 2),
                          EFLAGS_1 | EFLAGS_IOPL | (vif ? EFLAGS_IF : 0));
        bench_free(bench);
    }
}
END_TEST

START_TEST(a_redirection_bitmap_beyond_the_tss_is_a_fault)
{
    struct bench *bench = bench_with_vme(3, false);
    bench->cpu.tr.limit = 0x68 + 0x60 / 8 - 1;
    BENCH_STEP(bench, 0xcd, 0x60);
    fault_is(bench_fault(bench), VECTOR_GP, 0, V86_REDIRECTION_LIMIT);
    bench_free(bench);
}
END_TEST

START_TEST(int3_and_into_ask_neither_iopl_nor_the_bitmap)
{
    struct bench *bench = bench_with_vme(0, false);
    bench_write32(bench, BENCH_TSS + 0x68, 0);
    BENCH_STEP(bench, 0xcc);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_BP);
    ck_assert_uint_eq(bench->cpu.cpl, 0);
    bench_free(bench);
}
END_TEST

/* The RF bit of the EFLAGS image that a fault pushes. */
static bool pushes_rf(struct fault fault)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    exception_deliver(&bench->cpu, &fault);
    bool rf = bench_read32(bench, FRAME0 - 12) & EFLAGS_RF;
    ck_assert_uint_eq(bench->cpu.eflags & EFLAGS_RF, 0);
    bench_free(bench);
    return rf;
}

START_TEST(faults_push_rf_and_traps_and_code_breakpoints_do_not)
{
    struct fault debug = fault_plain(VECTOR_DB, DEBUG_CODE_BREAKPOINT);
    debug.address = DR6_B0;
    ck_assert(!pushes_rf(debug));
    debug.address = DR6_BD;
    ck_assert(pushes_rf(debug));
    debug.address = DR6_BS;
    debug.is_trap = true;
    ck_assert(!pushes_rf(debug));
    ck_assert(pushes_rf(fault_ud(DECODE_UNDEFINED)));
    ck_assert(pushes_rf(fault_gp(0, IOPL_TOO_LOW)));
    ck_assert(pushes_rf(fault_page(4, 0x1234, PAGE_NOT_PRESENT)));
    ck_assert(!pushes_rf(fault_coded(VECTOR_DF, 0, DOUBLE_FAULT)));
}
END_TEST

START_TEST(an_interrupt_amid_a_repeated_instruction_pushes_rf)
{
    for (unsigned repeating = 0; repeating < 2; repeating++) {
        struct bench *bench = bench_new(NULL);
        bench_protected(bench, 3);
        bench->cpu.repeating = repeating;
        interrupt_accept(&bench->cpu, 0x30, EVENT_HARDWARE);
        ck_assert_uint_eq(bench_read32(bench, FRAME0 - 12), EFLAGS_1 | (repeating ? EFLAGS_RF : 0));
        ck_assert(!bench->cpu.repeating);
        bench_free(bench);
    }
}
END_TEST

START_TEST(a_page_fault_sets_cr2_and_a_debug_exception_dr6)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct fault fault = fault_page(PF_US, 0x12345678, PAGE_NOT_PRESENT);
    exception_deliver(&bench->cpu, &fault);
    ck_assert_uint_eq(bench->cpu.cr2, 0x12345678);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 24), PF_US);
    struct fault debug = fault_plain(VECTOR_DB, DEBUG_TRAP);
    debug.address = DR6_B1 | DR6_BS;
    exception_deliver(&bench->cpu, &debug);
    ck_assert_uint_eq(bench->cpu.dr6, DR6_FIXED | DR6_B1 | DR6_BS);
    bench_free(bench);
}
END_TEST

START_TEST(an_nmi_blocks_nmis_until_iret_and_intr_with_vector_2_does_not)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    static const uint8_t nops[] = {0x90, 0x90, 0x90};
    bench_code(bench, nops, sizeof nops);
    cpu_set_nmi(cpu, true);
    bench_run(bench, 1);
    ck_assert_uint_eq(cpu->eip, BENCH_HANDLERS + 2);
    ck_assert(cpu->nmi_blocked);
    cpu_set_nmi(cpu, false);
    cpu_set_nmi(cpu, true);
    cpu->eip = BENCH_CODE + 1;
    cpu_restored(cpu);
    bench_run(bench, 1);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 2); /* held off */
    BENCH_STEP(bench, 0xcf);
    ck_assert(!cpu->nmi_blocked);
    bench_run(bench, 1);
    ck_assert_uint_eq(cpu->eip, BENCH_HANDLERS + 2);
    bench_free(bench);

    bench = bench_new(NULL);
    bench_protected(bench, 0);
    cpu_set_eflags(&bench->cpu, EFLAGS_1 | EFLAGS_IF);
    bench->next_vector = 2;
    cpu_set_intr(&bench->cpu, true);
    bench_run(bench, 1);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + 2);
    ck_assert(!bench->cpu.nmi_blocked);
    bench_free(bench);
}
END_TEST

/* ---- the double-fault table ---- */

enum second { SECOND_NONE, SECOND_CONTRIBUTORY, SECOND_PAGE };

#define PAGE_DIRECTORY 0x30000u
#define PAGE_TABLE     0x31000u

/* Identity paging of 4 MiB; the page of handlers' ring 1 stack (0xa000) is missing. */
static void paging_on(struct bench *bench)
{
    bench_write32(bench, PAGE_DIRECTORY, PAGE_TABLE | 7);
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, PAGE_TABLE + 4 * page, page << 12 | (page == 10 ? 0 : 7));
    bench->cpu.cr3 = PAGE_DIRECTORY;
    bench->cpu.cr0 |= CR0_PG;
    cpu_restored(&bench->cpu);
}

/* Makes the delivery of a vector raise a second fault: #NP of its gate, or #PF of the ring 1 stack. */
static void vector_spoil(struct bench *bench, unsigned vector, enum second second)
{
    if (second == SECOND_CONTRIBUTORY) {
        bench_idt_set(bench, vector, bench_gate(BENCH_CODE0, 0x3000, RING(3) | SYSTEM_INTERRUPT_GATE32, 0));
    } else if (second == SECOND_PAGE) {
        gdt_segment_set(bench, SPARE, 0xffffffff, PRESENT | RING(1) | CODE);
        gdt_segment_set(bench, SPARE2, 0xffffffff, PRESENT | RING(1) | DATA);
        bench_write32(bench, BENCH_TSS + 12, 0xb000);
        bench_write16(bench, BENCH_TSS + 16, SPARE2 | 1);
        bench_idt_set(bench, vector, bench_gate(SPARE, 0x3000, GATE_VALID | SYSTEM_INTERRUPT_GATE32, 0));
    }
}

static struct fault fault_of_vector(unsigned vector)
{
    struct fault fault = fault_plain(vector, DECODE_UNDEFINED);
    fault.has_error_code =
        vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC;
    return fault;
}

/* The handler that is entered when `first` is raised and its delivery fails in the given way. */
static unsigned handler_after(unsigned first, enum second second, uint32_t *error_code)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    paging_on(bench);
    vector_spoil(bench, first, second);
    struct fault fault = fault_of_vector(first);
    exception_deliver(&bench->cpu, &fault);
    unsigned handler = bench->cpu.activity == SHUTDOWN ? 256 : bench->cpu.eip - BENCH_HANDLERS;
    *error_code = bench_read32(bench, FRAME0 - 24);
    bench_free(bench);
    return handler;
}

START_TEST(cr2_is_the_address_of_the_first_push_that_fails)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    paging_on(bench);
    bench_write32(bench, BENCH_TSS + 4, 0xb008); /* the third of five pushes leaves the page */
    struct event event = software(0x80, &bench->cpu);
    struct picture *before = picture_take(bench);
    struct fault fault = interrupt_deliver(&bench->cpu, &event);
    fault_is(fault, VECTOR_PF, PF_WR, PAGE_NOT_PRESENT);
    ck_assert_uint_eq(fault.address, 0xaffc);
    memcpy(before->ram + PAGE_DIRECTORY, bench->memory.ram + PAGE_DIRECTORY,
           0x2000); /* A and D bits may be set */
    picture_compare(before);
    bench_free(bench);
}
END_TEST

START_TEST(two_faults_combine_as_in_table_6_5)
{
    static const uint8_t contributory[] = {VECTOR_DE, VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP};
    static const uint8_t benign[] = {VECTOR_DB, VECTOR_NMI, VECTOR_BP, VECTOR_OF, VECTOR_BR, VECTOR_UD,
                                     VECTOR_NM, VECTOR_MF,  VECTOR_AC, VECTOR_MC, VECTOR_XM};
    uint32_t code;
    for (unsigned i = 0; i < ARRAY_LENGTH(benign); i++) {
        ck_assert_uint_eq(handler_after(benign[i], SECOND_CONTRIBUTORY, &code), VECTOR_NP);
        ck_assert_uint_eq(code, benign[i] * 8u | 3);
        ck_assert_uint_eq(handler_after(benign[i], SECOND_PAGE, &code), VECTOR_PF);
        ck_assert_uint_eq(code, PF_WR);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(contributory); i++) {
        ck_assert_uint_eq(handler_after(contributory[i], SECOND_CONTRIBUTORY, &code), VECTOR_DF);
        ck_assert_uint_eq(code, 0);
        ck_assert_uint_eq(handler_after(contributory[i], SECOND_PAGE, &code), VECTOR_PF);
    }
    ck_assert_uint_eq(handler_after(VECTOR_PF, SECOND_CONTRIBUTORY, &code), VECTOR_DF);
    ck_assert_uint_eq(handler_after(VECTOR_PF, SECOND_PAGE, &code), VECTOR_DF);
    ck_assert_uint_eq(code, 0);
    ck_assert_uint_eq(handler_after(VECTOR_DF, SECOND_CONTRIBUTORY, &code), 256);
    ck_assert_uint_eq(handler_after(VECTOR_DF, SECOND_PAGE, &code), 256);
    ck_assert_uint_eq(handler_after(VECTOR_GP, SECOND_NONE, &code), VECTOR_GP);
}
END_TEST

START_TEST(a_fault_of_the_double_fault_handler_shuts_down_and_leaves_its_chain)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    cpu->idtr.limit = 0;
    struct fault fault = fault_ud(DECODE_UNDEFINED);
    exception_deliver(cpu, &fault);
    ck_assert_uint_eq(cpu->activity, SHUTDOWN);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE);
    ck_assert_uint_eq(cpu->cpl, 3);
    static const struct {
        uint8_t vector;
        uint16_t error_code;
        bool while_delivering;
    } chain[] = {
        {VECTOR_UD, 0, false}, {VECTOR_GP, VECTOR_UD * 8 + 3, true}, {VECTOR_GP, VECTOR_GP * 8 + 3, true},
        {VECTOR_DF, 0, true},  {VECTOR_GP, VECTOR_DF * 8 + 3, true},
    };
    ck_assert_uint_eq(cpu->history_next, ARRAY_LENGTH(chain));
    for (unsigned i = 0; i < ARRAY_LENGTH(chain); i++) {
        ck_assert_uint_eq(cpu->history[i].fault.vector, chain[i].vector);
        ck_assert_uint_eq(cpu->history[i].fault.error_code, chain[i].error_code);
        ck_assert_uint_eq(cpu->history[i].while_delivering, chain[i].while_delivering);
        ck_assert_uint_eq(cpu->history[i].cs, BENCH_CODE3);
    }
    bench_free(bench);
}
END_TEST

START_TEST(an_interrupt_that_cannot_be_delivered_is_a_fault_with_ext)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    vector_spoil(bench, 0x30, SECOND_CONTRIBUTORY);
    interrupt_accept(&bench->cpu, 0x30, EVENT_HARDWARE);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_NP);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 24), 0x30 * 8 + 3);
    ck_assert_uint_eq(bench_read32(bench, FRAME0 - 20), BENCH_CODE);
    ck_assert_uint_eq(bench->cpu.history[0].fault.vector, 0x30);
    bench_free(bench);
}
END_TEST

START_TEST(benign_faults_that_raise_each_other_do_not_hang)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    struct cpu *cpu = &bench->cpu;
    bench_idt_set(bench, VECTOR_AC, bench_gate(BENCH_CODE3, 0x3011, GATE_VALID | SYSTEM_TRAP_GATE32, 0));
    cpu->cr0 |= CR0_AM;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_AC);
    cpu->gpr[ESP] = BENCH_STACK - 1;
    struct fault fault = fault_coded(VECTOR_AC, 0, ALIGNMENT);
    exception_deliver(cpu, &fault);
    ck_assert_uint_eq(cpu->activity, SHUTDOWN);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("interrupt", real_mode_pushes_three_words_and_masks_interrupts,
           real_mode_checks_the_idt_limit_and_the_stack, an_interrupt_gate_clears_if_and_a_trap_gate_does_not,
           an_interrupt_from_ring_3_switches_to_the_stack_in_the_tss,
           a_16_bit_gate_pushes_words_and_takes_a_16_bit_offset,
           a_conforming_handler_runs_at_the_interrupted_privilege,
           the_checks_of_a_delivery_come_in_the_manuals_order,
           ext_is_set_for_all_but_software_interrupts_and_they_alone_see_the_gates_dpl,
           int1_is_a_debug_exception_that_no_gate_dpl_stops, into_interrupts_only_when_of_is_set,
           software_interrupts_push_no_error_code, int_with_tf_saves_tf_and_is_not_trapped_itself,
           a_v86_program_is_left_through_nine_slots_and_null_data_segments,
           a_v86_program_may_be_interrupted_by_ring_0_only, methods_1_and_4_go_through_the_idt,
           methods_2_and_3_are_general_protection_faults, method_5_goes_to_the_programs_own_table,
           method_6_shows_vif_as_if_and_iopl_3, a_redirection_bitmap_beyond_the_tss_is_a_fault,
           int3_and_into_ask_neither_iopl_nor_the_bitmap,
           faults_push_rf_and_traps_and_code_breakpoints_do_not,
           an_interrupt_amid_a_repeated_instruction_pushes_rf,
           a_page_fault_sets_cr2_and_a_debug_exception_dr6,
           an_nmi_blocks_nmis_until_iret_and_intr_with_vector_2_does_not,
           cr2_is_the_address_of_the_first_push_that_fails, two_faults_combine_as_in_table_6_5,
           a_fault_of_the_double_fault_handler_shuts_down_and_leaves_its_chain,
           an_interrupt_that_cannot_be_delivered_is_a_fault_with_ext,
           benign_faults_that_raise_each_other_do_not_hang)
