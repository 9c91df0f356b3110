/* Random instructions; see sample.h. */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"

uint32_t sampler_random(struct sampler *sampler)
{
    sampler->seed = sampler->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(sampler->seed >> 32);
}

bool sampler_one_in(struct sampler *sampler, unsigned n)
{
    return sampler_random(sampler) % n == 0;
}

/* Operands with a taste for the borders. */
uint32_t sampler_operand(struct sampler *sampler)
{
    static const uint32_t borders[] = {0,          1,          2,          0x7f,    0x80, 0xff,
                                       0x7fff,     0x8000,     0xffff,     0x10000, 0x99, 0x9a,
                                       0x7fffffff, 0x80000000, 0xffffffff, 9,       10,   0xffffff80};
    if (sampler_one_in(sampler, 3))
        return borders[sampler_random(sampler) % (sizeof borders / sizeof borders[0])];
    if (sampler_one_in(sampler, 3))
        return sampler_random(sampler) & 0xff;
    return sampler_random(sampler);
}

static uint32_t random_pointer(struct sampler *sampler)
{
    if (sampler_one_in(sampler, 4))
        return SAMPLE_MIDDLE - 8 + sampler_random(sampler) % 16; /* about a page border */
    uint32_t pointer = SAMPLE_MIDDLE - 0x1000 + sampler_random(sampler) % 0x2000;
    return sampler_one_in(sampler, 2) ? pointer & ~3u : pointer;
}

static bool is_string(const struct instruction *row)
{
    return strchr(row->operands, 'X') != NULL || strchr(row->operands, 'Y') != NULL;
}

static bool is_bit_string(const struct instruction *row)
{
    return strncmp(row->mnemonic, "BT", 2) == 0 && strcmp(row->operands, "Ev,Gv") == 0;
}

/* Writes the row's opcode, and a ModRM byte for a register or for memory with a 32-bit displacement. */
static unsigned opcode_write(struct sampler *sampler, struct sample *s, unsigned at)
{
    for (const char *token = s->row->opcode; *token != '\0';) {
        char *end;
        if (*token == '/') {
            unsigned digit = token[1] == 'r' ? sampler_random(sampler) % 8 : (unsigned)(token[1] - '0');
            bool memory = strchr(s->row->operands, 'M') != NULL || sampler_one_in(sampler, 2);
            unsigned rm = sampler_random(sampler) % 8;
            s->bytes[at++] = (uint8_t)((memory ? 0x80 : 0xc0) | digit << 3 | rm);
            if (memory && rm == ESP)
                s->bytes[at++] = (uint8_t)sampler_random(sampler);
            if (memory)
                s->displacement_at = at;
            end = (char *)token + 2;
        } else if (strncmp(token, "+r", 2) == 0) {
            s->bytes[at - 1] |= sampler_random(sampler) % 8;
            end = (char *)token + 2;
        } else {
            s->bytes[at++] = (uint8_t)strtoul(token, &end, 16);
        }
        token = end + (*end == ' ');
    }
    return at;
}

static unsigned prefixes_write(struct sampler *sampler, struct sample *s)
{
    static const uint8_t segments[] = {0x26, 0x36, 0x3e};
    unsigned at = 0;
    if (sampler_one_in(sampler, 2))
        s->bytes[at++] = 0x66;
    if (sampler_one_in(sampler, 8))
        s->bytes[at++] = segments[sampler_random(sampler) % 3];
    if (is_string(s->row) && !sampler_one_in(sampler, 3))
        s->bytes[at++] = sampler_one_in(sampler, 2) ? 0xf2 : 0xf3;
    return at;
}

static void registers_make(struct sampler *sampler, struct sample *s)
{
    for (unsigned i = 0; i < 8; i++)
        s->before.gpr[i] =
            i >= ESP || sampler_one_in(sampler, 8) ? random_pointer(sampler) : sampler_operand(sampler);
    if (is_string(s->row))
        s->before.gpr[ECX] = sampler_random(sampler) % 80;
    if (strcmp(s->row->mnemonic, "XLAT") == 0)
        s->before.gpr[EBX] = random_pointer(sampler);
    if (is_bit_string(s->row))
        s->before.gpr[s->op.reg] = (uint32_t)((int32_t)(sampler_random(sampler) % 0x8000) - 0x4000);
    s->before.eflags = sampler_random(sampler) & SAMPLE_FLAGS;
}

bool sample_make(struct sampler *sampler, const struct instruction *row, struct sample *s)
{
    *s = (struct sample){.row = row};
    unsigned at = opcode_write(sampler, s, prefixes_write(sampler, s));
    for (; at < INSTRUCTION_LENGTH_MAX; at++)
        s->bytes[at] = (uint8_t)sampler_operand(sampler);
    enum decode_result result = decode(sampler->decoder, s->bytes, INSTRUCTION_LENGTH_MAX, true, &s->op);
    INVARIANT(result == DECODE_DONE);
    if (s->op.row != row)
        return false;
    registers_make(sampler, s);
    if (s->op.rm != RM_MEMORY || strcmp(row->mnemonic, "LEA") == 0)
        return true;
    uint32_t index = s->op.index == GPR_ZERO ? 0 : s->before.gpr[s->op.index] << s->op.scale;
    uint32_t base = s->op.base == GPR_ZERO ? 0 : s->before.gpr[s->op.base];
    unsigned patch =
        s->displacement_at != 0 ? s->displacement_at : s->op.length - 4u; /* MOV AL,Ob has only that */
    store_le32(s->bytes + patch, random_pointer(sampler) - base - index);
    result = decode(sampler->decoder, s->bytes, INSTRUCTION_LENGTH_MAX, true, &s->op);
    INVARIANT(result == DECODE_DONE && s->op.row == row);
    return true;
}
