/*
 * x87, MMX and SSE registers (SDM 1 8.1, 9.2, 10.2). The registers are numbered physically: ST(i) is
 * registers[(top + i) & 7], MMi is registers[i].
 */
#ifndef GATE86_CPU_FPU_STATE_H
#define GATE86_CPU_FPU_STATE_H

#include <stdint.h>

#include "base/rows.h"

struct fpu_register {
    uint64_t significand;
    uint16_t sign_exponent;
    uint16_t reserved[3];
};

struct xmm_register {
    uint64_t low, high;
};

struct fpu_state {
    struct fpu_register registers[8];
    uint16_t control;      /* FCW */
    uint16_t status;       /* FSW, TOP included */
    uint8_t empty;         /* bit i: physical register i is empty (tag 11b) */
    uint8_t reserved;
    uint16_t opcode;       /* last instruction's 11-bit opcode */
    uint32_t instruction_offset;
    uint32_t operand_offset;
    uint16_t instruction_selector;
    uint16_t operand_selector;
    uint32_t mxcsr;
    struct xmm_register xmm[8];
};

extern const struct state_row fpu_rows[];

/* What RESET# leaves (SDM 3A table 9-1): as after FNINIT, registers +0.0, MXCSR 1F80h. */
void fpu_reset(struct fpu_state *fpu);

#endif
