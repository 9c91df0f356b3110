/*
 * Delivery of interrupts and exceptions through the IVT or the IDT (SDM 3A 6.11 to 6.15, 3B 20).
 */
#ifndef GATE86_CPU_INTERRUPT_H
#define GATE86_CPU_INTERRUPT_H

#include "cpu/cpu.h"

enum event_source {
    EVENT_HARDWARE,  /* INTR or NMI */
    EVENT_EXCEPTION, /* raised by the processor: faults, traps, INT1 */
    EVENT_SOFTWARE,  /* INT n, INT3, INTO: EXT is 0, the gate's DPL counts */
};

struct event {
    uint8_t vector;
    enum event_source source;
    bool has_error_code;
    uint32_t error_code;
    uint32_t return_eip;   /* what is pushed as EIP */
    uint32_t eflags_image; /* what is pushed as EFLAGS (RF as SDM 3B 17.3.1.1 says) */
};

/*
 * Delivers one event: on success the handler's first instruction is next (cpu->eip and cpu->next_eip are set)
 * and the stack holds the frame. On a fault nothing has changed, and the fault's error code has EXT as it must.
 */
MUST_USE struct fault interrupt_deliver(struct cpu *cpu, const struct event *event);

/*
 * Delivers a fault that an instruction returned, and what follows from it: a second fault makes a double fault
 * or is handled in its turn (SDM 3A table 6-5), a third shuts the processor down. Sets CR2, DR6 and RF.
 * Records the chain in cpu->history.
 */
void exception_deliver(struct cpu *cpu, const struct fault *fault);

/* INTR, NMI and debug traps between instructions, with the same care for faults in the delivery. */
void interrupt_accept(struct cpu *cpu, uint8_t vector, enum event_source source);

#endif
