/*
 * The fast engine against the exact interpreter, which defines it: the same programs in slices of the same lengths,
 * and after each slice the same processor, at the end the same memory.
 */
#include <stdlib.h>
#include <string.h>

#include "cpu/fast/block.h"
#include "cpu/instruction.h"
#include "sample.h"
#include "unit/suite.h"

#define PROGRAM_BYTES 3000u
#define COUNTER       (BENCH_DATA + 0x100u)
#define ROUNDS        40u
#define TIMER_VECTOR  0x40u

struct pair {
    struct bench *exact, *fast;
};

static struct pair pair_new(const char *model)
{
    return (struct pair){bench_new_with(model, CPU_ENGINE_EXACT), bench_new_with(model, CPU_ENGINE_FAST)};
}

static void pair_free(struct pair *pair)
{
    bench_free(pair->exact);
    bench_free(pair->fast);
}

static void pair_code(struct pair *pair, const void *bytes, size_t size)
{
    bench_code(pair->exact, bytes, size);
    bench_code(pair->fast, bytes, size);
}

static void slice_run(struct bench *bench, uint64_t instructions)
{
    uint64_t end = clock_now(&bench->clock) + instructions;
    while (clock_now(&bench->clock) < end && bench->cpu.activity == ACTIVE) {
        clock_run_due(&bench->clock, end - clock_now(&bench->clock));
        cpu_run(&bench->cpu);
    }
}

static void demand_same_processor(const struct pair *pair, const char *where)
{
    char name[96];
    DEMAND(clock_now(&pair->exact->clock) == clock_now(&pair->fast->clock), "%s: not the same time", where);
    DEMAND(!state_rows_differ(cpu_rows, &pair->exact->cpu, &pair->fast->cpu, name, sizeof name),
           "%s, time %llu: the engines differ in %s; EIP %08X and %08X", where,
           (unsigned long long)clock_now(&pair->exact->clock), name, pair->exact->cpu.eip,
           pair->fast->cpu.eip);
}

static void demand_same_memory(const struct pair *pair, const char *where)
{
    DEMAND(memcmp(pair->exact->memory.ram, pair->fast->memory.ram, BENCH_RAM) == 0, "%s: memory differs",
           where);
}

/* Runs both in slices of random lengths until `instructions` are done or the processor halts. */
static void pair_run(struct pair *pair, struct sampler *sampler, uint64_t instructions, const char *where)
{
    uint64_t end = clock_now(&pair->exact->clock) + instructions;
    while (clock_now(&pair->exact->clock) < end && pair->exact->cpu.activity == ACTIVE) {
        uint64_t slice = 1 + sampler_random(sampler) % (sampler_one_in(sampler, 4) ? 7 : 400);
        slice_run(pair->exact, slice);
        slice_run(pair->fast, slice);
        demand_same_processor(pair, where);
    }
    demand_same_memory(pair, where);
}

/* ---- programs of random instructions in a loop ---- */

struct program {
    uint8_t bytes[PROGRAM_BYTES];
    unsigned used;
};

static void program_add(struct program *program, const void *bytes, unsigned size)
{
    memcpy(program->bytes + program->used, bytes, size);
    program->used += size;
}

static unsigned rows_of(const struct instruction *const *families, const struct instruction **rows,
                        unsigned most)
{
    unsigned used = 0;
    for (unsigned f = 0; families[f] != NULL; f++) {
        for (const struct instruction *row = families[f]; row->opcode != NULL && used < most; row++)
            rows[used++] = row;
    }
    return used;
}

/* A short conditional jump over the instruction behind it, now and then. */
static void random_skip(struct sampler *sampler, struct program *program, unsigned over)
{
    uint8_t jump[2] = {(uint8_t)(0x70 | sampler_random(sampler) % 16), (uint8_t)over};
    if (sampler_one_in(sampler, 3))
        program_add(program, jump, sizeof jump);
}

/* Random rows of the integer families, then DEC of a counter and a jump back to the start; at last HLT. */
static void program_make(struct sampler *sampler, struct program *program, struct sample *first)
{
    const struct instruction *rows[1024];
    unsigned count = 0;
    unsigned row_count = rows_of(instruction_families, rows, 1024);
    program->used = 0;
    while (count < 12) {
        struct sample sample;
        const struct instruction *row = rows[sampler_random(sampler) % row_count];
        bool integer = strstr(row->manual, "ENTER") == NULL && row->features == FEATURE_ALWAYS;
        if (!integer || !sample_make(sampler, row, &sample) || sample.op.row == NULL)
            continue;
        if (count == 0)
            *first = sample;
        random_skip(sampler, program, sample.op.length);
        program_add(program, sample.bytes, sample.op.length);
        count++;
    }
    uint8_t tail[] = {0xff, 0x0d, 0, 0, 0, 0,   0x0f,
                      0x85, 0,    0, 0, 0, 0xf4}; /* dec [COUNTER]; jnz start; hlt */
    uint32_t counter = COUNTER;
    int32_t back = -(int32_t)(program->used + 12);
    memcpy(tail + 2, &counter, 4);
    memcpy(tail + 8, &back, 4);
    program_add(program, tail, sizeof tail);
}

