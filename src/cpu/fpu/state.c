/* The rows of the floating-point state, and its value after RESET. */
#include "cpu/fpu/state.h"

static const struct state_row fpu_register_rows[] = {
    ROW(struct fpu_register, significand),
    ROW(struct fpu_register, sign_exponent),
    ROW_ARRAY(struct fpu_register, reserved),
    ROW_END,
};

static const struct state_row xmm_register_rows[] = {
    ROW(struct xmm_register, low),
    ROW(struct xmm_register, high),
    ROW_END,
};

const struct state_row fpu_rows[] = {
    ROW_STRUCTS(struct fpu_state, registers, fpu_register_rows),
    ROW(struct fpu_state, control),
    ROW(struct fpu_state, status),
    ROW(struct fpu_state, empty),
    ROW(struct fpu_state, ignne),
    ROW(struct fpu_state, opcode),
    ROW(struct fpu_state, instruction_offset),
    ROW(struct fpu_state, operand_offset),
    ROW(struct fpu_state, instruction_selector),
    ROW(struct fpu_state, operand_selector),
    ROW(struct fpu_state, mxcsr),
    ROW_STRUCTS(struct fpu_state, xmm, xmm_register_rows),
    ROW_END,
};

void fpu_reset(struct fpu_state *fpu)
{
    *fpu = (struct fpu_state){.control = FCW_RESET, .mxcsr = MXCSR_RESET, .ignne = fpu->ignne};
}
