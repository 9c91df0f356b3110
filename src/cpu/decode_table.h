/*
 * The instruction table in the decoder's own terms: each row's opcode and operand text, read once when the
 * decoder is built.
 */
#ifndef GATE86_CPU_DECODE_TABLE_H
#define GATE86_CPU_DECODE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/instruction.h"

enum mandatory_prefix { PREFIX_ANY, PREFIX_NP, PREFIX_66, PREFIX_F3, PREFIX_F2 };

enum modrm_form {
    MODRM_NONE,
    MODRM_ANY,      /* register or memory */
    MODRM_MEMORY,   /* a register makes the row not fit */
    MODRM_REGISTER, /* memory makes the row not fit */
    MODRM_IGNORED,  /* mod counts as 11b whatever it says (MOV CRn) */
};

enum immediate_form {
    IMMEDIATE_NONE,
    IMMEDIATE_BYTE,
    IMMEDIATE_BYTE_SIGNED,
    IMMEDIATE_WORD,
    IMMEDIATE_BY_SIZE, /* word or doubleword by operand size */
    IMMEDIATE_RELATIVE_BYTE,
    IMMEDIATE_RELATIVE,
    IMMEDIATE_FAR,    /* offset by operand size, then a selector */
    IMMEDIATE_OFFSET, /* moffs: by address size, a memory operand */
    IMMEDIATE_ONE,    /* the fixed operand 1 of shifts */
};

#define DIGIT_NONE  0xff
#define OPCODE_MAPS 2

struct decode_row {
    const struct instruction *instruction;
    uint8_t prefix;       /* enum mandatory_prefix */
    uint8_t map;          /* 0: one-byte opcodes, 1: after 0F */
    uint8_t first, count; /* opcodes first..first+count-1 (count 8 for +r) */
    uint8_t modrm;        /* enum modrm_form */
    uint8_t digit;        /* required ModRM.reg, or DIGIT_NONE */
    bool whole_modrm;     /* the ModRM byte must equal modrm_byte */
    uint8_t modrm_byte;
    uint8_t immediate[2];    /* enum immediate_form, in the order of the bytes */
    bool register_in_opcode; /* operand Z */
};

/* Reads one row's text. Aborts on text it does not understand: the table is our own. */
struct decode_row decode_row_read(const struct instruction *instruction);

#endif
