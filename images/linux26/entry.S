/*
 * The ways into the kernel and out of it. On the kernel's stack they all leave a struct registers.
 *
 * System calls run with interrupts on; exceptions and interrupts run with interrupts off. A task loses the
 * processor only on the way back to its program or when it sleeps, never in the midst of the kernel.
 */
#include "linux26/layout.h"

    /*
     * The rest of struct registers. DS and ES become the program's flat segment, which ring 0 may use as well:
     * so SYSEXIT, which restores neither, need not.
     */
    .macro registers_save
    pushl %es
    pushl %ds
    pushl %eax
    pushl %ebp
    pushl %edi
    pushl %esi
    pushl %edx
    pushl %ecx
    pushl %ebx
    movl $USER_DS, %edx
    movl %edx, %ds
    movl %edx, %es
    cld
    .endm

    /* A fault at `from` is no error of the kernel: it goes on at `to`. The page-fault handler looks here. */
    .macro on_fault from, to
    .pushsection .exceptions, "a"
    .long \from, \to
    .popsection
    .endm

    .text

/*
 * SYSENTER: CS, SS, EIP and ESP came from the MSRs, nothing was pushed, interrupts are off. ESP is the end of
 * the TSS, the same for every task; the first instruction takes the running task's own stack from the field
 * ESP0, as an interrupt gate does by itself. In between an exception would land on the small stack below the
 * end of the TSS: exception_1 knows that.
 *
 * Then the frame of an interrupt gate is made by hand. EBP is the program's stack pointer; the return address
 * is the same for all.
 */
    .globl sysenter_entry, sysenter_past_esp
sysenter_entry:
    movl TSS_ESP0_FROM_END(%esp), %esp
sysenter_past_esp:
    sti
    pushl $USER_DS
    pushl %ebp
    pushfl
    pushl $USER_CS
    pushl $SYSENTER_RETURN
    /*
     * EBP's own value, the sixth argument, lies on the program's stack. That stack may be nowhere, or pretend
     * to be the kernel.
     */
    cmpl $PAGE_OFFSET - 3, %ebp
    jae sysenter_fault
argument_fetch:
    movl (%ebp), %ebp
    on_fault argument_fetch, sysenter_fault
    pushl %eax
    registers_save
    /* SYSENTER keeps NT, and with NT set the IRET of the way out would be a return from a nested task. */
    testl $EFLAGS_NT, REGISTERS_EFLAGS(%esp)
    jz 1f
    pushl $EFLAGS_IF | 2
    popfl
1:  incl count_sysenters
    pushl %esp
    call system_call
    addl $4, %esp
    cli
    movl current, %ecx
    testl $WORK_ANY, (%ecx)
    jnz work_pending
    /*
     * SYSEXIT goes to EDX with the stack ECX. EBX, ESI and EDI still hold the program's values, for compiled
     * code preserves them; EBP is popped at the other side; what the kernel left in EBP is not the program's
     * business. STI takes effect after SYSEXIT.
     */
    incl count_sysexits
    movl REGISTERS_EAX(%esp), %eax
    movl REGISTERS_EIP(%esp), %edx
    movl REGISTERS_ESP(%esp), %ecx
    xorl %ebp, %ebp
    sti
    sysexit

sysenter_fault:
    pushl %eax
    registers_save
    incl count_fetch_faults
    pushl %esp
    call system_call_without_stack
    addl $4, %esp
    jmp resume_user

/*
 * INT 80h: a trap gate, which leaves interrupts on. The gate has switched stacks and pushed SS, ESP, EFLAGS, CS
 * and EIP.
 */
    .globl entry_call
entry_call:
    pushl %eax
    registers_save
    incl count_int80s
    pushl %esp
    call system_call
    addl $4, %esp

/* Back to the program by IRET, unless there is something to do first. */
resume_user:
    cli
    movl current, %ecx
    testl $WORK_ANY, (%ecx)
    jnz work_pending
    incl count_irets
