/* The common parts of MMX and SSE: what is raised before an instruction, 16-byte operands. */
#include "cpu/fpu/simd.h"

struct fault simd_unavailable(const struct cpu *cpu)
{
    if (cpu->cr0 & CR0_EM)
        return fault_ud(SIMD_EMULATED);
    if (!(cpu->cr4 & CR4_OSFXSR))
        return fault_ud(SIMD_NOT_ENABLED);
    return fault_plain(VECTOR_NM, FPU_TASK_SWITCHED);
}

struct fault mmx_unavailable(struct cpu *cpu)
{
    if (cpu->cr0 & CR0_EM)
        return fault_ud(SIMD_EMULATED);
    if (cpu->cr0 & CR0_TS)
        return fault_plain(VECTOR_NM, FPU_TASK_SWITCHED);
    return x87_pending(cpu);
}

bool simd_is_misaligned(const struct cpu *cpu, const struct operation *op)
{
    return (cpu->segments[op->segment].base + effective_address(cpu, op)) & 15;
}

struct fault xmm_read_slow(struct cpu *cpu, const struct operation *op, bool aligned,
                           struct xmm_register *value)
{
    if (aligned && simd_is_misaligned(cpu, op))
        return fault_gp(0, SIMD_ALIGNMENT);
    TRY(operand_alignment(cpu, op, 16));
    return data_read_bytes(cpu, op->segment, effective_address(cpu, op), value, 16);
}

struct fault xmm_write_slow(struct cpu *cpu, const struct operation *op, bool aligned,
                            const struct xmm_register *value)
{
    if (aligned && simd_is_misaligned(cpu, op))
        return fault_gp(0, SIMD_ALIGNMENT);
    TRY(operand_alignment(cpu, op, 16));
    return data_write_bytes(cpu, op->segment, effective_address(cpu, op), value, 16);
}
