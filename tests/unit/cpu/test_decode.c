/*
 * The decoder, by examples and against Zydis: random bytes in 16- and 32-bit code must be the same instruction
 * with the same length, ModRM fields, displacement and immediates, or undefined for both. What Zydis knows and
 * a Core Duo does not must be undefined here.
 */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "cpu/decode.h"

#ifdef GATE86_HAVE_ZYDIS
#include <Zydis/Zydis.h>
#endif

static struct decoder *decoder;

static void setup(void)
{
    struct cpu_model model;
    struct error error;
    ck_assert(cpu_model_parse("core-duo", &model, &error));
    decoder = decoder_new(&model);
}

static void teardown(void)
{
    decoder_free(decoder);
}

static struct operation decode_bytes(const uint8_t *bytes, unsigned count, bool wide)
{
    struct operation op;
    ck_assert_int_eq(decode(decoder, bytes, count, wide, &op), DECODE_DONE);
    return op;
}

#define DECODE(wide, ...) \
    decode_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), wide)

START_TEST(a_sib_byte_gives_base_index_and_scale)
{
    struct operation op = DECODE(true, 0x03, 0x44, 0x8e, 0x10); /* add eax, [esi + ecx*4 + 10h] */
    ck_assert_uint_eq(op.length, 4);
    ck_assert_uint_eq(op.rm, RM_MEMORY);
    ck_assert_uint_eq(op.base, ESI);
    ck_assert_uint_eq(op.index, ECX);
    ck_assert_uint_eq(op.scale, 2);
    ck_assert_uint_eq(op.displacement, 0x10);
    ck_assert_uint_eq(op.segment, DS);
}
END_TEST

START_TEST(ebp_as_base_means_the_stack_segment)
{
    ck_assert_uint_eq(DECODE(true, 0x03, 0x45, 0x08).segment, SS);
    ck_assert_uint_eq(DECODE(false, 0x03, 0x02).segment, SS);            /* [bp+si] */
    ck_assert_uint_eq(DECODE(true, 0x03, 0x05, 0, 0, 0, 0).segment, DS); /* [disp32] */
    ck_assert_uint_eq(DECODE(true, 0x3e, 0x03, 0x45, 0x08).segment, DS); /* overridden */
    ck_assert_uint_eq(DECODE(true, 0x03, 0x44, 0x2d, 0).segment, SS);    /* [ebp+ebp+0] */
    ck_assert_uint_eq(DECODE(true, 0x03, 0x44, 0x28, 0).segment, DS);    /* [eax+ebp+0]: ebp is the index */
}
END_TEST

START_TEST(missing_bytes_are_asked_for_and_no_more)
{
    static const uint8_t bytes[] = {0x81, 0x05, 1, 2, 3, 4, 5, 6, 7, 8};
    struct operation op;
    for (unsigned n = 0; n < sizeof bytes; n++)
        ck_assert_int_eq(decode(decoder, bytes, n, true, &op), DECODE_MORE);
    ck_assert_int_eq(decode(decoder, bytes, sizeof bytes, true, &op), DECODE_DONE);
    ck_assert_uint_eq(op.immediate, 0x08070605);
}
END_TEST

START_TEST(fifteen_prefixes_never_become_an_instruction)
{
    uint8_t bytes[15];
    struct operation op;
    memset(bytes, 0x66, sizeof bytes);
    ck_assert_int_eq(decode(decoder, bytes, 15, true, &op), DECODE_MORE);
    bytes[14] = 0x90;
    ck_assert_int_eq(decode(decoder, bytes, 15, true, &op), DECODE_DONE);
    ck_assert_uint_eq(op.length, 15);
}
END_TEST

START_TEST(lock_is_undefined_on_registers_and_on_instructions_that_only_read)
{
    ck_assert_ptr_null(DECODE(true, 0xf0, 0x01, 0xc0).row);
    ck_assert_ptr_null(DECODE(true, 0xf0, 0x39, 0x00).row);
    ck_assert_ptr_nonnull(DECODE(true, 0xf0, 0x01, 0x00).row);
}
END_TEST

