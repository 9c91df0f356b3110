/*
 * Floating-point arithmetic on values: the one door to whatever computes. On x86-64 hosts host_x87.c and
 * host_sse.c let the host's own units do it under the guest's control word, so results and flags are exact
 * by construction. Nothing here knows the processor.
 *
 * x87 functions take the guest's control word (masks included) and return FSW bits: the exception flags and
 * C0..C3 as the operation leaves them; C1 tells of rounding up. SF, ES, B and TOP are never set; tags and
 * stack faults are the caller's affair.
 *
 * Functions on one destination honour the guest's masks: when an unmasked invalid-operation, denormal or
 * zero-divide flag comes back the destination has not changed; an unmasked overflow or underflow gives the
 * result with its scaled exponent (SDM 1 8.5.4), or for a store to memory leaves it unchanged. Functions with
 * two results or a conversion give the masked response of IE, DE and ZE; the caller drops it when one is
 * unmasked.
 *
 * The transcendental functions are the host's: their last bits differ between makers of processors.
 */
#ifndef GATE86_CPU_FPU_ARITHMETIC_H
#define GATE86_CPU_FPU_ARITHMETIC_H

#include <stdint.h>

#include "cpu/fpu/state.h"

/* *value = operation on *value and the operand; comparisons leave *value and set C0, C2, C3. */
typedef uint16_t x87_binary_function(struct fpu_register *value, const void *operand, uint16_t control);
/* *value = operation on *value. */
typedef uint16_t x87_unary_function(struct fpu_register *value, uint16_t control);
/* *value = the memory image, in the named format. Denormals become normal numbers even when DE is unmasked.
 */
typedef uint16_t x87_load_function(struct fpu_register *value, const void *image, uint16_t control);
/* The memory image, in the named format, of *value. */
typedef uint16_t x87_store_function(const struct fpu_register *value, void *image, uint16_t control);
/* *value and a second result. C2 set: the operand was out of range, nothing has changed. */
typedef uint16_t x87_split_function(struct fpu_register *value, struct fpu_register *second,
                                    uint16_t control);

/*
 * Operands: f80 struct fpu_register, f32 and f64 IEEE single and double, i16 and i32 signed integers, in
 * little-endian memory images. x87_subr and x87_divr: operand - value, operand / value.
 */
#define X87_ARITHMETIC_FUNCTIONS(X) X(add) X(mul) X(com) X(sub) X(subr) X(div) X(divr)

#define X(name)                           \
    x87_binary_function x87_##name##_f80; \
    x87_binary_function x87_##name##_f32; \
    x87_binary_function x87_##name##_f64; \
    x87_binary_function x87_##name##_i16; \
    x87_binary_function x87_##name##_i32;
X87_ARITHMETIC_FUNCTIONS(X)
#undef X

/*
 * f80 operands only. ucom: a quiet NaN is no invalid operation. prem, prem1, scale: value is ST(0), operand
 * ST(1). yl2x, yl2xp1, patan: value is ST(1), operand ST(0).
 */
#define X87_BINARY_FUNCTIONS(X) X(ucom) X(prem) X(prem1) X(scale) X(yl2x) X(yl2xp1) X(patan)
#define X(name)                 x87_binary_function x87_##name;
X87_BINARY_FUNCTIONS(X)
#undef X

/* tst compares with +0.0 and leaves *value. The C2 of sin and cos: out of range, *value unchanged. */
#define X87_UNARY_FUNCTIONS(X) X(sqrt) X(rndint) X(sin) X(cos) X(2xm1) X(tst)
#define X(name)                x87_unary_function x87_##name;
X87_UNARY_FUNCTIONS(X)
#undef X

/* *second is what ends up in ST(0): sincos the cosine, ptan 1.0, xtract the significand. */
#define X87_SPLIT_FUNCTIONS(X) X(sincos) X(ptan) X(xtract)
#define X(name)                x87_split_function x87_##name;
X87_SPLIT_FUNCTIONS(X)
#undef X

/* Loads. bcd: the ten bytes of packed BCD. The constants ignore the image. */
#define X87_LOAD_FUNCTIONS(X) X(load_f32) X(load_f64) X(load_i16) X(load_i32) X(load_i64) X(load_bcd)
#define X87_CONSTANT_FUNCTIONS(X) \
    X(load_1) X(load_l2t) X(load_l2e) X(load_pi) X(load_lg2) X(load_ln2) X(load_z)
