/*
 * Segment descriptors and segment registers as values (SDM 3A 3.4.3 to 3.5.1, 5.3 to 5.5; 3B 20.1).
 * Selector and privilege checks of segment loads need the descriptor tables and live with the processor.
 */
#include "mmu/segment.h"

#include "base/bits.h"

/* A present, accessed, writable data segment: what real-address mode gives every segment register. */
#define ACCESS_REAL (ACCESS_P | ACCESS_S | ACCESS_WRITABLE | ACCESS_ACCESSED)

const struct state_row segment_rows[] = {
    ROW(struct segment, base),
    ROW(struct segment, limit),
    ROW(struct segment, selector),
    ROW(struct segment, access),
    ROW(struct segment, usable),
    ROW(struct segment, readable),
    ROW(struct segment, writable),
    ROW(struct segment, reserved),
    ROW(struct segment, lowest),
    ROW(struct segment, highest),
    ROW(struct segment, quick_read),
    ROW(struct segment, quick_write),
    ROW_END,
};

struct descriptor descriptor_decode(uint64_t raw)
{
    struct descriptor descriptor = {
        .base = (uint32_t)(bits(raw, 39, 16) | bits(raw, 63, 56) << 24),
        .limit = (uint32_t)(bits(raw, 15, 0) | bits(raw, 51, 48) << 16),
        /* Bits 51:48 belong to the limit; LAR leaves them undefined, here they are clear. */
        .access = (uint16_t)(bits(raw, 55, 40) & 0xf0ff),
        .raw = raw,
    };
    /* SDM 3A 3.4.5: with G set the low 12 bits of an offset are not tested */
    if (descriptor.access & ACCESS_G)
        descriptor.limit = descriptor.limit << 12 | 0xfff;
    return descriptor;
}

struct gate gate_decode(uint64_t raw)
{
    struct gate gate = {
        .selector = (uint16_t)bits(raw, 31, 16),
        .access = (uint16_t)bits(raw, 47, 40),
        .offset = (uint32_t)bits(raw, 15, 0),
        .parameters = (uint8_t)bits(raw, 36, 32),
    };
    gate.wide = (gate.access & ACCESS_TYPE) >= SYSTEM_CALL_GATE32;
    /* SDM 3A 5.8.3, 6.11: the upper half of the offset exists in 32-bit gates only */
    if (gate.wide)
        gate.offset |= (uint32_t)bits(raw, 63, 48) << 16;
    return gate;
}

static void bounds_derive(struct segment *segment)
{
    segment->reserved = 0;
    if (!segment->usable) {
        segment->readable = segment->writable = false;
        segment->lowest = 1;
        segment->highest = 0;
        return;
    }

    if (segment->access & ACCESS_S) {
        segment->readable = access_is_readable(segment->access);
        segment->writable = access_is_writable_data(segment->access);
    } else {
        /* LDTR and TR: the processor itself reads and writes them, within the limit. */
        segment->readable = segment->writable = true;
    }

    if (access_is_data(segment->access) && (segment->access & ACCESS_EXPAND)) {
        /* SDM 3A 5.3: an expand-down segment holds limit + 1 .. FFFFFFFFh or, with B clear, .. FFFFh */
        segment->highest = segment->access & ACCESS_DB ? 0xffffffffu : 0xffffu;
        segment->lowest = segment->limit + 1;
        if (segment->limit >= segment->highest) {
            segment->lowest = 1;
            segment->highest = 0;
        }
    } else {
        segment->lowest = 0;
        segment->highest = segment->limit;
    }
}

void segment_derive(struct segment *segment)
{
    bounds_derive(segment);
    uint32_t quick = segment->lowest == 0 && segment->highest >= 7 ? segment->highest - 6 : 0;
    segment->quick_read = segment->readable ? quick : 0;
    segment->quick_write = segment->writable ? quick : 0;
}