registers_restore:
    popl %ebx
    popl %ecx
    popl %edx
    popl %esi
    popl %edi
    popl %ebp
    popl %eax
1:  popl %ds
    on_fault 1b, ds_bad
2:  popl %es
    on_fault 2b, es_bad
    addl $4, %esp
3:  iret
    on_fault 3b, iret_bad

/* sigreturn may have been given selectors that nobody may load. */
ds_bad:
    movl $0, (%esp)
    jmp 1b
es_bad:
    movl $0, (%esp)
    jmp 2b
iret_bad:
    pushl $-1
    registers_save
    call frame_refused
    jmp resume_user

work_pending:
    pushl %esp
    call task_work
    addl $4, %esp
    jmp resume_user

/* The first steps of a new task: the scheduler's switch returns here, below a struct registers. */
    .globl task_begin
task_begin:
    sti
    jmp resume_user

/*
 * Exceptions. Those without an error code get a 0; the vector stands where ES will be saved.
 */
    .macro exception vector, has_error=0
exception_\vector:
    .if \has_error == 0
    pushl $0
    .endif
    pushl $\vector
    jmp exception_common
    .endm

    .irp vector, 0, 2, 3, 4, 5, 6, 7, 9, 15, 16, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29, 31
    exception \vector
    .endr
    .irp vector, 8, 10, 11, 12, 13, 14, 17, 21, 30
    exception \vector, 1
    .endr

exception_common:
    pushl %ds
    pushl %eax
    pushl %ebp
    pushl %edi
    pushl %esi
    pushl %edx
    pushl %ecx
    pushl %ebx
    movl $USER_DS, %edx
    movl %es, %ecx
    movl %edx, %ds
    movl %edx, %es
    cld
    movl REGISTERS_ES(%esp), %edi
    movl REGISTERS_ORIG_EAX(%esp), %esi
    movl %ecx, REGISTERS_ES(%esp)
    movl $-1, REGISTERS_ORIG_EAX(%esp) /* no system call: nothing to restart */
    movl %esp, %eax
    pushl %esi
    pushl %edi
    pushl %eax
    call exception_handle
    addl $12, %esp

resume:
    testl $3, REGISTERS_CS(%esp)
    jnz resume_user
    jmp registers_restore

/*
 * #DB. SYSENTER keeps TF, so a program that steps itself is trapped at the kernel's first instruction, with ESP
 * at the end of the TSS. The processor, already in ring 0, switched no stack: its three words lie on the small
 * one. The task's stack is taken as that first instruction would have done, and the frame says that it has been
 * executed.
 */
exception_1:
    cmpl $sysenter_entry, (%esp)
    jne 1f
    cmpw $KERNEL_CS, 4(%esp)
    jne 1f
    movl %esp, debug_stack
    movl TSS_ESP0_FROM_END + 12(%esp), %esp
    pushfl
    pushl $KERNEL_CS
    pushl $sysenter_past_esp
    incl count_entry_traps
1:  pushl $-1
    registers_save
    pushl %esp
    call debug_handle
    addl $4, %esp
    jmp resume

    .globl entry_timer
entry_timer:
    pushl $-1
    registers_save
    pushl %esp
    call timer_handle
    addl $4, %esp
    jmp resume

/*
 * uint32_t user_copy(void *to, const void *from, uint32_t size): the number of bytes that could not be copied.
 * The caller has made sure that the program's side lies below PAGE_OFFSET.
 */
    .globl user_copy
user_copy:
    pushl %esi
    pushl %edi
    movl 12(%esp), %edi
    movl 16(%esp), %esi
    movl 20(%esp), %ecx
1:  rep movsb
    on_fault 1b, user_copy_end
user_copy_end:
    movl %ecx, %eax
    popl %edi
    popl %esi
    ret

/* void task_switch(uint32_t *save_esp, uint32_t esp): what a C function may not lose is kept on the old stack. */
    .globl task_switch
task_switch:
    movl 4(%esp), %eax
    movl 8(%esp), %edx
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl %esp, (%eax)
    movl %edx, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

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
