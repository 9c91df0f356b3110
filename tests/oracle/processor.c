/* The gate86 side of the oracle; see processor.h. */
#include "processor.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"

/* Physical layout. The first 64 KiB are mapped at ORACLE_PRIVATE_BASE, for the supervisor only. */
#define GDT              0x1000u
#define LDT              0x1800u
#define IDT              0x2000u
#define HANDLERS         0x3000u
#define TSS              0x4000u
#define STACK0           0x8000u /* grows down */
#define PDPT             0x10000u
#define DIRECTORIES      0x11000u /* one for each GiB */
#define TABLES           0x20000u /* one for each 2 MiB that is used, in the order of use */
#define ARENA            0x100000u
#define PRIVATE_SIZE     0x10000u
#define LINEAR(physical) (ORACLE_PRIVATE_BASE + (physical))

#define ENTRY_P  1ull
#define ENTRY_RW 2ull
#define ENTRY_US 4ull
#define ENTRY_AD 0x60ull
#define ENTRY_NX (1ull << 63)

#define FLAT         (ACCESS_P | ACCESS_S | ACCESS_G | ACCESS_DB | ACCESS_ACCESSED)
#define DPL3         (3u << ACCESS_DPL_SHIFT)
#define TSS_SELECTOR 0x40
#define LDT_SELECTOR 0x50

static void write64(struct bench *bench, uint32_t physical, uint64_t value)
{
    bench_write(bench, physical, &value, sizeof value);
}

static uint64_t read64(struct bench *bench, uint32_t physical)
{
    return bench_read32(bench, physical) | (uint64_t)bench_read32(bench, physical + 4) << 32;
}

/* Maps one page; `tables` counts the page tables made so far. */
static void page_map(struct bench *bench, uint32_t linear, uint32_t physical, uint64_t bits, unsigned *tables)
{
    uint32_t directory = DIRECTORIES + (linear >> 30) * PAGE_SIZE;
    uint32_t slot = directory + ((linear >> 21) & 511) * 8;
    uint64_t entry = read64(bench, slot);
    if (!(entry & ENTRY_P)) {
        entry = (TABLES + (*tables)++ * PAGE_SIZE) | ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_AD;
        write64(bench, slot, entry);
    }
    uint32_t table = (uint32_t)entry & ~PAGE_OFFSET_MASK;
    write64(bench, table + ((linear >> 12) & 511) * 8, physical | bits | ENTRY_P | ENTRY_AD);
}

static bool region_absent(const struct arena_region *region, uint32_t capabilities)
{
    return region->low && !(capabilities & ORACLE_LOW_MEMORY);
}

static void pages_map(struct bench *bench, uint32_t capabilities)
{
    unsigned tables = 0;
    for (uint32_t i = 0; i < 4; i++)
        write64(bench, PDPT + i * 8, (DIRECTORIES + i * PAGE_SIZE) | ENTRY_P);
    for (uint32_t at = 0; at < PRIVATE_SIZE; at += PAGE_SIZE)
        page_map(bench, LINEAR(at), at, ENTRY_RW, &tables);

    static const uint64_t bits[] = {
        [ARENA_DATA] = ENTRY_US | ENTRY_RW | ENTRY_NX,
        [ARENA_READ_ONLY] = ENTRY_US | ENTRY_NX,
        [ARENA_CODE] = ENTRY_US | ENTRY_RW,
    };
    uint32_t physical = ARENA;
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        const struct arena_region *region = &arena_regions[i];
        for (uint32_t page = 0; page < region->pages; page++, physical += PAGE_SIZE) {
            if (!region_absent(region, capabilities))
                page_map(bench, region->base + page * PAGE_SIZE, physical, bits[region->kind], &tables);
        }
    }
}

static void gdt_set(struct bench *bench, uint16_t selector, uint32_t base, uint32_t limit, unsigned access)
{
    write64(bench, GDT + (selector & SELECTOR_INDEX), bench_descriptor(base, limit, (uint16_t)access));
}

