/*
 * FXSAVE, FXRSTOR, LDMXCSR, STMXCSR (SDM 2A FXSAVE and table 3-43, FXRSTOR, LDMXCSR; 2B STMXCSR).
 */
#include "cpu/fpu/environment.h"
#include "cpu/fpu/simd.h"

#define FXSAVE_SIZE       512 /* bytes; the last 48 are software's, bytes 288 to 463 are reserved */
#define FXSAVE_MXCSR      24
#define FXSAVE_MXCSR_MASK 28
#define FXSAVE_ST         32
#define FXSAVE_XMM        160
#define FXSAVE_END        288

/* MXCSR_MASK: the bits that may be set. DAZ came with SSE2 (SDM 1 11.6.6). */
static uint32_t mxcsr_mask(const struct cpu *cpu)
{
    return cpu_has(cpu, FEATURE(SSE2)) ? 0xffffu : 0xffffu & ~MXCSR_DAZ;
}

static MUST_USE struct fault mxcsr_check(const struct cpu *cpu, uint32_t value)
{
    return value & ~mxcsr_mask(cpu) ? fault_gp(0, MXCSR_RESERVED_BIT) : FAULT_NONE;
}

/* Neither instruction waits for pending exceptions, and bytes that are not listed stay as they are. */
EXECUTE(fxsave)
{
    X87_BEGIN_NO_WAIT(cpu);
    if (simd_is_misaligned(cpu, op))
        return fault_gp(0, SIMD_ALIGNMENT);
    const struct fpu_state *fpu = &cpu->fpu;
    uint8_t image[FXSAVE_END] = {0};
    store_le16(image, fpu->control);
    store_le16(image + 2, fpu->status);
    image[4] = (uint8_t)~fpu->empty;
    store_le16(image + 6, fpu->opcode);
    store_le32(image + 8, fpu->instruction_offset);
    store_le16(image + 12, fpu->instruction_selector);
    store_le32(image + 16, fpu->operand_offset);
    store_le16(image + 20, fpu->operand_selector);
    if (cpu_has(cpu, FEATURE(SSE))) {
        store_le32(image + FXSAVE_MXCSR, fpu->mxcsr);
        store_le32(image + FXSAVE_MXCSR_MASK, mxcsr_mask(cpu));
    }
    for (unsigned i = 0; i < 8; i++) {
        const struct fpu_register *st = &fpu->registers[x87_physical(fpu, i)];
        store_le64(image + FXSAVE_ST + 16 * i, st->significand);
        store_le16(image + FXSAVE_ST + 16 * i + 8, st->sign_exponent);
    }
    memcpy(image + FXSAVE_XMM, fpu->xmm, sizeof fpu->xmm);
    bool with_xmm = cpu_has(cpu, FEATURE(SSE)) && (cpu->cr4 & CR4_OSFXSR);
    uint32_t offset = effective_address(cpu, op);
    TRY(data_probe_write(cpu, op->segment, offset, FXSAVE_SIZE));
    return data_write_bytes(cpu, op->segment, offset, image, with_xmm ? FXSAVE_END : FXSAVE_XMM);
}

EXECUTE(fxrstor)
{
    X87_BEGIN_NO_WAIT(cpu);
    if (simd_is_misaligned(cpu, op))
        return fault_gp(0, SIMD_ALIGNMENT);
    uint8_t image[FXSAVE_SIZE];
    TRY(data_read_bytes(cpu, op->segment, effective_address(cpu, op), image, sizeof image));
    bool with_sse = cpu_has(cpu, FEATURE(SSE)) && (cpu->cr4 & CR4_OSFXSR);
    if (with_sse)
        TRY(mxcsr_check(cpu, load_le32(image + FXSAVE_MXCSR)));

    struct fpu_state *fpu = &cpu->fpu;
    fpu->status = (uint16_t)((load_le16(image + 2) & ~(FSW_ES | FSW_B)) | (fpu->status & (FSW_ES | FSW_B)));
    fpu->empty = (uint8_t)~image[4];
    fpu->opcode = load_le16(image + 6) & 0x7ff;
    fpu->instruction_offset = load_le32(image + 8);
    fpu->instruction_selector = load_le16(image + 12);
    fpu->operand_offset = load_le32(image + 16);
    fpu->operand_selector = load_le16(image + 20);
    for (unsigned i = 0; i < 8; i++) {
        struct fpu_register *st = x87_st(fpu, i);
        st->significand = load_le64(image + FXSAVE_ST + 16 * i);
        st->sign_exponent = load_le16(image + FXSAVE_ST + 16 * i + 8);
    }
    x87_set_control(cpu, load_le16(image));
    if (with_sse) {
        fpu->mxcsr = load_le32(image + FXSAVE_MXCSR);
        memcpy(fpu->xmm, image + FXSAVE_XMM, sizeof fpu->xmm);
    }
    return FAULT_NONE;
}

EXECUTE(ldmxcsr)
{
    TRY(sse_begin(cpu));
    uint32_t value;
    TRY(data_read(cpu, op->segment, effective_address(cpu, op), 4, &value));
    TRY(mxcsr_check(cpu, value));
    cpu->fpu.mxcsr = value;
    return FAULT_NONE;
}

EXECUTE(stmxcsr)
{
    TRY(sse_begin(cpu));
    return data_write(cpu, op->segment, effective_address(cpu, op), 4, cpu->fpu.mxcsr);
}

/* clang-format off */
const struct instruction fxsave_instructions[] = {
    SIMD_ROW("NP 0F AE /0", "FXSAVE",  "M",  FEATURE(FXSR), fxsave,  "SDM 2A FXSAVE"),
    SIMD_ROW("NP 0F AE /1", "FXRSTOR", "M",  FEATURE(FXSR), fxrstor, "SDM 2A FXRSTOR"),
    SIMD_ROW("NP 0F AE /2", "LDMXCSR", "Md", FEATURE(SSE),  ldmxcsr, "SDM 2A LDMXCSR"),
    SIMD_ROW("NP 0F AE /3", "STMXCSR", "Md", FEATURE(SSE),  stmxcsr, "SDM 2B STMXCSR"),
    {0},
};
/* clang-format on */
