/* IN, OUT, INS, OUTS: permission (IOPL and the TSS bitmap, SDM 1 18.5) and the access itself. */
#ifndef GATE86_CPU_PORT_ACCESS_H
#define GATE86_CPU_PORT_ACCESS_H

#include "cpu/cpu.h"

/* #GP(0) when neither IOPL nor the bitmap allows `size` bytes at the port; #PF of reading the bitmap. */
MUST_USE struct fault port_check(struct cpu *cpu, uint16_t port, unsigned size);

/* The access, I/O breakpoints included. The check has been made. */
uint32_t port_in(struct cpu *cpu, uint16_t port, unsigned size);
void port_out(struct cpu *cpu, uint16_t port, unsigned size, uint32_t value);

#endif
