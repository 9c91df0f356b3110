/* What processor tests say about faults and selectors, on top of the bench. */
#ifndef GATE86_TESTS_CPU_EXPECT_H
#define GATE86_TESTS_CPU_EXPECT_H

#include "bench.h"
#include "unit/suite.h"

/* The fault delivered last was this one; forgets it. `code` is 0 for vectors without error code. */
#define EXPECT_FAULT(bench, expected_vector, code, expected_reason)                                  \
    do {                                                                                             \
        struct fault expect_fault = bench_fault(bench);                                              \
        ck_assert_msg(expect_fault.reason == (expected_reason), "\"%s\" instead of \"%s\"",          \
                      fault_reason_words(expect_fault.reason), fault_reason_words(expected_reason)); \
        ck_assert_uint_eq(expect_fault.vector, (expected_vector));                                   \
        ck_assert_uint_eq(expect_fault.error_code, (uint32_t)(code));                                \
        bench_forget(bench);                                                                         \
    } while (0)

#define EXPECT_NO_FAULT(bench)                                     \
    ck_assert_msg(bench_fault(bench).reason == NO_FAULT, "\"%s\"", \
                  fault_reason_words(bench_fault(bench).reason))

/* The common setting of a test: flat protected mode at a privilege, no shadows, no leftovers of the test before. */
static inline void expect_protected(struct bench *bench, unsigned cpl)
{
    bench->cpu.cr4 = 0;
    bench->cpu.shadow = 0;
    bench->cpu.pending_debug = 0;
    bench->cpu.activity = ACTIVE;
    bench_protected(bench, cpl);
    bench_forget(bench);
}

#endif
