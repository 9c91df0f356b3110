/*
 * Packed integer arithmetic, comparison, logic, packing and unpacking, on MMX registers (SDM 1 9.4) and, with the
 * prefix 66h, on XMM registers (SDM 1 11.4.2); the bitwise ANDPS to XORPD and UNPCKLPS to UNPCKHPD are the same operations.
 */
#include "cpu/fpu/packed.h"
#include "cpu/fpu/simd.h"

/* P,Q. `size`: bytes read from memory; the low halves of PUNPCKLxx are four. */
ALWAYS_INLINE MUST_USE struct fault mmx_binary(struct cpu *cpu, const struct operation *op, unsigned size,
                                               packed_function *function)
{
    MMX_BEGIN(cpu);
    uint64_t a = mmx_get(cpu, op->reg), b;
    if (size == 4 && op->rm == RM_MEMORY) {
        uint32_t low;
        TRY(data_read(cpu, op->segment, effective_address(cpu, op), 4, &low));
        b = low;
    } else {
        TRY(mmx_rm_read(cpu, op, &b));
    }
    function(&a, &b, 8);
    mmx_set(cpu, op->reg, a);
    return FAULT_NONE;
}

/* V,W */
ALWAYS_INLINE MUST_USE struct fault xmm_binary(struct cpu *cpu, const struct operation *op,
                                               packed_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register b;
    TRY(xmm_rm_read(cpu, op, 16, &b));
    function(&cpu->fpu.xmm[op->reg], &b, 16);
    return FAULT_NONE;
}

