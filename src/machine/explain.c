/* What a stopped machine looks like, in words: the chain of faults, the registers, where it stood. */
#include "machine/machine.h"

#include <stdio.h>

static const char *const activity_words[] = {
    [ACTIVE] = "executing",
    [HALTED] = "halted (HLT)",
    [WAITING] = "waiting (MWAIT)",
    [SHUTDOWN] = "shut down: a fault came while a double fault was being delivered (SDM 3A 6.15, #DF)",
};

static void fault_print(const struct fault_record *record, FILE *out)
{
    const struct fault *fault = &record->fault;
    fprintf(out, "  %s%s", record->while_delivering ? "while delivering it: " : "",
            vector_mnemonic(fault->vector));
    if (fault->has_error_code)
        fprintf(out, "(%04X)", fault->error_code);
    fprintf(out, " at %04X:%08X, CPL %u: %s", record->cs, record->eip, record->cpl,
            fault_reason_words((enum fault_reason)fault->reason));
    if (fault->vector == VECTOR_PF)
        fprintf(out, ", linear address %08X", fault->address);
    const char *manual = fault_reason_manual((enum fault_reason)fault->reason);
    fprintf(out, " [%s]\n", manual);
}

/* The last faults that were delivered, oldest first; on a shutdown the last ones are its chain. */
static void history_print(const struct cpu *cpu, FILE *out)
{
    bool any = false;
    for (unsigned i = 0; i < FAULT_HISTORY; i++) {
        const struct fault_record *record = &cpu->history[(cpu->history_next + i) % FAULT_HISTORY];
        if (record->fault.reason == NO_FAULT)
            continue;
        if (!any)
            fprintf(out, "The last faults:\n");
        any = true;
        fault_print(record, out);
    }
}

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

/* The bytes at CS:EIP, as far as they are mapped. */
static void code_print(struct cpu *cpu, FILE *out)
{
    fprintf(out, "Code at CS:EIP:");
    for (unsigned i = 0; i < 16; i++) {
        uint64_t physical;
        uint32_t linear = cpu->segments[CS].base + cpu->eip + i;
        bool writable;
        if (!paging_peek(cpu->memory, &cpu->mmu.paging, linear, &physical) ||
            memory_page(cpu->memory, physical, &writable) == NULL) {
            fprintf(out, " (not mapped)");
            break;
        }
        fprintf(out, " %02x", (unsigned)memory_read(cpu->memory, physical, 1));
    }
    fprintf(out, "\n");
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
    history_print(cpu, out);
    registers_print(cpu, out);
    code_print(cpu, out);
}
