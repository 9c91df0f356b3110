/*
 * The decoder (SDM 2A 2.1): prefixes, opcode, ModRM and SIB, displacement, immediates. All knowledge about
 * single opcodes is in the instruction table.
 */
#include "cpu/decode.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "base/invariant.h"
#include "cpu/decode_table.h"

#define ROW_NONE UINT16_MAX

struct decoder {
    struct decode_row *rows;
    uint16_t *next; /* the next row to try for the same opcode */
    uint16_t rows_used;
    uint16_t first[OPCODE_MAPS][256];
    /* Does any row of the opcode have a ModRM byte? An undefined /digit is still an instruction with ModRM. */
    bool has_modrm[OPCODE_MAPS][256];
};

/* A cursor over the instruction's bytes; runs dry without harm. */
struct cursor {
    const uint8_t *bytes;
    unsigned available;
    unsigned used;
    bool dry;
};

static uint32_t cursor_take(struct cursor *cursor, unsigned size)
{
    if (cursor->used + size > cursor->available) {
        cursor->dry = true;
        cursor->used = cursor->available;
        return 0;
    }
    const uint8_t *p = cursor->bytes + cursor->used;
    cursor->used += size;
    return size == 1 ? *p : size == 2 ? load_le16(p) : load_le32(p);
}

struct prefixes {
    bool operand_size, address_size, lock;
    uint8_t repeat;
    uint8_t segment;
    bool segment_override;
};

bool instruction_exists(const struct instruction *row, const struct cpu_model *model)
{
    if ((row->attributes & NEEDS_NO_FPU) && cpu_model_has(model, FEATURE(FPU)))
        return false;
    return cpu_model_has(model, row->features);
}

static void count_rows(const struct cpu_model *model, unsigned *rows, unsigned *links)
{
    *rows = *links = 0;
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        for (const struct instruction *i = instruction_families[family]; i->opcode != NULL; i++) {
            if (!instruction_exists(i, model))
                continue;
            ++*rows;
            *links += decode_row_read(i).count;
        }
    }
}

/* Appends a row to the chain of one opcode, so that rows are tried in the order of the table. */
static void chain_append(struct decoder *decoder, unsigned map, unsigned opcode, uint16_t row)
{
    uint16_t *link = &decoder->first[map][opcode];
    while (*link != ROW_NONE)
        link = &decoder->next[*link];
    *link = row;
    if (decoder->rows[row].modrm != MODRM_NONE)
        decoder->has_modrm[map][opcode] = true;
}

struct decoder *decoder_new(const struct cpu_model *model)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);
    INVARIANT(decoder != NULL);
    unsigned rows, links;
    count_rows(model, &rows, &links);
    INVARIANT(links < ROW_NONE);
    /* A +r row is entered once per opcode: it stands in eight chains. */
    decoder->rows = calloc(links + 1, sizeof decoder->rows[0]);
    decoder->next = calloc(links + 1, sizeof decoder->next[0]);
    INVARIANT(decoder->rows != NULL && decoder->next != NULL);
    for (unsigned map = 0; map < OPCODE_MAPS; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++)
            decoder->first[map][opcode] = ROW_NONE;
    }
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        for (const struct instruction *i = instruction_families[family]; i->opcode != NULL; i++) {
            if (!instruction_exists(i, model))
                continue;
            struct decode_row row = decode_row_read(i);
            for (unsigned k = 0; k < row.count; k++) {
                uint16_t number = decoder->rows_used++;
                decoder->rows[number] = row;
                decoder->next[number] = ROW_NONE;
                chain_append(decoder, row.map, row.first + k, number);
            }
        }
    }
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    free(decoder->rows);
    free(decoder->next);
    free(decoder);
}

/* Takes all prefixes; returns the first byte that is none. The last of a group counts (SDM 2A 2.1.1). */
static uint8_t prefixes_take(struct cursor *cursor, struct prefixes *prefixes)
{
    for (;;) {
        uint8_t byte = (uint8_t)cursor_take(cursor, 1);
        if (cursor->dry)
            return 0;
        switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
            prefixes->segment = (byte >> 3) & 3;
            prefixes->segment_override = true;
            break;
        case 0x64:
        case 0x65:
            prefixes->segment = byte & 7;
            prefixes->segment_override = true;
            break;
        case 0x66:
            prefixes->operand_size = true;
            break;
        case 0x67:
            prefixes->address_size = true;
            break;
        case 0xf0:
            prefixes->lock = true;
            break;
        case 0xf2:
        case 0xf3:
            prefixes->repeat = byte;
            break;
        default:
            return byte;
        }
    }
}