#define MMX(name, size)                                  \
    EXECUTE(name##_mmx)                                  \
    {                                                    \
        return mmx_binary(cpu, op, size, packed_##name); \
    }
#define XMM(name)                                  \
    EXECUTE(name##_xmm)                            \
    {                                              \
        return xmm_binary(cpu, op, packed_##name); \
    }
#define BOTH(name) MMX(name, 8) XMM(name)

/* clang-format off */
BOTH(paddb) BOTH(paddw) BOTH(paddd) BOTH(paddq)
BOTH(psubb) BOTH(psubw) BOTH(psubd) BOTH(psubq)
BOTH(paddsb) BOTH(paddsw) BOTH(paddusb) BOTH(paddusw)
BOTH(psubsb) BOTH(psubsw) BOTH(psubusb) BOTH(psubusw)
BOTH(pmullw) BOTH(pmulhw) BOTH(pmulhuw) BOTH(pmuludq) BOTH(pmaddwd) BOTH(psadbw)
BOTH(pavgb) BOTH(pavgw) BOTH(pmaxub) BOTH(pmaxsw) BOTH(pminub) BOTH(pminsw)
BOTH(pcmpeqb) BOTH(pcmpeqw) BOTH(pcmpeqd) BOTH(pcmpgtb) BOTH(pcmpgtw) BOTH(pcmpgtd)
BOTH(pand) BOTH(pandn) BOTH(por) BOTH(pxor)
BOTH(packsswb) BOTH(packuswb) BOTH(packssdw)
BOTH(punpckhbw) BOTH(punpckhwd) BOTH(punpckhdq)
MMX(punpcklbw, 4) MMX(punpcklwd, 4) MMX(punpckldq, 4)
XMM(punpcklbw) XMM(punpcklwd) XMM(punpckldq) XMM(punpcklqdq) XMM(punpckhqdq)

#define XMM_ROW(opcode, mnemonic, name, manual) \
    SIMD_ROW("66 0F " opcode " /r", mnemonic, "Vdq,Wdq", FEATURE(SSE2), name##_xmm, manual)
/* `feature`: of the MMX form, which SSE and SSE2 brought for some. */
#define ROWS(opcode, mnemonic, name, feature, manual) \
    SIMD_ROW("NP 0F " opcode " /r", mnemonic, "Pq,Qq", FEATURE(MMX) | FEATURE(feature), name##_mmx, manual), \
    XMM_ROW(opcode, mnemonic, name, manual)
#define LOW_ROWS(opcode, mnemonic, name, manual) \
    SIMD_ROW("NP 0F " opcode " /r", mnemonic, "Pq,Qd", FEATURE(MMX), name##_mmx, manual), \
    XMM_ROW(opcode, mnemonic, name, manual)
/* The same operation under its floating-point names. */
#define REAL_ROWS(opcode, single, name1, real, name2, manual) \
    SIMD_ROW("NP 0F " opcode " /r", single, "Vdq,Wdq", FEATURE(SSE),  name1##_xmm, manual), \
    SIMD_ROW("66 0F " opcode " /r", real,   "Vdq,Wdq", FEATURE(SSE2), name2##_xmm, manual)

const struct instruction packed_arithmetic_instructions[] = {
    LOW_ROWS("60", "PUNPCKLBW", punpcklbw, "SDM 2B PUNPCKLBW"),
    LOW_ROWS("61", "PUNPCKLWD", punpcklwd, "SDM 2B PUNPCKLBW"),
    LOW_ROWS("62", "PUNPCKLDQ", punpckldq, "SDM 2B PUNPCKLBW"),
    XMM_ROW("6C", "PUNPCKLQDQ", punpcklqdq, "SDM 2B PUNPCKLBW"),
    XMM_ROW("6D", "PUNPCKHQDQ", punpckhqdq, "SDM 2B PUNPCKHBW"),
    ROWS("68", "PUNPCKHBW", punpckhbw, MMX,  "SDM 2B PUNPCKHBW"),
    ROWS("69", "PUNPCKHWD", punpckhwd, MMX,  "SDM 2B PUNPCKHBW"),
    ROWS("6A", "PUNPCKHDQ", punpckhdq, MMX,  "SDM 2B PUNPCKHBW"),
    ROWS("63", "PACKSSWB",  packsswb,  MMX,  "SDM 2B PACKSSWB"),
    ROWS("67", "PACKUSWB",  packuswb,  MMX,  "SDM 2B PACKUSWB"),
    ROWS("6B", "PACKSSDW",  packssdw,  MMX,  "SDM 2B PACKSSWB"),
    ROWS("64", "PCMPGTB",   pcmpgtb,   MMX,  "SDM 2B PCMPGTB"),
    ROWS("65", "PCMPGTW",   pcmpgtw,   MMX,  "SDM 2B PCMPGTB"),
    ROWS("66", "PCMPGTD",   pcmpgtd,   MMX,  "SDM 2B PCMPGTB"),
    ROWS("74", "PCMPEQB",   pcmpeqb,   MMX,  "SDM 2B PCMPEQB"),
    ROWS("75", "PCMPEQW",   pcmpeqw,   MMX,  "SDM 2B PCMPEQB"),
    ROWS("76", "PCMPEQD",   pcmpeqd,   MMX,  "SDM 2B PCMPEQB"),
    ROWS("FC", "PADDB",     paddb,     MMX,  "SDM 2B PADDB"),
    ROWS("FD", "PADDW",     paddw,     MMX,  "SDM 2B PADDB"),
    ROWS("FE", "PADDD",     paddd,     MMX,  "SDM 2B PADDB"),
    ROWS("D4", "PADDQ",     paddq,     SSE2, "SDM 2B PADDQ"),
    ROWS("EC", "PADDSB",    paddsb,    MMX,  "SDM 2B PADDSB"),
    ROWS("ED", "PADDSW",    paddsw,    MMX,  "SDM 2B PADDSB"),
    ROWS("DC", "PADDUSB",   paddusb,   MMX,  "SDM 2B PADDUSB"),
    ROWS("DD", "PADDUSW",   paddusw,   MMX,  "SDM 2B PADDUSB"),
    ROWS("F8", "PSUBB",     psubb,     MMX,  "SDM 2B PSUBB"),
    ROWS("F9", "PSUBW",     psubw,     MMX,  "SDM 2B PSUBB"),
    ROWS("FA", "PSUBD",     psubd,     MMX,  "SDM 2B PSUBB"),
    ROWS("FB", "PSUBQ",     psubq,     SSE2, "SDM 2B PSUBQ"),
    ROWS("E8", "PSUBSB",    psubsb,    MMX,  "SDM 2B PSUBSB"),
    ROWS("E9", "PSUBSW",    psubsw,    MMX,  "SDM 2B PSUBSB"),
    ROWS("D8", "PSUBUSB",   psubusb,   MMX,  "SDM 2B PSUBUSB"),
    ROWS("D9", "PSUBUSW",   psubusw,   MMX,  "SDM 2B PSUBUSB"),
    ROWS("D5", "PMULLW",    pmullw,    MMX,  "SDM 2B PMULLW"),
    ROWS("E5", "PMULHW",    pmulhw,    MMX,  "SDM 2B PMULHW"),
    ROWS("E4", "PMULHUW",   pmulhuw,   SSE,  "SDM 2B PMULHUW"),
    ROWS("F4", "PMULUDQ",   pmuludq,   SSE2, "SDM 2B PMULUDQ"),
    ROWS("F5", "PMADDWD",   pmaddwd,   MMX,  "SDM 2B PMADDWD"),
    ROWS("F6", "PSADBW",    psadbw,    SSE,  "SDM 2B PSADBW"),
    ROWS("E0", "PAVGB",     pavgb,     SSE,  "SDM 2B PAVGB"),
    ROWS("E3", "PAVGW",     pavgw,     SSE,  "SDM 2B PAVGB"),
    ROWS("DE", "PMAXUB",    pmaxub,    SSE,  "SDM 2B PMAXUB"),
    ROWS("EE", "PMAXSW",    pmaxsw,    SSE,  "SDM 2B PMAXSW"),
    ROWS("DA", "PMINUB",    pminub,    SSE,  "SDM 2B PMINUB"),
    ROWS("EA", "PMINSW",    pminsw,    SSE,  "SDM 2B PMINSW"),
    ROWS("DB", "PAND",      pand,      MMX,  "SDM 2B PAND"),
    ROWS("DF", "PANDN",     pandn,     MMX,  "SDM 2B PANDN"),
    ROWS("EB", "POR",       por,       MMX,  "SDM 2B POR"),
    ROWS("EF", "PXOR",      pxor,      MMX,  "SDM 2B PXOR"),
    REAL_ROWS("54", "ANDPS",    pand,      "ANDPD",    pand,       "SDM 2A ANDPS"),
    REAL_ROWS("55", "ANDNPS",   pandn,     "ANDNPD",   pandn,      "SDM 2A ANDNPS"),
    REAL_ROWS("56", "ORPS",     por,       "ORPD",     por,        "SDM 2B ORPS"),
    REAL_ROWS("57", "XORPS",    pxor,      "XORPD",    pxor,       "SDM 2B XORPS"),
    REAL_ROWS("14", "UNPCKLPS", punpckldq, "UNPCKLPD", punpcklqdq, "SDM 2B UNPCKLPS"),
    REAL_ROWS("15", "UNPCKHPS", punpckhdq, "UNPCKHPD", punpckhqdq, "SDM 2B UNPCKHPS"),
    {0},
};
/* clang-format on */
