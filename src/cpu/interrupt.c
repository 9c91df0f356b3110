/*
 * Interrupts and exceptions: which way an event goes, what a fault pushes, and what happens when its delivery
 * faults in turn (SDM 3A 6.12 to 6.15, 20.1.4 of volume 3B for real-address mode).
 */
#include "cpu/interrupt.h"

#include "base/invariant.h"
#include "cpu/far.h"
#include "cpu/interrupt_gate.h"

/* SDM 2A INT n, REAL-ADDRESS-MODE: four bytes a vector, no error codes. */
static struct fault deliver_real(struct cpu *cpu, const struct event *event)
{
    uint32_t offset = event->vector * 4u;
    if (offset + 3 > cpu->idtr.limit)
        return fault_gp(event_ext(event), IDT_LIMIT);
    struct stack stack = stack_current(cpu);
    TRY(stack_reserve(cpu, &stack, 3, 2));
    uint32_t handler;
    TRY(system_read32(cpu, cpu->idtr.base + offset, &handler));

    stack_push(cpu, &stack, 2, event->eflags_image);
    stack_push(cpu, &stack, 2, cpu->segments[CS].selector);
    stack_push(cpu, &stack, 2, event->return_eip);
    stack_commit(cpu, &stack);
    /* The page names IF, TF and AC; RF, which the 16-bit image cannot hold, belongs to the instruction left. */
    cpu_set_eflags(cpu, cpu->eflags & ~(EFLAGS_IF | EFLAGS_TF | EFLAGS_AC | EFLAGS_RF));
    struct segment cs = cpu->segments[CS];
    segment_load_real_code(&cs, (uint16_t)(handler >> 16));
    segment_set_code(cpu, &cs);
    cpu->eip = cpu->next_eip = handler & 0xffff;
    return FAULT_NONE;
}

struct fault interrupt_deliver(struct cpu *cpu, const struct event *event)
{
    TRY(cpu_is_protected(cpu) ? interrupt_through_gate(cpu, event) : deliver_real(cpu, event));
    cpu->repeating = false;
    cpu->event_delivered = true;
    /* SDM 3B 17.2.4: GD is cleared on entry to the debug handler, so that it may use the debug registers. */
    if (event->vector == VECTOR_DB && event->source == EVENT_EXCEPTION)
        cpu->dr7 &= ~DR7_GD;
    return FAULT_NONE;
}

static void history_record(struct cpu *cpu, const struct fault *fault, bool while_delivering)
{
    struct fault_record *record = &cpu->history[cpu->history_next];
    *record = (struct fault_record){
        .fault = *fault,
        .eip = cpu->eip,
        .cs = cpu->segments[CS].selector,
        .cpl = cpu->cpl,
        .while_delivering = while_delivering,
        .instructions_ns = clock_now(cpu->clock),
    };
    cpu->history_next = (cpu->history_next + 1) % FAULT_HISTORY;
    if (cpu->fault != NULL)
        cpu->fault(cpu->context, record);
}

/* What a fault leaves in CR2 and DR6, whether or not it can be delivered. */
static void fault_note(struct cpu *cpu, const struct fault *fault)
{
    if (fault->vector == VECTOR_PF)
        cpu->cr2 = fault->address;
    else if (fault->vector == VECTOR_DB)
        cpu->dr6 |= fault->address;
}

/*
 * SDM 3B 17.3.1.1: RF is pushed as 1 for every fault but a code breakpoint's #DB, and in the middle of a repeated
 * string instruction; traps and aborts (#DF, #MC) push it as it is. Of the #DBs only general detect (BD) is
 * such a fault.
 */
static uint32_t eflags_image(const struct cpu *cpu, const struct fault *fault)
{
    bool is_fault = true;
    if (fault->vector == VECTOR_DB)
        is_fault = !fault->is_trap && (fault->address & DR6_BD);
    else if (fault->vector == VECTOR_DF || fault->vector == VECTOR_MC)
        is_fault = false;
    return cpu->eflags | (is_fault || cpu->repeating ? EFLAGS_RF : 0);
}

enum fault_class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE };

/* SDM 3A table 6-4 */
static enum fault_class fault_class(unsigned vector)
{
    switch (vector) {
    case VECTOR_DE:
    case VECTOR_TS:
    case VECTOR_NP:
    case VECTOR_SS:
    case VECTOR_GP:
        return CONTRIBUTORY;
    case VECTOR_PF:
        return PAGE_FAULT;
    case VECTOR_DF:
        return DOUBLE;
    default:
        return BENIGN;
    }
}

enum consequence { SERIALLY, DOUBLE_FAULTS, SHUTS_DOWN };

/* SDM 3A table 6-5: by the class of the first fault and of the one that its delivery raised. */
static enum consequence faults_combine(unsigned first, unsigned second)
{
    static const uint8_t table[4][3] = {
        [BENIGN] = {SERIALLY, SERIALLY, SERIALLY},
        [CONTRIBUTORY] = {SERIALLY, DOUBLE_FAULTS, SERIALLY},
        [PAGE_FAULT] = {SERIALLY, DOUBLE_FAULTS, DOUBLE_FAULTS},
        [DOUBLE] = {SERIALLY, SHUTS_DOWN, SHUTS_DOWN},
    };
    INVARIANT(second != VECTOR_DF); /* no delivery raises #DF by itself */
    return table[fault_class(first)][fault_class(second)];
}

static void shut_down(struct cpu *cpu)
{
    cpu->activity = SHUTDOWN;
    cpu_update_attention(cpu);
}

/*
 * `while_delivering`: the first fault is itself a consequence of the delivery of an interrupt.
 *
 * Benign faults that raise each other without end (#AC in the delivery of #AC at CPL 3) hang a real processor
 * within one delivery, deaf to everything but RESET; here that is a shutdown, so that it is seen.
 */
static void exception_chain(struct cpu *cpu, const struct fault *first, bool while_delivering)
{
    struct fault fault = *first;
    for (unsigned links = 0; links < FAULT_HISTORY; links++) {
        history_record(cpu, &fault, while_delivering);
        fault_note(cpu, &fault);
        const struct event event = {
            .vector = fault.vector,
            .source = EVENT_EXCEPTION,
            .has_error_code = fault.has_error_code,
            .error_code = fault.error_code,
            .return_eip = cpu->eip,
            .eflags_image = eflags_image(cpu, &fault),
        };
        struct fault next = interrupt_deliver(cpu, &event);
        if (next.reason == NO_FAULT)
            return;

        while_delivering = true;
        enum consequence consequence = faults_combine(fault.vector, next.vector);
        if (consequence == SERIALLY) {
            fault = next;
            continue;
        }
        history_record(cpu, &next, true);
        fault_note(cpu, &next);
        if (consequence == SHUTS_DOWN)
            break;
        fault = fault_coded(VECTOR_DF, 0, DOUBLE_FAULT);
    }
    shut_down(cpu);
}

void exception_deliver(struct cpu *cpu, const struct fault *fault)
{
    exception_chain(cpu, fault, false);
}

void interrupt_accept(struct cpu *cpu, uint8_t vector, enum event_source source)
{
    const struct event event = {
        .vector = vector,
        .source = source,
        .return_eip = cpu->eip,
        .eflags_image = cpu->eflags | (cpu->repeating ? EFLAGS_RF : 0),
    };
    struct fault fault = interrupt_deliver(cpu, &event);
    if (fault.reason == NO_FAULT)
        return;
    const struct fault interrupt = fault_plain(vector, EVENT_INTERRUPT);
    history_record(cpu, &interrupt, false);
    exception_chain(cpu, &fault, true);
}
