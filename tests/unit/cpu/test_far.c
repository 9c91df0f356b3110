/* Far CALL, JMP and RET: direct, through memory, through call gates, and back; in every mode. */
#include "cpu/far.h"
#include "transfer_bench.h"
#include "unit/suite.h"

#define GATE   0x38 /* free GDT entries */
#define TARGET 0x40
#define INNER  0x48

#define TARGET_OFFSET 0x12340u

static const uint32_t FRAME0 = BENCH_STACK0;

static struct bench *bench_at(unsigned cpl)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, cpl);
    bench->cpu.next_eip = bench->cpu.eip + 7;
    return bench;
}

static void gate_set(struct bench *bench, uint16_t selector, unsigned access, uint8_t parameters)
{
    bench_gdt_set(bench, GATE, bench_gate(selector, TARGET_OFFSET, (uint16_t)access, parameters));
}

/* JMP and CALL as functions: the fault, and nothing changed. */
static void refused(struct bench *bench, bool call, uint16_t selector, uint32_t offset, unsigned vector,
                    uint32_t error_code, enum fault_reason reason)
{
    struct picture *before = picture_take(bench);
    struct cpu *cpu = &bench->cpu;
    fault_is(call ? far_call(cpu, selector, offset, true) : far_jump(cpu, selector, offset, true), vector,
             error_code, reason);
    picture_compare(before);
}

START_TEST(real_mode_loads_cs_and_pushes_the_return_address)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    BENCH_STEP(bench, 0x9a, 0x78, 0x56, 0x34, 0x12);
    ck_assert_uint_eq(cpu->segments[CS].selector, 0x1234);
    ck_assert_uint_eq(cpu->segments[CS].base, 0x12340);
    ck_assert_uint_eq(cpu->eip, 0x5678);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 4);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 2), BENCH_CODE >> 4);
    ck_assert_uint_eq(bench_read16(bench, BENCH_STACK - 4), 5);
    BENCH_STEP(bench, 0xca, 0x10, 0x00);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE >> 4);
    ck_assert_uint_eq(cpu->eip, 5);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 0x10);
    BENCH_STEP(bench, 0x66, 0xea, 0x00, 0x00, 0x01, 0x00, 0x34, 0x12); /* offset 10000h */
    fault_is(bench_fault(bench), VECTOR_GP, 0, FAR_OFFSET);
    bench_free(bench);
}
END_TEST

START_TEST(a_v86_program_transfers_like_an_8086)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 0);
    struct cpu *cpu = &bench->cpu;
    static const uint8_t pointer[] = {0x34, 0x12, 0x00, 0x30};
    bench_write(bench, BENCH_DATA + 0x40, pointer, sizeof pointer);
    BENCH_STEP(bench, 0xff, 0x1e, 0x40, 0x00); /* call far [40h] */
    ck_assert_uint_eq(cpu->segments[CS].selector, 0x3000);
    ck_assert_uint_eq(cpu->segments[CS].limit, 0xffff);
    ck_assert_uint_eq(cpu->eip, 0x1234);
    ck_assert_uint_eq(cpu->cpl, 3);
    BENCH_STEP(bench, 0xcb);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE >> 4);
    ck_assert_uint_eq(cpu->eip, 4);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK);
    bench_free(bench);
}
END_TEST

START_TEST(a_direct_call_within_the_ring_and_back)
{
    struct bench *bench = bench_at(3);
    struct cpu *cpu = &bench->cpu;
    gdt_segment_set(bench, TARGET, 0xffffffff, PRESENT | CODE | RING(3));
    BENCH_STEP(bench, 0x9a, 0x40, 0x23, 0x01, 0x00, TARGET | 1, 0x00); /* an RPL below CPL is allowed */
    ck_assert_uint_eq(cpu->segments[CS].selector, TARGET | 3);
    ck_assert_uint_eq(cpu->eip, TARGET_OFFSET);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 8);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 4), BENCH_CODE3);
    ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 8), BENCH_CODE + 7);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + TARGET + 5) & 1, 1);
    BENCH_STEP(bench, 0xca, 0x08, 0x00);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 7);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE3);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 8);
    bench_free(bench);
}
END_TEST

