/*
 * INT n, INT3, INTO, INT1 and IRET (SDM 2A INT n, IRET; 3B 20.3). The delivery itself is in cpu/interrupt.c and
 * cpu/interrupt_gate.c, the return in cpu/iret.c.
 */
#include "cpu/interrupt.h"
#include "cpu/instructions/families.h"
#include "cpu/iret.h"
#include "cpu/segment_load.h"
#include "cpu/stack.h"

static struct fault software_interrupt(struct cpu *cpu, uint8_t vector, enum event_source source)
{
    const struct event event = {
        .vector = vector,
        .source = source,
        .return_eip = cpu->next_eip,
        .eflags_image = cpu->eflags,
    };
    return interrupt_deliver(cpu, &event);
}

/*
 * SDM 3B 20.3.3: the bitmap of 256 bits lies directly below the I/O map, whose offset is at 66h of a 32-bit TSS.
 * A clear bit sends the interrupt to the 8086 program's own table. What lies beyond the TSS's limit, or in a
 * 16-bit TSS, which has no such fields, gives #GP(0).
 */
static struct fault redirection_read(struct cpu *cpu, uint8_t vector, bool *to_monitor)
{
    const struct segment *tr = &cpu->tr;
    if ((tr->access & ACCESS_TYPE) != SYSTEM_TSS32_BUSY || tr->limit < 0x67)
        return fault_gp(0, V86_REDIRECTION_LIMIT);
    uint16_t io_map;
    TRY(system_read16(cpu, tr->base + 0x66, &io_map));
    uint32_t offset = io_map - 32u + vector / 8u;
    if (io_map < 32 || offset > tr->limit)
        return fault_gp(0, V86_REDIRECTION_LIMIT);
    uint8_t byte;
    TRY(system_read8(cpu, tr->base + offset, &byte));
    *to_monitor = byte >> vector % 8 & 1;
    return FAULT_NONE;
}

/* SDM 3B table 20-2, methods 5 (IOPL 3) and 6 (IOPL below 3, where VIF stands for IF) */
static struct fault redirect_to_8086_program(struct cpu *cpu, uint8_t vector)
{
    struct stack stack = stack_current(cpu);
    TRY(stack_reserve(cpu, &stack, 3, 2));
    uint32_t handler;
    TRY(system_read32(cpu, vector * 4u, &handler));

    uint32_t image = cpu->eflags;
    uint32_t interrupt_flag = EFLAGS_IF;
    if (cpu_iopl(cpu) < 3) {
        image = (image & ~EFLAGS_IF) | EFLAGS_IOPL | (image & EFLAGS_VIF ? EFLAGS_IF : 0);
        interrupt_flag = EFLAGS_VIF;
    }
    stack_push(cpu, &stack, 2, image);
    stack_push(cpu, &stack, 2, cpu->segments[CS].selector);
    stack_push(cpu, &stack, 2, cpu->next_eip);
    stack_commit(cpu, &stack);
    struct segment cs = segment_v86((uint16_t)(handler >> 16));
    segment_set_code(cpu, &cs);
    cpu_set_eflags(cpu, cpu->eflags & ~(interrupt_flag | EFLAGS_TF | EFLAGS_RF));
    cpu->next_eip = handler & 0xffff;
    cpu->event_delivered = true;
    return FAULT_NONE;
}

EXECUTE(interrupt_n)
{
    uint8_t vector = (uint8_t)op->immediate;
    if (cpu_is_v86(cpu)) {
        bool to_monitor = true;
        if (cpu->cr4 & CR4_VME)
            TRY(redirection_read(cpu, vector, &to_monitor));
        if (!to_monitor)
            return redirect_to_8086_program(cpu, vector);
        if (cpu_iopl(cpu) < 3)
            return fault_gp(0, V86_INT_IOPL);
    }
    return software_interrupt(cpu, vector, EVENT_SOFTWARE);
}

/* Unlike CD 03, never sensitive to IOPL and never redirected. */
EXECUTE(interrupt_3)
{
    (void)op;
    return software_interrupt(cpu, VECTOR_BP, EVENT_SOFTWARE);
}

/* Counts as an exception: the gate's DPL is not looked at and EXT is set (SDM 2A INT n). DR6 stays. */
EXECUTE(interrupt_1)
{
    (void)op;
    return software_interrupt(cpu, VECTOR_DB, EVENT_EXCEPTION);
}

EXECUTE(interrupt_overflow)
{
    (void)op;
    if (!(cpu->eflags & EFLAGS_OF))
        return FAULT_NONE;
    return software_interrupt(cpu, VECTOR_OF, EVENT_SOFTWARE);
}

EXECUTE(iret)
{
    return interrupt_return(cpu, op->wide);
}

/* clang-format off */
const struct instruction interrupt_instructions[] = {
    {"CC", "INT3", "",   "",  "itn",        "", 0, FEATURE_ALWAYS, ALWAYS(interrupt_3),        "SDM 2A INT n"},
    {"CD", "INT",  "Ib", "",  "itn",        "", 0, FEATURE_ALWAYS, ALWAYS(interrupt_n),        "SDM 2A INT n"},
    {"CE", "INTO", "",   "o", "itn",        "", 0, FEATURE_ALWAYS, ALWAYS(interrupt_overflow), "SDM 2A INT n"},
    {"F1", "INT1", "",   "",  "itn",        "", 0, FEATURE_ALWAYS, ALWAYS(interrupt_1),        "SDM 2A INT n"},
    {"CF", "IRET", "",   "n", "oszapcditn", "", 0, FEATURE_ALWAYS, ALWAYS(iret),               "SDM 2A IRET"},
    {0},
};
/* clang-format on */
