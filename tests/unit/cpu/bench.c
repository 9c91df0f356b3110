/* The processor's test bench; see bench.h. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"

#define FLAT (ACCESS_P | ACCESS_S | ACCESS_G | ACCESS_DB | ACCESS_ACCESSED)
#define DPL3 (3u << ACCESS_DPL_SHIFT)

static uint8_t acknowledge(void *context)
{
    return ((struct bench *)context)->next_vector;
}

struct bench *bench_new(const char *model_name)
{
    return bench_new_with(model_name, CPU_ENGINE_EXACT);
}

struct bench *bench_new_with(const char *model_name, enum cpu_engine engine)
{
    struct bench *bench = calloc(1, sizeof *bench);
    INVARIANT(bench != NULL);
    struct error error;
    struct cpu_model model;
    log_init(&bench->log, NULL);
    ports_init(&bench->ports);
    clock_init(&bench->clock, 1);
    bool ready = memory_init(&bench->memory, BENCH_RAM, &error) &&
                 cpu_model_parse(model_name != NULL ? model_name : "core-duo", &model, &error);
    INVARIANT(ready);
    memory_map_ram(&bench->memory, "ram", 0, BENCH_RAM, 0);
    struct cpu_board board = {
        .memory = &bench->memory,
        .ports = &bench->ports,
        .clock = &bench->clock,
        .log = &bench->log,
        .engine = engine,
        .interrupt_acknowledge = acknowledge,
        .context = bench,
    };
    ready = cpu_init(&bench->cpu, &model, &board, &error);
    INVARIANT(ready);
    return bench;
}

void bench_free(struct bench *bench)
{
    cpu_free(&bench->cpu);
    memory_free(&bench->memory);
    free(bench);
}

uint64_t bench_descriptor(uint32_t base, uint32_t limit, uint16_t access)
{
    if (access & ACCESS_G)
        limit >>= 12;
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(access & 0xff) << 40 |
           (uint64_t)(limit >> 16 & 0xf) << 48 | (uint64_t)(access >> 12) << 52 |
           (uint64_t)(base >> 24) << 56;
}

uint64_t bench_gate(uint16_t selector, uint32_t offset, uint16_t access, uint8_t parameters)
{
    return (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)(parameters & 0x1f) << 32 |
           (uint64_t)(access & 0xff) << 40 | (uint64_t)(offset >> 16) << 48;
}

void bench_gdt_set(struct bench *bench, uint16_t selector, uint64_t descriptor)
{
    bench_write(bench, BENCH_GDT + (selector & SELECTOR_INDEX), &descriptor, sizeof descriptor);
}

void bench_idt_set(struct bench *bench, unsigned vector, uint64_t gate)
{
    bench_write(bench, BENCH_IDT + 8 * vector, &gate, sizeof gate);
}

static void tables_write(struct bench *bench)
{
    bench_gdt_set(bench, 0, 0);
    bench_gdt_set(bench, BENCH_CODE0, bench_descriptor(0, 0xffffffff, FLAT | ACCESS_CODE | ACCESS_READABLE));
    bench_gdt_set(bench, BENCH_DATA0, bench_descriptor(0, 0xffffffff, FLAT | ACCESS_WRITABLE));
    bench_gdt_set(bench, BENCH_CODE3,
                  bench_descriptor(0, 0xffffffff, FLAT | DPL3 | ACCESS_CODE | ACCESS_READABLE));
    bench_gdt_set(bench, BENCH_DATA3, bench_descriptor(0, 0xffffffff, FLAT | DPL3 | ACCESS_WRITABLE));
    bench_gdt_set(bench, BENCH_TSS_SELECTOR, bench_descriptor(BENCH_TSS, 0x67, ACCESS_P | SYSTEM_TSS32_BUSY));
    bench_gdt_set(bench, BENCH_LDT_SELECTOR, bench_descriptor(BENCH_LDT, 0x7ff, ACCESS_P | SYSTEM_LDT));
    for (unsigned vector = 0; vector < 256; vector++) {
        uint32_t handler = BENCH_HANDLERS + vector;
        uint8_t hlt = 0xf4;
        bench_idt_set(bench, vector,
                      bench_gate(BENCH_CODE0, handler, ACCESS_P | DPL3 | SYSTEM_INTERRUPT_GATE32, 0));
        bench_write(bench, handler, &hlt, 1);
    }
    bench_write32(bench, BENCH_TSS + 4, BENCH_STACK0);
    bench_write16(bench, BENCH_TSS + 8, BENCH_DATA0);
    bench_write16(bench, BENCH_TSS + 0x66, 0x68); /* the I/O bitmap would begin beyond the limit */
}

