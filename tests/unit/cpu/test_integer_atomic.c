/*
 * An instruction that faults has changed nothing: random instructions of every integer family, with pages around
 * their operands that are absent or read-only. Iterations of repeated string instructions are looked at singly.
 */
#include <string.h>

#include "cpu/instructions/families.h"
#include "sample.h"
#include "single.h"
#include "unit/suite.h"

#define PAGES (SAMPLE_WINDOW / PAGE_SIZE)

struct experiment {
    struct bench *bench;
    struct sampler sampler;
    unsigned faults;
    uint8_t window[SAMPLE_WINDOW];
};

static void pages_shuffle(struct experiment *e)
{
    static const uint32_t rights[] = {7, 7, 5, 0}; /* user and writable, read-only, absent */
    for (uint32_t i = 0; i < PAGES; i++) {
        uint32_t page = SAMPLE_BEGIN + i * PAGE_SIZE;
        single_page(e->bench, page, page | rights[sampler_random(&e->sampler) % ARRAY_LENGTH(rights)]);
    }
}

static void check(struct experiment *e, const struct sample *s)
{
    struct cpu *cpu = &e->bench->cpu;
    memcpy(cpu->gpr, s->before.gpr, sizeof s->before.gpr);
    cpu->eflags = s->before.eflags | EFLAGS_1;
    cpu->eip = BENCH_CODE;
    cpu->next_eip = cpu->eip + s->op.length;
    cpu->repeating = false;
    cpu->clock->budget = 0;
    memcpy(e->window, e->bench->memory.ram + SAMPLE_BEGIN, SAMPLE_WINDOW);
    struct fault fault = s->op.execute(cpu, &s->op);
    if (fault.reason == NO_FAULT)
        return;
    e->faults++;
    const char *name = s->row->mnemonic;
    DEMAND(cpu->eip == BENCH_CODE, "%s moved EIP", name);
    DEMAND(memcmp(cpu->gpr, s->before.gpr, sizeof s->before.gpr) == 0, "%s changed a register", name);
    DEMAND(cpu->eflags == (s->before.eflags | EFLAGS_1), "%s changed the flags", name);
    DEMAND(memcmp(e->window, e->bench->memory.ram + SAMPLE_BEGIN, SAMPLE_WINDOW) == 0, "%s changed memory",
           name);
}

static bool touches_memory(const struct instruction *row)
{
    if (strcmp(row->mnemonic, "NOP") == 0 || strncmp(row->mnemonic, "PREFETCH", 8) == 0 ||
        row->mnemonic[0] == 'U' || strcmp(row->mnemonic, "LEA") == 0)
        return false;
    for (const char *operand = row->operands; operand != NULL; operand = strchr(operand, ',')) {
        operand += *operand == ',';
        if (strchr("EMOXY", *operand) != NULL && *operand != '\0')
            return true;
    }
    return false;
}

static void family_check(const struct instruction *rows, unsigned rounds)
{
    static struct experiment e;
    e = (struct experiment){.bench = bench_new(NULL), .sampler.seed = 7};
    e.sampler.decoder = e.bench->cpu.decoder;
    bench_protected(e.bench, 3);
    single_paging(e.bench);
    for (const struct instruction *row = rows; row->opcode != NULL; row++) {
        e.faults = 0;
        for (unsigned round = 0; round < rounds; round++) {
            struct sample s;
            if (!sample_make(&e.sampler, row, &s))
                continue;
            pages_shuffle(&e);
            check(&e, &s);
        }
        DEMAND(!touches_memory(row) || e.faults > rounds / 20, "%s %s: only %u faults", row->mnemonic,
               row->operands, e.faults);
    }
    bench_free(e.bench);
}

#define FAMILY_TEST(family)                        \
    START_TEST(family##_that_faults_is_undone)     \
    {                                              \
        family_check(family##_instructions, 2000); \
    }                                              \
    END_TEST

FAMILY_TEST(arithmetic)
FAMILY_TEST(bit)
FAMILY_TEST(exchange)
FAMILY_TEST(misc)
FAMILY_TEST(move)
FAMILY_TEST(multiply)
FAMILY_TEST(shift)
FAMILY_TEST(stack)
FAMILY_TEST(string)

UNIT_SUITE("integer instructions are atomic", arithmetic_that_faults_is_undone, bit_that_faults_is_undone,
           exchange_that_faults_is_undone, misc_that_faults_is_undone, move_that_faults_is_undone,
           multiply_that_faults_is_undone, shift_that_faults_is_undone, stack_that_faults_is_undone,
           string_that_faults_is_undone)