/* Linux's GDT, as far as a program at CPL 3 can tell; 64-bit code is 32-bit code here and never entered. */
static void descriptors_write(struct bench *bench)
{
    const unsigned code = FLAT | ACCESS_CODE | ACCESS_READABLE, data = FLAT | ACCESS_WRITABLE;
    gdt_set(bench, 0x08, 0, 0xffffffff, code);
    gdt_set(bench, 0x10, 0, 0xffffffff, code);
    gdt_set(bench, 0x18, 0, 0xffffffff, data);
    gdt_set(bench, ORACLE_CODE, 0, 0xffffffff, code | DPL3);
    gdt_set(bench, ORACLE_DATA, 0, 0xffffffff, data | DPL3);
    gdt_set(bench, ORACLE_CODE64, 0, 0xffffffff, code | DPL3);
    gdt_set(bench, TSS_SELECTOR, LINEAR(TSS), 0x67, ACCESS_P | SYSTEM_TSS32_BUSY);
    gdt_set(bench, LDT_SELECTOR, LINEAR(LDT), ORACLE_LDT_ENTRIES * 8 - 1, ACCESS_P | SYSTEM_LDT);
    gdt_set(bench, ORACLE_CPU_LIMIT, 0, 0, ACCESS_P | ACCESS_S | DPL3 | ACCESS_ACCESSED);
    bench_write32(bench, TSS + 4, LINEAR(STACK0));
    bench_write16(bench, TSS + 8, 0x18);
    bench_write16(bench, TSS + 0x66, 0x68);
    for (unsigned i = 0; i < ORACLE_LDT_ENTRIES; i++) {
        const struct oracle_segment *segment = &oracle_segments[i];
        unsigned access = ACCESS_P | ACCESS_S | DPL3 | (segment->wide ? ACCESS_DB : 0) | ACCESS_ACCESSED;
        if (segment->contents == 2)
            access |= ACCESS_CODE | (segment->read_only ? 0 : ACCESS_READABLE);
        else
            access |=
                (segment->contents == 1 ? ACCESS_EXPAND : 0) | (segment->read_only ? 0 : ACCESS_WRITABLE);
        write64(bench, LDT + 8 * i, bench_descriptor(segment->base, segment->limit, (uint16_t)access));
    }
}

/* Linux lets programs use INT3, INTO and INT 80h; an INT of any other vector is #GP. */
static void handlers_write(struct bench *bench)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        bool open = vector == VECTOR_BP || vector == VECTOR_OF || vector == 0x80;
        uint16_t access = ACCESS_P | SYSTEM_INTERRUPT_GATE32 | (open ? DPL3 : 0);
        write64(bench, IDT + 8 * vector, bench_gate(0x08, LINEAR(HANDLERS + vector), access, 0));
        bench_write(bench, HANDLERS + vector, "\xf4", 1);
    }
}

static struct segment gdt_segment(struct bench *bench, uint16_t selector)
{
    struct descriptor descriptor = descriptor_decode(read64(bench, GDT + (selector & SELECTOR_INDEX)));
    return segment_from_descriptor(selector, &descriptor);
}

static struct segment selector_segment(const struct oracle_processor *processor, uint16_t selector)
{
    if (selector < 4)
        return segment_null(selector);
    if (selector & SELECTOR_TI) {
        uint32_t address = LDT + (selector & SELECTOR_INDEX);
        struct descriptor descriptor = descriptor_decode(read64(processor->bench, address));
        return segment_from_descriptor(selector, &descriptor);
    }
    return gdt_segment(processor->bench, selector);
}

static void system_registers_set(struct oracle_processor *processor)
{
    struct bench *bench = processor->bench;
    struct cpu *cpu = &bench->cpu;
    cpu->gdtr = (struct table_register){.base = LINEAR(GDT), .limit = 0x7f};
    cpu->idtr = (struct table_register){.base = LINEAR(IDT), .limit = 0x7ff};
    cpu->tr = gdt_segment(bench, TSS_SELECTOR);
    cpu->ldtr = processor->capabilities & ORACLE_LDT ? gdt_segment(bench, LDT_SELECTOR) : segment_null(0);
    cpu->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    cpu->cr3 = PDPT;
    cpu->cr4 = CR4_PAE | CR4_PGE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    enum msr_effect effect;
    struct fault fault = msr_write(&cpu->msr, &cpu->model, IA32_EFER, IA32_EFER_NXE, 0, &effect);
    INVARIANT(fault.reason == NO_FAULT);
    fault = paging_load_pdptes(cpu->memory, cpu->cr3, cpu->model.physical_bits, cpu->mmu.paging.pdpte);
    INVARIANT(fault.reason == NO_FAULT);
    cpu_restored(cpu);
}

struct oracle_processor *processor_new(uint32_t capabilities)
{
    struct oracle_processor *processor = calloc(1, sizeof *processor);
    INVARIANT(processor != NULL);
    processor->bench = bench_new(NULL);
    processor->coverage = coverage_new();
    processor->capabilities = capabilities;
    descriptors_write(processor->bench);
    handlers_write(processor->bench);
    pages_map(processor->bench, capabilities);
    system_registers_set(processor);

    uint32_t *before = processor->before;
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        for (uint32_t at = 0; at < arena_regions[i].pages * ORACLE_PAGE; at += 4)
            *before++ = arena_word(&arena_regions[i], arena_regions[i].base + at);
    }
    bench_write(processor->bench, ARENA, processor->before, sizeof processor->before);
    return processor;
}

void processor_free(struct oracle_processor *processor)
{
    if (processor == NULL)
        return;
    bench_free(processor->bench);
    free(processor->coverage);
    free(processor);
}

const struct arena_region *arena_find(uint32_t linear, uint32_t capabilities)
{
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        const struct arena_region *region = &arena_regions[i];
        if (linear - region->base < region->pages * ORACLE_PAGE)
            return region_absent(region, capabilities) ? NULL : region;
    }
    return NULL;
}

