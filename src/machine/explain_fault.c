/* Faults in words. */
#include "machine/explain_fault.h"

#include "ia32/fault.h"

void event_name(const struct fault_record *record, int irq, char text[EVENT_NAME_SIZE])
{
    const struct fault *fault = &record->fault;
    if (fault->reason != EVENT_INTERRUPT || fault->vector == VECTOR_NMI)
        snprintf(text, EVENT_NAME_SIZE, "%s", vector_mnemonic(fault->vector));
    else if (irq >= 0)
        snprintf(text, EVENT_NAME_SIZE, "IRQ %d (vector %02Xh)", irq, fault->vector);
    else
        snprintf(text, EVENT_NAME_SIZE, "interrupt %02Xh", fault->vector);
}

/* SDM 3A figure 6-7 */
static void selector_code_print(uint32_t code, FILE *out)
{
    if ((code & ~1u) != 0) {
        if (code & 2)
            fprintf(out, "; IDT entry %02Xh", code >> 3);
        else
            fprintf(out, "; selector %04Xh in the %s", code & 0xfff8, code & 4 ? "LDT" : "GDT");
    }
    if (code & 1)
        fputs("; EXT: an event from outside the program", out);
}

/* SDM 3A figure 4-12 */
static void page_code_print(const struct fault *fault, FILE *out)
{
    uint32_t code = fault->error_code;
    fprintf(out, "; %s of linear address %08X %s%s",
            code & PF_ID   ? "fetch"
            : code & PF_WR ? "write"
                           : "read",
            fault->address, code & PF_US ? "in user mode" : "in supervisor mode",
            code & PF_P ? ", the page is present" : "");
}

void fault_line_print(const struct fault_record *record, const struct fault_record *before, int irq,
                      FILE *out)
{
    const struct fault *fault = &record->fault;
    char name[EVENT_NAME_SIZE];
    event_name(record, irq, name);
    fputs(name, out);
    if (fault->has_error_code)
        fprintf(out, "(%04Xh)", fault->error_code);
    fprintf(out, " at %04X:%08X, CPL %u", record->cs, record->eip, record->cpl);
    if (record->while_delivering) {
        name[0] = '\0';
        if (before != NULL)
            event_name(before, irq, name);
        fprintf(out, ", while delivering %s", name[0] != '\0' ? name : "another event");
    }
    fprintf(out, ": %s (%s)", fault_reason_words((enum fault_reason)fault->reason),
            fault_reason_manual((enum fault_reason)fault->reason));
    if (fault->vector == VECTOR_PF)
        page_code_print(fault, out);
    else if (fault->has_error_code)
        selector_code_print(fault->error_code, out);
    fputc('\n', out);
}

/* The record `age` places before the next free one; 1 is the last. NULL: there are not so many. */
static const struct fault_record *history_at(const struct cpu *cpu, unsigned age)
{
    if (age == 0 || age > FAULT_HISTORY)
        return NULL;
    const struct fault_record *record =
        &cpu->history[(cpu->history_next + FAULT_HISTORY - age) % FAULT_HISTORY];
    return record->fault.reason != NO_FAULT ? record : NULL;
}

unsigned fault_chain(const struct cpu *cpu, const struct fault_record *chain[FAULT_HISTORY])
{
    unsigned length = 0;
    for (const struct fault_record *record; (record = history_at(cpu, length + 1)) != NULL;) {
        length++;
        if (!record->while_delivering)
            break;
    }
    for (unsigned i = 0; i < length; i++)
        chain[i] = history_at(cpu, length - i);
    return length;
}

void fault_history_print(const struct cpu *cpu, unsigned chain_length, FILE *out)
{
    unsigned oldest = chain_length;
    while (history_at(cpu, oldest + 1) != NULL)
        oldest++;
    if (oldest > chain_length)
        fputs("Faults before that, oldest first:\n", out);
    for (unsigned age = oldest; age > chain_length; age--) {
        fputs("  ", out);
        fault_line_print(history_at(cpu, age), history_at(cpu, age + 1), -1, out);
    }
}
