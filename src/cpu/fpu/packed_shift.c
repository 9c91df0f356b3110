/*
 * Shifts of packed integers by a register, memory or immediate count (SDM 2B PSLLW to PSRLQ, PSLLDQ, PSRLDQ), and
 * shuffles, inserts and extracts (SDM 2B PSHUFW, PSHUFD, PINSRW, PEXTRW, PMOVMSKB; 2A MOVMSKPS; 2B SHUFPS).
 */
#include "cpu/fpu/packed.h"
#include "cpu/fpu/simd.h"

ALWAYS_INLINE MUST_USE struct fault mmx_shift(struct cpu *cpu, const struct operation *op,
                                              packed_shift_function *function)
{
    MMX_BEGIN(cpu);
    uint64_t count, a = mmx_get(cpu, op->reg);
    TRY(mmx_rm_read(cpu, op, &count));
    function(&a, count, 8);
    mmx_set(cpu, op->reg, a);
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault mmx_shift_immediate(struct cpu *cpu, const struct operation *op,
                                                        packed_shift_function *function)
{
    MMX_BEGIN(cpu);
    uint64_t a = mmx_get(cpu, op->rm);
    function(&a, op->immediate, 8);
    mmx_set(cpu, op->rm, a);
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault xmm_shift(struct cpu *cpu, const struct operation *op,
                                              packed_shift_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register count;
    TRY(xmm_rm_read(cpu, op, 16, &count));
    function(&cpu->fpu.xmm[op->reg], count.low, 16);
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault xmm_shift_immediate(struct cpu *cpu, const struct operation *op,
                                                        packed_shift_function *function)
{
    TRY(sse_begin(cpu));
    function(&cpu->fpu.xmm[op->rm], op->immediate, 16);
    return FAULT_NONE;
}

#define SHIFT_HANDLER(handler, shape, name)   \
    EXECUTE(handler)                          \
    {                                         \
        return shape(cpu, op, packed_##name); \
    }
#define SHIFT(name)                                                \
    SHIFT_HANDLER(name##_mmx, mmx_shift, name)                     \
    SHIFT_HANDLER(name##_mmx_immediate, mmx_shift_immediate, name) \
    SHIFT_HANDLER(name##_xmm, xmm_shift, name)                     \
    SHIFT_HANDLER(name##_xmm_immediate, xmm_shift_immediate, name)

SHIFT(psrlw)
SHIFT(psrld)
SHIFT(psrlq)
SHIFT(psraw)
SHIFT(psrad)
SHIFT(psllw)
SHIFT(pslld)
SHIFT(psllq)
SHIFT_HANDLER(psrldq, xmm_shift_immediate, psrldq)
SHIFT_HANDLER(pslldq, xmm_shift_immediate, pslldq)

/* Four words, each chosen by two bits of the order. */
static uint64_t shuffle_words(uint64_t words, unsigned order)
{
    uint64_t result = 0;
    for (unsigned i = 0; i < 4; i++)
        result |= ((words >> 16 * ((order >> 2 * i) & 3)) & 0xffff) << 16 * i;
    return result;
}

static uint32_t doubleword(const struct xmm_register *x, unsigned i)
{
    return (uint32_t)((i & 2 ? x->high : x->low) >> 32 * (i & 1));
}

/* SHUFPS: two doublewords of a, then two of b; PSHUFD is the case a = b. */
static struct xmm_register shuffle_doublewords(const struct xmm_register *a, const struct xmm_register *b,
                                               unsigned order)
{
    return (struct xmm_register){
        .low = doubleword(a, order & 3) | (uint64_t)doubleword(a, (order >> 2) & 3) << 32,
        .high = doubleword(b, (order >> 4) & 3) | (uint64_t)doubleword(b, (order >> 6) & 3) << 32,
    };
}

static struct xmm_register shuffle_pshufd(const struct xmm_register *a, const struct xmm_register *b,
                                          unsigned order)
{
    (void)a;
    return shuffle_doublewords(b, b, order);
}

static struct xmm_register shuffle_pshuflw(const struct xmm_register *a, const struct xmm_register *b,
                                           unsigned order)
{
    (void)a;
    return (struct xmm_register){shuffle_words(b->low, order), b->high};
}

static struct xmm_register shuffle_pshufhw(const struct xmm_register *a, const struct xmm_register *b,
                                           unsigned order)
{
    (void)a;
    return (struct xmm_register){b->low, shuffle_words(b->high, order)};
}

static struct xmm_register shuffle_shufpd(const struct xmm_register *a, const struct xmm_register *b,
                                          unsigned order)
{
    return (struct xmm_register){order & 1 ? a->high : a->low, order & 2 ? b->high : b->low};
}

typedef struct xmm_register shuffle_function(const struct xmm_register *a, const struct xmm_register *b,
                                             unsigned order);

/* V,W,Ib */
ALWAYS_INLINE MUST_USE struct fault xmm_shuffle(struct cpu *cpu, const struct operation *op,
                                                shuffle_function *function)
{
    TRY(sse_begin(cpu));
    struct xmm_register b;
    TRY(xmm_rm_read(cpu, op, 16, &b));
    cpu->fpu.xmm[op->reg] = function(&cpu->fpu.xmm[op->reg], &b, op->immediate);
    return FAULT_NONE;
}

EXECUTE(pshufd)
{
    return xmm_shuffle(cpu, op, shuffle_pshufd);
}

EXECUTE(pshuflw)
{
    return xmm_shuffle(cpu, op, shuffle_pshuflw);
}

EXECUTE(pshufhw)
{
    return xmm_shuffle(cpu, op, shuffle_pshufhw);
}

EXECUTE(shufps)
{
    return xmm_shuffle(cpu, op, shuffle_doublewords);
}

EXECUTE(shufpd)
{
    return xmm_shuffle(cpu, op, shuffle_shufpd);
}

EXECUTE(pshufw)
{
    MMX_BEGIN(cpu);
    uint64_t b;
    TRY(mmx_rm_read(cpu, op, &b));
    mmx_set(cpu, op->reg, shuffle_words(b, op->immediate));
    return FAULT_NONE;
}

static uint64_t word_inserted(uint64_t words, unsigned i, uint32_t word)
{
    return (words & ~(0xffffull << 16 * i)) | (uint64_t)(word & 0xffff) << 16 * i;
}

/* PINSRW's register operand is a doubleword whose upper half does not count; in memory it is a word. */
EXECUTE(pinsrw_mmx)
{
    MMX_BEGIN(cpu);
    uint32_t word;
    TRY(rm_read(cpu, op, 2, &word));
    mmx_set(cpu, op->reg, word_inserted(mmx_get(cpu, op->reg), op->immediate & 3, word));
    return FAULT_NONE;
}

EXECUTE(pinsrw_xmm)
{
    TRY(sse_begin(cpu));
    uint32_t word;
    TRY(rm_read(cpu, op, 2, &word));
    struct xmm_register *a = &cpu->fpu.xmm[op->reg];
    uint64_t *half = op->immediate & 4 ? &a->high : &a->low;
    *half = word_inserted(*half, op->immediate & 3, word);
    return FAULT_NONE;
}

EXECUTE(pextrw_mmx)
{
    MMX_BEGIN(cpu);
    reg_write(cpu, op, 4, (uint16_t)(mmx_get(cpu, op->rm) >> 16 * (op->immediate & 3)));
    mmx_touch(cpu);
    return FAULT_NONE;
}

EXECUTE(pextrw_xmm)
{
    TRY(sse_begin(cpu));
    const struct xmm_register *b = &cpu->fpu.xmm[op->rm];
    uint64_t half = op->immediate & 4 ? b->high : b->low;
    reg_write(cpu, op, 4, (uint16_t)(half >> 16 * (op->immediate & 3)));
    return FAULT_NONE;
}

/* The sign bits of the lanes, of `lane` bits each. */
static uint32_t signs(uint64_t value, unsigned lane)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < 64 / lane; i++)
        mask |= (uint32_t)((value >> (lane * i + lane - 1)) & 1) << i;
    return mask;
}

ALWAYS_INLINE MUST_USE struct fault xmm_signs(struct cpu *cpu, const struct operation *op, unsigned lane)
{
    TRY(sse_begin(cpu));
    const struct xmm_register *b = &cpu->fpu.xmm[op->rm];
    reg_write(cpu, op, 4, signs(b->low, lane) | signs(b->high, lane) << 64 / lane);
    return FAULT_NONE;
}

EXECUTE(pmovmskb_xmm)
{
    return xmm_signs(cpu, op, 8);
}

EXECUTE(movmskps)
{
    return xmm_signs(cpu, op, 32);
}

EXECUTE(movmskpd)
{
    return xmm_signs(cpu, op, 64);
}

EXECUTE(pmovmskb_mmx)
{
    MMX_BEGIN(cpu);
    reg_write(cpu, op, 4, signs(mmx_get(cpu, op->rm), 8));
    mmx_touch(cpu);
    return FAULT_NONE;
}

/* clang-format off */
#define SHIFT_ROWS(opcode, mnemonic, name, manual) \
    SIMD_ROW("NP 0F " opcode " /r", mnemonic, "Pq,Qq",   FEATURE(MMX),  name##_mmx, manual), \
    SIMD_ROW("66 0F " opcode " /r", mnemonic, "Vdq,Wdq", FEATURE(SSE2), name##_xmm, manual)
#define SHIFT_IMMEDIATE_ROWS(opcode, mnemonic, name, manual) \
    SIMD_ROW("NP 0F " opcode, mnemonic, "Nq,Ib",  FEATURE(MMX),  name##_mmx_immediate, manual), \
    SIMD_ROW("66 0F " opcode, mnemonic, "Udq,Ib", FEATURE(SSE2), name##_xmm_immediate, manual)

const struct instruction packed_shift_instructions[] = {
    SHIFT_ROWS("D1", "PSRLW", psrlw, "SDM 2B PSRLW"),
    SHIFT_ROWS("D2", "PSRLD", psrld, "SDM 2B PSRLW"),
    SHIFT_ROWS("D3", "PSRLQ", psrlq, "SDM 2B PSRLW"),
    SHIFT_ROWS("E1", "PSRAW", psraw, "SDM 2B PSRAW"),
    SHIFT_ROWS("E2", "PSRAD", psrad, "SDM 2B PSRAW"),
    SHIFT_ROWS("F1", "PSLLW", psllw, "SDM 2B PSLLW"),
    SHIFT_ROWS("F2", "PSLLD", pslld, "SDM 2B PSLLW"),
    SHIFT_ROWS("F3", "PSLLQ", psllq, "SDM 2B PSLLW"),
    SHIFT_IMMEDIATE_ROWS("71 /2", "PSRLW", psrlw, "SDM 2B PSRLW"),
    SHIFT_IMMEDIATE_ROWS("72 /2", "PSRLD", psrld, "SDM 2B PSRLW"),
    SHIFT_IMMEDIATE_ROWS("73 /2", "PSRLQ", psrlq, "SDM 2B PSRLW"),
    SHIFT_IMMEDIATE_ROWS("71 /4", "PSRAW", psraw, "SDM 2B PSRAW"),
    SHIFT_IMMEDIATE_ROWS("72 /4", "PSRAD", psrad, "SDM 2B PSRAW"),
    SHIFT_IMMEDIATE_ROWS("71 /6", "PSLLW", psllw, "SDM 2B PSLLW"),
    SHIFT_IMMEDIATE_ROWS("72 /6", "PSLLD", pslld, "SDM 2B PSLLW"),
    SHIFT_IMMEDIATE_ROWS("73 /6", "PSLLQ", psllq, "SDM 2B PSLLW"),
    SIMD_ROW("66 0F 73 /3", "PSRLDQ",   "Udq,Ib",     FEATURE(SSE2), psrldq,       "SDM 2B PSRLDQ"),
    SIMD_ROW("66 0F 73 /7", "PSLLDQ",   "Udq,Ib",     FEATURE(SSE2), pslldq,       "SDM 2B PSLLDQ"),
    SIMD_ROW("NP 0F 70 /r", "PSHUFW",   "Pq,Qq,Ib",   FEATURE(SSE),  pshufw,       "SDM 2B PSHUFW"),
    SIMD_ROW("66 0F 70 /r", "PSHUFD",   "Vdq,Wdq,Ib", FEATURE(SSE2), pshufd,       "SDM 2B PSHUFD"),
    SIMD_ROW("F3 0F 70 /r", "PSHUFHW",  "Vdq,Wdq,Ib", FEATURE(SSE2), pshufhw,      "SDM 2B PSHUFHW"),
    SIMD_ROW("F2 0F 70 /r", "PSHUFLW",  "Vdq,Wdq,Ib", FEATURE(SSE2), pshuflw,      "SDM 2B PSHUFLW"),
    SIMD_ROW("NP 0F C6 /r", "SHUFPS",   "Vdq,Wdq,Ib", FEATURE(SSE),  shufps,       "SDM 2B SHUFPS"),
    SIMD_ROW("66 0F C6 /r", "SHUFPD",   "Vdq,Wdq,Ib", FEATURE(SSE2), shufpd,       "SDM 2B SHUFPD"),
    SIMD_ROW("NP 0F C4 /r", "PINSRW",   "Pq,Ew,Ib",   FEATURE(SSE),  pinsrw_mmx,   "SDM 2B PINSRW"),
    SIMD_ROW("66 0F C4 /r", "PINSRW",   "Vdq,Ew,Ib",  FEATURE(SSE2), pinsrw_xmm,   "SDM 2B PINSRW"),
    SIMD_ROW("NP 0F C5 /r", "PEXTRW",   "Gd,Nq,Ib",   FEATURE(SSE),  pextrw_mmx,   "SDM 2B PEXTRW"),
    SIMD_ROW("66 0F C5 /r", "PEXTRW",   "Gd,Udq,Ib",  FEATURE(SSE2), pextrw_xmm,   "SDM 2B PEXTRW"),
    SIMD_ROW("NP 0F D7 /r", "PMOVMSKB", "Gd,Nq",      FEATURE(SSE),  pmovmskb_mmx, "SDM 2B PMOVMSKB"),
    SIMD_ROW("66 0F D7 /r", "PMOVMSKB", "Gd,Udq",     FEATURE(SSE2), pmovmskb_xmm, "SDM 2B PMOVMSKB"),
    SIMD_ROW("NP 0F 50 /r", "MOVMSKPS", "Gd,Udq",     FEATURE(SSE),  movmskps,     "SDM 2B MOVMSKPS"),
    SIMD_ROW("66 0F 50 /r", "MOVMSKPD", "Gd,Udq",     FEATURE(SSE2), movmskpd,     "SDM 2B MOVMSKPD"),
    {0},
};
/* clang-format on */