struct segment segment_from_descriptor(uint16_t selector, const struct descriptor *descriptor)
{
    struct segment segment = {
        .base = descriptor->base,
        .limit = descriptor->limit,
        .selector = selector,
        .access = descriptor->access,
        .usable = true,
    };
    segment_derive(&segment);
    return segment;
}

/*
 * SDM 3A 9.9.2 and 20.1: in real-address mode a load sets the base and leaves limit and access rights as they
 * are; a program that returns from protected mode must bring limits of FFFFh along itself.
 */
void segment_load_real(struct segment *segment, uint16_t selector)
{
    segment->selector = selector;
    segment->base = (uint32_t)selector << 4;
    /*
     * SDM 3A 9.9.2 step 4: a null selector brought along stays unusable. That a load in real-address mode ends
     * this is our reading (docs/manual-errata.md).
     */
    if (!segment->usable) {
        segment->usable = true;
        segment->limit = 0xffff;
        segment->access = ACCESS_REAL;
    }
    segment_derive(segment);
}

/*
 * The far transfer after PE was cleared "puts appropriate values in the access rights of the CS register"
 * (80386 Programmer's Reference 14.5): type and DPL of real-address mode, so that writes through CS work. SDM 3A
 * 9.9.2 step 3 asks for a 64 KiB code segment beforehand, since the limit stays; D and G stay with it. See
 * docs/manual-errata.md.
 */
void segment_load_real_code(struct segment *segment, uint16_t selector)
{
    segment->access = (uint16_t)((segment->access & (ACCESS_DB | ACCESS_G | ACCESS_AVL)) | ACCESS_REAL);
    segment_load_real(segment, selector);
}

/* SDM 3B 20.1.1, 20.2: the 8086's segments with DPL 3, CS included */
struct segment segment_v86(uint16_t selector)
{
    struct segment segment = {
        .base = (uint32_t)selector << 4,
        .limit = 0xffff,
        .selector = selector,
        .access = ACCESS_REAL | ACCESS_DPL,
        .usable = true,
    };
    segment_derive(&segment);
    return segment;
}

struct segment segment_null(uint16_t selector)
{
    struct segment segment = {.selector = selector, .usable = false};
    segment_derive(&segment);
    return segment;
}

static struct segment segment_flat(uint16_t selector, unsigned type, unsigned dpl)
{
    struct segment segment = {
        .base = 0,
        .limit = 0xffffffffu,
        .selector = selector,
        .access = (uint16_t)(ACCESS_G | ACCESS_DB | ACCESS_P | ACCESS_S | dpl << ACCESS_DPL_SHIFT | type),
        .usable = true,
    };
    segment_derive(&segment);
    return segment;
}

struct segment segment_flat_code(uint16_t selector, unsigned dpl)
{
    return segment_flat(selector, ACCESS_CODE | ACCESS_READABLE | ACCESS_ACCESSED, dpl);
}

struct segment segment_flat_stack(uint16_t selector, unsigned dpl)
{
    return segment_flat(selector, ACCESS_WRITABLE | ACCESS_ACCESSED, dpl);
}

struct fault segment_access_fault(const struct segment *segment, bool is_ss, uint32_t offset, unsigned size,
                                  bool write)
{
    struct fault fault;
    if (!segment->usable) {
        /* SDM 3A 5.4.1: a null selector in DS, ES, FS or GS */
        fault = fault_coded(is_ss ? VECTOR_SS : VECTOR_GP, 0, SEGMENT_UNUSABLE);
    } else if (write ? !segment->writable : !segment->readable) {
        /* SDM 3A 5.5: a type violation is #GP through any register */
        fault = fault_gp(0, write ? SEGMENT_NOT_WRITABLE : SEGMENT_NOT_READABLE);
    } else {
        /* SDM 3A 5.3: limit violations are #SS through SS only */
        (void)size;
        fault = fault_coded(is_ss ? VECTOR_SS : VECTOR_GP, 0, SEGMENT_LIMIT);
    }
    fault.address = offset;
    return fault;
}
