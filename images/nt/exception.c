/* Exceptions and interrupts: solved by the kernel, or handed to whoever caused them. */
#include "lib/print.h"
#include "lib/timer.h"
#include "nt/ke.h"

#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_GP 13
#define VECTOR_PF 14
#define PF_WRITE  2u /* page fault error code (SDM 3A 4.7) */

#define EFLAGS_PROGRAM \
    0x003f4dd7u /* what a program may set: all but IF, IOPL and VM; RF, AC, VIF, VIP and ID with it */
#define EFLAGS_V86_SET 0x00000002u

void KiUserExceptionDispatcher(void); /* user_stubs.S: an address of the program */

_Noreturn void KeBugCheck(const char *why, const struct KTRAP_FRAME *frame, uint32_t parameter)
{
    print("\nnt: FAILED: *** STOP: ");
    print(why);
    print(", EIP ");
    print_hex(frame->SegCs, 4);
    print(":");
    print_hex(frame->Eip, 8);
    print(" error code ");
    print_hex(frame->ErrCode, 4);
    print(" parameter ");
    print_hex(parameter, 8);
    print("\n");
    machine_exit(255);
}

/* A service that the kernel calls gets pointers into the kernel, and may. */
static int range_is_allowed(const void *start, uint32_t size)
{
    return KeGetCurrentThread()->PreviousMode == KernelMode ||
           ((uint32_t)start < MmUserProbeAddress && size <= MmUserProbeAddress - (uint32_t)start);
}

uint32_t KeCopyFromProgram(void *to, const void *from, uint32_t size)
{
    const uint32_t status =
        range_is_allowed(from, size) ? KiGuardedCopy(to, from, size) : STATUS_ACCESS_VIOLATION;
    KiEntries.violations_in_service += status == STATUS_ACCESS_VIOLATION;
    return status;
}

uint32_t KeCopyToProgram(void *to, const void *from, uint32_t size)
{
    const uint32_t status =
        range_is_allowed(to, size) ? KiGuardedCopy(to, from, size) : STATUS_ACCESS_VIOLATION;
    KiEntries.violations_in_service += status == STATUS_ACCESS_VIOLATION;
    return status;
}

static void context_from_frame(struct CONTEXT *context, const struct KTRAP_FRAME *frame)
{
    const int v86 = (frame->EFlags & EFLAGS_VM) != 0;
    context->ContextFlags = CONTEXT_FULL;
    context->SegGs = v86 ? frame->V86Gs : frame->SegGs;
    context->SegFs = v86 ? frame->V86Fs : frame->SegFs;
    context->SegEs = v86 ? frame->V86Es : frame->SegEs;
    context->SegDs = v86 ? frame->V86Ds : frame->SegDs;
    context->Edi = frame->Edi;
    context->Esi = frame->Esi;
    context->Ebx = frame->Ebx;
    context->Edx = frame->Edx;
    context->Ecx = frame->Ecx;
    context->Eax = frame->Eax;
    context->Ebp = frame->Ebp;
    context->Eip = frame->Eip;
    context->SegCs = frame->SegCs;
    context->EFlags = frame->EFlags;
    context->Esp = frame->HardwareEsp;
    context->SegSs = frame->HardwareSegSs;
}

void KeContextToFrame(struct KTRAP_FRAME *frame, const struct CONTEXT *context)
{
    const int v86 = (context->EFlags & EFLAGS_VM) != 0;
    frame->SegGs = v86 ? 0 : context->SegGs;
    frame->SegFs = v86 ? 0 : context->SegFs;
    frame->SegEs = v86 ? 0 : context->SegEs;
    frame->SegDs = v86 ? 0 : context->SegDs;
    frame->V86Gs = context->SegGs;
    frame->V86Fs = context->SegFs;
    frame->V86Es = context->SegEs;
    frame->V86Ds = context->SegDs;
    frame->Edi = context->Edi;
    frame->Esi = context->Esi;
    frame->Ebx = context->Ebx;
    frame->Edx = context->Edx;
    frame->Ecx = context->Ecx;
    frame->Eax = context->Eax;
    frame->Ebp = context->Ebp;
    frame->Eip = context->Eip;
    /* To ring 3, whatever a program says; in virtual-8086 mode the two are no selectors. */
    frame->SegCs = v86 ? context->SegCs : context->SegCs | RPL_MASK;
    frame->EFlags = (context->EFlags & (EFLAGS_PROGRAM | (v86 ? EFLAGS_VM : 0))) | EFLAGS_IF | EFLAGS_V86_SET;
    frame->HardwareEsp = context->Esp;
    frame->HardwareSegSs = v86 ? context->SegSs : context->SegSs | RPL_MASK;
}

