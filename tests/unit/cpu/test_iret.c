/* IRET in every mode and direction: what it loads, at which privilege, and that a faulting one changes nothing. */
#include "cpu/iret.h"
#include "transfer_bench.h"
#include "unit/suite.h"

#define SPARE  0x38 /* free GDT entries */
#define SPARE2 0x40

#define ALL_FLAGS 0x003f7fd5u /* every flag that exists; without bit 1 */

/* Words or doublewords for IRET, the first one (EIP) lowest. */
static void image_put(struct bench *bench, unsigned slot, const uint32_t *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bench_write(bench, BENCH_STACK + i * slot, &values[i], slot);
}

#define IMAGE(bench, slot, ...) \
    image_put(bench, slot, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static struct bench *bench_at(unsigned cpl)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, cpl);
    return bench;
}

/* IRET as a function, to look at the fault before it is delivered: nothing may have changed. */
static void refuses(struct bench *bench, bool wide, unsigned vector, uint32_t error_code,
                    enum fault_reason reason)
{
    struct picture *before = picture_take(bench);
    fault_is(interrupt_return(&bench->cpu, wide), vector, error_code, reason);
    picture_compare(before);
}

START_TEST(real_mode_loads_all_flags_but_vm_vif_and_vip)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_VIF);
    IMAGE(bench, 4, 0x1234, 0xffff5678, ALL_FLAGS & ~(EFLAGS_VIF | EFLAGS_TF));
    BENCH_STEP(bench, 0x66, 0xcf);
    ck_assert_uint_eq(cpu->eip, 0x1234);
    ck_assert_uint_eq(cpu->segments[CS].selector, 0x5678);
    ck_assert_uint_eq(cpu->segments[CS].base, 0x56780);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 12);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VIF | 0x257ed5);
    bench_free(bench);
}
END_TEST

START_TEST(real_mode_16_bit_keeps_the_upper_half)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_AC | EFLAGS_ID | EFLAGS_CF);
    IMAGE(bench, 2, 0xffff, 0x5678, EFLAGS_IF | EFLAGS_IOPL | 0x8028);
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->eip, 0xffff);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 6);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_AC | EFLAGS_ID | EFLAGS_IF | EFLAGS_IOPL);
    bench_free(bench);
}
END_TEST

START_TEST(real_mode_checks_the_stack_and_the_code_limit)
{
    struct bench *bench = bench_new(NULL);
    bench_real(bench);
    IMAGE(bench, 4, 0x10000, 0x5678, 0);
    refuses(bench, true, VECTOR_GP, 0, IRET_OFFSET);
    bench->cpu.gpr[ESP] = 0xffff;
    refuses(bench, false, VECTOR_SS, 0, SEGMENT_LIMIT);
    bench_free(bench);
}
END_TEST

START_TEST(a_386_has_neither_ac_nor_id_to_load)
{
    struct bench *bench = bench_new("386");
    bench_protected(bench, 0);
    IMAGE(bench, 4, BENCH_CODE, BENCH_CODE0, EFLAGS_AC | EFLAGS_ID | EFLAGS_VIF | EFLAGS_VIP | EFLAGS_CF);
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(bench->cpu.eflags, EFLAGS_1 | EFLAGS_CF);
    bench_free(bench);
}
END_TEST

START_TEST(a_return_within_the_ring_pops_three_slots)
{
    struct bench *bench = bench_at(0);
    struct cpu *cpu = &bench->cpu;
    IMAGE(bench, 4, 0x12345, 0xabcd0000 | BENCH_CODE0, EFLAGS_IF | EFLAGS_NT | EFLAGS_CF);
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->eip, 0x12345);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE0);
    ck_assert_uint_eq(cpu->gpr[ESP], BENCH_STACK + 12);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_IF | EFLAGS_NT | EFLAGS_CF);
    bench_free(bench);
}
END_TEST