static struct segment gdt_segment(struct bench *bench, uint16_t selector)
{
    uint32_t address = BENCH_GDT + (selector & SELECTOR_INDEX);
    struct descriptor descriptor =
        descriptor_decode(bench_read32(bench, address) | (uint64_t)bench_read32(bench, address + 4) << 32);
    return segment_from_descriptor(selector, &descriptor);
}

void bench_protected(struct bench *bench, unsigned cpl)
{
    struct cpu *cpu = &bench->cpu;
    tables_write(bench);
    cpu->gdtr = (struct table_register){.base = BENCH_GDT, .limit = 0xff};
    cpu->idtr = (struct table_register){.base = BENCH_IDT, .limit = 0x7ff};
    cpu->cr0 = CR0_PE | CR0_ET | CR0_NE;
    for (unsigned i = 0; i < 6; i++)
        cpu->segments[i] = gdt_segment(bench, cpl == 3 ? BENCH_DATA3 : BENCH_DATA0);
    cpu->segments[CS] = gdt_segment(bench, cpl == 3 ? BENCH_CODE3 : BENCH_CODE0);
    cpu->tr = gdt_segment(bench, BENCH_TSS_SELECTOR);
    cpu->ldtr = segment_null(0);
    cpu->cpl = (uint8_t)cpl;
    cpu->eip = BENCH_CODE;
    cpu->gpr[ESP] = BENCH_STACK;
    cpu->eflags = EFLAGS_1;
    cpu_restored(cpu);
}

static void real_mode_registers(struct cpu *cpu)
{
    for (unsigned i = 0; i < 6; i++)
        cpu->segments[i] = segment_v86(BENCH_DATA >> 4);
    cpu->segments[CS] = segment_v86(BENCH_CODE >> 4);
    cpu->segments[SS] = segment_v86(0);
    cpu->eip = 0;
    cpu->gpr[ESP] = BENCH_STACK;
}

void bench_real(struct bench *bench)
{
    struct cpu *cpu = &bench->cpu;
    real_mode_registers(cpu);
    cpu->cr0 = CR0_ET;
    cpu->idtr = (struct table_register){.limit = 0x3ff};
    cpu->cpl = 0;
    cpu->eflags = EFLAGS_1;
    cpu_restored(cpu);
}

void bench_v86(struct bench *bench, unsigned iopl)
{
    struct cpu *cpu = &bench->cpu;
    bench_protected(bench, 3);
    real_mode_registers(cpu);
    cpu->eflags = EFLAGS_1 | EFLAGS_VM | iopl << 12;
    cpu_restored(cpu);
}

void bench_write(struct bench *bench, uint32_t address, const void *bytes, size_t size)
{
    bool done = memory_copy_in(&bench->memory, address, bytes, size);
    INVARIANT(done);
}

void bench_write32(struct bench *bench, uint32_t address, uint32_t value)
{
    bench_write(bench, address, &value, sizeof value);
}

void bench_write16(struct bench *bench, uint32_t address, uint16_t value)
{
    bench_write(bench, address, &value, sizeof value);
}

uint32_t bench_read32(struct bench *bench, uint32_t address)
{
    return (uint32_t)memory_read(&bench->memory, address, 4);
}

uint16_t bench_read16(struct bench *bench, uint32_t address)
{
    return (uint16_t)memory_read(&bench->memory, address, 2);
}

uint8_t bench_read8(struct bench *bench, uint32_t address)
{
    return (uint8_t)memory_read(&bench->memory, address, 1);
}

void bench_code(struct bench *bench, const void *bytes, size_t size)
{
    bench_write(bench, bench->cpu.segments[CS].base + bench->cpu.eip, bytes, size);
}

void bench_run(struct bench *bench, unsigned instructions)
{
    for (unsigned i = 0; i < instructions; i++) {
        clock_run_due(&bench->clock, 1);
        cpu_run(&bench->cpu);
    }
}

struct fault bench_fault(const struct bench *bench)
{
    const struct cpu *cpu = &bench->cpu;
    return cpu->history[(cpu->history_next + FAULT_HISTORY - 1) % FAULT_HISTORY].fault;
}

void bench_forget(struct bench *bench)
{
    memset(bench->cpu.history, 0, sizeof bench->cpu.history);
    bench->cpu.history_next = 0;
}
