/*
 * x87 arithmetic on an x86-64 host (AMD64 or Intel 64): the host's x87 unit computes under the guest's
 * control word. An unmasked exception is reported by an x87 unit only at the next waiting instruction (SDM
 * 1 8.7), so FNSTSW and FNCLEX right after the operation read and forget it: no signal ever arrives. FNCLEX
 * comes first too, because flags left by the host's own code would become pending when FLDCW unmasks them.
 */
#ifndef __x86_64__
#error "gate86 computes on x86-64 hosts only: there is no portable implementation of cpu/fpu/arithmetic.h yet"
#endif

#include "cpu/fpu/arithmetic.h"

/* What an operation reports; the other bits of the host's FSW are none of its doing. */
#define ROUNDED  (FSW_EXCEPTIONS | FSW_C1)
#define PARTIAL  (ROUNDED | FSW_C2)
#define COMPARED (FSW_EXCEPTIONS | FSW_CONDITION)

/* The exceptions that stop an operation before it has a result. */
#define FCW_BEFORE (FSW_IE | FSW_DE | FSW_ZE)

#define ENTER "fnclex\n\tfnstcw %[host]\n\t"
#define LEAVE "fnstsw %[status]\n\tfnclex\n\t"

/*
 * The operation stands between loading the operands and reading the status word; what it leaves in ST(0)
 * goes to *value, and `drop` empties the rest of the host's stack.
 */
#define BINARY(name, type, operand_load, operation, drop, reported)                                       \
    uint16_t x87_##name(struct fpu_register *value, const void *operand, uint16_t control)                \
    {                                                                                                     \
        uint16_t status, host;                                                                            \
        asm volatile(ENTER operand_load "fldt %[value]\n\t"                                               \
                                        "fldcw %[control]\n\t" operation "\n\t" LEAVE "fldcw %[host]\n\t" \
                                        "fstpt %[value]\n\t" drop                                         \
                     : [value] "+m"(*value), [status] "=&a"(status), [host] "=m"(host)                    \
                     : [operand] "m"(*(const type *)operand), [control] "m"(control)                      \
                     : "st", "st(1)");                                                                    \
        return status & (reported);                                                                       \
    }

#define LOAD_F80 "fldt %[operand]\n\t"
#define DROP     "fstp %%st(0)\n\t"

