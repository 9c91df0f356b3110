/*
 * Every MMX, SSE, SSE2 and SSE3 instruction on registers and memory, with hard and random operands in every rounding
 * mode, DAZ and FTZ, against the host's own unit; and the exceptions, which the host cannot be asked for.
 */
#include <stdio.h>

#include "base/bits.h"
#include "bench.h"
#include "cpu/flags.h"
#include "cpu/fpu/environment.h"
#include "native_fpu.h"
#include "unit/suite.h"

#define ROUNDS 200 /* of each instruction and form */

enum form { REGISTER = 1, MEMORY = 2, BOTH = 3 };

/* prefix 0: none. `digit`: ModRM.reg fixed, -1: any register. */
struct subject {
    uint8_t prefix, opcode;
    enum form form;
    int8_t digit;
    bool immediate;
};

#define ANY(prefix, opcode, form)       \
    {                                   \
        prefix, opcode, form, -1, false \
    }
#define WITH_IMMEDIATE(prefix, opcode) \
    {                                  \
        prefix, opcode, BOTH, -1, true \
    }
#define SHIFT(prefix, opcode, digit)          \
    {                                         \
        prefix, opcode, REGISTER, digit, true \
    }
#define FOUR(opcode) \
    ANY(0, opcode, BOTH), ANY(0x66, opcode, BOTH), ANY(0xf3, opcode, BOTH), ANY(0xf2, opcode, BOTH)
#define TWO(opcode, form) ANY(0, opcode, form), ANY(0x66, opcode, form)