START_TEST(far_jumps_through_memory_take_either_size)
{
    static const uint8_t pointer[] = {0x40, 0x23, 0x01, 0x00, BENCH_CODE0, 0x00};
    static const uint8_t pointer16[] = {0x40, 0x23, BENCH_CODE0, 0x00};
    struct bench *bench = bench_at(0);
    bench_write(bench, BENCH_DATA, pointer, sizeof pointer);
    bench_write(bench, BENCH_DATA + 0x10, pointer16, sizeof pointer16);
    BENCH_STEP(bench, 0xff, 0x2d, 0x00, 0x00, 0x02, 0x00);
    ck_assert_uint_eq(bench->cpu.eip, TARGET_OFFSET);
    BENCH_STEP(bench, 0x66, 0xff, 0x2d, 0x10, 0x00, 0x02, 0x00);
    ck_assert_uint_eq(bench->cpu.eip, TARGET_OFFSET & 0xffff);
    bench_free(bench);
}
END_TEST

START_TEST(conforming_code_is_entered_without_a_change_of_privilege)
{
    struct bench *bench = bench_at(3);
    gdt_segment_set(bench, TARGET, 0xffffffff, PRESENT | CODE | ACCESS_CONFORMING);
    ck_assert_int_eq(far_jump(&bench->cpu, TARGET, TARGET_OFFSET, true).reason, NO_FAULT);
    ck_assert_uint_eq(bench->cpu.segments[CS].selector, TARGET | 3);
    ck_assert_uint_eq(bench->cpu.cpl, 3);
    bench_free(bench);
}
END_TEST

/* A target descriptor and what JMP and CALL at CPL 1 say to it. */
START_TEST(direct_targets_are_checked_in_the_manuals_order)
{
    static const struct {
        uint16_t selector;
        unsigned access;
        uint32_t offset;
        uint8_t vector;
        uint16_t error_code;
        uint16_t reason;
    } rows[] = {
        {3, 0, 0, VECTOR_GP, 0, FAR_CS_NULL},
        {0x101, 0, 0, VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE},
        {TARGET | 4, 0, 0, VECTOR_GP, TARGET | 4, SELECTOR_WITHOUT_LDT},
        {TARGET, DATA | RING(1), 0, VECTOR_GP, TARGET, FAR_TYPE},
        {TARGET, PRESENT | SYSTEM_LDT, 0, VECTOR_GP, TARGET, FAR_TYPE},
        {TARGET, PRESENT | SYSTEM_INTERRUPT_GATE32, 0, VECTOR_GP, TARGET, FAR_TYPE},
        {TARGET | 2, CODE, 0x10000, VECTOR_GP, TARGET, FAR_CODE_RPL},
        {TARGET, CODE, 0x10000, VECTOR_GP, TARGET, FAR_CODE_DPL},
        {TARGET, CODE | RING(2), 0x10000, VECTOR_GP, TARGET, FAR_CODE_DPL},
        {TARGET | 3, CODE | RING(2) | ACCESS_CONFORMING, 0x10000, VECTOR_GP, TARGET, FAR_CONFORMING_DPL},
        {TARGET | 1, CODE | RING(1), 0x10000, VECTOR_NP, TARGET, FAR_CODE_NOT_PRESENT},
        {TARGET | 3, CODE | ACCESS_CONFORMING, 0x10000, VECTOR_NP, TARGET, FAR_CODE_NOT_PRESENT},
        {TARGET, PRESENT | CODE | RING(1), 0x10000, VECTOR_GP, 0, FAR_OFFSET},
        {TARGET, PRESENT | SYSTEM_TSS32_AVAILABLE, 0, VECTOR_GP, TARGET, TASK_TSS_DPL},
        {TARGET | 2, RING(1) | SYSTEM_TSS32_AVAILABLE, 0, VECTOR_GP, TARGET, TASK_TSS_DPL},
        {TARGET, RING(1) | SYSTEM_TSS32_BUSY, 0, VECTOR_GP, TARGET, TASK_TSS_NOT_AVAILABLE},
        {TARGET, RING(1) | SYSTEM_TSS16_BUSY, 0, VECTOR_GP, TARGET, TASK_TSS_NOT_AVAILABLE},
        {TARGET, RING(1) | SYSTEM_TSS32_AVAILABLE, 0, VECTOR_NP, TARGET, TASK_TSS_NOT_PRESENT},
        {TARGET, SYSTEM_TASK_GATE, 0, VECTOR_GP, TARGET, GATE_DPL},
        {TARGET | 2, RING(1) | SYSTEM_TASK_GATE, 0, VECTOR_GP, TARGET, GATE_DPL},
        {TARGET, RING(1) | SYSTEM_TASK_GATE, 0, VECTOR_NP, TARGET, GATE_NOT_PRESENT},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (unsigned call = 0; call < 2; call++) {
            struct bench *bench = bench_at(0);
            cpu_set_cpl(&bench->cpu, 1);
            bench_gdt_set(bench, TARGET, bench_descriptor(0, 0xffff, rows[i].access & ~ACCESS_G));
            refused(bench, call, rows[i].selector, rows[i].offset, rows[i].vector, rows[i].error_code,
                    rows[i].reason);
            bench_free(bench);
        }
    }
}
END_TEST

