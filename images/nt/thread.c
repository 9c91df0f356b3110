/*
 * Threads: they share one process, take turns when they ask to, and sleep by the clock. Nobody is interrupted in
 * favour of another.
 */
#include "nt/ke.h"

volatile uint32_t KeTickCount;

static struct KTHREAD threads[KTHREAD_COUNT];
static uint8_t stacks[KTHREAD_COUNT][KERNEL_STACK_SIZE] __attribute__((aligned(16)));

/* What KiSwapContext pops. */
struct switch_frame {
    uint32_t ExceptionList, Edi, Esi, Ebx, Ebp, Eip;
};

static void context_complete(struct KTRAP_FRAME *frame)
{
    frame->SegCs = USER_CS;
    frame->SegDs = frame->SegEs = frame->HardwareSegSs = USER_DS;
    frame->SegFs = USER_FS;
    frame->SegGs = 0;
    frame->ExceptionList = LIST_END;
    frame->PreviousPreviousMode = UserMode;
    frame->DbgArgMark = DBG_ARG_MARK;
}

struct KTHREAD *KiCreateThread(const struct CONTEXT *context, uint32_t teb)
{
    unsigned i = 0;
    while (i < KTHREAD_COUNT && threads[i].State != Initialized)
        i++;
    if (i == KTHREAD_COUNT)
        return NULL;
    struct KTHREAD *thread = &threads[i];
    thread->Number = (uint8_t)i;
    thread->StackLimit = (uint32_t)stacks[i];
    thread->InitialStack = (uint32_t)(stacks[i] + KERNEL_STACK_SIZE);
    thread->Teb = teb;
    thread->ServiceTable = KeServiceDescriptorTable;
    thread->PreviousMode = UserMode;
    thread->TrapFrame =
        (struct KTRAP_FRAME *)(thread->InitialStack - NPX_FRAME_LENGTH - sizeof(struct KTRAP_FRAME));
    KeContextToFrame(thread->TrapFrame, context);
    context_complete(thread->TrapFrame);
    struct switch_frame *start = (struct switch_frame *)thread->TrapFrame - 1;
    start->ExceptionList = LIST_END;
    start->Eip = (uint32_t)KiThreadStartup;
    thread->KernelStack = (uint32_t)start;
    thread->State = Ready;
    if (i == 0) { /* the one that runs first */
        thread->State = Running;
        KiLoadEsp0(thread);
        KiSetTebBase(teb);
    }
    return thread;
}

/*
 * Every entry from ring 3 builds its frame at the same place, InitialStack - 29Ch. In virtual-8086 mode the
 * processor pushes four segment registers more, so it has to begin higher.
 */
void KiLoadEsp0(const struct KTHREAD *thread)
{
    KiTss.Esp0 = thread->InitialStack - NPX_FRAME_LENGTH - (thread->VdmContext == NULL ? KTRAP_FRAME_V86 : 0);
}

void KiClockTick(void)
{
    KeTickCount++;
    for (unsigned i = 0; i < KTHREAD_COUNT; i++)
        if (threads[i].State == Waiting && (int32_t)(KeTickCount - threads[i].DueTick) >= 0)
            threads[i].State = Ready;
}

int KiSwapThread(void)
{
    struct KTHREAD *from = KeGetCurrentThread(), *to = NULL;
    for (unsigned i = 1; i <= KTHREAD_COUNT && to == NULL; i++) {
        struct KTHREAD *next = &threads[(from->Number + i) % KTHREAD_COUNT];
        if (next->State == Ready)
            to = next;
    }
    if (to == NULL)
        return 0;
    if (from->State == Running)
        from->State = Ready;
    to->State = Running;
    if (to == from)
        return 1;
    KiEntries.switches++;
    KiLoadEsp0(to);
    KiSetTebBase(to->Teb);
    KiSwapContext(from, to);
    return 1;
}

void KiWaitForTurn(void)
{
    while (!KiSwapThread())
        asm volatile("sti\n\thlt\n\tcli" : : : "memory");
}
