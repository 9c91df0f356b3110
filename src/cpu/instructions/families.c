/* The order in which the families' rows are tried; within one opcode the first row that fits counts. */
#include "cpu/instructions/families.h"

const struct instruction *const instruction_families[] = {
    arithmetic_instructions, branch_instructions, move_instructions,
    shift_instructions,      stack_instructions,  NULL,
};
