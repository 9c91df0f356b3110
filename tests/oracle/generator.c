/* Random programs; see generator.h. */
#include "generator.h"

#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "base/bits.h"
#include "base/invariant.h"
#include "cpu/decode.h"

#define INSTRUCTIONS_MAX 10
#define ATTEMPTS_MAX     12

struct generator *generator_new(struct oracle_processor *processor, uint64_t seed)
{
    struct generator *generator = calloc(1, sizeof *generator);
    INVARIANT(generator != NULL);
    random_seed(&generator->random, seed);
    generator->processor = processor;
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        if (family_excluded(instruction_families[family]))
            continue;
        for (const struct instruction *row = instruction_families[family]; row->opcode != NULL; row++) {
            if (row_excluded(row))
                continue;
            INVARIANT(generator->row_count < GENERATOR_ROWS_MAX);
            generator->rows[generator->row_count++] = decode_row_read(row);
        }
    }
    return generator;
}

uint32_t interesting_word(struct random *random)
{
    static const uint32_t words[] = {
        0,          1,          2,          3,          7,          8,          15,      16,
        31,         32,         33,         0x40,       0x7f,       0x80,       0x81,    0xff,
        0x100,      0x7fff,     0x8000,     0x8001,     0xffff,     0xfffe,     0x10000, 0x7fffffff,
        0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0xffff8000, 0xffffff80,
    };
    uint32_t choice = random_below(random, 10);
    if (choice < 5)
        return random_word(random);
    if (choice < 7)
        return random_word(random) >> random_below(random, 32);
    uint32_t word = words[random_below(random, ARRAY_LENGTH(words))];
    return choice == 7 ? word + random_below(random, 5) - 2 : word;
}

/* Regions of the kind asked for; low ones only, when `low` and the host has them. */
static const struct arena_region *random_region(struct generator *generator, bool low, bool code)
{
    bool have_low = generator->processor->capabilities & ORACLE_LOW_MEMORY;
    for (unsigned tries = 0; tries < 64; tries++) {
        const struct arena_region *region = &arena_regions[random_below(&generator->random, ARENA_REGIONS)];
        if (have_low ? low && !region->low : region->low)
            continue;
        if ((region->kind == ARENA_CODE) == code)
            return region;
    }
    return &arena_regions[code ? 6 : 4];
}

uint32_t interesting_address(struct generator *generator, bool low)
{
    struct random *random = &generator->random;
    bool code = random_percent(random, 2);
    const struct arena_region *region = random_region(generator, low, code);
    /* A read-only page alone is dull: mostly its neighbour is meant. */
    if (region->kind == ARENA_READ_ONLY && random_percent(random, 70))
        region--;
    uint32_t size = region->pages * ORACLE_PAGE;
    uint32_t choice = random_below(random, 100);
    if (choice < 6) /* across an edge or a page boundary */
        return region->base + ORACLE_PAGE * random_below(random, region->pages + 1) +
               random_below(random, 20) - 12;
    if (choice < 16) /* across the boundary inside */
        return region->base + ORACLE_PAGE - 1 - random_below(random, 10);
    uint32_t at = region->base + 64 + random_below(random, size - 128);
    return choice < 70 ? at & ~3u : at;
}

uint16_t interesting_selector(struct generator *generator)
{
    static const uint16_t selectors[] = {0,    1,    3,    0x23, 0x23, 0x23, 0x2b, 0x2b, 0x2b,   0x28, 0x20,
                                         0x08, 0x10, 0x18, 0x40, 0x43, 0x50, 0x38, 0x83, 0xffff, 0x07, 0x0f,
                                         0x17, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x47, 0x04, 0x16};
    uint16_t selector = selectors[random_below(&generator->random, ARRAY_LENGTH(selectors))];
    bool local = selector & SELECTOR_TI && selector != 0xffff;
    return local && !(generator->processor->capabilities & ORACLE_LDT) ? ORACLE_DATA : selector;
}

static const struct segment *code_segment(const struct generator *generator)
{
    return &generator->processor->bench->cpu.segments[CS];
}

static bool code_is_low(const struct generator *generator)
{
    return generator->program->code_address < 0x10000;
}

uint16_t interesting_code_selector(struct generator *generator)
{
    struct random *random = &generator->random;
    if (random_percent(random, 25))
        return interesting_selector(generator);
    bool local = generator->processor->capabilities & ORACLE_LDT;
    if (!local || random_percent(random, 60))
        return ORACLE_CODE;
    return code_is_low(generator) ? ORACLE_CODE16_LOW : ORACLE_CODE16;
}

uint32_t interesting_code_offset(struct generator *generator, uint16_t selector)
{
    const struct oracle_program *program = generator->program;
    struct random *random = &generator->random;
    uint32_t address = program->code_address + random_below(random, program->code_length);
    if (random_percent(random, 8))
        address = interesting_address(generator, random_percent(random, 50));
    return address - (selector == ORACLE_CODE16 ? oracle_segments[ORACLE_CODE16 >> 3].base : 0);
}

bool code_is_wide(const struct generator *generator)
{
    return code_segment(generator)->access & ACCESS_DB;
}

