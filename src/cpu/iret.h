/* IRET and IRETD (SDM 2A IRET). */
#ifndef GATE86_CPU_IRET_H
#define GATE86_CPU_IRET_H

#include "cpu/cpu.h"

/* `wide`: IRETD. On success cpu->next_eip is where the interrupted program goes on. */
MUST_USE struct fault interrupt_return(struct cpu *cpu, bool wide);

#endif
