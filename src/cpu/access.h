/*
 * Memory as instructions see it: through a segment, with every limit, type, alignment and page check, and
 * the data breakpoints. The quick road is inline: inside the segment, aligned, page known to the TLB. All else
 * goes to access.c.
 *
 * data_*    through a segment register, at the current privilege (explicit operands)
 * linear_*  at a linear address, privilege given (stacks under construction)
 * system_*  at a linear address, always as supervisor (descriptor tables, TSS)
 */
#ifndef GATE86_CPU_ACCESS_H
#define GATE86_CPU_ACCESS_H

#include "base/bits.h"
#include "cpu/cpu.h"

/* Any size 1..16. A write that faults has written nothing. */
MUST_USE struct fault linear_read(struct cpu *cpu, uint32_t linear, void *bytes, unsigned size, bool user);
MUST_USE struct fault linear_write(struct cpu *cpu, uint32_t linear, const void *bytes, unsigned size,
                                   bool user);

/* Would a write of `size` bytes (any number) succeed? Sets accessed and dirty bits as the write would. */
MUST_USE struct fault linear_probe_write(struct cpu *cpu, uint32_t linear, uint32_t size, bool user);

MUST_USE struct fault system_read16(struct cpu *cpu, uint32_t linear, uint16_t *value);
MUST_USE struct fault system_read32(struct cpu *cpu, uint32_t linear, uint32_t *value);
MUST_USE struct fault system_read64(struct cpu *cpu, uint32_t linear, uint64_t *value);
MUST_USE struct fault system_write16(struct cpu *cpu, uint32_t linear, uint16_t value);
MUST_USE struct fault system_write32(struct cpu *cpu, uint32_t linear, uint32_t value);
MUST_USE struct fault system_write8(struct cpu *cpu, uint32_t linear, uint8_t value);
MUST_USE struct fault system_read8(struct cpu *cpu, uint32_t linear, uint8_t *value);

/* Any size 1..512 through a segment register, little-endian bytes; a write that faults has written nothing. */
MUST_USE struct fault data_read_bytes(struct cpu *cpu, unsigned segment, uint32_t offset, void *bytes,
                                      unsigned size);
MUST_USE struct fault data_write_bytes(struct cpu *cpu, unsigned segment, uint32_t offset, const void *bytes,
                                       unsigned size);

/* Would a write of `size` bytes succeed? For instructions with several stores: probe all, then store. */
MUST_USE struct fault data_probe_write(struct cpu *cpu, unsigned segment, uint32_t offset, uint32_t size);

/* #AC(0) when alignment is checked and an operand of 2, 4 or 8 bytes is not aligned. The probes do not ask this. */
MUST_USE struct fault alignment_check(const struct cpu *cpu, uint32_t linear, unsigned size);

/* The slow roads of the inline functions below. `modify`: checked as a write, for read-modify-write. */
MUST_USE struct fault data_read_slow(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size,
                                     uint64_t *value);
MUST_USE struct fault data_modify_slow(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size,
                                       uint64_t *value);
MUST_USE struct fault data_write_slow(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size,
                                      uint64_t value);

/* Host address for an access of 1, 2, 4 or 8 bytes when the quick road is open, else NULL. */
ALWAYS_INLINE uint8_t *data_quick(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size,
                                  enum access_kind kind, bool write)
{
    const struct segment *s = &cpu->segments[segment];
    if (UNLIKELY(offset >= (write ? s->quick_write : s->quick_read)))
        return NULL;
    uint32_t linear = s->base + offset;
    const struct tlb_entry *entry = &cpu->tlb->entries[(linear / PAGE_SIZE) % TLB_ENTRIES];
    if (UNLIKELY(entry->tag[kind] != (linear & (~PAGE_OFFSET_MASK | (size - 1)))))
        return NULL;
    if (entry->host == NULL)
        __builtin_unreachable(); /* a tag is given to host memory only */
    return entry->host + (linear & PAGE_OFFSET_MASK);
}

/* size: 1, 2 or 4, a constant where speed matters. The value is zero-extended. */
ALWAYS_INLINE MUST_USE struct fault data_read(struct cpu *cpu, unsigned segment, uint32_t offset,
                                              unsigned size, uint32_t *value)
{
    const uint8_t *host = data_quick(cpu, segment, offset, size, ACCESS_READ, false);
    if (LIKELY(host != NULL)) {
        *value = size == 1 ? *host : size == 2 ? load_le16(host) : load_le32(host);
        return FAULT_NONE;
    }
    uint64_t slow = 0;
    TRY(data_read_slow(cpu, segment, offset, size, &slow));
    *value = (uint32_t)slow;
    return FAULT_NONE;
}

/* Reads an operand that will be written back: every check of the write is made now. */
ALWAYS_INLINE MUST_USE struct fault data_modify(struct cpu *cpu, unsigned segment, uint32_t offset,
                                                unsigned size, uint32_t *value)
{
    const uint8_t *host = data_quick(cpu, segment, offset, size, ACCESS_WRITE, true);
    if (LIKELY(host != NULL)) {
        *value = size == 1 ? *host : size == 2 ? load_le16(host) : load_le32(host);
        return FAULT_NONE;
    }
    uint64_t slow = 0;
    TRY(data_modify_slow(cpu, segment, offset, size, &slow));
    *value = (uint32_t)slow;
    return FAULT_NONE;
}

ALWAYS_INLINE MUST_USE struct fault data_write(struct cpu *cpu, unsigned segment, uint32_t offset,
                                               unsigned size, uint32_t value)
{
    uint8_t *host = data_quick(cpu, segment, offset, size, ACCESS_WRITE, true);
    if (LIKELY(host != NULL)) {
        if (size == 1)
            *host = (uint8_t)value;
        else if (size == 2)
            store_le16(host, (uint16_t)value);
        else
            store_le32(host, value);
        return FAULT_NONE;
    }
    return data_write_slow(cpu, segment, offset, size, value);
}

ALWAYS_INLINE MUST_USE struct fault data_read64(struct cpu *cpu, unsigned segment, uint32_t offset,
                                                uint64_t *value)
{
    const uint8_t *host = data_quick(cpu, segment, offset, 8, ACCESS_READ, false);
    if (LIKELY(host != NULL)) {
        *value = load_le64(host);
        return FAULT_NONE;
    }
    return data_read_slow(cpu, segment, offset, 8, value);
}

ALWAYS_INLINE MUST_USE struct fault data_write64(struct cpu *cpu, unsigned segment, uint32_t offset,
                                                 uint64_t value)
{
    uint8_t *host = data_quick(cpu, segment, offset, 8, ACCESS_WRITE, true);
    if (LIKELY(host != NULL)) {
        store_le64(host, value);
        return FAULT_NONE;
    }
    return data_write_slow(cpu, segment, offset, 8, value);
}

#endif