#define X(name) x87_load_function x87_##name;
X87_LOAD_FUNCTIONS(X)
X87_CONSTANT_FUNCTIONS(X)
#undef X

/* Stores. truncate_*: FISTTP, rounding towards zero whatever the control word says. */
/* clang-format off */
#define X87_STORE_FUNCTIONS(X)                                                                        \
    X(store_f32) X(store_f64) X(store_i16) X(store_i32) X(store_i64) X(store_bcd)                     \
    X(truncate_i16) X(truncate_i32) X(truncate_i64)
/* clang-format on */
#define X(name) x87_store_function x87_##name;
X87_STORE_FUNCTIONS(X)
#undef X

/*
 * SSE: *a = operation on *a and *b, under the guest's rounding, DAZ and FTZ, with the masked responses to all
 * exceptions. Returns the flags that were raised, in MXCSR's places; those already set in `mxcsr` do not count. The
 * masks matter to underflow alone: when it is unmasked FTZ does not act and exact tiny results raise it too.
 * Scalar operations keep the rest of *a and look only at their part of *b.
 */
typedef uint32_t sse_function(struct xmm_register *a, const struct xmm_register *b, uint32_t mxcsr);

/* clang-format off */
#define SSE_SINGLE_FUNCTIONS(X)                                                                       \
    X(addps) X(mulps) X(subps) X(divps) X(minps) X(maxps) X(sqrtps) X(rcpps) X(rsqrtps)               \
    X(addss) X(mulss) X(subss) X(divss) X(minss) X(maxss) X(sqrtss) X(rcpss) X(rsqrtss)               \
    X(addsubps) X(haddps) X(hsubps)
#define SSE_DOUBLE_FUNCTIONS(X)                                                                       \
    X(addpd) X(mulpd) X(subpd) X(divpd) X(minpd) X(maxpd) X(sqrtpd)                                   \
    X(addsd) X(mulsd) X(subsd) X(divsd) X(minsd) X(maxsd) X(sqrtsd)                                   \
    X(addsubpd) X(haddpd) X(hsubpd)
/* *a = *b converted. cvtpd2ps and kin clear the upper half of *a; the scalar ones keep the rest. */
#define SSE_CONVERT_FUNCTIONS(X)                                                                      \
    X(cvtdq2ps) X(cvtps2dq) X(cvttps2dq) X(cvtdq2pd) X(cvtpd2dq) X(cvttpd2dq)                         \
    X(cvtps2pd) X(cvtpd2ps) X(cvtss2sd) X(cvtsd2ss)
#define X(name) sse_function sse_##name;
SSE_SINGLE_FUNCTIONS(X)
SSE_DOUBLE_FUNCTIONS(X)
SSE_CONVERT_FUNCTIONS(X)
#undef X
/* clang-format on */

/* CMPPS and kin: the masks of predicate 0..7 (SDM 2A CMPPD table). */
typedef uint32_t sse_compare_function(struct xmm_register *a, const struct xmm_register *b, uint32_t mxcsr,
                                      unsigned predicate);
sse_compare_function sse_cmpps, sse_cmppd, sse_cmpss, sse_cmpsd;

/* COMISS and kin: ZF, PF and CF in *eflags as in EFLAGS (all three: unordered), the other bits zero. */
typedef uint32_t sse_order_function(const struct xmm_register *a, const struct xmm_register *b,
                                    uint32_t mxcsr, uint32_t *eflags);
sse_order_function sse_comiss, sse_comisd, sse_ucomiss, sse_ucomisd;

/* A scalar to a signed doubleword, rounded or truncated; and back. */
typedef uint32_t sse_to_integer_function(const struct xmm_register *a, uint32_t mxcsr, uint32_t *value);
sse_to_integer_function sse_cvtss2si, sse_cvttss2si, sse_cvtsd2si, sse_cvttsd2si;
typedef uint32_t sse_from_integer_function(struct xmm_register *a, uint32_t value, uint32_t mxcsr);
sse_from_integer_function sse_cvtsi2ss, sse_cvtsi2sd;

#endif