static const struct subject subjects[] = {
    FOUR(0x10),
    FOUR(0x11),
    FOUR(0x51),
    FOUR(0x58),
    FOUR(0x59),
    FOUR(0x5a),
    FOUR(0x5c),
    FOUR(0x5d),
    FOUR(0x5e),
    FOUR(0x5f),
    FOUR(0x2c),
    FOUR(0x2d),
    ANY(0, 0x12, BOTH),
    ANY(0x66, 0x12, MEMORY),
    ANY(0xf3, 0x12, BOTH),
    ANY(0xf2, 0x12, BOTH),
    TWO(0x13, MEMORY),
    ANY(0, 0x16, BOTH),
    ANY(0x66, 0x16, MEMORY),
    ANY(0xf3, 0x16, BOTH),
    TWO(0x17, MEMORY),
    TWO(0x14, BOTH),
    TWO(0x15, BOTH),
    TWO(0x28, BOTH),
    TWO(0x29, BOTH),
    TWO(0x2b, MEMORY),
    TWO(0x2e, BOTH),
    TWO(0x2f, BOTH),
    ANY(0, 0x2a, REGISTER),
    ANY(0x66, 0x2a, BOTH),
    ANY(0xf3, 0x2a, MEMORY),
    ANY(0xf2, 0x2a, MEMORY),
    TWO(0x50, REGISTER),
    ANY(0, 0x52, BOTH),
    ANY(0xf3, 0x52, BOTH),
    ANY(0, 0x53, BOTH),
    ANY(0xf3, 0x53, BOTH),
    TWO(0x54, BOTH),
    TWO(0x55, BOTH),
    TWO(0x56, BOTH),
    TWO(0x57, BOTH),
    ANY(0, 0x5b, BOTH),
    ANY(0x66, 0x5b, BOTH),
    ANY(0xf3, 0x5b, BOTH),
    ANY(0xf3, 0xe6, BOTH),
    ANY(0xf2, 0xe6, BOTH),
    ANY(0x66, 0xe6, BOTH),
    ANY(0x66, 0xd0, BOTH),
    ANY(0xf2, 0xd0, BOTH),
    ANY(0x66, 0x7c, BOTH),
    ANY(0xf2, 0x7c, BOTH),
    ANY(0x66, 0x7d, BOTH),
    ANY(0xf2, 0x7d, BOTH),
    WITH_IMMEDIATE(0, 0xc2),
    WITH_IMMEDIATE(0x66, 0xc2),
    WITH_IMMEDIATE(0xf3, 0xc2),
    WITH_IMMEDIATE(0xf2, 0xc2),
    WITH_IMMEDIATE(0, 0xc6),
    WITH_IMMEDIATE(0x66, 0xc6),
    WITH_IMMEDIATE(0, 0x70),
    WITH_IMMEDIATE(0x66, 0x70),
    WITH_IMMEDIATE(0xf3, 0x70),
    WITH_IMMEDIATE(0xf2, 0x70),
    {0, 0xc4, MEMORY, -1, true},
    {0x66, 0xc4, MEMORY, -1, true},
    {0, 0xc5, REGISTER, 0, true},
    {0x66, 0xc5, REGISTER, 0, true},
    {0, 0xd7, REGISTER, 0, false},
    {0x66, 0xd7, REGISTER, 0, false},
    TWO(0x60, BOTH),
    TWO(0x61, BOTH),
    TWO(0x62, BOTH),
    TWO(0x63, BOTH),
    TWO(0x64, BOTH),
    TWO(0x65, BOTH),
    TWO(0x66, BOTH),
    TWO(0x67, BOTH),
    TWO(0x68, BOTH),
    TWO(0x69, BOTH),
    TWO(0x6a, BOTH),
    TWO(0x6b, BOTH),
    ANY(0x66, 0x6c, BOTH),
    ANY(0x66, 0x6d, BOTH),
    TWO(0x6e, MEMORY),
    TWO(0x6f, BOTH),
    ANY(0xf3, 0x6f, BOTH),
    TWO(0x7e, MEMORY),
    ANY(0xf3, 0x7e, BOTH),
    TWO(0x7f, BOTH),
    ANY(0xf3, 0x7f, BOTH),
    TWO(0x74, BOTH),
    TWO(0x75, BOTH),
    TWO(0x76, BOTH),
    {0, 0x77, REGISTER, -2, false},
    TWO(0xd1, BOTH),
    TWO(0xd2, BOTH),
    TWO(0xd3, BOTH),
    TWO(0xd4, BOTH),
    TWO(0xd5, BOTH),
    ANY(0x66, 0xd6, BOTH),
    ANY(0xf2, 0xd6, REGISTER),
    ANY(0xf3, 0xd6, REGISTER),
    TWO(0xd8, BOTH),
    TWO(0xd9, BOTH),
    TWO(0xda, BOTH),
    TWO(0xdb, BOTH),
    TWO(0xdc, BOTH),
    TWO(0xdd, BOTH),
    TWO(0xde, BOTH),
    TWO(0xdf, BOTH),
    TWO(0xe0, BOTH),
    TWO(0xe1, BOTH),
    TWO(0xe2, BOTH),
    TWO(0xe3, BOTH),
    TWO(0xe4, BOTH),
    TWO(0xe5, BOTH),
    TWO(0xe7, MEMORY),
    TWO(0xe8, BOTH),
    TWO(0xe9, BOTH),
    TWO(0xea, BOTH),
    TWO(0xeb, BOTH),
    TWO(0xec, BOTH),
    TWO(0xed, BOTH),
    TWO(0xee, BOTH),
    TWO(0xef, BOTH),
    ANY(0xf2, 0xf0, MEMORY),
    TWO(0xf1, BOTH),
    TWO(0xf2, BOTH),
    TWO(0xf3, BOTH),
    TWO(0xf4, BOTH),
    TWO(0xf5, BOTH),
    TWO(0xf6, BOTH),
    TWO(0xf8, BOTH),
    TWO(0xf9, BOTH),
    TWO(0xfa, BOTH),
    TWO(0xfb, BOTH),
    TWO(0xfc, BOTH),
    TWO(0xfd, BOTH),
    TWO(0xfe, BOTH),
    SHIFT(0, 0x71, 2),
    SHIFT(0, 0x71, 4),
    SHIFT(0, 0x71, 6),
    SHIFT(0, 0x72, 2),
    SHIFT(0, 0x72, 4),
    SHIFT(0, 0x72, 6),
    SHIFT(0, 0x73, 2),
    SHIFT(0, 0x73, 6),
    SHIFT(0x66, 0x71, 2),
    SHIFT(0x66, 0x71, 4),
    SHIFT(0x66, 0x71, 6),
    SHIFT(0x66, 0x72, 2),
    SHIFT(0x66, 0x72, 4),
    SHIFT(0x66, 0x72, 6),
    SHIFT(0x66, 0x73, 2),
    SHIFT(0x66, 0x73, 3),
    SHIFT(0x66, 0x73, 6),
    SHIFT(0x66, 0x73, 7),
};

