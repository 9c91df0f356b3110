/*
 * The instruction table itself: every row is written in the language of cpu/instruction.h, no two rows are the
 * same, and every row is what some bytes decode to on some model.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cpu/decode.h"
#include "cpu/decode_table.h"
#include "unit/suite.h"

#define FLAG_LETTERS "oszapcditn"

/* Calls check for every row of every family. */
static void rows_each(void (*check)(const struct instruction *row))
{
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        for (const struct instruction *row = instruction_families[family]; row->opcode != NULL; row++)
            check(row);
    }
}

static bool word_in(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_byte(const char *word)
{
    return strlen(word) == 2 && strspn(word, "0123456789ABCDEF") == 2;
}

/* The column's grammar: [prefix] [0F] byte[+r] [byte | /r | /digit]. */
static bool opcode_is_well_formed(const char *opcode)
{
    static const char *const prefixes[] = {"NP", "66", "F3", "F2"};
    char copy[32];
    if (snprintf(copy, sizeof copy, "%s", opcode) >= (int)sizeof copy)
        return false;
    char *rest = copy;
    char *word = strsep(&rest, " ");
    if (word_in(word, prefixes, ARRAY_LENGTH(prefixes)) && rest != NULL)
        word = strsep(&rest, " ");
    if (strcmp(word, "0F") == 0)
        word = strsep(&rest, " ");
    if (word == NULL || strlen(word) < 2)
        return false;
    bool has_register = strcmp(word + 2, "+r") == 0;
    if (has_register)
        word[2] = '\0';
    if (!is_byte(word) || (has_register && (strtoul(word, NULL, 16) & 7) != 0))
        return false;
    word = strsep(&rest, " ");
    if (word == NULL)
        return true;
    bool modrm = is_byte(word) || strcmp(word, "/r") == 0 ||
                 (word[0] == '/' && word[1] >= '0' && word[1] <= '7' && word[2] == '\0');
    return modrm && !has_register && rest == NULL;
}

static void check_opcode(const struct instruction *row)
{
    ck_assert_msg(opcode_is_well_formed(row->opcode), "\"%s\" of %s is no opcode", row->opcode,
                  row->mnemonic);
}

START_TEST(every_opcode_is_written_in_the_manuals_notation)
{
    rows_each(check_opcode);
    ck_assert(!opcode_is_well_formed("0F"));
    ck_assert(!opcode_is_well_formed("0f af"));
    ck_assert(!opcode_is_well_formed("80 /8"));
    ck_assert(!opcode_is_well_formed("51+r"));
    ck_assert(!opcode_is_well_formed("50+r /r"));
}
END_TEST

static bool operand_is_known(const char *operand)
{
    static const char *const names[] = {"AL", "AX", "eAX", "CL", "DX", "ES", "CS",
                                        "SS", "DS", "FS",  "GS", "1",  "ST", "STi"};
    /* Each code with the sizes that it may have; "-" stands for none. */
    static const struct {
        char code;
        const char *const sizes[8];
    } codes[] = {
        {'E', {"b", "w", "d", "v"}},
        {'G', {"b", "w", "d", "v"}},
        {'M', {"-", "b", "w", "d", "q", "dq", "t", NULL}},
        {'M', {"a", "p", "s"}},
        {'Z', {"b", "v"}},
        {'I', {"b", "bs", "w", "z", "v"}},
        {'J', {"b", "z"}},
        {'A', {"p"}},
        {'O', {"b", "v"}},
        {'S', {"w"}},
        {'C', {"d"}},
        {'D', {"d"}},
        {'R', {"d"}},
        {'X', {"b", "v"}},
        {'Y', {"b", "v"}},
        {'F', {"v"}},
        {'P', {"q"}},
        {'Q', {"d", "q"}},
        {'N', {"q"}},
        {'V', {"dq"}},
        {'W', {"d", "q", "dq"}},
        {'U', {"dq"}},
    };
    if (word_in(operand, names, ARRAY_LENGTH(names)))
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        for (unsigned k = 0; operand[0] == codes[i].code && codes[i].sizes[k] != NULL; k++) {
            if (strcmp(operand[1] != '\0' ? operand + 1 : "-", codes[i].sizes[k]) == 0)
                return true;
        }
    }
    return false;
}

