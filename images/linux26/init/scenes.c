/* Six arguments, fork, clone, single step and the timer. */
#include "linux26/init/init.h"

static struct ucontext last_context; /* what a handler has seen */
static uint32_t last_answer;

static int32_t map_notes(int32_t (*way)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t),
                         uint32_t page)
{
    return way(CALL_MMAP2, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, NOTES_FILE, page);
}

/* SIGSEGV after SYSENTER without a stack: the handler runs on a stack of its own and mends ESP. */
static void stack_mend(int signal, struct siginfo *info, struct ucontext *context)
{
    (void)signal;
    (void)info;
    last_context = *context;
    last_answer = context->registers.eax;
    context->registers.esp = good_stack;
}

static void bad_stack_try(uint32_t ebp, const char *what)
{
    const struct counters before = counters_get();
    last_context.registers.eip = 0;
    const int32_t answer = call_without_stack(CALL_GETPID, ebp);
    const struct counters after = counters_get();
    say("SYSENTER with EBP = %08xh: EAX = %d, then SIGSEGV at EIP %08xh with ESP %08xh", ebp,
        (int32_t)last_answer, last_context.registers.eip, last_context.registers.esp);
    expect(answer == -EFAULT && last_answer == (uint32_t)-EFAULT &&
               last_context.registers.eip == SYSENTER_RETURN && last_context.registers.esp == ebp &&
               after.fetch_faults == before.fetch_faults + 1,
           what);
}

void scene_arguments(void)
{
    title("4. Six arguments");
    for (uint32_t page = 1; page < NOTES_PAGES; page++) {
        const int32_t by_page = map_notes(call_page, page), by_int80 = map_notes(call_int80, page);
        const uint32_t word = *(const uint32_t *)(by_page + 8), same = *(const uint32_t *)(by_int80 + 8);
        if (page == 2)
            say("mmap2(0, 4096, PROT_READ, MAP_SHARED, 3, page 2) = %08xh; its third word is %08xh",
                (uint32_t)by_page, word);
        if (page == 2)
            expect(word == (page << 16 | 2) && same == word, "the sixth argument arrives by both ways");
    }
    if (!has_sysenter)
        return;
    const struct sigstack stack = {stack_new() - PAGE_SIZE, 0, PAGE_SIZE};
    call(CALL_SIGALTSTACK, (uint32_t)&stack, 0, 0);
    action_set(SIGSEGV, stack_mend, SA_SIGINFO | SA_ONSTACK);
    bad_stack_try(0x10, "EBP at an absent page: the fetch faults, -EFAULT");
    bad_stack_try(PAGE_OFFSET + 0x100000, "EBP in the kernel's memory: refused before the fetch, -EFAULT");
    bad_stack_try(PAGE_OFFSET - 3, "EBP with its last bytes in the kernel's memory: the same");
    action_set(SIGSEGV, SIG_DFL, 0);
}

static volatile uint32_t shared_word = 1;

/* A page that only the kernel writes to. */
static volatile union {
    struct counters counters;
    uint8_t page[PAGE_SIZE];
} answered __attribute__((aligned(PAGE_SIZE)));

void scene_fork(void)
{
    uint32_t status = 0;
    title("5. fork");
    const struct counters before = counters_get();
    call_int80(CALL_NARRATE, 1, 0, 0, 0, 0, 0);
    const int32_t pid = fork();
    if (pid == 0) {
        say("fork answered 0, getpid %d, getppid %d; the word is still %u", my_pid,
            call(CALL_GETPPID, 0, 0, 0), shared_word);
        shared_word = 2;
        say("now it is %u", shared_word);
        call(CALL_COUNTERS, (uint32_t)&answered, 0, 0);
        exit(shared_word == 2 && answered.counters.int80s != 0 ? 42 : 1);
    }
    const int32_t waited = wait_for(pid, &status);
    const struct counters after = counters_get();
    say("fork answered %d, waitpid %d, status %xh; the word is %u here, %u pages were copied", pid, waited,
        status, shared_word, after.pages_copied - before.pages_copied);
    expect(pid > 1 && waited == pid && status == 42 << 8, "the child's exit status arrives");
    expect(shared_word == 1, "what the child wrote is its own");
    expect(answered.counters.ticks == 0, "so is what the kernel wrote for it: CR0.WP is on");
    expect(after.pages_copied - before.pages_copied >= 2 && after.pages_kept > before.pages_kept,
           "pages were copied at the first write, and the last user kept his");
    expect(after.pages_used == before.pages_used, "the child's pages are free again");
    expect(wait_for(-1, &status) == -ECHILD, "no child is left");
}

static uint32_t child_thread_block[8];

/* What clone's caller wants to run: in the same memory, on another stack. */
static uint32_t child_function(uint32_t argument)
{
    uint32_t self, here = (uint32_t)&self;
    asm volatile("movl %%gs:4, %0" : "=r"(self));
    shared_word = argument;
    return self == (uint32_t)child_thread_block && here != 0 ? 3 : 4;
}

static uint32_t child_of_page(uint32_t argument)
{
    shared_word = argument;
    return 5;
}

