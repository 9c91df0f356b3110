/* Delivery of interrupts and exceptions: frames, checks and their order, and what follows from a second fault. */
#include "transfer_bench.h"
#include "unit/suite.h"

#define SPARE      0x38 /* a free GDT entry */
#define SPARE2     0x40
#define GATE_VALID (PRESENT | RING(3))

static const uint32_t FRAME0 = BENCH_STACK0;

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
    struct event event = software_interrupt(0x20, cpu);
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
        struct event event = software_interrupt(0x80, &bench->cpu);
        struct picture *before = picture_take(bench);
        fault_is(interrupt_deliver(&bench->cpu, &event), delivery_faults[defect].vector,
                 delivery_faults[defect].error_code, delivery_faults[defect].reason);
        picture_compare(before);
        bench_free(bench);
    }
    struct bench *bench = bench_with_defects(DEFECTS);
    struct event event = software_interrupt(0x80, &bench->cpu);
    ck_assert_int_eq(interrupt_deliver(&bench->cpu, &event).reason, NO_FAULT);
    bench_free(bench);
}
END_TEST

START_TEST(ext_is_set_for_all_but_software_interrupts_and_they_alone_see_the_gates_dpl)
{
    for (unsigned defect = 0; defect < DEFECTS; defect++) {
        for (unsigned source = EVENT_HARDWARE; source <= EVENT_EXCEPTION; source++) {
            struct bench *bench = bench_with_defects(defect);
            struct event event = software_interrupt(0x80, &bench->cpu);
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

START_TEST(a_delivery_within_the_ring_checks_stack_and_offset)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    struct cpu *cpu = &bench->cpu;
    gdt_segment_set(bench, SPARE, 0x307f, (PRESENT | CODE) & ~ACCESS_G);
    bench_idt_set(bench, 0x80, bench_gate(SPARE, 0x3080, GATE_VALID | SYSTEM_TRAP_GATE32, 0));
    cpu->segments[SS].limit = BENCH_STACK - 2;
    segment_derive(&cpu->segments[SS]);
    struct event event = software_interrupt(0x80, cpu);
    for (unsigned external = 0; external < 2; external++) {
        event.source = external ? EVENT_HARDWARE : EVENT_SOFTWARE;
        cpu->gpr[ESP] = BENCH_STACK;
        struct picture *before = picture_take(bench);
        fault_is(interrupt_deliver(cpu, &event), VECTOR_SS, external, SEGMENT_LIMIT);
        picture_compare(before);
        cpu->gpr[ESP] = BENCH_STACK - 4;
        before = picture_take(bench);
        fault_is(interrupt_deliver(cpu, &event), VECTOR_GP, external, HANDLER_OFFSET);
        picture_compare(before);
    }
    bench_free(bench);
}
END_TEST

START_TEST(only_the_debug_exception_clears_general_detect)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 3);
    bench->cpu.dr7 |= DR7_GD;
    struct fault fault = fault_gp(0, IOPL_TOO_LOW);
    exception_deliver(&bench->cpu, &fault);
    ck_assert_uint_eq(bench->cpu.dr7 & DR7_GD, DR7_GD);
    BENCH_STEP(bench, 0xcd, VECTOR_DB);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_DB);
    ck_assert_uint_eq(bench->cpu.dr7 & DR7_GD, DR7_GD);
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
           faults_push_rf_and_traps_and_code_breakpoints_do_not,
           an_interrupt_amid_a_repeated_instruction_pushes_rf,
           a_page_fault_sets_cr2_and_a_debug_exception_dr6,
           an_nmi_blocks_nmis_until_iret_and_intr_with_vector_2_does_not,
           a_delivery_within_the_ring_checks_stack_and_offset, only_the_debug_exception_clears_general_detect)
