/*
 * The first instructions. The loader leaves 32-bit protected mode, flat segments, paging and interrupts off, EAX =
 * 2BADB002h and no stack, and has put the kernel at its physical addresses. Its linear ones are 80000000h higher:
 * so these few instructions, linked at 1 MiB, make the page tables that give it both, and then jump up.
 */
#include "nt/layout.h"

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00000003 /* page-aligned modules, memory information */
#define PAGE_RW         3          /* present, writable, supervisor only (SDM 3A 4.3) */
#define CR0_PG_WP       0x80010000 /* WP: a service may not write where its program may not */

    .section .boot, "ax"
    .align 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .globl start
start:
    movl %eax, %ebp
    cld
    movl $(MmSystemTable - SYSTEM_BASE), %edi
    movl $PAGE_RW, %eax
1:  stosl
    addl $4096, %eax
    cmpl $(0x400000 + PAGE_RW), %eax
    jne 1b
    movl $(MmSystemTable - SYSTEM_BASE + PAGE_RW), %eax
    movl $(MmDirectory - SYSTEM_BASE), %edi
    movl %eax, (%edi)                           /* linear = physical: until MmInitialize */
    movl %eax, (SYSTEM_BASE >> 20)(%edi)        /* one entry of 4 bytes maps 4 MiB */
    movl %edi, %cr3
    movl %cr0, %eax
    orl $CR0_PG_WP, %eax
    movl %eax, %cr0
    movl $high, %eax
    jmp *%eax

    .text
high:
    movl $boot_stack_top, %esp
    pushl $0
    popfl
    pushl %ebp
    call kernel_main            /* _Noreturn void kernel_main(uint32_t magic) */

    .section .bss
    .align 16
    .skip 8192
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