static void clone_through_page(void)
{
    uint32_t status = 0;
    const uint32_t popped = has_sysenter ? 3 : 0; /* EBP, EDX and ECX */
    const uint32_t top = stack_new();
    const int32_t pid =
        clone_page(child_of_page, 88, top, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, popped);
    const int32_t waited = wait_for(pid, &status);
    say("through the page the child's stack must begin with %u words to pop, and a return address", popped);
    expect(waited == pid && status == 5 << 8 && shared_word == 88,
           "clone through the page, its pops provided for");
    if (!has_sysenter)
        return;
    const int32_t lost = clone_page(child_of_page, 99, stack_new(), CLONE_VM | SIGCHLD, 0);
    wait_for(lost, &status);
    say("without them it pops the function into EDX and returns to nowhere: status %xh", status);
    expect(status == SIGSEGV && shared_word == 88,
           "without them the child is lost: so the C library uses INT 80h");
}

void scene_clone(void)
{
    uint32_t status = 0;
    const struct user_desc segment = {TLS_ENTRY, (uint32_t)child_thread_block, 0xfffff, 0};
    const uint32_t top = stack_new();
    title("6. clone: where did fn go?");
    child_thread_block[1] = (uint32_t)child_thread_block;
    child_thread_block[4] = sysinfo;
    say("clone(fn = %08xh, arg = 77): the library writes fn to %08xh and arg to %08xh, at the top",
        (uint32_t)child_function, top - 8, top - 4);
    say("of the child's stack. The kernel hears of flags and stack only:");
    call_int80(CALL_NARRATE, 1, 0, 0, 0, 0, 0);
    const int32_t pid = clone_int80(child_function, 77, top,
                                    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SETTLS | SIGCHLD, &segment);
    const int32_t waited = wait_for(pid, &status);
    say("the child popped fn from its stack and called it: the word is %u, status %xh", shared_word, status);
    say("both came out of the INT 80h before %08xh, the child with EAX = 0", (uint32_t)clone_int80_return);
    expect(waited == pid && shared_word == 77, "fn ran, with its argument, in the same memory");
    expect(status == 3 << 8, "it had a thread segment of its own (CLONE_SETTLS)");
    clone_through_page();
    expect(call_int80(CALL_CLONE, 0x00010000, 0, 0, 0, 0, 0) == -EINVAL,
           "a flag that the kernel does not know: -EINVAL");
    shared_word = 1;
}

#define STEPS 40
static uint32_t steps[STEPS];
static volatile unsigned step_count;

static void step_note(int signal, struct siginfo *info, struct ucontext *context)
{
    (void)signal;
    (void)info;
    if (step_count < STEPS)
        steps[step_count] = context->registers.eip;
    step_count++;
}

static const struct {
    uint8_t offset; /* in the page's code */
    const char *text;
} step_names[VSYSCALLS][10] = {
    [VSYSCALL_INT80] = {{0, "int 80h"}},
    [VSYSCALL_SYSENTER] = {{0, "push ecx"},
                           {1, "push edx"},
                           {2, "push ebp"},
                           {3, "mov ebp, esp"},
                           {5, "sysenter"},
                           {17, "pop edx"},
                           {18, "pop ecx"},
                           {19, "ret"}},
};

/*
 * Traps are expected before each instruction of the page but the first one after the call, for IRET with TF
 * lets one instruction pass; then after the page, until TF is off again. Answers how many were as expected, or
 * 0.
 */
static unsigned steps_compare(enum vsyscall variant)
{
    unsigned i = 0;
    for (; step_names[variant][i].text != NULL; i++) {
        if (steps[i] != VSYSCALL_ENTRY + step_names[variant][i].offset)
            return 0;
        say("  SIGTRAP at %08xh, before: %s", steps[i], step_names[variant][i].text);
    }
    if (steps[i] != (uint32_t)stepped_return)
        return 0;
    say("  SIGTRAP at %08xh, after the call; %u more until TF is off", steps[i], step_count - i - 1);
    return step_count;
}

static void step_through(enum vsyscall variant, unsigned wanted)
{
    page_choose(variant);
    step_count = 0;
    const struct counters before = counters_get();
    const int32_t answer = call_stepped(CALL_GETPID);
    const struct counters after = counters_get();
    const uint32_t traps = after.entry_traps - before.entry_traps;
    say("the page is: %s", page_name(variant));
    expect(steps_compare(variant) == wanted && answer == 1,
           "the program was stepped up to the call, and on after it");
    if (variant == VSYSCALL_INT80)
        expect(traps == 0, "the gate of INT 80h clears TF: no #DB in the kernel");
    else
        expect(traps == 1, "SYSENTER keeps TF: one #DB at the kernel's first instruction");
}

void scene_step(void)
{
    title("9. Single step across the call");
    action_set(SIGTRAP, step_note, SA_SIGINFO);
    step_through(VSYSCALL_INT80, 5);
    if (has_sysenter)
        step_through(VSYSCALL_SYSENTER, 12);
}

static volatile struct {
    uint32_t turns, stop;
} spinner;

static uint32_t spin(uint32_t argument)
{
    while (!spinner.stop)
        spinner.turns++;
    return argument;
}

void scene_schedule(void)
{
    uint32_t status = 0, seen = 0, changes = 0;
    title("10. Two that never call");
    const struct counters before = counters_get();
    const int32_t pid = clone_int80(spin, 6, stack_new(), CLONE_VM | SIGCHLD, 0);
    while (changes < 5) {
        const uint32_t turns = spinner.turns;
        changes += turns != seen;
        seen = turns;
    }
    spinner.stop = 1;
    wait_for(pid, &status);
    const struct counters after = counters_get();
    say("both counted by turns; the timer took the processor away at least %u times", changes);
    expect(status == 6 << 8 && after.preemptions - before.preemptions >= 5,
           "the timer divides the processor's time");
    expect(after.ticks_in_kernel != 0, "ticks came inside the kernel, too: system calls run with IF on");
}