static void bench_prepare(struct bench *bench, const struct program *program, const struct sample *first)
{
    memcpy(bench->cpu.gpr, &first->before, 4); /* EAX; the others follow from what the program does */
    bench_code(bench, program->bytes, program->used);
    bench_write32(bench, COUNTER, ROUNDS);
}

static void random_programs(const char *model, void (*enter)(struct bench *), unsigned programs)
{
    struct bench *table = bench_new(model);
    struct sampler sampler = {.decoder = table->cpu.decoder, .seed = 20261120};
    for (unsigned n = 0; n < programs; n++) {
        struct program program;
        struct sample first = {0};
        char where[48];
        snprintf(where, sizeof where, "program %u", n);
        program_make(&sampler, &program, &first);
        struct pair pair = pair_new(model);
        enter(pair.exact);
        enter(pair.fast);
        bench_prepare(pair.exact, &program, &first);
        bench_prepare(pair.fast, &program, &first);
        pair_run(&pair, &sampler, 20000, where);
        pair_free(&pair);
    }
    bench_free(table);
}

static void enter_ring0(struct bench *bench)
{
    bench_protected(bench, 0);
}

static void enter_ring3(struct bench *bench)
{
    bench_protected(bench, 3);
}

START_TEST(random_programs_in_ring_0_are_the_same_on_both)
{
    random_programs("core-duo", enter_ring0, 400);
}
END_TEST

START_TEST(random_programs_in_ring_3_are_the_same_on_both)
{
    random_programs("core-duo", enter_ring3, 400);
}
END_TEST

START_TEST(random_programs_in_real_mode_are_the_same_on_both)
{
    random_programs("pentium", bench_real, 400);
}
END_TEST

/* ---- interrupts in the middle of everything ---- */

static void timer(void *context, unsigned event)
{
    struct bench *bench = context;
    cpu_set_intr(&bench->cpu, true);
    clock_schedule(&bench->clock, event, clock_now(&bench->clock) + 97);
}

/* The handler counts, drops the line by a store that the test's board sees, and returns. */
static void timer_start(struct bench *bench)
{
    static const uint8_t handler[] = {0xff, 0x05, 0x80, 0x01, 0x02, 0x00, 0xe6, 0x10, 0xcf};
    bench_write(bench, 0x7000, handler, sizeof handler); /* inc [20180h]; out 10h,al; iret */
    bench_idt_set(bench, TIMER_VECTOR,
                  bench_gate(BENCH_CODE0, 0x7000, ACCESS_P | SYSTEM_INTERRUPT_GATE32, 0));
    bench->next_vector = TIMER_VECTOR;
    unsigned event = clock_event_add(&bench->clock, "test.timer", timer, bench, 0);
    clock_schedule(&bench->clock, event, 50);
    cpu_set_eflags(&bench->cpu, bench->cpu.eflags | EFLAGS_IF);
}

static void line_down(void *context, unsigned range, uint16_t offset, uint32_t value, unsigned size)
{
    struct bench *bench = context;
    (void)range;
    (void)offset;
    (void)value;
    (void)size;
    cpu_set_intr(&bench->cpu, false);
}

static void timer_port(struct bench *bench)
{
    ports_claim(
        &bench->ports,
        &(struct port_range){
            .name = "test", .first = 0x10, .count = 1, .width = 1, .write = line_down, .context = bench});
}

START_TEST(interrupts_arrive_at_the_same_instruction)
{
    /* 0: mov ecx,50  5: imul eax,eax,7  8: add eax,ecx  A: call 15  F: dec ecx  10: jnz 5  12: hlt  15: push eax ... */
    static const uint8_t code[] = {0xb9, 50,   0,    0,    0,    0x6b, 0xc0, 7,    0x01,
                                   0xc8, 0xe8, 0x06, 0,    0,    0,    0x49, 0x75, 0xf3,
                                   0xf4, 0x90, 0x90, 0x50, 0xd1, 0xc8, 0x58, 0xc3};
    for (unsigned seed = 1; seed < 60; seed++) {
        struct pair pair = pair_new(NULL);
        struct sampler sampler = {.seed = seed};
        for (unsigned i = 0; i < 2; i++) {
            struct bench *bench = i == 0 ? pair.exact : pair.fast;
            bench_protected(bench, 3);
            timer_port(bench);
            timer_start(bench);
        }
        pair_code(&pair, code, sizeof code);
        pair_run(&pair, &sampler, 3000, "interrupts");
        ck_assert_uint_gt(bench_read32(pair.fast, 0x20180), 2);
        pair_free(&pair);
    }
}
END_TEST

