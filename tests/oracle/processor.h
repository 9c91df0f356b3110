/*
 * The gate86 side of the oracle: a processor at CPL 3 in the environment that a 64-bit Linux gives a 32-bit
 * program: the same selectors, PAE paging with NX, alignment checks on, the arena at the same linear addresses.
 */
#ifndef GATE86_TESTS_ORACLE_PROCESSOR_H
#define GATE86_TESTS_ORACLE_PROCESSOR_H

#include "bench.h"
#include "coverage.h"
#include "protocol.h"

/* Selectors of Linux's GDT. */
#define ORACLE_CODE      0x23
#define ORACLE_DATA      0x2b
#define ORACLE_CODE64    0x33
#define ORACLE_CPU_LIMIT 0x7b /* its limit holds the number of the host's processor */

/* Selectors of the LDT, oracle_segments. */
#define ORACLE_CODE16_LOW 0x27
#define ORACLE_CODE16     0x2f

struct oracle_processor {
    struct bench *bench;
    struct coverage *coverage; /* of the rows it executes when it is watched */
    uint32_t capabilities;     /* ORACLE_LOW_MEMORY, ORACLE_LDT */
    bool clean;                /* memory is as arena_word says */
    uint32_t before[ARENA_PAGES * ORACLE_PAGE / 4];
};

/* `capabilities`: what the host's side could have. */
struct oracle_processor *processor_new(uint32_t capabilities);
void processor_free(struct oracle_processor *processor);

/* Memory as arena_word and the program say, registers as the program says. */
void processor_load(struct oracle_processor *processor, const struct oracle_program *program);

/* Executes one instruction, or one iteration of a repeated one. */
void processor_step(struct oracle_processor *processor);

/* Executes until an exception is delivered, at most `limit` instructions and iterations. */
void processor_run(struct oracle_processor *processor, uint32_t limit);

/* True when an exception ended the program. */
bool processor_ended(const struct oracle_processor *processor);

/* After the end: the outcome. Memory is put back. */
void processor_outcome(struct oracle_processor *processor, struct oracle_outcome *outcome);

/* Where the arena's byte at a linear address lies, or NULL. */
uint8_t *processor_memory(const struct oracle_processor *processor, uint32_t linear);

/* Puts bytes into the arena from outside; the range must lie in it. */
void processor_write(struct oracle_processor *processor, uint32_t linear, const void *bytes, uint32_t size);

const struct arena_region *arena_find(uint32_t linear, uint32_t capabilities);

#endif