/* Does an operand of this row take the ModRM byte, or the register of the opcode? */
static bool operands_have(const char *operands, const char *codes)
{
    for (const char *p = operands; *p != '\0'; p++) {
        bool begins = p == operands || p[-1] == ',';
        bool is_code = p[1] == '\0' || p[1] == ',' || islower((unsigned char)p[1]);
        if (begins && is_code && strchr(codes, *p) != NULL)
            return true;
    }
    return false;
}

static void check_operands(const struct instruction *row)
{
    char copy[32];
    ck_assert_int_lt(snprintf(copy, sizeof copy, "%s", row->operands), sizeof copy);
    char *rest = copy;
    unsigned count = 0;
    for (char *word; copy[0] != '\0' && (word = strsep(&rest, ",")) != NULL; count++)
        ck_assert_msg(operand_is_known(word), "%s %s: unknown operand \"%s\"", row->mnemonic, row->operands,
                      word);
    ck_assert_uint_le(count, 3);
    bool has_modrm = strchr(row->opcode, '/') != NULL;
    bool takes_modrm = operands_have(row->operands, "EGMSCDRPQNVWU") || strstr(row->operands, "STi") != NULL;
    ck_assert_msg(has_modrm == takes_modrm, "%s %s: opcode \"%s\" and operands do not agree on a ModRM byte",
                  row->mnemonic, row->operands, row->opcode);
    ck_assert_msg((strstr(row->opcode, "+r") != NULL) == operands_have(row->operands, "Z"),
                  "%s %s: +r and Z belong together", row->mnemonic, row->operands);
}

START_TEST(every_operand_has_a_known_code_and_size)
{
    rows_each(check_operands);
    ck_assert(!operand_is_known("Ex"));
    ck_assert(!operand_is_known("Kd"));
}
END_TEST

static void check_mnemonic(const struct instruction *row)
{
    ck_assert_msg(row->mnemonic[0] != '\0', "the opcode %s has no mnemonic", row->opcode);
    for (const char *p = row->mnemonic; *p != '\0'; p++)
        ck_assert_msg(isupper((unsigned char)*p) || isdigit((unsigned char)*p), "%s: not in capitals",
                      row->mnemonic);
    for (unsigned wide = 0; wide < 2; wide++)
        ck_assert_msg(row->execute[wide] != NULL, "%s %s has no handler of %u bits", row->mnemonic,
                      row->operands, wide ? 32 : 16);
}

START_TEST(every_row_has_a_mnemonic_in_capitals_and_handlers_of_both_sizes)
{
    rows_each(check_mnemonic);
}
END_TEST

static void check_letters(const struct instruction *row, const char *column, const char *letters)
{
    ck_assert_msg(letters != NULL, "%s %s: no column %s", row->mnemonic, row->operands, column);
    for (const char *p = letters; *p != '\0'; p++) {
        ck_assert_msg(strchr(FLAG_LETTERS, *p) != NULL, "%s %s: no flag is called '%c' (%s)", row->mnemonic,
                      row->operands, *p, column);
        ck_assert_msg(strchr(p + 1, *p) == NULL, "%s %s: flag '%c' twice in %s", row->mnemonic, row->operands,
                      *p, column);
    }
}

static void check_flags(const struct instruction *row)
{
    check_letters(row, "read", row->flags_read);
    check_letters(row, "written", row->flags_written);
    check_letters(row, "undefined", row->flags_undefined);
    ck_assert_msg(strpbrk(row->flags_undefined, "ditn") == NULL, "%s: only status flags are ever undefined",
                  row->mnemonic);
}

