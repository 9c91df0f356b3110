/*
 * Packed integers: pure functions on 8 or 16 bytes of lanes (`bytes`), *a = *a op *b. MMX and SSE2 share them; the
 * compiler turns the loops into vector code. Multiplications and narrowing say what the SDM's operation sections say.
 */
#ifndef GATE86_CPU_FPU_PACKED_H
#define GATE86_CPU_FPU_PACKED_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

typedef void packed_function(void *a, const void *b, unsigned bytes);

ALWAYS_INLINE int packed_saturate(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* A function that works lane by lane: `expression` of the lanes p and q. */
#define PACKED_LANES(name, type, expression)                                 \
    ALWAYS_INLINE void packed_##name(void *a, const void *b, unsigned bytes) \
    {                                                                        \
        type x[16 / sizeof(type)], y[16 / sizeof(type)];                     \
        memcpy(x, a, bytes);                                                 \
        memcpy(y, b, bytes);                                                 \
        for (unsigned i = 0; i < bytes / sizeof(type); i++) {                \
            type p = x[i], q = y[i];                                         \
            x[i] = (type)(expression);                                       \
        }                                                                    \
        memcpy(a, x, bytes);                                                 \
    }

PACKED_LANES(paddb, uint8_t, p + q)
PACKED_LANES(paddw, uint16_t, p + q)
PACKED_LANES(paddd, uint32_t, p + q)
PACKED_LANES(paddq, uint64_t, p + q)
PACKED_LANES(psubb, uint8_t, p - q)
PACKED_LANES(psubw, uint16_t, p - q)
PACKED_LANES(psubd, uint32_t, p - q)
PACKED_LANES(psubq, uint64_t, p - q)
PACKED_LANES(paddsb, int8_t, packed_saturate(p + q, INT8_MIN, INT8_MAX))
PACKED_LANES(paddsw, int16_t, packed_saturate(p + q, INT16_MIN, INT16_MAX))
PACKED_LANES(paddusb, uint8_t, packed_saturate(p + q, 0, UINT8_MAX))
PACKED_LANES(paddusw, uint16_t, packed_saturate(p + q, 0, UINT16_MAX))
PACKED_LANES(psubsb, int8_t, packed_saturate(p - q, INT8_MIN, INT8_MAX))
PACKED_LANES(psubsw, int16_t, packed_saturate(p - q, INT16_MIN, INT16_MAX))
PACKED_LANES(psubusb, uint8_t, packed_saturate(p - q, 0, UINT8_MAX))
PACKED_LANES(psubusw, uint16_t, packed_saturate(p - q, 0, UINT16_MAX))
PACKED_LANES(pmullw, int16_t, p *q)
PACKED_LANES(pmulhw, int16_t, (p * q) >> 16)
PACKED_LANES(pmulhuw, uint16_t, ((uint32_t)p * q) >> 16)
PACKED_LANES(pmuludq, uint64_t, (p & 0xffffffffu) * (q & 0xffffffffu))
PACKED_LANES(pavgb, uint8_t, (p + q + 1) >> 1)
PACKED_LANES(pavgw, uint16_t, (p + q + 1) >> 1)
PACKED_LANES(pmaxub, uint8_t, p > q ? p : q)
PACKED_LANES(pmaxsw, int16_t, p > q ? p : q)
PACKED_LANES(pminub, uint8_t, p < q ? p : q)
PACKED_LANES(pminsw, int16_t, p < q ? p : q)
PACKED_LANES(pcmpeqb, uint8_t, p == q ? 0xff : 0)
PACKED_LANES(pcmpeqw, uint16_t, p == q ? 0xffff : 0)
PACKED_LANES(pcmpeqd, uint32_t, p == q ? 0xffffffffu : 0)
PACKED_LANES(pcmpgtb, int8_t, p > q ? -1 : 0)
PACKED_LANES(pcmpgtw, int16_t, p > q ? -1 : 0)
PACKED_LANES(pcmpgtd, int32_t, p > q ? -1 : 0)
PACKED_LANES(pand, uint64_t, p &q)
PACKED_LANES(pandn, uint64_t, ~p &q)
PACKED_LANES(por, uint64_t, p | q)
PACKED_LANES(pxor, uint64_t, p ^ q)

/* Sums of two neighbouring products; only four times 8000h wraps (SDM 2B PMADDWD). */
ALWAYS_INLINE void packed_pmaddwd(void *a, const void *b, unsigned bytes)
{
    int16_t x[8], y[8];
    uint32_t sums[4];
    memcpy(x, a, bytes);
    memcpy(y, b, bytes);
    for (unsigned i = 0; i < bytes / 4; i++)
        sums[i] = (uint32_t)(x[2 * i] * y[2 * i]) + (uint32_t)(x[2 * i + 1] * y[2 * i + 1]);
    memcpy(a, sums, bytes);
}

/* The sum of absolute differences of eight bytes, in the low word of each quadword. */
ALWAYS_INLINE void packed_psadbw(void *a, const void *b, unsigned bytes)
{
    uint8_t x[16], y[16];
    memcpy(x, a, bytes);
    memcpy(y, b, bytes);
    uint64_t sums[2] = {0, 0};
    for (unsigned i = 0; i < bytes; i++)
        sums[i / 8] += x[i] > y[i] ? x[i] - y[i] : y[i] - x[i];
    memcpy(a, sums, bytes);
}

/* Narrowing with saturation: the lanes of *a go to the lower half, those of *b to the upper. */
#define PACKED_NARROW(name, wide, narrow, low, high)                         \
    ALWAYS_INLINE void packed_##name(void *a, const void *b, unsigned bytes) \
    {                                                                        \
        unsigned lanes = bytes / sizeof(wide);                               \
        wide x[16 / sizeof(wide)], y[16 / sizeof(wide)];                     \
        narrow result[16 / sizeof(narrow)];                                  \
        memcpy(x, a, bytes);                                                 \
        memcpy(y, b, bytes);                                                 \
        for (unsigned i = 0; i < lanes; i++) {                               \
            result[i] = (narrow)packed_saturate(x[i], low, high);            \
            result[lanes + i] = (narrow)packed_saturate(y[i], low, high);    \
        }                                                                    \
        memcpy(a, result, bytes);                                            \
    }

PACKED_NARROW(packsswb, int16_t, int8_t, INT8_MIN, INT8_MAX)
PACKED_NARROW(packuswb, int16_t, uint8_t, 0, UINT8_MAX)
PACKED_NARROW(packssdw, int32_t, int16_t, INT16_MIN, INT16_MAX)

/* Interleaving: lanes of the lower (first = 0) or upper half of both, *a's first. */
#define PACKED_INTERLEAVE(name, type, upper)                                   \
    ALWAYS_INLINE void packed_##name(void *a, const void *b, unsigned bytes)   \
    {                                                                          \
        unsigned half = bytes / sizeof(type) / 2;                              \
        type x[16 / sizeof(type)], y[16 / sizeof(type)], r[16 / sizeof(type)]; \
        memcpy(x, a, bytes);                                                   \
        memcpy(y, b, bytes);                                                   \
        for (unsigned i = 0; i < half; i++) {                                  \
            r[2 * i] = x[i + upper * half];                                    \
            r[2 * i + 1] = y[i + upper * half];                                \
        }                                                                      \
        memcpy(a, r, bytes);                                                   \
    }

PACKED_INTERLEAVE(punpcklbw, uint8_t, 0)
PACKED_INTERLEAVE(punpcklwd, uint16_t, 0)
PACKED_INTERLEAVE(punpckldq, uint32_t, 0)
PACKED_INTERLEAVE(punpcklqdq, uint64_t, 0)
PACKED_INTERLEAVE(punpckhbw, uint8_t, 1)
PACKED_INTERLEAVE(punpckhwd, uint16_t, 1)
PACKED_INTERLEAVE(punpckhdq, uint32_t, 1)
PACKED_INTERLEAVE(punpckhqdq, uint64_t, 1)

/*
 * Shifts of all lanes by one count of 64 bits: beyond the lane logical shifts give zero, arithmetic ones the sign
 * everywhere (SDM 2B PSRAW).
 */
typedef void packed_shift_function(void *a, uint64_t count, unsigned bytes);

#define PACKED_SHIFT(name, type, vanishes, expression)                        \
    ALWAYS_INLINE void packed_##name(void *a, uint64_t count, unsigned bytes) \
    {                                                                         \
        type x[16 / sizeof(type)];                                            \
        memcpy(x, a, bytes);                                                  \
        bool out = count >= 8 * sizeof(type);                                 \
        unsigned n = out ? 8 * sizeof(type) - 1 : (unsigned)count;            \
        for (unsigned i = 0; i < bytes / sizeof(type); i++) {                 \
            type p = x[i];                                                    \
            x[i] = (type)(out && (vanishes) ? 0 : (expression));              \
        }                                                                     \
        memcpy(a, x, bytes);                                                  \
    }

PACKED_SHIFT(psrlw, uint16_t, true, p >> n)
PACKED_SHIFT(psrld, uint32_t, true, p >> n)
PACKED_SHIFT(psrlq, uint64_t, true, p >> n)
PACKED_SHIFT(psraw, int16_t, false, p >> n)
PACKED_SHIFT(psrad, int32_t, false, p >> n)
PACKED_SHIFT(psllw, uint16_t, true, p << n)
PACKED_SHIFT(pslld, uint32_t, true, p << n)
PACKED_SHIFT(psllq, uint64_t, true, p << n)

/* The whole register, by bytes. */
ALWAYS_INLINE void packed_psrldq(void *a, uint64_t count, unsigned bytes)
{
    uint8_t x[32] = {0};
    memcpy(x, a, bytes);
    memcpy(a, x + (count > 16 ? 16 : count), bytes);
}

ALWAYS_INLINE void packed_pslldq(void *a, uint64_t count, unsigned bytes)
{
    uint8_t x[32] = {0};
    memcpy(x + 16, a, bytes);
    memcpy(a, x + 16 - (count > 16 ? 16 : count), bytes);
}

#endif