START_TEST(a_call_asks_for_room_before_it_looks_at_the_target_offset)
{
    struct bench *bench = bench_at(0);
    gdt_segment_set(bench, TARGET, 0xffff, (PRESENT | CODE) & ~ACCESS_G);
    bench->cpu.segments[SS].limit = BENCH_STACK - 2;
    segment_derive(&bench->cpu.segments[SS]);
    refused(bench, true, TARGET, 0x10000, VECTOR_SS, 0, SEGMENT_LIMIT);
    bench->cpu.gpr[ESP] -= 4;
    refused(bench, true, TARGET, 0x10000, VECTOR_GP, 0, FAR_OFFSET);
    bench_free(bench);
}
END_TEST

START_TEST(a_call_gate_to_ring_0_copies_parameters_and_ret_releases_them_on_both_stacks)
{
    struct bench *bench = bench_at(3);
    struct cpu *cpu = &bench->cpu;
    gate_set(bench, BENCH_CODE0 | 3, PRESENT | RING(3) | SYSTEM_CALL_GATE32, 2);
    bench_write32(bench, BENCH_STACK, 0x11111111);
    bench_write32(bench, BENCH_STACK + 4, 0x22222222);
    BENCH_STEP(bench, 0x9a, 0xff, 0xff, 0xff, 0xff, GATE | 3, 0x00); /* the offset does not count */
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE0);
    ck_assert_uint_eq(cpu->segments[SS].selector, BENCH_DATA0);
    ck_assert_uint_eq(cpu->eip, TARGET_OFFSET);
    static const uint32_t frame[] = {BENCH_CODE + 7, BENCH_CODE3, 0x11111111,
                                     0x22222222,     BENCH_STACK, BENCH_DATA3};
    ck_assert_uint_eq(cpu->gpr[ESP], FRAME0 - sizeof frame);
    for (unsigned i = 0; i < ARRAY_LENGTH(frame); i++)
        ck_assert_uint_eq(bench_read32(bench, cpu->gpr[ESP] + 4 * i), frame[i]);

    cpu->segments[DS] = cpu->segments[SS];
    BENCH_STEP(bench, 0xca, 0x08, 0x00);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 7);
    ck_assert_uint_eq(cpu->segments[SS].selector, BENCH_DATA3);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 8);
    ck_assert(!cpu->segments[DS].usable);
    ck_assert(cpu->segments[ES].usable);
    bench_free(bench);
}
END_TEST

START_TEST(a_16_bit_call_gate_pushes_words_whatever_the_operand_size)
{
    struct bench *bench = bench_at(3);
    struct cpu *cpu = &bench->cpu;
    gate_set(bench, BENCH_CODE0, PRESENT | RING(3) | SYSTEM_CALL_GATE16, 1);
    bench_write16(bench, BENCH_STACK, 0x1111);
    ck_assert_int_eq(far_call(cpu, GATE, 0, true).reason, NO_FAULT);
    ck_assert_uint_eq(cpu->next_eip, TARGET_OFFSET & 0xffff);
    ck_assert_uint_eq(cpu->gpr[ESP], FRAME0 - 10);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 2), BENCH_DATA3);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 4), BENCH_STACK);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 6), 0x1111);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 8), BENCH_CODE3);
    ck_assert_uint_eq(bench_read16(bench, FRAME0 - 10), (BENCH_CODE + 7) & 0xffff);
    bench_free(bench);
}
END_TEST