START_TEST(a_return_to_ring_3_loads_the_stack_and_drops_inner_segments)
{
    struct bench *bench = bench_at(0);
    struct cpu *cpu = &bench->cpu;
    gdt_segment_set(bench, SPARE, 0xffffffff, PRESENT | CODE | ACCESS_CONFORMING);
    struct descriptor conforming =
        descriptor_decode(bench_descriptor(0, 0xffff, PRESENT | CODE | ACCESS_CONFORMING));
    struct descriptor inner_code = descriptor_decode(bench_descriptor(0, 0xffff, PRESENT | CODE));
    struct descriptor outer = descriptor_decode(bench_descriptor(0, 0xffff, PRESENT | DATA | RING(3)));
    cpu->segments[ES] = segment_from_descriptor(SPARE, &conforming);
    cpu->segments[FS] = segment_from_descriptor(SPARE2, &inner_code);
    cpu->segments[GS] = segment_from_descriptor(BENCH_DATA3, &outer);
    IMAGE(bench, 4, 0x12345, BENCH_CODE3, EFLAGS_IF, 0x87654321, 0x55550000 | BENCH_DATA3);
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert(cpu->user);
    ck_assert_uint_eq(cpu->segments[CS].selector, BENCH_CODE3);
    ck_assert_uint_eq(cpu->segments[SS].selector, BENCH_DATA3);
    ck_assert_uint_eq(cpu->gpr[ESP], 0x87654321);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_IF);
    ck_assert(cpu->segments[ES].usable);
    ck_assert(!cpu->segments[DS].usable);
    ck_assert_uint_eq(cpu->segments[DS].selector, 0);
    ck_assert(!cpu->segments[FS].usable);
    ck_assert(cpu->segments[GS].usable);
    bench_free(bench);
}
END_TEST

START_TEST(a_return_to_a_16_bit_stack_loads_sp_alone)
{
    struct bench *bench = bench_at(0);
    struct cpu *cpu = &bench->cpu;
    gdt_segment_set(bench, SPARE, 0xffff, PRESENT | RING(3) | (DATA & SMALL));
    cpu->gpr[ESP] = BENCH_STACK;
    IMAGE(bench, 4, 0x12345, BENCH_CODE3, 0, 0x87654321, SPARE | 3);
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->gpr[ESP], (BENCH_STACK & 0xffff0000u) | 0x4321);
    bench_free(bench);
}
END_TEST

START_TEST(a_16_bit_return_to_ring_3_takes_words)
{
    struct bench *bench = bench_at(0);
    struct cpu *cpu = &bench->cpu;
    cpu_set_eflags(cpu, EFLAGS_1 | EFLAGS_AC);
    IMAGE(bench, 2, 0x1234, BENCH_CODE3, EFLAGS_CF, 0x4321, BENCH_DATA3);
    BENCH_STEP(bench, 0x66, 0xcf);
    ck_assert_uint_eq(cpu->eip, 0x1234);
    ck_assert_uint_eq(cpu->gpr[ESP], 0x4321);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_AC | EFLAGS_CF);
    bench_free(bench);
}
END_TEST

/* What the image of all ones loads at CPL and IOPL; VM is left out by the caller when it must be. */
static uint32_t flags_loaded(unsigned cpl, unsigned iopl, bool wide, uint32_t image)
{
    struct bench *bench = bench_at(cpl);
    cpu_set_eflags(&bench->cpu, EFLAGS_1 | iopl << 12);
    if (wide)
        IMAGE(bench, 4, BENCH_CODE, cpl == 3 ? BENCH_CODE3 : BENCH_CODE0, image);
    else
        IMAGE(bench, 2, BENCH_CODE & 0xffff, cpl == 3 ? BENCH_CODE3 : BENCH_CODE0, image);
    ck_assert_int_eq(interrupt_return(&bench->cpu, wide).reason, NO_FAULT);
    uint32_t eflags = bench->cpu.eflags;
    ck_assert_uint_eq(bench->cpu.cpl, cpl);
    bench_free(bench);
    return eflags;
}

START_TEST(privilege_decides_which_flags_are_loaded)
{
    const uint32_t always = EFLAGS_1 | EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT;
    const uint32_t wide = EFLAGS_RF | EFLAGS_AC | EFLAGS_ID;
    ck_assert_uint_eq(flags_loaded(3, 0, true, 0xffffffff), always | wide);
    ck_assert_uint_eq(flags_loaded(3, 2, true, 0xffffffff), always | wide | 2 << 12);
    ck_assert_uint_eq(flags_loaded(3, 3, true, 0xffffffff), always | wide | 3 << 12 | EFLAGS_IF);
    ck_assert_uint_eq(flags_loaded(3, 3, true, 0), EFLAGS_1 | 3 << 12);
    ck_assert_uint_eq(flags_loaded(0, 0, true, ~EFLAGS_VM),
                      always | wide | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_VIF | EFLAGS_VIP);
    ck_assert_uint_eq(flags_loaded(0, 0, false, 0xffff), always | EFLAGS_IF | EFLAGS_IOPL);
    ck_assert_uint_eq(flags_loaded(3, 0, false, 0xffff), always);
}
END_TEST

