/* The floating-point unit's pins, seen by the board. FERR# is cpu->ferr. */
#ifndef GATE86_CPU_FPU_FPU_H
#define GATE86_CPU_FPU_FPU_H

#include "cpu/cpu.h"

/*
 * The IGNNE# pin, true: asserted. With CR0.NE clear it lets x87 instructions run although an exception is pending; an
 * AT board asserts it from a write to port F0h until FERR# goes inactive (SDM 1 D.2.1.2).
 */
void fpu_set_ignne(struct cpu *cpu, bool level);

#endif
