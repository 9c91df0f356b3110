/* Operations as text. The operand letters are those of instruction.h. */
#include "cpu/disassemble.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "cpu/instruction.h"
#include "ia32/registers.h"

static const char *const names8[8] = {"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"};
static const char *const names16[8] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
static const char *const names32[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
static const char *const segment_names[8] = {"es", "cs", "ss", "ds", "fs", "gs", "?", "?"};

struct writer {
    char *text;
    size_t used;
};

static void put(struct writer *writer, const char *format, ...) PRINTF_LIKE(2, 3);

static void put(struct writer *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(writer->text + writer->used, DISASSEMBLY_SIZE - writer->used, format, arguments);
    va_end(arguments);
    writer->used += (size_t)length;
    if (writer->used >= DISASSEMBLY_SIZE)
        writer->used = DISASSEMBLY_SIZE - 1;
}

/* ---- mnemonic ---- */

/* One opcode, two names: by operand size. */
static const char *const size_names[][3] = {
    {"CBW", "cbw", "cwde"},    {"CWD", "cwd", "cdq"},        {"PUSHF", "pushf", "pushfd"},
    {"POPF", "popf", "popfd"}, {"PUSHA", "pusha", "pushad"}, {"POPA", "popa", "popad"},
    {"IRET", "iret", "iretd"},
};

/* The operand that is a string's element ("Xb", "Yv"), or NULL. "DX" and "eAX" are none. */
static const char *string_operand(const char *operands)
{
    if (operands[0] == 'X' || operands[0] == 'Y')
        return operands;
    const char *comma = strchr(operands, ',');
    return comma != NULL && (comma[1] == 'X' || comma[1] == 'Y') ? comma + 1 : NULL;
}

static void put_repeat(struct writer *writer, const struct operation *op)
{
    if (string_operand(op->row->operands) == NULL || op->repeat == REPEAT_NONE)
        return;
    /* CMPS and SCAS look at ZF (SDM 2B REP). */
    bool compares = strchr(op->row->flags_written, 'z') != NULL;
    put(writer, "%s ", op->repeat == REPEAT_NE ? "repne" : compares ? "repe" : "rep");
}

static void put_mnemonic(struct writer *writer, const struct operation *op)
{
    const struct instruction *row = op->row;
    if (op->lock)
        put(writer, "lock ");
    put_repeat(writer, op);
    for (size_t i = 0; i < ARRAY_LENGTH(size_names); i++) {
        if (strcmp(row->mnemonic, size_names[i][0]) == 0) {
            put(writer, "%s", size_names[i][1 + op->wide]);
            return;
        }
    }
    if (strcmp(row->mnemonic, "JCXZ") == 0 && op->address_mask != 0xffff) {
        put(writer, "jecxz");
        return;
    }
    for (const char *letter = row->mnemonic; *letter != '\0'; letter++)
        put(writer, "%c", tolower((unsigned char)*letter));
    const char *element = string_operand(row->operands);
    if (element != NULL)
        put(writer, "%s", element[1] == 'b' ? "b" : op->wide ? "d" : "w");
}

/* ---- operands ---- */

static const char *general_register(unsigned number, const char *size, bool wide)
{
    if (size[0] == 'b')
        return names8[number & 7];
    bool word = size[0] == 'w' || (size[0] != 'd' && !wide);
    return word ? names16[number & 7] : names32[number & 7];
}

static const char *size_words(const char *size, bool wide)
{
    if (strcmp(size, "dq") == 0)
        return "xmmword ptr ";
    switch (size[0]) {
    case 'b':
        return "byte ptr ";
    case 'w':
        return "word ptr ";
    case 'd':
        return "dword ptr ";
    case 'q':
        return "qword ptr ";
    case 't':
        return "tbyte ptr ";
    case 's':
        return "fword ptr ";
    case 'p':
        return wide ? "fword ptr " : "dword ptr ";
    case 'a':
        return wide ? "qword ptr " : "dword ptr ";
    case 'v':
    case 'z':
        return wide ? "dword ptr " : "word ptr ";
    default:
        return "";
    }
}

/* A displacement reads as a negative number where it looks like one. */
static void put_displacement(struct writer *writer, uint32_t displacement, uint32_t mask)
{
    uint32_t value = displacement & mask, sign = mask ^ (mask >> 1);
    if (value & sign)
        put(writer, "-0x%x", (0u - value) & mask);
    else if (value != 0)
        put(writer, "+0x%x", value);
}

static void put_memory(struct writer *writer, const struct operation *op, const char *size)
{
    bool short_address = op->address_mask == 0xffff;
    const char *const *names = short_address ? names16 : names32;
    put(writer, "%s", size_words(size, op->wide));
    if (op->segment_override)
        put(writer, "%s:", segment_names[op->segment & 7]);
    put(writer, "[");
    if (op->base == GPR_ZERO && op->index == GPR_ZERO) {
        put(writer, "0x%x]", op->displacement & op->address_mask);
        return;
    }
    if (op->base != GPR_ZERO)
        put(writer, "%s", names[op->base]);
    if (op->index != GPR_ZERO)
        put(writer, "%s%s", op->base != GPR_ZERO ? "+" : "", names[op->index]);
    if (op->index != GPR_ZERO && op->scale != 0)
        put(writer, "*%u", 1u << op->scale);
    put_displacement(writer, op->displacement, op->address_mask);
    put(writer, "]");
}

static void put_string(struct writer *writer, const struct operation *op, bool source)
{
    bool short_address = op->address_mask == 0xffff;
    const char *const *names = short_address ? names16 : names32;
    unsigned segment = source ? op->segment : ES;
    put(writer, "%s:[%s]", segment_names[segment & 7], names[source ? ESI : EDI]);
}

static void put_immediate(struct writer *writer, const struct operation *op, const char *size, bool second)
{
    uint32_t value = second ? op->immediate2 : op->immediate;
    if (strcmp(size, "bs") == 0 && (value & 0x80000000))
        put(writer, "-0x%x", 0u - value);
    else
        put(writer, "0x%x", value);
}

/* Packed registers: the reg field, or the rm field, or memory. */
static void put_packed(struct writer *writer, const struct operation *op, char letter, const char *size)
{
    bool mmx = strchr("PQN", letter) != NULL;
    bool reg_field = letter == 'P' || letter == 'V';
    if (!reg_field && op->rm == RM_MEMORY)
        put_memory(writer, op, size);
    else
        put(writer, "%s%u", mmx ? "mm" : "xmm", (reg_field ? op->reg : op->rm) & 7u);
}

static void put_modrm(struct writer *writer, const struct operation *op, const char *size)
{
    if (op->rm == RM_MEMORY)
        put_memory(writer, op, size);
    else
        put(writer, "%s", general_register(op->rm, size, op->wide));
}

/* One operand with a letter for its kind and letters for its size. */
static void put_coded(struct writer *writer, const struct operation *op, const char *operand,
                      bool second_immediate, uint32_t next_eip)
{
    const char *size = operand + 1;
    switch (operand[0]) {
    case 'E':
    case 'M':
        put_modrm(writer, op, size);
        break;
    case 'O':
        put_memory(writer, op, size);
        break;
    case 'G':
        put(writer, "%s", general_register(op->reg, size, op->wide));
        break;
    case 'Z':
    case 'R':
        put(writer, "%s", general_register(op->rm, size, op->wide));
        break;
    case 'I':
        put_immediate(writer, op, size, second_immediate);
        break;
    case 'J':
        put(writer, "0x%x", (next_eip + op->immediate) & (op->wide ? 0xffffffffu : 0xffffu));
        break;
    case 'A':
        put(writer, "0x%x:0x%x", op->immediate2, op->immediate);
        break;
    case 'S':
        put(writer, "%s", segment_names[op->reg & 7]);
        break;
    case 'C':
    case 'D':
        put(writer, "%s%u", operand[0] == 'C' ? "cr" : "dr", op->reg);
        break;
    case 'X':
    case 'Y':
        put_string(writer, op, operand[0] == 'X');
        break;
    default:
        put_packed(writer, op, operand[0], size);
        break;
    }
}

/* Registers that the row names outright. */
static bool put_fixed(struct writer *writer, const struct operation *op, const char *operand)
{
    static const char *const fixed[] = {"AL", "CL", "DX", "AX", "1", "CS", "DS", "ES", "FS", "GS", "SS"};
    static const char *const words[] = {"al", "cl", "dx", "ax", "0x1", "cs", "ds", "es", "fs", "gs", "ss"};
    for (size_t i = 0; i < ARRAY_LENGTH(fixed); i++) {
        if (strcmp(operand, fixed[i]) == 0) {
            put(writer, "%s", words[i]);
            return true;
        }
    }
    if (strcmp(operand, "eAX") == 0)
        put(writer, "%s", op->wide ? "eax" : "ax");
    else if (strcmp(operand, "ST") == 0)
        put(writer, "st0");
    else if (strcmp(operand, "STi") == 0)
        put(writer, "st%u", op->rm & 7u);
    else
        return false;
    return true;
}

void disassemble(const struct operation *op, uint32_t next_eip, char text[DISASSEMBLY_SIZE])
{
    struct writer writer = {text, 0};
    text[0] = '\0';
    if (op->row == NULL) {
        put(&writer, "(undefined opcode)");
        return;
    }
    put_mnemonic(&writer, op);
    bool immediate_seen = false;
    const char *separator = " ";
    for (const char *at = op->row->operands; *at != '\0';) {
        char operand[8];
        size_t length = strcspn(at, ",");
        snprintf(operand, sizeof operand, "%.*s", (int)length, at);
        at += length + (at[length] == ',');
        if (operand[0] == 'F' && operand[1] == 'v') /* the flags: the mnemonic says so */
            continue;
        put(&writer, "%s", separator);
        separator = ", ";
        if (put_fixed(&writer, op, operand))
            continue;
        put_coded(&writer, op, operand, immediate_seen, next_eip);
        immediate_seen = immediate_seen || operand[0] == 'I';
    }
}
