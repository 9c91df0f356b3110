/* A fault in the delivery of another: SDM 3A table 6-5, shutdown, and what of the first one stays. */
#include "transfer_bench.h"
#include "unit/suite.h"

#define SPARE      0x38 /* free GDT entries */
#define SPARE2     0x40
#define GATE_VALID (PRESENT | RING(3))

static const uint32_t FRAME0 = BENCH_STACK0;

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
    struct event event = software_interrupt(0x80, &bench->cpu);
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

UNIT_SUITE("double fault", cr2_is_the_address_of_the_first_push_that_fails,
           two_faults_combine_as_in_table_6_5,
           a_fault_of_the_double_fault_handler_shuts_down_and_leaves_its_chain,
           an_interrupt_that_cannot_be_delivered_is_a_fault_with_ext,
           benign_faults_that_raise_each_other_do_not_hang)
