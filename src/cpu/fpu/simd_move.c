/*
 * MMX and SSE moves, non-temporal and masked stores, fences and EMMS (SDM 2A EMMS to 2B PSUBW). Caches are not modelled,
 * so a non-temporal store is a store and a fence orders what is already in order.
 */
#include "cpu/fpu/simd.h"

/* 16 bytes, V,W and W,V; `aligned` as in simd.h. */
ALWAYS_INLINE MUST_USE struct fault xmm_load(struct cpu *cpu, const struct operation *op, bool aligned)
{
    TRY(sse_begin(cpu));
    if (op->rm != RM_MEMORY) {
        cpu->fpu.xmm[op->reg] = cpu->fpu.xmm[op->rm];
        return FAULT_NONE;
    }
    struct xmm_register value;
    TRY(xmm_memory_read(cpu, op, aligned, &value));
    cpu->fpu.xmm[op->reg] = value;
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault xmm_store(struct cpu *cpu, const struct operation *op, bool aligned)
{
    TRY(sse_begin(cpu));
    if (op->rm == RM_MEMORY)
        return xmm_memory_write(cpu, op, aligned, &cpu->fpu.xmm[op->reg]);
    cpu->fpu.xmm[op->rm] = cpu->fpu.xmm[op->reg];
    return FAULT_NONE;
}

EXECUTE(movaps_load)
{
    return xmm_load(cpu, op, true);
}

EXECUTE(movaps_store)
{
    return xmm_store(cpu, op, true);
}

EXECUTE(movups_load)
{
    return xmm_load(cpu, op, false);
}

EXECUTE(movups_store)
{
    return xmm_store(cpu, op, false);
}

/* Part of a register: MOVSS, MOVSD and MOVQ from memory clear the rest, MOVSS and MOVSD between registers keep it. */
EXECUTE(movss_load)
{
    TRY(sse_begin(cpu));
    struct xmm_register value, *a = &cpu->fpu.xmm[op->reg];
    TRY(xmm_rm_read(cpu, op, 4, &value));
    if (op->rm == RM_MEMORY)
        *a = value;
    else
        a->low = (a->low & ~0xffffffffull) | (uint32_t)value.low;
    return FAULT_NONE;
}

EXECUTE(movsd_load)
{
    TRY(sse_begin(cpu));
    struct xmm_register value, *a = &cpu->fpu.xmm[op->reg];
    TRY(xmm_rm_read(cpu, op, 8, &value));
    if (op->rm == RM_MEMORY)
        *a = value;
    else
        a->low = value.low;
    return FAULT_NONE;
}

EXECUTE(movss_store)
{
    TRY(sse_begin(cpu));
    uint64_t low = cpu->fpu.xmm[op->reg].low;
    if (op->rm == RM_MEMORY)
        return data_write(cpu, op->segment, effective_address(cpu, op), 4, (uint32_t)low);
    struct xmm_register *b = &cpu->fpu.xmm[op->rm];
    b->low = (b->low & ~0xffffffffull) | (uint32_t)low;
    return FAULT_NONE;
}

EXECUTE(movsd_store)
{
    TRY(sse_begin(cpu));
    uint64_t low = cpu->fpu.xmm[op->reg].low;
    if (op->rm == RM_MEMORY)
        return data_write64(cpu, op->segment, effective_address(cpu, op), low);
    cpu->fpu.xmm[op->rm].low = low;
    return FAULT_NONE;
}

EXECUTE(movq_xmm_load)
{
    TRY(sse_begin(cpu));
    struct xmm_register value;
    TRY(xmm_rm_read(cpu, op, 8, &value));
    cpu->fpu.xmm[op->reg] = (struct xmm_register){value.low, 0};
    return FAULT_NONE;
}

EXECUTE(movq_xmm_store)
{
    TRY(sse_begin(cpu));
    uint64_t low = cpu->fpu.xmm[op->reg].low;
    if (op->rm == RM_MEMORY)
        return data_write64(cpu, op->segment, effective_address(cpu, op), low);
    cpu->fpu.xmm[op->rm] = (struct xmm_register){low, 0};
    return FAULT_NONE;
}

/* MOVLPS and MOVHPS (and PD): memory to or from one half. */
EXECUTE(movlps_load)
{
    TRY(sse_begin(cpu));
    return data_read64(cpu, op->segment, effective_address(cpu, op), &cpu->fpu.xmm[op->reg].low);
}

EXECUTE(movhps_load)
{
    TRY(sse_begin(cpu));
    return data_read64(cpu, op->segment, effective_address(cpu, op), &cpu->fpu.xmm[op->reg].high);
}

EXECUTE(movlps_store)
{
    TRY(sse_begin(cpu));
    return data_write64(cpu, op->segment, effective_address(cpu, op), cpu->fpu.xmm[op->reg].low);
}

EXECUTE(movhps_store)
{
    TRY(sse_begin(cpu));
    return data_write64(cpu, op->segment, effective_address(cpu, op), cpu->fpu.xmm[op->reg].high);
}

EXECUTE(movhlps)
{
    TRY(sse_begin(cpu));
    cpu->fpu.xmm[op->reg].low = cpu->fpu.xmm[op->rm].high;
    return FAULT_NONE;
}

EXECUTE(movlhps)
{
    TRY(sse_begin(cpu));
    cpu->fpu.xmm[op->reg].high = cpu->fpu.xmm[op->rm].low;
    return FAULT_NONE;
}

/* SSE3's duplicating moves. */
static uint64_t doubleword_twice(uint32_t value)
{
    return (uint64_t)value << 32 | value;
}

EXECUTE(movddup)
{
    TRY(sse_begin(cpu));
    struct xmm_register value;
    TRY(xmm_rm_read(cpu, op, 8, &value));
    cpu->fpu.xmm[op->reg] = (struct xmm_register){value.low, value.low};
    return FAULT_NONE;
}

EXECUTE(movsldup)
{
    TRY(sse_begin(cpu));
    struct xmm_register b;
    TRY(xmm_rm_read(cpu, op, 16, &b));
    cpu->fpu.xmm[op->reg] =
        (struct xmm_register){doubleword_twice((uint32_t)b.low), doubleword_twice((uint32_t)b.high)};
    return FAULT_NONE;
}

EXECUTE(movshdup)
{
    TRY(sse_begin(cpu));
    struct xmm_register b;
    TRY(xmm_rm_read(cpu, op, 16, &b));
    cpu->fpu.xmm[op->reg] = (struct xmm_register){doubleword_twice((uint32_t)(b.low >> 32)),
                                                  doubleword_twice((uint32_t)(b.high >> 32))};
    return FAULT_NONE;
}

/* MOVD: the general register or memory, zero-extended. */
EXECUTE(movd_xmm_load)
{
    TRY(sse_begin(cpu));
    uint32_t value;
    TRY(rm_read(cpu, op, 4, &value));
    cpu->fpu.xmm[op->reg] = (struct xmm_register){value, 0};
    return FAULT_NONE;
}

EXECUTE(movd_xmm_store)
{
    TRY(sse_begin(cpu));
    return rm_write(cpu, op, 4, (uint32_t)cpu->fpu.xmm[op->reg].low);
}

EXECUTE(movd_mmx_load)
{
    MMX_BEGIN(cpu);
    uint32_t value;
    TRY(rm_read(cpu, op, 4, &value));
    mmx_set(cpu, op->reg, value);
    return FAULT_NONE;
}

EXECUTE(movd_mmx_store)
{
    MMX_BEGIN(cpu);
    TRY(rm_write(cpu, op, 4, (uint32_t)mmx_get(cpu, op->reg)));
    mmx_touch(cpu);
    return FAULT_NONE;
}

EXECUTE(movq_mmx_load)
{
    MMX_BEGIN(cpu);
    uint64_t value;
    TRY(mmx_rm_read(cpu, op, &value));
    mmx_set(cpu, op->reg, value);
    return FAULT_NONE;
}

EXECUTE(movq_mmx_store)
{
    MMX_BEGIN(cpu);
    uint64_t value = mmx_get(cpu, op->reg);
    if (op->rm == RM_MEMORY)
        TRY(data_write64(cpu, op->segment, effective_address(cpu, op), value));
    else
        mmx_set(cpu, op->rm, value);
    mmx_touch(cpu);
    return FAULT_NONE;
}

EXECUTE(movdq2q)
{
    SSE_MMX_BEGIN(cpu);
    mmx_set(cpu, op->reg, cpu->fpu.xmm[op->rm].low);
    return FAULT_NONE;
}

EXECUTE(movq2dq)
{
    SSE_MMX_BEGIN(cpu);
    cpu->fpu.xmm[op->reg] = (struct xmm_register){mmx_get(cpu, op->rm), 0};
    mmx_touch(cpu);
    return FAULT_NONE;
}

/* MOVNTI uses neither MMX nor XMM registers: none of their checks (SDM 2B MOVNTI). */
EXECUTE(movnti)
{
    return data_write(cpu, op->segment, effective_address(cpu, op), 4, reg_read(cpu, op, 4));
}

/*
 * MASKMOVQ and MASKMOVDQU: the bytes whose mask has its sign set go to DS:EDI. All of them are checked first, so
 * that a fault leaves memory whole; with a mask of zero nothing is accessed (SDM 2B MASKMOVDQU leaves it open).
 */
static MUST_USE struct fault masked_store(struct cpu *cpu, const struct operation *op, const uint8_t *bytes,
                                          const uint8_t *mask, unsigned count)
{
    uint32_t start = cpu->gpr[EDI];
    for (unsigned i = 0; i < count; i++) {
        if (mask[i] & 0x80)
            TRY(data_probe_write(cpu, op->segment, (start + i) & op->address_mask, 1));
    }
    for (unsigned i = 0; i < count; i++) {
        if (mask[i] & 0x80)
            TRY(data_write(cpu, op->segment, (start + i) & op->address_mask, 1, bytes[i]));
    }
    return FAULT_NONE;
}

EXECUTE(maskmovq)
{
    MMX_BEGIN(cpu);
    uint64_t bytes = mmx_get(cpu, op->reg), mask = mmx_get(cpu, op->rm);
    TRY(masked_store(cpu, op, (const uint8_t *)&bytes, (const uint8_t *)&mask, 8));
    mmx_touch(cpu);
    return FAULT_NONE;
}

EXECUTE(maskmovdqu)
{
    TRY(sse_begin(cpu));
    return masked_store(cpu, op, (const uint8_t *)&cpu->fpu.xmm[op->reg],
                        (const uint8_t *)&cpu->fpu.xmm[op->rm], 16);
}

EXECUTE(emms)
{
    (void)op;
    MMX_BEGIN(cpu);
    cpu->fpu.status &= (uint16_t)~FSW_TOP;
    cpu->fpu.empty = 0xff;
    return FAULT_NONE;
}

EXECUTE(fence)
{
    (void)cpu;
    (void)op;
    return FAULT_NONE;
}

/* CLFLUSH is checked like a byte load, and may be used on execute-only code (SDM 2A CLFLUSH). */
EXECUTE(clflush)
{
    uint32_t byte;
    const struct segment *segment = &cpu->segments[op->segment];
    uint32_t offset = effective_address(cpu, op);
    if (access_is_code(segment->access) && segment->usable && offset >= segment->lowest &&
        offset <= segment->highest) {
        uint8_t read;
        return linear_read(cpu, segment->base + offset, &read, 1, cpu->user);
    }
    return data_read(cpu, op->segment, offset, 1, &byte);
}

/* clang-format off */
#define FENCE_ROW(modrm, mnemonic, feature, manual) SIMD_ROW("NP 0F AE " modrm, mnemonic, "", feature, fence, manual)
/* The r/m field does not count (SDM 2A LFENCE). */
#define FENCE_ROWS(high, a, b, c, d, e, f, g, h, mnemonic, feature, manual) \
    FENCE_ROW(high a, mnemonic, feature, manual), FENCE_ROW(high b, mnemonic, feature, manual), \
    FENCE_ROW(high c, mnemonic, feature, manual), FENCE_ROW(high d, mnemonic, feature, manual), \
    FENCE_ROW(high e, mnemonic, feature, manual), FENCE_ROW(high f, mnemonic, feature, manual), \
    FENCE_ROW(high g, mnemonic, feature, manual), FENCE_ROW(high h, mnemonic, feature, manual)

const struct instruction simd_move_instructions[] = {
    SIMD_ROW("NP 0F 10 /r", "MOVUPS",   "Vdq,Wdq", FEATURE(SSE),  movups_load,    "SDM 2B MOVUPS"),
    SIMD_ROW("NP 0F 11 /r", "MOVUPS",   "Wdq,Vdq", FEATURE(SSE),  movups_store,   "SDM 2B MOVUPS"),
    SIMD_ROW("66 0F 10 /r", "MOVUPD",   "Vdq,Wdq", FEATURE(SSE2), movups_load,    "SDM 2B MOVUPD"),
    SIMD_ROW("66 0F 11 /r", "MOVUPD",   "Wdq,Vdq", FEATURE(SSE2), movups_store,   "SDM 2B MOVUPD"),
    SIMD_ROW("F3 0F 10 /r", "MOVSS",    "Vdq,Wd",  FEATURE(SSE),  movss_load,     "SDM 2B MOVSS"),
    SIMD_ROW("F3 0F 11 /r", "MOVSS",    "Wd,Vdq",  FEATURE(SSE),  movss_store,    "SDM 2B MOVSS"),
    SIMD_ROW("F2 0F 10 /r", "MOVSD",    "Vdq,Wq",  FEATURE(SSE2), movsd_load,     "SDM 2B MOVSD"),
    SIMD_ROW("F2 0F 11 /r", "MOVSD",    "Wq,Vdq",  FEATURE(SSE2), movsd_store,    "SDM 2B MOVSD"),
    SIMD_ROW("NP 0F 12 /r", "MOVLPS",   "Vdq,Mq",  FEATURE(SSE),  movlps_load,    "SDM 2B MOVLPS"),
    SIMD_ROW("NP 0F 12 /r", "MOVHLPS",  "Vdq,Udq", FEATURE(SSE),  movhlps,        "SDM 2B MOVHLPS"),
    SIMD_ROW("66 0F 12 /r", "MOVLPD",   "Vdq,Mq",  FEATURE(SSE2), movlps_load,    "SDM 2B MOVLPD"),
    SIMD_ROW("F2 0F 12 /r", "MOVDDUP",  "Vdq,Wq",  FEATURE(SSE3), movddup,        "SDM 2B MOVDDUP"),
    SIMD_ROW("F3 0F 12 /r", "MOVSLDUP", "Vdq,Wdq", FEATURE(SSE3), movsldup,       "SDM 2B MOVSLDUP"),
    SIMD_ROW("NP 0F 13 /r", "MOVLPS",   "Mq,Vdq",  FEATURE(SSE),  movlps_store,   "SDM 2B MOVLPS"),
    SIMD_ROW("66 0F 13 /r", "MOVLPD",   "Mq,Vdq",  FEATURE(SSE2), movlps_store,   "SDM 2B MOVLPD"),
    SIMD_ROW("NP 0F 16 /r", "MOVHPS",   "Vdq,Mq",  FEATURE(SSE),  movhps_load,    "SDM 2B MOVHPS"),
    SIMD_ROW("NP 0F 16 /r", "MOVLHPS",  "Vdq,Udq", FEATURE(SSE),  movlhps,        "SDM 2B MOVLHPS"),
    SIMD_ROW("66 0F 16 /r", "MOVHPD",   "Vdq,Mq",  FEATURE(SSE2), movhps_load,    "SDM 2B MOVHPD"),
    SIMD_ROW("F3 0F 16 /r", "MOVSHDUP", "Vdq,Wdq", FEATURE(SSE3), movshdup,       "SDM 2B MOVSHDUP"),
    SIMD_ROW("NP 0F 17 /r", "MOVHPS",   "Mq,Vdq",  FEATURE(SSE),  movhps_store,   "SDM 2B MOVHPS"),
    SIMD_ROW("66 0F 17 /r", "MOVHPD",   "Mq,Vdq",  FEATURE(SSE2), movhps_store,   "SDM 2B MOVHPD"),
    SIMD_ROW("NP 0F 28 /r", "MOVAPS",   "Vdq,Wdq", FEATURE(SSE),  movaps_load,    "SDM 2B MOVAPS"),
    SIMD_ROW("NP 0F 29 /r", "MOVAPS",   "Wdq,Vdq", FEATURE(SSE),  movaps_store,   "SDM 2B MOVAPS"),
    SIMD_ROW("66 0F 28 /r", "MOVAPD",   "Vdq,Wdq", FEATURE(SSE2), movaps_load,    "SDM 2B MOVAPD"),
    SIMD_ROW("66 0F 29 /r", "MOVAPD",   "Wdq,Vdq", FEATURE(SSE2), movaps_store,   "SDM 2B MOVAPD"),
    SIMD_ROW("NP 0F 2B /r", "MOVNTPS",  "Mdq,Vdq", FEATURE(SSE),  movaps_store,   "SDM 2B MOVNTPS"),
    SIMD_ROW("66 0F 2B /r", "MOVNTPD",  "Mdq,Vdq", FEATURE(SSE2), movaps_store,   "SDM 2B MOVNTPD"),
    SIMD_ROW("66 0F E7 /r", "MOVNTDQ",  "Mdq,Vdq", FEATURE(SSE2), movaps_store,   "SDM 2B MOVNTDQ"),
    SIMD_ROW("NP 0F E7 /r", "MOVNTQ",   "Mq,Pq",   FEATURE(SSE),  movq_mmx_store, "SDM 2B MOVNTQ"),
    SIMD_ROW("NP 0F C3 /r", "MOVNTI",   "Md,Gd",   FEATURE(SSE2), movnti,         "SDM 2B MOVNTI"),
    SIMD_ROW("NP 0F 6E /r", "MOVD",     "Pq,Ed",   FEATURE(MMX),  movd_mmx_load,  "SDM 2B MOVD"),
    SIMD_ROW("NP 0F 7E /r", "MOVD",     "Ed,Pq",   FEATURE(MMX),  movd_mmx_store, "SDM 2B MOVD"),
    SIMD_ROW("66 0F 6E /r", "MOVD",     "Vdq,Ed",  FEATURE(SSE2), movd_xmm_load,  "SDM 2B MOVD"),
    SIMD_ROW("66 0F 7E /r", "MOVD",     "Ed,Vdq",  FEATURE(SSE2), movd_xmm_store, "SDM 2B MOVD"),
    SIMD_ROW("F3 0F 7E /r", "MOVQ",     "Vdq,Wq",  FEATURE(SSE2), movq_xmm_load,  "SDM 2B MOVQ"),
    SIMD_ROW("66 0F D6 /r", "MOVQ",     "Wq,Vdq",  FEATURE(SSE2), movq_xmm_store, "SDM 2B MOVQ"),
    SIMD_ROW("F2 0F D6 /r", "MOVDQ2Q",  "Pq,Udq",  FEATURE(SSE2), movdq2q,        "SDM 2B MOVDQ2Q"),
    SIMD_ROW("F3 0F D6 /r", "MOVQ2DQ",  "Vdq,Nq",  FEATURE(SSE2), movq2dq,        "SDM 2B MOVQ2DQ"),
    SIMD_ROW("NP 0F 6F /r", "MOVQ",     "Pq,Qq",   FEATURE(MMX),  movq_mmx_load,  "SDM 2B MOVQ"),
    SIMD_ROW("NP 0F 7F /r", "MOVQ",     "Qq,Pq",   FEATURE(MMX),  movq_mmx_store, "SDM 2B MOVQ"),
    SIMD_ROW("66 0F 6F /r", "MOVDQA",   "Vdq,Wdq", FEATURE(SSE2), movaps_load,    "SDM 2B MOVDQA"),
    SIMD_ROW("66 0F 7F /r", "MOVDQA",   "Wdq,Vdq", FEATURE(SSE2), movaps_store,   "SDM 2B MOVDQA"),
    SIMD_ROW("F3 0F 6F /r", "MOVDQU",   "Vdq,Wdq", FEATURE(SSE2), movups_load,    "SDM 2B MOVDQU"),
    SIMD_ROW("F3 0F 7F /r", "MOVDQU",   "Wdq,Vdq", FEATURE(SSE2), movups_store,   "SDM 2B MOVDQU"),
    SIMD_ROW("F2 0F F0 /r", "LDDQU",    "Vdq,Mdq", FEATURE(SSE3), movups_load,    "SDM 2A LDDQU"),
    SIMD_ROW("NP 0F F7 /r", "MASKMOVQ",   "Pq,Nq",   FEATURE(SSE),  maskmovq,     "SDM 2B MASKMOVQ"),
    SIMD_ROW("66 0F F7 /r", "MASKMOVDQU", "Vdq,Udq", FEATURE(SSE2), maskmovdqu,   "SDM 2B MASKMOVDQU"),
    SIMD_ROW("NP 0F 77",    "EMMS",     "",        FEATURE(MMX),  emms,           "SDM 2A EMMS"),
    FENCE_ROWS("E", "8", "9", "A", "B", "C", "D", "E", "F", "LFENCE", FEATURE(SSE2), "SDM 2A LFENCE"),
    FENCE_ROWS("F", "0", "1", "2", "3", "4", "5", "6", "7", "MFENCE", FEATURE(SSE2), "SDM 2B MFENCE"),
    FENCE_ROWS("F", "8", "9", "A", "B", "C", "D", "E", "F", "SFENCE", FEATURE(SSE),  "SDM 2B SFENCE"),
    SIMD_ROW("NP 0F AE /7", "CLFLUSH",  "Mb",      FEATURE(CLFSH), clflush,       "SDM 2A CLFLUSH"),
    {0},
};
/* clang-format on */