/* 16 bytes of singles, doubles or anything, with the hard cases often. */
static void hard_operand(uint64_t *seed, void *bytes)
{
    static const uint32_t singles[] = {0,          0x80000000, 1,          0x80000001, 0x007fffff,
                                       0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff, 0x7f800000,
                                       0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 0x4effffff,
                                       0x4f000000, 0xcf000000, 0x3effffff, 0x3f000000, 0x40490fdb};
    static const uint64_t doubles[] = {0,
                                       0x8000000000000000u,
                                       1,
                                       0x000fffffffffffffu,
                                       0x0010000000000000u,
                                       0x3ff0000000000000u,
                                       0xbff0000000000000u,
                                       0x7fefffffffffffffu,
                                       0x7ff0000000000000u,
                                       0xfff0000000000000u,
                                       0x7ff8000000000000u,
                                       0x7ff0000000000001u,
                                       0x41dfffffffc00000u,
                                       0x41e0000000000000u,
                                       0xc1e0000000000000u,
                                       0x3fe0000000000000u,
                                       0x380fffffffffffffu,
                                       0x36a0000000000000u,
                                       0x47efffffe0000000u};
    uint64_t kind = native_fpu_random(seed);
    uint8_t *p = bytes;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t r = native_fpu_random(seed);
        if (kind & 1)
            store_le32(p + 4 * i, r & 1 ? singles[(r >> 8) % ARRAY_LENGTH(singles)]
                                        : (uint32_t)((r >> 8 & 0x80ffffff) | (0x3a + (r >> 4 & 15)) << 24));
        else if ((kind & 2) && i % 2 == 0)
            store_le64(p + 4 * i, r & 1 ? doubles[(r >> 8) % ARRAY_LENGTH(doubles)]
                                        : (r & 0x800fffffffffffffu) | (0x3e0 + (r >> 56 & 63)) << 52);
        else if (!(kind & 2))
            store_le32(p + 4 * i, (uint32_t)(r & 4 ? r >> 32 : r >> 32 & 0x3f));
    }
}

struct comparison {
    struct bench *bench;
    struct native_fpu *native;
    uint64_t seed;
    unsigned differences;
};

static void hard_state(struct comparison *c, struct fpu_state *fpu)
{
    memset(fpu, 0, sizeof *fpu);
    uint64_t r = native_fpu_random(&c->seed);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t bytes[2] = {0, 0};
        hard_operand(&c->seed, bytes);
        hard_operand(&c->seed, &fpu->xmm[i]);
        fpu->registers[i] = (struct fpu_register){bytes[0], (uint16_t)bytes[1], {0}};
    }
    fpu->control = FCW_INIT;
    fpu->empty = (uint8_t)r;
    fpu->status = (uint16_t)(r >> 8 & FSW_TOP);
    fpu->mxcsr = MXCSR_MASKS | (r >> 16 & (MXCSR_RC | MXCSR_FLAGS));
    if (r & 1ull << 40)
        fpu->mxcsr |= r >> 16 & (MXCSR_DAZ | MXCSR_FTZ);
}

/* The parts of an FXSAVE image that are compared: control, status, tags, MXCSR, registers. */
static void image_from_state(uint8_t image[512], const struct fpu_state *fpu)
{
    memset(image, 0, 512);
    store_le16(image, fpu->control);
    store_le16(image + 2, fpu->status);
    image[4] = (uint8_t)~fpu->empty;
    store_le32(image + 24, fpu->mxcsr);
    for (unsigned i = 0; i < 8; i++)
        memcpy(image + 32 + 16 * i, &fpu->registers[((fpu->status >> FSW_TOP_SHIFT) + i) & 7], 10);
    memcpy(image + 160, fpu->xmm, sizeof fpu->xmm);
}

