/*
 * x87 control instructions: control and status word, environment, whole state, tags and the stack pointer
 * (SDM 1 8.1.10, 8.3.11; SDM 2A F2XM1 to FYL2XP1, 2B WAIT). They leave the last-instruction pointers alone, except
 * for FFREE, FINCSTP, FDECSTP and FNOP.
 */
#include "cpu/fpu/x87.h"

#include "cpu/fpu/environment.h"

EXECUTE(fninit)
{
    (void)op;
    X87_BEGIN_NO_WAIT(cpu);
    x87_initialize(cpu);
    return FAULT_NONE;
}

EXECUTE(fnclex)
{
    (void)op;
    X87_BEGIN_NO_WAIT(cpu);
    cpu->fpu.status &= (uint16_t) ~(FSW_EXCEPTIONS | FSW_SF);
    x87_update_summary(cpu);
    return FAULT_NONE;
}

EXECUTE(fnstcw)
{
    X87_BEGIN_NO_WAIT(cpu);
    return data_write(cpu, op->segment, effective_address(cpu, op), 2, cpu->fpu.control);
}

EXECUTE(fldcw)
{
    X87_BEGIN(cpu);
    uint32_t control;
    TRY(data_read(cpu, op->segment, effective_address(cpu, op), 2, &control));
    x87_set_control(cpu, control);
    return FAULT_NONE;
}

EXECUTE(fnstsw_m16)
{
    X87_BEGIN_NO_WAIT(cpu);
    return data_write(cpu, op->segment, effective_address(cpu, op), 2, cpu->fpu.status);
}

EXECUTE(fnstsw_ax)
{
    (void)op;
    X87_BEGIN_NO_WAIT(cpu);
    register_write(cpu, EAX, 2, cpu->fpu.status);
    return FAULT_NONE;
}

/* SDM 3A 2.5 CR0.MP: WAIT gives #NM when MP and TS are both set; EM does not matter. */
EXECUTE(fwait)
{
    (void)op;
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        return fault_plain(VECTOR_NM, FPU_TASK_SWITCHED);
    if (x87_must_wait(cpu))
        return x87_pending(cpu);
    return FAULT_NONE;
}

/* FNSTENV masks all exceptions after the store, FNSAVE initialises the unit (SDM 2A). */
EXECUTE(fnstenv)
{
    X87_BEGIN_NO_WAIT(cpu);
    uint8_t image[X87_ENVIRONMENT_MAX];
    unsigned size = x87_environment_write(cpu, op->wide, image);
    TRY(operand_alignment(cpu, op, op->wide ? 4 : 2));
    TRY(data_write_bytes(cpu, op->segment, effective_address(cpu, op), image, size));
    x87_set_control(cpu, cpu->fpu.control | FCW_MASKS);
    return FAULT_NONE;
}

EXECUTE(fldenv)
{
    X87_BEGIN(cpu);
    uint8_t image[X87_ENVIRONMENT_MAX];
    unsigned size = x87_environment_size(op->wide);
    TRY(operand_alignment(cpu, op, op->wide ? 4 : 2));
    TRY(data_read_bytes(cpu, op->segment, effective_address(cpu, op), image, size));
    x87_environment_read(cpu, op->wide, image);
    return FAULT_NONE;
}

#define STATE_REGISTER_SIZE 10
#define STATE_MAX           (X87_ENVIRONMENT_MAX + 8 * STATE_REGISTER_SIZE)

EXECUTE(fnsave)
{
    X87_BEGIN_NO_WAIT(cpu);
    uint8_t image[STATE_MAX];
    unsigned size = x87_environment_write(cpu, op->wide, image);
    for (unsigned i = 0; i < 8; i++, size += STATE_REGISTER_SIZE)
        memcpy(image + size, x87_st(&cpu->fpu, i), STATE_REGISTER_SIZE);
    TRY(operand_alignment(cpu, op, op->wide ? 4 : 2));
    TRY(data_write_bytes(cpu, op->segment, effective_address(cpu, op), image, size));
    x87_initialize(cpu);
    return FAULT_NONE;
}

EXECUTE(frstor)
{
    X87_BEGIN(cpu);
    uint8_t image[STATE_MAX];
    unsigned environment = x87_environment_size(op->wide);
    TRY(operand_alignment(cpu, op, op->wide ? 4 : 2));
    TRY(data_read_bytes(cpu, op->segment, effective_address(cpu, op), image,
                        environment + 8 * STATE_REGISTER_SIZE));
    struct fpu_register registers[8] = {0};
    unsigned top = (load_le16(image + (op->wide ? 4 : 2)) & FSW_TOP) >> FSW_TOP_SHIFT;
    for (unsigned i = 0; i < 8; i++)
        memcpy(&registers[(top + i) & 7], image + environment + i * STATE_REGISTER_SIZE, STATE_REGISTER_SIZE);
    memcpy(cpu->fpu.registers, registers, sizeof registers);
    x87_environment_read(cpu, op->wide, image);
    return FAULT_NONE;
}