START_TEST(every_flag_has_a_known_letter_once_a_column)
{
    rows_each(check_flags);
}
END_TEST

/* SDM 3A 2.3: POPF sets and clears NT too, and IRET looks at it. */
static void check_whole_register(const struct instruction *row)
{
    bool reads = strcmp(row->mnemonic, "PUSHF") == 0;
    bool writes = strcmp(row->mnemonic, "POPF") == 0 || strcmp(row->mnemonic, "IRET") == 0;
    for (const char *letter = FLAG_LETTERS; *letter != '\0'; letter++) {
        ck_assert_msg(!reads || strchr(row->flags_read, *letter), "%s reads '%c' too", row->mnemonic,
                      *letter);
        ck_assert_msg(!writes || strchr(row->flags_written, *letter), "%s writes '%c' too", row->mnemonic,
                      *letter);
    }
    if (strcmp(row->mnemonic, "IRET") == 0)
        ck_assert_str_eq(row->flags_read, "n");
    if (strncmp(row->mnemonic, "INT", 3) == 0)
        ck_assert_msg(strchr(row->flags_written, 'n'), "%s clears NT", row->mnemonic);
}

START_TEST(what_moves_the_whole_flags_register_names_every_flag)
{
    rows_each(check_whole_register);
}
END_TEST

static void check_manual(const struct instruction *row)
{
    ck_assert_msg(row->manual != NULL && row->manual[0] != '\0', "%s %s: where does the manual say so?",
                  row->mnemonic, row->operands);
    ck_assert_msg(strncmp(row->manual, "SDM ", 4) == 0 || strcmp(row->manual, "not in the SDM") == 0,
                  "%s %s: \"%s\" is no place in the manual", row->mnemonic, row->operands, row->manual);
    /* Volume 2A has the instructions from A to L, those behind stand in later volumes. */
    if (strncmp(row->manual, "SDM 2", 5) == 0)
        ck_assert_msg((row->manual[5] == 'A') == (row->manual[7] <= 'L'), "%s: \"%s\" names the wrong volume",
                      row->mnemonic, row->manual);
}

START_TEST(every_row_names_its_place_in_the_manual)
{
    rows_each(check_manual);
}
END_TEST

static void check_attributes(const struct instruction *row)
{
    ck_assert_uint_eq(row->attributes & ~(LOCKABLE | NEEDS_NO_FPU), 0);
    ck_assert_uint_eq(row->features >> CPU_FEATURE_COUNT, 0);
    if (row->attributes & NEEDS_NO_FPU)
        ck_assert_uint_eq(row->features & FEATURE(FPU), 0);
    if (row->attributes & LOCKABLE)
        ck_assert_msg(row->operands[0] == 'E' || row->operands[0] == 'M',
                      "LOCK %s %s: the first operand cannot be in memory", row->mnemonic, row->operands);
}

START_TEST(lock_is_for_destinations_in_memory)
{
    rows_each(check_attributes);
}
END_TEST

/* SDM 2A LOCK lists the instructions. */
static void check_lock_list(const struct instruction *row)
{
    static const char *const lockable[] = {"ADD",     "ADC",       "AND", "BTC", "BTR",  "BTS",
                                           "CMPXCHG", "CMPXCHG8B", "DEC", "INC", "NEG",  "NOT",
                                           "OR",      "SBB",       "SUB", "XOR", "XADD", "XCHG"};
    bool writes_memory = row->operands[0] == 'E' || row->operands[0] == 'M';
    bool listed = word_in(row->mnemonic, lockable, ARRAY_LENGTH(lockable)) && writes_memory;
    ck_assert_msg(listed == !!(row->attributes & LOCKABLE), "LOCK %s %s %s", row->mnemonic, row->operands,
                  listed ? "is allowed by the manual" : "is not in the manual's list");
}

START_TEST(lock_is_for_the_manuals_list_of_instructions)
{
    rows_each(check_lock_list);
}
END_TEST

