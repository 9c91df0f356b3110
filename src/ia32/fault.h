/*
 * A guest's fault as a value: returned by whatever may fault, delivered by the processor's run loop, never
 * dropped. The reason says in words which sentence of the manual was broken.
 */
#ifndef GATE86_IA32_FAULT_H
#define GATE86_IA32_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "ia32/registers.h"

enum fault_reason {
    NO_FAULT = 0,
#define REASON(name, words, manual) name,
#include "ia32/fault_reasons.inc"
#undef REASON
    FAULT_REASON_COUNT
};

struct fault {
    uint16_t reason; /* enum fault_reason; NO_FAULT: nothing happened */
    uint8_t vector;  /* enum vector */
    bool has_error_code;
    uint32_t error_code;
    uint32_t address; /* #PF: the linear address for CR2; #DB: the DR6 bits to set; else what helps */
    bool is_trap;     /* #DB only: reported after the instruction, so RF is not pushed as one */
    uint8_t reserved[3];
};

#define FAULT_NONE ((struct fault){0})

/* Leaves the calling function with the fault, if there is one. */
#define TRY(expression)                             \
    do {                                            \
        struct fault try_fault = (expression);      \
        if (UNLIKELY(try_fault.reason != NO_FAULT)) \
            return try_fault;                       \
    } while (0)

/* #DE, #DB, #BP, #OF, #BR, #UD, #NM, #MF, #XM: no error code. */
static inline struct fault fault_plain(enum vector vector, enum fault_reason reason)
{
    return (struct fault){.reason = (uint16_t)reason, .vector = (uint8_t)vector};
}

/* #DF, #TS, #NP, #SS, #GP, #AC: with an error code (a selector's index and TI, or 0). EXT is added at delivery. */
static inline struct fault fault_coded(enum vector vector, uint32_t error_code, enum fault_reason reason)
{
    return (struct fault){.reason = (uint16_t)reason,
                          .vector = (uint8_t)vector,
                          .has_error_code = true,
                          .error_code = error_code};
}

static inline struct fault fault_gp(uint32_t error_code, enum fault_reason reason)
{
    return fault_coded(VECTOR_GP, error_code, reason);
}

static inline struct fault fault_ud(enum fault_reason reason)
{
    return fault_plain(VECTOR_UD, reason);
}

/* #PF with its error code (PF_ bits) and the linear address. */
static inline struct fault fault_page(uint32_t error_code, uint32_t linear, enum fault_reason reason)
{
    struct fault fault = fault_coded(VECTOR_PF, error_code, reason);
    fault.address = linear;
    return fault;
}

/* The reason in words ("the code segment's limit is exceeded") and where the manual says so ("SDM 3A 5.3"). */
const char *fault_reason_words(enum fault_reason reason);
const char *fault_reason_manual(enum fault_reason reason);

/* "#GP", "#PF", "NMI"; "INT" for a vector that is no exception of the manual. */
const char *vector_mnemonic(unsigned vector);

#endif
