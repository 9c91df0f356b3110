/*
 * Segment descriptors and the checks on every access through a segment (SDM 3A 3.4, 5.2 to 5.5). Pure
 * functions on values: nothing here knows the processor. A segment register's hidden part survives mode
 * switches, so "unreal" mode needs no special care.
 */
#ifndef GATE86_MMU_SEGMENT_H
#define GATE86_MMU_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/rows.h"
#include "ia32/fault.h"

/* Access rights in the layout of descriptor bits 55:40 (LAR's result shifted right by 8). */
#define ACCESS_TYPE       0x000fu
#define ACCESS_ACCESSED   0x0001u /* code and data */
#define ACCESS_WRITABLE   0x0002u /* data */
#define ACCESS_READABLE   0x0002u /* code */
#define ACCESS_EXPAND     0x0004u /* data: expand-down */
#define ACCESS_CONFORMING 0x0004u /* code */
#define ACCESS_CODE       0x0008u
#define ACCESS_S          0x0010u /* 1: code or data, 0: system */
#define ACCESS_DPL        0x0060u
#define ACCESS_DPL_SHIFT  5
#define ACCESS_P          0x0080u
#define ACCESS_AVL        0x1000u
#define ACCESS_L          0x2000u /* reserved in legacy mode, ignored */
#define ACCESS_DB         0x4000u
#define ACCESS_G          0x8000u

/* System descriptor types, SDM 3A table 3-2 */
enum system_type {
    SYSTEM_TSS16_AVAILABLE = 1,
    SYSTEM_LDT = 2,
    SYSTEM_TSS16_BUSY = 3,
    SYSTEM_CALL_GATE16 = 4,
    SYSTEM_TASK_GATE = 5,
    SYSTEM_INTERRUPT_GATE16 = 6,
    SYSTEM_TRAP_GATE16 = 7,
    SYSTEM_TSS32_AVAILABLE = 9,
    SYSTEM_TSS32_BUSY = 11,
    SYSTEM_CALL_GATE32 = 12,
    SYSTEM_INTERRUPT_GATE32 = 14,
    SYSTEM_TRAP_GATE32 = 15,
};

/* A segment register, LDTR or TR: the visible selector and the hidden part. */
struct segment {
    uint32_t base;
    uint32_t limit; /* last valid offset of an expand-up segment, granularity applied, bytes */
    uint16_t selector;
    uint16_t access; /* ACCESS_ bits */
    bool usable;     /* false: a null selector was loaded */

    /* Derived from the above by segment_derive, for a quick check of every access. */
    bool readable;
    bool writable;
    uint8_t reserved;
    uint32_t lowest; /* lowest..highest are the valid offsets; lowest > highest: none */
    uint32_t highest;

    /*
     * For one comparison in place of all: an access of up to 8 bytes at an offset below this is allowed. What lies
     * above may be allowed too; segment_allows tells.
     */
    uint32_t quick_read;
    uint32_t quick_write;
};

extern const struct state_row segment_rows[];

/* A descriptor as it stands in a table, eight bytes. */
struct descriptor {
    uint32_t base;
    uint32_t limit; /* granularity applied */
    uint16_t access;
    uint64_t raw;
};

struct descriptor descriptor_decode(uint64_t raw);

/* A gate's fields (call, interrupt, trap, task), from the same eight bytes. */
struct gate {
    uint16_t selector;
    uint16_t access;    /* type, S, DPL, P as above */
    uint32_t offset;    /* 16 bits for 16-bit gates */
    uint8_t parameters; /* call gates: number of words or doublewords, 0..31 */
    bool wide;          /* 32-bit gate */
};

struct gate gate_decode(uint64_t raw);

static inline unsigned access_dpl(uint16_t access)
{
    return (access & ACCESS_DPL) >> ACCESS_DPL_SHIFT;
}
static inline bool access_is_code(uint16_t access)
{
    return (access & (ACCESS_S | ACCESS_CODE)) == (ACCESS_S | ACCESS_CODE);
}
static inline bool access_is_conforming(uint16_t access)
{
    return access_is_code(access) && (access & ACCESS_CONFORMING);
}
static inline bool access_is_data(uint16_t access)
{
    return (access & (ACCESS_S | ACCESS_CODE)) == ACCESS_S;
}
static inline bool access_is_writable_data(uint16_t access)
{
    return access_is_data(access) && (access & ACCESS_WRITABLE);
}
static inline bool access_is_readable(uint16_t access)
{
    return access_is_data(access) || (access_is_code(access) && (access & ACCESS_READABLE));
}

/* Fills the derived fields after base, limit, access or usable were set. */
void segment_derive(struct segment *segment);

/* The hidden part from a descriptor. */
struct segment segment_from_descriptor(uint16_t selector, const struct descriptor *descriptor);

/*
 * What loading a selector gives in real-address mode, where limit and access rights of the register survive
 * (except that CS, loaded by a far transfer, gets the access rights of a writable data segment with DPL 0), and in
 * virtual-8086 mode.
 */
void segment_load_real(struct segment *segment, uint16_t selector);
void segment_load_real_code(struct segment *segment, uint16_t selector);
struct segment segment_v86(uint16_t selector);

/* A null selector in DS, ES, FS, GS or LDTR: unusable. */
struct segment segment_null(uint16_t selector);

/* The flat images of SYSENTER and SYSEXIT (SDM 2B SYSENTER): base 0, limit 4 GiB, 32-bit, accessed. */
struct segment segment_flat_code(uint16_t selector, unsigned dpl);
struct segment segment_flat_stack(uint16_t selector, unsigned dpl);

/*
 * The fault of an access that is not allowed: #SS(0) through SS, #GP(0) otherwise. Called when the quick check
 * fails, to find the reason. `write`: the access writes.
 */
struct fault segment_access_fault(const struct segment *segment, bool is_ss, uint32_t offset, unsigned size,
                                  bool write);

/* The quick check: are `size` bytes at `offset` inside, and is the kind of access allowed? size >= 1. */
ALWAYS_INLINE bool segment_allows(const struct segment *segment, uint32_t offset, uint32_t size, bool write)
{
    return offset >= segment->lowest && offset <= segment->highest && segment->highest - offset >= size - 1 &&
           (write ? segment->writable : segment->readable);
}

#endif
