/*
 * The native oracle: runs one instruction's bytes on the host between loading and saving the whole floating-point
 * state, so that the processor under test can be compared with a real one. Encodings must mean the same in 64-bit
 * mode; a memory operand is [EDX] (mod 0, rm 2).
 */
#ifndef GATE86_TESTS_CPU_NATIVE_FPU_H
#define GATE86_TESTS_CPU_NATIVE_FPU_H

#include <stddef.h>
#include <stdint.h>

struct native_fpu;

struct native_fpu *native_fpu_new(void);
void native_fpu_free(struct native_fpu *native);

/* FRSTOR and FNSAVE images of 108 bytes (32-bit protected layout); exceptions may be unmasked. */
void native_fpu_run_x87(struct native_fpu *native, const uint8_t *code, size_t size, const void *before,
                        void *after, void *memory, uint64_t *eflags);

/* FXRSTOR and FXSAVE images of 512 bytes, aligned to 16; SSE exceptions must be masked in MXCSR. */
void native_fpu_run_sse(struct native_fpu *native, const uint8_t *code, size_t size, const void *before,
                        void *after, void *memory, uint64_t *eflags, uint32_t *eax);

/* A generator of test values; the same sequence on every run. */
uint64_t native_fpu_random(uint64_t *state);

#endif