static bool images_equal(const uint8_t *a, const uint8_t *b)
{
    if (memcmp(a, b, 6) != 0 || memcmp(a + 24, b + 24, 4) != 0 || memcmp(a + 160, b + 160, 128) != 0)
        return false;
    for (unsigned i = 0; i < 8; i++) {
        if (memcmp(a + 32 + 16 * i, b + 32 + 16 * i, 10) != 0)
            return false;
    }
    return true;
}

static void image_print(const char *title, const uint8_t *image)
{
    printf("  %-7s fsw %04x ftw %02x mxcsr %04x", title, load_le16(image + 2), image[4],
           load_le32(image + 24));
    for (unsigned i = 0; i < 3; i++)
        printf(" xmm%u %016llx.%016llx mm %04x.%016llx", i,
               (unsigned long long)load_le64(image + 168 + 16 * i),
               (unsigned long long)load_le64(image + 160 + 16 * i), load_le16(image + 40 + 16 * i),
               (unsigned long long)load_le64(image + 32 + 16 * i));
    printf("\n");
}

static size_t encode(const struct subject *s, bool memory, uint64_t r, uint8_t *code)
{
    size_t n = 0;
    if (s->prefix != 0)
        code[n++] = s->prefix;
    code[n++] = 0x0f;
    code[n++] = s->opcode;
    if (s->digit == -2)
        return n;
    unsigned reg = s->digit >= 0 ? (unsigned)s->digit : r & 7;
    /* A general register as destination is EAX. */
    if ((s->opcode == 0x2c || s->opcode == 0x2d) && s->prefix >= 0xf2)
        reg = EAX;
    if (s->opcode == 0x50)
        reg = EAX;
    code[n++] = (uint8_t)(reg << 3 | (memory ? 2 : 0xc0 | (r >> 3 & 7)));
    if (s->immediate)
        code[n++] = (uint8_t)(r >> 8 & (r >> 16 & 1 ? 0xff : 0x1f));
    if (s->opcode == 0xc2) /* only the low three bits are defined */
        code[n - 1] &= 7;
    return n;
}

static void compare_once(struct comparison *c, const struct subject *s, bool memory)
{
    _Alignas(16) uint8_t before[512], native[512], own[512], operand[16], native_operand[16], own_operand[16];
    struct cpu *cpu = &c->bench->cpu;
    uint8_t code[8];
    size_t size = encode(s, memory, native_fpu_random(&c->seed), code);
    uint64_t native_flags = 0x202;
    uint32_t native_eax = 0x12345678;
    hard_state(c, &cpu->fpu);
    hard_operand(&c->seed, operand);
    image_from_state(before, &cpu->fpu);
    memcpy(native_operand, operand, sizeof operand);
    memset(native, 0, sizeof native);
    native_fpu_run_sse(c->native, code, size, before, native, native_operand, &native_flags, &native_eax);

    bench_protected(c->bench, 0);
    cpu->cr0 &= ~(CR0_TS | CR0_EM);
    cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu->gpr[EAX] = 0x12345678;
    cpu->gpr[EDX] = BENCH_DATA;
    bench_write(c->bench, BENCH_DATA, operand, sizeof operand);
    flags_set(cpu, EFLAGS_STATUS, 0);
    bench_forget(c->bench);
    bench_code(c->bench, code, size);
    bench_run(c->bench, 1);
    image_from_state(own, &cpu->fpu);
    for (unsigned i = 0; i < sizeof own_operand; i++)
        own_operand[i] = bench_read8(c->bench, BENCH_DATA + i);
    if (bench_fault(c->bench).reason == NO_FAULT && images_equal(own, native) &&
        cpu->gpr[EAX] == native_eax && memcmp(own_operand, native_operand, 16) == 0 &&
        !((cpu->eflags ^ native_flags) & EFLAGS_STATUS))
        return;
    if (c->differences++ < 20) {
        for (unsigned i = 0; i < size; i++)
            printf("%02x ", code[i]);
        printf(": fault %s, eax %08x native %08x\n", fault_reason_words(bench_fault(c->bench).reason),
               cpu->gpr[EAX], native_eax);
        image_print("before", before);
        image_print("native", native);
        image_print("own", own);
        printf("  operand %016llx.%016llx\n", (unsigned long long)load_le64(operand + 8),
               (unsigned long long)load_le64(operand));
    }
}