START_TEST(a_model_lacks_the_instructions_that_came_later)
{
    struct cpu_model model;
    struct error error;
    struct operation op;
    static const uint8_t cmov[] = {0x0f, 0x44, 0xc1}, bswap[] = {0x0f, 0xc8};
    ck_assert(cpu_model_parse("pentium", &model, &error));
    struct decoder *pentium = decoder_new(&model);
    ck_assert_int_eq(decode(pentium, cmov, sizeof cmov, true, &op), DECODE_DONE);
    ck_assert_ptr_null(op.row);
    ck_assert_int_eq(decode(pentium, bswap, sizeof bswap, true, &op), DECODE_DONE);
    ck_assert_ptr_nonnull(op.row);
    decoder_free(pentium);
    ck_assert(cpu_model_parse("386", &model, &error));
    struct decoder *i386 = decoder_new(&model);
    ck_assert_int_eq(decode(i386, bswap, sizeof bswap, true, &op), DECODE_DONE);
    ck_assert_ptr_null(op.row);
    decoder_free(i386);
}
END_TEST

#ifdef GATE86_HAVE_ZYDIS

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint8_t random_byte(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint8_t)(random_state >> 24);
}

/* Bytes that begin with up to three prefixes, often 0F, then anything. */
static void random_instruction(uint8_t bytes[INSTRUCTION_LENGTH_MAX])
{
    static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    unsigned used = 0;
    for (unsigned n = random_byte() % 4; n > 1; n--)
        bytes[used++] = prefixes[random_byte() % sizeof prefixes];
    if (random_byte() % 2)
        bytes[used++] = 0x0f;
    while (used < INSTRUCTION_LENGTH_MAX)
        bytes[used++] = random_byte();
}

/* What a Core Duo has. */
static bool core_duo_has(ZydisISASet set)
{
    static const ZydisISASet sets[] = {
        ZYDIS_ISA_SET_I86,      ZYDIS_ISA_SET_I186,         ZYDIS_ISA_SET_I286PROTECTED,
        ZYDIS_ISA_SET_I286REAL, ZYDIS_ISA_SET_I386,         ZYDIS_ISA_SET_I486,
        ZYDIS_ISA_SET_I486REAL, ZYDIS_ISA_SET_PENTIUMREAL,  ZYDIS_ISA_SET_PENTIUMMMX,
        ZYDIS_ISA_SET_PPRO,     ZYDIS_ISA_SET_CMOV,         ZYDIS_ISA_SET_FCMOV,
        ZYDIS_ISA_SET_X87,      ZYDIS_ISA_SET_SSE,          ZYDIS_ISA_SET_SSE2,
        ZYDIS_ISA_SET_SSE2MMX,  ZYDIS_ISA_SET_SSE3,         ZYDIS_ISA_SET_SSE3X87,
        ZYDIS_ISA_SET_SSEMXCSR, ZYDIS_ISA_SET_SSE_PREFETCH, ZYDIS_ISA_SET_MONITOR,
        ZYDIS_ISA_SET_PAUSE,    ZYDIS_ISA_SET_LAHF,         ZYDIS_ISA_SET_RDPMC,
        ZYDIS_ISA_SET_FAT_NOP,  ZYDIS_ISA_SET_CLFSH,        ZYDIS_ISA_SET_FXSAVE,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(sets); i++) {
        if (sets[i] == set)
            return true;
    }
    return false;
}

static void report(const uint8_t *bytes, bool wide, const char *what, const struct operation *op,
                   const ZydisDecodedInstruction *z)
{
    fprintf(stderr, "%s-bit", wide ? "32" : "16");
    for (unsigned i = 0; i < INSTRUCTION_LENGTH_MAX; i++)
        fprintf(stderr, " %02x", bytes[i]);
    fprintf(stderr, ": %s; here %s (%u bytes), Zydis %s (%u bytes)\n", what,
            op->row != NULL ? op->row->mnemonic : "undefined", op->length,
            z != NULL ? ZydisMnemonicGetString(z->mnemonic) : "undefined", z != NULL ? z->length : 0);
}

