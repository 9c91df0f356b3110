/* The parts of the first process, to each other. */
#ifndef IMAGES_LINUX26_INIT_H
#define IMAGES_LINUX26_INIT_H

#include <stddef.h>
#include <stdint.h>

#include "linux26/abi.h"
#include "linux26/layout.h"

#define MILLISECONDS 1000000 /* of nanoseconds */

/* Registers of a call: given, and as they were afterwards. `moved`: how far ESP was from where it ought to be. */
struct observed {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, eflags;
    int32_t moved;
};

/* calls.S */
extern uint32_t sysinfo; /* where __kernel_vsyscall is */
extern uint32_t good_stack;
extern const uint8_t clone_int80_return[], stepped_return[];
int32_t call_page(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f);
int32_t call_thread(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f);
int32_t call_int80(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f);
void call_observed(struct observed *observed);
int32_t call_without_stack(uint32_t number, uint32_t ebp);
int32_t call_stepped(uint32_t number);
void sigreturn_sysenter(void);
int32_t clone_int80(uint32_t (*function)(uint32_t), uint32_t argument, uint32_t stack, uint32_t flags,
                    const struct user_desc *tls);
int32_t clone_page(uint32_t (*function)(uint32_t), uint32_t argument, uint32_t stack, uint32_t flags,
                   uint32_t popped);

/* library.c */
extern int32_t my_pid; /* as the lines of say show it */
extern int has_sysenter;
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void title(const char *text);
void expect(int good, const char *what); /* a line of the table of checks */
struct counters counters_get(void);
int32_t call(uint32_t number, uint32_t a, uint32_t b, uint32_t c); /* through the page */
/* getpid with all registers filled after a pattern made from i: did all come back? */
int call_is_good(uint32_t i);
int32_t fork(void);
_Noreturn void exit(uint32_t status);
int32_t wait_for(int32_t pid, uint32_t *status);
int32_t wait_for_now(int32_t pid); /* 0: it still runs */
void sleep_ms(uint32_t milliseconds);
void alarm_ms(uint32_t milliseconds, uint32_t interval);
uint32_t stack_new(void); /* the top of a fresh page */
void action_set(uint32_t signal, void (*handler)(int, struct siginfo *, struct ucontext *), uint32_t flags);
void page_choose(enum vsyscall variant);
const char *page_name(enum vsyscall variant);

/* The scenes. */
void scene_start(const uint32_t *stack);
void scene_call(void);
void scene_arguments(void);
void scene_fork(void);
void scene_clone(void);
void scene_signals(void);
void scene_restart(void);
void scene_step(void);
void scene_schedule(void);
void scene_storm(void);

#endif