/* Each check with the later ones failing too. */
enum defect {
    DEFECT_CS_NULL,
    DEFECT_CS_BEYOND,
    DEFECT_CS_TYPE,
    DEFECT_CS_DPL,
    DEFECT_CS_PRESENT,
    DEFECT_STACK_ROOM,
    DEFECT_SS_NULL,
    DEFECT_SS_BEYOND,
    DEFECT_SS_RPL,
    DEFECT_SS_TYPE,
    DEFECT_SS_DPL,
    DEFECT_SS_PRESENT,
    DEFECT_OFFSET,
    DEFECTS,
};

static const struct {
    uint8_t vector;
    uint16_t error_code;
    uint16_t reason;
} return_faults[DEFECTS] = {
    [DEFECT_CS_NULL] = {VECTOR_GP, 0, RETURN_CS_NULL},
    [DEFECT_CS_BEYOND] = {VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE},
    [DEFECT_CS_TYPE] = {VECTOR_GP, SPARE, RETURN_CS_TYPE},
    [DEFECT_CS_DPL] = {VECTOR_GP, SPARE, RETURN_CS_DPL},
    [DEFECT_CS_PRESENT] = {VECTOR_NP, SPARE, RETURN_CS_NOT_PRESENT},
    [DEFECT_STACK_ROOM] = {VECTOR_SS, 0, SEGMENT_LIMIT},
    [DEFECT_SS_NULL] = {VECTOR_GP, 0, RETURN_SS_NULL},
    [DEFECT_SS_BEYOND] = {VECTOR_GP, 0x100, SELECTOR_BEYOND_TABLE},
    [DEFECT_SS_RPL] = {VECTOR_GP, SPARE2, RETURN_SS_RPL},
    [DEFECT_SS_TYPE] = {VECTOR_GP, SPARE2, RETURN_SS_TYPE},
    [DEFECT_SS_DPL] = {VECTOR_GP, SPARE2, RETURN_SS_DPL},
    [DEFECT_SS_PRESENT] = {VECTOR_SS, SPARE2, RETURN_SS_NOT_PRESENT},
    [DEFECT_OFFSET] = {VECTOR_GP, 0, IRET_OFFSET},
};

static struct bench *bench_with_defects(unsigned first)
{
    struct bench *bench = bench_at(0);
    bool has[DEFECTS];
    for (unsigned i = 0; i < DEFECTS; i++)
        has[i] = i >= first;
    unsigned cs_access = (has[DEFECT_CS_TYPE] ? DATA : CODE) | (has[DEFECT_CS_DPL] ? RING(2) : RING(3)) |
                         (has[DEFECT_CS_PRESENT] ? 0 : PRESENT);
    gdt_segment_set(bench, SPARE, has[DEFECT_OFFSET] ? 0xffff : 0x10000, cs_access & ~ACCESS_G);
    unsigned ss_access = (has[DEFECT_SS_TYPE] ? CODE : DATA) | (has[DEFECT_SS_DPL] ? RING(2) : RING(3)) |
                         (has[DEFECT_SS_PRESENT] ? 0 : PRESENT);
    gdt_segment_set(bench, SPARE2, 0xffffffff, ss_access);
    uint32_t cs = has[DEFECT_CS_NULL] ? 3 : has[DEFECT_CS_BEYOND] ? 0x103 : SPARE | 3;
    uint32_t ss = has[DEFECT_SS_NULL]     ? 3
                  : has[DEFECT_SS_BEYOND] ? 0x103
                                          : SPARE2 | (has[DEFECT_SS_RPL] ? 2 : 3);
    IMAGE(bench, 4, 0x10000, cs, EFLAGS_IF, 0x5000, ss);
    if (has[DEFECT_STACK_ROOM]) {
        bench->cpu.segments[SS].limit = BENCH_STACK + 18;
        segment_derive(&bench->cpu.segments[SS]);
    }
    return bench;
}