static bool prefix_fits(enum mandatory_prefix wanted, const struct prefixes *prefixes)
{
    switch (wanted) {
    case PREFIX_NP:
        return prefixes->repeat == REPEAT_NONE && !prefixes->operand_size;
    case PREFIX_66:
        return prefixes->repeat == REPEAT_NONE && prefixes->operand_size;
    case PREFIX_F3:
        return prefixes->repeat == REPEAT_E;
    case PREFIX_F2:
        return prefixes->repeat == REPEAT_NE;
    default:
        return true;
    }
}

static bool modrm_fits(const struct decode_row *row, uint8_t modrm)
{
    if (row->whole_modrm)
        return modrm == row->modrm_byte;
    if (row->digit != DIGIT_NONE && row->digit != ((modrm >> 3) & 7))
        return false;
    if (row->modrm == MODRM_MEMORY)
        return modrm < 0xc0;
    if (row->modrm == MODRM_REGISTER)
        return modrm >= 0xc0;
    return true;
}

static const struct decode_row *row_find(const struct decoder *decoder, unsigned map, uint8_t opcode,
                                         uint8_t modrm, const struct prefixes *prefixes)
{
    for (uint16_t n = decoder->first[map][opcode]; n != ROW_NONE; n = decoder->next[n]) {
        const struct decode_row *row = &decoder->rows[n];
        if (prefix_fits(row->prefix, prefixes) && (row->modrm == MODRM_NONE || modrm_fits(row, modrm)))
            return row;
    }
    return NULL;
}

