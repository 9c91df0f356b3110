/*
 * The last instructions, kept while somebody wants them: each with its bytes and the registers before it. No part of the
 * guest's state.
 */
#ifndef GATE86_CPU_RECENT_H
#define GATE86_CPU_RECENT_H

#include <stdint.h>

#include "cpu/operation.h"

#define RECENT_COUNT 32
#define RECENT_BYTES 16 /* room for the longest instruction */

struct cpu;

/* A cache line: entering it is the whole cost. */
struct recent_instruction {
    uint32_t gpr[8];
    uint32_t eip;
    uint32_t eflags;
    uint16_t again; /* further iterations of a repeated string instruction, 65535: or more */
    uint16_t cs;
    uint16_t access; /* of CS */
    uint8_t cpl;
    uint8_t length; /* of the instruction, bytes, what follows in bytes[] is not its own; 0: not known */
    uint8_t bytes[RECENT_BYTES]; /* as they were executed */
};

struct recent {
    struct recent_instruction list[RECENT_COUNT]; /* a ring */
    uint64_t count; /* instructions seen; the next goes to list[count % RECENT_COUNT] */
};

/* The operation at cpu->eip is about to be executed. */
void recent_add(struct recent *recent, struct cpu *cpu, const struct operation *op);

#endif