static uint32_t status_of(uint32_t vector)
{
    static const uint32_t statuses[] = {
        [0] = STATUS_INTEGER_DIVIDE_BY_ZERO,   [VECTOR_DB] = STATUS_SINGLE_STEP,
        [VECTOR_BP] = STATUS_BREAKPOINT,       [4] = STATUS_INTEGER_OVERFLOW,
        [5] = STATUS_ARRAY_BOUNDS_EXCEEDED,    [6] = STATUS_ILLEGAL_INSTRUCTION,
        [11] = STATUS_ACCESS_VIOLATION,        [12] = STATUS_ACCESS_VIOLATION,
        [VECTOR_GP] = STATUS_ACCESS_VIOLATION, [VECTOR_PF] = STATUS_ACCESS_VIOLATION,
    };
    return vector < sizeof statuses / sizeof statuses[0] ? statuses[vector] : 0;
}

/*
 * To the program: a record and a context on its stack, and it goes on at KiUserExceptionDispatcher with their
 * addresses. TF is off there; the context remembers it for NtContinue.
 */
static void exception_to_program(struct KTRAP_FRAME *frame, uint32_t vector, uint32_t fault_address)
{
    struct {
        uint32_t record, context; /* what the dispatcher finds at its ESP */
        struct EXCEPTION_RECORD Record;
        struct CONTEXT Context;
    } place;
    const uint32_t status = status_of(vector);
    if (status == 0)
        KeBugCheck("UNEXPECTED_KERNEL_MODE_TRAP", frame, vector);
    for (unsigned i = 0; i < sizeof place / 4; i++)
        ((volatile uint32_t *)&place)[i] = 0;
    const uint32_t at = (frame->HardwareEsp - sizeof place) & ~3u;
    frame->Eip -= vector == VECTOR_BP; /* NT reports INT3 where it stands */
    place.record = at + 8;
    place.context = at + 8 + sizeof place.Record;
    place.Record.ExceptionCode = status;
    place.Record.ExceptionAddress = frame->Eip;
    if (vector == VECTOR_PF) {
        place.Record.NumberParameters = 2;
        place.Record.ExceptionInformation[0] = (frame->ErrCode & PF_WRITE) != 0;
        place.Record.ExceptionInformation[1] = fault_address;
    }
    context_from_frame(&place.Context, frame);
    if (KeCopyToProgram((void *)at, &place, sizeof place) != STATUS_SUCCESS)
        KeBugCheck("the program's stack cannot take an exception", frame, vector);
    KiEntries.exceptions++;
    frame->HardwareEsp = at;
    frame->HardwareSegSs = USER_DS;
    frame->SegCs = USER_CS;
    frame->SegDs = frame->SegEs = USER_DS;
    frame->SegFs = USER_FS;
    frame->EFlags = EFLAGS_IF | EFLAGS_V86_SET;
    frame->Eip = (uint32_t)KiUserExceptionDispatcher;
}

/* Virtual-8086 code has done what it may not do alone: NtVdmControl, which began it, returns to the program. */
static void vdm_end(struct KTRAP_FRAME *frame)
{
    static struct CONTEXT context; /* one processor, interrupts off */
    struct KTHREAD *thread = KeGetCurrentThread();
    context_from_frame(&context, frame);
    KiEntries.v86_frame = (uint32_t)frame;
    *frame = thread->VdmMonitor;
    frame->Eax = KeCopyToProgram(thread->VdmContext, &context, sizeof context);
    thread->VdmContext = NULL;
    KiLoadEsp0(thread);
}

