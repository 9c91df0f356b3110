/* A small kernel with one program in ring 3 that enters it by SYSENTER and by INT 80h. See README.md. */
#include "lib/boot_info.h"
#include "lib/print.h"
#include "lib/processor.h"
#include "lib/tables.h"
#include "lib/timer.h"
#include "rings/calls.h"
#include "rings/faults.h"
#include "rings/frame.h"
#include "rings/paging.h"

#define TIMER_HERTZ 1000

extern volatile uint32_t user_has_sysenter; /* user.c */
void user_start(void);
int kernel_main(uint32_t magic, const struct boot_info *info);

enum { BY_SYSENTER, BY_INT80, WAYS };

static struct {
    uint32_t calls[WAYS]; /* counted calls that arrived */
    uint32_t wrong[WAYS]; /* of these, with a wrong register, ring, stack or flag */
    uint32_t ticks, ticks_wrong;
    int failures;
} kernel;

static void check(int good, const char *what)
{
    print(good ? "  ok     " : "  WRONG  ");
    print(what);
    print("\n");
    kernel.failures += !good;
}

/* The processor's own state inside the kernel: ring 0, interrupts off, the frame at the top of the kernel's stack. */
static int state_is_kernel(const struct frame *frame)
{
    uint32_t cs, ss, eflags;
    asm volatile("movl %%cs, %0" : "=r"(cs));
    asm volatile("movl %%ss, %0" : "=r"(ss));
    asm volatile("pushfl\n\tpopl %0" : "=r"(eflags));
    return cs == KERNEL_CODE && ss == KERNEL_DATA && !(eflags & FLAG_IF) &&
           frame + 1 == (const struct frame *)stack_top;
}

static void call_count(struct frame *frame)
{
    const int way = frame->vector == VECTOR_SYSENTER ? BY_SYSENTER : BY_INT80;
    const uint32_t i = kernel.calls[way]++;
    const struct call expected = call_pattern(i);
    /* SYSENTER clears IF before the frame is made; a gate saves it first. */
    const uint32_t interrupts = way == BY_SYSENTER ? 0 : FLAG_IF;
    const int good = state_is_kernel(frame) && frame->ebx == expected.ebx && frame->esi == expected.esi &&
                     frame->edi == expected.edi && frame->ebp == expected.ebp && frame->cs == USER_CODE &&
                     frame->ss == USER_DATA && (frame->eflags & FLAG_IF) == interrupts;
    kernel.wrong[way] += !good;
    frame->eax = call_answer(i);
}

static void way_print(const char *name, uint32_t calls, uint32_t wrong_kernel, uint32_t wrong_program)
{
    print("  ");
    print_padded(name, 12);
    print_number(calls, 10);
    print_number(wrong_kernel, 19);
    print_number(wrong_program, 0);
    print("\n");
    kernel.failures += wrong_kernel != 0 || wrong_program != 0;
}

_Noreturn static void call_exit(const struct frame *frame)
{
    print("System calls and interrupts\n");
    print("  way         calls     wrong in kernel    wrong in program\n");
    way_print("SYSENTER", kernel.calls[BY_SYSENTER], kernel.wrong[BY_SYSENTER], frame->ebx);
    way_print("INT 80h", kernel.calls[BY_INT80], kernel.wrong[BY_INT80], frame->esi);
    check(kernel.calls[BY_SYSENTER] == (user_has_sysenter ? COUNTED_CALLS : 0), "every SYSENTER arrived");
    check(kernel.calls[BY_INT80] == COUNTED_CALLS, "every INT 80h arrived");
    check(frame->edi != 0, "the timer ticked meanwhile");
    check(kernel.ticks_wrong == 0, "every tick came from ring 3, with interrupts off in the kernel");
    print(kernel.failures == 0 ? "rings: all checks passed\n" : "rings: FAILED\n");
    machine_exit(kernel.failures);
}

static void call_handle(struct frame *frame)
{
    switch (frame->eax) {
    case CALL_COUNT:
        call_count(frame);
        break;
    case CALL_EXPECT:
        if (frame->ebx == 0)
            print("Faults of the program in ring 3\n");
        faults_expect(frame->ebx, frame->edi, frame->esi);
        frame->eax = 0;
        break;
    case CALL_REPORT:
        kernel.failures += faults_report(frame->ebx);
        break;
    case CALL_TICKS:
        frame->eax = kernel.ticks;
        break;
    case CALL_EXIT:
        call_exit(frame);
    default:
        print("rings: FAILED: the program made a call that does not exist\n");
        machine_exit(1);
    }
}

static void exception_handle(struct frame *frame)
{
    if (faults_catch(frame))
        return;
    print("rings: FAILED: unexpected exception ");
    print_hex(frame->vector, 2);
    print(" error ");
    print_hex(frame->error, 4);
    print(" at ");
    print_hex(frame->cs, 4);
    print(":");
    print_hex(frame->eip, 8);
    print("\n");
    machine_exit(1);
}

void kernel_enter(struct frame *frame)
{
    if (frame->vector == CALL_VECTOR || frame->vector == VECTOR_SYSENTER) {
        call_handle(frame);
    } else if (frame->vector == TIMER_VECTOR) {
        kernel.ticks++;
        kernel.ticks_wrong += !(state_is_kernel(frame) && frame->cs == USER_CODE && frame->eflags & FLAG_IF);
        timer_acknowledge();
    } else {
        exception_handle(frame);
    }
}

static void gates_set(void)
{
    tables_load_idt();
    /* Ring 3 may call INT3, INTO and the system call by instruction. */
    for (unsigned vector = 0; vector < 32; vector++)
        tables_set_gate(vector, entry_exceptions[vector], vector == 3 || vector == 4 ? 3 : 0);
    tables_set_gate(TIMER_VECTOR, entry_timer, 0);
    tables_set_gate(CALL_VECTOR, entry_call, 3);
}

int kernel_main(uint32_t magic, const struct boot_info *info)
{
    (void)info;
    print_init();
    print("rings: two rings, two ways in\n");
    check(magic == BOOT_MAGIC, "EAX holds the multiboot magic");
    tables_load_gdt((uint32_t)stack_top);
    gates_set();
    paging_start();
    print("  paging on: kernel pages for ring 0, program pages for ring 3\n");
    user_has_sysenter = (uint32_t)processor_has_sysenter(processor_identify());
    if (user_has_sysenter) {
        msr_write(IA32_SYSENTER_CS, KERNEL_CODE);
        msr_write(IA32_SYSENTER_ESP, (uint32_t)stack_top);
        msr_write(IA32_SYSENTER_EIP, (uint32_t)entry_sysenter);
    } else {
        print("  this processor has no SYSENTER: INT 80h only\n");
    }
    timer_start(TIMER_HERTZ);
    enter_user((uint32_t)user_start);
}
