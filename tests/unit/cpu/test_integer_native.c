/*
 * Every row of the integer families against the host's own processor: random operands, registers and flags, in
 * all operand sizes, in registers and memory. What a row calls undefined is masked, narrowed by what the
 * manual says about shift counts.
 */
#include <string.h>

#include "base/bits.h"
#include "cpu/instructions/families.h"
#include "sample.h"
#include "unit/suite.h"

struct oracle {
    struct bench *bench;
    struct sampler sampler;
    unsigned cases;
};

/* `list` is words with a blank before and behind each. */
static bool is_any_of(const char *mnemonic, const char *list)
{
    size_t length = strlen(mnemonic);
    for (const char *p = strstr(list, mnemonic); p != NULL; p = strstr(p + 1, mnemonic)) {
        if (p[-1] == ' ' && p[length] == ' ')
            return true;
    }
    return false;
}

/* The flags that the manual leaves undefined for exactly these operands. */
static uint32_t undefined_flags(const struct sample *s)
{
    static const char letters[] = "oszapc";
    static const uint32_t flags[] = {EFLAGS_OF, EFLAGS_SF, EFLAGS_ZF, EFLAGS_AF, EFLAGS_PF, EFLAGS_CF};
    uint32_t undefined = 0;
    for (const char *p = s->row->flags_undefined; *p != '\0'; p++)
        undefined |= flags[strchr(letters, *p) - letters];
    if (!is_any_of(s->row->mnemonic, " ROL ROR RCL RCR SHL SHR SAL SAR SHLD SHRD "))
        return undefined;
    unsigned bits = s->row->operands[1] == 'b' ? 8 : s->op.wide ? 32 : 16;
    unsigned count = (strstr(s->row->operands, "CL") != NULL ? s->before.gpr[ECX] : s->op.immediate) & 31;
    uint32_t refined = 0;
    if (count != 0 && s->row->mnemonic[0] == 'S')
        refined |= EFLAGS_AF;
    if (count > 1)
        refined |= EFLAGS_OF;
    if (count >= bits && is_any_of(s->row->mnemonic, " SHL SAL SHR "))
        refined |= EFLAGS_CF;
    DEMAND((refined & ~undefined) == 0, "%s %s: undefined flags missing", s->row->opcode, s->row->mnemonic);
    return refined;
}

/* Results, not only flags, that the manual leaves open. */
static bool is_undefined(const struct sample *s)
{
    if (s->op.wide)
        return false;
    if (strcmp(s->row->mnemonic, "BSWAP") == 0)
        return true;
    unsigned count = (strstr(s->row->operands, "CL") != NULL ? s->before.gpr[ECX] : s->op.immediate) & 31;
    return is_any_of(s->row->mnemonic, " SHLD SHRD ") && count > 16;
}

/* XCHG locks the bus; hosts punish a lock across a cache line with a long sleep. */
static bool is_split_lock(const struct oracle *oracle, const struct sample *s)
{
    if (s->op.rm != RM_MEMORY || strcmp(s->row->mnemonic, "XCHG") != 0)
        return false;
    struct cpu *cpu = &oracle->bench->cpu;
    memcpy(cpu->gpr, s->before.gpr, sizeof s->before.gpr);
    return effective_address(cpu, &s->op) % 64 > 60;
}

/* Executes on our side, from the first boundary to the last; returns the fault's vector. */
static int emulate(struct oracle *oracle, const struct sample *s, struct native_registers *after)
{
    struct cpu *cpu = &oracle->bench->cpu;
    memcpy(cpu->gpr, s->before.gpr, sizeof s->before.gpr);
    cpu->eflags = s->before.eflags | EFLAGS_1;
    cpu->eip = BENCH_CODE;
    cpu->repeating = false;
    struct fault fault;
    do {
        cpu->clock->budget = sampler_random(&oracle->sampler) % 100;
        cpu->next_eip = cpu->eip + s->op.length;
        fault = s->op.execute(cpu, &s->op);
    } while (fault.reason == NO_FAULT && cpu->repeating);
    DEMAND(fault.reason != NO_FAULT || cpu->next_eip == BENCH_CODE + s->op.length, "eip %08x", cpu->next_eip);
    DEMAND(cpu->gpr[GPR_ZERO] == 0, "the zero register is written");
    DEMAND((cpu->eflags & ~SAMPLE_FLAGS) == EFLAGS_1, "eflags %08x", cpu->eflags);
    memcpy(after->gpr, cpu->gpr, sizeof after->gpr);
    after->eflags = cpu->eflags & SAMPLE_FLAGS;
    return fault.reason == NO_FAULT ? NATIVE_NO_FAULT : fault.vector;
}

