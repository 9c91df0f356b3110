/* Hardware task switching (SDM 3A 7). */
#ifndef GATE86_CPU_TASK_H
#define GATE86_CPU_TASK_H

#include "cpu/cpu.h"

enum task_switch_source { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_INTERRUPT };

struct task_switch {
    enum task_switch_source source;
    uint16_t selector;   /* of the new TSS */
    uint32_t return_eip; /* EIP to save in the old TSS */
    uint32_t
        eflags_image; /* EFLAGS to save there (RF as SDM 3B 17.3.1.1 says); task_switch clears NT for IRET */
    bool external;    /* EXT for error codes (TASK_INTERRUPT) */
    bool has_error_code; /* pushed on the new stack */
    uint32_t error_code;
};

/*
 * Switches tasks. A fault before the commit point leaves the old task as it was; one after it is raised in the
 * new task: registers, TR and EIP are then already the new task's, and cpu->eip is its first instruction.
 */
MUST_USE struct fault task_switch(struct cpu *cpu, const struct task_switch *request);

/* The previous task link of the current TSS, for an IRET with NT set. #TS when the TSS is too short. */
MUST_USE struct fault task_back_link(struct cpu *cpu, uint16_t *selector);

/*
 * SS and ESP for an inner privilege level from the current TSS (SDM 3A 5.8.5). #TS with the TSS selector when it is
 * too short.
 */
MUST_USE struct fault task_inner_stack(struct cpu *cpu, unsigned cpl, uint32_t error_ext, uint16_t *ss,
                                       uint32_t *esp);

#endif
