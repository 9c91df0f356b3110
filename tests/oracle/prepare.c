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

static unsigned move_immediate(uint8_t *bytes, unsigned number, uint32_t value)
{
    bytes[0] = (uint8_t)(0xb8 | number);
    store_le32(bytes + 1, value);
    return 5;
}

static unsigned push_immediate(const struct generator *generator, uint8_t *bytes, uint32_t value)
{
    unsigned length = 0;
    if (generator->plan.operand_size)
        bytes[length++] = 0x66;
    bytes[length++] = 0x68;
    store_le32(bytes + length, value);
    return length + (generator->plan.operand_size ? 2 : 4);
}

static bool points_to_memory(const struct generator *generator, unsigned number, bool wide)
{
    uint32_t value = generator->processor->bench->cpu.gpr[number] & (wide ? 0xffffffffu : 0xffffu);
    return arena_find(value, generator->processor->capabilities) != NULL;
}

/* MOV register,address when it points to nothing; 0 when all is well. */
static unsigned pointer_prepare(struct generator *generator, uint8_t *bytes, unsigned number, bool wide)
{
    if (points_to_memory(generator, number, wide) || random_percent(&generator->random, 10))
        return 0;
    return move_immediate(bytes, number, interesting_address(generator, !wide));
}

static unsigned string_prepare(struct generator *generator, uint8_t *bytes)
{
    const struct plan *plan = &generator->plan;
    const char *operands = plan->row->instruction->operands;
    bool wide = !plan->address_size;
    uint32_t count = generator->processor->bench->cpu.gpr[ECX] & (wide ? 0xffffffffu : 0xffffu);
    unsigned length = 0;
    if (plan->repeat && count > 64 && random_percent(&generator->random, 90))
        return move_immediate(bytes, ECX, random_below(&generator->random, 24));
    if (strchr(operands, 'X') != NULL)
        length = pointer_prepare(generator, bytes, ESI, wide);
    if (length == 0 && strchr(operands, 'Y') != NULL)
        length = pointer_prepare(generator, bytes, EDI, wide);
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
    if (word == 0)
        return push_immediate(generator, bytes, interesting_code_address(generator));
    if (word == 1) {
        bool good = random_percent(random, 75);
        return push_immediate(generator, bytes, good ? ORACLE_CODE : interesting_selector(generator));
    }
    uint32_t flags = interesting_word(random) & ~(EFLAGS_TF | EFLAGS_NT);
    return push_immediate(generator, bytes, flags);
}

/* JMP and CALL through a register or memory; LDS and kin, which load a far pointer too. */
static unsigned jump_prepare(struct generator *generator, uint8_t *bytes)
{
    struct plan *plan = &generator->plan;
    struct random *random = &generator->random;
    bool far = strstr(plan->row->instruction->operands, "Mp") != NULL;
    if (plan->preparations == 0 && !far && random_percent(random, 50)) {
        plan->register_chosen = true;
        plan->rm = (uint8_t)random_below(random, 8);
        return plan->rm == ESP ? 0 : move_immediate(bytes, plan->rm, interesting_code_address(generator));
    }
    if (plan->register_chosen || plan->segment != 0 || plan->preparations > 1 ||
        (!far && plan->preparations > 0))
        return 0;
    if (plan->preparations == 0) {
        plan->target = interesting_address(generator, plan->address_size);
        plan->target_chosen = true;
    }
    bool selector = plan->preparations == 1;
    bytes[0] = 0xc7;
    bytes[1] = 0x05;
    store_le32(bytes + 2, plan->target + (selector ? plan->operand_size ? 2 : 4 : 0));
    bool jumps = plan->row->first == 0xff;
    uint32_t chosen = jumps && random_percent(random, 75) ? ORACLE_CODE : interesting_selector(generator);
    store_le32(bytes + 6, selector ? chosen : interesting_code_address(generator));
    return 10;
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
    return move_immediate(bytes, plan->rm, interesting_selector(generator));
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
        plan->target = interesting_address(generator, plan->address_size);
        plan->target_chosen = true;
    }
    uint32_t at = plan->target + 4 * plan->preparations;
    const uint8_t *memory = processor_memory(generator->processor, at);
    if (!plan->target_chosen || memory == NULL || at % ORACLE_PAGE > ORACLE_PAGE - 4)
        return 0;
    return move_immediate(bytes, plan->preparations == 0 ? EAX : EDX, load_le32(memory));
}

static unsigned stack_prepare(struct generator *generator, uint8_t *bytes)
{
    if (!points_to_memory(generator, ESP, true) && random_percent(&generator->random, 90))
        return move_immediate(bytes, ESP, interesting_address(generator, false));
    return 0;
}

unsigned generator_prepare(struct generator *generator, uint8_t *bytes)
{
    const struct plan *plan = &generator->plan;
    const struct instruction *row = plan->row->instruction;
    struct random *random = &generator->random;
    const char *mnemonic = row->mnemonic;
    unsigned length = 0;
    if (strpbrk(row->operands, "XY") != NULL)
        return string_prepare(generator, bytes);
    if (mnemonic_in("PUSH POP PUSHA POPA PUSHF POPF CALL ENTER", mnemonic))
        length = stack_prepare(generator, bytes);
    if (length > 0)
        return length;
    if (mnemonic_in("RET RETF IRET", mnemonic))
        return return_prepare(generator, bytes);
    if (mnemonic_in("LEAVE ENTER", mnemonic))
        return pointer_prepare(generator, bytes, EBP, true);
    if (mnemonic_in("XLAT", mnemonic))
        return pointer_prepare(generator, bytes, EBX, !plan->address_size);
    if (strstr(row->operands, "Mp") != NULL ||
        (plan->row->first == 0xff && mnemonic_in("JMP CALL", mnemonic)))
        return jump_prepare(generator, bytes);
    if (mnemonic_in("LAR LSL VERR VERW ARPL LLDT LTR", mnemonic) || strncmp(row->operands, "Sw", 2) == 0 ||
        (mnemonic_in("POP", mnemonic) && plan->row->immediate[0] == IMMEDIATE_NONE &&
         row->operands[1] == 'S'))
        return selector_prepare(generator, bytes);
    if (mnemonic_in("CMPXCHG CMPXCHG8B", mnemonic))
        return compare_prepare(generator, bytes);
    if (mnemonic_in("DIV IDIV", mnemonic) && plan->preparations == 0 && random_percent(random, 40))
        return move_immediate(bytes, EDX, random_below(random, 3));
    if (strstr(row->operands, "CL") != NULL && plan->preparations == 0 && random_percent(random, 40)) {
        bytes[0] = 0xb1;
        bytes[1] = (uint8_t)random_below(random, 40);
        return 2;
    }
    return 0;
}
