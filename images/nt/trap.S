/*
 * The ways into the kernel and out of it: KiFastCallEntry (SYSENTER), KiSystemService (INT 2Eh), KiTrapNN
 * (exceptions), KiInterruptClock (the timer), KiServiceExit. All build one KTRAP_FRAME, so that the rest of the
 * kernel need not know which it was.
 *
 * In the kernel EBP is the trap frame's address. DS and ES are the program's flat data segment, 23h: at CPL 0 it is
 * as good as any other, and SYSEXIT leaves it in place. FS is the processor control region.
 */
#include "nt/layout.h"

    /* The first words of struct entry_information, counted here. */
#define COUNT_SYSENTER KiEntries
#define COUNT_INT2E    KiEntries + 4
#define COUNT_SYSEXIT  KiEntries + 8
#define COUNT_IRET     KiEntries + 12
#define COUNT_FULL     KiEntries + 16
#define COUNT_STEPS    KiEntries + 20
#define STEP_CS        KiEntries + 24
#define STEP_EIP       KiEntries + 28
#define STEP_EFLAGS    KiEntries + 32

    .text

/*
 * SYSENTER arrives here. What the processor has done (SDM 2B SYSENTER): CS, EIP and ESP from the MSRs, SS = CS + 8,
 * CPL 0, EFLAGS.IF, VM and RF cleared. Nothing has been saved, TF and DF are the program's, and ESP is a small
 * emergency stack. EAX is the service index, EDX the program's ESP. ECX is nobody's.
 */
    .globl KiFastCallEntry
KiFastCallEntry:
    movl $KGDT_R0_PCR, %ecx     /* a program that steps traps here: see KiTrap01 */
    movw %cx, %fs
    movl $USER_DS, %ecx
    movw %cx, %ds
    movw %cx, %es
    movl %fs:PC_TSS, %ecx
    movl TSS_ESP0(%ecx), %esp   /* where a gate would have put us */
    pushl $USER_DS              /* HardwareSegSs */
    pushl %edx                  /* HardwareEsp */
    pushfl                      /* EFlags */
fast_call_frame:
    orl $EFLAGS_IF, (%esp)      /* SYSENTER has cleared it; at IOPL 0 it was set in every program */
    pushl $2
    popfl                       /* NT, DF, AC: nothing of the program's flags shall act here */
    addl $8, %edx               /* over two return addresses, to the arguments */
    pushl $USER_CS              /* SegCs */
    pushl $SYSTEM_CALL_RET      /* Eip: not saved by anybody, but always the same */
    incl COUNT_SYSENTER
    pushl $0                    /* ErrCode */
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl $USER_FS
    jmp service_frame

/*
 * The second entry, after a single-step trap at the first instruction: the same, but the frame's EFlags get TF
 * back, so that KiServiceExit returns by IRET and the program goes on stepping.
 */
KiFastCallEntry2:
    movl $KGDT_R0_PCR, %ecx
    movw %cx, %fs
    movl $USER_DS, %ecx
    movw %cx, %ds
    movw %cx, %es
    movl %fs:PC_TSS, %ecx
    movl TSS_ESP0(%ecx), %esp
    pushl $USER_DS
    pushl %edx
    pushfl
    orl $EFLAGS_TF, (%esp)
    jmp fast_call_frame

/*
 * INT 2Eh through a gate: the processor has switched to ESP0 and pushed SS, ESP, EFLAGS, CS and EIP. EAX is the service
 * index, EDX the address of the arguments.
 */
    .globl KiSystemService
KiSystemService:
    pushl $0
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %fs
    movl $KGDT_R0_PCR, %ecx
    movw %cx, %fs
    movl $USER_DS, %ecx
    movw %cx, %ds
    movw %cx, %es
    cld
    incl COUNT_INT2E

    /* The rest of the frame, the same for both. */
