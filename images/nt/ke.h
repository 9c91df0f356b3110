/* The kernel's own structures and functions. Offsets that the published names carry are held by the assertions. */
#ifndef IMAGES_NT_KE_H
#define IMAGES_NT_KE_H

#include "nt/nt.h"

#define PAGE_SIZE         4096u
#define KERNEL_STACK_SIZE 0x3000u
#define KTHREAD_COUNT     4
#define TICKS_PER_SECOND  1000
#define TIME_PER_TICK     10000 /* in 100 ns, the unit of NT's times */

enum { KernelMode, UserMode };

enum { Initialized, Ready, Running, Standby, Terminated, Waiting }; /* KTHREAD.State */

/* SDM 3A 7.2.1 */
struct KTSS {
    uint32_t Backlink;
    uint32_t Esp0, Ss0;
    uint32_t unused[22];
    uint16_t Flags, IoMapBase;
};

struct KSERVICE_TABLE_DESCRIPTOR {
    void *const *Base;
    uint32_t *Count;
    uint32_t Limit;
    const uint8_t *Number; /* bytes of arguments of each service */
};

struct KTHREAD {
    uint8_t unused0[0x18];
    uint32_t InitialStack; /* the top */
    uint32_t StackLimit;   /* the bottom */
    uint32_t Teb;
    uint8_t unused1[4];
    uint32_t KernelStack; /* ESP while it does not run */
    uint8_t unused2[1];
    uint8_t State;
    uint8_t unused3[0xb2];
    const struct KSERVICE_TABLE_DESCRIPTOR *ServiceTable;
    uint8_t unused4[0x50];
    struct KTRAP_FRAME *TrapFrame; /* of the service that it is in */
    uint8_t unused5[8];
    uint8_t PreviousMode;
    /* Behind here our own. */
    uint8_t Number;
    uint32_t DueTick;              /* Waiting: until when */
    struct CONTEXT *VdmContext;    /* in the program; not NULL: the thread is in virtual-8086 mode */
    struct KTRAP_FRAME VdmMonitor; /* where the program goes on when that ends */
};

_Static_assert(offsetof(struct KTHREAD, InitialStack) == 0x18, "as published");
_Static_assert(offsetof(struct KTHREAD, KernelStack) == TH_KERNEL_STACK, "as published");
_Static_assert(offsetof(struct KTHREAD, State) == 0x2d, "as published");
_Static_assert(offsetof(struct KTHREAD, ServiceTable) == TH_SERVICE_TABLE, "as published");
_Static_assert(offsetof(struct KTHREAD, TrapFrame) == TH_TRAP_FRAME, "as published");
_Static_assert(offsetof(struct KTHREAD, PreviousMode) == TH_PREVIOUS_MODE, "as published");

/* A handler for faults of kernel code, on the kernel's stack; FS:[0] begins the list, 0xffffffff ends it. */
struct EXCEPTION_REGISTRATION_RECORD {
    uint32_t Next;
    uint32_t Handler;
};

#define LIST_END 0xffffffffu

/* The processor control region, which FS points at in the kernel. */
struct KPCR {
    uint32_t ExceptionList;
    uint8_t unused0[0x18];
    struct KPCR *SelfPcr;
    uint8_t unused1[0x20];
    struct KTSS *TSS;
    uint8_t unused2[0xe0];
    struct KTHREAD *CurrentThread;
    uint8_t unused3[0x510];
    uint32_t KeSystemCalls;
};

_Static_assert(offsetof(struct KPCR, SelfPcr) == 0x1c, "as published");
_Static_assert(offsetof(struct KPCR, TSS) == PC_TSS, "as published");
_Static_assert(offsetof(struct KPCR, CurrentThread) == PC_CURRENT_THREAD, "as published");
_Static_assert(offsetof(struct KPCR, KeSystemCalls) == PC_SYSTEM_CALLS, "as published");

/* The thread environment block: FS:[18h] of the program is its own address. */
struct TEB {
    uint32_t ExceptionList, StackBase, StackLimit;
    uint8_t unused[12];
    struct TEB *Self;
};

/* trap.S */
void KiFastCallEntry(void);
void KiSystemService(void);
void KiInterruptClock(void);
extern void (*const KiTrapTable[20])(void);
uint32_t KiServiceInternal(uint32_t index, const void *arguments);
_Noreturn void KiServiceExit2(struct KTRAP_FRAME *frame);
void KiThreadStartup(void);
void KiSwapContext(struct KTHREAD *from, struct KTHREAD *to);
_Noreturn void KiRunFirstThread(struct KTHREAD *thread);
_Noreturn void KiUnwindTo(struct EXCEPTION_REGISTRATION_RECORD *record, uint32_t status);
uint32_t KiGuardedCopy(void *to, const void *from, uint32_t size); /* STATUS_SUCCESS or a fault's status */
extern const uint32_t KiSegmentPops[6], KiExitIrets[2];
extern const uint8_t KiSystemServiceCopyArguments[], KiSystemServiceCopyFault[];
_Noreturn void machine_exit(int failures); /* lib/exit.S */

/* init.c */
extern struct KPCR KiPcr;
extern struct KTSS KiTss;
extern uint8_t KiFastSystemCallPossible; /* the processor has a SYSENTER that works */
void KiInitializeProcessor(void);
void KiSetTebBase(uint32_t base);
uint32_t KiSetLdtEntry(uint32_t selector, uint32_t low, uint32_t high);

/* mm.c */
extern const uint32_t MmUserProbeAddress;
void MmInitialize(void);
/* STATUS_SUCCESS: the page is there now. Anything else is the program's or the service's fault. */
uint32_t MmAccessFault(uint32_t address, uint32_t error_code);
uint32_t MmReserve(uint32_t base, uint32_t size);

/* exception.c: called by trap.S with interrupts off */
void KiDispatchTrap(struct KTRAP_FRAME *frame, uint32_t vector);
_Noreturn void KeBugCheck(const char *why, const struct KTRAP_FRAME *frame, uint32_t parameter);
void KeContextToFrame(struct KTRAP_FRAME *frame, const struct CONTEXT *context);
/*
 * STATUS_ACCESS_VIOLATION unless all of it lies below MmUserProbeAddress (or PreviousMode is KernelMode); then the
 * copy, guarded.
 */
uint32_t KeCopyFromProgram(void *to, const void *from, uint32_t size);
uint32_t KeCopyToProgram(void *to, const void *from, uint32_t size);

/* thread.c */
extern volatile uint32_t KeTickCount;
/* NULL when there are too many. The context is that of the thread's first instruction in ring 3. */
struct KTHREAD *KiCreateThread(const struct CONTEXT *context, uint32_t teb);
void KiLoadEsp0(const struct KTHREAD *thread);
void KiClockTick(void); /* wakes who has waited long enough */
/* Gives the processor to the next ready thread; false: there is none. Interrupts off. */
int KiSwapThread(void);
/* The current thread is Waiting or Terminated: runs others, or halts until somebody is ready. */
void KiWaitForTurn(void);

static inline struct KTHREAD *KeGetCurrentThread(void)
{
    struct KTHREAD *thread;
    asm volatile("movl %%fs:%c1, %0" : "=r"(thread) : "i"(PC_CURRENT_THREAD));
    return thread;
}

/* services.c */
extern const struct KSERVICE_TABLE_DESCRIPTOR KeServiceDescriptorTable[4];
extern struct entry_information KiEntries;

#endif
