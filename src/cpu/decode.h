/*
 * The decoder: bytes in, operation out (SDM 2A 2.1). It is built from the instruction table for one CPU model;
 * rows whose features the model lacks do not exist for it. It reads no guest state but CS.D.
 */
#ifndef GATE86_CPU_DECODE_H
#define GATE86_CPU_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/instruction.h"
#include "cpu/operation.h"

#define INSTRUCTION_LENGTH_MAX 15

struct decoder;

/* Does a model have this row of the table? Without its rows an opcode is undefined. */
bool instruction_exists(const struct instruction *row, const struct cpu_model *model);

struct decoder *decoder_new(const struct cpu_model *model);
void decoder_free(struct decoder *decoder);

enum decode_result {
    DECODE_DONE, /* *operation is complete; an undefined opcode is an operation that gives #UD */
    DECODE_MORE, /* more than `available` bytes are needed (with 15 available: the instruction is too long) */
};

enum decode_result decode(const struct decoder *decoder, const uint8_t *bytes, unsigned available,
                          bool wide_code, struct operation *operation);

/* The handler of undefined opcodes: #UD with operation->immediate as the reason. */
execute_function execute_undefined;

#endif
