/*
 * Every x87 instruction with operands from the hard cases and at random, in every precision and rounding mode, with
 * exceptions masked and unmasked and with missing operands, against the host's own unit.
 */
#include <stdio.h>

#include "base/bits.h"
#include "bench.h"
#include "cpu/flags.h"
#include "cpu/fpu/environment.h"
#include "native_fpu.h"
#include "unit/suite.h"

#define ROUNDS 400 /* of each instruction */

struct image {
    uint32_t control, status, tags, fip, fcs, fdp, fds;
    uint8_t registers[8][10];
};

static struct fpu_register hard_register(uint64_t *seed)
{
    static const uint16_t exponents[] = {0,      1,      2,      0x3fff,      0x3ffe, 0x4000, 0x403e,
                                         0x403f, 0x400e, 0x401e, 0x3fff - 63, 0x7ffe, 0x7fff, 0x7ffd,
                                         0x3f81, 0x3f6a, 0x3c01, 0x3bcd,      0x407e, 0x43fe};
    static const uint64_t significands[] = {0,
                                            1,
                                            0x8000000000000000u,
                                            0xc000000000000000u,
                                            0xffffffffffffffffu,
                                            0x8000000000000001u,
                                            0xa000000000000000u,
                                            0x4000000000000000u,
                                            0x7fffffffffffffffu,
                                            0xffffff0000000000u,
                                            0xffffff8000000000u,
                                            0xfffffffffffff800u,
                                            0xfffffffffffffc00u};
    uint64_t r = native_fpu_random(seed);
    struct fpu_register value = {0};
    value.significand =
        r & 1 ? significands[(r >> 8) % ARRAY_LENGTH(significands)] : native_fpu_random(seed) | 1ull << 63;
    if (r & 2)
        value.sign_exponent = exponents[(r >> 16) % ARRAY_LENGTH(exponents)];
    else
        value.sign_exponent = (uint16_t)(r & 4 ? 0x3fff - 70 + (r >> 24) % 140 : (r >> 24) & 0x7fff);
    if (value.sign_exponent != 0 && (r & 0x1c0) != 0) /* mostly supported formats */
        value.significand |= 1ull << 63;
    if (r & 0x20)
        value.sign_exponent |= 0x8000;
    return value;
}

static void hard_memory(uint64_t *seed, uint8_t memory[16])
{
    static const uint32_t singles[] = {0,          1,          0x80000000, 0x7f800000,
                                       0xff800000, 0x7fc00000, 0x7f800001, 0x3f800000,
                                       0x007fffff, 0x00800000, 0x7f7fffff, 0xbf800000};
    static const uint64_t doubles[] = {0,
                                       1,
                                       0x8000000000000000u,
                                       0x7ff0000000000000u,
                                       0x7ff8000000000000u,
                                       0x7ff0000000000001u,
                                       0x3ff0000000000000u,
                                       0x000fffffffffffffu,
                                       0x0010000000000000u,
                                       0x7fefffffffffffffu};
    uint64_t r = native_fpu_random(seed);
    store_le64(memory, native_fpu_random(seed));
    store_le64(memory + 8, native_fpu_random(seed));
    switch (r & 7) {
    case 0:
        store_le32(memory, singles[(r >> 8) % ARRAY_LENGTH(singles)]);
        break;
    case 1:
        store_le64(memory, doubles[(r >> 8) % ARRAY_LENGTH(doubles)]);
        break;
    case 2: /* packed BCD, digits valid */
        for (unsigned i = 0; i < 10; i++)
            memory[i] = (uint8_t)(((r >> (i + 8)) % 10) << 4 | (r >> (3 * i + 8)) % 10);
        break;
    case 3: {
        struct fpu_register value = hard_register(seed);
        memcpy(memory, &value, 10);
        break;
    }
    case 4:
        store_le32(memory, (uint32_t)(0x3f000000 + ((r >> 8) & 0x1ffffff)));
        break;
    case 5:
        store_le64(memory, 0x3fe0000000000000u + ((r >> 8) & 0x3fffffffffffffu));
        break;
    default:
        break;
    }
}

