/*
 * What the two sides of the oracle agree on: the memory a program may touch, the program with its registers, and
 * what came of it. Included by the 64-bit test program and by the freestanding 32-bit one, so that only types of
 * fixed size stand here.
 *
 * The arena lies at the same linear addresses on both sides. Around each region the neighbouring pages are not
 * present, so that every region has an edge to fall off:
 *
 *     00008000  two pages of data, then one read-only page     within reach of 16-bit addresses
 *     0000c000  two pages of code                              within reach of 16-bit jumps
 *     0000f000  two pages of data                              across the end of 16-bit addresses
 *     10000000  two pages of data, then one read-only page
 *     20000000  two pages of code
 *     70000000  16 MiB that belong to the two sides themselves
 *
 * Data is not executable. Code is writable. Before each program everything is as arena_word says.
 */
#ifndef GATE86_TESTS_ORACLE_PROTOCOL_H
#define GATE86_TESTS_ORACLE_PROTOCOL_H

#include <stdint.h>

#define ORACLE_PRIVATE_BASE 0x70000000u
#define ORACLE_PRIVATE_SIZE 0x01000000u
#define ORACLE_SHARED_BASE  0x70800000u /* the batch, mapped by both programs */

#define ORACLE_PAGE 4096u
#define ORACLE_LINE 64u /* the grain of restoring memory */

enum arena_kind { ARENA_DATA, ARENA_READ_ONLY, ARENA_CODE };

struct arena_region {
    uint32_t base;
    uint32_t pages;
    uint32_t kind; /* enum arena_kind */
    uint32_t low;  /* in the first 64 KiB, which not every host lets a program have */
};

#define ARENA_REGIONS 7
#define ARENA_PAGES   12

static const struct arena_region arena_regions[ARENA_REGIONS] = {
    {0x00008000u, 2, ARENA_DATA, 1}, {0x0000a000u, 1, ARENA_READ_ONLY, 1},
    {0x0000c000u, 2, ARENA_CODE, 1}, {0x0000f000u, 2, ARENA_DATA, 1},
    {0x10000000u, 2, ARENA_DATA, 0}, {0x10002000u, 1, ARENA_READ_ONLY, 0},
    {0x20000000u, 2, ARENA_CODE, 0},
};

/* HLT: not allowed to the program, so that whatever runs off its end stops there. */
#define ARENA_CODE_FILLER 0xf4f4f4f4u

static inline uint32_t arena_word(const struct arena_region *region, uint32_t address)
{
    if (region->kind == ARENA_CODE)
        return ARENA_CODE_FILLER;
    uint32_t word = (address >> 2) * 0x9e3779b1u;
    word ^= word >> 15;
    word *= 0x85ebca77u;
    return word ^ word >> 13;
}

#define ORACLE_CODE_MAX    128
#define ORACLE_PATCHES_MAX 8
#define ORACLE_CHANGES_MAX 40

struct oracle_word {
    uint32_t address; /* a multiple of 4 */
    uint32_t value;
};

struct oracle_program {
    uint32_t registers[8]; /* in encoding order */
    uint32_t eip;
    uint32_t eflags;
    uint16_t segments[6]; /* selectors, in encoding order */
    uint16_t reserved[2];
    uint32_t code_address; /* `code` is put here */
    uint32_t code_length;
    uint8_t code[ORACLE_CODE_MAX];
    uint32_t patch_count; /* data that differs from arena_word */
    struct oracle_word patches[ORACLE_PATCHES_MAX];
};

/* Every program ends with an exception. What a program did to memory: the first changes, and a hash of all. */
struct oracle_outcome {
    uint32_t registers[8];
    uint32_t eip;
    uint32_t eflags;
    uint16_t segments[6]; /* selectors, in encoding order */
    uint32_t vector;
    uint32_t error_code; /* 0 when the exception has none */
    uint32_t cr2;        /* of a page fault, else 0 */
    uint32_t change_count;
    uint32_t change_hash;
    struct oracle_word changes[ORACLE_CHANGES_MAX];
};

/* What the host lets the 32-bit program have; its first word on the pipe. */
#define ORACLE_HELLO      0x6f726300u
#define ORACLE_HELLO_MASK 0xffffff00u
#define ORACLE_LOW_MEMORY 1u
#define ORACLE_LDT        2u

#define ORACLE_BATCH 1024

struct oracle_batch {
    struct oracle_program programs[ORACLE_BATCH];
    struct oracle_outcome outcomes[ORACLE_BATCH];
};

/* The local descriptor table of both sides, when the host has modify_ldt: segments with edges. */
#define ORACLE_LDT_ENTRIES 8

struct oracle_segment {
    uint32_t base;
    uint32_t limit;     /* bytes */
    uint32_t contents;  /* of modify_ldt: 0 data, 1 expand-down data, 2 code */
    uint32_t read_only; /* for code: execute-only */
    uint32_t wide;      /* B or D */
};

/* clang-format off */
static const struct oracle_segment oracle_segments[ORACLE_LDT_ENTRIES] = {
    {0x0fffff00u, 0x000016fdu, 0, 0, 1}, /* 07: ends within the second page of data, at an odd place */
    {0x10000000u, 0x00000ffeu, 1, 0, 0}, /* 0f: expand-down, 16-bit: offsets fffh to ffffh */
    {0x10000400u, 0x00000bffu, 0, 1, 0}, /* 17: read-only */
    {0x10000000u, 0x00001fffu, 2, 1, 1}, /* 1f: code that cannot be read, on pages that cannot be executed */
    {0x00000000u, 0x0000dffdu, 2, 0, 0}, /* 27: 16-bit code, low */
    {0x20000000u, 0x00001ffdu, 2, 0, 0}, /* 2f: 16-bit code */
    {0x10000000u, 0x00001ffeu, 0, 0, 0}, /* 37: a 16-bit stack */
    {0x10000000u, 0x0000007fu, 1, 0, 1}, /* 3f: expand-down, 32-bit */
};
/* clang-format on */

/*
 * One line of memory: notes what differs from `before` and puts it back. Returns whether anything did.
 */
static inline int arena_line_restore(uint32_t *line, const uint32_t *before, uint32_t address,
                                     struct oracle_outcome *outcome)
{
    uint32_t differs = 0;
    for (unsigned i = 0; i < ORACLE_LINE / 4; i++)
        differs |= line[i] ^ before[i];
    if (differs == 0)
        return 0;
    for (unsigned i = 0; i < ORACLE_LINE / 4; i++) {
        if (line[i] == before[i])
            continue;
        if (outcome->change_count < ORACLE_CHANGES_MAX)
            outcome->changes[outcome->change_count] = (struct oracle_word){address + i * 4, line[i]};
        outcome->change_count++;
        outcome->change_hash = (outcome->change_hash ^ (address + i * 4)) * 0x01000193u;
        outcome->change_hash = (outcome->change_hash ^ line[i]) * 0x01000193u;
        line[i] = before[i];
    }
    return 1;
}

#endif
