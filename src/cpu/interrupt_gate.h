/* The ways in which an event reaches its handler; interrupt.c chooses. */
#ifndef GATE86_CPU_INTERRUPT_GATE_H
#define GATE86_CPU_INTERRUPT_GATE_H

#include "cpu/interrupt.h"

/* Protected and virtual-8086 mode: through the IDT (SDM 3A 6.11, 6.12). */
MUST_USE struct fault interrupt_through_gate(struct cpu *cpu, const struct event *event);

/* EXT in the error codes of faults on the way: clear for INT n, INT3, INTO only (SDM 3A 6.13). */
static inline uint32_t event_ext(const struct event *event)
{
    return event->source == EVENT_SOFTWARE ? 0 : ERROR_CODE_EXT;
}

#endif
