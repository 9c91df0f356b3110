/* Interrupts of virtual-8086 programs: through the IDT, and the six methods of SDM 3B table 20-2 for INT n. */
#include "transfer_bench.h"
#include "unit/suite.h"

#define SPARE      0x38 /* a free GDT entry */
#define GATE_VALID (PRESENT | RING(3))

static const uint32_t FRAME0 = BENCH_STACK0;

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
        struct event event = software_interrupt(0x80, &bench->cpu);
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

START_TEST(the_handlers_offset_is_checked_from_virtual_8086_mode_too)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 3);
    gdt_segment_set(bench, SPARE, 0x307f, (PRESENT | CODE) & ~ACCESS_G);
    bench_idt_set(bench, 0x80, bench_gate(SPARE, 0x3080, GATE_VALID | SYSTEM_INTERRUPT_GATE32, 0));
    struct event event = software_interrupt(0x80, &bench->cpu);
    struct picture *before = picture_take(bench);
    fault_is(interrupt_deliver(&bench->cpu, &event), VECTOR_GP, 0, HANDLER_OFFSET);
    picture_compare(before);
    bench_free(bench);
}
END_TEST

START_TEST(a_redirected_interrupt_needs_room_on_the_programs_stack)
{
    struct bench *bench = bench_with_vme(3, false);
    bench->cpu.gpr[ESP] = 3;
    BENCH_STEP(bench, 0xcd, 0x60);
    fault_is(bench_fault(bench), VECTOR_SS, 0, SEGMENT_LIMIT);
    ck_assert_uint_eq(bench->cpu.eip, BENCH_HANDLERS + VECTOR_SS);
    bench_free(bench);
}
END_TEST

START_TEST(a_redirection_bitmap_may_lie_anywhere_in_the_tss)
{
    static const struct {
        uint16_t io_map;
        uint16_t limit;
        bool found;
    } rows[] = {
        {0x88, 0x68 + 0x60 / 8, true}, {0x20, 0x67, true}, {0x40, 0x67, true},
        {0x1f, 0x67, false},           {0, 0x67, false},   {0x40, 0x66, false},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct bench *bench = bench_with_vme(3, false);
        bench->cpu.tr.limit = rows[i].limit;
        bench_write16(bench, BENCH_TSS + 0x66, rows[i].io_map);
        BENCH_STEP(bench, 0xcd, 0x60);
        ck_assert_uint_eq(bench->cpu.eip, rows[i].found ? 0x123 : BENCH_HANDLERS + VECTOR_GP);
        bench_free(bench);
    }
}
END_TEST

START_TEST(a_redirected_interrupt_with_tf_is_not_trapped_itself)
{
    struct bench *bench = bench_with_vme(3, false);
    cpu_set_eflags(&bench->cpu, bench->cpu.eflags | EFLAGS_TF);
    BENCH_STEP(bench, 0xcd, 0x60);
    ck_assert_uint_eq(bench->cpu.eip, 0x123);
    ck_assert_uint_eq(bench->cpu.pending_debug, 0);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 2) & EFLAGS_TF, EFLAGS_TF);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("interrupt v86", a_v86_program_is_left_through_nine_slots_and_null_data_segments,
           a_v86_program_may_be_interrupted_by_ring_0_only, methods_1_and_4_go_through_the_idt,
           methods_2_and_3_are_general_protection_faults, method_5_goes_to_the_programs_own_table,
           method_6_shows_vif_as_if_and_iopl_3, a_redirection_bitmap_beyond_the_tss_is_a_fault,
           int3_and_into_ask_neither_iopl_nor_the_bitmap,
           the_handlers_offset_is_checked_from_virtual_8086_mode_too,
           a_redirected_interrupt_needs_room_on_the_programs_stack,
           a_redirection_bitmap_may_lie_anywhere_in_the_tss,
           a_redirected_interrupt_with_tf_is_not_trapped_itself)
