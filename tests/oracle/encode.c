/* Encoding the planned instruction with operands that fall where there is memory; see generator.h. */
#include <string.h>

#include "admission.h"
#include "base/bits.h"
#include "generator.h"

/* The instruction as it grows. */
struct encoding {
    struct generator *generator;
    const struct cpu *cpu;
    uint8_t *bytes;
    unsigned length;
    bool wide, wide_address;
};

static void put(struct encoding *e, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        e->bytes[e->length++] = (uint8_t)(value >> 8 * i);
}

static bool fits_byte(uint32_t displacement)
{
    return displacement + 0x80 < 0x100;
}

/* The segment an operand goes through has its own base: offsets are what addresses are less that. */
static uint32_t segment_base(const struct encoding *e, bool stack)
{
    return e->cpu->segments[plan_segment(e->generator, stack ? SS : DS)].base;
}

/* Where the operand shall lie: mostly near what a register points to, so that short displacements occur. */
static uint32_t target_choose(struct encoding *e)
{
    struct generator *generator = e->generator;
    const struct plan *plan = &generator->plan;
    struct random *random = &generator->random;
    if (plan->target_chosen)
        return plan->target;
    if (random_percent(random, 2))
        return interesting_word(random);
    const struct segment *segment = &e->cpu->segments[plan_segment(generator, DS)];
    if (segment->base != 0 && random_percent(random, 12)) { /* an end of the segment */
        uint32_t end = random_percent(random, 50) ? segment->lowest : segment->highest;
        return segment->base + end + random_below(random, 12) - 9;
    }
    if (random_percent(random, 45)) {
        uint32_t near = e->cpu->gpr[random_below(random, 8)] + random_below(random, 96) - 48;
        near += segment_base(e, false);
        if (arena_find(e->wide_address ? near : near & 0xffff, generator->processor->capabilities) != NULL)
            return near;
    }
    return interesting_address(generator, !e->wide_address);
}

/* Bit strings reach away from their address by the number in the register (SDM 2A BT). */
static uint32_t bit_string_distance(const struct encoding *e, unsigned reg)
{
    const struct instruction *row = e->generator->plan.row->instruction;
    if (row->mnemonic[0] != 'B' || row->mnemonic[1] != 'T' || strcmp(row->operands, "Ev,Gv") != 0)
        return 0;
    if (e->wide)
        return (uint32_t)((int32_t)e->cpu->gpr[reg] >> 5) * 4;
    return (uint32_t)((int16_t)e->cpu->gpr[reg] >> 4) * 2;
}

