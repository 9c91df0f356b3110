/*
 * The run loop of the exact interpreter. It flies from instruction to instruction while nothing asks for
 * attention; otherwise each instruction boundary is looked at in the order of SDM 3A table 6-2.
 */
#include "cpu/code_cache.h"
#include "cpu/cpu.h"
#include "cpu/debug.h"
#include "cpu/interrupt.h"
#include "cpu/recent.h"

/* The operation at EIP when it is decoded and in the window, else NULL. */
ALWAYS_INLINE const struct operation *operation_at_hand(const struct cpu *cpu)
{
    uint32_t at = cpu->eip - cpu->fetch.first_eip;
    if (UNLIKELY(at >= cpu->fetch.length))
        return NULL;
    uint16_t number = cpu->fetch.page->slot[at];
    if (UNLIKELY(number == 0))
        return NULL;
    return &cpu->fetch.page->operations[number];
}

/* Fetches and executes the instruction at EIP. `watched`: somebody may want to see it. */
ALWAYS_INLINE MUST_USE struct fault execute_one(struct cpu *cpu, bool watched)
{
    const struct operation *op = operation_at_hand(cpu);
    if (UNLIKELY(op == NULL))
        TRY(fetch_operation(cpu, &op));
    if (watched && cpu->recent != NULL)
        recent_add(cpu->recent, cpu, op);
    cpu->next_eip = cpu->eip + op->length;
    TRY(op->execute(cpu, op));
    cpu->eip = cpu->next_eip;
    return FAULT_NONE;
}

/* A halted processor: wakes it up when it may; false when it stays inactive. */
static bool try_to_wake(struct cpu *cpu)
{
    if (cpu->activity == ACTIVE)
        return true;
    if (!cpu_would_wake(cpu))
        return false;
    cpu->activity = ACTIVE;
    cpu->monitor_armed = false;
    return true;
}

/* Classes 4 and 5 of table 6-2: debug traps, NMI, INTR. True when one was delivered. */
static bool boundary_events(struct cpu *cpu)
{
    if (cpu->pending_debug != 0 && !(cpu->shadow & SHADOW_MOV_SS)) {
        struct fault trap = fault_plain(VECTOR_DB, DEBUG_TRAP);
        trap.address = cpu->pending_debug;
        trap.is_trap = true;
        cpu->pending_debug = 0;
        exception_deliver(cpu, &trap);
        return true;
    }
    if (cpu->nmi_latched && !cpu->nmi_blocked && !(cpu->shadow & SHADOW_MOV_SS)) {
        cpu->nmi_latched = false;
        cpu->nmi_blocked = true; /* SDM 3A 6.7.1: until the next IRET */
        interrupt_accept(cpu, VECTOR_NMI, EVENT_HARDWARE);
        return true;
    }
    if (cpu->intr && (cpu->eflags & EFLAGS_IF) && cpu->shadow == 0) {
        interrupt_accept(cpu, cpu->interrupt_acknowledge(cpu->context), EVENT_HARDWARE);
        return true;
    }
    return false;
}

/* Class 6: code breakpoints, unless RF, a shadow or an unfinished REP holds them off. True when one was delivered. */
static bool code_breakpoint(struct cpu *cpu, uint8_t shadow)
{
    if ((cpu->eflags & EFLAGS_RF) || (shadow & SHADOW_MOV_SS) || cpu->repeating)
        return false;
    uint32_t hit = debug_match_code(cpu, cpu->segments[CS].base + cpu->eip);
    if (hit == 0)
        return false;
    struct fault fault = fault_plain(VECTOR_DB, DEBUG_CODE_BREAKPOINT);
    fault.address = hit;
    exception_deliver(cpu, &fault);
    return true;
}

/*
 * SDM 3B 20.3.2: VIF and VIP both set at the beginning of an instruction are #GP(0), when VIF and VIP mean something:
 * at CPL 3 with IOPL below 3, with VME in virtual-8086 mode and PVI in protected mode (20.4).
 */
static MUST_USE struct fault virtual_interrupt_check(const struct cpu *cpu)
{
    if (!(cpu->attention & ATTENTION_VIRTUAL) || cpu->cpl < 3 || cpu_iopl(cpu) == 3)
        return FAULT_NONE;
    if (!(cpu->cr4 & (cpu_is_v86(cpu) ? CR4_VME : CR4_PVI)))
        return FAULT_NONE;
    return fault_gp(0, VIRTUAL_INTERRUPT_PENDING);
}

/* One instruction with single step, RF and data breakpoints observed. */
static void execute_observed(struct cpu *cpu)
{
    bool single_step = cpu->eflags & EFLAGS_TF;
    uint32_t pending_before = cpu->pending_debug;
    /* SDM 3B 17.3.1.1: RF holds for one instruction; IRET and task switches may set it anew. */
    cpu->eflags &= ~EFLAGS_RF;
    cpu->event_delivered = false;
    cpu->clock->budget--;
    struct fault fault = virtual_interrupt_check(cpu);
    if (fault.reason == NO_FAULT)
        fault = execute_one(cpu, true);
    if (fault.reason != NO_FAULT) {
        cpu->pending_debug = pending_before; /* the instruction will run again and hit them again */
        exception_deliver(cpu, &fault);
    } else if (single_step && !cpu->event_delivered) {
        cpu->pending_debug |= DR6_BS;
    }
}

/* One boundary and one instruction; false when the processor is inactive. */
static bool step_attentively(struct cpu *cpu)
{
    if (!try_to_wake(cpu))
        return false;
    if (boundary_events(cpu)) {
        /* A delivery costs what an instruction costs, so that no chain of them can hold up the clock. */
        cpu->clock->budget--;
    } else {
        uint8_t shadow = cpu->shadow;
        cpu->shadow = 0;
        if (!code_breakpoint(cpu, shadow))
            execute_observed(cpu);
    }
    cpu_update_attention(cpu);
    return true;
}

/* As cpu_run, while nothing wants attention but whoever watches. */
static void run_watched(struct cpu *cpu)
{
    struct clock *clock = cpu->clock;
    while (clock->budget > 0 && cpu->attention == ATTENTION_TRACE) {
        clock->budget--;
        struct fault fault = execute_one(cpu, true);
        if (UNLIKELY(fault.reason != NO_FAULT))
            exception_deliver(cpu, &fault);
    }
}

void cpu_run(struct cpu *cpu)
{
    struct clock *clock = cpu->clock;
    while (clock->budget > 0) {
        if (UNLIKELY(cpu->attention != 0)) {
            if (cpu->attention == ATTENTION_TRACE)
                run_watched(cpu);
            else if (!step_attentively(cpu))
                return;
            continue;
        }
        if (cpu->fast != NULL && fast_run(cpu))
            continue;
        clock->budget--;
        struct fault fault = execute_one(cpu, false);
        if (UNLIKELY(fault.reason != NO_FAULT))
            exception_deliver(cpu, &fault);
    }
}
