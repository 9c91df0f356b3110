/*
 * SSE, SSE2 and SSE3 floating-point arithmetic, comparison and conversion (SDM 1 10.4, 11.4, 12; SDM 2A ADDPS to 2B
 * UCOMISS), and their exceptions (SDM 1 11.5).
 */
#include "cpu/fpu/simd.h"

#define MXCSR_BEFORE 0x0007u /* IE, DE, ZE: raised before there is a result */

/* #XM, or #UD when the system does not know it. MXCSR shows what was raised, the destination is untouched. */
static MUST_USE struct fault settle_unmasked(struct cpu *cpu, uint32_t flags, uint32_t unmasked)
{
    /* SDM 1 11.5.1: an unmasked exception before the result keeps those after it from being looked for. */
    if (unmasked & MXCSR_BEFORE)
        flags &= MXCSR_BEFORE;
    cpu->fpu.mxcsr |= flags;
    if (cpu->cr4 & CR4_OSXMMEXCPT)
        return fault_plain(VECTOR_XM, SIMD_EXCEPTION);
    return fault_ud(SIMD_EXCEPTION_NOT_ENABLED);
}

/* Takes an operation's flags into MXCSR. */
ALWAYS_INLINE MUST_USE struct fault sse_settle(struct cpu *cpu, uint32_t flags)
{
    uint32_t unmasked = flags & ~(cpu->fpu.mxcsr >> MXCSR_MASK_SHIFT);
    if (UNLIKELY(unmasked))
        return settle_unmasked(cpu, flags, unmasked);
    cpu->fpu.mxcsr |= flags;
    return FAULT_NONE;
}

/* V,W; `size`: bytes of the memory operand. */
ALWAYS_INLINE MUST_USE struct fault operate(struct cpu *cpu, const struct operation *op, unsigned size,
                                            sse_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register b, a = cpu->fpu.xmm[op->reg];
    TRY(xmm_rm_read(cpu, op, size, &b));
    TRY(sse_settle(cpu, function(&a, &b, cpu->fpu.mxcsr)));
    cpu->fpu.xmm[op->reg] = a;
    return FAULT_NONE;
}

