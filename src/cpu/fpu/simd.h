/*
 * What the MMX and SSE handlers share: the checks before an instruction (SDM 1 9.5, 11.6; SDM 2A 2.4) and the operand
 * shapes. A handler is a shape and a pure function on values; the destination is written last.
 */
#ifndef GATE86_CPU_FPU_SIMD_H
#define GATE86_CPU_FPU_SIMD_H

#include "cpu/fpu/x87.h"

MUST_USE struct fault simd_unavailable(const struct cpu *cpu); /* #UD or #NM, with its reason */
MUST_USE struct fault mmx_unavailable(struct cpu *cpu);        /* #UD, #NM or #MF */

/* SSE: #UD when CR0.EM is set or CR4.OSFXSR clear, then #NM when CR0.TS is set. */
ALWAYS_INLINE MUST_USE struct fault sse_begin(const struct cpu *cpu)
{
    if (UNLIKELY((cpu->cr0 & (CR0_EM | CR0_TS)) || !(cpu->cr4 & CR4_OSFXSR)))
        return simd_unavailable(cpu);
    return FAULT_NONE;
}

/* An instruction on MMX registers: also waits for pending x87 exceptions. */
#define MMX_BEGIN(cpu)                     \
    do {                                   \
        if (UNLIKELY(x87_is_blocked(cpu))) \
            return mmx_unavailable(cpu);   \
    } while (0)

/* One on both kinds of register (CVTPI2PS, MOVQ2DQ). */
#define SSE_MMX_BEGIN(cpu)   \
    do {                     \
        TRY(sse_begin(cpu)); \
        MMX_BEGIN(cpu);      \
    } while (0)

/* Every MMX instruction but EMMS: TOP becomes 0 and all registers valid (SDM 1 9.6.2). */
ALWAYS_INLINE void mmx_touch(struct cpu *cpu)
{
    cpu->fpu.status &= (uint16_t)~FSW_TOP;
    cpu->fpu.empty = 0;
}

ALWAYS_INLINE uint64_t mmx_get(const struct cpu *cpu, unsigned number)
{
    return cpu->fpu.registers[number].significand;
}

ALWAYS_INLINE void mmx_set(struct cpu *cpu, unsigned number, uint64_t value)
{
    cpu->fpu.registers[number].significand = value;
    cpu->fpu.registers[number].sign_exponent = 0xffff;
    mmx_touch(cpu);
}

/* The Q operand of 8 bytes, or an XMM register's or memory's low 8. */
ALWAYS_INLINE MUST_USE struct fault mmx_rm_read(struct cpu *cpu, const struct operation *op, uint64_t *value)
{
    if (op->rm != RM_MEMORY) {
        *value = mmx_get(cpu, op->rm);
        return FAULT_NONE;
    }
    return data_read64(cpu, op->segment, effective_address(cpu, op), value);
}

/* Is the memory operand's linear address no multiple of 16? */
bool simd_is_misaligned(const struct cpu *cpu, const struct operation *op);

/* 16 bytes of memory; `aligned`: #GP(0) unless the address is a multiple of 16 (SDM 1 10.4.1.1). */
MUST_USE struct fault xmm_read_slow(struct cpu *cpu, const struct operation *op, bool aligned,
                                    struct xmm_register *value);
MUST_USE struct fault xmm_write_slow(struct cpu *cpu, const struct operation *op, bool aligned,
                                     const struct xmm_register *value);

/* The quick road demands alignment, so it serves both kinds. */
ALWAYS_INLINE MUST_USE struct fault xmm_memory_read(struct cpu *cpu, const struct operation *op, bool aligned,
                                                    struct xmm_register *value)
{
    const uint8_t *host = data_quick(cpu, op->segment, effective_address(cpu, op), 16, ACCESS_READ, false);
    if (UNLIKELY(host == NULL))
        return xmm_read_slow(cpu, op, aligned, value);
    memcpy(value, host, 16);
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault xmm_memory_write(struct cpu *cpu, const struct operation *op,
                                                     bool aligned, const struct xmm_register *value)
{
    uint8_t *host = data_quick(cpu, op->segment, effective_address(cpu, op), 16, ACCESS_WRITE, true);
    if (UNLIKELY(host == NULL))
        return xmm_write_slow(cpu, op, aligned, value);
    memcpy(host, value, 16);
    return FAULT_NONE;
}

/* The W operand: `size` bytes of it (4, 8 or 16; the rest is zero when it comes from memory). */
ALWAYS_INLINE MUST_USE struct fault xmm_rm_read(struct cpu *cpu, const struct operation *op, unsigned size,
                                                struct xmm_register *value)
{
    if (op->rm != RM_MEMORY) {
        *value = cpu->fpu.xmm[op->rm];
        return FAULT_NONE;
    }
    if (size == 16)
        return xmm_memory_read(cpu, op, true, value);
    value->high = 0;
    if (size == 8)
        return data_read64(cpu, op->segment, effective_address(cpu, op), &value->low);
    uint32_t low;
    TRY(data_read(cpu, op->segment, effective_address(cpu, op), size, &low));
    value->low = low;
    return FAULT_NONE;
}

/* A row without flags. */
#define SIMD_ROW(opcode, mnemonic, operands, features, handler, manual)              \
    {                                                                                \
        opcode, mnemonic, operands, "", "", "", 0, features, ALWAYS(handler), manual \
    }

#endif
