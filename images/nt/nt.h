/*
 * What the kernel and its program agree on: the structures that cross the border, and the services. Layouts and
 * names are the published ones of Windows XP, the information classes at the end excepted.
 */
#ifndef IMAGES_NT_NT_H
#define IMAGES_NT_NT_H

#include <stddef.h>
#include <stdint.h>

#include "nt/layout.h"

#define NTAPI __attribute__((stdcall)) /* arguments on the stack, the callee removes them */

struct UNICODE_STRING {
    uint16_t Length, MaximumLength; /* bytes */
    const uint16_t *Buffer;
};

struct EXCEPTION_RECORD {
    uint32_t ExceptionCode, ExceptionFlags;
    struct EXCEPTION_RECORD *ExceptionRecord;
    uint32_t ExceptionAddress;
    uint32_t NumberParameters;
    uint32_t ExceptionInformation[15];
};

#define CONTEXT_FULL 0x00010007 /* control, integer and segment registers */

struct CONTEXT {
    uint32_t ContextFlags;
    uint32_t Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    uint8_t FloatSave[112];
    uint32_t SegGs, SegFs, SegEs, SegDs;
    uint32_t Edi, Esi, Ebx, Edx, Ecx, Eax;
    uint32_t Ebp, Eip, SegCs, EFlags, Esp, SegSs;
    uint8_t ExtendedRegisters[512];
};

_Static_assert(offsetof(struct CONTEXT, SegGs) == 0x8c, "as published");
_Static_assert(offsetof(struct CONTEXT, SegSs) == 0xc8, "as published");
_Static_assert(sizeof(struct CONTEXT) == 0x2cc, "as published");

struct KTRAP_FRAME {
    uint32_t DbgEbp, DbgEip, DbgArgMark, DbgArgPointer; /* for a debugger's stack walk */
    uint32_t TempSegCs, TempEsp;
    uint32_t Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    uint32_t SegGs, SegEs, SegDs;
    uint32_t Edx, Ecx, Eax;
    uint32_t PreviousPreviousMode;
    uint32_t ExceptionList;
    uint32_t SegFs;
    uint32_t Edi, Esi, Ebx, Ebp;
    uint32_t ErrCode;
    uint32_t Eip, SegCs, EFlags; /* from here on pushed by INT and exceptions; by KiFastCallEntry itself */
    uint32_t HardwareEsp, HardwareSegSs; /* not there when the trap came from the kernel */
    uint32_t V86Es, V86Ds, V86Fs, V86Gs;
};

_Static_assert(offsetof(struct KTRAP_FRAME, SegGs) == TF_SEG_GS, "as published");
_Static_assert(offsetof(struct KTRAP_FRAME, Edx) == TF_EDX, "as published");
_Static_assert(offsetof(struct KTRAP_FRAME, SegFs) == TF_SEG_FS, "as published");
_Static_assert(offsetof(struct KTRAP_FRAME, Eip) == TF_EIP, "as published");
_Static_assert(sizeof(struct KTRAP_FRAME) == KTRAP_FRAME_LENGTH, "as published");

/* NtQuerySystemInformation: classes of our own. NT has none like them: a program has no business knowing this. */
#define SYSTEM_ENTRY_INFORMATION 0x1000
#define SYSTEM_FRAME_INFORMATION 0x1001
#define SYSTEM_INNER_INFORMATION 0x1002 /* the frame that a service sees which the service has called */

/* How the kernel was entered and left since the start. trap.S knows the order of the first six. */
struct entry_information {
    uint32_t by_sysenter, by_int2e; /* services */
    uint32_t left_by_sysexit, left_by_iret, left_by_full_iret;
    uint32_t steps_at_entry;                 /* single-step traps at KiFastCallEntry */
    uint32_t step_cs, step_eip, step_eflags; /* what the last of them had pushed */
    uint32_t ticks_in_program, ticks_in_service, ticks_in_v86;
    uint32_t tick_eip, tick_frame; /* the last tick in a service: where, and its trap frame */
    uint32_t faults_resolved_in_program, faults_resolved_in_service;
    uint32_t violations_in_service; /* bad pointers met by a service */
    uint32_t exceptions;            /* handed to the program */
    uint32_t switches;
    uint32_t v86_frame; /* where the trap that ended virtual-8086 mode had its frame */
};

/* The trap frame of the service that answers, and what it has to do with the stack and the MSRs. */
struct frame_information {
    struct KTRAP_FRAME frame;
    uint32_t address;       /* of the frame */
    uint32_t initial_stack; /* KTHREAD.InitialStack */
    uint32_t esp0;          /* in the TSS */
    uint32_t fast_call;     /* KiFastCallEntry, in IA32_SYSENTER_EIP where that exists */
    uint32_t has_sysenter;
    uint32_t eflags; /* of the kernel while it serves */
};

/*
 * The services. The program's stubs (user_stubs.S) and the kernel's functions (services.c) bear the same names, as
 * in ntdll.dll and ntoskrnl.exe. Here both are linked into one file, so that the stubs' symbols are ntdll_NtXxx.
 */
#ifdef NT_PROGRAM
#define STUB(name) __asm__("ntdll_" #name)
#else
#define STUB(name)
#endif

uint32_t NTAPI NtDisplayString(const struct UNICODE_STRING *String) STUB(NtDisplayString);
uint32_t NTAPI NtQuerySystemTime(uint64_t *SystemTime) STUB(NtQuerySystemTime);
uint32_t NTAPI NtQuerySystemInformation(uint32_t Class, void *Information, uint32_t Length,
                                        uint32_t *ReturnLength) STUB(NtQuerySystemInformation);
uint32_t NTAPI NtAllocateVirtualMemory(uint32_t ProcessHandle, uint32_t *BaseAddress, uint32_t ZeroBits,
                                       uint32_t *RegionSize, uint32_t AllocationType, uint32_t Protect)
    STUB(NtAllocateVirtualMemory);
uint32_t NTAPI NtDelayExecution(uint32_t Alertable, const int64_t *Interval) STUB(NtDelayExecution);
uint32_t NTAPI NtYieldExecution(void) STUB(NtYieldExecution);
uint32_t NTAPI NtCreateThread(uint32_t *ThreadHandle, uint32_t DesiredAccess, const void *ObjectAttributes,
                              uint32_t ProcessHandle, uint32_t *ClientId, const struct CONTEXT *ThreadContext,
                              const void *InitialTeb, uint32_t CreateSuspended) STUB(NtCreateThread);
uint32_t NTAPI NtTerminateThread(uint32_t ThreadHandle, uint32_t ExitStatus) STUB(NtTerminateThread);
uint32_t NTAPI NtContinue(const struct CONTEXT *ThreadContext, uint32_t RaiseAlert) STUB(NtContinue);
uint32_t NTAPI NtSetLdtEntries(uint32_t Selector0, uint32_t Entry0Low, uint32_t Entry0Hi, uint32_t Selector1,
                               uint32_t Entry1Low, uint32_t Entry1Hi) STUB(NtSetLdtEntries);
uint32_t NTAPI NtVdmControl(uint32_t Service, struct CONTEXT *ServiceData) STUB(NtVdmControl);
uint32_t NTAPI NtTerminateProcess(uint32_t ProcessHandle, uint32_t ExitStatus) STUB(NtTerminateProcess);

/* The service indices. */
enum {
#define NUMBER(name, bytes) SERVICE_##name,
    SERVICE_LIST(NUMBER)
#undef NUMBER
        SERVICE_COUNT
};

#define CURRENT_PROCESS 0xffffffffu /* pseudo handles */
#define CURRENT_THREAD  0xfffffffeu

#endif
