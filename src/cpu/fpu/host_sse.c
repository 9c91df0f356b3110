/*
 * SSE arithmetic on an x86-64 host: the host's unit computes under the guest's rounding, DAZ and FTZ with its
 * exceptions masked, and MXCSR tells what was raised. One thing a masked exception does not tell: an unmasked underflow is
 * raised by every tiny result, a masked one only by an inexact tiny result (SDM 1 11.5.2.5); results that have no rounding
 * to report are therefore looked at. SSE3, which ADDSUBPS and HADDPS need, is in all x86-64 hosts since 2005.
 */
#ifndef __x86_64__
#error "gate86 computes on x86-64 hosts only: there is no portable implementation of cpu/fpu/arithmetic.h yet"
#endif

#include "base/compiler.h"
#include "cpu/fpu/arithmetic.h"
#include "ia32/registers.h"

#define MXCSR_UE 0x0010u
#define MXCSR_UM 0x0800u

/* The host's MXCSR for the guest's: an unmasked underflow is not flushed to zero (SDM 1 10.2.3.3). */
ALWAYS_INLINE uint32_t host_mxcsr(uint32_t mxcsr)
{
    uint32_t control = mxcsr & (MXCSR_RC | MXCSR_DAZ | (mxcsr & MXCSR_UM ? MXCSR_FTZ : 0));
    return control | MXCSR_MASKS;
}

ALWAYS_INLINE uint32_t tiny_single(uint32_t x)
{
    return (x & 0x7f800000u) == 0 && (x & 0x007fffffu) != 0 ? MXCSR_UE : 0;
}

ALWAYS_INLINE uint32_t tiny_double(uint64_t x)
{
    return (x & 0x7ff0000000000000u) == 0 && (x & 0x000fffffffffffffu) != 0 ? MXCSR_UE : 0;
}

/* UE of tiny results, by the lanes that an operation writes; not_tiny: those whose results are never rounded down. */
ALWAYS_INLINE uint32_t tiny_ps(const struct xmm_register *a)
{
    return tiny_single((uint32_t)a->low) | tiny_single((uint32_t)(a->low >> 32)) |
           tiny_single((uint32_t)a->high) | tiny_single((uint32_t)(a->high >> 32));
}

ALWAYS_INLINE uint32_t tiny_pd(const struct xmm_register *a)
{
    return tiny_double(a->low) | tiny_double(a->high);
}

ALWAYS_INLINE uint32_t tiny_ss(const struct xmm_register *a)
{
    return tiny_single((uint32_t)a->low);
}

ALWAYS_INLINE uint32_t tiny_sd(const struct xmm_register *a)
{
    return tiny_double(a->low);
}

ALWAYS_INLINE uint32_t not_tiny(const struct xmm_register *a)
{
    (void)a;
    return 0;
}

#define ENTER "stmxcsr %[host]\n\tldmxcsr %[control]\n\t"
#define LEAVE "stmxcsr %[flags]\n\tldmxcsr %[host]\n\t"

#define BINARY(function, operation, tiny)                                                                   \
    uint32_t sse_##function(struct xmm_register *a, const struct xmm_register *b, uint32_t mxcsr)           \
    {                                                                                                       \
        uint32_t host, flags, control = host_mxcsr(mxcsr);                                                  \
        asm volatile(ENTER "movups %[a], %%xmm0\n\tmovups %[b], %%xmm1\n\t" operation " %%xmm1, %%xmm0\n\t" \
                           "movups %%xmm0, %[a]\n\t" LEAVE                                                  \
                     : [a] "+m"(*a), [host] "=m"(host), [flags] "=m"(flags)                                 \
                     : [b] "m"(*b), [control] "m"(control)                                                  \
                     : "xmm0", "xmm1");                                                                     \
        if (UNLIKELY(!(mxcsr & MXCSR_UM)))                                                                  \
            flags |= tiny(a);                                                                               \
        return flags & MXCSR_FLAGS;                                                                         \
    }

