/*
 * The page at FFFFE000h, in three variants. Each is a small shared library (an ELF image with a symbol table),
 * so that a program can find its functions by name; AT_SYSINFO_EHDR on the program's stack says where it is,
 * AT_SYSINFO where __kernel_vsyscall is.
 *
 * SYSENTER saves neither stack pointer nor return address. The page makes up for it: the program's stack
 * pointer goes in EBP, and the return address need not be saved, for there is only this one.
 */
#include "linux26/abi.h"
#include "linux26/layout.h"

/* One symbol of the table: name, value, and that it is a global function in section 1. */
    .macro symbol name, value, size
    .long \name, \value, \size
    .byte 0x12, 0           /* STB_GLOBAL, STT_FUNC */
    .short 1
    .endm

/* The page of one variant, its way into the kernel already known as the macro `enter_\variant`. */
    .macro page variant
    .align PAGE_SIZE
    .globl vsyscall_\variant
vsyscall_\variant:
    .byte 0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0
    .short 3, 3             /* ET_DYN, EM_386 */
    .long 1, VSYSCALL_ENTRY
    .long 52, 0, 0          /* program headers follow, no sections */
    .short 52, 32, 2, 40, 0, 0

    .long 1, 0, VSYSCALL_BASE, VSYSCALL_BASE, PAGE_SIZE, PAGE_SIZE, 5, PAGE_SIZE /* PT_LOAD */
    .long 2, 7f - vsyscall_\variant, VSYSCALL_BASE + (7f - vsyscall_\variant)    /* PT_DYNAMIC */
    .long VSYSCALL_BASE + (7f - vsyscall_\variant), 8f - 7f, 8f - 7f, 4, 4

    .align 4
2:  .long 1, 4, 1, 0, 2, 3, 0 /* hash table of one bucket: symbol 1, then 2, then 3 */
3:  .skip 16                /* symbol 0 is none */
    symbol 5f-4f, VSYSCALL_ENTRY, 11f-10f
    symbol 6f-4f, VSYSCALL_SIGRETURN, 8
    symbol 9f-4f, VSYSCALL_RT_SIGRETURN, 7
4:  .byte 0
5:  .asciz "__kernel_vsyscall"
6:  .asciz "__kernel_sigreturn"
9:  .asciz "__kernel_rt_sigreturn"
1:  .asciz "linux-gate.so.1"
    .align 4
7:  .long 14, 1b - 4b       /* DT_SONAME */
    .long 4, VSYSCALL_BASE + (2b - vsyscall_\variant) /* DT_HASH */
    .long 5, VSYSCALL_BASE + (4b - vsyscall_\variant) /* DT_STRTAB */
    .long 6, VSYSCALL_BASE + (3b - vsyscall_\variant) /* DT_SYMTAB */
    .long 10, 7b - 4b, 11, 16 /* DT_STRSZ, DT_SYMENT */
    .long 0, 0
8:
    .org vsyscall_\variant + (VSYSCALL_ENTRY - VSYSCALL_BASE)
10: enter_\variant
11:

    /*
     * Where a signal handler returns to. The first leaves the handler's argument on the stack, so it is popped.
     * Both use INT 80h: they have no use for SYSENTER's speed, and every register is about to change.
     */
    .org vsyscall_\variant + (VSYSCALL_SIGRETURN - VSYSCALL_BASE), 0x90
    popl %eax
    movl $CALL_SIGRETURN, %eax
    int $CALL_VECTOR

    .org vsyscall_\variant + (VSYSCALL_RT_SIGRETURN - VSYSCALL_BASE), 0x90
    movl $CALL_RT_SIGRETURN, %eax
    int $CALL_VECTOR

    .org vsyscall_\variant + PAGE_SIZE
    .endm

    .macro enter_int80
    int $CALL_VECTOR
    ret
    .endm

/*
 * SYSEXIT needs ECX and EDX for itself, EBP carries the stack pointer: the three are saved here. EBP's own
 * value, the sixth argument, is the last pushed, so that the kernel finds it where EBP points.
 *
 * A call to be made again must enter here once more, but the kernel knows one address only, and takes 2 from
 * it: INT 80h is two bytes long, and so is the jump. The jump does not return to the pushes: the stack is still
 * as they left it.
 */
    .macro enter_sysenter
    pushl %ecx
    pushl %edx
    pushl %ebp
12: movl %esp, %ebp
    sysenter
    .fill 7, 1, 0x90        /* the return address begins a paragraph */
    jmp 12b
    popl %ebp               /* SYSENTER_RETURN */
    popl %edx
    popl %ecx
    ret
    .endm

/*
 * Later kernels made the call again by INT 80h itself: at that point the registers hold all six arguments, EBP
 * the sixth, just as INT 80h wants them.
 */
    .macro enter_sysenter_later
    pushl %ecx
    pushl %edx
    pushl %ebp
    movl %esp, %ebp
    sysenter
    .fill 7, 1, 0x90
    int $CALL_VECTOR
    popl %ebp               /* SYSENTER_RETURN */
    popl %edx
    popl %ecx
    ret
    .endm

    .data
    page int80
    page sysenter
    page sysenter_later

    .section .note.GNU-stack, "", @progbits
