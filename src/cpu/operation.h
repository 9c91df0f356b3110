/*
 * A decoded instruction, ready to execute: the handler, the operands as numbers, and the row of the
 * instruction table it came from. It depends only on the instruction's bytes, CS.D and the CPU model, so it
 * can be cached by physical address.
 */
#ifndef GATE86_CPU_OPERATION_H
#define GATE86_CPU_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "ia32/fault.h"

struct cpu;
struct instruction;
struct operation;

/*
 * Executes one instruction. On entry cpu->next_eip is the address after it. When it returns a fault nothing
 * visible has changed (task switches excepted, SDM 3A 7.3) and EIP still points to the instruction.
 */
typedef struct fault execute_function(struct cpu *cpu, const struct operation *op);

#define GPR_ZERO  8    /* number of the register that is always zero: "no base", "no index" */
#define RM_MEMORY 0x80 /* operation.rm when the ModRM operand is in memory */

enum repeat { REPEAT_NONE = 0, REPEAT_NE = 0xf2, REPEAT_E = 0xf3 };

struct operation {
    execute_function *execute;
    const struct instruction *row;
    uint32_t
        immediate; /* Ib (zero-extended), Ibs Jb (sign-extended), Iw Iz Jz, the '1' of shifts, Ap's offset */
    uint32_t displacement; /* of the memory operand, sign-extended to 32 bits; Ob, Ov: the offset */
    uint32_t address_mask; /* ffffh or ffffffffh: effective addresses wrap here */
    uint16_t immediate2;   /* ENTER's Ib, Ap's selector */
    uint8_t length;        /* bytes, 1..15 */
    uint8_t opcode;        /* the last opcode byte: its low bits are a condition or register number */
    bool wide;             /* 32-bit operand size (66h applied) */
    bool lock;
    uint8_t repeat;  /* enum repeat, the last of F2h and F3h */
    uint8_t segment; /* of the memory operand (and of string sources): override or default */
    uint8_t reg;     /* ModRM.reg; EAX (0) when there is no ModRM */
    uint8_t rm;      /* RM_MEMORY, or ModRM.rm, or the opcode's low three bits (Z operands), or EAX (0) */
    uint8_t base;    /* register numbers of the memory operand, GPR_ZERO for none */
    uint8_t index;
    uint8_t scale;         /* shift count 0..3 */
    uint8_t modrm;         /* the byte itself, 0 without one (the x87 opcode register holds it) */
    bool segment_override; /* a segment prefix was there (for disassembly and LES-like defaults) */
};

#endif
