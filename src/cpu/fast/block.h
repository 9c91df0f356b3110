/*
 * Blocks: straight runs of instructions within one page, up to a branch, found by EIP and code page.
 */
#ifndef GATE86_CPU_FAST_BLOCK_H
#define GATE86_CPU_FAST_BLOCK_H

#include "cpu/code_cache.h"
#include "cpu/cpu.h"
#include "cpu/fast/fast.h"

/*
 * How handlers follow each other: by tail calls where the compiler makes them, else through a loop that calls
 * one after the other (sanitizer and debug builds, where the stack would grow without end).
 */
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(GATE86_FAST_LOOP)
#define FAST_TAIL_CALLS 1
typedef void fast_step;
#else
#define FAST_TAIL_CALLS 0
typedef const struct fast_op *fast_step;
#endif

struct fast_op;
typedef fast_step fast_handler(struct cpu *cpu, const struct fast_op *op);

struct fast_op {
    fast_handler *run;
    uint32_t eip;
    uint16_t remaining;         /* instructions of the block behind this one */
    uint16_t row_slot;          /* in engine->rows */
    struct operation operation; /* the same as the exact interpreter's */
};

enum fast_way { NOT_TAKEN, TAKEN };

struct fast_block {
    uint32_t eip;
    uint32_t cs_base;
    const uint8_t *host; /* the code page's bytes */
    struct code_page *page;
    uint16_t offset, bytes;     /* in the page */
    uint16_t count;             /* instructions */
    uint32_t size;              /* of the block in memory, bytes */
    bool dead;                  /* its code was written over */
    uint32_t target[2];         /* by enum fast_way: EIP behind the block, when it ends there of itself */
    struct fast_block *next[2]; /* the block at the target when it is in the same page and known */
    struct fast_block *chain;   /* in its bucket */
    struct fast_block *sibling; /* on its page */
    struct fast_op ops[];
};

#define FAST_BLOCK_INSTRUCTIONS 48
#define FAST_BUCKETS            32768u
#define FAST_JUMPS              4096u

struct fast_form;

#define FAST_ROWS 4096u /* well above the number of rows in the instruction table */

struct fast_row {
    const struct instruction *row;
    const struct fast_form *form;
    uint64_t hand_overs; /* to the exact interpreter, for statistics */
};

struct fast_engine {
    struct fast_block *jumps[FAST_JUMPS]; /* by EIP: where far-off branches look first */
    struct fast_block *buckets[FAST_BUCKETS];
    struct fast_row rows[FAST_ROWS];
    struct fast_block *buried; /* dead blocks that wait to be freed, by `sibling` */
    uint64_t bytes_used;       /* by all blocks */
    uint64_t blocks_made;
};

static inline unsigned fast_jump_slot(uint32_t eip)
{
    return (eip ^ eip >> 12) % FAST_JUMPS;
}

/* The block at cpu->eip, made when missing; NULL when there is none to be made. The fetch window holds EIP. */
struct fast_block *fast_block_at(struct cpu *cpu);

/* Makes a block from the instructions at cpu->eip; NULL when the first one does not end in the page. */
struct fast_block *fast_translate(struct cpu *cpu);

/* The row's place in engine->rows; slots are never given up. A NULL row (an undefined opcode) has an empty one. */
uint16_t fast_row_slot(struct fast_engine *engine, const struct instruction *row);

/* The native handler of an operation, or NULL: it is handed over. `last`: a block ends with it. */
fast_handler *fast_handler_find(const struct fast_engine *engine, uint16_t slot,
                                const struct operation *operation, bool *last);

/* The handler that executes an operation and the Jcc behind it as one, or NULL. */
fast_handler *fast_pair_find(const struct fast_op *first, const struct operation *second);

/* Handlers that every block may need. */
fast_handler fast_hand_over, fast_hand_over_last, fast_fall_through;

#endif