START_TEST(a_call_gate_within_the_ring_copies_nothing)
{
    static const unsigned access[] = {CODE | RING(3), CODE | ACCESS_CONFORMING};
    for (unsigned i = 0; i < ARRAY_LENGTH(access); i++) {
        struct bench *bench = bench_at(3);
        struct cpu *cpu = &bench->cpu;
        gdt_segment_set(bench, TARGET, 0xffffffff, PRESENT | access[i]);
        gate_set(bench, TARGET, PRESENT | RING(3) | SYSTEM_CALL_GATE32, 5);
        ck_assert_int_eq(far_call(cpu, GATE, 0, false).reason, NO_FAULT);
        ck_assert_uint_eq(cpu->cpl, 3);
        ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK - 8);
        ck_assert_uint_eq(bench_read32(bench, BENCH_STACK - 8), BENCH_CODE + 7);
        ck_assert_uint_eq(cpu->segments[CS].selector, TARGET | 3);
        ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + TARGET + 5) & 1, 1);
        bench_free(bench);
    }
}
END_TEST

START_TEST(a_jump_through_a_call_gate_stays_in_the_ring)
{
    struct bench *bench = bench_at(3);
    gate_set(bench, BENCH_CODE0, PRESENT | RING(3) | SYSTEM_CALL_GATE32, 0);
    refused(bench, false, GATE, 0, VECTOR_GP, BENCH_CODE0, GATE_CS_DPL);
    gdt_segment_set(bench, TARGET, 0xffffffff, PRESENT | CODE | RING(3));
    gate_set(bench, TARGET, PRESENT | RING(3) | SYSTEM_CALL_GATE32, 0);
    ck_assert_int_eq(far_jump(&bench->cpu, GATE, 0, true).reason, NO_FAULT);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + TARGET + 5) & 1, 1);
    ck_assert_uint_eq(bench->cpu.next_eip, TARGET_OFFSET);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK);
    bench_free(bench);
}
END_TEST

/* Each check with the later ones failing too. */
enum defect {
    DEFECT_GATE_DPL,
    DEFECT_GATE_PRESENT,
    DEFECT_CS_NULL,
    DEFECT_CS_BEYOND,
    DEFECT_CS_TYPE,
    DEFECT_CS_PRESENT,
    DEFECT_TSS_LIMIT,
    DEFECT_SS_NULL,
    DEFECT_SS_RPL,
    DEFECT_SS_TYPE,
    DEFECT_SS_DPL,
    DEFECT_SS_PRESENT,
    DEFECT_SS_ROOM,
    DEFECT_OFFSET,
    DEFECT_PARAMETERS,
    DEFECTS,
};

static const struct {
    uint8_t vector;
    uint16_t error_code;
    uint16_t reason;
} gate_faults[DEFECTS] = {
    [DEFECT_GATE_DPL] = {VECTOR_GP, GATE, GATE_DPL},
    [DEFECT_GATE_PRESENT] = {VECTOR_NP, GATE, GATE_NOT_PRESENT},
    [DEFECT_CS_NULL] = {VECTOR_GP, 0, GATE_CS_NULL},
    [DEFECT_CS_BEYOND] = {VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE},
    [DEFECT_CS_TYPE] = {VECTOR_GP, TARGET, GATE_CS_TYPE},
    [DEFECT_CS_PRESENT] = {VECTOR_NP, TARGET, GATE_CS_NOT_PRESENT},
    [DEFECT_TSS_LIMIT] = {VECTOR_TS, BENCH_TSS_SELECTOR, INNER_STACK_TSS_LIMIT},
    [DEFECT_SS_NULL] = {VECTOR_TS, 0, INNER_SS_NULL},
    [DEFECT_SS_RPL] = {VECTOR_TS, INNER, INNER_SS_RPL},
    [DEFECT_SS_TYPE] = {VECTOR_TS, INNER, INNER_SS_TYPE},
    [DEFECT_SS_DPL] = {VECTOR_TS, INNER, INNER_SS_DPL},
    [DEFECT_SS_PRESENT] = {VECTOR_SS, INNER, INNER_SS_NOT_PRESENT},
    [DEFECT_SS_ROOM] = {VECTOR_SS, INNER, SEGMENT_LIMIT},
    [DEFECT_OFFSET] = {VECTOR_GP, 0, FAR_OFFSET},
    [DEFECT_PARAMETERS] = {VECTOR_SS, 0, SEGMENT_LIMIT},
};