#define ARITHMETIC(name)                                                                         \
    BINARY(name##_f80, struct fpu_register, LOAD_F80, "f" #name " %%st(1), %%st", DROP, ROUNDED) \
    BINARY(name##_f32, uint32_t, "", "f" #name "s %[operand]", "", ROUNDED)                      \
    BINARY(name##_f64, uint64_t, "", "f" #name "l %[operand]", "", ROUNDED)                      \
    BINARY(name##_i16, uint16_t, "", "fi" #name "s %[operand]", "", ROUNDED)                     \
    BINARY(name##_i32, uint32_t, "", "fi" #name "l %[operand]", "", ROUNDED)

ARITHMETIC(add)
ARITHMETIC(mul)
ARITHMETIC(sub)
ARITHMETIC(subr)
ARITHMETIC(div)
ARITHMETIC(divr)
BINARY(com_f80, struct fpu_register, LOAD_F80, "fcom %%st(1)", DROP, COMPARED)
BINARY(com_f32, uint32_t, "", "fcoms %[operand]", "", COMPARED)
BINARY(com_f64, uint64_t, "", "fcoml %[operand]", "", COMPARED)
BINARY(com_i16, uint16_t, "", "ficoms %[operand]", "", COMPARED)
BINARY(com_i32, uint32_t, "", "ficoml %[operand]", "", COMPARED)
BINARY(ucom, struct fpu_register, LOAD_F80, "fucom %%st(1)", DROP, COMPARED)
BINARY(prem, struct fpu_register, LOAD_F80, "fprem", DROP, COMPARED)
BINARY(prem1, struct fpu_register, LOAD_F80, "fprem1", DROP, COMPARED)
BINARY(scale, struct fpu_register, LOAD_F80, "fscale", DROP, ROUNDED)

/* These pop: ST(1) is the destination. With IE, DE and ZE masked the pop always happens. */
#define POPPING(name, operation)                                                                   \
    uint16_t x87_##name(struct fpu_register *value, const void *operand, uint16_t control)         \
    {                                                                                              \
        uint16_t status, host, masked = control | FCW_BEFORE;                                      \
        struct fpu_register result = *value;                                                       \
        asm volatile(ENTER "fldt %[result]\n\tfldt %[operand]\n\tfldcw %[control]\n\t" operation   \
                           "\n\t" LEAVE "fldcw %[host]\n\tfstpt %[result]\n\t"                     \
                     : [result] "+m"(result), [status] "=&a"(status), [host] "=m"(host)            \
                     : [operand] "m"(*(const struct fpu_register *)operand), [control] "m"(masked) \
                     : "st", "st(1)");                                                             \
        if (!(status & ~control & FCW_BEFORE))                                                     \
            *value = result;                                                                       \
        return status & ROUNDED;                                                                   \
    }

POPPING(yl2x, "fyl2x")
POPPING(yl2xp1, "fyl2xp1")
POPPING(patan, "fpatan")

#define UNARY(name, reported)                                                          \
    uint16_t x87_##name(struct fpu_register *value, uint16_t control)                  \
    {                                                                                  \
        uint16_t status, host;                                                         \
        asm volatile(ENTER "fldt %[value]\n\tfldcw %[control]\n\tf" #name "\n\t" LEAVE \
                           "fldcw %[host]\n\tfstpt %[value]\n\t"                       \
                     : [value] "+m"(*value), [status] "=&a"(status), [host] "=m"(host) \
                     : [control] "m"(control)                                          \
                     : "st");                                                          \
        return status & (reported);                                                    \
    }
UNARY(sqrt, ROUNDED)
UNARY(rndint, ROUNDED)
UNARY(2xm1, ROUNDED)
UNARY(sin, PARTIAL)
UNARY(cos, PARTIAL)
UNARY(tst, COMPARED)

/*
 * The second result is pushed, unless C2 says that the operand is out of range. A spare copy of *value lies
 * below: without the push, *second gets the unchanged value and *value its copy.
 */
#define SPLIT(name, drop_unless, reported)                                                            \
    uint16_t x87_##name(struct fpu_register *value, struct fpu_register *second, uint16_t control)    \
    {                                                                                                 \
        uint16_t status, host, masked = control | FCW_BEFORE;                                         \
        asm volatile(                                                                                 \
            ENTER "fldt %[value]\n\tfldt %[value]\n\tfldcw %[control]\n\tf" #name "\n\t" LEAVE        \
                  "fldcw %[host]\n\tfstpt %[second]\n\tfstpt %[value]\n\t" drop_unless DROP "1:\n\t"  \
            : [value] "+m"(*value), [second] "=m"(*second), [status] "=&a"(status), [host] "=m"(host) \
            : [control] "m"(masked)                                                                   \
            : "st", "st(1)", "st(2)", "cc");                                                          \
        return status & (reported);                                                                   \
    }

#define UNLESS_C2 "testw $0x400, %[status]\n\tjnz 1f\n\t"

SPLIT(sincos, UNLESS_C2, PARTIAL)
SPLIT(ptan, UNLESS_C2, PARTIAL)
SPLIT(xtract, "", ROUNDED)

#define LOAD(name, type, load)                                                                            \
    uint16_t x87_load_##name(struct fpu_register *value, const void *image, uint16_t control)             \
    {                                                                                                     \
        uint16_t status, host, masked = control | FCW_BEFORE;                                             \
        asm volatile(ENTER "fldcw %[control]\n\t" load "\n\t" LEAVE "fldcw %[host]\n\tfstpt %[value]\n\t" \
                     : [value] "=m"(*value), [status] "=&a"(status), [host] "=m"(host)                    \
                     : [image] "m"(*(const type *)image), [control] "m"(masked)                           \
                     : "st");                                                                             \
        return status & ROUNDED;                                                                          \
    }

struct packed_bcd {
    uint8_t bytes[10];
};

LOAD(f32, uint32_t, "flds %[image]")
LOAD(f64, uint64_t, "fldl %[image]")
LOAD(i16, uint16_t, "filds %[image]")
LOAD(i32, uint32_t, "fildl %[image]")
LOAD(i64, uint64_t, "fildll %[image]")
LOAD(bcd, struct packed_bcd, "fbld %[image]")

/* The constants are rounded by FCW.RC (SDM 2A FLD1). */
#define CONSTANT(name, load)                                                                              \
    uint16_t x87_load_##name(struct fpu_register *value, const void *image, uint16_t control)             \
    {                                                                                                     \
        uint16_t status, host;                                                                            \
        (void)image;                                                                                      \
        asm volatile(ENTER "fldcw %[control]\n\t" load "\n\t" LEAVE "fldcw %[host]\n\tfstpt %[value]\n\t" \
                     : [value] "=m"(*value), [status] "=&a"(status), [host] "=m"(host)                    \
                     : [control] "m"(control)                                                             \
                     : "st");                                                                             \
        return status & ROUNDED;                                                                          \
    }

CONSTANT(1, "fld1")
CONSTANT(l2t, "fldl2t")
CONSTANT(l2e, "fldl2e")
CONSTANT(pi, "fldpi")
CONSTANT(lg2, "fldlg2")
CONSTANT(ln2, "fldln2")
CONSTANT(z, "fldz")

/* Reals are stored without a pop, so that an unmasked exception cannot change the host's depth. */
#define STORE_REAL(name, type, store)                                                          \
    uint16_t x87_store_##name(const struct fpu_register *value, void *image, uint16_t control) \
    {                                                                                          \
        uint16_t status, host;                                                                 \
        asm volatile(ENTER "fldt %[value]\n\tfldcw %[control]\n\t" store "\n\t" LEAVE          \
                           "fldcw %[host]\n\tfstp %%st(0)\n\t"                                 \
                     : [image] "+m"(*(type *)image), [status] "=&a"(status), [host] "=m"(host) \
                     : [value] "m"(*value), [control] "m"(control)                             \
                     : "st");                                                                  \
        return status & ROUNDED;                                                               \
    }

STORE_REAL(f32, uint32_t, "fsts %[image]")
STORE_REAL(f64, uint64_t, "fstl %[image]")

/* The others exist for all sizes only with a pop, which IE masked makes certain. */
#define STORE_POPPING(name, type, store)                                                                  \
    uint16_t x87_##name(const struct fpu_register *value, void *image, uint16_t control)                  \
    {                                                                                                     \
        uint16_t status, host, masked = control | FCW_BEFORE;                                             \
        asm volatile(ENTER "fldt %[value]\n\tfldcw %[control]\n\t" store "\n\t" LEAVE "fldcw %[host]\n\t" \
                     : [image] "+m"(*(type *)image), [status] "=&a"(status), [host] "=m"(host)            \
                     : [value] "m"(*value), [control] "m"(masked)                                         \
                     : "st");                                                                             \
        return status & ROUNDED;                                                                          \
    }

STORE_POPPING(store_i16, uint16_t, "fistps %[image]")
STORE_POPPING(store_i32, uint32_t, "fistpl %[image]")
STORE_POPPING(store_i64, uint64_t, "fistpll %[image]")
STORE_POPPING(store_bcd, struct packed_bcd, "fbstp %[image]")

/* FISTTP is FISTP with RC = truncate, but for the control word (SDM 2A FISTTP). */
#define TRUNCATE(size)                                                                            \
    uint16_t x87_truncate_##size(const struct fpu_register *value, void *image, uint16_t control) \
    {                                                                                             \
        return x87_store_##size(value, image, control | FCW_RC);                                  \
    }

TRUNCATE(i16)
TRUNCATE(i32)
TRUNCATE(i64)
