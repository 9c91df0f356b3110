/*
 * The instruction table: every instruction is one row in the manual's own operand language. Decoder,
 * disassembly, documentation and test masks come from the row; nothing else knows opcodes.
 *
 * Opcode column, tokens separated by blanks, in the manual's notation (SDM 2A 3.1.1.1):
 *   NP 66 F3 F2   mandatory prefix (NP: none of them); without one the row holds for any prefix
 *   0F AF         opcode bytes; a byte after a two-byte opcode (0F 01 C8) or after D8..DF (D9 E0) is the whole ModRM
 *   50+r          the low three bits are a register (operand Z)
 *   /r  /0../7    a ModRM byte follows; the digit must stand in its reg field
 * When several rows fit, the first one counts.
 *
 * Operand column, codes of SDM 2D appendix A.2, separated by commas:
 *   E ModRM: register or memory      G ModRM.reg register      M memory only (a register is #UD)
 *   Z register in the opcode         I immediate               J relative branch     A far pointer
 *   O offset without ModRM           S segment register        C D control, debug register
 *   R ModRM.rm register, mod ignored (MOV CRn)                 X Y string source (DS:ESI), destination (ES:EDI)
 *   P Q MMX reg, reg/mem   N MMX rm only   V W XMM reg, reg/mem   U XMM rm only
 *   F the flags register
 *   ST, STi  x87 stack registers (STi: ModRM.rm, register only)
 *   AL eAX CL DX ES 1 ...  fixed
 * Sizes: b byte, w word, d doubleword, q quadword, dq double quadword, v word or doubleword by operand size,
 *   z the same for immediates, p far pointer, a BOUND pair, s six-byte pseudo-descriptor, t 80-bit real,
 *   bs byte sign-extended to the operand size, and none where the operand has no size of its own (INVLPG M).
 * A row whose operands need no ModRM gets operation.rm = operation.reg = EAX, so that "AL,Ib" uses the handler of "Eb,Ib".
 */
#ifndef GATE86_CPU_INSTRUCTION_H
#define GATE86_CPU_INSTRUCTION_H

#include <stdint.h>

#include "cpu/operation.h"
#include "msr/model.h"

#define LOCKABLE     1u /* LOCK is allowed when the first operand is in memory */
#define NEEDS_NO_FPU 2u /* the row exists only on models without FEATURE(FPU) */

struct instruction {
    const char *opcode;
    const char *mnemonic; /* upper case, as the manual; e.g. "ADD", "Jcc" rows are spelled out: "JNZ" */
    const char *operands;
    const char *flags_read; /* letters of oszapc, d, i, t, n as in "oszapc"; "" none */
    const char *flags_written;
    const char *flags_undefined; /* defined by no one: masked in comparisons */
    uint32_t attributes;         /* LOCKABLE */
    uint64_t features; /* FEATURE() bits of msr/model.h the model must have, else the opcode is undefined */
    execute_function *execute[2]; /* by operand size: [0] 16-bit, [1] 32-bit */
    const char *manual;           /* "SDM 2A ADD" */
};

/* Handlers for the execute column. */
/* clang-format off */
#define BYTES(name)  {name##_8, name##_8}     /* byte operands */
#define SIZES(name)  {name##_16, name##_32}   /* word or doubleword by operand size */
#define ALWAYS(name) {name, name}             /* the handler does not depend on the operand size, or asks op->wide */
/* clang-format on */

/* All families, ended by NULL; each family's table is ended by a row with a NULL opcode. */
extern const struct instruction *const instruction_families[];

#endif
