/* The two formats of a TSS and the state that comes out of one (SDM 3A 7.2.1, 7.6). */
#ifndef GATE86_CPU_TASK_STATE_H
#define GATE86_CPU_TASK_STATE_H

#include "cpu/cpu.h"

/* Offsets of the fields; registers and selectors follow each other in encoding order, `width` bytes apart. */
struct tss_layout {
    uint8_t width; /* 2 or 4 */
    uint8_t eip;   /* the dynamic fields begin here ... */
    uint8_t eflags;
    uint8_t registers;
    uint8_t selectors;
    uint8_t selector_count; /* ... and end behind the last of these */
    uint8_t ldt;
    uint8_t last_byte; /* the smallest limit allowed */
};

/* By the type of a TSS descriptor or of TR, busy or not. */
const struct tss_layout *tss_layout_of(uint16_t access);

struct task_state {
    uint32_t cr3; /* 32-bit TSS only */
    uint32_t eip;
    uint32_t eflags;
    uint32_t registers[8];
    uint16_t selectors[6]; /* FS and GS are 0 from a 16-bit TSS */
    uint16_t ldt;
    bool trap; /* the T bit */
};

MUST_USE struct fault task_state_read(struct cpu *cpu, uint32_t tss, const struct tss_layout *layout,
                                      struct task_state *state);

/* Writes the dynamic fields of the processor's present state; `eip` and `eflags` are given. */
MUST_USE struct fault task_state_save(struct cpu *cpu, uint32_t tss, const struct tss_layout *layout,
                                      uint32_t eip, uint32_t eflags);

/*
 * Step 13 of SDM 3A 7.3: LDTR and the segment registers from their selectors. Every fault is the new task's:
 * #TS, #NP or #SS with the selector. CPL, EFLAGS and the visible selectors have been loaded.
 */
MUST_USE struct fault task_segments_load(struct cpu *cpu, const struct task_state *state, uint32_t error_ext);

#endif
