/*
 * The services and their two tables. A service trusts no pointer: what it reads and writes for a program goes
 * through guarded copies.
 */
#include "lib/print.h"
#include "nt/ke.h"

#define TEXT_LIMIT          512 /* bytes of a string that NtDisplayString takes */
#define LOWEST_RESERVATION  0x10000u
#define VDM_START_EXECUTION 0

struct entry_information KiEntries;

uint32_t NTAPI NtDisplayString(const struct UNICODE_STRING *String)
{
    struct UNICODE_STRING string;
    uint16_t text[TEXT_LIMIT / 2];
    uint32_t status = KeCopyFromProgram(&string, String, sizeof string);
    if (status != STATUS_SUCCESS)
        return status;
    if (string.Length > sizeof text || string.Length % 2 != 0)
        return STATUS_INVALID_PARAMETER;
    status = KeCopyFromProgram(text, string.Buffer, string.Length);
    if (status != STATUS_SUCCESS)
        return status;
    for (unsigned i = 0; i < string.Length / 2u; i++)
        print_character_to(PRINT_ALL, text[i] < 0x80 ? (char)text[i] : '?');
    return STATUS_SUCCESS;
}

uint32_t NTAPI NtQuerySystemTime(uint64_t *SystemTime)
{
    const uint64_t now = (uint64_t)KeTickCount * TIME_PER_TICK;
    return KeCopyToProgram(SystemTime, &now, sizeof now);
}

static void frame_information_fill(struct frame_information *information)
{
    const struct KTHREAD *thread = KeGetCurrentThread();
    information->frame = *thread->TrapFrame;
    information->address = (uint32_t)thread->TrapFrame;
    information->initial_stack = thread->InitialStack;
    information->esp0 = KiTss.Esp0;
    information->fast_call = (uint32_t)KiFastCallEntry;
    information->has_sysenter = KiFastSystemCallPossible;
    asm volatile("pushfl\n\tpopl %0" : "=r"(information->eflags));
}