static int address_is_among(uint32_t address, const uint32_t *list, unsigned count)
{
    while (count != 0 && list[count - 1] != address)
        count--;
    return count != 0;
}

/*
 * An exit has met a selector that a program may name but not load. A data segment becomes null, as it would in the program.
 * When it is IRET's, every register is the program's already: with what IRET found on the stack the frame of the trap
 * becomes one of the program's, 12 bytes further up, and the program gets the exception where it wanted to go.
 */
static int exit_repair(struct KTRAP_FRAME *frame, uint32_t vector)
{
    uint32_t *stack = &frame->HardwareEsp; /* no stack was changed: where the kernel's ESP was */
    if (address_is_among(frame->Eip, KiSegmentPops, sizeof KiSegmentPops / 4)) {
        *stack = 0;
        return 1;
    }
    if (!address_is_among(frame->Eip, KiExitIrets, sizeof KiExitIrets / 4))
        return 0;
    struct KTRAP_FRAME *program = (struct KTRAP_FRAME *)((uint8_t *)stack - TF_EIP);
    for (uint32_t i = TF_EIP / 4; i-- != 0;)
        ((volatile uint32_t *)program)[i] = ((volatile uint32_t *)frame)[i];
    exception_to_program(program, vector, 0);
    KiServiceExit2(program);
}

/* A fault of the kernel's own code: the innermost registration record takes it. */
static void exception_in_kernel(const struct KTRAP_FRAME *frame, uint32_t status, uint32_t address)
{
    if (frame->ExceptionList == LIST_END || status == 0)
        KeBugCheck("KMODE_EXCEPTION_NOT_HANDLED", frame, address);
    KiUnwindTo((struct EXCEPTION_REGISTRATION_RECORD *)frame->ExceptionList, status);
}

static void page_fault(struct KTRAP_FRAME *frame)
{
    uint32_t address;
    asm volatile("movl %%cr2, %0" : "=r"(address));
    const uint32_t status = MmAccessFault(address, frame->ErrCode);
    const int in_service = !(frame->SegCs & RPL_MASK) && !(frame->EFlags & EFLAGS_VM);
    if (status == STATUS_SUCCESS) {
        KiEntries.faults_resolved_in_service += in_service;
        KiEntries.faults_resolved_in_program += !in_service;
        return;
    }
    if (!in_service) {
        exception_to_program(frame, VECTOR_PF, address);
    } else if (frame->Eip == (uint32_t)KiSystemServiceCopyArguments) {
        KiEntries.violations_in_service++;
        frame->Eip = (uint32_t)KiSystemServiceCopyFault;
    } else {
        exception_in_kernel(frame, status, address);
    }
}

static void clock_tick(const struct KTRAP_FRAME *frame)
{
    if (frame->EFlags & EFLAGS_VM) {
        KiEntries.ticks_in_v86++;
    } else if (frame->SegCs & RPL_MASK) {
        KiEntries.ticks_in_program++;
    } else {
        KiEntries.ticks_in_service++;
        KiEntries.tick_eip = frame->Eip;
        KiEntries.tick_frame = (uint32_t)frame;
    }
    timer_acknowledge();
    KiClockTick();
}

void KiDispatchTrap(struct KTRAP_FRAME *frame, uint32_t vector)
{
    if (vector == VECTOR_CLOCK)
        clock_tick(frame);
    else if (frame->EFlags & EFLAGS_VM && vector != VECTOR_PF)
        vdm_end(frame);
    else if (vector == VECTOR_PF)
        page_fault(frame);
    else if (frame->SegCs & RPL_MASK)
        exception_to_program(frame, vector, 0);
    else if (!exit_repair(frame, vector))
        exception_in_kernel(frame, status_of(vector), frame->Eip);
}
