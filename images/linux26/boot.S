/*
 * From the multiboot loader to C. The loader leaves 32-bit protected mode, flat segments, paging and interrupts
 * off, EAX = 2BADB002h, EBX = address of the boot information, and no stack. The kernel is linked 3 GiB above
 * the place where it lies, so paging comes first.
 */
#include "linux26/layout.h"

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00000003 /* page-aligned modules, memory information */
#define BOOT_HAS_MEMORY 1
#define PAGE_RIGHTS     3          /* present, writable, ring 0 */
#define CR0_WP          0x00010000
#define CR0_PG          0x80000000
#define KERNEL_TABLES   (MAPPED_SIZE / 0x400000)

    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .section .boot, "ax"
    .globl start
start:
    movl %eax, %ebp
    /* The boot information may lie where the kernel's tables do not reach: the one word of it is read now. */
    xorl %edx, %edx
    testl $BOOT_HAS_MEMORY, (%ebx)
    jz 1f
    movl 8(%ebx), %edx
1:  cld
    movl $kernel_tables - PAGE_OFFSET, %edi
    movl $PAGE_RIGHTS, %eax
    movl $MAPPED_SIZE / PAGE_SIZE, %ecx
2:  stosl
    addl $PAGE_SIZE, %eax
    loop 2b

    /* The same tables at 0 too, for the few instructions between CR0 and the jump. */
    movl $kernel_tables - PAGE_OFFSET + PAGE_RIGHTS, %eax
    movl $kernel_directory - PAGE_OFFSET, %edi
    movl $KERNEL_TABLES, %ecx
3:  movl %eax, (%edi)
    movl %eax, PAGE_OFFSET >> 20(%edi)
    addl $PAGE_SIZE, %eax
    addl $4, %edi
    loop 3b

    movl $kernel_directory - PAGE_OFFSET, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_PG | CR0_WP, %eax /* WP: copy-on-write must catch the kernel's writes too */
    movl %eax, %cr0
    movl $high, %eax
    jmp *%eax

    .text
high:
    movl $stack_top, %esp
    pushl $0
    popfl
    pushl %edx
    pushl %ebp
    xorl %ebp, %ebp
    call kernel_main        /* void kernel_main(uint32_t magic, uint32_t KiB of memory above 1 MiB or 0) */

    .section .rodata
    .globl init_program, init_program_end
    .align 4
init_program:
    .incbin INIT_PROGRAM
init_program_end:

    .section .bss
    .align PAGE_SIZE
    .globl kernel_directory, kernel_tables, stack_top
kernel_directory:
    .skip PAGE_SIZE
kernel_tables:
    .skip PAGE_SIZE * KERNEL_TABLES
    .skip 8192
stack_top:

    .section .note.GNU-stack, "", @progbits