static void check_is_single(const struct instruction *row)
{
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        for (const struct instruction *other = instruction_families[family]; other->opcode != NULL; other++) {
            bool same = strcmp(row->opcode, other->opcode) == 0 &&
                        strcmp(row->operands, other->operands) == 0 && row->features == other->features &&
                        row->attributes == other->attributes;
            ck_assert_msg(row == other || !same, "%s: the rows of %s and %s are the same", row->opcode,
                          row->mnemonic, other->mnemonic);
        }
    }
}

START_TEST(no_two_rows_have_the_same_opcode_operands_and_features)
{
    rows_each(check_is_single);
}
END_TEST

/* The models, and each without floating-point unit. */
#define MODELS_MAX 32

static struct cpu_model models[MODELS_MAX];
static struct decoder *decoders[MODELS_MAX];
static unsigned models_count;

static void models_setup(void)
{
    for (const struct cpu_model *model = cpu_models; model->name != NULL; model++) {
        for (unsigned without = 0; without < 2; without++) {
            char text[64];
            struct error error;
            snprintf(text, sizeof text, "%s%s", model->name, without ? ",-fpu" : "");
            ck_assert_uint_lt(models_count, MODELS_MAX);
            ck_assert(cpu_model_parse(text, &models[models_count], &error));
            decoders[models_count] = decoder_new(&models[models_count]);
            models_count++;
        }
    }
}

static void models_teardown(void)
{
    for (unsigned i = 0; i < models_count; i++)
        decoder_free(decoders[i]);
    models_count = 0;
}

/* Tries every ModRM byte behind a row's opcode, and all its opcodes; true when one is decoded as this row. */
static bool row_is_reached(const struct decoder *decoder, const struct instruction *instruction)
{
    static const uint8_t prefix_bytes[] = {
        [PREFIX_ANY] = 0, [PREFIX_NP] = 0, [PREFIX_66] = 0x66, [PREFIX_F3] = 0xf3, [PREFIX_F2] = 0xf2};
    struct decode_row row = decode_row_read(instruction);
    for (unsigned n = 0; n < row.count; n++) {
        for (unsigned modrm = 0; modrm < 256; modrm++) {
            uint8_t bytes[INSTRUCTION_LENGTH_MAX] = {0};
            unsigned used = 0;
            if (prefix_bytes[row.prefix] != 0)
                bytes[used++] = prefix_bytes[row.prefix];
            if (row.map == 1)
                bytes[used++] = 0x0f;
            bytes[used++] = (uint8_t)(row.first + n);
            bytes[used] = (uint8_t)modrm;
            struct operation operation;
            if (decode(decoder, bytes, sizeof bytes, true, &operation) == DECODE_DONE &&
                operation.row == instruction)
                return true;
        }
    }
    return false;
}

static void check_reached(const struct instruction *row)
{
    for (unsigned i = 0; i < models_count; i++) {
        if (instruction_exists(row, &models[i]) && row_is_reached(decoders[i], row))
            return;
    }
    ck_abort_msg("no bytes are decoded as %s %s %s on any model", row->opcode, row->mnemonic, row->operands);
}

START_TEST(every_row_is_decoded_on_some_model)
{
    models_setup();
    rows_each(check_reached);
    models_teardown();
}
END_TEST

UNIT_SUITE("instruction_table", every_opcode_is_written_in_the_manuals_notation,
           every_operand_has_a_known_code_and_size,
           every_row_has_a_mnemonic_in_capitals_and_handlers_of_both_sizes,
           every_flag_has_a_known_letter_once_a_column, what_moves_the_whole_flags_register_names_every_flag,
           every_row_names_its_place_in_the_manual, lock_is_for_destinations_in_memory,
           lock_is_for_the_manuals_list_of_instructions,
           no_two_rows_have_the_same_opcode_operands_and_features, every_row_is_decoded_on_some_model)