service_frame:
    pushl %fs:PC_EXCEPTION_LIST
    movl $-1, %fs:PC_EXCEPTION_LIST
    movl %fs:PC_CURRENT_THREAD, %esi
    movzbl TH_PREVIOUS_MODE(%esi), %ecx
    pushl %ecx
    subl $TF_PREVIOUS_MODE, %esp
    movl %esp, %ebp
    movl TF_SEG_CS(%ebp), %ecx
    andl $1, %ecx               /* 1Bh: UserMode; 08h, a service called by the kernel: KernelMode */
    movb %cl, TH_PREVIOUS_MODE(%esi)
    movl TH_TRAP_FRAME(%esi), %ecx
    movl %ecx, TF_EDX(%ebp)     /* calls may nest; the program's EDX is lost anyway */
    movl %ebp, TH_TRAP_FRAME(%esi)
    movl TF_EBP(%ebp), %ebx
    movl TF_EIP(%ebp), %edi
    movl %ebx, TF_DBG_EBP(%ebp)
    movl %edi, TF_DBG_EIP(%ebp)
    movl $DBG_ARG_MARK, TF_DBG_ARG_MARK(%ebp)
    movl %edx, TF_DBG_ARG_POINTER(%ebp)
    sti                         /* from here on the timer may come */

/* EAX: bits 0 to 11 are the service, bits 12 and 13 its table. ESI: the thread. EDX: the arguments. EBP: the frame. */
    movl %eax, %edi
    shrl $8, %edi
    andl $0x30, %edi            /* table * 16, the size of a descriptor */
    addl TH_SERVICE_TABLE(%esi), %edi
    andl $0xfff, %eax
    cmpl SD_LIMIT(%edi), %eax
    jae unexpected_range
    incl %fs:PC_SYSTEM_CALLS
    movl SD_NUMBER(%edi), %ebx
    movzbl (%ebx,%eax), %ecx    /* KiArgumentTable[EAX], bytes */
    movl SD_BASE(%edi), %edi
    movl (%edi,%eax,4), %ebx    /* KiServiceTable[EAX] */
    subl %ecx, %esp
    shrl $2, %ecx
    movl %esp, %edi
    movl %edx, %esi
    testl $1, TF_SEG_CS(%ebp)
    jz KiSystemServiceCopyArguments
    cmpl MmUserProbeAddress, %esi
    jae KiSystemServiceCopyFault

/*
 * The program's stack may be absent. Then the page fault's handler finds this very address in its frame and goes on at
 * KiSystemServiceCopyFault (exception.c): the call fails, the kernel does not.
 */
    .globl KiSystemServiceCopyArguments, KiSystemServiceCopyFault
KiSystemServiceCopyArguments:
    rep movsl
    call *%ebx

/* EAX: the service's answer. */
KiServiceExit:
    cli
    movl %ebp, %esp
    movl %fs:PC_CURRENT_THREAD, %ecx
    movl TF_EDX(%ebp), %edx
    movl %edx, TH_TRAP_FRAME(%ecx)
    movb TF_PREVIOUS_MODE(%ebp), %dl
    movb %dl, TH_PREVIOUS_MODE(%ecx)
    movl TF_EXCEPTION_LIST(%ebp), %edx
    movl %edx, %fs:PC_EXCEPTION_LIST
    /* SYSEXIT knows one code segment and one stack segment, and cannot turn on TF without trapping before it is out. */
    cmpb $0, KiFastSystemCallPossible
    je KiSystemCallExit
    testl $(EFLAGS_TF | EFLAGS_VM), TF_EFLAGS(%ebp)
    jnz KiSystemCallExit
    cmpw $USER_CS, TF_SEG_CS(%ebp)
    jne KiSystemCallExit
    cmpw $USER_DS, TF_SEG_SS(%ebp)
    jne KiSystemCallExit

KiSystemCallExit2:
    incl COUNT_SYSEXIT
    leal TF_SEG_FS(%ebp), %esp
KiPopFsSysexit:
    popl %fs
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    addl $4, %esp               /* ErrCode */
    popl %edx                   /* Eip: where SYSEXIT goes */
    addl $4, %esp               /* SegCs */
    andl $~EFLAGS_IF, (%esp)    /* not yet: STI below */
    popfl
    popl %ecx                   /* HardwareEsp: SYSEXIT's ESP */
    sti                         /* holds interrupts off for one more instruction (SDM 2B STI): the next one is the program's */
    sysexit

