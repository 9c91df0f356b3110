/*
 * What may be compared at all: instructions that are left out, with reasons, and the flags that the manual leaves
 * undefined, carried forward until an instruction defines them.
 */
#ifndef GATE86_TESTS_ORACLE_ADMISSION_H
#define GATE86_TESTS_ORACLE_ADMISSION_H

#include "cpu/instruction.h"
#include "processor.h"

/* One reason to leave something out. */
struct exclusion {
    const char *mnemonics; /* separated by blanks; NULL: any */
    /* NULL: always. The processor stands before the instruction. */
    bool (*applies)(const struct oracle_processor *processor, const struct operation *op);
    const char *reason;
};

extern const struct exclusion exclusions[]; /* ended by a NULL reason */

struct row_facts row_facts_read(const struct instruction *row);

/* True when the row is left out whatever its operands are. */
bool row_excluded(const struct instruction *row);

/* x87, MMX and SSE are not compared. */
bool family_excluded(const struct instruction *family);

/* Opcodes that are #UD on every processor, from the first to today's. */
struct undefined_opcode {
    uint8_t map; /* 1: after 0F */
    uint8_t opcode;
    uint8_t digits; /* a bit for each ModRM.reg; 0: there is no ModRM byte */
    uint8_t forms;  /* FORM_ bits */
};
#define FORM_MEMORY       1
#define FORM_REGISTER     2
#define UNDEFINED_OPCODES 21
extern const struct undefined_opcode undefined_opcodes[UNDEFINED_OPCODES];

/* Why the instruction the processor stands before cannot be compared; NULL: it can. `undefined`: EFLAGS bits. */
const char *admission_refused(const struct oracle_processor *processor, const struct operation *op,
                              uint32_t undefined);

/* EFLAGS bits for the letters of a row's flag columns. */
uint32_t flag_letters(const char *letters);

/*
 * The bits that are undefined after the instruction, if it completes. The processor stands before it.
 */
uint32_t undefined_after(const struct oracle_processor *processor, const struct operation *op,
                         uint32_t undefined);

/* The instruction at EIP, decoded from the arena; false when its bytes are not all there. */
bool instruction_at_eip(const struct oracle_processor *processor, struct operation *op);

/* When instruction_at_eip says false: is it UD0 or UD1? */
bool instruction_is_cut_ud(const struct oracle_processor *processor);

/* Linear address of the memory operand (not of strings and stacks). */
uint32_t operand_linear(const struct oracle_processor *processor, const struct operation *op);

#endif
