/*
 * The slow road of memory accesses: segment faults in words, alignment checks, page crossings, device memory,
 * stores into code pages, data breakpoints (SDM 3A 4.7, 5.3 to 5.5, 6.15 #AC; 3B 17.2.4).
 */
#include "cpu/access.h"

#include <string.h>

#include "base/invariant.h"
#include "cpu/debug.h"

/* A range of linear addresses cut at the page boundary. */
struct span {
    struct tlb_entry *entry[2];
    uint64_t physical[2];
    unsigned size[2]; /* size[1] == 0: the range lies in one page */
};

/* Translates all of the range before anything is touched; `size` is at most a page. */
static struct fault span_translate(struct cpu *cpu, uint32_t linear, unsigned size, enum access_kind kind,
                                   bool user, struct span *span)
{
    unsigned in_first = PAGE_SIZE - (linear & PAGE_OFFSET_MASK);
    span->size[0] = size < in_first ? size : in_first;
    span->size[1] = size - span->size[0];
    TRY(mmu_translate(&cpu->mmu, linear, kind, user, &span->entry[0]));
    span->physical[0] = span->entry[0]->physical + (linear & PAGE_OFFSET_MASK);
    if (span->size[1] > 0) {
        TRY(mmu_translate(&cpu->mmu, linear + span->size[0], kind, user, &span->entry[1]));
        span->physical[1] = span->entry[1]->physical;
    }
    return FAULT_NONE;
}

static void physical_read(struct cpu *cpu, uint64_t physical, uint8_t *bytes, unsigned size)
{
    while (size > 0) {
        unsigned step = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
        uint64_t value = memory_read(cpu->memory, physical, step);
        memcpy(bytes, &value, step);
        physical += step;
        bytes += step;
        size -= step;
    }
}

static void physical_write(struct cpu *cpu, uint64_t physical, const uint8_t *bytes, unsigned size)
{
    while (size > 0) {
        unsigned step = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
        uint64_t value = 0;
        memcpy(&value, bytes, step);
        memory_write(cpu->memory, physical, value, step);
        physical += step;
        bytes += step;
        size -= step;
    }
}

/* A store into the line that MONITOR watches ends the wait (SDM 2B MONITOR; the line is 64 bytes, CPUID leaf 5). */
static void monitor_check(struct cpu *cpu, uint64_t physical, unsigned size)
{
    uint64_t line = cpu->monitor_address & ~63ull;
    if (physical < line + 64 && physical + size > line)
        cpu->monitor_armed = false;
}

struct fault linear_read(struct cpu *cpu, uint32_t linear, void *bytes, unsigned size, bool user)
{
    struct span span;
    TRY(span_translate(cpu, linear, size, ACCESS_READ, user, &span));
    physical_read(cpu, span.physical[0], bytes, span.size[0]);
    if (span.size[1] > 0)
        physical_read(cpu, span.physical[1], (uint8_t *)bytes + span.size[0], span.size[1]);
    if (debug_watches_data(cpu))
        debug_match_data(cpu, linear, size, false);
    return FAULT_NONE;
}

struct fault linear_write(struct cpu *cpu, uint32_t linear, const void *bytes, unsigned size, bool user)
{
    struct span span;
    TRY(span_translate(cpu, linear, size, ACCESS_WRITE, user, &span));
    for (unsigned part = 0; part < 2 && span.size[part] > 0; part++) {
        const uint8_t *from = (const uint8_t *)bytes + (part == 0 ? 0 : span.size[0]);
        physical_write(cpu, span.physical[part], from, span.size[part]);
        if (cpu->monitor_armed)
            monitor_check(cpu, span.physical[part], span.size[part]);
    }
    if (debug_watches_data(cpu))
        debug_match_data(cpu, linear, size, true);
    return FAULT_NONE;
}

struct fault linear_probe_write(struct cpu *cpu, uint32_t linear, uint32_t size, bool user)
{
    while (size > 0) {
        struct tlb_entry *entry;
        TRY(mmu_translate(&cpu->mmu, linear, ACCESS_WRITE, user, &entry));
        uint32_t in_page = PAGE_SIZE - (linear & PAGE_OFFSET_MASK);
        uint32_t step = size < in_page ? size : in_page;
        linear += step;
        size -= step;
    }
    return FAULT_NONE;
}

