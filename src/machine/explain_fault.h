/* Faults and chains of faults in words. */
#ifndef GATE86_MACHINE_EXPLAIN_FAULT_H
#define GATE86_MACHINE_EXPLAIN_FAULT_H

#include <stdio.h>

#include "cpu/cpu.h"

/* "IRQ 0 (vector 20h)", "#PF", "NMI". irq: the line of the last interrupt, or -1. */
#define EVENT_NAME_SIZE 40
void event_name(const struct fault_record *record, int irq, char text[EVENT_NAME_SIZE]);

/*
 * One line: "#GP(0102h) at 0008:00401000, CPL 0, while delivering IRQ 0 (vector 20h): the gate in the IDT is not present
 * (SDM 2A INT n); IDT entry 20h, EXT". before: the record before it, what was being delivered; NULL when unknown.
 */
void fault_line_print(const struct fault_record *record, const struct fault_record *before, int irq,
                      FILE *out);

/*
 * The last chain of the history, in order: what began it and each fault that the delivery of the one before raised.
 * Returns their number; chain[] points into the history.
 */
unsigned fault_chain(const struct cpu *cpu, const struct fault_record *chain[FAULT_HISTORY]);

/* The faults before that chain, one line each, under a title; nothing when there are none. */
void fault_history_print(const struct cpu *cpu, unsigned chain_length, FILE *out);

#endif
