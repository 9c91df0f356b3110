/* What a stopped machine looks like, in words: the chain of faults, the registers, where it stood. */
#include <stdio.h>

#include "cpu/decode.h"
#include "cpu/disassemble.h"
#include "cpu/recent.h"
#include "machine/explain_fault.h"
#include "machine/explain_tables.h"
#include "machine/machine.h"

static const char *const activity_words[] = {
    [ACTIVE] = "executing",
    [HALTED] = "halted (HLT)",
    [WAITING] = "waiting (MWAIT)",
    [SHUTDOWN] = "shut down: a fault came while a double fault was being delivered (SDM 3A 6.15, #DF)",
};

static void segment_print(const char *name, const struct segment *segment, FILE *out)
{
    fprintf(out, "  %-4s %04X  base %08X  limit %08X  access %04X%s\n", name, segment->selector,
            segment->base, segment->limit, segment->access, segment->usable ? "" : "  unusable");
}

static void registers_print(const struct cpu *cpu, FILE *out)
{
    static const char *const segment_names[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    const uint32_t *r = cpu->gpr;
    fprintf(out, "Registers:\n");
    fprintf(out, "  EAX %08X  EBX %08X  ECX %08X  EDX %08X\n", r[EAX], r[EBX], r[ECX], r[EDX]);
    fprintf(out, "  ESI %08X  EDI %08X  EBP %08X  ESP %08X\n", r[ESI], r[EDI], r[EBP], r[ESP]);
    fprintf(out, "  EIP %08X  EFLAGS %08X  CPL %u\n", cpu->eip, cpu->eflags, cpu->cpl);
    fprintf(out, "  CR0 %08X  CR2 %08X  CR3 %08X  CR4 %08X\n", cpu->cr0, cpu->cr2, cpu->cr3, cpu->cr4);
    for (unsigned i = 0; i < 6; i++)
        segment_print(segment_names[i], &cpu->segments[i], out);
    segment_print("LDTR", &cpu->ldtr, out);
    segment_print("TR", &cpu->tr, out);
    fprintf(out, "  GDTR base %08X limit %04X  IDTR base %08X limit %04X\n", cpu->gdtr.base, cpu->gdtr.limit,
            cpu->idtr.base, cpu->idtr.limit);
}

/* ---- instructions ---- */

static void bytes_print(const uint8_t *bytes, unsigned count, FILE *out)
{
    int width = 0;
    for (unsigned i = 0; i < count; i++)
        width += fprintf(out, "%02x ", bytes[i]);
    fprintf(out, "%*s", width < 24 ? 24 - width : 0, "");
}

/* The registers that differ between two moments. */
static void changes_print(const uint32_t before[8], const uint32_t after[8], uint32_t flags_before,
                          uint32_t flags_after, FILE *out)
{
    static const char *const names[8] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
    const char *separator = "  ; ";
    for (unsigned i = 0; i < 8; i++) {
        if (before[i] != after[i]) {
            fprintf(out, "%s%s %08X", separator, names[i], after[i]);
            separator = ", ";
        }
    }
    if (flags_before != flags_after)
        fprintf(out, "%sEFLAGS %08X", separator, flags_after);
}

static void recent_print(const struct cpu *cpu, const struct recent *recent, FILE *out)
{
    unsigned count = recent->count < RECENT_COUNT ? (unsigned)recent->count : RECENT_COUNT;
    if (count == 0)
        return;
    const struct recent_instruction *first = &recent->list[(recent->count - count) % RECENT_COUNT];
    const uint32_t *r = first->gpr;
    fprintf(out, "The last %u instructions, and the registers that each has changed:\n", count);
    fprintf(out, "  EAX %08X  EBX %08X  ECX %08X  EDX %08X  ESI %08X  EDI %08X  EBP %08X  ESP %08X\n", r[EAX],
            r[EBX], r[ECX], r[EDX], r[ESI], r[EDI], r[EBP], r[ESP]);
    for (uint64_t at = recent->count - count; at < recent->count; at++) {
        const struct recent_instruction *one = &recent->list[at % RECENT_COUNT];
        const struct recent_instruction *next = &recent->list[(at + 1) % RECENT_COUNT];
        bool last = at + 1 == recent->count;
        char text[DISASSEMBLY_SIZE];
        struct operation op;
        if (decode(cpu->decoder, one->bytes, one->length, one->access & ACCESS_DB, &op) == DECODE_DONE)
            disassemble(&op, one->eip + op.length, text);
        else
            snprintf(text, sizeof text,
                     "(not to be read)"); /* device memory, which reads differently each time */
        fprintf(out, "  %04X:%08X  ", one->cs, one->eip);
        bytes_print(one->bytes, one->length, out);
        fputs(text, out);
        if (one->again > 0)
            fprintf(out, "  (%u%s iterations)", one->again + 1u, one->again == UINT16_MAX ? " or more" : "");
        changes_print(one->gpr, last ? cpu->gpr : next->gpr, one->eflags, last ? cpu->eflags : next->eflags,
                      out);
        fputc('\n', out);
    }
}

/* What stands at CS:EIP, as far as it is mapped. */
static void code_print(struct cpu *cpu, FILE *out)
{
    uint8_t bytes[INSTRUCTION_LENGTH_MAX];
    unsigned count = 0;
    for (; count < sizeof bytes; count++) {
        uint64_t physical;
        uint32_t linear = cpu->segments[CS].base + cpu->eip + count;
        bool writable;
        if (!paging_peek(cpu->memory, &cpu->mmu.paging, linear, &physical) ||
            memory_page(cpu->memory, physical, &writable) == NULL)
            break;
        bytes[count] = (uint8_t)memory_read(cpu->memory, physical, 1);
    }
    struct operation op;
    fprintf(out, "At CS:EIP, %04X:%08X:  ", cpu->segments[CS].selector, cpu->eip);
    if (decode(cpu->decoder, bytes, count, cpu->segments[CS].access & ACCESS_DB, &op) != DECODE_DONE) {
        bytes_print(bytes, count, out);
        fprintf(out, "%s\n", count < sizeof bytes ? "(the rest is not mapped)" : "(longer than 15 bytes)");
        return;
    }
    char text[DISASSEMBLY_SIZE];
    disassemble(&op, cpu->eip + op.length, text);
    bytes_print(bytes, op.length, out);
    fprintf(out, "%s\n", text);
}

/* ---- the whole ---- */

static void chain_print(const struct machine *machine, struct cpu *cpu, FILE *out)
{
    const struct fault_record *chain[FAULT_HISTORY];
    unsigned length = fault_chain(cpu, chain);
    if (cpu->activity != SHUTDOWN) /* faults that were delivered: the guest's own business */
        length = 0;
    if (length > 0)
        fputs("How it came to that:\n", out);
    for (unsigned i = 0; i < length; i++) {
        fprintf(out, "  %u. ", i + 1);
        fault_line_print(chain[i], i > 0 ? chain[i - 1] : NULL, machine->interrupt_line, out);
    }
    tables_explain(cpu, chain, length, out);
    fault_history_print(cpu, length, out);
}

void machine_explain(const struct machine *machine, FILE *out)
{
    struct cpu *cpu = (struct cpu *)&machine->cpu; /* looking at memory changes nothing */
    fprintf(out, "The processor is %s.\n", activity_words[cpu->activity]);
    if (cpu->unimplemented != NULL)
        fprintf(out, "The guest needs what gate86 does not have: %s\n", cpu->unimplemented);
    if (cpu->activity == HALTED && !(cpu->eflags & EFLAGS_IF))
        fprintf(out, "EFLAGS.IF is clear, so no interrupt can wake it.\n");
    if (machine->reset_error[0] != '\0')
        fprintf(out, "The image could not be loaded again after a reset: %s\n", machine->reset_error);
    chain_print(machine, cpu, out);
    if (cpu->recent != NULL)
        recent_print(cpu, cpu->recent, out);
    code_print(cpu, out);
    registers_print(cpu, out);
}

void machine_explain_fault(struct machine *machine, const struct fault_record *record)
{
    FILE *out = machine->config.faults;
    uint64_t most = machine->config.faults_max;
    machine->faults_told++;
    if (most == 0 || machine->faults_told <= most) {
        fputs("gate86: ", out);
        fault_line_print(record, &machine->fault_before, machine->interrupt_line, out);
        const struct fault_record *chain[2] = {&machine->fault_before, record};
        unsigned alone = record->while_delivering ? 0 : 1;
        if (machine->config.fault_tables)
            tables_explain(&machine->cpu, chain + alone, 2 - alone, out);
    } else if (machine->faults_told == most + 1) {
        fputs("gate86: no more faults are told\n", out);
    }
    machine->fault_before = *record;
}
