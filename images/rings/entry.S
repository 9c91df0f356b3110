/* The ways into the kernel and out of it. Interrupts stay off while the kernel runs: all gates are interrupt gates. */
#include "lib/tables.h"

    /* The rest of struct frame, and the C part of the kernel on it. */
    .macro frame_handle
    pushal
    pushl %ds
    pushl %es
    movl $KERNEL_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    cld
    pushl %esp              /* the frame's address is the argument */
    call kernel_enter
    addl $4, %esp
    popl %es
    popl %ds
    popal
    addl $8, %esp           /* vector and error code */
    .endm

    .text

/*
 * INT n, exceptions and interrupts: the processor has switched to the stack of the TSS and pushed SS, ESP, EFLAGS, CS,
 * EIP and, for some exceptions, an error code. The others get a 0 in its place.
 */
    .macro exception vector, has_error=0
exception_\vector:
    .if \has_error == 0
    pushl $0
    .endif
    pushl $\vector
    jmp enter_by_gate
    .endm

    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 9, 15, 16, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29, 31
    exception \vector
    .endr
    .irp vector, 8, 10, 11, 12, 13, 14, 17, 21, 30
    exception \vector, 1
    .endr

    .globl entry_timer, entry_call
entry_timer:
    pushl $0
    pushl $TIMER_VECTOR
    jmp enter_by_gate
entry_call:
    pushl $0
    pushl $CALL_VECTOR

enter_by_gate:
    frame_handle
    iret

/*
 * SYSENTER: CS, SS, EIP and ESP came from the MSRs, nothing was pushed. The frame is made here, so that the rest of the
 * kernel need not know: ECX is the program's stack pointer, EDX its return address (calls.h).
 */
    .globl entry_sysenter
entry_sysenter:
    pushl $USER_DATA
    pushl %ecx
    pushfl
    pushl $USER_CODE
    pushl %edx
    pushl $0
    pushl $0x100            /* VECTOR_SYSENTER */
    frame_handle
    movl (%esp), %edx       /* EIP and ESP of the frame */
    movl 12(%esp), %ecx
    sti                     /* holds interrupts off for one more instruction: none comes before ring 3 */
    sysexit

/* enter_user(eip): to ring 3 for the first time, by IRET with interrupts on. */
    .globl enter_user
enter_user:
    movl 4(%esp), %edx
    movl $USER_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    pushl $USER_DATA
    pushl $0                /* no stack yet: the program's first instruction sets one */
    pushl $0x202
    pushl $USER_CODE
    pushl %edx
    iret

    .section .rodata
    .align 4
    .globl entry_exceptions
entry_exceptions:
    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .long exception_\vector
    .endr
    .irp vector, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .long exception_\vector
    .endr

    .section .note.GNU-stack, "", @progbits
