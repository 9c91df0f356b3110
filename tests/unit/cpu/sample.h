/*
 * Random instructions made from rows of the instruction table, for tests that hold for every row: opcode, prefixes,
 * registers, flags, and a memory operand in a known window of BENCH_DATA.
 */
#ifndef GATE86_TESTS_CPU_SAMPLE_H
#define GATE86_TESTS_CPU_SAMPLE_H

#include "bench.h"
#include "cpu/decode.h"
#include "native.h"

#define SAMPLE_WINDOW 0x4000u                /* bytes in which all accesses lie, but ENTER's last probe */
#define SAMPLE_BEGIN  (BENCH_DATA + 0x4000u) /* at a page border */
#define SAMPLE_MIDDLE (SAMPLE_BEGIN + SAMPLE_WINDOW / 2)
#define SAMPLE_FLAGS  (EFLAGS_STATUS | EFLAGS_DF)

/* Check tells its parent about every assertion; for the millions of these tests that is too slow. */
#define DEMAND(condition, ...)         \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

struct sampler {
    const struct decoder *decoder;
    uint64_t seed; /* the same seed gives the same samples */
};

/* One instruction with its operands. */
struct sample {
    const struct instruction *row;
    uint8_t bytes[24];
    unsigned displacement_at; /* index of the memory operand's 32-bit displacement; 0: none */
    struct operation op;
    struct native_registers before;
};

uint32_t sampler_random(struct sampler *sampler);
bool sampler_one_in(struct sampler *sampler, unsigned n);

/* Operands with a taste for the borders. */
uint32_t sampler_operand(struct sampler *sampler);

/* A random instruction of the row, no branch. False: an earlier row took the opcode. */
bool sample_make(struct sampler *sampler, const struct instruction *row, struct sample *sample);

#endif
