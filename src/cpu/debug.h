/*
 * Breakpoints (SDM 3B 17.2, 17.3). Code breakpoints are faults and are asked about before an instruction; data
 * and I/O breakpoints are traps and gather in cpu->pending_debug until the instruction boundary.
 */
#ifndef GATE86_CPU_DEBUG_H
#define GATE86_CPU_DEBUG_H

#include "cpu/cpu.h"

/* Recomputes what follows from DR0 to DR3, DR7 and MONITOR: watched pages, attention. */
void debug_registers_changed(struct cpu *cpu);

/* Any enabled breakpoint of the kind? (for cpu_update_attention and for access.c) */
bool debug_watches_code(const struct cpu *cpu);
bool debug_watches_data(const struct cpu *cpu);

/*
 * DR6 bits of the code breakpoints at a linear address; 0: no enabled one. With an enabled one the disabled ones
 * there are reported too (SDM 3B 17.2.3); so below.
 */
uint32_t debug_match_code(const struct cpu *cpu, uint32_t linear);

/* Adds the DR6 bits of data breakpoints that an access of `size` bytes hits to cpu->pending_debug. */
void debug_match_data(struct cpu *cpu, uint32_t linear, unsigned size, bool write);

/* The same for an I/O access; only with CR4.DE. */
void debug_match_port(struct cpu *cpu, uint16_t port, unsigned size);

#endif
