/*
 * What one ROM has shown: a case for each check, how the run ended, and what helps to understand it. A run in a process
 * of its own sends its result to the one that reports as bytes.
 */
#ifndef GATE86_MAIN_ROM_RESULT_H
#define GATE86_MAIN_ROM_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Cases beyond this, or beyond so many bytes of text, are dropped and counted: a guest may print result lines for ever. */
#define ROM_CASES_MAX      1000000u
#define ROM_CASES_TEXT_MAX (64u << 20)

enum rom_case_kind { ROM_PASS, ROM_FAIL, ROM_SKIP };
#define ROM_CASE_KINDS 3

struct rom_case {
    enum rom_case_kind kind;
    char *name;   /* owned */
    char *detail; /* owned; "" for none */
};

struct rom_cases {
    struct rom_case *list; /* owned */
    size_t count, room;
    size_t text; /* bytes of names and details */
    size_t of_kind[ROM_CASE_KINDS];
    size_t dropped;
};

struct rom_result {
    int status;             /* enum exit_status, of this ROM alone */
    char *end;              /* how the run ended, in words; owned, never NULL after rom_result_init */
    struct rom_cases cases; /* in the order of the guest */
    char *explanation;      /* the stopped machine in words; owned, "" when the end needs none */
    char *text;             /* the last of what the guest printed; owned, "" for nothing */
    uint64_t instructions;
    uint64_t host_ns;
};

/* name_length and detail_length in bytes; both texts are copied. */
void rom_cases_add(struct rom_cases *cases, enum rom_case_kind kind, const char *name, size_t name_length,
                   const char *detail, size_t detail_length);
void rom_cases_add_text(struct rom_cases *cases, enum rom_case_kind kind, const char *name,
                        const char *detail);
void rom_cases_free(struct rom_cases *cases);

void rom_result_init(struct rom_result *result);
void rom_result_free(struct rom_result *result);

/* Replaces one of the owned texts by a copy of `text`. */
void rom_result_set(char **owned, const char *text);

/* The result as bytes; *count is set. The caller frees them. */
uint8_t *rom_result_pack(const struct rom_result *result, size_t *count);

/* The reverse into an initialised result; false when the bytes are no whole result (the sender died). */
MUST_USE bool rom_result_unpack(const uint8_t *bytes, size_t count, struct rom_result *result);

#endif