KiSystemCallExit:
    incl COUNT_IRET
    leal TF_SEG_FS(%ebp), %esp
KiPopFsIret:
    popl %fs
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    addl $4, %esp
    xorl %ecx, %ecx             /* what the kernel had in them is nobody's business */
    xorl %edx, %edx
KiServiceIret:
    iret

KiSystemServiceCopyFault:
    movl $STATUS_ACCESS_VIOLATION, %eax
    jmp KiServiceExit

unexpected_range:
    movl $STATUS_INVALID_SYSTEM_SERVICE, %eax
    jmp KiServiceExit

/*
 * Exceptions. The stub leaves the part of the frame that services have, too, and the vector in EBX; the rest saves
 * every register, for an exception's victim expects none of them to change.
 */
    .macro trap vector, has_error=0
KiTrap\vector:
    .if \has_error == 0
    pushl $0
    .endif
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl $\vector, %ebx
    jmp trap_frame
    .endm

    .irp vector, 0, 2, 3, 4, 5, 6, 7, 9, 15, 16, 18, 19
    trap \vector
    .endr
    .irp vector, 8, 10, 11, 12, 13, 14, 17
    trap \vector, 1
    .endr

/*
 * The debug exception. With TF set SYSENTER traps like any instruction: after it, at KiFastCallEntry's first
 * instruction, at CPL 0, with TF still set in the pushed EFLAGS, on the emergency stack. No frame can be built
 * here, for there is nowhere to return to but the second entry; that one remembers the step. A program could jump
 * to the same address and step there: its CS tells.
 */
KiTrap1:
    cmpl $KiFastCallEntry, %ss:(%esp)
    jne 1f
    cmpw $KGDT_R0_CODE, %ss:4(%esp)
    jne 1f
    pushl %eax
    movl %ss:4(%esp), %eax
    movl %eax, %ss:STEP_EIP
    movl %ss:8(%esp), %eax
    movl %eax, %ss:STEP_CS
    movl %ss:12(%esp), %eax
    movl %eax, %ss:STEP_EFLAGS
    popl %eax
    incl %ss:COUNT_STEPS        /* SS: the program's DS may be anything, even null */
    movl $KiFastCallEntry2, %ss:(%esp)
    andl $~EFLAGS_TF, %ss:8(%esp)
    iret
1:  pushl $0
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl $1, %ebx
    jmp trap_frame

    .globl KiInterruptClock
KiInterruptClock:
    pushl $0
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl $VECTOR_CLOCK, %ebx

trap_frame:
    pushl %fs
    movl $KGDT_R0_PCR, %esi
    movw %si, %fs
    pushl %fs:PC_EXCEPTION_LIST
    movl $-1, %fs:PC_EXCEPTION_LIST
    pushl $1                    /* PreviousPreviousMode: set below */
    pushl %eax
    pushl %ecx
    pushl %edx
    pushl %ds
    pushl %es
    pushl %gs
    movl $USER_DS, %esi
    movw %si, %ds
    movw %si, %es
    cld
    subl $TF_SEG_GS, %esp
    movl %esp, %ebp
    movl %fs:PC_CURRENT_THREAD, %esi
    movzbl TH_PREVIOUS_MODE(%esi), %eax
    movl %eax, TF_PREVIOUS_MODE(%ebp)
    movl TF_EBP(%ebp), %eax
    movl TF_EIP(%ebp), %edx
    movl %eax, TF_DBG_EBP(%ebp)
    movl %edx, TF_DBG_EIP(%ebp)
    movl $DBG_ARG_MARK, TF_DBG_ARG_MARK(%ebp)
    movl $0, TF_DBG_ARG_POINTER(%ebp)
    pushl %ebx
    pushl %ebp
    call KiDispatchTrap         /* void KiDispatchTrap(frame, vector) */

