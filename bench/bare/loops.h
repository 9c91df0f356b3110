/*
 * The loops of loops.S. Those that begin in ring 3 are entered by ring3_run, which comes back when the loop asks for
 * RETURN_VECTOR. Each takes its repetitions in a register and counts in the kernel what has arrived there.
 */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#define RETURN_VECTOR 0x81
#define UNDEFINED     6    /* #UD */
#define CALL_GATE     0x33 /* GDT entry 6, RPL 3 */
#define MISS_PAGES    8

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Runs `loop` in ring 3 with ESI = count on a stack of its own. */
void ring3_run(void (*loop)(void), uint32_t count);

void loop_empty(void);
void loop_sysenter(void);
void loop_int80(void);
void loop_ud(void);
void loop_call_gate(void);

/* In ring 0; `pages` are MISS_PAGES pages, whose first words they add up. */
uint32_t loop_cr3(uint32_t count, const uint32_t *pages);
uint32_t loop_port_out(uint32_t count);
uint32_t loop_port_in(uint32_t count);

/* The kernel's side. */
void entry_sysenter(void);
void entry_int80(void);
void entry_ud(void);
void entry_call_gate(void);
void entry_return(void);

/* How often one of the entries was reached. */
extern volatile uint32_t entries;
#endif

#endif
