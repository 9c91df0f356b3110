/* The x87 unit's common parts: exceptions pending and masked, FERR#, memory images (SDM 1 8.4 to 8.7, D.2). */
#include "cpu/fpu/x87.h"

#include "cpu/fpu/fpu.h"

const struct fpu_register X87_INDEFINITE = {.significand = 0xc000000000000000u, .sign_exponent = 0xffff};

struct fault x87_unavailable(const struct cpu *cpu)
{
    return fault_plain(VECTOR_NM, cpu->cr0 & CR0_EM ? FPU_EMULATED : FPU_TASK_SWITCHED);
}

struct fault x87_pending(struct cpu *cpu)
{
    if (cpu->cr0 & CR0_NE)
        return fault_plain(VECTOR_MF, FPU_EXCEPTION_PENDING);
    cpu->next_eip = cpu->eip;
    return FAULT_NONE;
}

struct fault x87_refuse(struct cpu *cpu)
{
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        return x87_unavailable(cpu);
    return x87_pending(cpu);
}

void x87_update_summary(struct cpu *cpu)
{
    struct fpu_state *fpu = &cpu->fpu;
    bool before = fpu->status & FSW_ES;
    bool now = x87_unmasked(fpu, fpu->status) != 0;
    if (now)
        fpu->status |= FSW_ES | FSW_B;
    else
        fpu->status &= (uint16_t) ~(FSW_ES | FSW_B);
    /* SDM 3A 2.5 CR0.NE: with NE set errors are reported inside the processor. */
    bool drive = now ? !(cpu->cr0 & CR0_NE) : before;
    if (now != before && drive && cpu->ferr != NULL)
        cpu->ferr(cpu->context, now);
}

bool x87_settle_unmasked(struct cpu *cpu, unsigned status)
{
    struct fpu_state *fpu = &cpu->fpu;
    const unsigned before_result = FSW_IE | FSW_DE | FSW_ZE;
    bool stopped = x87_unmasked(fpu, status) & before_result;
    /* What the operation would have raised later has not happened (SDM 1 8.6). */
    if (stopped)
        status &= before_result | FSW_SF | (status & FSW_SF ? FSW_C1 : 0);
    fpu->status = (uint16_t)((fpu->status & ~FSW_C1) | (status & (FSW_EXCEPTIONS | FSW_SF | FSW_C1)));
    x87_update_summary(cpu);
    return !stopped;
}

void fpu_set_ignne(struct cpu *cpu, bool level)
{
    cpu->fpu.ignne = level;
}

struct fault x87_read_image(struct cpu *cpu, const struct operation *op, unsigned size,
                            struct x87_image *image)
{
    uint32_t offset = effective_address(cpu, op);
    if (size == 8) {
        uint64_t value;
        TRY(data_read64(cpu, op->segment, offset, &value));
        store_le64(image->bytes, value);
    } else if (size == 10) {
        TRY(operand_alignment(cpu, op, 8));
        TRY(data_read_bytes(cpu, op->segment, offset, image->bytes, 10));
    } else {
        uint32_t value;
        TRY(data_read(cpu, op->segment, offset, size, &value));
        store_le32(image->bytes, value);
    }
    return FAULT_NONE;
}

struct fault x87_write_image(struct cpu *cpu, const struct operation *op, unsigned size,
                             const struct x87_image *image)
{
    uint32_t offset = effective_address(cpu, op);
    if (size == 8)
        return data_write64(cpu, op->segment, offset, load_le64(image->bytes));
    if (size == 10) {
        TRY(operand_alignment(cpu, op, 8));
        return data_write_bytes(cpu, op->segment, offset, image->bytes, 10);
    }
    return data_write(cpu, op->segment, offset, size, load_le32(image->bytes) & size_mask(size));
}