/* EBP: the frame. Every register comes from it, and IRET goes wherever it says: ring 3, ring 0 or virtual-8086 mode. */
KiExceptionExit:
    cli
    movl %ebp, %esp
    movl %fs:PC_CURRENT_THREAD, %ecx
    movb TF_PREVIOUS_MODE(%ebp), %dl
    movb %dl, TH_PREVIOUS_MODE(%ecx)
    movl TF_EXCEPTION_LIST(%ebp), %edx
    movl %edx, %fs:PC_EXCEPTION_LIST
    addl $TF_SEG_GS, %esp
KiPopGs:
    popl %gs
KiPopEs:
    popl %es
KiPopDs:
    popl %ds
    popl %edx
    popl %ecx
    popl %eax
    addl $8, %esp               /* PreviousPreviousMode, ExceptionList */
KiPopFs:
    popl %fs
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    addl $4, %esp
KiExceptionIret:
    iret

/*
 * uint32_t KiServiceInternal(index, arguments): how the kernel calls a service of its own, through the same door.
 * The frame has no stack pointer then, for there was no change of stack, and the pointers among the arguments are
 * not probed.
 */
    .globl KiServiceInternal
KiServiceInternal:
    movl 4(%esp), %eax
    movl 8(%esp), %edx
    int $VECTOR_SERVICE
    ret

/* _Noreturn void KiServiceExit2(frame): the end of a service that has written every register of the frame. */
    .globl KiServiceExit2
KiServiceExit2:
    movl 4(%esp), %ebp
    incl COUNT_FULL
    jmp KiExceptionExit

/* Where a new thread begins in the kernel: KiSwapContext returns here. Its frame lies at the top of its stack. */
    .globl KiThreadStartup
KiThreadStartup:
    movl %fs:PC_CURRENT_THREAD, %ecx
    movl TH_TRAP_FRAME(%ecx), %ebp
    movl $0, TH_TRAP_FRAME(%ecx)
    jmp KiExceptionExit

/*
 * void KiSwapContext(from, to): a thread switch is an exchange of kernel stacks. Interrupts off; the TSS and the
 * TEB's segment are the caller's work.
 */
    .globl KiSwapContext
KiSwapContext:
    movl 4(%esp), %eax
    movl 8(%esp), %ecx
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %fs:PC_EXCEPTION_LIST
    movl %esp, TH_KERNEL_STACK(%eax)
swap_to:
    movl TH_KERNEL_STACK(%ecx), %esp
    movl %ecx, %fs:PC_CURRENT_THREAD
    popl %fs:PC_EXCEPTION_LIST
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/* _Noreturn void KiRunFirstThread(thread): leaves the boot stack for good. */
    .globl KiRunFirstThread
KiRunFirstThread:
    movl 4(%esp), %ecx
    jmp swap_to

/*
 * uint32_t KiGuardedCopy(to, from, size): a copy that may fault. While it runs, a registration record on the stack
 * tells the exception dispatcher where to go on: what a compiler makes of __try and __except.
 */
    .globl KiGuardedCopy
KiGuardedCopy:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 20(%esp), %edi
    movl 24(%esp), %esi
    movl 28(%esp), %ecx
    pushl $copy_handler
    pushl %fs:PC_EXCEPTION_LIST
    movl %esp, %fs:PC_EXCEPTION_LIST
    rep movsb
    xorl %eax, %eax
copy_handler:                   /* after a fault: ESP at the record, EAX = its status, all else lost */
    popl %fs:PC_EXCEPTION_LIST
    addl $4, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/* _Noreturn void KiUnwindTo(record, status): drops what lies below the record on the stack and goes to its handler. */
    .globl KiUnwindTo
KiUnwindTo:
    movl 8(%esp), %eax
    movl 4(%esp), %esp
    cld
    sti
    jmp *4(%esp)

    .section .rodata
    .align 4

/* Instructions of the exits that load what a program has chosen, and so may fault: exception.c repairs that. */
    .globl KiSegmentPops, KiExitIrets
KiSegmentPops:
    .long KiPopFsSysexit, KiPopFsIret, KiPopGs, KiPopEs, KiPopDs, KiPopFs
KiExitIrets:
    .long KiServiceIret, KiExceptionIret

    .globl KiTrapTable
KiTrapTable:
    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
    .long KiTrap\vector
    .endr

    .section .note.GNU-stack, "", @progbits