static void free_register(struct cpu *cpu, const struct operation *op)
{
    x87_record(cpu, op);
    cpu->fpu.empty |= (uint8_t)(1u << x87_physical(&cpu->fpu, op->rm));
    x87_set_condition(&cpu->fpu, FSW_C1, 0);
}

EXECUTE(ffree)
{
    X87_BEGIN(cpu);
    free_register(cpu, op);
    return FAULT_NONE;
}

EXECUTE(ffreep)
{
    X87_BEGIN(cpu);
    free_register(cpu, op);
    x87_pop(&cpu->fpu);
    return FAULT_NONE;
}

EXECUTE(fincstp)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    x87_set_top(&cpu->fpu, x87_top(&cpu->fpu) + 1);
    x87_set_condition(&cpu->fpu, FSW_C1, 0);
    return FAULT_NONE;
}

EXECUTE(fdecstp)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    x87_set_top(&cpu->fpu, x87_top(&cpu->fpu) - 1);
    x87_set_condition(&cpu->fpu, FSW_C1, 0);
    return FAULT_NONE;
}

EXECUTE(fnop)
{
    X87_BEGIN(cpu);
    x87_record(cpu, op);
    return FAULT_NONE;
}

/* FENI, FDISI (8087) and FSETPM (80287) do nothing on later units (SDM 3B 22.18.9). */
EXECUTE(fnop_old)
{
    (void)op;
    X87_BEGIN_NO_WAIT(cpu);
    return FAULT_NONE;
}

/*
 * Without a floating-point unit: #NM when software asked for it, else nothing answers on the coprocessor's bus. A store
 * leaves its operand as it was, by which FNSTSW probes tell (SDM 3B 22.18).
 */
EXECUTE(escape)
{
    (void)op;
    X87_BEGIN_NO_WAIT(cpu);
    return FAULT_NONE;
}

/* clang-format off */
#define NO_FPU_ROW(opcode) \
    {opcode " /r", "ESC", "Eb", "", "", "", NEEDS_NO_FPU, FEATURE_ALWAYS, ALWAYS(escape), "SDM 3B 22.18"}

const struct instruction x87_control_instructions[] = {
    X87_ROW("DB E3", "FNINIT",  "",    fninit,     "SDM 2A FINIT/FNINIT"),
    X87_ROW("DB E2", "FNCLEX",  "",    fnclex,     "SDM 2A FCLEX/FNCLEX"),
    X87_ROW("D9 /5", "FLDCW",   "Mw",  fldcw,      "SDM 2A FLDCW"),
    X87_ROW("D9 /7", "FNSTCW",  "Mw",  fnstcw,     "SDM 2A FSTCW/FNSTCW"),
    X87_ROW("DD /7", "FNSTSW",  "Mw",  fnstsw_m16, "SDM 2A FSTSW/FNSTSW"),
    X87_ROW("DF E0", "FNSTSW",  "AX",  fnstsw_ax,  "SDM 2A FSTSW/FNSTSW"),
    X87_ROW("D9 /4", "FLDENV",  "M",   fldenv,     "SDM 2A FLDENV"),
    X87_ROW("D9 /6", "FNSTENV", "M",   fnstenv,    "SDM 2A FSTENV/FNSTENV"),
    X87_ROW("DD /4", "FRSTOR",  "M",   frstor,     "SDM 2A FRSTOR"),
    X87_ROW("DD /6", "FNSAVE",  "M",   fnsave,     "SDM 2A FSAVE/FNSAVE"),
    X87_ROW("DD /0", "FFREE",   "STi", ffree,      "SDM 2A FFREE"),
    X87_ROW("DF /0", "FFREEP",  "STi", ffreep,     "SDM 3B 22.18.9"),
    X87_ROW("D9 F7", "FINCSTP", "",    fincstp,    "SDM 2A FINCSTP"),
    X87_ROW("D9 F6", "FDECSTP", "",    fdecstp,    "SDM 2A FDECSTP"),
    X87_ROW("D9 D0", "FNOP",    "",    fnop,       "SDM 2A FNOP"),
    X87_ROW("DB E0", "FENI",    "",    fnop_old,   "SDM 3B 22.18.9"),
    X87_ROW("DB E1", "FDISI",   "",    fnop_old,   "SDM 3B 22.18.9"),
    X87_ROW("DB E4", "FSETPM",  "",    fnop_old,   "SDM 3B 22.18.9"),
    {"9B", "FWAIT", "", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(fwait), "SDM 2B WAIT/FWAIT"},
    {0},
};

const struct instruction x87_escape_instructions[] = {
    NO_FPU_ROW("D8"), NO_FPU_ROW("D9"), NO_FPU_ROW("DA"), NO_FPU_ROW("DB"),
    NO_FPU_ROW("DC"), NO_FPU_ROW("DD"), NO_FPU_ROW("DE"), NO_FPU_ROW("DF"),
    {0},
};
/* clang-format on */