START_TEST(the_checks_of_a_return_come_in_the_manuals_order)
{
    for (unsigned defect = 0; defect < DEFECTS; defect++) {
        struct bench *bench = bench_with_defects(defect);
        refuses(bench, true, return_faults[defect].vector, return_faults[defect].error_code,
                return_faults[defect].reason);
        bench_free(bench);
    }
    struct bench *bench = bench_with_defects(DEFECTS);
    ck_assert_int_eq(interrupt_return(&bench->cpu, true).reason, NO_FAULT);
    ck_assert_uint_eq(bench->cpu.cpl, 3);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SPARE + 5) & 1, 1);
    ck_assert_uint_eq(bench_read8(bench, BENCH_GDT + SPARE2 + 5) & 1, 1);
    bench_free(bench);
}
END_TEST

START_TEST(no_return_leads_inwards_or_to_a_conforming_segment_above_the_rpl)
{
    struct bench *bench = bench_at(3);
    IMAGE(bench, 4, BENCH_CODE, BENCH_CODE0, 0);
    refuses(bench, true, VECTOR_GP, BENCH_CODE0, RETURN_CS_INNER);
    bench_free(bench);

    bench = bench_at(0);
    gdt_segment_set(bench, SPARE, 0xffffffff, PRESENT | RING(3) | CODE | ACCESS_CONFORMING);
    IMAGE(bench, 4, BENCH_CODE, SPARE | 2, 0, 0, 0);
    refuses(bench, true, VECTOR_GP, SPARE, RETURN_CS_CONFORMING_DPL);
    bench_free(bench);
}
END_TEST

START_TEST(ring_0_returns_to_a_virtual_8086_program)
{
    struct bench *bench = bench_at(0);
    struct cpu *cpu = &bench->cpu;
    IMAGE(bench, 4, 0xffff, 0x1000, EFLAGS_VM | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_VIP, 0x12340000, 0x2000,
          0x3000, 0x4000, 0x5000, 0x6000);
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(cpu->eip, 0xffff);
    ck_assert_uint_eq(cpu->cpl, 3);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VM | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_VIP);
    ck_assert_uint_eq(cpu->gpr[ESP], 0x12340000);
    static const struct {
        uint8_t number;
        uint16_t selector;
    } loaded[] = {{CS, 0x1000}, {SS, 0x2000}, {ES, 0x3000}, {DS, 0x4000}, {FS, 0x5000}, {GS, 0x6000}};
    for (unsigned i = 0; i < ARRAY_LENGTH(loaded); i++) {
        const struct segment *segment = &cpu->segments[loaded[i].number];
        ck_assert_uint_eq(segment->selector, loaded[i].selector);
        ck_assert_uint_eq(segment->base, (uint32_t)loaded[i].selector << 4);
        ck_assert_uint_eq(segment->limit, 0xffff);
    }
    bench_free(bench);
}
END_TEST

START_TEST(a_return_to_virtual_8086_mode_checks_the_nine_slots_and_ip)
{
    struct bench *bench = bench_at(0);
    IMAGE(bench, 4, 0x10000, 0x1000, EFLAGS_VM, 0, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000);
    refuses(bench, true, VECTOR_GP, 0, IRET_OFFSET);
    bench->cpu.segments[SS].limit = BENCH_STACK + 34;
    segment_derive(&bench->cpu.segments[SS]);
    refuses(bench, true, VECTOR_SS, 0, SEGMENT_LIMIT);
    bench_free(bench);
}
END_TEST

START_TEST(ring_3_cannot_enter_virtual_8086_mode)
{
    struct bench *bench = bench_at(3);
    IMAGE(bench, 4, 0x1234, BENCH_CODE3, EFLAGS_VM);
    BENCH_STEP(bench, 0xcf);
    ck_assert_uint_eq(bench->cpu.eflags, EFLAGS_1);
    ck_assert_uint_eq(bench->cpu.eip, 0x1234);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK + 12);
    bench_free(bench);
}
END_TEST

