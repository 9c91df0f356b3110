/*
 * What a workload is. Each does COUNT equal pieces of work and gives back a value that depends on all of them, so that
 * an emulator that computes wrongly is found out. None looks at a clock: the host measures.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

/* The beginning and the step of the 32-bit FNV-1a hash, here to fold results into a check value. */
#define CHECK_START 0x811c9dc5u

static inline uint32_t check_add(uint32_t check, uint32_t value)
{
    return (check ^ value) * 0x01000193u;
}

/* xorshift32 (Marsaglia): equal numbers everywhere; the state is never 0. */
static inline uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* integer.c */
uint32_t run_mix(uint32_t count);
uint32_t run_sort(uint32_t count);
uint32_t run_recursion(uint32_t count);
uint32_t run_wide(uint32_t count);

/* bytes.c, compress.c, interpreter.c */
uint32_t run_sha256(uint32_t count);
uint32_t run_crc32(uint32_t count);
uint32_t run_copy_rep(uint32_t count);
uint32_t run_copy_plain(uint32_t count);
uint32_t run_compress(uint32_t count);
uint32_t run_interpreter(uint32_t count);

/* arithmetic.c, compiled once for each unit */
uint32_t run_nbody_x87(uint32_t count);
uint32_t run_nbody_sse2(uint32_t count);
uint32_t run_mandelbrot_x87(uint32_t count);
uint32_t run_mandelbrot_sse2(uint32_t count);

/* system.c */
uint32_t run_getpid_sysenter(uint32_t count);
uint32_t run_getpid_int80(uint32_t count);
uint32_t run_fork_exec(uint32_t count);
uint32_t run_pipe(uint32_t count);
uint32_t run_page_fault(uint32_t count);
uint32_t run_self_modifying(uint32_t count);

#endif
