/*
 * Raw code for any address: no header, no linker script. It starts in 32-bit protected mode with flat segments and a
 * small stack, prints to port E9h and COM1, and ends by port F4h. See README.md.
 */
    .text
    .globl start
start:
    call 1f                 /* where are we? The return address tells. */
1:  popl %esi
    addl $(text - 1b), %esi
2:  lodsb
    testb %al, %al
    jz 3f
    outb %al, $0xe9
    movw $0x3f8, %dx
    outb %al, %dx
    jmp 2b
3:  outb %al, $0xf4         /* AL is 0: success */
4:  hlt
    jmp 4b

text:
    .asciz "flat: hello from raw code\n"

    .section .note.GNU-stack, "", @progbits
