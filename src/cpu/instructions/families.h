/* The families of the instruction table, one per file in this folder. */
#ifndef GATE86_CPU_INSTRUCTIONS_FAMILIES_H
#define GATE86_CPU_INSTRUCTIONS_FAMILIES_H

#include "cpu/flags.h"
#include "cpu/instruction.h"
#include "cpu/operands.h"

/* clang-format off */
extern const struct instruction arithmetic_instructions[];   /* ADD..CMP, INC, DEC, NEG, NOT, TEST */
extern const struct instruction bit_instructions[];          /* BT, BTS, BTR, BTC, BSF, BSR, BSWAP */
extern const struct instruction branch_instructions[];       /* Jcc, JMP, CALL and RET near, LOOP, JCXZ */
extern const struct instruction control_instructions[];      /* MOV CRn and DRn, HLT, MWAIT, MSRs, CPUID, INVLPG.. */
extern const struct instruction decimal_instructions[];      /* DAA, DAS, AAA, AAS, AAM, AAD */
extern const struct instruction exchange_instructions[];     /* XCHG, NOP, XADD, CMPXCHG, CMPXCHG8B */
extern const struct instruction far_instructions[];          /* far CALL, JMP and RET */
extern const struct instruction flags_instructions[];        /* CLI, STI, PUSHF, POPF */
extern const struct instruction interrupt_instructions[];    /* INT n, INT3, INTO, INT1, IRET */
extern const struct instruction io_instructions[];           /* IN, OUT, INS, OUTS */
extern const struct instruction misc_instructions[];         /* single flags, BOUND, UD, hints */
extern const struct instruction move_instructions[];         /* MOV, MOVZX, LEA, CMOVcc, SETcc, XLAT, CBW, CWD */
extern const struct instruction multiply_instructions[];     /* MUL, IMUL, DIV, IDIV */
extern const struct instruction segment_instructions[];      /* MOV Sreg, LDS.., LAR.., ARPL, LGDT.., LLDT, LTR, LMSW */
extern const struct instruction shift_instructions[];        /* ROL..SAR, SHLD, SHRD */
extern const struct instruction stack_instructions[];        /* PUSH, POP, PUSHA, POPA, ENTER, LEAVE */
extern const struct instruction string_instructions[];       /* MOVS, CMPS, SCAS, LODS, STOS */
extern const struct instruction sysenter_instructions[];     /* SYSENTER, SYSEXIT */
extern const struct instruction x87_control_instructions[];  /* FNINIT, FLDCW, FNSTENV, FRSTOR.. */
extern const struct instruction x87_transfer_instructions[]; /* FLD, FST, FXCH, FCMOVcc, FLD1.. */
extern const struct instruction x87_arithmetic_instructions[]; /* FADD.., FCOM.., FSQRT, FSIN.. */
extern const struct instruction sse_arithmetic_instructions[]; /* ADDPS.., CMPPS, COMISS, CVTxx2xx */
extern const struct instruction x87_escape_instructions[];   /* D8 to DF without a floating-point unit */
extern const struct instruction fxsave_instructions[];       /* FXSAVE, FXRSTOR, LDMXCSR, STMXCSR */
extern const struct instruction packed_arithmetic_instructions[]; /* PADDB.., PAND.., PUNPCKLBW.., ANDPS.. */
extern const struct instruction packed_shift_instructions[]; /* PSLLW.., PSHUFD.., PEXTRW, PMOVMSKB */
extern const struct instruction simd_move_instructions[];    /* MMX and SSE moves, fences, EMMS */
/* clang-format on */

/* A handler, in one size or for all. */
#define EXECUTE(name) static struct fault name(struct cpu *cpu, const struct operation *op)

#endif