START_TEST(a_v86_program_with_iopl_3_keeps_vm_iopl_vif_and_vip)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 3);
    struct cpu *cpu = &bench->cpu;
    IMAGE(bench, 4, 0x1234, 0x1000, EFLAGS_IF | EFLAGS_VIP | EFLAGS_AC | EFLAGS_CF);
    BENCH_STEP(bench, 0x66, 0xcf);
    ck_assert_uint_eq(cpu->eip, 0x1234);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VM | EFLAGS_IOPL | EFLAGS_IF | EFLAGS_AC | EFLAGS_CF);
    ck_assert_uint_eq(cpu->segments[CS].base, 0x10000);
    bench_free(bench);
}
END_TEST

START_TEST(a_v86_program_with_iopl_below_3_faults_without_vme)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 2);
    IMAGE(bench, 2, 0x1234, 0x1000, EFLAGS_IF);
    refuses(bench, false, VECTOR_GP, 0, IRET_V86_IOPL);
    bench->cpu.cr4 |= CR4_VME;
    refuses(bench, true, VECTOR_GP, 0, IRET_V86_IOPL);
    bench_free(bench);
}
END_TEST

START_TEST(with_vme_the_if_of_the_image_is_vif)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 0);
    struct cpu *cpu = &bench->cpu;
    cpu->cr4 |= CR4_VME;
    IMAGE(bench, 2, 0x1234, 0x1000, EFLAGS_IF | EFLAGS_IOPL | EFLAGS_NT);
    cpu_set_eflags(cpu, cpu->eflags | EFLAGS_VIP);
    refuses(bench, false, VECTOR_GP, 0, IRET_V86_PENDING);
    cpu_set_eflags(cpu, cpu->eflags & ~EFLAGS_VIP);
    ck_assert_int_eq(interrupt_return(cpu, false).reason, NO_FAULT);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VM | EFLAGS_VIF | EFLAGS_NT);
    cpu->gpr[ESP] = BENCH_STACK;
    IMAGE(bench, 2, 0x1234, 0x1000, EFLAGS_TF);
    refuses(bench, false, VECTOR_GP, 0, IRET_V86_TRAP);
    IMAGE(bench, 2, 0x1234, 0x1000, 0);
    ck_assert_int_eq(interrupt_return(cpu, false).reason, NO_FAULT);
    ck_assert_uint_eq(cpu->eflags, EFLAGS_1 | EFLAGS_VM);
    bench_free(bench);
}
END_TEST

START_TEST(rf_in_the_image_skips_one_code_breakpoint_and_then_clears)
{
    struct bench *bench = bench_at(0);
    struct cpu *cpu = &bench->cpu;
    static const uint8_t nops[] = {0xcf, 0x90, 0xeb, 0xfd}; /* iret; nop; jmp to the nop */
    bench_code(bench, nops, sizeof nops);
    cpu->dr[0] = BENCH_CODE + 1;
    cpu->dr7 |= DR7_L0;
    cpu_restored(cpu);
    IMAGE(bench, 4, BENCH_CODE + 1, BENCH_CODE0, EFLAGS_RF);
    bench_run(bench, 1);
    ck_assert_uint_eq(cpu->eflags & EFLAGS_RF, EFLAGS_RF);
    bench_run(bench, 1);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 2);
    ck_assert_uint_eq(cpu->eflags & EFLAGS_RF, 0);
    bench_run(bench, 1);
    bench_run(bench, 1);
    ck_assert_uint_eq(bench_fault(bench).reason, DEBUG_CODE_BREAKPOINT);
    bench_free(bench);
}
END_TEST

START_TEST(only_an_iret_that_completes_lets_nmis_through)
{
    struct bench *bench = bench_at(3);
    bench->cpu.nmi_blocked = true;
    IMAGE(bench, 4, BENCH_CODE, BENCH_CODE0, 0);
    refuses(bench, true, VECTOR_GP, BENCH_CODE0, RETURN_CS_INNER);
    ck_assert(bench->cpu.nmi_blocked);
    IMAGE(bench, 4, BENCH_CODE, BENCH_CODE3, 0);
    ck_assert_int_eq(interrupt_return(&bench->cpu, true).reason, NO_FAULT);
    ck_assert(!bench->cpu.nmi_blocked);
    bench_free(bench);
}
END_TEST

