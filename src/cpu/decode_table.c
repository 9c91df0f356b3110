/* Reading the opcode and operand columns of the instruction table (their language: cpu/instruction.h). */
#include "cpu/decode_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

#define TOKEN_MAX 16

/* Copies the next token of *text up to a separator; false at the end. */
static bool token_next(const char **text, char separator, char token[TOKEN_MAX])
{
    while (**text == separator)
        (*text)++;
    size_t length = 0;
    while ((*text)[length] != '\0' && (*text)[length] != separator)
        length++;
    if (length == 0)
        return false;
    INVARIANT(length < TOKEN_MAX);
    memcpy(token, *text, length);
    token[length] = '\0';
    *text += length;
    return true;
}

static bool token_is_byte(const char *token)
{
    return isxdigit((unsigned char)token[0]) && isxdigit((unsigned char)token[1]) &&
           (token[2] == '\0' || strcmp(token + 2, "+r") == 0);
}

static enum mandatory_prefix prefix_from_token(const char *token)
{
    if (strcmp(token, "NP") == 0)
        return PREFIX_NP;
    if (strcmp(token, "66") == 0)
        return PREFIX_66;
    if (strcmp(token, "F3") == 0)
        return PREFIX_F3;
    if (strcmp(token, "F2") == 0)
        return PREFIX_F2;
    return PREFIX_ANY;
}

static void opcode_column_read(const char *text, struct decode_row *row)
{
    char token[TOKEN_MAX];
    unsigned bytes = 0;
    while (token_next(&text, ' ', token)) {
        enum mandatory_prefix prefix = prefix_from_token(token);
        if (bytes == 0 && row->map == 0 && row->prefix == PREFIX_ANY && prefix != PREFIX_ANY &&
            *text != '\0') {
            row->prefix = (uint8_t)prefix;
        } else if (strcmp(token, "/r") == 0) {
            row->modrm = MODRM_ANY;
        } else if (token[0] == '/') {
            row->modrm = MODRM_ANY;
            row->digit = (uint8_t)(token[1] - '0');
            INVARIANT(row->digit <= 7 && token[2] == '\0');
        } else {
            INVARIANT(token_is_byte(token));
            uint8_t byte = (uint8_t)strtoul(token, NULL, 16);
            if (bytes == 0 && row->map == 0 && byte == 0x0f) {
                row->map = 1;
            } else if (bytes == 0) {
                row->first = byte;
                row->count = token[2] == '+' ? 8 : 1;
                bytes = 1;
            } else {
                INVARIANT(bytes == 1);
                row->modrm = MODRM_ANY;
                row->whole_modrm = true;
                row->modrm_byte = byte;
                bytes = 2;
            }
        }
    }
    INVARIANT(bytes > 0);
}

static enum immediate_form immediate_from_operand(const char *operand)
{
    static const struct {
        const char *operand;
        enum immediate_form form;
    } forms[] = {
        {"Ib", IMMEDIATE_BYTE},     {"Ibs", IMMEDIATE_BYTE_SIGNED}, {"Iw", IMMEDIATE_WORD},
        {"Iz", IMMEDIATE_BY_SIZE},  {"Iv", IMMEDIATE_BY_SIZE},      {"Jb", IMMEDIATE_RELATIVE_BYTE},
        {"Jz", IMMEDIATE_RELATIVE}, {"Ap", IMMEDIATE_FAR},          {"Ob", IMMEDIATE_OFFSET},
        {"Ov", IMMEDIATE_OFFSET},   {"1", IMMEDIATE_ONE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        if (strcmp(forms[i].operand, operand) == 0)
            return forms[i].form;
    }
    INVARIANT(operand[0] != 'I' && operand[0] != 'J' && operand[0] != 'A'
                  ? true
                  : strcmp(operand, "AL") == 0 || strcmp(operand, "AH") == 0 || strcmp(operand, "AX") == 0);
    return IMMEDIATE_NONE;
}

/* True for operand codes of one capital letter and lower-case sizes ("Ev", "Md"); false for names ("AL", "ES", "STi"). */
static bool operand_is_code(const char *operand)
{
    if (!isupper((unsigned char)operand[0]))
        return false;
    return operand[1] == '\0' || islower((unsigned char)operand[1]);
}

static void operand_column_read(const char *text, struct decode_row *row)
{
    char operand[TOKEN_MAX];
    unsigned immediates = 0;
    while (token_next(&text, ',', operand)) {
        enum immediate_form immediate = immediate_from_operand(operand);
        if (immediate != IMMEDIATE_NONE) {
            INVARIANT(immediates < 2);
            row->immediate[immediates++] = (uint8_t)immediate;
        }
        if (strcmp(operand, "STi") == 0 && row->modrm != MODRM_NONE)
            row->modrm = MODRM_REGISTER;
        if (!operand_is_code(operand))
            continue;
        switch (operand[0]) {
        case 'M':
            row->modrm = MODRM_MEMORY;
            break;
        case 'N':
        case 'U':
            row->modrm = MODRM_REGISTER;
            break;
        case 'R':
            row->modrm = MODRM_IGNORED;
            break;
        case 'Z':
            row->register_in_opcode = true;
            break;
        default:
            break;
        }
    }
}

struct decode_row decode_row_read(const struct instruction *instruction)
{
    struct decode_row row = {.instruction = instruction, .digit = DIGIT_NONE};
    opcode_column_read(instruction->opcode, &row);
    operand_column_read(instruction->operands, &row);
    INVARIANT(row.modrm == MODRM_NONE || row.count == 1);
    return row;
}
