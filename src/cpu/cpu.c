/* The processor as a whole: making it, RESET#, its pins, and what is derived from its state (SDM 3A 9.1). */
#include "cpu/cpu.h"

#include <string.h>

#include "base/invariant.h"
#include "cpu/code_cache.h"
#include "cpu/debug.h"
#include "cpu/decode.h"

static const struct state_row table_register_rows[] = {
    ROW(struct table_register, base),
    ROW(struct table_register, limit),
    ROW(struct table_register, reserved),
    ROW_END,
};

/* clang-format off */
const struct state_row cpu_rows[] = {
    ROW_ARRAY(struct cpu, gpr),
    ROW(struct cpu, eip),
    ROW(struct cpu, eflags),
    ROW_STRUCTS(struct cpu, segments, segment_rows),
    ROW_STRUCT(struct cpu, ldtr, segment_rows),
    ROW_STRUCT(struct cpu, tr, segment_rows),
    ROW_STRUCT(struct cpu, gdtr, table_register_rows),
    ROW_STRUCT(struct cpu, idtr, table_register_rows),
    ROW(struct cpu, cr0),
    ROW(struct cpu, cr2),
    ROW(struct cpu, cr3),
    ROW(struct cpu, cr4),
    ROW_ARRAY(struct cpu, dr),
    ROW(struct cpu, dr6),
    ROW(struct cpu, dr7),
    ROW(struct cpu, pending_debug),
    ROW(struct cpu, cpl),
    ROW(struct cpu, activity),
    ROW(struct cpu, shadow),
    ROW(struct cpu, intr),
    ROW(struct cpu, nmi_latched),
    ROW(struct cpu, nmi_blocked),
    ROW(struct cpu, monitor_armed),
    ROW(struct cpu, wait_ignores_if),
    ROW(struct cpu, repeating),
    ROW(struct cpu, monitor_address),
    ROW(struct cpu, monitor_linear),
    ROW(struct cpu, repeat_eflags),
    ROW_STRUCT(struct cpu, fpu, fpu_rows),
    ROW_STRUCT(struct cpu, msr, msr_bank_rows),
    {"pdpte", offsetof(struct cpu, mmu.paging.pdpte), 8, 4, NULL},
    ROW_END,
};
/* clang-format on */

static void memory_code_written(void *context, uint64_t ram_page, uint32_t offset, uint32_t size)
{
    struct cpu *cpu = context;
    code_cache_written(cpu->code_cache, ram_page, offset, size);
}

static void memory_map_changed(void *context)
{
    struct cpu *cpu = context;
    mmu_flush(&cpu->mmu, false);
    cpu->mmu.memory_generation = cpu->memory->generation;
    fetch_close(&cpu->fetch);
}

static void fast_page_written(void *context, struct code_page *page, uint32_t offset, uint32_t size)
{
    fast_code_written(context, page, offset, size);
}

static void fast_pages_cleared(void *context)
{
    fast_clear(context);
}

bool cpu_init(struct cpu *cpu, const struct cpu_model *model, const struct cpu_board *board,
              struct error *error)
{
    memset(cpu, 0, sizeof *cpu);
    cpu->model = *model;
    cpu->memory = board->memory;
    cpu->ports = board->ports;
    cpu->clock = board->clock;
    cpu->log = board->log;
    cpu->interrupt_acknowledge = board->interrupt_acknowledge;
    cpu->ferr = board->ferr;
    cpu->fault = board->fault;
    cpu->context = board->context;
    cpu->decoder = decoder_new(model);
    cpu->code_cache = code_cache_new(board->memory);
    if (cpu->decoder == NULL || cpu->code_cache == NULL)
        return error_set(error, ERROR_HOST, "not enough memory for the processor's decoder");
    if (board->engine == CPU_ENGINE_FAST) {
        cpu->fast = fast_new();
        cpu->code_cache->listener =
            (struct code_cache_listener){fast_page_written, fast_pages_cleared, cpu->fast};
    }
    mmu_init(&cpu->mmu, board->memory);
    board->memory->listener = (struct memory_listener){memory_code_written, memory_map_changed, cpu};
    cpu_reset(cpu);
    return true;
}

void cpu_free(struct cpu *cpu)
{
    decoder_free(cpu->decoder);
    code_cache_free(cpu->code_cache);
    fast_free(cpu->fast);
    cpu->fast = NULL;
    cpu->decoder = NULL;
    cpu->code_cache = NULL;
    cpu->memory->listener = (struct memory_listener){0};
}

/* SDM 3A table 9-1: present, read/write, accessed, 64 KiB. */
static struct segment segment_after_reset(uint16_t selector, uint32_t base, uint16_t access)
{
    struct segment segment = {
        .selector = selector,
        .base = base,
        .limit = 0xffff,
        .access = access,
        .usable = true,
    };
    segment_derive(&segment);
    return segment;
}

