/* Permission for ports: IOPL, the bitmap in the TSS, virtual-8086 mode; and IN, OUT, INS, OUTS themselves. */
#include "cpu/port_access.h"

#include "expect.h"

#define FIRST_PORT 0x100

/* A device of four byte ports that answers and remembers. */
struct recorder {
    uint32_t answer;
    uint32_t written;
    unsigned reads, writes, size;
    uint16_t offset;
};

static uint32_t recorder_read(void *context, unsigned range, uint16_t offset, unsigned size)
{
    struct recorder *recorder = context;
    (void)range;
    recorder->reads++;
    recorder->offset = offset;
    recorder->size = size;
    return recorder->answer++;
}

static void recorder_write(void *context, unsigned range, uint16_t offset, uint32_t value, unsigned size)
{
    struct recorder *recorder = context;
    (void)range;
    recorder->writes++;
    recorder->offset = offset;
    recorder->size = size;
    recorder->written = value;
}

static struct bench *bench_with(struct recorder *recorder)
{
    struct bench *bench = bench_new(NULL);
    *recorder = (struct recorder){0};
    struct port_range range = {
        .name = "recorder",
        .first = FIRST_PORT,
        .count = 8,
        .width = 4,
        .read = recorder_read,
        .write = recorder_write,
        .context = recorder,
    };
    ports_claim(&bench->ports, &range);
    expect_protected(bench, 0);
    return bench;
}

/* A TSS of `limit` whose I/O map begins at 68h and allows everything. */
static void set_bitmap(struct bench *bench, uint32_t limit)
{
    for (uint32_t offset = 0x68; offset <= limit; offset += 4)
        bench_write32(bench, BENCH_TSS + offset, 0);
    bench_write16(bench, BENCH_TSS + 0x66, 0x68);
    bench->cpu.tr.limit = limit;
    segment_derive(&bench->cpu.tr);
}

static void set_iopl(struct bench *bench, unsigned iopl)
{
    cpu_set_eflags(&bench->cpu, (bench->cpu.eflags & ~EFLAGS_IOPL) | iopl << 12);
}

static void check(struct fault fault, enum fault_reason reason)
{
    ck_assert_uint_eq(fault.reason, reason);
    if (reason != NO_FAULT) {
        ck_assert_uint_eq(fault.vector, VECTOR_GP);
        ck_assert_uint_eq(fault.error_code, 0);
    }
}

START_TEST(IOPL_opens_all_ports_in_protected_mode)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    for (unsigned iopl = 0; iopl < 4; iopl++) {
        set_iopl(bench, iopl);
        for (unsigned cpl = 0; cpl < 4; cpl++) {
            cpu_set_cpl(&bench->cpu, cpl);
            check(port_check(&bench->cpu, 0x80, 1), cpl <= iopl ? NO_FAULT : IO_BITMAP);
        }
    }
    bench_free(bench);
}
END_TEST

START_TEST(the_bitmap_decides_below_IOPL_bit_by_bit)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 3);
    set_bitmap(bench, 0x68 + 0x40);
    bench_write16(bench, BENCH_TSS + 0x68 + 0x100 / 8, 0x0080); /* port 107h is forbidden */
    check(port_check(cpu, 0x107, 1), IO_BITMAP);
    check(port_check(cpu, 0x106, 1), NO_FAULT);
    check(port_check(cpu, 0x106, 2), IO_BITMAP);
    check(port_check(cpu, 0x104, 4), IO_BITMAP);
    check(port_check(cpu, 0x103, 4), NO_FAULT);
    check(port_check(cpu, 0x108, 4), NO_FAULT);
    bench_write16(bench, BENCH_TSS + 0x68 + 0x100 / 8, 0x0100); /* port 108h: in the next byte */
    check(port_check(cpu, 0x107, 2), IO_BITMAP);
    check(port_check(cpu, 0x105, 4), IO_BITMAP);
    check(port_check(cpu, 0x107, 1), NO_FAULT);
    bench_free(bench);
}
END_TEST

START_TEST(two_bytes_of_the_bitmap_are_read_and_must_be_in_the_TSS)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 3);
    set_bitmap(bench, 0x68 + 0x20);
    cpu->tr.limit = 0x68 + 0x20; /* the byte of ports 100h to 107h is the last one */
    check(port_check(cpu, 0xff, 1), NO_FAULT);
    check(port_check(cpu, 0x100, 1), IO_BITMAP);
    cpu->tr.limit++;
    check(port_check(cpu, 0x100, 1), NO_FAULT);
    /* The base address itself must be there. */
    cpu->tr.limit = 0x66;
    check(port_check(cpu, 0, 1), IO_BITMAP);
    /* A map that begins beyond the limit is none. */
    cpu->tr.limit = 0x67;
    check(port_check(cpu, 0, 1), IO_BITMAP);
    bench_free(bench);
}
END_TEST

