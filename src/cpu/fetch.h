/*
 * Where instructions come from: the present code page and its cache of decoded operations. Everything that
 * can change the answer (CS, CPL, translations, A20) closes the window with fetch_close.
 */
#ifndef GATE86_CPU_FETCH_H
#define GATE86_CPU_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/operation.h"
#include "ia32/fault.h"

struct code_page;

struct fetch {
    uint32_t first_eip; /* EIP of the window's first byte, modulo 2^32 */
    uint32_t length;    /* bytes; 0: closed */
    struct code_page *page;
    struct operation scratch; /* an operation that could not be cached (it spans two pages) */
};

static inline void fetch_close(struct fetch *fetch)
{
    fetch->length = 0;
}

/*
 * The operation at cpu->eip, decoded if need be. Faults: #GP(0) beyond CS.limit or longer than 15 bytes, #PF.
 * An undefined opcode is an operation whose execution gives #UD.
 */
MUST_USE struct fault fetch_operation(struct cpu *cpu, const struct operation **operation);

/*
 * Moves the window to cpu->eip as fetch_operation would; false when it cannot stay open there, or when fetching
 * faults: fetch_operation will say why.
 */
bool fetch_reopen(struct cpu *cpu);

/*
 * The operation at offset `at` of the open window's page, decoded if need be; NULL when it does not end in the
 * page. Nothing but the cache of operations changes.
 */
const struct operation *fetch_peek(struct cpu *cpu, uint32_t at);

#endif