uint32_t NTAPI NtQuerySystemInformation(uint32_t Class, void *Information, uint32_t Length,
                                        uint32_t *ReturnLength)
{
    struct frame_information frame;
    const void *from = &frame;
    uint32_t size = sizeof frame;
    if (Class == SYSTEM_INNER_INFORMATION) {
        const uint32_t arguments[4] = {SYSTEM_FRAME_INFORMATION, (uint32_t)&frame, sizeof frame, 0};
        const uint32_t inner = KiServiceInternal(SERVICE_NtQuerySystemInformation, arguments);
        if (inner != STATUS_SUCCESS)
            return inner;
    } else if (Class == SYSTEM_ENTRY_INFORMATION) {
        from = &KiEntries;
        size = sizeof KiEntries;
    } else if (Class == SYSTEM_FRAME_INFORMATION) {
        frame_information_fill(&frame);
    } else {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (Length != size)
        return STATUS_INFO_LENGTH_MISMATCH;
    const uint32_t status = KeCopyToProgram(Information, from, size);
    if (status != STATUS_SUCCESS || ReturnLength == NULL)
        return status;
    return KeCopyToProgram(ReturnLength, &size, sizeof size);
}

uint32_t NTAPI NtAllocateVirtualMemory(uint32_t ProcessHandle, uint32_t *BaseAddress, uint32_t ZeroBits,
                                       uint32_t *RegionSize, uint32_t AllocationType, uint32_t Protect)
{
    uint32_t base, size;
    (void)
        AllocationType; /* reserved and committed in one, readable and writable, where the program wants it */
    (void)Protect;
    if (ProcessHandle != CURRENT_PROCESS || ZeroBits != 0)
        return STATUS_INVALID_PARAMETER;
    uint32_t status = KeCopyFromProgram(&base, BaseAddress, sizeof base);
    if (status == STATUS_SUCCESS)
        status = KeCopyFromProgram(&size, RegionSize, sizeof size);
    if (status != STATUS_SUCCESS)
        return status;
    if (base < LOWEST_RESERVATION || base >= USER_PROBE || size == 0 || size > USER_PROBE - base)
        return STATUS_INVALID_PARAMETER;
    const uint32_t start = base & ~(PAGE_SIZE - 1);
    size = (base + size - start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    status = MmReserve(start, size);
    if (status == STATUS_SUCCESS)
        status = KeCopyToProgram(BaseAddress, &start, sizeof start);
    if (status == STATUS_SUCCESS)
        status = KeCopyToProgram(RegionSize, &size, sizeof size);
    return status;
}

uint32_t NTAPI NtDelayExecution(uint32_t Alertable, const int64_t *Interval)
{
    int64_t interval;
    (void)Alertable; /* there is nothing that could alert */
    const uint32_t status = KeCopyFromProgram(&interval, Interval, sizeof interval);
    if (status != STATUS_SUCCESS)
        return status;
    if (interval >= 0 || interval < -(int64_t)0x80000000) /* relative times only, and no longer than 214 s */
        return STATUS_INVALID_PARAMETER;
    const uint32_t ticks = ((uint32_t)-interval + TIME_PER_TICK - 1) / TIME_PER_TICK;
    struct KTHREAD *thread = KeGetCurrentThread();
    asm volatile("cli");
    thread->DueTick = KeTickCount + ticks;
    thread->State = Waiting;
    KiWaitForTurn();
    asm volatile("sti");
    return STATUS_SUCCESS;
}

uint32_t NTAPI NtYieldExecution(void)
{
    asm volatile("cli");
    const int swapped = KiSwapThread();
    asm volatile("sti");
    return swapped ? STATUS_SUCCESS : STATUS_NO_YIELD_PERFORMED;
}

/*
 * InitialTeb is the TEB's address, for the program makes its TEBs itself. NT makes them, and takes its stack's
 * place here.
 */
uint32_t NTAPI NtCreateThread(uint32_t *ThreadHandle, uint32_t DesiredAccess, const void *ObjectAttributes,
                              uint32_t ProcessHandle, uint32_t *ClientId, const struct CONTEXT *ThreadContext,
                              const void *InitialTeb, uint32_t CreateSuspended)
{
    struct CONTEXT context;
    (void)DesiredAccess;
    (void)ObjectAttributes;
    if (ProcessHandle != CURRENT_PROCESS || CreateSuspended || (uint32_t)InitialTeb >= USER_PROBE)
        return STATUS_INVALID_PARAMETER;
    uint32_t status = KeCopyFromProgram(&context, ThreadContext, sizeof context);
    if (status != STATUS_SUCCESS)
        return status;
    context.EFlags &= ~EFLAGS_VM;
    asm volatile("cli");
    const struct KTHREAD *thread = KiCreateThread(&context, (uint32_t)InitialTeb);
    asm volatile("sti");
    if (thread == NULL)
        return STATUS_NO_MEMORY;
    const uint32_t handle = 4u * (thread->Number + 1u), id[2] = {4, handle};
    status = KeCopyToProgram(ThreadHandle, &handle, sizeof handle);
    return status == STATUS_SUCCESS && ClientId != NULL ? KeCopyToProgram(ClientId, id, sizeof id) : status;
}

uint32_t NTAPI NtTerminateThread(uint32_t ThreadHandle, uint32_t ExitStatus)
{
    (void)ExitStatus;
    if (ThreadHandle != CURRENT_THREAD)
        return STATUS_INVALID_PARAMETER;
    asm volatile("cli");
    KeGetCurrentThread()->State = Terminated;
    KiWaitForTurn();
    return STATUS_SUCCESS; /* nobody comes here */
}

/* The frame's Edx keeps the frame of an outer service while an inner one runs (trap.S). */
static struct KTRAP_FRAME *service_leave(struct KTHREAD *thread)
{
    struct KTRAP_FRAME *frame = thread->TrapFrame;
    thread->TrapFrame = (struct KTRAP_FRAME *)frame->Edx;
    return frame;
}

uint32_t NTAPI NtContinue(const struct CONTEXT *ThreadContext, uint32_t RaiseAlert)
{
    struct CONTEXT context;
    (void)RaiseAlert;
    const uint32_t status = KeCopyFromProgram(&context, ThreadContext, sizeof context);
    if (status != STATUS_SUCCESS)
        return status;
    if (context.EFlags & EFLAGS_VM)
        return STATUS_INVALID_PARAMETER;
    struct KTRAP_FRAME *frame = service_leave(KeGetCurrentThread());
    KeContextToFrame(frame, &context);
    KiServiceExit2(frame);
}

uint32_t NTAPI NtSetLdtEntries(uint32_t Selector0, uint32_t Entry0Low, uint32_t Entry0Hi, uint32_t Selector1,
                               uint32_t Entry1Low, uint32_t Entry1Hi)
{
    const uint32_t status = KiSetLdtEntry(Selector0, Entry0Low, Entry0Hi);
    return status == STATUS_SUCCESS ? KiSetLdtEntry(Selector1, Entry1Low, Entry1Hi) : status;
}

/* The registers come in ServiceData and go back there. NT takes them from the thread's VDM_TIB. */
uint32_t NTAPI NtVdmControl(uint32_t Service, struct CONTEXT *ServiceData)
{
    struct CONTEXT context;
    if (Service != VDM_START_EXECUTION)
        return STATUS_INVALID_PARAMETER;
    const uint32_t status = KeCopyFromProgram(&context, ServiceData, sizeof context);
    if (status != STATUS_SUCCESS)
        return status;
    struct KTHREAD *thread = KeGetCurrentThread();
    asm volatile("cli");
    struct KTRAP_FRAME *frame = service_leave(thread);
    /* What a service's frame lacks, for vdm_end leaves by the full exit. */
    frame->SegDs = frame->SegEs = USER_DS;
    frame->SegGs = 0;
    frame->Ecx = frame->Edx = 0;
    thread->VdmMonitor = *frame;
    thread->VdmContext = ServiceData;
    context.EFlags |= EFLAGS_VM;
    KeContextToFrame(frame, &context);
    KiLoadEsp0(thread);
    KiServiceExit2(frame);
}

uint32_t NTAPI NtTerminateProcess(uint32_t ProcessHandle, uint32_t ExitStatus)
{
    if (ProcessHandle != CURRENT_PROCESS)
        return STATUS_INVALID_PARAMETER;
    machine_exit((int)ExitStatus);
}

#define ADDRESS(name, bytes)   (void *)(name),
#define ARGUMENTS(name, bytes) bytes,
static void *const KiServiceTable[] = {SERVICE_LIST(ADDRESS)};
static const uint8_t KiArgumentTable[] = {SERVICE_LIST(ARGUMENTS)};
#undef ADDRESS
#undef ARGUMENTS

/* Table 0. In NT table 1 is the window manager's, for threads that use it; here 1 to 3 are empty. */
const struct KSERVICE_TABLE_DESCRIPTOR KeServiceDescriptorTable[4] = {
    {KiServiceTable, NULL, sizeof KiServiceTable / sizeof KiServiceTable[0], KiArgumentTable},
};