static void hard_state(uint64_t *seed, struct fpu_state *fpu)
{
    uint64_t r = native_fpu_random(seed);
    memset(fpu, 0, sizeof *fpu);
    for (unsigned i = 0; i < 8; i++)
        fpu->registers[i] = hard_register(seed);
    fpu->empty = r & 1 ? 0 : (uint8_t)(r >> 8 & r >> 16); /* often a full stack or one with holes */
    if ((r & 6) == 0)
        fpu->empty |= 0xf0;
    fpu->control = (uint16_t)(FCW_ONES | (r >> 24 & (FCW_PC | FCW_RC)));
    fpu->control |= r & 8 ? FCW_MASKS : r >> 40 & FCW_MASKS;
    if ((fpu->control & FCW_PC) == 0x0100) /* reserved */
        fpu->control |= FCW_PC;
    fpu->status = (uint16_t)(r >> 48 & (FSW_CONDITION | FSW_TOP | FSW_SF));
    fpu->status |= fpu->control & (r >> 12) & FSW_EXCEPTIONS;
}

static void image_from_state(struct image *image, const struct fpu_state *fpu)
{
    memset(image, 0, sizeof *image);
    image->control = fpu->control;
    image->status = fpu->status;
    image->tags = x87_tag_word(fpu);
    for (unsigned i = 0; i < 8; i++)
        memcpy(image->registers[i], &fpu->registers[((fpu->status >> FSW_TOP_SHIFT) + i) & 7], 10);
}

/* `undefined`: FSW bits that do not count. */
static bool images_equal(const struct image *a, const struct image *b, uint16_t undefined)
{
    return (uint16_t)a->control == (uint16_t)b->control &&
           ((uint16_t)a->status & ~undefined) == ((uint16_t)b->status & ~undefined) &&
           (uint16_t)a->tags == (uint16_t)b->tags &&
           memcmp(a->registers, b->registers, sizeof a->registers) == 0;
}

static void image_print(const char *title, const struct image *image)
{
    printf("  %-8s fcw %04x fsw %04x ftw %04x", title, image->control & 0xffff, image->status & 0xffff,
           image->tags & 0xffff);
    for (unsigned i = 0; i < 8; i++)
        printf(" %04x.%016llx", load_le16(image->registers[i] + 8),
               (unsigned long long)load_le64(image->registers[i]));
    printf("\n");
}

/* FCOMI and kin clear C1 (SDM 2A FCOMI); AMD's processors leave it. */
static uint16_t undefined_status(const uint8_t *code)
{
    bool is_fcomi = (code[0] == 0xdb || code[0] == 0xdf) && code[1] >= 0xe8 && code[1] <= 0xf7;
    return is_fcomi ? FSW_C1 : 0;
}

struct comparison {
    struct bench *bench;
    struct native_fpu *native;
    uint64_t seed;
    unsigned differences;
};

