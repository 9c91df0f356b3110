/*
 * A 64 KiB ROM in the place of a BIOS: F0000h-FFFFFh, and the same below 4 GiB, where the processor fetches its first
 * instruction (SDM 3A 9.1.4: CS base FFFF0000h, EIP FFF0h, real mode). There is no stack and no RAM in use:
 * return addresses travel in BP. See README.md.
 */
#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10

    .text
    .code16
    .globl reset
begin:

/* Prints the text at CS:SI and goes on at BP. */
print_real:
    cld
1:  lodsb %cs:(%si), %al
    testb %al, %al
    jz 2f
    outb %al, $0xe9
    movw $0x3f8, %dx
    outb %al, %dx
    jmp 1b
2:  jmp *%bp

real_mode:
    cli
    movw $(text_real - begin), %si
    movw $(1f - begin), %bp
    jmp print_real
    /* The far jump set CS to F000h; was that so? */
1:  movw %cs, %ax
    cmpw $0xf000, %ax
    jne fail_real
    lgdtl %cs:(gdt_pointer - begin)
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpl $CODE_SELECTOR, $protected_mode

fail_real:
    movb $1, %al
    outb %al, $0xf4
1:  hlt
    jmp 1b

    .code32
protected_mode:
    movw $DATA_SELECTOR, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x7000, %esp
    movl $text_protected, %esi
    call print
    /* ROM takes no writes, RAM does. */
    movl $2, %ebx
    movb begin, %al
    notb begin
    cmpb begin, %al
    jne 1f
    decl %ebx
1:  movl $0x12345678, 0x6000
    cmpl $0x12345678, 0x6000
    jne 2f
    decl %ebx
2:  movl $text_failed, %esi
    testl %ebx, %ebx
    jnz 3f
    movl $text_passed, %esi
3:  call print
    movb %bl, %al
    outb %al, $0xf4
4:  hlt
    jmp 4b

/* Prints the text at ESI. */
print:
    lodsb
    testb %al, %al
    jz 1f
    outb %al, $0xe9
    movw $0x3f8, %dx
    outb %al, %dx
    jmp print
1:  ret

text_real:
    .asciz "rom: real mode, from the reset vector\n"
text_protected:
    .asciz "rom: protected mode\n"
text_passed:
    .asciz "rom: all checks passed\n"
text_failed:
    .asciz "rom: FAILED\n"

    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff /* flat code, already marked accessed: the processor cannot mark it in ROM */
    .quad 0x00cf93000000ffff /* flat data */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

    .org 0xfff0, 0xff
    .code16
reset:
    ljmpw $0xf000, $(real_mode - begin)
    .org 0x10000, 0xff

    .section .note.GNU-stack, "", @progbits