static void describe(const struct sample *s, char *text, size_t size)
{
    int used = snprintf(text, size, "%s %s [", s->row->mnemonic, s->row->operands);
    for (unsigned i = 0; i < s->op.length; i++)
        used += snprintf(text + used, size - (size_t)used, "%02x ", s->bytes[i]);
    used += snprintf(text + used, size - (size_t)used, "] eflags %03x", s->before.eflags);
    for (unsigned i = 0; i < 8; i++)
        used += snprintf(text + used, size - (size_t)used, " %08x", s->before.gpr[i]);
}

static void compare(struct oracle *oracle, const struct sample *s)
{
    struct native_registers theirs = s->before, ours;
    int their_fault = native_run(s->bytes, s->op.length, &theirs);
    int our_fault = emulate(oracle, s, &ours);
    char text[400];
    describe(s, text, sizeof text);
    DEMAND(our_fault == their_fault, "%s: vector %d, host %d", text, our_fault, their_fault);
    for (unsigned i = 0; i < 8; i++)
        DEMAND(ours.gpr[i] == theirs.gpr[i], "%s: register %u is %08x, host %08x", text, i, ours.gpr[i],
               theirs.gpr[i]);
    uint32_t differ = (ours.eflags ^ theirs.eflags) & SAMPLE_FLAGS & ~undefined_flags(s);
    DEMAND(differ == 0, "%s: flags %03x, host %03x", text, ours.eflags, theirs.eflags);
    DEMAND(memcmp(oracle->bench->memory.ram + SAMPLE_BEGIN, (void *)(uintptr_t)SAMPLE_BEGIN, SAMPLE_WINDOW) ==
               0,
           "%s: memory differs", text);
    oracle->cases++;
}

/* The row must change no flag that it does not name; the oracle's masks hang on that. */
static void check_flags_column(struct oracle *oracle, const struct sample *s)
{
    static const struct {
        char letter;
        uint32_t flag;
    } names[] = {{'o', EFLAGS_OF}, {'s', EFLAGS_SF}, {'z', EFLAGS_ZF}, {'a', EFLAGS_AF},
                 {'p', EFLAGS_PF}, {'c', EFLAGS_CF}, {'d', EFLAGS_DF}};
    uint32_t changed = (oracle->bench->cpu.eflags ^ s->before.eflags) & SAMPLE_FLAGS;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool named = strchr(s->row->flags_written, names[i].letter) != NULL;
        DEMAND(named || !(changed & names[i].flag), "%s %s changes flag %c without saying so",
               s->row->mnemonic, s->row->operands, names[i].letter);
    }
}

static void family_check(const struct instruction *rows, unsigned rounds)
{
    if (!native_open()) {
        printf("this host cannot run 32-bit code: not compared\n");
        return;
    }
    struct oracle oracle = {.bench = bench_new(NULL), .sampler.seed = 1};
    bench_protected(oracle.bench, 0);
    oracle.sampler.decoder = oracle.bench->cpu.decoder;
    for (uint32_t offset = 0; offset < SAMPLE_WINDOW; offset += 4) {
        uint32_t value = sampler_operand(&oracle.sampler);
        store_le32((void *)(uintptr_t)(SAMPLE_BEGIN + offset), value);
        bench_write32(oracle.bench, SAMPLE_BEGIN + offset, value);
    }
    for (const struct instruction *row = rows; row->opcode != NULL; row++) {
        unsigned before = oracle.cases;
        for (unsigned round = 0; round < rounds; round++) {
            struct sample s;
            if (!sample_make(&oracle.sampler, row, &s) || is_undefined(&s) || is_split_lock(&oracle, &s))
                continue;
            compare(&oracle, &s);
            check_flags_column(&oracle, &s);
        }
        DEMAND(oracle.cases - before > rounds / 4, "%s %s: only %u cases", row->opcode, row->mnemonic,
               oracle.cases - before);
    }
    bench_free(oracle.bench);
}

#define FAMILY_TEST(family, rounds)                      \
    START_TEST(family##_is_what_the_host_processor_does) \
    {                                                    \
        family_check(family##_instructions, rounds);     \
    }                                                    \
    END_TEST

FAMILY_TEST(arithmetic, 2000)
FAMILY_TEST(bit, 3000)
FAMILY_TEST(decimal, 20000)
FAMILY_TEST(exchange, 3000)
FAMILY_TEST(misc, 2000)
FAMILY_TEST(move, 2000)
FAMILY_TEST(multiply, 10000)
FAMILY_TEST(shift, 3000)
FAMILY_TEST(stack, 3000)
FAMILY_TEST(string, 3000)

UNIT_SUITE("integer instructions against the host", arithmetic_is_what_the_host_processor_does,
           bit_is_what_the_host_processor_does, decimal_is_what_the_host_processor_does,
           exchange_is_what_the_host_processor_does, misc_is_what_the_host_processor_does,
           move_is_what_the_host_processor_does, multiply_is_what_the_host_processor_does,
           shift_is_what_the_host_processor_does, stack_is_what_the_host_processor_does,
           string_is_what_the_host_processor_does)