struct fault system_read8(struct cpu *cpu, uint32_t linear, uint8_t *value)
{
    return linear_read(cpu, linear, value, 1, false);
}
struct fault system_read16(struct cpu *cpu, uint32_t linear, uint16_t *value)
{
    return linear_read(cpu, linear, value, 2, false);
}
struct fault system_read32(struct cpu *cpu, uint32_t linear, uint32_t *value)
{
    return linear_read(cpu, linear, value, 4, false);
}
struct fault system_read64(struct cpu *cpu, uint32_t linear, uint64_t *value)
{
    return linear_read(cpu, linear, value, 8, false);
}
struct fault system_write8(struct cpu *cpu, uint32_t linear, uint8_t value)
{
    return linear_write(cpu, linear, &value, 1, false);
}
struct fault system_write16(struct cpu *cpu, uint32_t linear, uint16_t value)
{
    return linear_write(cpu, linear, &value, 2, false);
}
struct fault system_write32(struct cpu *cpu, uint32_t linear, uint32_t value)
{
    return linear_write(cpu, linear, &value, 4, false);
}

/* Segment and alignment checks of one access; gives the linear address. */
static struct fault data_check(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size, bool write,
                               uint32_t *linear)
{
    const struct segment *s = &cpu->segments[segment];
    if (!segment_allows(s, offset, size, write))
        return segment_access_fault(s, segment == SS, offset, size, write);
    *linear = s->base + offset;
    return FAULT_NONE;
}

/* #AC for operands of 2, 4 and 8 bytes (SDM 3A table 6-7); wider ones check for themselves. */
struct fault alignment_check(const struct cpu *cpu, uint32_t linear, unsigned size)
{
    if ((linear & (size - 1)) != 0 && cpu->user && (cpu->cr0 & CR0_AM) && (cpu->eflags & EFLAGS_AC))
        return fault_coded(VECTOR_AC, 0, ALIGNMENT);
    return FAULT_NONE;
}

struct fault data_read_slow(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size,
                            uint64_t *value)
{
    uint32_t linear = 0;
    TRY(data_check(cpu, segment, offset, size, false, &linear));
    TRY(alignment_check(cpu, linear, size));
    *value = 0;
    return linear_read(cpu, linear, value, size, cpu->user);
}

struct fault data_modify_slow(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size,
                              uint64_t *value)
{
    uint32_t linear = 0;
    TRY(data_check(cpu, segment, offset, size, true, &linear));
    if (!cpu->segments[segment].readable)
        return segment_access_fault(&cpu->segments[segment], segment == SS, offset, size, false);
    TRY(alignment_check(cpu, linear, size));
    TRY(linear_probe_write(cpu, linear, size, cpu->user));
    *value = 0;
    return linear_read(cpu, linear, value, size, cpu->user);
}

struct fault data_write_slow(struct cpu *cpu, unsigned segment, uint32_t offset, unsigned size,
                             uint64_t value)
{
    uint32_t linear = 0;
    TRY(data_check(cpu, segment, offset, size, true, &linear));
    TRY(alignment_check(cpu, linear, size));
    return linear_write(cpu, linear, &value, size, cpu->user);
}

struct fault data_read_bytes(struct cpu *cpu, unsigned segment, uint32_t offset, void *bytes, unsigned size)
{
    INVARIANT(size >= 1 && size <= 512);
    uint32_t linear = 0;
    TRY(data_check(cpu, segment, offset, size, false, &linear));
    return linear_read(cpu, linear, bytes, size, cpu->user);
}

struct fault data_write_bytes(struct cpu *cpu, unsigned segment, uint32_t offset, const void *bytes,
                              unsigned size)
{
    INVARIANT(size >= 1 && size <= 512);
    uint32_t linear = 0;
    TRY(data_check(cpu, segment, offset, size, true, &linear));
    return linear_write(cpu, linear, bytes, size, cpu->user);
}

struct fault data_probe_write(struct cpu *cpu, unsigned segment, uint32_t offset, uint32_t size)
{
    uint32_t linear = 0;
    TRY(data_check(cpu, segment, offset, size, true, &linear));
    return linear_probe_write(cpu, linear, size, cpu->user);
}