START_TEST(every_instruction_does_what_the_host_does)
{
    struct comparison c = {.bench = bench_new(NULL), .native = native_fpu_new(), .seed = 1};
    for (unsigned i = 0; i < ARRAY_LENGTH(subjects); i++) {
        for (unsigned k = 0; k < ROUNDS; k++) {
            if (subjects[i].form & REGISTER)
                compare_once(&c, &subjects[i], false);
            if (subjects[i].form & MEMORY)
                compare_once(&c, &subjects[i], true);
        }
    }
    ck_assert_uint_eq(c.differences, 0);
    native_fpu_free(c.native);
    bench_free(c.bench);
}
END_TEST

static struct bench *bench_sse(uint32_t mxcsr, struct xmm_register a, struct xmm_register b)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    bench->cpu.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    bench->cpu.fpu.mxcsr = mxcsr;
    bench->cpu.fpu.xmm[0] = a;
    bench->cpu.fpu.xmm[1] = b;
    return bench;
}

#define ONE_SINGLE 0x3f800000u
static const struct xmm_register ones = {0x3f8000003f800000u, 0x3f8000003f800000u};

START_TEST(an_unmasked_division_by_zero_is_xm_and_leaves_the_destination)
{
    struct xmm_register zero_lane = {0x3f80000000000000u, 0x3f8000003f800000u};
    struct bench *bench = bench_sse(MXCSR_RESET & ~0x0200u, ones, zero_lane);
    BENCH_STEP(bench, 0x0f, 0x5e, 0xc1); /* DIVPS XMM0, XMM1 */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_XM);
    ck_assert_uint_eq(bench->cpu.fpu.mxcsr & MXCSR_FLAGS, 0x04);
    ck_assert_uint_eq(bench->cpu.fpu.xmm[0].low, ones.low);
    bench_free(bench);
}
END_TEST

START_TEST(without_osxmmexcpt_an_unmasked_exception_is_an_undefined_opcode)
{
    struct bench *bench = bench_sse(MXCSR_RESET & ~0x0200u, ones, (struct xmm_register){0, 0});
    bench->cpu.cr4 &= ~CR4_OSXMMEXCPT;
    BENCH_STEP(bench, 0x0f, 0x5e, 0xc1);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    ck_assert_uint_eq(bench_fault(bench).reason, SIMD_EXCEPTION_NOT_ENABLED);
    bench_free(bench);
}
END_TEST

START_TEST(an_unmasked_invalid_operation_hides_what_would_come_after_it)
{
    /* lane 0: SNaN + 1 (IE); lane 1: 1 + 2^-30 (PE) */
    struct xmm_register a = {0x3f8000007f800001u, 0}, b = {0x308000003f800000u, 0};
    struct bench *bench = bench_sse(MXCSR_RESET & ~0x0080u, a, b);
    BENCH_STEP(bench, 0x0f, 0x58, 0xc1);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_XM);
    ck_assert_uint_eq(bench->cpu.fpu.mxcsr & MXCSR_FLAGS, 0x01);
    bench_free(bench);
}
END_TEST

