/*
 * A program with its outcome as text: what the host's processor did, kept to be replayed without it.
 *
 *     # why this vector is kept
 *     needs low ldt
 *     code 20000000 0fc1c0
 *     eip 20000000
 *     eflags 00000202
 *     eax 00000001                  registers that are not named are 0
 *     segments 002b 0023 002b 002b 0000 0000     ES CS SS DS FS GS
 *     memory 10000000 00000005      a word before the program
 *     undefined 00000010            EFLAGS bits that are not compared
 *     want vector 0d error 00000000 cr2 00000000 eip 20000003 eflags 00010202
 *     want eax 00000002
 *     want segments 002b 0023 002b 002b 0000 0000
 *     want changed 10000000 00000006
 *     want changes 40 89abcdef      when there are many: how many, decimal, and their hash
 *     end
 */
#ifndef GATE86_TESTS_ORACLE_VECTOR_H
#define GATE86_TESTS_ORACLE_VECTOR_H

#include <stdbool.h>
#include <stdio.h>

#include "protocol.h"

struct vector_text {
    uint32_t needs; /* ORACLE_LOW_MEMORY, ORACLE_LDT */
    uint32_t undefined;
    struct oracle_program program;
    struct oracle_outcome want;
};

void vector_write(FILE *to, const struct vector_text *vector);

/* Reads the next vector of a file. False at its end; *error names what is wrong, or is NULL. */
bool vector_read(FILE *from, struct vector_text *vector, const char **error);

/* The instructions of a program with the emulator's words for them, and a comparison of two outcomes. */
void outcome_print(FILE *to, const char *who, const struct oracle_outcome *outcome);

#endif
