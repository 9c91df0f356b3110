/*
 * The processor's tables: GDT, IDT and one TSS. The order of the segments is the one SYSENTER and SYSEXIT demand (SDM 2B
 * SYSENTER, SYSEXIT): kernel code, kernel data, user code, user data.
 */
#ifndef IMAGES_TABLES_H
#define IMAGES_TABLES_H

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_CODE   0x1b /* 18h with RPL 3 */
#define USER_DATA   0x23 /* 20h with RPL 3 */
#define TASK_STATE  0x28
#define CALL_VECTOR 0x80

/* As with SCREEN_ADDRESS: a kernel that wants another says so on the compiler's command line. */
#ifndef TIMER_VECTOR
#define TIMER_VECTOR 0x20
#endif

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Loads a GDT of the segments above and the task register; ring 3 enters the kernel on kernel_stack. */
void tables_load_gdt(uint32_t kernel_stack);

/* Loads an empty IDT of 256 entries. */
void tables_load_idt(void);

/* An interrupt gate (IF is cleared on entry); ring: who may call it by INT n. */
void tables_set_gate(unsigned vector, void (*handler)(void), unsigned ring);
#endif

#endif
