/* The parts of the program in ring 3. */
#ifndef IMAGES_NT_USER_H
#define IMAGES_NT_USER_H

#define NT_PROGRAM
#include "nt/nt.h"

/* user_text.c: a line is gathered and goes to NtDisplayString at its end. */
void say(const char *text);
void say_padded(const char *text, unsigned width);
void say_hex(uint32_t value, unsigned digits);
void say_number(uint32_t value, unsigned width);
void say_end(void); /* the line's end */
void say_line(const char *text);
void chapter(const char *title);
void check(int good, const char *what); /* one line; counted for the table */
uint32_t checks_table(void);            /* prints it; answers how many failed */

/* user_stubs.S */
enum { BY_STUB, BY_INT2E };

struct registers {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, eflags, esp;
};

/*
 * One call with the registers of *registers loaded, by the shared stub (without arguments) or by INT 2Eh (EDX
 * points at them). All come back, ESP as it was at SYSENTER or INT.
 */
void raw_call(unsigned way, struct registers *registers);
void user_query_with_flags(uint32_t flags, const uint32_t *arguments);
uint32_t user_sysenter(void);
uint32_t user_call_without_segments(void);
void user_step_to(uint32_t address);
void user_step_run(void); /* sets TF, calls NtYieldExecution; the handler clears TF at user_step_end */
extern uint8_t user_step_end[], stub_of_yield[] __asm__("ntdll_NtYieldExecution");
void user_continue(const struct CONTEXT *context); /* returns when user_land is reached */
void user_land(void); /* where NtContinue is told to go: registers to user_landed */
extern struct registers user_landed;
extern uint8_t user_ldt_code[], user_ldt_code_end[];
void user_ldt_call(uint32_t index, const void *arguments); /* INT 2Eh inside the segment of selector 7 */
uint32_t user_ldt_stack(uint32_t index, const void *arguments);
extern uint8_t user_v86_code[], user_v86_code_end[];
void user_second_start(void);

/* user_chapters.c, user_odd.c */
struct entry_information entries_get(void);
extern void (*user_exception_handler)(const struct EXCEPTION_RECORD *, struct CONTEXT *);
void chapter_frame(void);
void chapter_calls(void);
void chapter_limits(void);
void chapter_pointers(void);
void chapter_page_fault(void);
void chapter_timer(void);
void chapter_threads(void);
void chapter_steps(void);
void chapter_continue(void);
void chapter_segments(void);
void chapter_v86(void);
int has_sysenter(void);

#endif