START_TEST(an_exact_tiny_result_underflows_only_when_unmasked)
{
    struct xmm_register smallest = {0x00800000, 0}, half = {0x3f000000, 0};
    struct bench *bench = bench_sse(MXCSR_RESET, smallest, half);
    BENCH_STEP(bench, 0xf3, 0x0f, 0x59, 0xc1); /* MULSS */
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    ck_assert_uint_eq(bench->cpu.fpu.mxcsr & MXCSR_FLAGS, 0);
    ck_assert_uint_eq(bench->cpu.fpu.xmm[0].low, 0x00400000);
    bench_free(bench);
    bench = bench_sse((MXCSR_RESET & ~0x0800u) | MXCSR_FTZ, smallest, half);
    BENCH_STEP(bench, 0xf3, 0x0f, 0x59, 0xc1);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_XM);
    ck_assert_uint_eq(bench->cpu.fpu.mxcsr & MXCSR_FLAGS, 0x10);
    ck_assert_uint_eq(bench->cpu.fpu.xmm[0].low, 0x00800000);
    bench_free(bench);
}
END_TEST

START_TEST(flags_that_are_already_set_raise_nothing)
{
    struct bench *bench = bench_sse((MXCSR_RESET & ~0x0200u) | 0x04, ones, ones);
    BENCH_STEP(bench, 0x0f, 0x58, 0xc1);
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    bench_free(bench);
}
END_TEST

START_TEST(sixteen_byte_operands_must_be_aligned_unless_the_instruction_says_unaligned)
{
    struct bench *bench = bench_sse(MXCSR_RESET, ones, ones);
    bench->cpu.gpr[EDX] = BENCH_DATA + 4;
    BENCH_STEP(bench, 0x0f, 0x58, 0x02); /* ADDPS */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_GP);
    ck_assert_uint_eq(bench_fault(bench).reason, SIMD_ALIGNMENT);
    bench_protected(bench, 0);
    bench->cpu.gpr[EDX] = BENCH_DATA + 4;
    bench_forget(bench);
    BENCH_STEP(bench, 0x0f, 0x11, 0x02); /* MOVUPS */
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 16), ONE_SINGLE);
    bench_free(bench);
}
END_TEST

START_TEST(masked_stores_write_the_chosen_bytes_only)
{
    struct bench *bench =
        bench_sse(MXCSR_RESET, (struct xmm_register){0x8877665544332211u, 0xffeeddccbbaa9988u},
                  (struct xmm_register){0x0000000080000080u, 0x8000000000000000u});
    bench->cpu.gpr[EDI] = BENCH_DATA + 1;
    BENCH_STEP(bench, 0x66, 0x0f, 0xf7, 0xc1); /* MASKMOVDQU XMM0, XMM1 */
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA), 0x00001100);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 4), 0x00000044);
    ck_assert_uint_eq(bench_read8(bench, BENCH_DATA + 16), 0xff);
    bench_free(bench);
}
END_TEST

START_TEST(a_model_without_sse2_has_neither_its_instructions_nor_daz)
{
    struct bench *bench = bench_new("pentium3");
    bench_protected(bench, 0);
    bench->cpu.cr4 |= CR4_OSFXSR;
    BENCH_STEP(bench, 0x66, 0x0f, 0x58, 0xc1); /* ADDPD */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    bench_protected(bench, 0);
    bench->cpu.cr4 |= CR4_OSFXSR;
    bench->cpu.gpr[EDX] = BENCH_DATA;
    bench_write32(bench, BENCH_DATA, MXCSR_RESET | MXCSR_DAZ);
    BENCH_STEP(bench, 0x0f, 0xae, 0x12); /* LDMXCSR */
    ck_assert_uint_eq(bench_fault(bench).reason, MXCSR_RESERVED_BIT);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("fpu_sse", every_instruction_does_what_the_host_does,
           an_unmasked_division_by_zero_is_xm_and_leaves_the_destination,
           without_osxmmexcpt_an_unmasked_exception_is_an_undefined_opcode,
           an_unmasked_invalid_operation_hides_what_would_come_after_it,
           an_exact_tiny_result_underflows_only_when_unmasked, flags_that_are_already_set_raise_nothing,
           sixteen_byte_operands_must_be_aligned_unless_the_instruction_says_unaligned,
           masked_stores_write_the_chosen_bytes_only,
           a_model_without_sse2_has_neither_its_instructions_nor_daz)