/* ---- code that writes over itself ---- */

START_TEST(code_written_in_a_loop_is_executed_as_written)
{
    /*
     *  0: mov ecx,100
     *  5: add eax,1            the immediate is what is written
     *  8: mov [BENCH_CODE+7],cl
     *  E: dec ecx
     *  F: jnz 5
     * 11: hlt
     */
    static const uint8_t code[] = {0xb9, 100,  0,    0,    0,    0x83, 0xc0, 1,    0x88,
                                   0x0d, 0x07, 0x00, 0x01, 0x00, 0x49, 0x75, 0xf4, 0xf4};
    struct pair pair = pair_new(NULL);
    struct sampler sampler = {.seed = 1};
    bench_protected(pair.exact, 0);
    bench_protected(pair.fast, 0);
    pair_code(&pair, code, sizeof code);
    pair_run(&pair, &sampler, 100000, "self-modifying code");
    ck_assert_uint_eq(pair.fast->cpu.gpr[EAX],
                      5050); /* 1 first, then the count of the round before: 100 to 2 */
    pair_free(&pair);
}
END_TEST

START_TEST(a_link_does_not_lead_to_code_of_yesterday)
{
    /*
     *  0: mov ecx,50
     *  5: mov [ebx],cl
     *  7: jmp 80
     * 80: add eax,1            its immediate is written every second round, when the link to it has been made
     * 83: xor ebx,edi
     * 85: dec ecx
     * 86: jnz 5
     * 8C: hlt
     */
    static const uint8_t code[0x8d] = {
        0xb9, 50,   0,    0,    0,    0x88, 0x0b, 0xeb, 0x77, [0x80] = 0x83, 0xc0,
        1,    0x31, 0xfb, 0x49, 0x0f, 0x85, 0x79, 0xff, 0xff, 0xff,          0xf4,
    };
    struct pair pair = pair_new(NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct bench *bench = i == 0 ? pair.exact : pair.fast;
        bench_protected(bench, 0);
        bench->cpu.gpr[EBX] = BENCH_DATA;
        bench->cpu.gpr[EDI] = BENCH_DATA ^ (BENCH_CODE + 0x82);
    }
    pair_code(&pair, code, sizeof code);
    slice_run(pair.exact, 2000);
    slice_run(pair.fast, 2000);
    demand_same_processor(&pair, "a link to code that was written");
    demand_same_memory(&pair, "a link to code that was written");
    pair_free(&pair);
}
END_TEST

START_TEST(dead_blocks_do_not_pile_up)
{
    /* mov ecx,20000; add eax,1 with its immediate written; mov [BENCH_CODE+7],cl; dec ecx; jnz; hlt */
    static const uint8_t code[] = {0xb9, 0x20, 0x4e, 0,    0,    0x83, 0xc0, 1,    0x88,
                                   0x0d, 0x07, 0x00, 0x01, 0x00, 0x49, 0x75, 0xf4, 0xf4};
    struct bench *bench = bench_new_with(NULL, CPU_ENGINE_FAST);
    bench_protected(bench, 0);
    bench_code(bench, code, sizeof code);
    slice_run(bench, 90000);
    ck_assert_uint_eq(bench->cpu.activity, HALTED);
    ck_assert_uint_gt(bench->cpu.fast->blocks_made, 10000);
    ck_assert_uint_lt(bench->cpu.fast->bytes_used, 100000);
    bench_free(bench);
}
END_TEST

START_TEST(a_block_that_writes_behind_itself_stops_there)
{
    /* mov byte [BENCH_CODE+7],40h; inc ecx becomes inc eax: it stands right behind the store */
    static const uint8_t code[] = {0xc6, 0x05, 0x07, 0x00, 0x01, 0x00, 0x40, 0x41, 0xf4};
    struct pair pair = pair_new(NULL);
    for (unsigned n = 0; n < 3; n++) {
        bench_protected(pair.exact, 0);
        bench_protected(pair.fast, 0);
        pair.exact->cpu.activity = pair.fast->cpu.activity = ACTIVE;
        pair_code(&pair, code, sizeof code);
        slice_run(pair.exact, 3);
        slice_run(pair.fast, 3);
        demand_same_processor(&pair, "a store behind itself");
        ck_assert_uint_eq(pair.fast->cpu.gpr[EAX], n + 1);
    }
    pair_free(&pair);
}
END_TEST

UNIT_SUITE("fast", random_programs_in_ring_0_are_the_same_on_both,
           random_programs_in_ring_3_are_the_same_on_both, random_programs_in_real_mode_are_the_same_on_both,
           interrupts_arrive_at_the_same_instruction, code_written_in_a_loop_is_executed_as_written,
           a_link_does_not_lead_to_code_of_yesterday, dead_blocks_do_not_pile_up,
           a_block_that_writes_behind_itself_stops_there)