#define ROUNDING(name)                    \
    BINARY(name##ps, #name "ps", tiny_ps) \
    BINARY(name##ss, #name "ss", tiny_ss) \
    BINARY(name##pd, #name "pd", tiny_pd) \
    BINARY(name##sd, #name "sd", tiny_sd)
#define SELECTING(name)                    \
    BINARY(name##ps, #name "ps", not_tiny) \
    BINARY(name##ss, #name "ss", not_tiny) \
    BINARY(name##pd, #name "pd", not_tiny) \
    BINARY(name##sd, #name "sd", not_tiny)
#define PACKED_ROUNDING(name)             \
    BINARY(name##ps, #name "ps", tiny_ps) \
    BINARY(name##pd, #name "pd", tiny_pd)
#define EXACT(name) BINARY(name, #name, not_tiny)

ROUNDING(add)
ROUNDING(sub)
ROUNDING(mul)
ROUNDING(div)
SELECTING(min)
SELECTING(max)
SELECTING(sqrt)
PACKED_ROUNDING(addsub)
PACKED_ROUNDING(hadd)
PACKED_ROUNDING(hsub)
EXACT(rcpps)
EXACT(rcpss)
EXACT(rsqrtps)
EXACT(rsqrtss)
EXACT(cvtdq2ps)
EXACT(cvtps2dq)
EXACT(cvttps2dq)
EXACT(cvtdq2pd)
EXACT(cvtpd2dq)
EXACT(cvttpd2dq)
EXACT(cvtps2pd)
EXACT(cvtss2sd)
BINARY(cvtpd2ps, "cvtpd2ps", tiny_ps)
BINARY(cvtsd2ss, "cvtsd2ss", tiny_ss)

/* The predicate is part of the instruction, so each has its own. */
#define COMPARE(type)                                                                            \
    BINARY_PREDICATE(type, eq)                                                                   \
    BINARY_PREDICATE(type, lt)                                                                   \
    BINARY_PREDICATE(type, le)                                                                   \
    BINARY_PREDICATE(type, unord)                                                                \
    BINARY_PREDICATE(type, neq)                                                                  \
    BINARY_PREDICATE(type, nlt)                                                                  \
    BINARY_PREDICATE(type, nle)                                                                  \
    BINARY_PREDICATE(type, ord)                                                                  \
    uint32_t sse_cmp##type(struct xmm_register *a, const struct xmm_register *b, uint32_t mxcsr, \
                           unsigned predicate)                                                   \
    {                                                                                            \
        static sse_function *const predicates[8] = {                                             \
            sse_cmp_eq##type,  sse_cmp_lt##type,  sse_cmp_le##type,  sse_cmp_unord##type,        \
            sse_cmp_neq##type, sse_cmp_nlt##type, sse_cmp_nle##type, sse_cmp_ord##type};         \
        return predicates[predicate & 7](a, b, mxcsr);                                           \
    }
#define BINARY_PREDICATE(type, name)          \
    static sse_function sse_cmp_##name##type; \
    static BINARY(cmp_##name##type, "cmp" #name #type, not_tiny)

COMPARE(ps)
COMPARE(pd)
COMPARE(ss)
COMPARE(sd)

#define ORDER(name)                                                                                        \
    uint32_t sse_##name(const struct xmm_register *a, const struct xmm_register *b, uint32_t mxcsr,        \
                        uint32_t *eflags)                                                                  \
    {                                                                                                      \
        uint32_t host, flags, control = host_mxcsr(mxcsr);                                                 \
        uint8_t zero, parity, carry;                                                                       \
        asm volatile(ENTER "movups %[a], %%xmm0\n\tmovups %[b], %%xmm1\n\t" #name " %%xmm1, %%xmm0\n\t"    \
                           "sete %[zero]\n\tsetp %[parity]\n\tsetc %[carry]\n\t" LEAVE                     \
                     : [host] "=m"(host), [flags] "=m"(flags), [zero] "=&q"(zero), [parity] "=&q"(parity), \
                       [carry] "=&q"(carry)                                                                \
                     : [a] "m"(*a), [b] "m"(*b), [control] "m"(control)                                    \
                     : "xmm0", "xmm1", "cc");                                                              \
        *eflags = zero * EFLAGS_ZF | parity * EFLAGS_PF | carry * EFLAGS_CF;                               \
        return flags & MXCSR_FLAGS;                                                                        \
    }

ORDER(comiss)
ORDER(comisd)
ORDER(ucomiss)
ORDER(ucomisd)

#define TO_INTEGER(name)                                                                  \
    uint32_t sse_##name(const struct xmm_register *a, uint32_t mxcsr, uint32_t *value)    \
    {                                                                                     \
        uint32_t host, flags, control = host_mxcsr(mxcsr);                                \
        asm volatile(ENTER "movups %[a], %%xmm0\n\t" #name " %%xmm0, %k[value]\n\t" LEAVE \
                     : [host] "=m"(host), [flags] "=m"(flags), [value] "=&r"(*value)      \
                     : [a] "m"(*a), [control] "m"(control)                                \
                     : "xmm0");                                                           \
        return flags & MXCSR_FLAGS;                                                       \
    }

TO_INTEGER(cvtss2si)
TO_INTEGER(cvttss2si)
TO_INTEGER(cvtsd2si)
TO_INTEGER(cvttsd2si)

#define FROM_INTEGER(name)                                                           \
    uint32_t sse_##name(struct xmm_register *a, uint32_t value, uint32_t mxcsr)      \
    {                                                                                \
        uint32_t host, flags, control = host_mxcsr(mxcsr);                           \
        asm volatile(ENTER "movups %[a], %%xmm0\n\t" #name "l %k[value], %%xmm0\n\t" \
                           "movups %%xmm0, %[a]\n\t" LEAVE                           \
                     : [a] "+m"(*a), [host] "=m"(host), [flags] "=m"(flags)          \
                     : [value] "r"(value), [control] "m"(control)                    \
                     : "xmm0");                                                      \
        return flags & MXCSR_FLAGS;                                                  \
    }

FROM_INTEGER(cvtsi2ss)
FROM_INTEGER(cvtsi2sd)
