/*
 * x87 arithmetic, comparison and transcendental instructions (SDM 1 8.3.5 to 8.3.8; SDM 2A FADD to FYL2XP1). An operation
 * on a missing operand is a stack underflow: its answer is the real indefinite.
 */
#include "cpu/fpu/x87.h"

/* destination = destination op operand, for ST(i) and memory operands alike. */
static void binary(struct cpu *cpu, unsigned destination, const void *operand, bool operand_is_empty,
                   x87_binary_function *function, bool pops)
{
    struct fpu_state *fpu = &cpu->fpu;
    struct fpu_register value = X87_INDEFINITE;
    unsigned status = X87_UNDERFLOW;
    if (LIKELY(!operand_is_empty && !x87_is_empty(fpu, destination))) {
        value = *x87_st(fpu, destination);
        status = function(&value, operand, fpu->control);
    }
    if (!x87_settle(cpu, status))
        return;
    x87_set(fpu, destination, &value);
    if (pops)
        x87_pop(fpu);
}

ALWAYS_INLINE MUST_USE struct fault binary_memory(struct cpu *cpu, const struct operation *op, unsigned size,
                                                  x87_binary_function *function)
{
    X87_BEGIN(cpu);
    struct x87_image image;
    TRY(x87_read_image(cpu, op, size, &image));
    x87_record(cpu, op);
    binary(cpu, 0, image.bytes, false, function, false);
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault binary_stack(struct cpu *cpu, const struct operation *op,
                                                 unsigned destination, unsigned source,
                                                 x87_binary_function *function, bool pops)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    struct fpu_register operand = *x87_st(&cpu->fpu, source);
    binary(cpu, destination, &operand, x87_is_empty(&cpu->fpu, source), function, pops);
    return FAULT_NONE;
}