bool plan_is_wide(const struct generator *generator)
{
    return code_is_wide(generator) != generator->plan.operand_size;
}

bool plan_address_is_wide(const struct generator *generator)
{
    return code_is_wide(generator) != generator->plan.address_size;
}

unsigned plan_segment(const struct generator *generator, unsigned otherwise)
{
    static const struct {
        uint8_t prefix, segment;
    } segments[] = {{0x26, ES}, {0x2e, CS}, {0x36, SS}, {0x3e, DS}, {0x64, FS}, {0x65, GS}};
    for (unsigned i = 0; i < ARRAY_LENGTH(segments); i++) {
        if (generator->plan.segment == segments[i].prefix)
            return segments[i].segment;
    }
    return otherwise;
}

static uint32_t selector_base(uint16_t selector)
{
    return selector & SELECTOR_TI ? oracle_segments[selector >> 3].base : 0;
}

/* The segment a register's address is mostly used with. */
static uint32_t initial_register(struct generator *generator, unsigned number)
{
    static const uint8_t segments[8] = {DS, DS, DS, DS, SS, SS, DS, ES};
    struct random *random = &generator->random;
    unsigned pointers = number == ESP ? 96 : number >= EBP ? 75 : number == EBX ? 50 : 15;
    if (random_percent(random, pointers)) {
        bool low = number != ESP && random_percent(random, 40);
        uint16_t selector = generator->program->segments[segments[number]];
        if ((selector & SELECTOR_TI) && random_percent(random, 12)) { /* an end of the segment */
            uint32_t limit = oracle_segments[selector >> 3].limit;
            uint32_t other = random_percent(random, 50) ? 0 : 0x10000;
            return (random_percent(random, 50) ? limit : other) + random_below(random, 16) - 8;
        }
        return interesting_address(generator, low && selector_base(selector) == 0) - selector_base(selector);
    }
    if (number == ECX && random_percent(random, 50))
        return random_below(random, 40);
    return interesting_word(random);
}

/* Selectors that can be loaded without a fault, mostly the flat ones. */
static void initial_segments(struct generator *generator)
{
    static const uint16_t data[] = {0, ORACLE_CODE, 0x07, 0x0f, 0x17, 0x27, 0x2f, 0x37, 0x3f};
    static const uint16_t stacks[] = {0x07, 0x0f, 0x37, 0x3f};
    struct random *random = &generator->random;
    uint16_t *segments = generator->program->segments;
    bool local = generator->processor->capabilities & ORACLE_LDT;
    segments[CS] = ORACLE_CODE;
    for (unsigned i = 0; i < 6; i++) {
        bool odd = random_percent(random, i >= FS ? 85 : 15);
        if (i != CS)
            segments[i] = odd && i != SS ? data[random_below(random, local ? 9 : 2)] : ORACLE_DATA;
    }
    if (local && random_percent(random, 20))
        segments[SS] = stacks[random_below(random, ARRAY_LENGTH(stacks))];
    if (local && random_percent(random, 25))
        segments[CS] = code_is_low(generator) ? ORACLE_CODE16_LOW : ORACLE_CODE16;
}

static void program_begin(struct generator *generator)
{
    struct random *random = &generator->random;
    struct oracle_program *program = generator->program;
    memset(program, 0, sizeof *program);
    memset(generator->written, 0, sizeof generator->written);
    const struct arena_region *region = random_region(generator, random_percent(random, 50), true);
    /* Sometimes across the boundary between the two pages, sometimes at the very end. */
    uint32_t choice = random_below(random, 20), size = region->pages * ORACLE_PAGE;
    uint32_t at = choice < 2   ? ORACLE_PAGE - random_below(random, ORACLE_CODE_MAX)
                  : choice < 4 ? size - 1 - random_below(random, 40)
                               : random_below(random, size - ORACLE_CODE_MAX);
    program->code_address = region->base + at;
    program->code_length = size - at < ORACLE_CODE_MAX ? size - at : ORACLE_CODE_MAX;
    initial_segments(generator);
    program->eip = program->code_address - selector_base(program->segments[CS]);
    memset(program->code, 0xf4, sizeof program->code);
    for (unsigned i = 0; i < 8; i++)
        program->registers[i] = initial_register(generator, i);
    program->eflags = EFLAGS_1 | EFLAGS_IF | (random_word(random) & EFLAGS_STATUS);
    program->eflags |= random_percent(random, 25) ? EFLAGS_DF : 0;
    program->eflags |= random_percent(random, 8) ? EFLAGS_AC : 0;
    program->eflags |= random_percent(random, 3) ? EFLAGS_NT : 0;
    program->eflags |= random_percent(random, 10) ? EFLAGS_ID : 0;
    program->patch_count = random_below(random, ORACLE_PATCHES_MAX + 1);
    for (unsigned i = 0; i < program->patch_count; i++) {
        struct oracle_word *patch = &program->patches[i];
        do
            patch->address = interesting_address(generator, random_percent(random, 40)) & ~3u;
        while (arena_find(patch->address, generator->processor->capabilities) == NULL ||
               arena_find(patch->address, generator->processor->capabilities)->kind != ARENA_DATA);
        patch->value = interesting_word(random);
    }
}

