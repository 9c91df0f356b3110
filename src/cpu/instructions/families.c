/* The order in which the families' rows are tried; within one opcode the first row that fits counts. */
#include "cpu/instructions/families.h"

/* clang-format off */
const struct instruction *const instruction_families[] = {
    arithmetic_instructions,
    bit_instructions,
    branch_instructions,
    control_instructions,
    decimal_instructions,
    exchange_instructions,
    far_instructions,
    flags_instructions,
    interrupt_instructions,
    io_instructions,
    misc_instructions,
    move_instructions,
    multiply_instructions,
    segment_instructions,
    shift_instructions,
    stack_instructions,
    string_instructions,
    sysenter_instructions,
    x87_control_instructions,
    x87_transfer_instructions,
    x87_arithmetic_instructions,
    fxsave_instructions,
    packed_arithmetic_instructions,
    packed_shift_instructions,
    simd_move_instructions,
    sse_arithmetic_instructions,
    x87_escape_instructions,
    NULL,
};
/* clang-format on */
