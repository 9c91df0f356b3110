/* What entry.S leaves on the kernel's stack, whichever way the processor came in. */
#ifndef IMAGES_RINGS_FRAME_H
#define IMAGES_RINGS_FRAME_H

#include <stdint.h>

#define VECTOR_SYSENTER 0x100 /* no vector of the IDT: the frame was built by the SYSENTER entry */

struct frame {
    uint32_t es, ds;
    uint32_t edi, esi, ebp, ignored_esp, ebx, edx, ecx, eax; /* PUSHA */
    uint32_t vector, error;
    uint32_t eip, cs, eflags, esp, ss; /* pushed by the processor; by entry.S after SYSENTER */
};

#define FLAG_IF 0x200u

/* Stack of the kernel, where every entry from ring 3 begins. */
extern uint8_t stack_top[];

/* entry.S */
void entry_sysenter(void);
extern void (*const entry_exceptions[32])(void);
void entry_timer(void);
void entry_call(void);
_Noreturn void enter_user(uint32_t eip); /* the program sets its own stack */

/* rings.c, called by entry.S */
void kernel_enter(struct frame *frame);
_Noreturn void machine_exit(int failures);

#endif
