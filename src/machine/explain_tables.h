/* The tables that a chain of faults has consulted, as they stand in the guest's memory, in words. */
#ifndef GATE86_MACHINE_EXPLAIN_TABLES_H
#define GATE86_MACHINE_EXPLAIN_TABLES_H

#include <stdio.h>

#include "cpu/cpu.h"

/*
 * Gates of the events whose delivery faulted, descriptors that error codes name, page-table entries of #PF, and the
 * stacks in the TSS; each once. chain: see fault_chain.
 */
void tables_explain(struct cpu *cpu, const struct fault_record *const *chain, unsigned length, FILE *out);

#endif
