/* Entering a program under test and coming back from the signal that ends it; see native.c. */
    .section .note.GNU-stack, "", @progbits

    .bss
    .balign 16
    .skip 65536
stack_top:
    .lcomm kept_esp, 4
    .globl entry_stack, entry_target
    .comm entry_stack, 8
    .comm entry_target, 8

    .text
    .globl _start
_start:
    movl $stack_top, %esp
    xorl %ebp, %ebp
    call native_main
    ud2

/* void program_enter(const struct entry_registers *): returns when program_leave was entered. */
    .globl program_enter
program_enter:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 20(%esp), %eax
    movl %esp, kept_esp
    movw 36(%eax), %es
    movw 40(%eax), %fs
    movw 42(%eax), %gs
    movl %eax, %esp
    movw 38(%eax), %ds
    popal
    popfl
    lssl %cs:entry_stack, %esp
    ljmpl *%cs:entry_target

/* The signal handler: the flags are still the program's, and alignment checks or DF would hurt the compiler's code. */
    .globl program_leave
program_leave:
    pushl $2
    popfl
    movl 12(%esp), %eax
    movl kept_esp, %esp
    pushl %eax
    call outcome_store
    addl $4, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/* Never returned through: programs are left by program_leave. */
    .globl signal_restorer
signal_restorer:
    ud2
