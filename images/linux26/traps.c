/* Exceptions, the timer's interrupt, and what is done on the way back to the program. */
#include "lib/timer.h"
#include "linux26/kernel.h"

#define VECTOR_DE 0
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_PF 14
#define SIGILL    4
#define SIGFPE    8
#define DR6_BS    0x4000u

uint32_t debug_stack;

static int from_program(const struct registers *registers)
{
    return (registers->cs & 3) == 3;
}

/* Some instructions of the kernel touch what the program has given it, and may fault; each has its way on. */
static int fault_fix(struct registers *registers)
{
    for (const uint32_t(*entry)[2] = exceptions_start; entry < exceptions_end; entry++) {
        if ((*entry)[0] == registers->eip) {
            registers->eip = (*entry)[1];
            counters.fixups++;
            return 1;
        }
    }
    return 0;
}

void exception_handle(struct registers *registers, uint32_t vector, uint32_t error)
{
    uint32_t address = 0;
    if (vector == VECTOR_PF) {
        asm volatile("movl %%cr2, %0" : "=r"(address));
        if (space_resolve_fault(current->space, address, error))
            return;
    }
    if (!from_program(registers)) {
        if (fault_fix(registers))
            return;
        panic("exception %u, error code %xh, CR2 %08xh, in the kernel at %08xh", vector, error, address,
              registers->eip);
    }
    current->fault_vector = vector;
    current->fault_error = error;
    current->fault_address = address;
    signal_force(vector == VECTOR_DE   ? SIGFPE
                 : vector == VECTOR_BP ? SIGTRAP
                 : vector == VECTOR_UD ? SIGILL
                                       : SIGSEGV);
}

/*
 * A program that steps itself brought TF into the kernel by SYSENTER. It is not the kernel that should be
 * stepped through: TF goes, and comes back on the way out.
 */
void debug_handle(struct registers *registers)
{
    uint32_t dr6;
    asm volatile("movl %%dr6, %0" : "=r"(dr6));
    asm volatile("movl %0, %%dr6" : : "r"(0));
    if (!from_program(registers)) {
        if (registers->eip != (uint32_t)sysenter_past_esp || !(dr6 & DR6_BS))
            panic("#DB in the kernel at %08xh, DR6 %08xh", registers->eip, dr6);
        note("#DB in ring 0 at %08xh, the first instruction after SYSENTER, DR6.BS = 1",
             (uint32_t)sysenter_entry);
        note("  ESP was %08xh: EIP, CS, EFLAGS lay on the small stack that ends at %08xh", debug_stack,
             segments_tss_end());
        note("  on the task's stack now; TF is taken away, and given back on the way out");
        current->work |= WORK_STEP;
        registers->eflags &= ~(uint32_t)EFLAGS_TF;
        return;
    }
    current->fault_vector = 1;
    current->fault_error = 0;
    signal_force(SIGTRAP);
}

void timer_handle(struct registers *registers)
{
    ticks++;
    counters.ticks_in_kernel += !from_program(registers) && current->pid != 0;
    timer_acknowledge();
    tasks_tick();
}

void task_work(struct registers *registers)
{
    if (current->work & WORK_STEP) {
        current->work &= ~(uint32_t)WORK_STEP;
        registers->eflags |= EFLAGS_TF;
    }
    if (current->work & WORK_RESCHEDULE) {
        counters.preemptions++;
        task_schedule();
    }
    if (current->work & WORK_SIGNAL)
        signals_deliver(registers);
    current->work &= ~(uint32_t)WORK_IRET; /* this way leads to IRET */
}

void frame_refused(void)
{
    note("process %d: IRET refused the registers that sigreturn was given", current->pid);
    signal_force(SIGSEGV);
}