/* 16-bit addressing forms (SDM 2A table 2-1). */
static void memory_operand16(struct cursor *cursor, uint8_t modrm, struct operation *op)
{
    static const uint8_t bases[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
    static const uint8_t indexes[8] = {ESI, EDI, ESI, EDI, GPR_ZERO, GPR_ZERO, GPR_ZERO, GPR_ZERO};
    unsigned mod = modrm >> 6, rm = modrm & 7;
    op->address_mask = 0xffff;
    op->base = bases[rm];
    op->index = indexes[rm];
    if (mod == 0 && rm == 6) {
        op->base = GPR_ZERO;
        op->displacement = cursor_take(cursor, 2);
    } else if (mod == 1) {
        op->displacement = sign_extend(cursor_take(cursor, 1), 1);
    } else if (mod == 2) {
        op->displacement = cursor_take(cursor, 2);
    }
}

/* 32-bit addressing forms (SDM 2A tables 2-2 and 2-3). */
static void memory_operand32(struct cursor *cursor, uint8_t modrm, struct operation *op)
{
    unsigned mod = modrm >> 6;
    op->address_mask = 0xffffffffu;
    op->base = modrm & 7;
    op->index = GPR_ZERO;
    if (op->base == ESP) {
        uint8_t sib = (uint8_t)cursor_take(cursor, 1);
        op->scale = sib >> 6;
        op->index = (sib >> 3) & 7;
        op->base = sib & 7;
        if (op->index == ESP) /* "none"; the scale means nothing then */
            op->index = GPR_ZERO;
    }
    if (mod == 0 && op->base == EBP) {
        op->base = GPR_ZERO;
        op->displacement = cursor_take(cursor, 4);
    } else if (mod == 1) {
        op->displacement = sign_extend(cursor_take(cursor, 1), 1);
    } else if (mod == 2) {
        op->displacement = cursor_take(cursor, 4);
    }
}

static void memory_operand(struct cursor *cursor, uint8_t modrm, bool wide_address,
                           const struct prefixes *prefixes, struct operation *op)
{
    op->rm = RM_MEMORY;
    if (wide_address)
        memory_operand32(cursor, modrm, op);
    else
        memory_operand16(cursor, modrm, op);
    if (!prefixes->segment_override)
        op->segment = op->base == EBP || op->base == ESP ? SS : DS;
}

static void immediate_take(struct cursor *cursor, enum immediate_form form, bool wide_address, bool second,
                           struct operation *op)
{
    uint32_t value = 0;
    switch (form) {
    case IMMEDIATE_NONE:
        return;
    case IMMEDIATE_BYTE:
        value = cursor_take(cursor, 1);
        break;
    case IMMEDIATE_BYTE_SIGNED:
    case IMMEDIATE_RELATIVE_BYTE:
        value = sign_extend(cursor_take(cursor, 1), 1);
        break;
    case IMMEDIATE_WORD:
        value = cursor_take(cursor, 2);
        break;
    case IMMEDIATE_BY_SIZE:
        value = cursor_take(cursor, op->wide ? 4 : 2);
        break;
    case IMMEDIATE_RELATIVE:
        value = op->wide ? cursor_take(cursor, 4) : sign_extend(cursor_take(cursor, 2), 2);
        break;
    case IMMEDIATE_FAR:
        value = cursor_take(cursor, op->wide ? 4 : 2);
        op->immediate2 = (uint16_t)cursor_take(cursor, 2);
        break;
    case IMMEDIATE_OFFSET:
        op->rm = RM_MEMORY;
        op->displacement = cursor_take(cursor, wide_address ? 4 : 2);
        return;
    case IMMEDIATE_ONE:
        value = 1;
        break;
    }
    if (second)
        op->immediate2 = (uint16_t)value;
    else
        op->immediate = value;
}

struct fault execute_undefined(struct cpu *cpu, const struct operation *op)
{
    (void)cpu;
    return fault_ud((enum fault_reason)op->immediate);
}

static void make_undefined(struct operation *op, enum fault_reason reason)
{
    op->execute = execute_undefined;
    op->row = NULL;
    op->immediate = reason;
}

/* The bytes after the opcode. */
static void operands_take(struct cursor *cursor, const struct decode_row *row, uint8_t modrm,
                          bool wide_address, const struct prefixes *prefixes, struct operation *op)
{
    if (row->modrm != MODRM_NONE) {
        op->modrm = modrm;
        op->reg = (modrm >> 3) & 7;
        op->rm = modrm & 7;
        if (modrm < 0xc0 && row->modrm != MODRM_IGNORED)
            memory_operand(cursor, modrm, wide_address, prefixes, op);
    } else if (row->register_in_opcode) {
        op->rm = op->opcode & 7;
    }
    immediate_take(cursor, row->immediate[0], wide_address, false, op);
    immediate_take(cursor, row->immediate[1], wide_address, true, op);
}

enum decode_result decode(const struct decoder *decoder, const uint8_t *bytes, unsigned available,
                          bool wide_code, struct operation *operation)
{
    struct cursor cursor = {.bytes = bytes, .available = available};
    struct prefixes prefixes = {.segment = DS};
    uint8_t opcode = prefixes_take(&cursor, &prefixes);
    unsigned map = 0;
    if (!cursor.dry && opcode == 0x0f) {
        map = 1;
        opcode = (uint8_t)cursor_take(&cursor, 1);
    }
    if (cursor.dry)
        return DECODE_MORE;

    bool wide_address = wide_code != prefixes.address_size;
    *operation = (struct operation){
        .opcode = opcode,
        .wide = wide_code != prefixes.operand_size,
        .lock = prefixes.lock,
        .repeat = prefixes.repeat,
        .segment = prefixes.segment,
        .segment_override = prefixes.segment_override,
        .base = GPR_ZERO,
        .index = GPR_ZERO,
        .address_mask = wide_address ? 0xffffffffu : 0xffffu,
    };
    uint8_t modrm = 0;
    if (decoder->has_modrm[map][opcode]) {
        modrm = (uint8_t)cursor_take(&cursor, 1);
        if (cursor.dry)
            return DECODE_MORE;
    }
    const struct decode_row *row = row_find(decoder, map, opcode, modrm, &prefixes);
    if (row == NULL) {
        operation->length = (uint8_t)cursor.used;
        make_undefined(operation, DECODE_UNDEFINED);
        return DECODE_DONE;
    }
    operation->execute = row->instruction->execute[operation->wide];
    operation->row = row->instruction;
    operands_take(&cursor, row, modrm, wide_address, &prefixes, operation);
    if (cursor.dry)
        return DECODE_MORE;
    operation->length = (uint8_t)cursor.used;
    if (operation->lock && !((row->instruction->attributes & LOCKABLE) && operation->rm == RM_MEMORY))
        make_undefined(operation, DECODE_LOCK);
    return DECODE_DONE;
}