START_TEST(nt_needs_a_back_link_to_a_busy_tss_in_the_gdt)
{
    static const struct {
        uint16_t link;
        unsigned access;
        uint16_t reason;
    } links[] = {
        {0, 0, TASK_TSS_SELECTOR},
        {SPARE | 4, PRESENT | SYSTEM_TSS32_BUSY, TASK_TSS_SELECTOR},
        {0x100, 0, SELECTOR_BEYOND_TABLE},
        {SPARE, PRESENT | SYSTEM_TSS32_AVAILABLE, TASK_TSS_NOT_BUSY},
        {SPARE, PRESENT | SYSTEM_LDT, TASK_TSS_NOT_BUSY},
        {SPARE, PRESENT | CODE, TASK_TSS_NOT_BUSY},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(links); i++) {
        struct bench *bench = bench_at(3);
        cpu_set_eflags(&bench->cpu, EFLAGS_1 | EFLAGS_NT);
        bench_gdt_set(bench, SPARE, bench_descriptor(0x5000, 0x67, (uint16_t)links[i].access));
        bench_write16(bench, BENCH_TSS, links[i].link);
        refuses(bench, true, VECTOR_TS, links[i].link, links[i].reason);
        bench_free(bench);
    }
}
END_TEST

START_TEST(a_v86_program_returns_up_to_the_last_byte_of_its_segment)
{
    struct bench *bench = bench_new(NULL);
    bench_v86(bench, 3);
    IMAGE(bench, 4, 0x10000, 0x1000, 0);
    refuses(bench, true, VECTOR_GP, 0, IRET_OFFSET);
    IMAGE(bench, 4, 0xffff, 0x1000, 0);
    ck_assert_int_eq(interrupt_return(&bench->cpu, true).reason, NO_FAULT);
    ck_assert_uint_eq(bench->cpu.next_eip, 0xffff);
    ck_assert_uint_eq(bench->cpu.gpr[ESP], BENCH_STACK + 12);
    bench_free(bench);
}
END_TEST

START_TEST(a_return_to_conforming_code_may_lead_to_any_rpl_from_its_dpl_on)
{
    for (unsigned dpl = 0; dpl < 4; dpl++) {
        struct bench *bench = bench_at(3);
        struct cpu *cpu = &bench->cpu;
        gdt_segment_set(bench, SPARE, 0xffffffff, PRESENT | RING(dpl) | CODE | ACCESS_CONFORMING);
        IMAGE(bench, 4, 0x1234, SPARE | 3, 0);
        ck_assert_int_eq(interrupt_return(cpu, true).reason, NO_FAULT);
        ck_assert_uint_eq(cpu->segments[CS].selector, SPARE | 3);
        ck_assert_uint_eq(access_dpl(cpu->segments[CS].access), dpl);
        ck_assert_uint_eq(cpu->cpl, 3);
        bench_free(bench);
    }
}
END_TEST

UNIT_SUITE("iret", real_mode_loads_all_flags_but_vm_vif_and_vip, real_mode_16_bit_keeps_the_upper_half,
           real_mode_checks_the_stack_and_the_code_limit, a_386_has_neither_ac_nor_id_to_load,
           a_return_within_the_ring_pops_three_slots,
           a_return_to_ring_3_loads_the_stack_and_drops_inner_segments,
           a_return_to_a_16_bit_stack_loads_sp_alone, a_16_bit_return_to_ring_3_takes_words,
           privilege_decides_which_flags_are_loaded, the_checks_of_a_return_come_in_the_manuals_order,
           no_return_leads_inwards_or_to_a_conforming_segment_above_the_rpl,
           ring_0_returns_to_a_virtual_8086_program,
           a_return_to_virtual_8086_mode_checks_the_nine_slots_and_ip, ring_3_cannot_enter_virtual_8086_mode,
           a_v86_program_with_iopl_3_keeps_vm_iopl_vif_and_vip,
           a_v86_program_with_iopl_below_3_faults_without_vme, with_vme_the_if_of_the_image_is_vif,
           rf_in_the_image_skips_one_code_breakpoint_and_then_clears,
           only_an_iret_that_completes_lets_nmis_through, nt_needs_a_back_link_to_a_busy_tss_in_the_gdt,
           a_v86_program_returns_up_to_the_last_byte_of_its_segment,
           a_return_to_conforming_code_may_lead_to_any_rpl_from_its_dpl_on)
