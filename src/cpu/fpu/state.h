/*
 * x87, MMX and SSE registers (SDM 1 8.1, 9.2, 10.2). The registers are numbered physically: ST(i) is
 * registers[(top + i) & 7], MMi is registers[i].
 */
#ifndef GATE86_CPU_FPU_STATE_H
#define GATE86_CPU_FPU_STATE_H

#include <stdint.h>

#include "base/rows.h"

/* FCW, SDM 1 8.1.5: six mask bits in the places of FSW's flags, precision, rounding, infinity. */
#define FCW_MASKS    0x003fu
#define FCW_PC       0x0300u
#define FCW_RC       0x0c00u
#define FCW_WRITABLE 0x1f3fu
#define FCW_ONES     0x0040u /* reads as one */
#define FCW_INIT     0x037fu /* after FNINIT */
#define FCW_RESET    0x0040u /* after RESET, SDM 3A table 9-1 */

/* FSW, SDM 1 8.1.3 */
#define FSW_IE         0x0001u
#define FSW_DE         0x0002u
#define FSW_ZE         0x0004u
#define FSW_OE         0x0008u
#define FSW_UE         0x0010u
#define FSW_PE         0x0020u
#define FSW_SF         0x0040u
#define FSW_ES         0x0080u
#define FSW_C0         0x0100u
#define FSW_C1         0x0200u
#define FSW_C2         0x0400u
#define FSW_TOP        0x3800u
#define FSW_TOP_SHIFT  11
#define FSW_C3         0x4000u
#define FSW_B          0x8000u
#define FSW_EXCEPTIONS 0x003fu
#define FSW_CONDITION  (FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3)

/* MXCSR, SDM 1 10.2.3: six flags, DAZ, six masks, rounding, flush to zero. */
#define MXCSR_FLAGS      0x003fu
#define MXCSR_DAZ        0x0040u
#define MXCSR_MASKS      0x1f80u
#define MXCSR_MASK_SHIFT 7
#define MXCSR_RC         0x6000u
#define MXCSR_FTZ        0x8000u
#define MXCSR_RESET      0x1f80u

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
    uint16_t control; /* FCW */
    uint16_t status;  /* FSW, TOP included */
    uint8_t empty;    /* bit i: physical register i is empty (tag 11b) */
    uint8_t ignne;    /* level of the IGNNE# pin, 1: asserted */
    uint16_t opcode;  /* last instruction's 11-bit opcode */
    uint32_t instruction_offset;
    uint32_t operand_offset;
    uint16_t instruction_selector;
    uint16_t operand_selector;
    uint32_t mxcsr;
    struct xmm_register xmm[8];
};

extern const struct state_row fpu_rows[];

/* RESET (SDM 3A table 9-1): all registers +0.0 and valid, exceptions unmasked. */
void fpu_reset(struct fpu_state *fpu);

#endif
