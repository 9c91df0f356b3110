/*
 * Makes random programs from the rows of the instruction table. The program is written while gate86 executes it:
 * each instruction is chosen with the registers of the moment in sight, so that most operands fall where there is
 * memory, and near its edges. What the table does not say (which registers a row uses without naming them) is in
 * generator_prepare.
 */
#ifndef GATE86_TESTS_ORACLE_GENERATOR_H
#define GATE86_TESTS_ORACLE_GENERATOR_H

#include "cpu/decode_table.h"
#include "processor.h"
#include "random.h"

#define GENERATOR_ROWS_MAX 1024

/* The instruction to be made next: what has been decided so far. */
struct plan {
    const struct decode_row *row;
    unsigned preparations; /* instructions put before it so far */
    bool operand_size, address_size, lock;
    uint8_t repeat;     /* F2, F3 or 0 */
    uint8_t segment;    /* prefix byte, or 0 */
    bool target_chosen; /* the memory operand shall lie at ... */
    uint32_t target;
    uint16_t selector;    /* of the far target, once it is chosen */
    bool register_chosen; /* ModRM.rm shall be the register ... */
    uint8_t rm;
};

struct generator {
    struct random random;
    struct oracle_processor *processor;
    struct decode_row rows[GENERATOR_ROWS_MAX];
    unsigned row_count;
    struct oracle_program *program; /* the one being made */
    bool written[ORACLE_CODE_MAX];  /* bytes of its code that are taken */
    struct plan plan;
};

struct generator *generator_new(struct oracle_processor *processor, uint64_t seed);

/* One more program. */
void generator_next(struct generator *generator, struct oracle_program *program);

/* One instruction put before the planned one, to give it sensible operands: its bytes, 0: nothing is needed. */
unsigned generator_prepare(struct generator *generator, uint8_t *bytes);

/* Encodes the planned instruction for the registers of the moment; its length. */
unsigned generator_encode(struct generator *generator, uint8_t *bytes);

/* An opcode that no processor defines; its length. */
unsigned generator_encode_undefined(struct generator *generator, uint8_t *bytes);

/* Random values that matter. */
uint32_t interesting_word(struct random *random);
uint32_t interesting_address(struct generator *generator, bool low);
uint16_t interesting_selector(struct generator *generator);

/* Where to go: a selector, mostly of code that the program's code lies in, and an offset for it. */
uint16_t interesting_code_selector(struct generator *generator);
uint32_t interesting_code_offset(struct generator *generator, uint16_t selector);

/* The planned instruction's operand and address size, and what is true without prefixes. */
bool code_is_wide(const struct generator *generator);
bool plan_is_wide(const struct generator *generator);
bool plan_address_is_wide(const struct generator *generator);

/* The segment a memory operand goes through: the prefix, or the default. */
unsigned plan_segment(const struct generator *generator, unsigned otherwise);

#endif