void cpu_reset(struct cpu *cpu)
{
    memset(cpu->gpr, 0, sizeof cpu->gpr);
    cpu->gpr[EDX] = cpu->model.reset_edx;
    cpu->eip = 0xfff0;
    cpu->eflags = EFLAGS_1;
    for (unsigned i = 0; i < 6; i++)
        cpu->segments[i] = segment_after_reset(0, 0, ACCESS_P | ACCESS_S | ACCESS_WRITABLE | ACCESS_ACCESSED);
    cpu->segments[CS] =
        segment_after_reset(0xf000, 0xffff0000u, ACCESS_P | ACCESS_S | ACCESS_WRITABLE | ACCESS_ACCESSED);
    cpu->ldtr = segment_after_reset(0, 0, ACCESS_P | SYSTEM_LDT);
    cpu->tr = segment_after_reset(0, 0, ACCESS_P | SYSTEM_TSS32_BUSY);
    cpu->gdtr = cpu->idtr = (struct table_register){.limit = 0xffff};
    cpu->cr0 = cpu_has(cpu, FEATURE(I486)) ? CR0_CD | CR0_NW | CR0_ET : CR0_ET;
    cpu->cr2 = cpu->cr3 = cpu->cr4 = 0;
    memset(cpu->dr, 0, sizeof cpu->dr);
    cpu->dr6 = DR6_FIXED;
    cpu->dr7 = DR7_FIXED;
    cpu->pending_debug = 0;
    cpu->cpl = 0;
    cpu->activity = ACTIVE;
    cpu->shadow = 0;
    cpu->nmi_latched = cpu->nmi_blocked = false;
    cpu->monitor_armed = cpu->wait_ignores_if = cpu->repeating = false;
    cpu->repeat_eflags = 0;
    cpu->monitor_address = 0;
    cpu->monitor_linear = 0;
    cpu->history_next = 0;
    memset(cpu->history, 0, sizeof cpu->history);
    memset(cpu->mmu.paging.pdpte, 0, sizeof cpu->mmu.paging.pdpte);
    fpu_reset(&cpu->fpu);
    msr_reset(&cpu->msr, &cpu->model);
    cpu_restored(cpu);
}

void cpu_restored(struct cpu *cpu)
{
    cpu->next_eip = cpu->eip;
    for (unsigned i = 0; i < 6; i++)
        segment_derive(&cpu->segments[i]);
    segment_derive(&cpu->ldtr);
    segment_derive(&cpu->tr);
    cpu_set_cpl(cpu, cpu->cpl);
    cpu_update_paging(cpu, false);
    debug_registers_changed(cpu);
    cpu_update_attention(cpu);
}

void cpu_keep_recent(struct cpu *cpu, struct recent *recent)
{
    cpu->recent = recent;
    cpu->attention &= ~ATTENTION_TRACE;
    if (recent != NULL)
        cpu->attention |= ATTENTION_TRACE;
}

void cpu_set_intr(struct cpu *cpu, bool level)
{
    cpu->intr = level;
    cpu_update_attention(cpu);
}

/* NMI is edge-triggered and latched (SDM 3A 6.7). */
void cpu_set_nmi(struct cpu *cpu, bool level)
{
    if (level)
        cpu->nmi_latched = true;
    cpu_update_attention(cpu);
}

static bool interrupt_waits(const struct cpu *cpu)
{
    return cpu->intr && (cpu->eflags & EFLAGS_IF);
}

static bool nmi_waits(const struct cpu *cpu)
{
    return cpu->nmi_latched && !cpu->nmi_blocked;
}

void cpu_update_attention(struct cpu *cpu)
{
    uint32_t attention = cpu->attention & ATTENTION_TRACE;
    if (interrupt_waits(cpu))
        attention |= ATTENTION_INTERRUPT;
    if (nmi_waits(cpu))
        attention |= ATTENTION_NMI;
    if ((cpu->eflags & (EFLAGS_TF | EFLAGS_RF)) || cpu->pending_debug != 0 || debug_watches_code(cpu) ||
        debug_watches_data(cpu))
        attention |= ATTENTION_DEBUG;
    if ((cpu->eflags & (EFLAGS_VIF | EFLAGS_VIP)) == (EFLAGS_VIF | EFLAGS_VIP))
        attention |= ATTENTION_VIRTUAL;
    if (cpu->shadow != 0)
        attention |= ATTENTION_SHADOW;
    if (cpu->activity != ACTIVE)
        attention |= ATTENTION_INACTIVE;
    cpu->attention = attention;
}

bool cpu_would_wake(const struct cpu *cpu)
{
    /* SDM 2A HLT: a debug exception resumes execution, the single-step trap of HLT itself first of all */
    if (cpu->pending_debug != 0 && (cpu->activity == HALTED || cpu->activity == WAITING))
        return true;
    switch (cpu->activity) {
    case HALTED:
        return interrupt_waits(cpu) || nmi_waits(cpu);
    case WAITING:
        return interrupt_waits(cpu) || (cpu->intr && cpu->wait_ignores_if) || nmi_waits(cpu) ||
               !cpu->monitor_armed;
    default:
        return false;
    }
}

void cpu_set_cpl(struct cpu *cpu, unsigned cpl)
{
    cpu->cpl = (uint8_t)cpl;
    cpu->user = cpl == 3;
    cpu->tlb = &cpu->mmu.sets[cpu->user];
    fetch_close(&cpu->fetch);
}

void cpu_set_eflags(struct cpu *cpu, uint32_t eflags)
{
    cpu->eflags = eflags | EFLAGS_1;
    cpu_update_attention(cpu);
}

void cpu_update_paging(struct cpu *cpu, bool keep_global)
{
    struct paging paging = cpu->mmu.paging;
    paging.cr0 = cpu->cr0;
    paging.cr3 = cpu->cr3;
    paging.cr4 = cpu->cr4;
    paging.nxe = (msr_value(&cpu->msr, IA32_EFER) & IA32_EFER_NXE) &&
                 !(msr_features_off(&cpu->msr, &cpu->model) & FEATURE(NX));
    paging.physical_bits = cpu->model.physical_bits;
    paging.pse36 = cpu_has(cpu, FEATURE(PSE36));
    paging.pat = cpu_has(cpu, FEATURE(PAT));
    mmu_set_paging(&cpu->mmu, &paging, keep_global);
    fetch_close(&cpu->fetch);
}