static void memory16(struct encoding *e, unsigned reg, uint32_t target)
{
    static const uint8_t first[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
    static const uint8_t second[8] = {ESI, EDI, ESI, EDI, GPR_ZERO, GPR_ZERO, GPR_ZERO, GPR_ZERO};
    struct random *random = &e->generator->random;
    unsigned rm = random_below(random, 8);
    bool stack = rm == 2 || rm == 3 || rm == 6;
    if (rm == 6 && random_percent(random, 30)) {
        put(e, reg << 3 | 6, 1);
        put(e, target - segment_base(e, false), 2);
        return;
    }
    uint32_t displacement =
        (target - segment_base(e, stack) - e->cpu->gpr[first[rm]] - e->cpu->gpr[second[rm]]) & 0xffff;
    if (displacement == 0 && rm != 6) {
        put(e, reg << 3 | rm, 1);
    } else if (fits_byte((uint32_t)(int16_t)displacement) && random_percent(random, 80)) {
        put(e, 0x40 | reg << 3 | rm, 1);
        put(e, displacement, 1);
    } else {
        put(e, 0x80 | reg << 3 | rm, 1);
        put(e, displacement, 2);
    }
}

static void memory32(struct encoding *e, unsigned reg, uint32_t target)
{
    struct random *random = &e->generator->random;
    unsigned base = random_below(random, 8), index = ESP, scale = random_below(random, 4);
    bool sib = base == ESP || random_percent(random, 35);
    if (sib)
        index = random_below(random, 8);
    if (random_percent(random, 8)) { /* no base */
        uint32_t offset = target - segment_base(e, false);
        put(e, reg << 3 | (sib ? 4 : 5), 1);
        if (sib) {
            put(e, scale << 6 | index << 3 | 5, 1);
            offset -= index == ESP ? 0 : e->cpu->gpr[index] << scale;
        }
        put(e, offset, 4);
        return;
    }
    uint32_t displacement = target - segment_base(e, base == ESP || base == EBP) - e->cpu->gpr[base];
    if (index != ESP)
        displacement -= e->cpu->gpr[index] << scale;
    unsigned mod = displacement == 0 && base != EBP                        ? 0
                   : fits_byte(displacement) && random_percent(random, 80) ? 1
                                                                           : 2;
    put(e, mod << 6 | reg << 3 | (sib ? 4 : base), 1);
    if (sib)
        put(e, scale << 6 | index << 3 | base, 1);
    if (mod != 0)
        put(e, displacement, mod == 1 ? 1 : 4);
}

static void modrm_put(struct encoding *e)
{
    const struct plan *plan = &e->generator->plan;
    const struct decode_row *row = plan->row;
    struct random *random = &e->generator->random;
    if (row->whole_modrm) {
        put(e, row->modrm_byte, 1);
        return;
    }
    unsigned reg = row->digit != DIGIT_NONE ? row->digit : random_below(random, 8);
    bool in_register = random_percent(random, row->instruction->attributes & LOCKABLE ? 25 : 40);
    if (row->modrm == MODRM_MEMORY)
        in_register = random_percent(random, 3);
    if (row->modrm == MODRM_REGISTER || row->modrm == MODRM_IGNORED || plan->register_chosen)
        in_register = true;
    if (plan->target_chosen || (plan->lock && random_percent(random, 90)))
        in_register = false;
    if (in_register) {
        put(e, 0xc0 | reg << 3 | (plan->register_chosen ? plan->rm : random_below(random, 8)), 1);
        return;
    }
    uint32_t target = target_choose(e);
    if (!plan->target_chosen)
        target -= bit_string_distance(e, reg);
    if (e->wide_address)
        memory32(e, reg, target);
    else
        memory16(e, reg, target);
}

/* A jump's distance counts from the instruction's end, which is `size` bytes from here. */
static uint32_t distance_choose(struct encoding *e, unsigned size)
{
    struct random *random = &e->generator->random;
    uint32_t end = e->cpu->eip + e->length + size;
    if (random_percent(random, 60))
        return random_below(random, 12);
    return interesting_code_offset(e->generator, e->cpu->segments[CS].selector) - end;
}

static void immediate_put(struct encoding *e, enum immediate_form form)
{
    struct random *random = &e->generator->random;
    unsigned by_size = e->wide ? 4 : 2;
    uint16_t selector;
    switch (form) {
    case IMMEDIATE_NONE:
    case IMMEDIATE_ONE:
        break;
    case IMMEDIATE_BYTE:
    case IMMEDIATE_BYTE_SIGNED:
        put(e, interesting_word(random), 1);
        break;
    case IMMEDIATE_WORD:
        put(e, random_percent(random, 70) ? random_below(random, 64) : interesting_word(random), 2);
        break;
    case IMMEDIATE_BY_SIZE:
        put(e, interesting_word(random), by_size);
        break;
    case IMMEDIATE_RELATIVE_BYTE:
        put(e, distance_choose(e, 1), 1);
        break;
    case IMMEDIATE_RELATIVE:
        put(e, distance_choose(e, by_size), by_size);
        break;
    case IMMEDIATE_FAR:
        selector = interesting_code_selector(e->generator);
        put(e, interesting_code_offset(e->generator, selector), by_size);
        put(e, selector, 2);
        break;
    case IMMEDIATE_OFFSET:
        put(e, target_choose(e) - segment_base(e, false), e->wide_address ? 4 : 2);
        break;
    }
}

/* All prefixes in random order, now and then one twice or too many. */
static void prefixes_put(struct encoding *e)
{
    const struct plan *plan = &e->generator->plan;
    struct random *random = &e->generator->random;
    uint8_t prefixes[8];
    unsigned count = 0;
    if (plan->operand_size)
        prefixes[count++] = 0x66;
    if (plan->address_size)
        prefixes[count++] = 0x67;
    if (plan->lock)
        prefixes[count++] = 0xf0;
    if (plan->repeat)
        prefixes[count++] = plan->repeat;
    if (plan->segment)
        prefixes[count++] = plan->segment;
    if (count > 0 && random_percent(random, 3))
        prefixes[count] = prefixes[random_below(random, count)], count++;
    for (unsigned left = count; left > 0; left--) {
        unsigned pick = random_below(random, left);
        put(e, prefixes[pick], 1);
        prefixes[pick] = prefixes[left - 1];
    }
    if (plan->segment && random_below(random, 200) == 0) {
        for (unsigned more = random_below(random, 14); more > 0; more--)
            put(e, plan->segment, 1);
    }
}

unsigned generator_encode(struct generator *generator, uint8_t *bytes)
{
    const struct plan *plan = &generator->plan;
    const struct decode_row *row = plan->row;
    struct encoding e = {
        .generator = generator,
        .cpu = &generator->processor->bench->cpu,
        .bytes = bytes,
        .wide = plan_is_wide(generator),
        .wide_address = plan_address_is_wide(generator),
    };
    prefixes_put(&e);
    if (row->map == 1)
        put(&e, 0x0f, 1);
    unsigned low =
        row->count == 8 ? (plan->register_chosen ? plan->rm : random_below(&generator->random, 8)) : 0;
    put(&e, row->first + low, 1);
    if (row->modrm != MODRM_NONE)
        modrm_put(&e);
    immediate_put(&e, (enum immediate_form)row->immediate[0]);
    immediate_put(&e, (enum immediate_form)row->immediate[1]);
    return e.length;
}

unsigned generator_encode_undefined(struct generator *generator, uint8_t *bytes)
{
    struct random *random = &generator->random;
    const struct undefined_opcode *u = &undefined_opcodes[random_below(random, UNDEFINED_OPCODES)];
    unsigned length = 0;
    if (random_percent(random, 25))
        bytes[length++] = random_percent(random, 50) ? 0x66 : 0x67;
    if (random_percent(random, 5))
        bytes[length++] = 0xf0;
    if (u->map == 1)
        bytes[length++] = 0x0f;
    bytes[length++] = u->opcode;
    if (u->digits == 0)
        return length;
    unsigned digit;
    do
        digit = random_below(random, 8);
    while (!(u->digits >> digit & 1));
    bool in_register = u->forms == FORM_REGISTER || (u->forms != FORM_MEMORY && random_percent(random, 50));
    bytes[length++] =
        (uint8_t)(digit << 3 | random_below(random, 8) | (in_register ? 0xc0 : random_below(random, 3) << 6));
    return length;
}
