/*
 * What the tests of interrupts, far transfers and tasks share: a picture of everything visible, to show that a
 * fault has changed none of it, and short names for descriptors.
 */
#ifndef GATE86_TESTS_CPU_TRANSFER_BENCH_H
#define GATE86_TESTS_CPU_TRANSFER_BENCH_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cpu/interrupt.h"

#define PRESENT ACCESS_P
#define RING(n) ((n) << ACCESS_DPL_SHIFT)
#define CODE    (ACCESS_S | ACCESS_CODE | ACCESS_READABLE | ACCESS_DB | ACCESS_G)
#define DATA    (ACCESS_S | ACCESS_WRITABLE | ACCESS_DB | ACCESS_G)
#define SMALL   (~(ACCESS_DB | ACCESS_G)) /* mask: 16-bit, byte granularity */

/* Everything the guest can see of the processor up to the FPU, and the RAM that tests use. */
struct picture {
    struct bench *bench;
    uint8_t registers[offsetof(struct cpu, fpu)];
    uint8_t ram[0x40000];
};

static inline struct picture *picture_take(struct bench *bench)
{
    struct picture *picture = malloc(sizeof *picture);
    ck_assert_ptr_nonnull(picture);
    picture->bench = bench;
    memcpy(picture->registers, &bench->cpu, sizeof picture->registers);
    memcpy(picture->ram, bench->memory.ram, sizeof picture->ram);
    return picture;
}

/* Fails the test when anything differs; frees the picture. */
static inline void picture_compare(struct picture *picture)
{
    ck_assert_mem_eq(picture->registers, &picture->bench->cpu, sizeof picture->registers);
    ck_assert_mem_eq(picture->ram, picture->bench->memory.ram, sizeof picture->ram);
    free(picture);
}

/* A GDT entry: a flat (4 GiB) or a small segment by its access rights. */
static inline void gdt_segment_set(struct bench *bench, uint16_t selector, uint32_t limit, unsigned access)
{
    bench_gdt_set(bench, selector, bench_descriptor(0, limit, (uint16_t)access));
}

static inline void fault_is(struct fault fault, unsigned vector, uint32_t error_code,
                            enum fault_reason reason)
{
    ck_assert_msg(fault.reason == reason, "%s instead of %s", fault_reason_words(fault.reason),
                  fault_reason_words(reason));
    ck_assert_uint_eq(fault.vector, vector);
    ck_assert_uint_eq(fault.error_code, error_code);
}

/* What INT n of two bytes at EIP delivers. */
static inline struct event software_interrupt(uint8_t vector, const struct cpu *cpu)
{
    return (struct event){
        .vector = vector, .source = EVENT_SOFTWARE, .return_eip = cpu->eip + 2, .eflags_image = cpu->eflags};
}

#endif
