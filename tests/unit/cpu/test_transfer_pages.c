/*
 * Page faults in the middle of transfers: every page a transfer touches is taken away in turn, or made read-only,
 * or kept from ring 3, and afterwards all must be as it was, memory included.
 */
#include "cpu/far.h"
#include "cpu/interrupt.h"
#include "cpu/iret.h"
#include "transfer_bench.h"
#include "unit/suite.h"

#define GATE  0x38 /* free GDT entries; code and stack have their accessed bits clear */
#define CODE0 0x40
#define DATA0 0x48
#define CODE3 0x50
#define DATA3 0x58

#define DIRECTORY 0x30000u
#define TABLE     0x31000u
#define PAGES     0x30u /* looked at: all the bench uses */

/* The frames lie across a page boundary, so that two pages of each stack count. */
#define OUTER_STACK (BENCH_STACK + 8)
#define INNER_STACK (BENCH_STACK0 + 8)
#define FRAME       (BENCH_STACK - 8)

static struct bench *bench_paged(unsigned cpl, bool v86)
{
    struct bench *bench = bench_new(NULL);
    if (v86)
        bench_v86(bench, 3);
    else
        bench_protected(bench, cpl);
    gdt_segment_set(bench, CODE0, 0xffffffff, PRESENT | CODE);
    gdt_segment_set(bench, DATA0, 0xffffffff, PRESENT | DATA);
    gdt_segment_set(bench, CODE3, 0xffffffff, PRESENT | CODE | RING(3));
    gdt_segment_set(bench, DATA3, 0xffffffff, PRESENT | DATA | RING(3));
    bench_idt_set(bench, 0x80, bench_gate(CODE0, 0x3080, PRESENT | RING(3) | SYSTEM_INTERRUPT_GATE32, 0));
    bench_gdt_set(bench, GATE, bench_gate(CODE0, 0x3080, PRESENT | RING(3) | SYSTEM_CALL_GATE32, 4));
    bench_write32(bench, BENCH_TSS + 4, INNER_STACK);
    bench_write16(bench, BENCH_TSS + 8, DATA0);
    bench->cpu.gpr[ESP] = OUTER_STACK;
    bench->cpu.next_eip = bench->cpu.eip + 2;

    bench_write32(bench, DIRECTORY, TABLE | 7);
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, TABLE + 4 * page, page << 12 | 7);
    bench->cpu.cr3 = DIRECTORY;
    bench->cpu.cr0 |= CR0_PG | CR0_WP;
    cpu_restored(&bench->cpu);
    return bench;
}

static void frame_put(struct bench *bench, const uint32_t *values, unsigned count)
{
    bench->cpu.gpr[ESP] = FRAME;
    for (unsigned i = 0; i < count; i++)
        bench_write32(bench, FRAME + 4 * i, values[i]);
}

static struct bench *ring3(void)
{
    return bench_paged(3, false);
}

static struct bench *ring0(void)
{
    return bench_paged(0, false);
}

static struct bench *v86(void)
{
    return bench_paged(3, true);
}

static struct bench *ring0_with_iret_frame(void)
{
    static const uint32_t frame[] = {BENCH_CODE, CODE3 | 3, EFLAGS_IF, 0x5000, DATA3 | 3};
    struct bench *bench = ring0();
    frame_put(bench, frame, ARRAY_LENGTH(frame));
    return bench;
}

static struct bench *ring0_with_v86_frame(void)
{
    static const uint32_t frame[] = {0x1234, 0x1000, EFLAGS_VM, 0x5000, 1, 2, 3, 4, 5};
    struct bench *bench = ring0();
    frame_put(bench, frame, ARRAY_LENGTH(frame));
    return bench;
}

static struct bench *ring0_with_far_frame(void)
{
    static const uint32_t frame[] = {BENCH_CODE, CODE3 | 3, 0, 0x5000, DATA3 | 3};
    struct bench *bench = ring0();
    frame_put(bench, frame, ARRAY_LENGTH(frame));
    return bench;
}

static struct fault interrupt_80(struct cpu *cpu)
{
    const struct event event = {.vector = 0x80,
                                .source = EVENT_EXCEPTION,
                                .has_error_code = true,
                                .return_eip = cpu->eip,
                                .eflags_image = cpu->eflags};
    return interrupt_deliver(cpu, &event);
}

static struct fault call_through_gate(struct cpu *cpu)
{
    return far_call(cpu, GATE | 3, 0, true);
}

static struct fault call_direct(struct cpu *cpu)
{
    return far_call(cpu, CODE3, 0x1234, true);
}

static struct fault iretd(struct cpu *cpu)
{
    return interrupt_return(cpu, true);
}

static struct fault retf_4(struct cpu *cpu)
{
    return far_return(cpu, true, 4);
}

