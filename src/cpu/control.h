/*
 * Writing control registers with every check of SDM 3A 2.5 and 2B MOV CRn. On a fault nothing has changed.
 */
#ifndef GATE86_CPU_CONTROL_H
#define GATE86_CPU_CONTROL_H

#include "cpu/cpu.h"

MUST_USE struct fault cr0_write(struct cpu *cpu, uint32_t value);
/* Loads the PDPTEs under PAE; flushes all but global entries. */
MUST_USE struct fault cr3_write(struct cpu *cpu, uint32_t value);
MUST_USE struct fault cr4_write(struct cpu *cpu, uint32_t value);

#endif