START_TEST(a_16_bit_TSS_has_no_bitmap)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    expect_protected(bench, 3);
    set_bitmap(bench, 0x100);
    check(port_check(&bench->cpu, 0x10, 1), NO_FAULT);
    bench->cpu.tr.access = ACCESS_P | SYSTEM_TSS16_BUSY;
    check(port_check(&bench->cpu, 0x10, 1), IO_BITMAP);
    bench_free(bench);
}
END_TEST

START_TEST(virtual_8086_mode_asks_the_bitmap_whatever_IOPL_says)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    for (unsigned iopl = 0; iopl < 4; iopl++) {
        bench_v86(bench, iopl);
        check(port_check(&bench->cpu, 0x10, 1), IO_BITMAP);
        set_bitmap(bench, 0x100);
        check(port_check(&bench->cpu, 0x10, 1), NO_FAULT);
    }
    bench_real(bench);
    check(port_check(&bench->cpu, 0x10, 1), NO_FAULT);
    bench_free(bench);
}
END_TEST

START_TEST(the_bitmap_is_read_as_supervisor_and_may_page_fault)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    struct cpu *cpu = &bench->cpu;
    expect_protected(bench, 3);
    set_bitmap(bench, 0x100);
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, 0x100000 + page * 4, page << 12 | 3); /* supervisor pages all */
    bench_write32(bench, 0x101000, 0x100000 | 7);
    cpu->cr3 = 0x101000;
    cpu->cr0 |= CR0_PG;
    cpu_restored(cpu);
    check(port_check(cpu, 0x10, 1), NO_FAULT);
    bench_write32(bench, 0x100000 + (BENCH_TSS >> 12) * 4, 0);
    mmu_flush(&cpu->mmu, false);
    struct fault fault = port_check(cpu, 0x10, 1);
    ck_assert_uint_eq(fault.vector, VECTOR_PF);
    ck_assert_uint_eq(fault.error_code, 0);
    ck_assert_uint_eq(fault.address, BENCH_TSS + 0x66);
    bench_free(bench);
}
END_TEST

START_TEST(IN_and_OUT_move_the_size_they_name)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    struct cpu *cpu = &bench->cpu;
    recorder.answer = 0x11223344;
    cpu->gpr[EDX] = 0xffff0000 | FIRST_PORT;
    cpu->gpr[EAX] = 0xaaaaaaaa;
    BENCH_STEP(bench, 0xec); /* IN AL, DX */
    ck_assert_uint_eq(cpu->gpr[EAX], 0xaaaaaa44);
    BENCH_STEP(bench, 0x66, 0xed); /* IN AX, DX */
    ck_assert_uint_eq(cpu->gpr[EAX], 0xaaaa3345);
    BENCH_STEP(bench, 0xed); /* IN EAX, DX */
    ck_assert_uint_eq(cpu->gpr[EAX], 0x11223346);
    ck_assert_uint_eq(recorder.reads, 3);
    cpu->gpr[EDX] = FIRST_PORT + 4;
    BENCH_STEP(bench, 0x66, 0xef); /* OUT DX, AX */
    ck_assert_uint_eq(recorder.written, 0x3346);
    ck_assert_uint_eq(recorder.size, 2);
    ck_assert_uint_eq(recorder.offset, 4);
    BENCH_STEP(bench, 0xe5, 0x80); /* IN EAX, 80h: nobody there */
    ck_assert_uint_eq(cpu->gpr[EAX], 0xffffffff);
    EXPECT_NO_FAULT(bench);
    bench_free(bench);
}
END_TEST

START_TEST(a_forbidden_port_is_not_touched)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    static const uint8_t codes[] = {0xec, 0xee, 0x6c, 0x6e};
    for (unsigned i = 0; i < sizeof codes; i++) {
        expect_protected(bench, 3);
        bench->cpu.gpr[EDX] = FIRST_PORT;
        bench->cpu.gpr[EDI] = bench->cpu.gpr[ESI] = BENCH_DATA;
        bench_code(bench, &codes[i], 1);
        bench_run(bench, 1);
        EXPECT_FAULT(bench, VECTOR_GP, 0, IO_BITMAP);
    }
    ck_assert_uint_eq(recorder.reads + recorder.writes, 0);
    bench_free(bench);
}
END_TEST