/* One instruction on one random state. */
static void compare_once(struct comparison *c, const uint8_t *code, size_t size)
{
    struct fpu_state *fpu = &c->bench->cpu.fpu;
    uint8_t memory[16], native_memory[16], own_memory[16];
    struct image before, native, own;
    uint64_t eflags = 0x202 | (native_fpu_random(&c->seed) & EFLAGS_STATUS);
    hard_state(&c->seed, fpu);
    hard_memory(&c->seed, memory);
    image_from_state(&before, fpu);

    memcpy(native_memory, memory, sizeof memory);
    uint64_t native_flags = eflags;
    native_fpu_run_x87(c->native, code, size, &before, &native, native_memory, &native_flags);

    bench_protected(c->bench, 0);
    c->bench->cpu.cr0 = (c->bench->cpu.cr0 | CR0_NE) & ~(CR0_TS | CR0_EM);
    c->bench->cpu.gpr[EDX] = BENCH_DATA;
    bench_write(c->bench, BENCH_DATA, memory, sizeof memory);
    flags_set(&c->bench->cpu, EFLAGS_STATUS, (uint32_t)eflags);
    bench_forget(c->bench);
    bench_code(c->bench, code, size);
    bench_run(c->bench, 1);
    image_from_state(&own, fpu);
    for (unsigned i = 0; i < sizeof own_memory; i++)
        own_memory[i] = bench_read8(c->bench, BENCH_DATA + i);

    bool faulted = bench_fault(c->bench).reason != NO_FAULT;
    bool flags_differ = (c->bench->cpu.eflags ^ native_flags) & EFLAGS_STATUS;
    if (!faulted && !flags_differ && images_equal(&own, &native, undefined_status(code)) &&
        memcmp(own_memory, native_memory, 16) == 0)
        return;
    if (c->differences++ < 20) {
        printf("%02x %02x: fault %s, flags %x, native %x\n", code[0], code[1],
               fault_reason_words(bench_fault(c->bench).reason), c->bench->cpu.eflags & EFLAGS_STATUS,
               (unsigned)native_flags & EFLAGS_STATUS);
        image_print("before", &before);
        image_print("native", &native);
        image_print("own", &own);
        for (unsigned k = 0; k < 3; k++) {
            const uint8_t *m = k == 0 ? memory : k == 1 ? native_memory : own_memory;
            printf("  memory %016llx %04x\n", (unsigned long long)load_le64(m), load_le16(m + 8));
        }
    }
}

/* What is left out: environments and states (test_fpu_state), FNSTSW AX, reserved opcodes. */
static bool is_compared(unsigned opcode, unsigned modrm)
{
    unsigned digit = (modrm >> 3) & 7;
    if (modrm < 0xc0) {
        if (opcode == 0xd9)
            return digit == 0 || digit == 2 || digit == 3 || digit == 5 || digit == 7;
        if (opcode == 0xdb)
            return digit != 4 && digit != 6;
        if (opcode == 0xdd)
            return digit < 4 || digit == 7;
        return true;
    }
    static const struct {
        uint8_t opcode, first, last;
    } reserved[] = {{0xd9, 0xd1, 0xd7}, {0xd9, 0xe2, 0xe3}, {0xd9, 0xe6, 0xe7}, {0xd9, 0xef, 0xef},
                    {0xda, 0xe0, 0xe8}, {0xda, 0xea, 0xff}, {0xdb, 0xe0, 0xe1}, {0xdb, 0xe4, 0xe7},
                    {0xdb, 0xf8, 0xff}, {0xdd, 0xf0, 0xff}, {0xde, 0xd8, 0xd8}, {0xde, 0xda, 0xdf},
                    {0xdf, 0xe0, 0xe7}, {0xdf, 0xf8, 0xff}};
    for (unsigned i = 0; i < ARRAY_LENGTH(reserved); i++) {
        if (opcode == reserved[i].opcode && modrm >= reserved[i].first && modrm <= reserved[i].last)
            return false;
    }
    return true;
}

static unsigned compare_all(bool memory_forms)
{
    struct comparison c = {.bench = bench_new(NULL), .native = native_fpu_new(), .seed = memory_forms};
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++) {
        for (unsigned modrm = memory_forms ? 0 : 0xc0; modrm < (memory_forms ? 0x40 : 0x100); modrm++) {
            if (memory_forms && (modrm & 7) != 2)
                continue;
            uint8_t code[2] = {(uint8_t)opcode, (uint8_t)modrm};
            if (!is_compared(opcode, modrm))
                continue;
            for (unsigned i = 0; i < ROUNDS * (memory_forms ? 8 : 1); i++)
                compare_once(&c, code, sizeof code);
        }
    }
    native_fpu_free(c.native);
    bench_free(c.bench);
    return c.differences;
}

START_TEST(register_forms_do_what_the_host_does)
{
    ck_assert_uint_eq(compare_all(false), 0);
}
END_TEST

START_TEST(memory_forms_do_what_the_host_does)
{
    ck_assert_uint_eq(compare_all(true), 0);
}
END_TEST

UNIT_SUITE("fpu_x87", register_forms_do_what_the_host_does, memory_forms_do_what_the_host_does)