static struct bench *bench_with_defects(unsigned first)
{
    struct bench *bench = bench_at(3);
    bool has[DEFECTS];
    for (unsigned i = 0; i < DEFECTS; i++)
        has[i] = i >= first;
    uint16_t cs = has[DEFECT_CS_NULL] ? 3 : has[DEFECT_CS_BEYOND] ? 0x103 : TARGET;
    gate_set(bench, cs,
             SYSTEM_CALL_GATE32 | (has[DEFECT_GATE_DPL] ? RING(2) : RING(3)) |
                 (has[DEFECT_GATE_PRESENT] ? 0 : PRESENT),
             31);
    gdt_segment_set(bench, TARGET, has[DEFECT_OFFSET] ? TARGET_OFFSET - 1 : TARGET_OFFSET,
                    ((has[DEFECT_CS_TYPE] ? DATA : CODE) | (has[DEFECT_CS_PRESENT] ? 0 : PRESENT)) &
                        ~ACCESS_G);
    bench->cpu.tr.limit = has[DEFECT_TSS_LIMIT] ? 8 : 9;
    uint16_t ss = has[DEFECT_SS_NULL] ? 0 : INNER | (has[DEFECT_SS_RPL] ? 3 : 0);
    bench_write16(bench, BENCH_TSS + 8, ss);
    gdt_segment_set(bench, INNER, has[DEFECT_SS_ROOM] ? 0x7ffe : 0x7fff,
                    ((has[DEFECT_SS_TYPE] ? CODE : DATA) | (has[DEFECT_SS_DPL] ? RING(1) : 0) |
                     (has[DEFECT_SS_PRESENT] ? 0 : PRESENT)) &
                        ~ACCESS_G);
    if (has[DEFECT_PARAMETERS]) {
        bench->cpu.segments[SS].limit = BENCH_STACK + 31 * 4 - 2;
        segment_derive(&bench->cpu.segments[SS]);
    }
    return bench;
}

START_TEST(the_checks_of_a_call_gate_come_in_the_manuals_order)
{
    for (unsigned defect = 0; defect < DEFECTS; defect++) {
        struct bench *bench = bench_with_defects(defect);
        refused(bench, true, GATE | 3, 0, gate_faults[defect].vector, gate_faults[defect].error_code,
                gate_faults[defect].reason);
        bench_free(bench);
    }
    struct bench *bench = bench_with_defects(DEFECTS);
    ck_assert_int_eq(far_call(&bench->cpu, GATE | 3, 0, true).reason, NO_FAULT);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], FRAME0 - 35 * 4);
    bench_free(bench);
}
END_TEST

START_TEST(the_rpl_of_a_gates_selector_counts_too)
{
    struct bench *bench = bench_at(0);
    gate_set(bench, BENCH_CODE0, PRESENT | RING(2) | SYSTEM_CALL_GATE32, 0);
    refused(bench, true, GATE | 3, 0, VECTOR_GP, GATE, GATE_DPL);
    ck_assert_int_eq(far_call(&bench->cpu, GATE | 2, 0, true).reason, NO_FAULT);
    bench_free(bench);
}
END_TEST

START_TEST(a_gate_never_leads_outwards)
{
    struct bench *bench = bench_at(0);
    gate_set(bench, BENCH_CODE3, PRESENT | RING(3) | SYSTEM_CALL_GATE32, 0);
    refused(bench, true, GATE, 0, VECTOR_GP, BENCH_CODE3 & ~3, GATE_CS_DPL);
    refused(bench, false, GATE, 0, VECTOR_GP, BENCH_CODE3 & ~3, GATE_CS_DPL);
    bench_free(bench);
}
END_TEST

static void return_refused(struct bench *bench, uint16_t release, unsigned vector, uint32_t error_code,
                           enum fault_reason reason)
{
    struct picture *before = picture_take(bench);
    fault_is(far_return(&bench->cpu, true, release), vector, error_code, reason);
    picture_compare(before);
}

