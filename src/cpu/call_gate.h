/* Transfers through a call gate (SDM 3A 5.8.3 to 5.8.5). The gate itself has been checked: DPL and presence. */
#ifndef GATE86_CPU_CALL_GATE_H
#define GATE86_CPU_CALL_GATE_H

#include "cpu/cpu.h"

MUST_USE struct fault call_gate_jump(struct cpu *cpu, const struct gate *gate);
MUST_USE struct fault call_gate_call(struct cpu *cpu, const struct gate *gate);

#endif
