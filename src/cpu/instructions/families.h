/* The families of the instruction table, one per file in this folder. */
#ifndef GATE86_CPU_INSTRUCTIONS_FAMILIES_H
#define GATE86_CPU_INSTRUCTIONS_FAMILIES_H

#include "cpu/flags.h"
#include "cpu/instruction.h"
#include "cpu/operands.h"

extern const struct instruction arithmetic_instructions[];   /* ADD..CMP, INC, DEC, NEG, NOT, TEST, XADD, CMPXCHG */

/* A handler, in one size or for all. */
#define EXECUTE(name) static struct fault name(struct cpu *cpu, const struct operation *op)

#endif