/* The seven forms of an operation. */
#define ARITHMETIC(name)                                                  \
    EXECUTE(f##name##_m32)                                                \
    {                                                                     \
        return binary_memory(cpu, op, 4, x87_##name##_f32);               \
    }                                                                     \
    EXECUTE(f##name##_m64)                                                \
    {                                                                     \
        return binary_memory(cpu, op, 8, x87_##name##_f64);               \
    }                                                                     \
    EXECUTE(fi##name##_m16)                                               \
    {                                                                     \
        return binary_memory(cpu, op, 2, x87_##name##_i16);               \
    }                                                                     \
    EXECUTE(fi##name##_m32)                                               \
    {                                                                     \
        return binary_memory(cpu, op, 4, x87_##name##_i32);               \
    }                                                                     \
    EXECUTE(f##name##_st_sti)                                             \
    {                                                                     \
        return binary_stack(cpu, op, 0, op->rm, x87_##name##_f80, false); \
    }                                                                     \
    EXECUTE(f##name##_sti_st)                                             \
    {                                                                     \
        return binary_stack(cpu, op, op->rm, 0, x87_##name##_f80, false); \
    }                                                                     \
    EXECUTE(f##name##p)                                                   \
    {                                                                     \
        return binary_stack(cpu, op, op->rm, 0, x87_##name##_f80, true);  \
    }

ARITHMETIC(add)
ARITHMETIC(mul)
ARITHMETIC(sub)
ARITHMETIC(subr)
ARITHMETIC(div)
ARITHMETIC(divr)

/*
 * Comparisons set C3, C2, C0; missing operands make them "unordered". The manual's tables have an unmasked invalid
 * operation leave them (SDM 2A FCOM); processors set them all the same, so only the pops are lost.
 */
static bool compare(struct cpu *cpu, const void *operand, bool operand_is_empty,
                    x87_binary_function *function, unsigned *condition)
{
    struct fpu_state *fpu = &cpu->fpu;
    unsigned status = X87_UNDERFLOW;
    *condition = FSW_C3 | FSW_C2 | FSW_C0;
    if (LIKELY(!operand_is_empty && !x87_is_empty(fpu, 0))) {
        struct fpu_register value = *x87_st(fpu, 0);
        status = function(&value, operand, fpu->control);
        *condition = status;
    }
    return x87_settle(cpu, status & ~FSW_C1);
}

static void compare_to_status(struct cpu *cpu, const void *operand, bool operand_is_empty,
                              x87_binary_function *function, unsigned pops)
{
    unsigned condition;
    bool completes = compare(cpu, operand, operand_is_empty, function, &condition);
    x87_set_condition(&cpu->fpu, FSW_C3 | FSW_C2 | FSW_C0, condition);
    while (completes && pops-- > 0)
        x87_pop(&cpu->fpu);
}

ALWAYS_INLINE MUST_USE struct fault compare_memory(struct cpu *cpu, const struct operation *op, unsigned size,
                                                   x87_binary_function *function, unsigned pops)
{
    X87_BEGIN(cpu);
    struct x87_image image;
    TRY(x87_read_image(cpu, op, size, &image));
    x87_record(cpu, op);
    compare_to_status(cpu, image.bytes, false, function, pops);
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault compare_stack(struct cpu *cpu, const struct operation *op,
                                                  x87_binary_function *function, unsigned pops)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    struct fpu_register operand = *x87_st(&cpu->fpu, op->rm);
    compare_to_status(cpu, &operand, x87_is_empty(&cpu->fpu, op->rm), function, pops);
    return FAULT_NONE;
}

/* FCOMI and kin: ZF, PF, CF from C3, C2, C0; OF, SF, AF cleared (SDM 2A FCOMI). */
ALWAYS_INLINE MUST_USE struct fault compare_to_flags(struct cpu *cpu, const struct operation *op,
                                                     x87_binary_function *function, bool pops)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    struct fpu_register operand = *x87_st(&cpu->fpu, op->rm);
    unsigned condition;
    bool completes = compare(cpu, &operand, x87_is_empty(&cpu->fpu, op->rm), function, &condition);
    flags_set(cpu, EFLAGS_STATUS,
              (condition & FSW_C3 ? EFLAGS_ZF : 0) | (condition & FSW_C2 ? EFLAGS_PF : 0) |
                  (condition & FSW_C0 ? EFLAGS_CF : 0));
    if (completes && pops)
        x87_pop(&cpu->fpu);
    return FAULT_NONE;
}

#define COMPARE(handler, shape, ...)        \
    EXECUTE(handler)                        \
    {                                       \
        return shape(cpu, op, __VA_ARGS__); \
    }

COMPARE(fcom_m32, compare_memory, 4, x87_com_f32, 0)
COMPARE(fcom_m64, compare_memory, 8, x87_com_f64, 0)
COMPARE(fcomp_m32, compare_memory, 4, x87_com_f32, 1)
COMPARE(fcomp_m64, compare_memory, 8, x87_com_f64, 1)
COMPARE(ficom_m16, compare_memory, 2, x87_com_i16, 0)
COMPARE(ficom_m32, compare_memory, 4, x87_com_i32, 0)
COMPARE(ficomp_m16, compare_memory, 2, x87_com_i16, 1)
COMPARE(ficomp_m32, compare_memory, 4, x87_com_i32, 1)
COMPARE(fcom_st, compare_stack, x87_com_f80, 0)
COMPARE(fcomp_st, compare_stack, x87_com_f80, 1)
COMPARE(fcompp, compare_stack, x87_com_f80, 2)
COMPARE(fucom, compare_stack, x87_ucom, 0)
COMPARE(fucomp, compare_stack, x87_ucom, 1)
COMPARE(fucompp, compare_stack, x87_ucom, 2)
COMPARE(fcomi, compare_to_flags, x87_com_f80, false)
COMPARE(fcomip, compare_to_flags, x87_com_f80, true)
COMPARE(fucomi, compare_to_flags, x87_ucom, false)
COMPARE(fucomip, compare_to_flags, x87_ucom, true)

EXECUTE(ftst)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    unsigned status = X87_UNDERFLOW, condition = FSW_C3 | FSW_C2 | FSW_C0;
    if (!x87_is_empty(&cpu->fpu, 0)) {
        struct fpu_register value = *x87_st(&cpu->fpu, 0);
        condition = status = x87_tst(&value, cpu->fpu.control);
    }
    x87_settle(cpu, status & ~FSW_C1);
    x87_set_condition(&cpu->fpu, FSW_C3 | FSW_C2 | FSW_C0, condition);
    return FAULT_NONE;
}

/* The class of ST(0) in C3, C2, C0 and its sign in C1, of an empty register too (SDM 2A FXAM table). */
EXECUTE(fxam)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    struct fpu_state *fpu = &cpu->fpu;
    const struct fpu_register *value = x87_st(fpu, 0);
    unsigned exponent = value->sign_exponent & 0x7fff;
    bool integer_bit = value->significand >> 63;
    unsigned class;
    if (x87_is_empty(fpu, 0))
        class = FSW_C3 | FSW_C0;
    else if (exponent == 0)
        class = value->significand == 0 ? FSW_C3 : FSW_C3 | FSW_C2;
    else if (!integer_bit)
        class = 0;
    else if (exponent == 0x7fff)
        class = value->significand << 1 == 0 ? FSW_C2 | FSW_C0 : FSW_C0;
    else
        class = FSW_C2;
    x87_set_condition(fpu, FSW_CONDITION, class | (value->sign_exponent & 0x8000 ? FSW_C1 : 0));
    return FAULT_NONE;
}

/* ST(0) = f(ST(0)); `reported`: the condition codes that the operation sets besides C1. */
ALWAYS_INLINE MUST_USE struct fault unary(struct cpu *cpu, const struct operation *op,
                                          x87_unary_function *function, unsigned reported)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    struct fpu_register value = X87_INDEFINITE;
    unsigned status = X87_UNDERFLOW;
    if (!x87_is_empty(&cpu->fpu, 0)) {
        value = *x87_st(&cpu->fpu, 0);
        status = function(&value, cpu->fpu.control);
    }
    bool completes = x87_settle(cpu, status);
    x87_set_condition(&cpu->fpu, reported, status); /* an exception leaves C2 clear */
    if (completes)
        x87_set(&cpu->fpu, 0, &value);
    return FAULT_NONE;
}

static uint16_t change_sign(struct fpu_register *value, uint16_t control)
{
    (void)control;
    value->sign_exponent ^= 0x8000;
    return 0;
}

static uint16_t clear_sign(struct fpu_register *value, uint16_t control)
{
    (void)control;
    value->sign_exponent &= 0x7fff;
    return 0;
}

#define UNARY(handler, function, reported)         \
    EXECUTE(handler)                               \
    {                                              \
        return unary(cpu, op, function, reported); \
    }

UNARY(fchs, change_sign, 0)
UNARY(fabs_, clear_sign, 0)
UNARY(fsqrt, x87_sqrt, 0)
UNARY(frndint, x87_rndint, 0)
UNARY(f2xm1, x87_2xm1, 0)
UNARY(fsin, x87_sin, FSW_C2)
UNARY(fcos, x87_cos, FSW_C2)

/* ST(0) = f(ST(0), ST(1)), with C0, C2 and C3 when `reported`: FPREM, FPREM1, FSCALE. */
ALWAYS_INLINE MUST_USE struct fault with_st1(struct cpu *cpu, const struct operation *op,
                                             x87_binary_function *function, unsigned reported)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    struct fpu_state *fpu = &cpu->fpu;
    struct fpu_register value = X87_INDEFINITE;
    unsigned status = X87_UNDERFLOW;
    if (!x87_is_empty(fpu, 0) && !x87_is_empty(fpu, 1)) {
        value = *x87_st(fpu, 0);
        status = function(&value, x87_st(fpu, 1), fpu->control);
    }
    bool completes = x87_settle(cpu, status);
    /* Without a quotient C0 and C3 stay; C2 says that nothing more is to do. */
    bool is_nan = (value.sign_exponent & 0x7fff) == 0x7fff && value.significand << 1 != 0;
    if (!completes || is_nan)
        x87_set_condition(fpu, reported & FSW_C2, 0);
    else
        x87_set_condition(fpu, reported, status);
    if (completes)
        x87_set(fpu, 0, &value);
    return FAULT_NONE;
}

EXECUTE(fprem)
{
    return with_st1(cpu, op, x87_prem, FSW_C0 | FSW_C2 | FSW_C3);
}

EXECUTE(fprem1)
{
    return with_st1(cpu, op, x87_prem1, FSW_C0 | FSW_C2 | FSW_C3);
}

EXECUTE(fscale)
{
    return with_st1(cpu, op, x87_scale, 0);
}

/* ST(1) = f(ST(1), ST(0)), then a pop. */
EXECUTE(fyl2x)
{
    return binary_stack(cpu, op, 1, 0, x87_yl2x, true);
}

EXECUTE(fyl2xp1)
{
    return binary_stack(cpu, op, 1, 0, x87_yl2xp1, true);
}

EXECUTE(fpatan)
{
    return binary_stack(cpu, op, 1, 0, x87_patan, true);
}

/* ST(0) is replaced and a second result pushed. A stack fault concerns both (SDM 2A FXTRACT, FSINCOS, FPTAN). */
ALWAYS_INLINE MUST_USE struct fault split(struct cpu *cpu, const struct operation *op,
                                          x87_split_function *function, unsigned reported)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    struct fpu_state *fpu = &cpu->fpu;
    struct fpu_register value = X87_INDEFINITE, second = X87_INDEFINITE;
    unsigned status;
    if (x87_is_empty(fpu, 0)) {
        status = X87_UNDERFLOW;
    } else if (!x87_is_empty(fpu, 7)) {
        status = X87_OVERFLOW;
    } else {
        value = *x87_st(fpu, 0);
        status = function(&value, &second, fpu->control);
    }
    bool completes = x87_settle(cpu, status);
    x87_set_condition(fpu, reported, status);
    if (completes && !(status & reported & FSW_C2)) {
        x87_set(fpu, 0, &value);
        x87_push(fpu, &second);
    }
    return FAULT_NONE;
}

EXECUTE(fsincos)
{
    return split(cpu, op, x87_sincos, FSW_C2);
}

EXECUTE(fptan)
{
    return split(cpu, op, x87_ptan, FSW_C2);
}

EXECUTE(fxtract)
{
    return split(cpu, op, x87_xtract, 0);
}

/* clang-format off */
#define ROWS(digit, mnemonic, integer, name, page, integer_page) \
    X87_ROW("D8 /" digit, mnemonic, "Md",     f##name##_m32,    page), \
    X87_ROW("DC /" digit, mnemonic, "Mq",     f##name##_m64,    page), \
    X87_ROW("D8 /" digit, mnemonic, "ST,STi", f##name##_st_sti, page), \
    X87_ROW("DA /" digit, integer,  "Md",     fi##name##_m32,   integer_page), \
    X87_ROW("DE /" digit, integer,  "Mw",     fi##name##_m16,   integer_page)
/* With ST(i) as destination FSUB and FSUBR, FDIV and FDIVR change places. */
#define STI_ROWS(digit, mnemonic, popping, name, page) \
    X87_ROW("DC /" digit, mnemonic, "STi,ST", f##name##_sti_st, page), \
    X87_ROW("DE /" digit, popping,  "STi,ST", f##name##p,       page)
#define FCOMI_ROW(opcode, mnemonic, handler) \
    {opcode, mnemonic, "ST,STi", "", "oszapc", "", 0, FEATURE(FPU) | FEATURE(CMOV), ALWAYS(handler), "SDM 2A FCOMI"}

const struct instruction x87_arithmetic_instructions[] = {
    ROWS("0", "FADD",  "FIADD",  add,  "SDM 2A FADD",  "SDM 2A FADD"),
    ROWS("1", "FMUL",  "FIMUL",  mul,  "SDM 2A FMUL",  "SDM 2A FMUL"),
    ROWS("4", "FSUB",  "FISUB",  sub,  "SDM 2A FSUB",  "SDM 2A FSUB"),
    ROWS("5", "FSUBR", "FISUBR", subr, "SDM 2A FSUBR", "SDM 2A FSUBR"),
    ROWS("6", "FDIV",  "FIDIV",  div,  "SDM 2A FDIV",  "SDM 2A FDIV"),
    ROWS("7", "FDIVR", "FIDIVR", divr, "SDM 2A FDIVR", "SDM 2A FDIVR"),
    STI_ROWS("0", "FADD",  "FADDP",  add,  "SDM 2A FADD"),
    STI_ROWS("1", "FMUL",  "FMULP",  mul,  "SDM 2A FMUL"),
    STI_ROWS("4", "FSUBR", "FSUBRP", subr, "SDM 2A FSUBR"),
    STI_ROWS("5", "FSUB",  "FSUBP",  sub,  "SDM 2A FSUB"),
    STI_ROWS("6", "FDIVR", "FDIVRP", divr, "SDM 2A FDIVR"),
    STI_ROWS("7", "FDIV",  "FDIVP",  div,  "SDM 2A FDIV"),
    X87_ROW("D8 /2", "FCOM",    "Md",     fcom_m32,   "SDM 2A FCOM"),
    X87_ROW("DC /2", "FCOM",    "Mq",     fcom_m64,   "SDM 2A FCOM"),
    X87_ROW("D8 /2", "FCOM",    "ST,STi", fcom_st,    "SDM 2A FCOM"),
    X87_ROW("D8 /3", "FCOMP",   "Md",     fcomp_m32,  "SDM 2A FCOM"),
    X87_ROW("DC /3", "FCOMP",   "Mq",     fcomp_m64,  "SDM 2A FCOM"),
    X87_ROW("D8 /3", "FCOMP",   "ST,STi", fcomp_st,   "SDM 2A FCOM"),
    X87_ROW("DE D9", "FCOMPP",  "",       fcompp,     "SDM 2A FCOM"),
    X87_ROW("DE /2", "FICOM",   "Mw",     ficom_m16,  "SDM 2A FICOM"),
    X87_ROW("DA /2", "FICOM",   "Md",     ficom_m32,  "SDM 2A FICOM"),
    X87_ROW("DE /3", "FICOMP",  "Mw",     ficomp_m16, "SDM 2A FICOM"),
    X87_ROW("DA /3", "FICOMP",  "Md",     ficomp_m32, "SDM 2A FICOM"),
    X87_ROW("DD /4", "FUCOM",   "ST,STi", fucom,      "SDM 2A FUCOM"),
    X87_ROW("DD /5", "FUCOMP",  "ST,STi", fucomp,     "SDM 2A FUCOM"),
    X87_ROW("DA E9", "FUCOMPP", "",       fucompp,    "SDM 2A FUCOM"),
    FCOMI_ROW("DB /6", "FCOMI",   fcomi),
    FCOMI_ROW("DF /6", "FCOMIP",  fcomip),
    FCOMI_ROW("DB /5", "FUCOMI",  fucomi),
    FCOMI_ROW("DF /5", "FUCOMIP", fucomip),
    X87_ROW("D9 E4", "FTST",    "", ftst,    "SDM 2A FTST"),
    X87_ROW("D9 E5", "FXAM",    "", fxam,    "SDM 2A FXAM"),
    X87_ROW("D9 E0", "FCHS",    "", fchs,    "SDM 2A FCHS"),
    X87_ROW("D9 E1", "FABS",    "", fabs_,   "SDM 2A FABS"),
    X87_ROW("D9 F0", "F2XM1",   "", f2xm1,   "SDM 2A F2XM1"),
    X87_ROW("D9 F1", "FYL2X",   "", fyl2x,   "SDM 2A FYL2X"),
    X87_ROW("D9 F2", "FPTAN",   "", fptan,   "SDM 2A FPTAN"),
    X87_ROW("D9 F3", "FPATAN",  "", fpatan,  "SDM 2A FPATAN"),
    X87_ROW("D9 F4", "FXTRACT", "", fxtract, "SDM 2A FXTRACT"),
    X87_ROW("D9 F5", "FPREM1",  "", fprem1,  "SDM 2A FPREM1"),
    X87_ROW("D9 F8", "FPREM",   "", fprem,   "SDM 2A FPREM"),
    X87_ROW("D9 F9", "FYL2XP1", "", fyl2xp1, "SDM 2A FYL2XP1"),
    X87_ROW("D9 FA", "FSQRT",   "", fsqrt,   "SDM 2A FSQRT"),
    X87_ROW("D9 FB", "FSINCOS", "", fsincos, "SDM 2A FSINCOS"),
    X87_ROW("D9 FC", "FRNDINT", "", frndint, "SDM 2A FRNDINT"),
    X87_ROW("D9 FD", "FSCALE",  "", fscale,  "SDM 2A FSCALE"),
    X87_ROW("D9 FE", "FSIN",    "", fsin,    "SDM 2A FSIN"),
    X87_ROW("D9 FF", "FCOS",    "", fcos,    "SDM 2A FCOS"),
    /* Second encodings that processors have since the 8087 (SDM 2D A.5 leaves them empty). */
    X87_ROW("DC /2", "FCOM",    "ST,STi", fcom_st,  "SDM 2A FCOM"),
    X87_ROW("DC /3", "FCOMP",   "ST,STi", fcomp_st, "SDM 2A FCOM"),
    X87_ROW("DE /2", "FCOMP",   "ST,STi", fcomp_st, "SDM 2A FCOM"),
    {0},
};
/* clang-format on */
