/*
 * Transitions of the processor, each in a loop as short as can be, and the kernel's side of each. The time of a
 * repetition is that of the transition there and back, and of three more instructions.
 */
#include "lib/tables.h"
#include "loops.h"

#define POST_PORT   0x80
#define PIC_MASK    0x21

    .text

    .globl ring3_run
ring3_run:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 20(%esp), %eax         /* the loop */
    movl 24(%esp), %esi         /* the repetitions */
    movl %esp, kernel_esp
    movl $USER_DATA, %ecx
    movl %ecx, %ds
    movl %ecx, %es
    pushl $USER_DATA
    pushl $user_stack_top
    pushl $2                    /* EFLAGS: IF off, IOPL 0 */
    pushl $USER_CODE
    pushl %eax
    iretl

/* By INT RETURN_VECTOR: what ring3_run has pushed is there again. */
    .globl entry_return
entry_return:
    movl $KERNEL_DATA, %ecx
    movl %ecx, %ds
    movl %ecx, %es
    movl kernel_esp, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

    .globl loop_empty
    .align 16
loop_empty:
1:  decl %esi
    jnz 1b
    int $RETURN_VECTOR

/* SDM 2B SYSEXIT: EDX is the EIP and ECX the ESP to return to. */
    .globl loop_sysenter
    .align 16
loop_sysenter:
    movl %esp, %ecx
    movl $2f, %edx
1:  sysenter
2:  decl %esi
    jnz 1b
    int $RETURN_VECTOR

    .globl entry_sysenter
    .align 16
entry_sysenter:
    incl entries
    sysexit

    .globl loop_int80
    .align 16
loop_int80:
1:  int $CALL_VECTOR
    decl %esi
    jnz 1b
    int $RETURN_VECTOR

    .globl entry_int80
    .align 16
entry_int80:
    incl entries
    iretl

    .globl loop_ud
    .align 16
loop_ud:
1:  ud2
    decl %esi
    jnz 1b
    int $RETURN_VECTOR

/* The saved EIP is that of UD2, which is two bytes long. */
    .globl entry_ud
    .align 16
entry_ud:
    incl entries
    addl $2, (%esp)
    iretl

    .globl loop_call_gate
    .align 16
loop_call_gate:
1:  lcall $CALL_GATE, $0
    decl %esi
    jnz 1b
    int $RETURN_VECTOR

    .globl entry_call_gate
    .align 16
entry_call_gate:
    incl entries
    lretl

    .globl loop_cr3
    .align 16
loop_cr3:
    pushl %esi
    movl 8(%esp), %esi
    movl 12(%esp), %ecx
    movl %cr3, %edx
    xorl %eax, %eax
1:  movl %edx, %cr3
    addl 0x0000(%ecx), %eax
    addl 0x1000(%ecx), %eax
    addl 0x2000(%ecx), %eax
    addl 0x3000(%ecx), %eax
    addl 0x4000(%ecx), %eax
    addl 0x5000(%ecx), %eax
    addl 0x6000(%ecx), %eax
    addl 0x7000(%ecx), %eax
    decl %esi
    jnz 1b
    popl %esi
    ret

/* The port of power-on codes: nothing hangs on what is written there. */
    .globl loop_port_out
    .align 16
loop_port_out:
    movl 4(%esp), %ecx
1:  outb %al, $POST_PORT
    decl %ecx
    jnz 1b
    movl 4(%esp), %eax
    ret

/* The interrupt controller's mask, as the caller has left it. */
    .globl loop_port_in
    .align 16
loop_port_in:
    movl 4(%esp), %ecx
    xorl %edx, %edx
    xorl %eax, %eax
1:  inb $PIC_MASK, %al
    addl %eax, %edx
    decl %ecx
    jnz 1b
    movl %edx, %eax
    ret

    .section .bss
    .align 16
    .globl entries
entries:
    .skip 4
kernel_esp:
    .skip 4
    .align 16
    .skip 4096
user_stack_top:

    .section .note.GNU-stack, "", @progbits
