/*
 * The host's own processor as an oracle: on x86-64 Linux any 32-bit code can be run in compatibility mode, with
 * flat segments, at CPL 3. Code and data stand at the same addresses as on the test bench.
 */
#ifndef GATE86_TESTS_CPU_NATIVE_H
#define GATE86_TESTS_CPU_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NATIVE_CODE     0x10000u /* where the instruction stands; BENCH_CODE */
#define NATIVE_DATA     0x20000u /* 64 KiB, at this address in the host too; BENCH_DATA */
#define NATIVE_NO_FAULT (-1)

struct native_registers {
    uint32_t gpr[8];
    uint32_t eflags; /* status flags and DF */
};

/* Maps the memory and catches the signals of this process. False: this host cannot. */
bool native_open(void);

/*
 * Runs one instruction (no branch) on the host with these registers and brings them back, from a fault too.
 * Returns the vector of the exception, or NATIVE_NO_FAULT.
 */
int native_run(const uint8_t *bytes, size_t size, struct native_registers *registers);

#endif
