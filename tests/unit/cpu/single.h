/* One instruction straight through its handler: the fault comes back as a value and is not delivered. */
#ifndef GATE86_TESTS_CPU_SINGLE_H
#define GATE86_TESTS_CPU_SINGLE_H

#include "bench.h"
#include "cpu/decode.h"

/* Executes the bytes as if they stood at CS:EIP; EIP moves on unless there is a fault. */
static inline struct fault single_execute(struct bench *bench, const uint8_t *bytes, unsigned size)
{
    struct cpu *cpu = &bench->cpu;
    struct operation op;
    bool wide = cpu->segments[CS].access & ACCESS_DB;
    if (decode(cpu->decoder, bytes, size, wide, &op) != DECODE_DONE)
        return fault_gp(0, DECODE_TOO_LONG);
    cpu->next_eip = cpu->eip + op.length;
    struct fault fault = op.execute(cpu, &op);
    if (fault.reason == NO_FAULT)
        cpu->eip = cpu->next_eip;
    return fault;
}

#define SINGLE(bench, ...) \
    single_execute(bench, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

/* A flat segment register gets a limit. */
static inline void single_limit(struct bench *bench, unsigned segment, uint32_t limit)
{
    bench->cpu.segments[segment].limit = limit;
    segment_derive(&bench->cpu.segments[segment]);
}

#define SINGLE_PAGES 0x300000u /* page directory, and one table for the first 4 MiB behind it */

/* Turns paging on: the first 4 MiB one to one, every page writable for everybody. */
static inline void single_paging(struct bench *bench)
{
    bench_write32(bench, SINGLE_PAGES, (SINGLE_PAGES + 0x1000) | 7);
    for (uint32_t page = 0; page < 1024; page++)
        bench_write32(bench, SINGLE_PAGES + 0x1000 + 4 * page, page << 12 | 7);
    bench->cpu.cr3 = SINGLE_PAGES;
    bench->cpu.cr0 |= CR0_PG | CR0_WP;
    cpu_restored(&bench->cpu);
}

/* Changes the entry of one of these pages: a physical address and flags. */
static inline void single_page(struct bench *bench, uint32_t linear, uint32_t entry)
{
    bench_write32(bench, SINGLE_PAGES + 0x1000 + 4 * (linear >> 12), entry);
    mmu_flush(&bench->cpu.mmu, false);
}

/* No fault; or a fault of this vector and error code. */
#define FINE(expression) \
    ck_assert_str_eq(fault_reason_words((expression).reason), fault_reason_words(NO_FAULT))
#define FAULTS(expression, wanted_vector, wanted_code)                                        \
    do {                                                                                      \
        struct fault faults_got = (expression);                                               \
        ck_assert_uint_ne(faults_got.reason, NO_FAULT);                                       \
        ck_assert_str_eq(vector_mnemonic(faults_got.vector), vector_mnemonic(wanted_vector)); \
        ck_assert_uint_eq(faults_got.error_code, wanted_code);                                \
    } while (0)

#endif
