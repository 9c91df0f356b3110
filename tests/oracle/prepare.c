/*
 * What the instruction table does not say: the registers and stack words an instruction uses without naming them.
 * A short instruction before the planned one gives them a value that lets it do something. See generator.h.
 */
#include <string.h>

#include "base/bits.h"
#include "generator.h"

static bool mnemonic_in(const char *words, const char *mnemonic)
{
    size_t length = strlen(mnemonic);
    for (const char *at = words; (at = strstr(at, mnemonic)) != NULL; at += length) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static unsigned move_immediate(const struct generator *generator, uint8_t *bytes, unsigned number,
                               uint32_t value)
{
    unsigned length = 0;
    if (!code_is_wide(generator))
        bytes[length++] = 0x66;
    bytes[length++] = (uint8_t)(0xb8 | number);
    store_le32(bytes + length, value);
    return length + 4;
}

/* Of the planned instruction's operand size. */
static unsigned push_immediate(const struct generator *generator, uint8_t *bytes, uint32_t value)
{
    unsigned length = 0;
    if (generator->plan.operand_size)
        bytes[length++] = 0x66;
    bytes[length++] = 0x68;
    store_le32(bytes + length, value);
    return length + (plan_is_wide(generator) ? 4 : 2);
}

static bool points_to_memory(const struct generator *generator, unsigned number, unsigned segment, bool wide)
{
    const struct cpu *cpu = &generator->processor->bench->cpu;
    uint32_t offset = cpu->gpr[number] & (wide ? 0xffffffffu : 0xffffu);
    return arena_find(cpu->segments[segment].base + offset, generator->processor->capabilities) != NULL;
}

/* MOV register,address when it points to nothing; 0 when all is well. */
static unsigned pointer_prepare(struct generator *generator, uint8_t *bytes, unsigned number,
                                unsigned segment, bool wide)
{
    if (points_to_memory(generator, number, segment, wide) || random_percent(&generator->random, 10))
        return 0;
    uint32_t base = generator->processor->bench->cpu.segments[segment].base;
    return move_immediate(generator, bytes, number,
                          interesting_address(generator, !wide && base == 0) - base);
}

static unsigned string_prepare(struct generator *generator, uint8_t *bytes)
{
    const struct plan *plan = &generator->plan;
    const char *operands = plan->row->instruction->operands;
    bool wide = plan_address_is_wide(generator);
    uint32_t count = generator->processor->bench->cpu.gpr[ECX] & (wide ? 0xffffffffu : 0xffffu);
    unsigned length = 0;
    if (plan->repeat && count > 64 && random_percent(&generator->random, 90))
        return move_immediate(generator, bytes, ECX, random_below(&generator->random, 24));
    if (strchr(operands, 'X') != NULL)
        length = pointer_prepare(generator, bytes, ESI, plan_segment(generator, DS), wide);
    /* Copies that overlap, by a little. */
    if (length == 0 && plan->repeat && plan->preparations == 0 && random_percent(&generator->random, 12)) {
        uint32_t from = generator->processor->bench->cpu.gpr[ESI];
        return move_immediate(generator, bytes, EDI, from + random_below(&generator->random, 17) - 8);
    }
    if (length == 0 && strchr(operands, 'Y') != NULL)
        length = pointer_prepare(generator, bytes, EDI, ES, wide);
    return length;
}

/* RET, RETF and IRET: their words are pushed in turn, the last one first. */
static unsigned return_prepare(struct generator *generator, uint8_t *bytes)
{
    struct random *random = &generator->random;
    const char *mnemonic = generator->plan.row->instruction->mnemonic;
    unsigned words = strcmp(mnemonic, "IRET") == 0 ? 3 : strcmp(mnemonic, "RETF") == 0 ? 2 : 1;
    unsigned done = generator->plan.preparations;
    if (done >= words)
        return 0;
    unsigned word = words - 1 - done;
    if (word == 1)
        generator->plan.selector = interesting_code_selector(generator);
    else if (words == 1)
        generator->plan.selector = generator->processor->bench->cpu.segments[CS].selector;
    if (word == 0)
        return push_immediate(generator, bytes, interesting_code_offset(generator, generator->plan.selector));
    if (word == 1)
        return push_immediate(generator, bytes, generator->plan.selector);
    uint32_t flags = interesting_word(random) & ~(EFLAGS_TF | EFLAGS_NT);
    return push_immediate(generator, bytes, flags);
}

/* MOV doubleword [address],value */
static unsigned store_immediate(const struct generator *generator, uint8_t *bytes, uint32_t address,
                                uint32_t value)
{
    unsigned length = 0;
    if (!code_is_wide(generator)) {
        bytes[length++] = 0x66;
        bytes[length++] = 0x67;
    }
    bytes[length++] = 0xc7;
    bytes[length++] = 0x05;
    store_le32(bytes + length, address - generator->processor->bench->cpu.segments[DS].base);
    store_le32(bytes + length + 4, value);
    return length + 8;
}

/* JMP and CALL through a register or memory; LDS and kin, which load a far pointer too. */
static unsigned jump_prepare(struct generator *generator, uint8_t *bytes)
{
    struct plan *plan = &generator->plan;
    struct random *random = &generator->random;
    bool far = strstr(plan->row->instruction->operands, "Mp") != NULL;
    bool jumps = plan->row->first == 0xff;
    if (plan->preparations == 0) {
        plan->selector = generator->processor->bench->cpu.segments[CS].selector;
        if (far)
            plan->selector = jumps ? interesting_code_selector(generator) : interesting_selector(generator);
    }
    uint32_t offset = interesting_code_offset(generator, plan->selector);
    if (plan->preparations == 0 && !far && random_percent(random, 50)) {
        plan->register_chosen = true;
        plan->rm = (uint8_t)random_below(random, 8);
        return plan->rm == ESP ? 0 : move_immediate(generator, bytes, plan->rm, offset);
    }
    if (plan->register_chosen || plan->segment != 0 || plan->preparations > 1 ||
        (!far && plan->preparations > 0))
        return 0;
    if (plan->preparations == 1)
        return store_immediate(generator, bytes, plan->target + (plan_is_wide(generator) ? 4 : 2),
                               plan->selector);
    plan->target = interesting_address(generator, !plan_address_is_wide(generator));
    plan->target_chosen = true;
    return store_immediate(generator, bytes, plan->target, offset);
}

/* A register with a selector for the instructions that take one. */
static unsigned selector_prepare(struct generator *generator, uint8_t *bytes)
{
    struct plan *plan = &generator->plan;
    if (plan->preparations > 0 || random_percent(&generator->random, 20))
        return 0;
    if (plan->row->modrm == MODRM_NONE)
        return push_immediate(generator, bytes, interesting_selector(generator));
    plan->register_chosen = true;
    plan->rm = (uint8_t)random_below(&generator->random, 8);
    if (plan->rm == ESP)
        plan->rm = EAX;
    return move_immediate(generator, bytes, plan->rm, interesting_selector(generator));
}

/* CMPXCHG: an accumulator that equals what is in memory. */
static unsigned compare_prepare(struct generator *generator, uint8_t *bytes)
{
    struct plan *plan = &generator->plan;
    struct random *random = &generator->random;
    bool wide = plan->row->instruction->operands[1] == 'q';
    if (plan->segment != 0 || plan->preparations > (wide ? 1 : 0))
        return 0;
    if (plan->preparations == 0) {
        if (random_percent(random, 50))
            return 0;
        plan->target = interesting_address(generator, !plan_address_is_wide(generator));
        plan->target_chosen = true;
    }
    uint32_t at = plan->target + 4 * plan->preparations;
    const uint8_t *memory = processor_memory(generator->processor, at);
    if (!plan->target_chosen || memory == NULL || at % ORACLE_PAGE > ORACLE_PAGE - 4)
        return 0;
    return move_immediate(generator, bytes, plan->preparations == 0 ? EAX : EDX, load_le32(memory));
}

/* Digits around the borders of decimal adjustment. */
static unsigned decimal_prepare(struct generator *generator, uint8_t *bytes)
{
    static const uint8_t digits[] = {0x00, 0x05, 0x06, 0x09, 0x0a, 0x0f, 0x10, 0x5f, 0x60, 0x65, 0x66,
                                     0x90, 0x93, 0x99, 0x9a, 0x9f, 0xa0, 0xf5, 0xf9, 0xfa, 0xff};
    if (generator->plan.preparations > 0 || random_percent(&generator->random, 40))
        return 0;
    bytes[0] = 0xb0;
    bytes[1] = digits[random_below(&generator->random, ARRAY_LENGTH(digits))];
    return 2;
}

unsigned generator_prepare(struct generator *generator, uint8_t *bytes)
{
    const struct plan *plan = &generator->plan;
    const struct instruction *row = plan->row->instruction;
    struct random *random = &generator->random;
    const char *mnemonic = row->mnemonic;
    bool stack_is_wide = generator->processor->bench->cpu.segments[SS].access & ACCESS_DB;
    unsigned length = 0;
    if (strpbrk(row->operands, "XY") != NULL)
        return string_prepare(generator, bytes);
    if (mnemonic_in("PUSH POP PUSHA POPA PUSHF POPF CALL ENTER", mnemonic))
        length = pointer_prepare(generator, bytes, ESP, SS, stack_is_wide);
    if (length > 0)
        return length;
    if (mnemonic_in("RET RETF IRET", mnemonic))
        return return_prepare(generator, bytes);
    if (mnemonic_in("LEAVE ENTER", mnemonic))
        return pointer_prepare(generator, bytes, EBP, SS, stack_is_wide);
    if (mnemonic_in("XLAT", mnemonic))
        return pointer_prepare(generator, bytes, EBX, plan_segment(generator, DS),
                               plan_address_is_wide(generator));
    if (strstr(row->operands, "Mp") != NULL ||
        (plan->row->first == 0xff && mnemonic_in("JMP CALL", mnemonic)))
        return jump_prepare(generator, bytes);
    if (mnemonic_in("LAR LSL VERR VERW ARPL LLDT LTR", mnemonic) || strncmp(row->operands, "Sw", 2) == 0 ||
        (mnemonic_in("POP", mnemonic) && plan->row->immediate[0] == IMMEDIATE_NONE &&
         row->operands[1] == 'S'))
        return selector_prepare(generator, bytes);
    if (mnemonic_in("DAA DAS AAA AAS", mnemonic))
        return decimal_prepare(generator, bytes);
    if (mnemonic_in("CMPXCHG CMPXCHG8B", mnemonic))
        return compare_prepare(generator, bytes);
    if (mnemonic_in("DIV IDIV", mnemonic) && plan->preparations == 0 && random_percent(random, 40))
        return move_immediate(generator, bytes, EDX, random_below(random, 3));
    if (strstr(row->operands, "CL") != NULL && plan->preparations == 0 && random_percent(random, 40)) {
        bytes[0] = 0xb1;
        bytes[1] = (uint8_t)random_below(random, 40);
        return 2;
    }
    return 0;
}
