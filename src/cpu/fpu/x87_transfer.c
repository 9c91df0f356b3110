/*
 * x87 data transfer and constants: FLD, FILD, FBLD, FST, FIST, FISTTP, FBSTP, FXCH, FCMOVcc, FLD1 and kin (SDM 1
 * 8.3.3, 8.3.4; SDM 2A).
 */
#include "cpu/fpu/x87.h"

/* Pushes `value` with the flags of getting it, or what a full stack leaves in its place. An underflow goes first. */
static void push_result(struct cpu *cpu, const struct fpu_register *value, unsigned status)
{
    struct fpu_state *fpu = &cpu->fpu;
    if (!x87_is_empty(fpu, 7) && !(status & FSW_SF)) {
        status = X87_OVERFLOW;
        value = &X87_INDEFINITE;
    }
    /* Real processors load a denormal even when DE is unmasked; only an invalid operation stops the push. */
    bool stopped = x87_unmasked(fpu, status) & FSW_IE;
    x87_settle(cpu, status);
    if (!stopped)
        x87_push(fpu, value);
}

ALWAYS_INLINE MUST_USE struct fault load_memory(struct cpu *cpu, const struct operation *op, unsigned size,
                                                x87_load_function *function)
{
    X87_BEGIN(cpu);
    struct x87_image image;
    struct fpu_register value = {0};
    TRY(x87_read_image(cpu, op, size, &image));
    x87_record(cpu, op);
    push_result(cpu, &value, function(&value, image.bytes, cpu->fpu.control));
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault load_constant(struct cpu *cpu, const struct operation *op,
                                                  x87_load_function *function)
{
    X87_BEGIN(cpu);
    struct fpu_register value = {0};
    x87_record(cpu, op);
    push_result(cpu, &value, function(&value, NULL, cpu->fpu.control));
    return FAULT_NONE;
}

/* Extended reals are taken as they are, without a look at them (SDM 2A FLD). */
static uint16_t load_f80(struct fpu_register *value, const void *image, uint16_t control)
{
    (void)control;
    memcpy(value, image, 10);
    return 0;
}

static uint16_t store_f80(const struct fpu_register *value, void *image, uint16_t control)
{
    (void)control;
    memcpy(image, value, 10);
    return 0;
}

EXECUTE(fld_st)
{
    X87_BEGIN(cpu);
    struct fpu_state *fpu = &cpu->fpu;
    struct fpu_register value = *x87_st(fpu, op->rm);
    bool empty = x87_is_empty(fpu, op->rm);
    x87_record(cpu, op);
    push_result(cpu, empty ? &X87_INDEFINITE : &value, empty ? X87_UNDERFLOW : 0);
    return FAULT_NONE;
}

/*
 * FST, FSTP, FIST, FISTP, FISTTP, FBSTP to memory. An empty ST(0) stores the indefinite of the format: what the real
 * indefinite converts to. With an unmasked exception nothing is stored or popped, but the operand's address is
 * checked first all the same.
 */
ALWAYS_INLINE MUST_USE struct fault store_memory(struct cpu *cpu, const struct operation *op, unsigned size,
                                                 x87_store_function *function, bool pops)
{
    X87_BEGIN(cpu);
    struct fpu_state *fpu = &cpu->fpu;
    struct x87_image image = {{0}};
    unsigned status;
    if (LIKELY(!x87_is_empty(fpu, 0))) {
        status = function(x87_st(fpu, 0), image.bytes, fpu->control);
    } else {
        function(&X87_INDEFINITE, image.bytes, fpu->control | FCW_MASKS);
        status = X87_UNDERFLOW;
    }
    bool stores = !(x87_unmasked(fpu, status) & (FSW_IE | FSW_DE | FSW_ZE | FSW_OE | FSW_UE));
    if (stores)
        TRY(x87_write_image(cpu, op, size, &image));
    else
        TRY(data_probe_write(cpu, op->segment, effective_address(cpu, op), size));
    x87_record(cpu, op);
    x87_settle(cpu, status);
    if (stores && pops)
        x87_pop(fpu);
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault store_st(struct cpu *cpu, const struct operation *op, bool pops)
{
    X87_BEGIN(cpu);
    struct fpu_state *fpu = &cpu->fpu;
    bool empty = x87_is_empty(fpu, 0);
    struct fpu_register value = empty ? X87_INDEFINITE : *x87_st(fpu, 0);
    x87_record(cpu, op);
    if (!x87_settle(cpu, empty ? X87_UNDERFLOW : 0))
        return FAULT_NONE;
    x87_set(fpu, op->rm, &value);
    if (pops)
        x87_pop(fpu);
    return FAULT_NONE;
}

#define LOAD(handler, size, function)                \
    EXECUTE(handler)                                 \
    {                                                \
        return load_memory(cpu, op, size, function); \
    }
#define STORE(handler, size, function, pops)                \
    EXECUTE(handler)                                        \
    {                                                       \
        return store_memory(cpu, op, size, function, pops); \
    }
#define CONSTANT(handler, function)              \
    EXECUTE(handler)                             \
    {                                            \
        return load_constant(cpu, op, function); \
    }

LOAD(fld_m32, 4, x87_load_f32)
LOAD(fld_m64, 8, x87_load_f64)
LOAD(fld_m80, 10, load_f80)
LOAD(fild_m16, 2, x87_load_i16)
LOAD(fild_m32, 4, x87_load_i32)
LOAD(fild_m64, 8, x87_load_i64)
LOAD(fbld, 10, x87_load_bcd)
STORE(fst_m32, 4, x87_store_f32, false)
STORE(fst_m64, 8, x87_store_f64, false)
STORE(fstp_m32, 4, x87_store_f32, true)
STORE(fstp_m64, 8, x87_store_f64, true)
STORE(fstp_m80, 10, store_f80, true)
STORE(fist_m16, 2, x87_store_i16, false)
STORE(fist_m32, 4, x87_store_i32, false)
STORE(fistp_m16, 2, x87_store_i16, true)
STORE(fistp_m32, 4, x87_store_i32, true)
STORE(fistp_m64, 8, x87_store_i64, true)
STORE(fisttp_m16, 2, x87_truncate_i16, true)
STORE(fisttp_m32, 4, x87_truncate_i32, true)
STORE(fisttp_m64, 8, x87_truncate_i64, true)
STORE(fbstp, 10, x87_store_bcd, true)
CONSTANT(fld1, x87_load_1)
CONSTANT(fldl2t, x87_load_l2t)
CONSTANT(fldl2e, x87_load_l2e)
CONSTANT(fldpi, x87_load_pi)
CONSTANT(fldlg2, x87_load_lg2)
CONSTANT(fldln2, x87_load_ln2)
CONSTANT(fldz, x87_load_z)

EXECUTE(fst_st)
{
    return store_st(cpu, op, false);
}

EXECUTE(fstp_st)
{
    return store_st(cpu, op, true);
}

/* D9 D8: of an empty ST(0) only the pop remains, without an exception. */
EXECUTE(fstpnce)
{
    X87_BEGIN(cpu);
    if (!x87_is_empty(&cpu->fpu, 0))
        return store_st(cpu, op, true);
    x87_record(cpu, op);
    x87_set_condition(&cpu->fpu, FSW_C1, 0);
    x87_pop(&cpu->fpu);
    return FAULT_NONE;
}

EXECUTE(fxch)
{
    X87_BEGIN(cpu);
    struct fpu_state *fpu = &cpu->fpu;
    bool empty0 = x87_is_empty(fpu, 0), empty1 = x87_is_empty(fpu, op->rm);
    struct fpu_register value0 = empty0 ? X87_INDEFINITE : *x87_st(fpu, 0);
    struct fpu_register value1 = empty1 ? X87_INDEFINITE : *x87_st(fpu, op->rm);
    x87_record(cpu, op);
    if (!x87_settle(cpu, empty0 || empty1 ? X87_UNDERFLOW : 0))
        return FAULT_NONE;
    x87_set(fpu, 0, &value1);
    x87_set(fpu, op->rm, &value0);
    return FAULT_NONE;
}

/* The condition codes of Jcc, by opcode: DA C0.. B E BE U, DB C0.. their opposites. */
EXECUTE(fcmov)
{
    static const uint8_t conditions[4] = {0x2, 0x4, 0x6, 0xa};
    X87_BEGIN(cpu);
    struct fpu_state *fpu = &cpu->fpu;
    bool empty = x87_is_empty(fpu, 0) || x87_is_empty(fpu, op->rm);
    bool holds = condition_holds(cpu->eflags, conditions[op->reg & 3] | (op->opcode & 1u));
    struct fpu_register value = *x87_st(fpu, op->rm);
    x87_record(cpu, op);
    if (empty) { /* C1 changes only then (SDM 2A FCMOVcc) */
        if (x87_settle(cpu, X87_UNDERFLOW))
            x87_set(fpu, 0, &X87_INDEFINITE);
    } else if (holds) {
        x87_set(fpu, 0, &value);
    }
    return FAULT_NONE;
}

/* clang-format off */
#define FCMOV_ROW(opcode, mnemonic, flags) \
    {opcode, mnemonic, "ST,STi", flags, "", "", 0, FEATURE(FPU) | FEATURE(CMOV), ALWAYS(fcmov), "SDM 2A FCMOVcc"}
#define FISTTP_ROW(opcode, operands, handler) \
    {opcode, "FISTTP", operands, "", "", "", 0, FEATURE(FPU) | FEATURE(SSE3), ALWAYS(handler), "SDM 2A FISTTP"}

const struct instruction x87_transfer_instructions[] = {
    X87_ROW("D9 /0", "FLD",    "Md",  fld_m32,   "SDM 2A FLD"),
    X87_ROW("DD /0", "FLD",    "Mq",  fld_m64,   "SDM 2A FLD"),
    X87_ROW("DB /5", "FLD",    "Mt",  fld_m80,   "SDM 2A FLD"),
    X87_ROW("D9 /0", "FLD",    "STi", fld_st,    "SDM 2A FLD"),
    X87_ROW("DF /0", "FILD",   "Mw",  fild_m16,  "SDM 2A FILD"),
    X87_ROW("DB /0", "FILD",   "Md",  fild_m32,  "SDM 2A FILD"),
    X87_ROW("DF /5", "FILD",   "Mq",  fild_m64,  "SDM 2A FILD"),
    X87_ROW("DF /4", "FBLD",   "Mt",  fbld,      "SDM 2A FBLD"),
    X87_ROW("D9 /2", "FST",    "Md",  fst_m32,   "SDM 2A FST/FSTP"),
    X87_ROW("DD /2", "FST",    "Mq",  fst_m64,   "SDM 2A FST/FSTP"),
    X87_ROW("DD /2", "FST",    "STi", fst_st,    "SDM 2A FST/FSTP"),
    X87_ROW("D9 /3", "FSTP",   "Md",  fstp_m32,  "SDM 2A FST/FSTP"),
    X87_ROW("DD /3", "FSTP",   "Mq",  fstp_m64,  "SDM 2A FST/FSTP"),
    X87_ROW("DB /7", "FSTP",   "Mt",  fstp_m80,  "SDM 2A FST/FSTP"),
    X87_ROW("DD /3", "FSTP",   "STi", fstp_st,   "SDM 2A FST/FSTP"),
    X87_ROW("DF /2", "FIST",   "Mw",  fist_m16,  "SDM 2A FIST/FISTP"),
    X87_ROW("DB /2", "FIST",   "Md",  fist_m32,  "SDM 2A FIST/FISTP"),
    X87_ROW("DF /3", "FISTP",  "Mw",  fistp_m16, "SDM 2A FIST/FISTP"),
    X87_ROW("DB /3", "FISTP",  "Md",  fistp_m32, "SDM 2A FIST/FISTP"),
    X87_ROW("DF /7", "FISTP",  "Mq",  fistp_m64, "SDM 2A FIST/FISTP"),
    FISTTP_ROW("DF /1", "Mw", fisttp_m16),
    FISTTP_ROW("DB /1", "Md", fisttp_m32),
    FISTTP_ROW("DD /1", "Mq", fisttp_m64),
    X87_ROW("DF /6", "FBSTP",  "Mt",  fbstp,     "SDM 2A FBSTP"),
    X87_ROW("D9 /1", "FXCH",   "STi", fxch,      "SDM 2A FXCH"),
    X87_ROW("D9 E8", "FLD1",   "",    fld1,      "SDM 2A FLD1"),
    X87_ROW("D9 E9", "FLDL2T", "",    fldl2t,    "SDM 2A FLD1"),
    X87_ROW("D9 EA", "FLDL2E", "",    fldl2e,    "SDM 2A FLD1"),
    X87_ROW("D9 EB", "FLDPI",  "",    fldpi,     "SDM 2A FLD1"),
    X87_ROW("D9 EC", "FLDLG2", "",    fldlg2,    "SDM 2A FLD1"),
    X87_ROW("D9 ED", "FLDLN2", "",    fldln2,    "SDM 2A FLD1"),
    X87_ROW("D9 EE", "FLDZ",   "",    fldz,      "SDM 2A FLD1"),
    FCMOV_ROW("DA /0", "FCMOVB",   "c"),
    FCMOV_ROW("DA /1", "FCMOVE",   "z"),
    FCMOV_ROW("DA /2", "FCMOVBE",  "zc"),
    FCMOV_ROW("DA /3", "FCMOVU",   "p"),
    FCMOV_ROW("DB /0", "FCMOVNB",  "c"),
    FCMOV_ROW("DB /1", "FCMOVNE",  "z"),
    FCMOV_ROW("DB /2", "FCMOVNBE", "zc"),
    FCMOV_ROW("DB /3", "FCMOVNU",  "p"),
    /* Second encodings that processors have since the 8087 (SDM 2D A.5 leaves them empty). */
    X87_ROW("D9 /3", "FSTPNCE", "STi", fstpnce,  "SDM 2A FST/FSTP"),
    X87_ROW("DF /2", "FSTP",   "STi", fstp_st,   "SDM 2A FST/FSTP"),
    X87_ROW("DF /3", "FSTP",   "STi", fstp_st,   "SDM 2A FST/FSTP"),
    X87_ROW("DD /1", "FXCH",   "STi", fxch,      "SDM 2A FXCH"),
    X87_ROW("DF /1", "FXCH",   "STi", fxch,      "SDM 2A FXCH"),
    {0},
};
/* clang-format on */