/* The first field in which the two decoders differ, or NULL. */
static const char *difference(const struct operation *op, const ZydisDecodedInstruction *z)
{
    if (op->length != z->length)
        return "length";
    if ((z->attributes & ZYDIS_ATTRIB_HAS_MODRM) && op->row->opcode != NULL && strstr(op->row->opcode, "/")) {
        if (op->reg != z->raw.modrm.reg)
            return "ModRM.reg";
        bool memory = z->raw.modrm.mod != 3 && strstr(op->row->operands, "Rd") == NULL;
        if (memory != (op->rm == RM_MEMORY))
            return "ModRM.mod";
        if (!memory && op->rm != z->raw.modrm.rm)
            return "ModRM.rm";
    }
    if (op->rm == RM_MEMORY && z->raw.disp.size != 0) {
        uint32_t mask = op->address_mask;
        if (((uint32_t)z->raw.disp.value & mask) != (op->displacement & mask))
            return "displacement";
    }
    if (z->raw.imm[0].size != 0) {
        unsigned size = z->raw.imm[0].size / 8;
        if (((uint32_t)z->raw.imm[0].value.u & size_mask(size)) != (op->immediate & size_mask(size)))
            return "immediate";
    }
    return NULL;
}

/*
 * Opcodes that Intel leaves open and the processors of our models execute, or #UD by name; F3 before BSF and
 * BSR, which became TZCNT and LZCNT later.
 */
static bool knowingly_different(const struct operation *op)
{
    if (op->row == NULL)
        return false;
    const char *name = op->row->mnemonic;
    if (op->repeat == REPEAT_E && (strcmp(name, "BSF") == 0 || strcmp(name, "BSR") == 0))
        return true;
    return strncmp(name, "UD", 2) == 0 || strcmp(name, "NOP") == 0 || strcmp(name, "SALC") == 0;
}

static unsigned compare_with_zydis(bool wide, unsigned samples)
{
    ZydisDecoder zydis;
    ZydisDecoderInit(&zydis, wide ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
                     wide ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    unsigned wrong = 0;
    for (unsigned n = 0; n < samples && wrong < 40; n++) {
        uint8_t bytes[INSTRUCTION_LENGTH_MAX];
        random_instruction(bytes);
        ZydisDecodedInstruction z;
        ZyanStatus status = ZydisDecoderDecodeInstruction(&zydis, NULL, bytes, sizeof bytes, &z);
        struct operation op;
        enum decode_result result = decode(decoder, bytes, sizeof bytes, wide, &op);
        if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG || status == ZYDIS_STATUS_NO_MORE_DATA ||
            result == DECODE_MORE)
            continue; /* covered by the examples above */
        bool theirs = ZYAN_SUCCESS(status) && core_duo_has(z.meta.isa_set);
        bool ours = op.row != NULL;
        const char *what = NULL;
        if (theirs != ours)
            what = knowingly_different(&op) ? NULL : "defined for one only";
        else if (ours)
            what = difference(&op, &z);
        if (what != NULL) {
            report(bytes, wide, what, &op, ZYAN_SUCCESS(status) ? &z : NULL);
            wrong++;
        }
    }
    return wrong;
}

START_TEST(random_bytes_in_32_bit_code_are_what_zydis_says)
{
    ck_assert_uint_eq(compare_with_zydis(true, 1000000), 0);
}
END_TEST

START_TEST(random_bytes_in_16_bit_code_are_what_zydis_says)
{
    ck_assert_uint_eq(compare_with_zydis(false, 1000000), 0);
}
END_TEST

#endif

int main(void)
{
    TCase *examples = tcase_create("examples");
    tcase_add_checked_fixture(examples, setup, teardown);
    tcase_set_timeout(examples, 120);
    tcase_add_test(examples, a_sib_byte_gives_base_index_and_scale);
    tcase_add_test(examples, ebp_as_base_means_the_stack_segment);
    tcase_add_test(examples, missing_bytes_are_asked_for_and_no_more);
    tcase_add_test(examples, fifteen_prefixes_never_become_an_instruction);
    tcase_add_test(examples, lock_is_undefined_on_registers_and_on_instructions_that_only_read);
    tcase_add_test(examples, a_model_lacks_the_instructions_that_came_later);
#ifdef GATE86_HAVE_ZYDIS
    tcase_add_test(examples, random_bytes_in_32_bit_code_are_what_zydis_says);
    tcase_add_test(examples, random_bytes_in_16_bit_code_are_what_zydis_says);
#else
    fprintf(stderr, "SKIP: libzydis-dev is missing, the comparison with Zydis is not made\n");
#endif
    Suite *suite = suite_create("decode");
    suite_add_tcase(suite, examples);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
