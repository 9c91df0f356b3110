/* void machine_exit(int failures): port F4h ends the run. */
    .text
    .globl machine_exit
machine_exit:
    movl 4(%esp), %eax
    cmpl $255, %eax         /* the port takes a byte: more failures than that are still failures */
    jbe 1f
    movl $255, %eax
1:  movw $0xf4, %dx
    outb %al, %dx
2:  cli                     /* no such port on this machine: stop for good */
    hlt
    jmp 2b

    .section .note.GNU-stack, "", @progbits