START_TEST(a_far_return_checks_cs_then_ss_then_the_offset)
{
    struct bench *bench = bench_at(0);
    uint32_t image = BENCH_STACK;
    bench_write32(bench, image, 0x10000);
    bench_write32(bench, image + 4, 0);
    return_refused(bench, 16, VECTOR_GP, 0, RETURN_CS_NULL);
    bench_write32(bench, image + 4, TARGET | 3);
    bench_write32(bench, image + 28, 0);
    gdt_segment_set(bench, TARGET, 0xffff, (CODE | RING(3)) & ~ACCESS_G);
    return_refused(bench, 16, VECTOR_NP, TARGET, RETURN_CS_NOT_PRESENT);
    gdt_segment_set(bench, TARGET, 0xffff, (PRESENT | CODE | RING(3)) & ~ACCESS_G);
    return_refused(bench, 16, VECTOR_GP, 0, RETURN_SS_NULL);
    bench_write32(bench, image + 28, BENCH_DATA3 & ~1);
    return_refused(bench, 16, VECTOR_GP, BENCH_DATA3 & ~3, RETURN_SS_RPL);
    bench_write32(bench, image + 28, INNER | 3);
    gdt_segment_set(bench, INNER, 0xffffffff, DATA | RING(3));
    return_refused(bench, 16, VECTOR_SS, INNER, RETURN_SS_NOT_PRESENT);
    bench_write32(bench, image + 28, BENCH_DATA3);
    return_refused(bench, 16, VECTOR_GP, 0, IRET_OFFSET);
    bench->cpu.segments[SS].limit = image + 30;
    segment_derive(&bench->cpu.segments[SS]);
    return_refused(bench, 16, VECTOR_SS, 0, SEGMENT_LIMIT);
    bench_free(bench);
}
END_TEST

START_TEST(a_return_within_the_ring_checks_the_offset)
{
    struct bench *bench = bench_at(0);
    bench_write32(bench, BENCH_STACK, 0x10000);
    bench_write32(bench, BENCH_STACK + 4, TARGET);
    gdt_segment_set(bench, TARGET, 0xffff, (PRESENT | CODE) & ~ACCESS_G);
    return_refused(bench, 0, VECTOR_GP, 0, IRET_OFFSET);
    bench_free(bench);
}
END_TEST

START_TEST(a_return_within_the_ring_reaches_the_segments_last_byte)
{
    struct bench *bench = bench_at(0);
    bench_write32(bench, BENCH_STACK, 0xffff);
    bench_write32(bench, BENCH_STACK + 4, TARGET);
    gdt_segment_set(bench, TARGET, 0xffff, (PRESENT | CODE) & ~ACCESS_G);
    ck_assert_int_eq(far_return(&bench->cpu, true, 0).reason, NO_FAULT);
    ck_assert_uint_eq(bench->cpu.segments[CS].selector, TARGET);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + TARGET + 5) & 1, 1);
    bench_free(bench);

    bench = bench_new(NULL);
    bench_real(bench);
    ck_assert_int_eq(far_jump(&bench->cpu, 0x1234, 0xffff, true).reason, NO_FAULT);
    bench_free(bench);
}
END_TEST

START_TEST(a_call_gate_within_the_ring_checks_stack_and_offset)
{
    struct bench *bench = bench_at(0);
    gdt_segment_set(bench, TARGET, TARGET_OFFSET - 1, (PRESENT | CODE) & ~ACCESS_G);
    gate_set(bench, TARGET, PRESENT | SYSTEM_CALL_GATE32, 0);
    bench->cpu.segments[SS].limit = BENCH_STACK - 2;
    segment_derive(&bench->cpu.segments[SS]);
    refused(bench, true, GATE, 0, VECTOR_SS, 0, SEGMENT_LIMIT);
    bench->cpu.gpr[ESP] -= 4;
    refused(bench, true, GATE, 0, VECTOR_GP, 0, FAR_OFFSET);
    refused(bench, false, GATE, 0, VECTOR_GP, 0, FAR_OFFSET);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("far", real_mode_loads_cs_and_pushes_the_return_address, a_v86_program_transfers_like_an_8086,
           a_direct_call_within_the_ring_and_back, far_jumps_through_memory_take_either_size,
           conforming_code_is_entered_without_a_change_of_privilege,
           direct_targets_are_checked_in_the_manuals_order,
           a_call_asks_for_room_before_it_looks_at_the_target_offset,
           a_call_gate_to_ring_0_copies_parameters_and_ret_releases_them_on_both_stacks,
           a_16_bit_call_gate_pushes_words_whatever_the_operand_size,
           a_call_gate_within_the_ring_copies_nothing, a_jump_through_a_call_gate_stays_in_the_ring,
           the_checks_of_a_call_gate_come_in_the_manuals_order, the_rpl_of_a_gates_selector_counts_too,
           a_gate_never_leads_outwards, a_far_return_checks_cs_then_ss_then_the_offset,
           a_return_within_the_ring_checks_the_offset,
           a_return_within_the_ring_reaches_the_segments_last_byte,
           a_call_gate_within_the_ring_checks_stack_and_offset)
