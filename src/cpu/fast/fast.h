/*
 * The fast engine: blocks of decoded instructions whose common forms have handlers of their own, chained by tail
 * calls and linked to each other. It contains no slow road: whatever is unusual (a TLB miss, an unaligned
 * access, device memory, a store into code, an instruction without a handler) is handed to the exact handler of
 * that instruction. The exact interpreter stays the definition, and both reach the same state after every
 * instruction; that is tested.
 *
 * What keeps the two the same:
 *   - A block charges the clock for all its instructions when it is entered, and gives back what it has not
 *     executed before anything that looks at the time. A block that the budget does not cover is not entered:
 *     the exact interpreter goes the last steps up to an event.
 *   - The fetch window (cpu/fetch.h) is moved just when the exact interpreter would move it, so that both ask
 *     the TLB at the same moments.
 *   - Status flags are lazy here and settled before an exact handler runs (fast/lazy_flags.h).
 */
#ifndef GATE86_CPU_FAST_FAST_H
#define GATE86_CPU_FAST_FAST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cpu;
struct code_page;
struct fast_engine;

/* Status flags that are not yet in EFLAGS; see lazy_flags.h. */
struct lazy_flags {
    uint32_t result; /* of the last operation, shifted up so that its sign is bit 31 */
    uint32_t source; /* its second operand, likewise; for INC and DEC the carry that they keep */
    uint32_t kind;   /* what it was, and the shift; 0: EFLAGS is current */
};

struct fast_engine *fast_new(void);
void fast_free(struct fast_engine *engine);

/*
 * Runs blocks from cpu->eip on. On return EFLAGS is settled, cpu->eip is the next instruction, and the caller looks
 * at attention and budget. False when nothing was run: the next instruction is the exact interpreter's.
 */
bool fast_run(struct cpu *cpu);

/* Bytes of a code page were written: its blocks that contain one of them are no more. */
void fast_code_written(struct fast_engine *engine, struct code_page *page, uint32_t offset, uint32_t size);

/* Forgets all blocks; called before code pages are freed. Not from inside a block. */
void fast_clear(struct fast_engine *engine);

/* How many blocks were made, and which instructions were handed over how often. */
void fast_print_statistics(const struct fast_engine *engine, FILE *out);

#endif