/* Physical address of a linear one that is in the arena. */
static uint32_t arena_physical(uint32_t linear)
{
    uint32_t physical = ARENA;
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        uint32_t at = linear - arena_regions[i].base, size = arena_regions[i].pages * ORACLE_PAGE;
        if (at < size)
            return physical + at;
        physical += size;
    }
    INVARIANT(false);
    return 0;
}

uint8_t *processor_memory(const struct oracle_processor *processor, uint32_t linear)
{
    if (arena_find(linear, processor->capabilities) == NULL)
        return NULL;
    return processor->bench->memory.ram + arena_physical(linear);
}

void processor_write(struct oracle_processor *processor, uint32_t linear, const void *bytes, uint32_t size)
{
    bench_write(processor->bench, arena_physical(linear), bytes, size);
}

/* As on the host's side: notes what differs from the beginning, and undoes it. */
static void arena_restore(struct oracle_processor *processor, struct oracle_outcome *outcome)
{
    struct memory *memory = &processor->bench->memory;
    uint32_t physical = ARENA;
    const uint32_t *before = processor->before;
    outcome->change_count = 0;
    outcome->change_hash = 0;
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        const struct arena_region *region = &arena_regions[i];
        uint32_t size = region->pages * ORACLE_PAGE;
        for (uint32_t at = 0; region->kind != ARENA_READ_ONLY && at < size; at += ORACLE_LINE) {
            uint32_t *line = (uint32_t *)(void *)(memory->ram + physical + at);
            /* Decoded code is told by writing the line once more. */
            if (arena_line_restore(line, before + at / 4, region->base + at, outcome) &&
                region->kind == ARENA_CODE)
                bench_write(processor->bench, physical + at, before + at / 4, ORACLE_LINE);
        }
        physical += size;
        before += size / 4;
    }
    processor->clean = true;
}

void processor_load(struct oracle_processor *processor, const struct oracle_program *program)
{
    struct cpu *cpu = &processor->bench->cpu;
    struct oracle_outcome dropped;
    if (!processor->clean)
        arena_restore(processor, &dropped);
    processor->clean = false;
    for (uint32_t i = 0; i < program->patch_count; i++)
        processor_write(processor, program->patches[i].address, &program->patches[i].value, 4);
    if (program->code_length > 0)
        processor_write(processor, program->code_address, program->code, program->code_length);

    memcpy(cpu->gpr, program->registers, sizeof program->registers);
    for (unsigned i = 0; i < 6; i++)
        cpu->segments[i] = selector_segment(processor, program->segments[i]);
    cpu->eip = cpu->next_eip = program->eip;
    cpu->pending_debug = 0;
    cpu->dr6 = DR6_FIXED;
    cpu->cr2 = 0;
    cpu->activity = ACTIVE;
    cpu->shadow = 0;
    cpu->repeating = false;
    bench_forget(processor->bench);
    cpu_set_cpl(cpu, 3);
    cpu_set_eflags(cpu, program->eflags);
    clock_run_due(cpu->clock, 0);
}

bool processor_ended(const struct oracle_processor *processor)
{
    return processor->bench->cpu.cpl != 3;
}

void processor_step(struct oracle_processor *processor)
{
    bench_run(processor->bench, 1);
}

void processor_run(struct oracle_processor *processor, uint32_t limit)
{
    clock_run_due(&processor->bench->clock, limit);
    cpu_run(&processor->bench->cpu);
}

/* What was pushed: error code, EIP, CS, EFLAGS, ESP, SS. */
void processor_outcome(struct oracle_processor *processor, struct oracle_outcome *outcome)
{
    struct bench *bench = processor->bench;
    const struct cpu *cpu = &bench->cpu;
    uint32_t frame = cpu->gpr[ESP] - ORACLE_PRIVATE_BASE;
    uint32_t handled = cpu->eip - LINEAR(HANDLERS);
    uint32_t vector = cpu->activity == HALTED ? handled - 1 : handled;
    memcpy(outcome->registers, cpu->gpr, sizeof outcome->registers);
    outcome->vector = vector;
    outcome->error_code = 0;
    if (STACK0 - frame == 24) {
        outcome->error_code = bench_read32(bench, frame);
        frame += 4;
    }
    outcome->eip = bench_read32(bench, frame);
    outcome->eflags = bench_read32(bench, frame + 8);
    outcome->registers[ESP] = bench_read32(bench, frame + 12);
    for (unsigned i = 0; i < 6; i++)
        outcome->segments[i] = cpu->segments[i].selector;
    outcome->segments[CS] = bench_read16(bench, frame + 4);
    outcome->segments[SS] = bench_read16(bench, frame + 16);
    outcome->cr2 = vector == VECTOR_PF ? cpu->cr2 : 0;
    arena_restore(processor, outcome);
}