struct transfer {
    const char *name;
    struct bench *(*prepare)(void);
    struct fault (*perform)(struct cpu *cpu);
    uint64_t touched; /* pages, by number: one missing is a fault */
    uint64_t written; /* one read-only is a fault */
    uint64_t user;    /* one of the supervisor's is a fault */
};

#define PAGE(address) (1ull << ((address) >> 12))
#define GDT_PAGE      PAGE(BENCH_GDT)
#define IDT_PAGE      PAGE(BENCH_IDT)
#define TSS_PAGE      PAGE(BENCH_TSS)
#define OUTER_PAGES   (PAGE(BENCH_STACK) | PAGE(BENCH_STACK - 1))
#define INNER_PAGES   (PAGE(BENCH_STACK0) | PAGE(BENCH_STACK0 - 1))

/* clang-format off */
static const struct transfer transfers[] = {
    {"an interrupt from ring 3", ring3, interrupt_80,
     GDT_PAGE | IDT_PAGE | TSS_PAGE | INNER_PAGES, GDT_PAGE | INNER_PAGES, 0},
    {"an interrupt within ring 0", ring0, interrupt_80,
     GDT_PAGE | IDT_PAGE | OUTER_PAGES, GDT_PAGE | OUTER_PAGES, 0},
    {"an interrupt from virtual-8086 mode", v86, interrupt_80,
     GDT_PAGE | IDT_PAGE | TSS_PAGE | INNER_PAGES, GDT_PAGE | INNER_PAGES, 0},
    {"a call gate to ring 0", ring3, call_through_gate,
     GDT_PAGE | TSS_PAGE | INNER_PAGES | PAGE(BENCH_STACK), GDT_PAGE | INNER_PAGES, PAGE(BENCH_STACK)},
    {"a far call in ring 3", ring3, call_direct,
     GDT_PAGE | PAGE(BENCH_STACK), GDT_PAGE | PAGE(BENCH_STACK), PAGE(BENCH_STACK)},
    {"an IRET to ring 3", ring0_with_iret_frame, iretd, GDT_PAGE | OUTER_PAGES, GDT_PAGE, 0},
    {"an IRET to virtual-8086 mode", ring0_with_v86_frame, iretd, OUTER_PAGES, 0, 0},
    {"a far return to ring 3", ring0_with_far_frame, retf_4, GDT_PAGE | OUTER_PAGES, GDT_PAGE, 0},
};
/* clang-format on */

/* Performs the transfer with one page's entry changed; a fault must have changed nothing else. */
static bool faults(const struct transfer *transfer, unsigned page, unsigned bits, uint32_t cause)
{
    struct bench *bench = transfer->prepare();
    bench_write32(bench, TABLE + 4 * page, page << 12 | bits);
    mmu_flush(&bench->cpu.mmu, false);
    struct picture *before = picture_take(bench);
    struct fault fault = transfer->perform(&bench->cpu);
    bool faulted = fault.reason != NO_FAULT;
    if (faulted) {
        ck_assert_msg(fault.vector == VECTOR_PF, "%s, page %x: %s", transfer->name, page,
                      fault_reason_words(fault.reason));
        ck_assert_uint_eq(fault.address >> 12, page);
        ck_assert_uint_eq(fault.error_code & cause, cause);
        memcpy(before->ram + DIRECTORY, bench->memory.ram + DIRECTORY, 0x2000); /* accessed and dirty bits */
        picture_compare(before);
    } else {
        free(before);
    }
    bench_free(bench);
    return faulted;
}

static uint64_t faulting_pages(const struct transfer *transfer, unsigned bits, uint32_t cause)
{
    uint64_t pages = 0;
    for (unsigned page = 0; page < PAGES; page++) {
        if (faults(transfer, page, bits, cause))
            pages |= 1ull << page;
    }
    return pages;
}

START_TEST(a_missing_page_stops_a_transfer_before_it_changes_anything)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(transfers); i++)
        ck_assert_msg(faulting_pages(&transfers[i], 0, 0) == transfers[i].touched, "%s", transfers[i].name);
}
END_TEST

START_TEST(a_read_only_page_stops_a_transfer_before_it_changes_anything)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(transfers); i++)
        ck_assert_msg(faulting_pages(&transfers[i], 5, PF_P | PF_WR) == transfers[i].written, "%s",
                      transfers[i].name);
}
END_TEST

START_TEST(only_the_outer_stack_is_accessed_at_ring_3)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(transfers); i++)
        ck_assert_msg(faulting_pages(&transfers[i], 3, PF_P | PF_US) == transfers[i].user, "%s",
                      transfers[i].name);
}
END_TEST

UNIT_SUITE("transfer pages", a_missing_page_stops_a_transfer_before_it_changes_anything,
           a_read_only_page_stops_a_transfer_before_it_changes_anything,
           only_the_outer_stack_is_accessed_at_ring_3)
