/* Into the kernel, from ring 3: void user_int80(struct call *) and void user_sysenter(struct call *). */

    /* struct call to registers; the pointer stays on the stack. */
    .macro registers_load
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 20(%esp), %eax
    pushl %eax
    movl 4(%eax), %ebx
    movl 8(%eax), %esi
    movl 12(%eax), %edi
    movl 16(%eax), %ebp
    movl (%eax), %eax
    .endm

    .text
    .globl user_int80
user_int80:
    registers_load
    int $0x80
back:
    popl %ecx
    movl %eax, (%ecx)
    movl %ebx, 4(%ecx)
    movl %esi, 8(%ecx)
    movl %edi, 12(%ecx)
    movl %ebp, 16(%ecx)
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

    .globl user_sysenter
user_sysenter:
    registers_load
    movl %esp, %ecx
    movl $back, %edx
    sysenter

    .globl user_start
user_start:
    movl $user_stack_top, %esp
    xorl %ebp, %ebp
    pushl %eax              /* never returned to */
    jmp user_main

    .section .bss
    .align 4096
    .skip 8192
user_stack_top:

    .section .note.GNU-stack, "", @progbits