/* Whether some prefix would make another instruction of the opcode, here or on newer processors. */
static bool repeat_is_harmless(const struct decode_row *row)
{
    if (row->map == 1 || row->prefix != PREFIX_ANY)
        return false;
    return row->first != 0x90 && row->first != 0x86 && row->first != 0x87; /* PAUSE; lock elision */
}

static void plan_begin(struct generator *generator)
{
    static const uint8_t segments[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    struct random *random = &generator->random;
    const struct decode_row *row = &generator->rows[random_below(random, generator->row_count)];
    const char *operands = row->instruction->operands;
    bool string = strpbrk(operands, "XY") != NULL;
    bool lockable = row->instruction->attributes & LOCKABLE;
    generator->plan = (struct plan){
        .row = row,
        .operand_size = row->prefix == PREFIX_66 || (row->prefix == PREFIX_ANY && random_percent(random, 25)),
        .address_size = random_percent(random, 14),
        .lock = random_percent(random, lockable ? 10 : 1),
        .segment = random_percent(random, 12) ? segments[random_below(random, 6)] : 0,
    };
    bool repeats =
        repeat_is_harmless(row) && !generator->plan.lock && random_percent(random, string ? 55 : 2);
    if (repeats)
        generator->plan.repeat = random_percent(random, 50) ? REPEAT_E : REPEAT_NE;
    if (row->prefix == PREFIX_F3 || row->prefix == PREFIX_F2)
        generator->plan.repeat = row->prefix == PREFIX_F3 ? REPEAT_E : REPEAT_NE;
}

/* Where the instruction at EIP would go in the program's code; false when EIP has left it. */
static bool place_at_eip(const struct generator *generator, uint32_t *at)
{
    uint32_t linear = code_segment(generator)->base + generator->processor->bench->cpu.eip;
    *at = linear - generator->program->code_address;
    return *at < generator->program->code_length;
}

static bool place_is_free(const struct generator *generator, uint32_t at, unsigned length)
{
    if (at + length > generator->program->code_length)
        return false;
    for (unsigned i = 0; i < length; i++) {
        if (generator->written[at + i])
            return false;
    }
    return true;
}

/* The planned instruction, or one that prepares it; its length. */
static unsigned instruction_make(struct generator *generator, uint8_t *bytes)
{
    struct plan *plan = &generator->plan;
    if (plan->preparations == 0 && random_percent(&generator->random, 1)) {
        plan->row = NULL;
        return generator_encode_undefined(generator, bytes);
    }
    unsigned length = plan->preparations < 3 ? generator_prepare(generator, bytes) : 0;
    plan->preparations++;
    if (length > 0)
        return length;
    length = generator_encode(generator, bytes);
    plan->row = NULL;
    return length;
}

/* Puts one more instruction at EIP; false when none fits. */
static bool instruction_add(struct generator *generator, uint32_t undefined)
{
    struct oracle_processor *processor = generator->processor;
    struct oracle_program *program = generator->program;
    uint32_t at;
    if (!place_at_eip(generator, &at))
        return false;
    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        uint8_t bytes[32];
        if (generator->plan.row == NULL)
            plan_begin(generator);
        unsigned length = instruction_make(generator, bytes);
        struct operation op = {0};
        const struct decoder *decoder = processor->bench->cpu.decoder;
        enum decode_result decoded =
            decode(decoder, bytes, length < 15 ? length : 15, code_is_wide(generator), &op);
        /* What is undefined is judged by its bytes, when they are in place. */
        bool undefined_opcode = op.row == NULL && op.immediate == DECODE_UNDEFINED;
        if (decoded == DECODE_DONE && !undefined_opcode &&
            admission_refused(processor, &op, undefined) != NULL) {
            generator->plan.row = NULL;
            continue;
        }
        if (!place_is_free(generator, at, length))
            return false;
        memcpy(program->code + at, bytes, length);
        memset(generator->written + at, true, length);
        processor_write(processor, program->code_address + at, bytes, length);
        return true;
    }
    return false;
}

void generator_next(struct generator *generator, struct oracle_program *program)
{
    struct oracle_processor *processor = generator->processor;
    generator->program = program;
    generator->plan.row = NULL;
    program_begin(generator);
    processor_load(processor, program);
    uint32_t undefined = 0;
    unsigned wanted = 1 + random_below(&generator->random, INSTRUCTIONS_MAX), added = 0;
    for (unsigned steps = 0; steps < 2000 && !processor_ended(processor); steps++) {
        uint32_t at;
        bool fresh = place_at_eip(generator, &at) && !generator->written[at];
        if (fresh && !processor->bench->cpu.repeating) {
            if (added == wanted || !instruction_add(generator, undefined))
                break;
            added++;
        }
        struct operation op;
        bool complete = instruction_at_eip(processor, &op);
        if (complete && admission_refused(processor, &op, undefined) != NULL)
            break;
        if (complete)
            undefined = undefined_after(processor, &op, undefined);
        processor_step(processor);
    }
    while (program->code_length > 1 && !generator->written[program->code_length - 1])
        program->code_length--;
}
