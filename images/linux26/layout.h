/* Addresses, selectors and offsets that C and assembly share. The numbers are those of Linux 2.6 on i386. */
#ifndef IMAGES_LINUX26_LAYOUT_H
#define IMAGES_LINUX26_LAYOUT_H

#define PAGE_SIZE 4096

/* A process has the lower 3 GiB, the kernel the rest: physical memory seen at PAGE_OFFSET. */
#define PAGE_OFFSET 0xc0000000
#define MAPPED_SIZE 0x01000000 /* this much of it */

/* The vsyscall page: an ELF image by itself, the code at 400h of it. */
#define VSYSCALL_BASE         0xffffe000
#define VSYSCALL_ENTRY        0xffffe400 /* __kernel_vsyscall, what AT_SYSINFO says */
#define SYSENTER_RETURN       0xffffe410
#define VSYSCALL_SIGRETURN    0xffffe420
#define VSYSCALL_RT_SIGRETURN 0xffffe440

/* GDT. SYSENTER and SYSEXIT fix the order of the four flat segments (SDM 2B). */
#define TLS_ENTRY 6 /* the program's own segment: selector 33h */
#define KERNEL_CS 0x60
#define KERNEL_DS 0x68
#define USER_CS   0x73
#define USER_DS   0x7b
#define TSS_ENTRY 0x80

#define CALL_VECTOR 0x80

#define KERNEL_STACK_SIZE 8192

/* struct registers */
#define REGISTERS_EAX      24
#define REGISTERS_ES       32
#define REGISTERS_ORIG_EAX 36
#define REGISTERS_EIP      40
#define REGISTERS_CS       44
#define REGISTERS_EFLAGS   48
#define REGISTERS_ESP      52

/* struct task, its first field: why a task must not simply go back to its program */
#define WORK_SIGNAL     0x01 /* a signal is pending */
#define WORK_RESCHEDULE 0x02 /* its time is up */
#define WORK_STEP       0x04 /* TF was taken away inside the kernel and must be given back */
#define WORK_IRET       0x08 /* all registers were changed: SYSEXIT would lose some */
#define WORK_ANY        0x0f

/*
 * IA32_SYSENTER_ESP points to the end of the TSS, where a small stack lies that no ring change uses: 104 bytes
 * of TSS, 256 bytes of stack. From there the field ESP0 is this far.
 */
#define TSS_SIZE          104
#define TSS_STACK_WORDS   64
#define TSS_ESP0_FROM_END (4 - TSS_SIZE - 4 * TSS_STACK_WORDS)

#define EFLAGS_TF 0x00000100
#define EFLAGS_IF 0x00000200
#define EFLAGS_DF 0x00000400
#define EFLAGS_NT 0x00004000

#endif
