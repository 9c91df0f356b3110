/*
 * What a program of NT has in ntdll.dll: the stubs; and the pieces of our program that must be exact to the
 * instruction.
 */
#include "nt/layout.h"

    .text

/*
 * A stub: the service index, the shared page's code, and away with the arguments. At SYSENTER the stack holds the
 * return address into the stub, the one into the stub's caller, the arguments: that is why the kernel adds 8 to
 * EDX.
 */
    .set service_index, 0
    .macro stub name, bytes
    .globl ntdll_\name
ntdll_\name:
    movl $service_index, %eax
    movl $(USER_SHARED + SYSTEM_CALL), %edx
    call *%edx
    ret $\bytes
    .set service_index, service_index + 1
    .endm

#define ROW(name, bytes) stub name, bytes;
    SERVICE_LIST(ROW)

/* The first thread. */
    .globl user_start
user_start:
    xorl %ebp, %ebp
    call user_main              /* never returns */

    .globl user_second_start
user_second_start:
    xorl %ebp, %ebp
    call user_second

/* The kernel goes on here after an exception: [ESP] = EXCEPTION_RECORD *, [ESP + 4] = CONTEXT *. */
    .globl KiUserExceptionDispatcher
KiUserExceptionDispatcher:
    movl 4(%esp), %ebx
    call user_exception         /* void user_exception(record, context) */
    pushl $0
    pushl %ebx
    call ntdll_NtContinue
    ud2                         /* a context that NtContinue refuses */

/* void raw_call(way, struct registers *): see user.h */
    .globl raw_call
raw_call:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 24(%esp), %ecx
    movl 20(%esp), %eax
    pushl %ecx
    pushl %eax
    pushl 28(%ecx)
    popfl
    movl (%ecx), %eax
    movl 4(%ecx), %ebx
    movl 12(%ecx), %edx
    movl 16(%ecx), %esi
    movl 20(%ecx), %edi
    movl 24(%ecx), %ebp
    popl %ecx
    jecxz by_stub               /* the flags are the test's: no CMP here */
    int $VECTOR_SERVICE
    jmp stored
by_stub:
    movl $(USER_SHARED + SYSTEM_CALL), %edx
    call *%edx
stored:
    pushfl
    pushl %ecx
    movl 8(%esp), %ecx          /* struct registers */
    movl %eax, (%ecx)
    movl %ebx, 4(%ecx)
    movl %edx, 12(%ecx)
    movl %esi, 16(%ecx)
    movl %edi, 20(%ecx)
    movl %ebp, 24(%ecx)
    popl 8(%ecx)
    popl 28(%ecx)
    movl %esp, 32(%ecx)
    cld
    popl %ecx
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/*
 * void user_query_with_flags(flags, arguments): NtQuerySystemInformation by its stub, with these flags set in the
 * program.
 */
    .globl user_query_with_flags
user_query_with_flags:
    movl 8(%esp), %edx
    pushfl
    pushl 12(%edx)
    pushl 8(%edx)
    pushl 4(%edx)
    pushl (%edx)
    pushl 24(%esp)
    popfl
    call ntdll_NtQuerySystemInformation
    popfl
    ret

/* uint32_t user_sysenter(void): on a processor without the instruction. The handler steps over its two bytes. */
    .globl user_sysenter
user_sysenter:
    movl %esp, %edx
    xorl %eax, %eax
    sysenter
    ret

/* Single steps: the instruction after POPF is the first that traps (SDM 3A 17.3.1.4). */
    .globl user_step_run, user_step_end
user_step_run:
    pushfl
    orl $(EFLAGS_TF | EFLAGS_DF), (%esp)
    xorl %eax, %eax
    movw %ax, %ds               /* neither DF nor null segments may trouble the kernel */
    movw %ax, %es
    popfl
    call ntdll_NtYieldExecution
user_step_end:
    cld
    pushl %ss
    popl %ds
    pushl %ss
    popl %es
    ret

/* void user_step_to(address): a jump with TF set. It ends at user_step_end. */
    .globl user_step_to
user_step_to:
    movl 4(%esp), %eax
    pushfl
    orl $EFLAGS_TF, (%esp)
    popfl
    jmp *%eax

/*
 * uint32_t user_call_without_segments(void): NtYieldExecution with DS and ES null; answers DS and ES (high half) as
 * they come back.
 */
    .globl user_call_without_segments
user_call_without_segments:
    xorl %eax, %eax
    movw %ax, %ds
    movw %ax, %es
    call ntdll_NtYieldExecution
    movw %es, %ax
    shll $16, %eax
    movw %ds, %ax
    pushl %ss
    popl %ds
    pushl %ss
    popl %es
    ret

/* NtContinue's aim: nothing is lost, not even ECX and EDX. */
    .globl user_land
user_land:
    movl %eax, user_landed
    movl %ebx, user_landed + 4
    movl %ecx, user_landed + 8
    movl %edx, user_landed + 12
    movl %esi, user_landed + 16
    movl %edi, user_landed + 20
    movl %ebp, user_landed + 24
    pushfl
    popl user_landed + 28
    movl %esp, user_landed + 32
    movl land_esp, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/* void user_continue(const struct CONTEXT *): returns when user_land has been reached. */
    .globl user_continue
user_continue:
    movl 4(%esp), %eax
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl %esp, land_esp
    pushl $0
    pushl %eax
    call ntdll_NtContinue
    ud2

/* void user_ldt_call(index, arguments): the three bytes at user_ldt_code run as 0007h:00000000h. */
    .globl user_ldt_call, user_ldt_code, user_ldt_code_end
user_ldt_call:
    movl 4(%esp), %eax
    movl 8(%esp), %edx
    lcall $7, $0
    ret

/* uint32_t user_ldt_stack(index, arguments): INT 2Eh with SS = 0Fh; answers SS as it comes back. */
    .globl user_ldt_stack
user_ldt_stack:
    movl 4(%esp), %eax
    movl 8(%esp), %edx
    pushl $0x0f
    popl %ss
    int $VECTOR_SERVICE
    xorl %eax, %eax
    movw %ss, %ax
    pushl $USER_DS
    popl %ss
    ret

user_ldt_code:
    int $VECTOR_SERVICE
    lret
user_ldt_code_end:

/* A real-mode program: adds, pushes, writes through DS, takes its time, and asks DOS for something. */
    .globl user_v86_code, user_v86_code_end
    .code16
user_v86_code:
    movw $0x1233, %ax
    incw %ax
    pushw %ax
    popw %bx
    movw %bx, 0x200
    movw $0xffff, %cx
1:  loop 1b
    int $0x21
user_v86_code_end:
    .code32

    .section .bss
    .align 16
    .globl user_stack_top, user_second_stack_top, user_landed
    .skip 16384
user_stack_top:
    .skip 16384
user_second_stack_top:
user_landed:
    .skip 36
land_esp:
    .skip 4

    .section .note.GNU-stack, "", @progbits
