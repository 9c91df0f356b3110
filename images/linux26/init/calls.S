/* The first process: its beginning, and its ways into the kernel. */
#include "linux26/abi.h"
#include "linux26/layout.h"

    .text
/* ESP points to the number of arguments; the rest follows it. */
    .globl _start
_start:
    xorl %ebp, %ebp
    movl %esp, %eax
    pushl %eax
    call init_main          /* _Noreturn void init_main(const uint32_t *stack) */

    /* Arguments of a C function to those of a system call: number, then up to six. */
    .macro arguments_load
    pushl %ebp
    pushl %edi
    pushl %esi
    pushl %ebx
    movl 20(%esp), %eax
    movl 24(%esp), %ebx
    movl 28(%esp), %ecx
    movl 32(%esp), %edx
    movl 36(%esp), %esi
    movl 40(%esp), %edi
    movl 44(%esp), %ebp
    .endm
    .macro arguments_end
    popl %ebx
    popl %esi
    popl %edi
    popl %ebp
    ret
    .endm

/* int32_t call_page(number, six arguments): through the page, which knows whether it is SYSENTER or INT 80h. */
    .globl call_page
call_page:
    arguments_load
    call *sysinfo
    arguments_end

/* The same, as the GNU C library does it: AT_SYSINFO has been copied to the thread's own segment. */
    .globl call_thread
call_thread:
    arguments_load
    call *%gs:0x10
    arguments_end

    .globl call_int80
call_int80:
    arguments_load
    int $CALL_VECTOR
    arguments_end

/*
 * void call_observed(struct observed *): a call through the page with all registers and flags given and
 * afterwards noted down.
 */
    .globl call_observed
call_observed:
    pushl %ebp
    pushl %edi
    pushl %esi
    pushl %ebx
    movl 20(%esp), %eax
    pushl %eax
    movl 4(%eax), %ebx
    movl 8(%eax), %ecx
    movl 12(%eax), %edx
    movl 16(%eax), %esi
    movl 20(%eax), %edi
    movl 24(%eax), %ebp
    pushl 28(%eax)
    movl (%eax), %eax
    movl %esp, observed_stack
    popfl
    call *sysinfo
    pushfl
    cld
    subl %esp, observed_stack /* 0: the stack pointer is where it was */
    movl %eax, observed_eax
    popl observed_eflags
    popl %eax
    movl %ebx, 4(%eax)
    movl %ecx, 8(%eax)
    movl %edx, 12(%eax)
    movl %esi, 16(%eax)
    movl %edi, 20(%eax)
    movl %ebp, 24(%eax)
    movl observed_eflags, %ecx
    movl %ecx, 28(%eax)
    movl observed_stack, %ecx
    movl %ecx, 32(%eax)
    movl observed_eax, %ecx
    movl %ecx, (%eax)
    pushl $0
    popfl                   /* NT and the like shall not live on in C */
    arguments_end

/*
 * int32_t call_without_stack(number, ebp): SYSENTER with an EBP that is no stack. It comes back with that ESP;
 * a signal handler must put good_stack in its place.
 */
    .globl call_without_stack
call_without_stack:
    pushl %ebp
    pushl %edi
    pushl %esi
    pushl %ebx
    movl 20(%esp), %eax
    call 1f
    arguments_end
1:  pushl %ecx              /* as __kernel_vsyscall does */
    pushl %edx
    pushl %ebp
    movl %esp, good_stack
    movl 40(%esp), %ebp
    sysenter

/*
 * int32_t clone_int80(function, argument, stack, flags, user_desc): as the C library's clone. The function is
 * no argument of the system call: it is laid on the child's stack, and the child, who comes back from the same
 * INT 80h, finds it there.
 */
    .globl clone_int80, clone_int80_return
clone_int80:
    pushl %ebx
    pushl %esi
    movl 12(%esp), %eax
    movl 16(%esp), %edx
    movl 20(%esp), %ecx
    subl $8, %ecx
    movl %eax, (%ecx)
    movl %edx, 4(%ecx)
    movl 24(%esp), %ebx
    movl 28(%esp), %esi
    movl $CALL_CLONE, %eax
    int $CALL_VECTOR
clone_int80_return:
    testl %eax, %eax
    jz clone_child
    popl %esi
    popl %ebx
    ret

clone_child:
    xorl %ebp, %ebp
    popl %eax
    call *%eax              /* the argument is on the stack already */
    movl %eax, %ebx
    movl $CALL_EXIT, %eax
    int $CALL_VECTOR

/*
 * int32_t clone_page(function, argument, stack, flags, popped): through the page, whose code after the call
 * pops from whatever stack there is. The child's must hold what it will pop: `popped` words, the return
 * address, and then function and argument.
 */
    .globl clone_page
clone_page:
    pushl %ebx
    movl 8(%esp), %eax
    movl 12(%esp), %edx
    movl 16(%esp), %ecx
    subl $12, %ecx
    movl $clone_child, (%ecx)
    movl %eax, 4(%ecx)
    movl %edx, 8(%ecx)
    movl 20(%esp), %ebx
    movl 24(%esp), %edx
    shll $2, %edx
    subl %edx, %ecx
    movl $CALL_CLONE, %eax
    call *sysinfo
    popl %ebx
    ret

/* What __kernel_sigreturn does, but by SYSENTER: a place for a handler to return to. */
    .globl sigreturn_sysenter
sigreturn_sysenter:
    popl %eax
    movl $CALL_SIGRETURN, %eax
    movl %esp, %ebp
    sysenter

/* int32_t call_stepped(number): through the page with TF set; SIGTRAP after each instruction. */
    .globl call_stepped, stepped_return
call_stepped:
    pushl %ebx
    movl 8(%esp), %eax
    pushfl
    orl $EFLAGS_TF, (%esp)
    popfl
    call *sysinfo
stepped_return:
    pushfl
    andl $~EFLAGS_TF, (%esp)
    popfl
    popl %ebx
    ret

    .bss
    .align 4
    .globl sysinfo, good_stack
sysinfo:         .skip 4
good_stack:      .skip 4
observed_stack:  .skip 4
observed_eax:    .skip 4
observed_eflags: .skip 4

    .section .note.GNU-stack, "", @progbits