#define OPERATE(name, size)                        \
    EXECUTE(name)                                  \
    {                                              \
        return operate(cpu, op, size, sse_##name); \
    }
#define OPERATE_ALL(name) \
    OPERATE(name##ps, 16) \
    OPERATE(name##pd, 16) \
    OPERATE(name##ss, 4)  \
    OPERATE(name##sd, 8)

OPERATE_ALL(add)
OPERATE_ALL(mul)
OPERATE_ALL(sub)
OPERATE_ALL(div)
OPERATE_ALL(min)
OPERATE_ALL(max)
OPERATE_ALL(sqrt)
OPERATE(rcpps, 16)
OPERATE(rcpss, 4)
OPERATE(rsqrtps, 16)
OPERATE(rsqrtss, 4)
OPERATE(addsubps, 16)
OPERATE(addsubpd, 16)
OPERATE(haddps, 16)
OPERATE(haddpd, 16)
OPERATE(hsubps, 16)
OPERATE(hsubpd, 16)
OPERATE(cvtdq2ps, 16)
OPERATE(cvtps2dq, 16)
OPERATE(cvttps2dq, 16)
OPERATE(cvtdq2pd, 8)
OPERATE(cvtpd2dq, 16)
OPERATE(cvttpd2dq, 16)
OPERATE(cvtps2pd, 8)
OPERATE(cvtpd2ps, 16)
OPERATE(cvtss2sd, 4)
OPERATE(cvtsd2ss, 8)

/* V,W,Ib: only the low three bits of the predicate count. */
ALWAYS_INLINE MUST_USE struct fault compare(struct cpu *cpu, const struct operation *op, unsigned size,
                                            sse_compare_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register b, a = cpu->fpu.xmm[op->reg];
    TRY(xmm_rm_read(cpu, op, size, &b));
    TRY(sse_settle(cpu, function(&a, &b, cpu->fpu.mxcsr, op->immediate)));
    cpu->fpu.xmm[op->reg] = a;
    return FAULT_NONE;
}

/* COMISS and kin: ZF, PF, CF from the order; OF, SF, AF cleared. */
ALWAYS_INLINE MUST_USE struct fault order(struct cpu *cpu, const struct operation *op, unsigned size,
                                          sse_order_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register b;
    uint32_t eflags;
    TRY(xmm_rm_read(cpu, op, size, &b));
    TRY(sse_settle(cpu, function(&cpu->fpu.xmm[op->reg], &b, cpu->fpu.mxcsr, &eflags)));
    flags_set(cpu, EFLAGS_STATUS, eflags);
    return FAULT_NONE;
}

/* G,W */
ALWAYS_INLINE MUST_USE struct fault to_integer(struct cpu *cpu, const struct operation *op, unsigned size,
                                               sse_to_integer_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register b;
    uint32_t value;
    TRY(xmm_rm_read(cpu, op, size, &b));
    TRY(sse_settle(cpu, function(&b, cpu->fpu.mxcsr, &value)));
    reg_write(cpu, op, 4, value);
    return FAULT_NONE;
}

/* V,E */
ALWAYS_INLINE MUST_USE struct fault from_integer(struct cpu *cpu, const struct operation *op,
                                                 sse_from_integer_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register a = cpu->fpu.xmm[op->reg];
    uint32_t value;
    TRY(rm_read(cpu, op, 4, &value));
    TRY(sse_settle(cpu, function(&a, value, cpu->fpu.mxcsr)));
    cpu->fpu.xmm[op->reg] = a;
    return FAULT_NONE;
}

#define SHAPED(name, shape, ...)            \
    EXECUTE(name)                           \
    {                                       \
        return shape(cpu, op, __VA_ARGS__); \
    }

SHAPED(cmpps, compare, 16, sse_cmpps)
SHAPED(cmppd, compare, 16, sse_cmppd)
SHAPED(cmpss, compare, 4, sse_cmpss)
SHAPED(cmpsd, compare, 8, sse_cmpsd)
SHAPED(comiss, order, 4, sse_comiss)
SHAPED(comisd, order, 8, sse_comisd)
SHAPED(ucomiss, order, 4, sse_ucomiss)
SHAPED(ucomisd, order, 8, sse_ucomisd)
SHAPED(cvtss2si, to_integer, 4, sse_cvtss2si)
SHAPED(cvttss2si, to_integer, 4, sse_cvttss2si)
SHAPED(cvtsd2si, to_integer, 8, sse_cvtsd2si)
SHAPED(cvttsd2si, to_integer, 8, sse_cvttsd2si)
SHAPED(cvtsi2ss, from_integer, sse_cvtsi2ss)
SHAPED(cvtsi2sd, from_integer, sse_cvtsi2sd)

/*
 * P,W: the low two lanes to an MMX register. Lanes beyond a memory operand of 8 bytes are zero and raise nothing; those
 * of a register are cut off.
 */
ALWAYS_INLINE MUST_USE struct fault to_mmx(struct cpu *cpu, const struct operation *op, unsigned size,
                                           sse_function *function)
{
    SSE_MMX_BEGIN(cpu);
    struct xmm_register b, a = {0, 0};
    TRY(xmm_rm_read(cpu, op, size, &b));
    if (size == 8)
        b.high = 0;
    TRY(sse_settle(cpu, function(&a, &b, cpu->fpu.mxcsr)));
    mmx_set(cpu, op->reg, a.low);
    return FAULT_NONE;
}

SHAPED(cvtps2pi, to_mmx, 8, sse_cvtps2dq)
SHAPED(cvttps2pi, to_mmx, 8, sse_cvttps2dq)
SHAPED(cvtpd2pi, to_mmx, 16, sse_cvtpd2dq)
SHAPED(cvttpd2pi, to_mmx, 16, sse_cvttpd2dq)

EXECUTE(cvtpi2ps)
{
    SSE_MMX_BEGIN(cpu);
    struct xmm_register a = {0, 0}, b = {0, 0};
    TRY(mmx_rm_read(cpu, op, &b.low));
    TRY(sse_settle(cpu, sse_cvtdq2ps(&a, &b, cpu->fpu.mxcsr)));
    cpu->fpu.xmm[op->reg].low = a.low;
    mmx_touch(cpu);
    return FAULT_NONE;
}

/* From memory CVTPI2PD, other than CVTPI2PS, leaves the x87 state alone (SDM 2A). */
EXECUTE(cvtpi2pd)
{
    TRY(sse_begin(cpu));
    if (op->rm != RM_MEMORY)
        MMX_BEGIN(cpu);
    struct xmm_register a = {0, 0}, b = {0, 0};
    TRY(mmx_rm_read(cpu, op, &b.low));
    TRY(sse_settle(cpu, sse_cvtdq2pd(&a, &b, cpu->fpu.mxcsr)));
    cpu->fpu.xmm[op->reg] = a;
    if (op->rm != RM_MEMORY)
        mmx_touch(cpu);
    return FAULT_NONE;
}

/* clang-format off */
#define ROWS(opcode, mnemonic, name, manual) \
    SIMD_ROW("NP 0F " opcode " /r", mnemonic "PS", "Vdq,Wdq", FEATURE(SSE),  name##ps, manual), \
    SIMD_ROW("66 0F " opcode " /r", mnemonic "PD", "Vdq,Wdq", FEATURE(SSE2), name##pd, manual), \
    SIMD_ROW("F3 0F " opcode " /r", mnemonic "SS", "Vdq,Wd",  FEATURE(SSE),  name##ss, manual), \
    SIMD_ROW("F2 0F " opcode " /r", mnemonic "SD", "Vdq,Wq",  FEATURE(SSE2), name##sd, manual)
#define SSE3_ROWS(opcode, mnemonic, name, manual) \
    SIMD_ROW("66 0F " opcode " /r", mnemonic "PD", "Vdq,Wdq", FEATURE(SSE3), name##pd, manual), \
    SIMD_ROW("F2 0F " opcode " /r", mnemonic "PS", "Vdq,Wdq", FEATURE(SSE3), name##ps, manual)
#define ORDER_ROW(opcode, mnemonic, operands, feature, handler, manual) \
    {opcode, mnemonic, operands, "", "oszapc", "", 0, feature, ALWAYS(handler), manual}

const struct instruction sse_arithmetic_instructions[] = {
    ROWS("58", "ADD",  add,  "SDM 2A ADDPS"),
    ROWS("59", "MUL",  mul,  "SDM 2B MULPS"),
    ROWS("5C", "SUB",  sub,  "SDM 2B SUBPS"),
    ROWS("5D", "MIN",  min,  "SDM 2B MINPS"),
    ROWS("5E", "DIV",  div,  "SDM 2A DIVPS"),
    ROWS("5F", "MAX",  max,  "SDM 2B MAXPS"),
    ROWS("51", "SQRT", sqrt, "SDM 2B SQRTPS"),
    SIMD_ROW("NP 0F 52 /r", "RSQRTPS", "Vdq,Wdq", FEATURE(SSE), rsqrtps, "SDM 2B RSQRTPS"),
    SIMD_ROW("F3 0F 52 /r", "RSQRTSS", "Vdq,Wd",  FEATURE(SSE), rsqrtss, "SDM 2B RSQRTSS"),
    SIMD_ROW("NP 0F 53 /r", "RCPPS",   "Vdq,Wdq", FEATURE(SSE), rcpps,   "SDM 2B RCPPS"),
    SIMD_ROW("F3 0F 53 /r", "RCPSS",   "Vdq,Wd",  FEATURE(SSE), rcpss,   "SDM 2B RCPSS"),
    SIMD_ROW("NP 0F C2 /r", "CMPPS", "Vdq,Wdq,Ib", FEATURE(SSE),  cmpps, "SDM 2A CMPPS"),
    SIMD_ROW("66 0F C2 /r", "CMPPD", "Vdq,Wdq,Ib", FEATURE(SSE2), cmppd, "SDM 2A CMPPD"),
    SIMD_ROW("F3 0F C2 /r", "CMPSS", "Vdq,Wd,Ib",  FEATURE(SSE),  cmpss, "SDM 2A CMPSS"),
    SIMD_ROW("F2 0F C2 /r", "CMPSD", "Vdq,Wq,Ib",  FEATURE(SSE2), cmpsd, "SDM 2A CMPSD"),
    SSE3_ROWS("D0", "ADDSUB", addsub, "SDM 2A ADDSUBPS"),
    SSE3_ROWS("7C", "HADD",   hadd,   "SDM 2A HADDPS"),
    SSE3_ROWS("7D", "HSUB",   hsub,   "SDM 2A HSUBPS"),
    ORDER_ROW("NP 0F 2E /r", "UCOMISS", "Vdq,Wd", FEATURE(SSE),  ucomiss, "SDM 2B UCOMISS"),
    ORDER_ROW("66 0F 2E /r", "UCOMISD", "Vdq,Wq", FEATURE(SSE2), ucomisd, "SDM 2B UCOMISD"),
    ORDER_ROW("NP 0F 2F /r", "COMISS",  "Vdq,Wd", FEATURE(SSE),  comiss,  "SDM 2A COMISS"),
    ORDER_ROW("66 0F 2F /r", "COMISD",  "Vdq,Wq", FEATURE(SSE2), comisd,  "SDM 2A COMISD"),
    SIMD_ROW("NP 0F 5A /r", "CVTPS2PD",  "Vdq,Wq",  FEATURE(SSE2), cvtps2pd,  "SDM 2A CVTPS2PD"),
    SIMD_ROW("66 0F 5A /r", "CVTPD2PS",  "Vdq,Wdq", FEATURE(SSE2), cvtpd2ps,  "SDM 2A CVTPD2PS"),
    SIMD_ROW("F3 0F 5A /r", "CVTSS2SD",  "Vdq,Wd",  FEATURE(SSE2), cvtss2sd,  "SDM 2A CVTSS2SD"),
    SIMD_ROW("F2 0F 5A /r", "CVTSD2SS",  "Vdq,Wq",  FEATURE(SSE2), cvtsd2ss,  "SDM 2A CVTSD2SS"),
    SIMD_ROW("NP 0F 5B /r", "CVTDQ2PS",  "Vdq,Wdq", FEATURE(SSE2), cvtdq2ps,  "SDM 2A CVTDQ2PS"),
    SIMD_ROW("66 0F 5B /r", "CVTPS2DQ",  "Vdq,Wdq", FEATURE(SSE2), cvtps2dq,  "SDM 2A CVTPS2DQ"),
    SIMD_ROW("F3 0F 5B /r", "CVTTPS2DQ", "Vdq,Wdq", FEATURE(SSE2), cvttps2dq, "SDM 2A CVTTPS2DQ"),
    SIMD_ROW("F3 0F E6 /r", "CVTDQ2PD",  "Vdq,Wq",  FEATURE(SSE2), cvtdq2pd,  "SDM 2A CVTDQ2PD"),
    SIMD_ROW("F2 0F E6 /r", "CVTPD2DQ",  "Vdq,Wdq", FEATURE(SSE2), cvtpd2dq,  "SDM 2A CVTPD2DQ"),
    SIMD_ROW("66 0F E6 /r", "CVTTPD2DQ", "Vdq,Wdq", FEATURE(SSE2), cvttpd2dq, "SDM 2A CVTTPD2DQ"),
    SIMD_ROW("NP 0F 2A /r", "CVTPI2PS",  "Vdq,Qq",  FEATURE(SSE),  cvtpi2ps,  "SDM 2A CVTPI2PS"),
    SIMD_ROW("66 0F 2A /r", "CVTPI2PD",  "Vdq,Qq",  FEATURE(SSE2), cvtpi2pd,  "SDM 2A CVTPI2PD"),
    SIMD_ROW("F3 0F 2A /r", "CVTSI2SS",  "Vdq,Ed",  FEATURE(SSE),  cvtsi2ss,  "SDM 2A CVTSI2SS"),
    SIMD_ROW("F2 0F 2A /r", "CVTSI2SD",  "Vdq,Ed",  FEATURE(SSE2), cvtsi2sd,  "SDM 2A CVTSI2SD"),
    SIMD_ROW("NP 0F 2C /r", "CVTTPS2PI", "Pq,Wq",   FEATURE(SSE),  cvttps2pi, "SDM 2A CVTTPS2PI"),
    SIMD_ROW("66 0F 2C /r", "CVTTPD2PI", "Pq,Wdq",  FEATURE(SSE2), cvttpd2pi, "SDM 2A CVTTPD2PI"),
    SIMD_ROW("F3 0F 2C /r", "CVTTSS2SI", "Gd,Wd",   FEATURE(SSE),  cvttss2si, "SDM 2A CVTTSS2SI"),
    SIMD_ROW("F2 0F 2C /r", "CVTTSD2SI", "Gd,Wq",   FEATURE(SSE2), cvttsd2si, "SDM 2A CVTTSD2SI"),
    SIMD_ROW("NP 0F 2D /r", "CVTPS2PI",  "Pq,Wq",   FEATURE(SSE),  cvtps2pi,  "SDM 2A CVTPS2PI"),
    SIMD_ROW("66 0F 2D /r", "CVTPD2PI",  "Pq,Wdq",  FEATURE(SSE2), cvtpd2pi,  "SDM 2A CVTPD2PI"),
    SIMD_ROW("F3 0F 2D /r", "CVTSS2SI",  "Gd,Wd",   FEATURE(SSE),  cvtss2si,  "SDM 2A CVTSS2SI"),
    SIMD_ROW("F2 0F 2D /r", "CVTSD2SI",  "Gd,Wq",   FEATURE(SSE2), cvtsd2si,  "SDM 2A CVTSD2SI"),
    {0},
};
/* clang-format on */
