/*
 * The first instructions of a multiboot kernel. The loader leaves 32-bit protected mode, flat segments, paging
 * and interrupts off, EAX = 2BADB002h, EBX = address of the boot information, and no stack.
 */
#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00000003 /* page-aligned modules, memory information */

    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .text
    .globl start
start:
    movl $stack_top, %esp
    xorl %ebp, %ebp
    pushl $0
    popfl                   /* all flags clear, DF above all: compiled code relies on it */
    pushl %ebx
    pushl %eax
    call kernel_main        /* int kernel_main(uint32_t magic, const struct boot_info *info) */
    pushl %eax
    call machine_exit

    .section .bss
    .align 16
stack:
    .skip 16384
    .globl stack_top
stack_top:

    .section .note.GNU-stack, "", @progbits