START_TEST(INS_does_not_read_the_port_when_it_could_not_store)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    struct cpu *cpu = &bench->cpu;
    cpu->segments[ES] = segment_null(0);
    cpu->gpr[EDX] = FIRST_PORT;
    cpu->gpr[EDI] = BENCH_DATA;
    BENCH_STEP(bench, 0x6d);
    EXPECT_FAULT(bench, VECTOR_GP, 0, SEGMENT_UNUSABLE);

    expect_protected(bench, 3);
    set_iopl(bench, 3);
    cpu->cr0 |= CR0_AM;
    cpu_set_eflags(cpu, cpu->eflags | EFLAGS_AC);
    cpu->gpr[EDI] = BENCH_DATA + 1;
    BENCH_STEP(bench, 0x6d);
    EXPECT_FAULT(bench, VECTOR_AC, 0, ALIGNMENT);
    ck_assert_uint_eq(recorder.reads, 0);
    bench_free(bench);
}
END_TEST

/* Runs one REP instruction with a budget of so many iterations. */
static void run_budget(struct bench *bench, uint64_t iterations)
{
    clock_run_due(&bench->clock, iterations);
    cpu_run(&bench->cpu);
}

START_TEST(REP_INS_goes_on_where_it_was_interrupted)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    struct cpu *cpu = &bench->cpu;
    static const uint8_t code[] = {0xf3, 0x6c}; /* REP INSB */
    bench_code(bench, code, sizeof code);
    recorder.answer = 1;
    cpu->gpr[EDX] = FIRST_PORT;
    cpu->gpr[EDI] = BENCH_DATA;
    cpu->gpr[ECX] = 5;
    run_budget(bench, 3);
    ck_assert_uint_eq(cpu->gpr[ECX], 2);
    ck_assert_uint_eq(cpu->gpr[EDI], BENCH_DATA + 3);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE);
    ck_assert(cpu->repeating);
    run_budget(bench, 2);
    ck_assert_uint_eq(cpu->gpr[ECX], 0);
    ck_assert_uint_eq(cpu->eip, BENCH_CODE + 2);
    ck_assert(!cpu->repeating);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA), 0x04030201);
    ck_assert_uint_eq(recorder.reads, 5);
    EXPECT_NO_FAULT(bench);

    cpu->eip = BENCH_CODE; /* a count of zero does nothing at all, not even ask for permission */
    cpu_set_cpl(cpu, 3);
    run_budget(bench, 1);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(recorder.reads, 5);
    bench_free(bench);
}
END_TEST

START_TEST(REP_OUTS_counts_within_the_address_size_and_backwards_with_DF)
{
    struct recorder recorder;
    struct bench *bench = bench_with(&recorder);
    struct cpu *cpu = &bench->cpu;
    static const uint8_t code[] = {0x67, 0xf2, 0x66, 0x6f}; /* REP OUTSW with 16-bit addresses */
    bench_code(bench, code, sizeof code);
    bench_write16(bench, 0xfffe, 0x5678);
    bench_write16(bench, 0, 0x1234);
    cpu->gpr[EDX] = FIRST_PORT;
    cpu->gpr[ESI] = 0xaaaa0000;
    cpu->gpr[ECX] = 0xbbbb0002;
    cpu_set_eflags(cpu, cpu->eflags | EFLAGS_DF);
    run_budget(bench, 2);
    EXPECT_NO_FAULT(bench);
    ck_assert_uint_eq(cpu->gpr[ECX], 0xbbbb0000);
    ck_assert_uint_eq(cpu->gpr[ESI], 0xaaaafffc);
    ck_assert_uint_eq(recorder.writes, 2);
    ck_assert_uint_eq(recorder.written, 0x5678);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("port_access", IOPL_opens_all_ports_in_protected_mode, the_bitmap_decides_below_IOPL_bit_by_bit,
           two_bytes_of_the_bitmap_are_read_and_must_be_in_the_TSS, a_16_bit_TSS_has_no_bitmap,
           virtual_8086_mode_asks_the_bitmap_whatever_IOPL_says,
           the_bitmap_is_read_as_supervisor_and_may_page_fault, IN_and_OUT_move_the_size_they_name,
           a_forbidden_port_is_not_touched, INS_does_not_read_the_port_when_it_could_not_store,
           REP_INS_goes_on_where_it_was_interrupted,
           REP_OUTS_counts_within_the_address_size_and_backwards_with_DF)
