/* Signals and their frames, and system calls that they interrupt. */
#include "linux26/init/init.h"

#define EFLAGS_IOPL 0x3000u
#define EFLAGS_CF   1u

#define STORM_SIGNALS 50

static volatile unsigned handled;
static struct {
    uint32_t frame, return_address, argument, eip;
    uint8_t code[8];
} seen;

/*
 * Of a handler without SA_SIGINFO: its frame begins where its return address is. A macro, for it is about the function
 * that it stands in.
 */
#define FRAME_OF_HANDLER ((struct sigframe *)((uint32_t *)__builtin_frame_address(0) + 1))

static void frame_note_and_change(struct sigframe *frame)
{
    handled++;
    seen.frame = (uint32_t)frame;
    seen.return_address = frame->return_address;
    seen.argument = frame->signal;
    seen.eip = frame->registers.eip;
    for (unsigned i = 0; i < sizeof seen.code; i++)
        seen.code[i] = frame->code[i];
    /* A handler may change the registers of what it interrupts, but not its rights. */
    frame->registers.ebx = 0x600df00d;
    frame->registers.eflags = (frame->registers.eflags & ~(uint32_t)EFLAGS_IF) | EFLAGS_IOPL | EFLAGS_CF;
    asm volatile("" : : : "memory"); /* the compiler sees no reader of the frame */
}

static void handler_plain(int signal, struct siginfo *unused, struct ucontext *unused_too)
{
    (void)signal;
    (void)unused;
    (void)unused_too;
    frame_note_and_change(FRAME_OF_HANDLER);
}

static void handler_rt(int signal, struct siginfo *info, struct ucontext *context)
{
    handled++;
    seen.frame = (uint32_t)__builtin_frame_address(0) + 4;
    seen.return_address = *(const uint32_t *)seen.frame;
    seen.argument = (uint32_t)signal == (uint32_t)info->signal ? (uint32_t)signal : 0;
    seen.eip = context->registers.eip;
    context->registers.esi = 0x600df00d;
}

static void handler_spoil(int signal, struct siginfo *info, struct ucontext *context)
{
    (void)signal;
    (void)info;
    context->registers.cs = USER_DS; /* a data segment */
}

/* sigreturn by SYSENTER, which no C library does. */
static void handler_sysenter(int signal, struct siginfo *unused, struct ucontext *unused_too)
{
    (void)signal;
    (void)unused;
    (void)unused_too;
    frame_note_and_change(FRAME_OF_HANDLER);
    FRAME_OF_HANDLER->return_address = (uint32_t)sigreturn_sysenter;
    asm volatile("" : : : "memory");
}

static void signal_self_with(struct observed *observed, uint32_t signal, uint32_t eflags)
{
    *observed = (struct observed){CALL_KILL, 1, signal, 0x33, 0x44, 0x55, 0x66, eflags, 0};
    handled = 0;
    call_observed(observed);
}

static void signal_self(struct observed *observed, uint32_t signal)
{
    signal_self_with(observed, signal, EFLAGS_IF);
}

static void signals_by_odd_ways(void)
{
    struct observed observed;
    action_set(SIGUSR2, handler_rt, SA_SIGINFO);
    signal_self_with(&observed, SIGUSR2, EFLAGS_IF | EFLAGS_NT);
    expect(handled == 1 && observed.eflags & EFLAGS_NT,
           "with NT set, which SYSENTER lets through, IRET is safe");
    if (!has_sysenter)
        return;
    action_set(SIGUSR2, handler_sysenter, 0);
    signal_self(&observed, SIGUSR2);
    expect(handled == 1 && observed.eax == 0 && observed.ebx == 0x600df00d && observed.ecx == SIGUSR2 &&
               observed.edx == 0x33 && observed.ebp == 0x66 && observed.moved == 0,
           "sigreturn by SYSENTER: the kernel must leave by IRET, and does");
}

static volatile uint32_t eflags_in_handler;
static volatile int depth, depth_most;

static void handler_flags(int signal, struct siginfo *info, struct ucontext *context)
{
    (void)signal;
    (void)info;
    (void)context;
    handled++;
    asm volatile("pushfl\n\tpopl %0" : "=r"(eflags_in_handler));
}

/* Sends itself its own signal, once. */
static void handler_again(int signal, struct siginfo *info, struct ucontext *context)
{
    (void)info;
    (void)context;
    depth++;
    if (depth > depth_most)
        depth_most = depth;
    if (++handled == 1)
        call(CALL_KILL, 1, (uint32_t)signal, 0);
    depth--;
}

static void signals_in_handlers(void)
{
    struct observed observed;
    uint32_t eax = (uint32_t)-513; /* what a call that is to be made again leaves in EAX inside the kernel */
    action_set(SIGUSR2, handler_flags, SA_SIGINFO);
    signal_self_with(&observed, SIGUSR2, EFLAGS_IF | EFLAGS_DF);
    expect(handled == 1 && !(eflags_in_handler & EFLAGS_DF) && observed.eflags & EFLAGS_DF,
           "a handler begins with DF clear, and DF comes back");
    depth_most = 0;
    action_set(SIGUSR2, handler_again, SA_SIGINFO);
    signal_self(&observed, SIGUSR2);
    expect(handled == 2 && depth_most == 1, "its own signal waits until a handler has returned");
    depth_most = 0;
    action_set(SIGUSR2, handler_again, SA_SIGINFO | SA_NODEFER);
    signal_self(&observed, SIGUSR2);
    expect(handled == 2 && depth_most == 2, "but with SA_NODEFER it does not wait");
    handled = 0;
    action_set(SIGTRAP, handler_flags, SA_SIGINFO);
    asm volatile("int3" : "+a"(eax) : : "memory");
    expect(handled == 1 && eax == (uint32_t)-513, "an exception is no call: EAX = -513 there means nothing");
}

static void signals_twice(void)
{
    struct observed observed;
    action_set(SIGUSR1, handler_plain, 0);
    call_int80(CALL_NARRATE, 1, 0, 0, 0, 0, 0);
    signal_self(&observed, SIGUSR1);
    say("the handler interrupted EIP %08xh and returned to %08xh, __kernel_sigreturn", seen.eip,
        seen.return_address);
    expect(handled == 1 && seen.argument == SIGUSR1, "the handler ran once, its argument is the signal");
    expect(seen.return_address == VSYSCALL_SIGRETURN && seen.code[0] == 0x58 && seen.code[6] == 0xcd,
           "its frame is a sigframe, which ends in sigreturn");
    expect(observed.eax == 0 && observed.ecx == SIGUSR1 && observed.edx == 0x33 && observed.esi == 0x44 &&
               observed.edi == 0x55 && observed.ebp == 0x66 && observed.moved == 0,
           "sigreturn restored all registers, the call's answer among them");
    expect(observed.ebx == 0x600df00d && observed.eflags & EFLAGS_CF,
           "but for what the handler wrote into the frame");
    expect((observed.eflags & (EFLAGS_IF | EFLAGS_IOPL)) == EFLAGS_IF,
           "IF and IOPL are not the handler's to change");
    action_set(SIGUSR2, handler_rt, SA_SIGINFO);
    call_int80(CALL_NARRATE, 1, 0, 0, 0, 0, 0);
    signal_self(&observed, SIGUSR2);
    say("with SA_SIGINFO it returned to %08xh, __kernel_rt_sigreturn", seen.return_address);
    expect(handled == 1 && seen.argument == SIGUSR2 && seen.return_address == VSYSCALL_RT_SIGRETURN,
           "SA_SIGINFO: an rt_sigframe with siginfo and ucontext");
    expect(observed.esi == 0x600df00d && observed.ebx == 1 && observed.ebp == 0x66 && observed.moved == 0,
           "rt_sigreturn restored all registers as the handler left them");
}

void scene_signals(void)
{
    struct observed observed;
    uint32_t status = 0, masks[2] = {1u << (SIGUSR1 - 1), 0};
    title("7. Signals");
    signals_twice();
    signals_by_odd_ways();
    signals_in_handlers();
    call(CALL_RT_SIGPROCMASK, SIG_BLOCK, (uint32_t)masks, 0);
    signal_self(&observed, SIGUSR1);
    const unsigned while_blocked = handled;
    call(CALL_RT_SIGPROCMASK, SIG_UNBLOCK, (uint32_t)masks, 0);
    expect(while_blocked == 0 && handled == 1, "a blocked signal waits until it is let in");
    const struct counters before = counters_get();
    const int32_t pid = fork();
    if (pid == 0) {
        action_set(SIGUSR2, handler_spoil, SA_SIGINFO);
        call(CALL_KILL, (uint32_t)my_pid, SIGUSR2, 0);
        exit(1);
    }
    wait_for(pid, &status);
    expect(status == SIGSEGV && counters_get().fixups == before.fixups + 1,
           "a frame with a data segment as CS: IRET faults in the kernel, the program dies");
}

static void handler_count(int signal, struct siginfo *info, struct ucontext *context)
{
    (void)signal;
    (void)info;
    handled++;
    seen.eip = context->registers.eip;
}

static void expect_for(int good, enum vsyscall variant, const char *what)
{
    char text[80];
    unsigned at = 0;
    for (const char *from = page_name(variant); *from != '\0'; from++)
        text[at++] = *from;
    text[at++] = ':';
    text[at++] = ' ';
    for (const char *from = what; *from != '\0' && at < sizeof text - 1; from++)
        text[at++] = *from;
    text[at] = '\0';
    expect(good, text);
}

static int32_t child_sleeping(uint32_t milliseconds, uint32_t status)
{
    const int32_t pid = fork();
    if (pid == 0) {
        sleep_ms(milliseconds);
        exit(status);
    }
    return pid;
}

/* waitpid, interrupted by a handler with and without SA_RESTART. */
static void restart_wait(enum vsyscall variant)
{
    uint32_t status = 0;
    const struct counters before = counters_get();
    const uint32_t again = variant == VSYSCALL_INT80 ? VSYSCALL_ENTRY : SYSENTER_RETURN - 2;
    handled = 0;
    action_set(SIGALRM, handler_count, SA_SIGINFO | SA_RESTART);
    int32_t pid = child_sleeping(60, 8);
    alarm_ms(10, 0);
    int32_t waited = wait_for(pid, &status);
    expect_for(waited == pid && status == 8 << 8 && handled == 1 && seen.eip == again &&
                   counters_get().restarts == before.restarts + 1,
               variant, "SA_RESTART: waitpid is made again");
    action_set(SIGALRM, handler_count, SA_SIGINFO);
    pid = child_sleeping(60, 9);
    alarm_ms(10, 0);
    waited = wait_for(pid, &status);
    expect_for(waited == -EINTR && handled == 2, variant, "without it: -EINTR");
    wait_for(pid, &status);
}

/* nanosleep, interrupted by a handler, and by a stop that no handler sees. */
static void restart_sleep(enum vsyscall variant)
{
    uint32_t status = 0;
    struct timespec rest = {0, 0};
    const struct timespec length = {0, 100 * MILLISECONDS};
    handled = 0;
    alarm_ms(10, 0);
    const int32_t answer = call(CALL_NANOSLEEP, (uint32_t)&length, (uint32_t)&rest, 0);
    expect_for(answer == -EINTR && handled == 1 && rest.nanoseconds > 0 &&
                   rest.nanoseconds <= 92 * MILLISECONDS,
               variant, "a handler ends nanosleep, the rest is told");
    const int32_t pid = fork();
    if (pid == 0) {
        sleep_ms(40);
        call(CALL_KILL, 1, SIGSTOP, 0);
        sleep_ms(10);
        call(CALL_KILL, 1, SIGCONT, 0);
        exit(0);
    }
    const struct counters before = counters_get();
    /* Begun anew it would take 150 ticks: 40, a stop of 10, and 100. */
    struct observed o = {CALL_NANOSLEEP, (uint32_t)&length, 0, 0x33, 0x44, 0x55, 0x66, EFLAGS_IF, 0};
    call_observed(&o);
    const struct counters after = counters_get();
    const uint32_t slept = after.ticks - before.ticks;
    expect_for(o.eax == 0 && after.restart_calls == before.restart_calls + 1 && slept >= 100 && slept < 130,
               variant, "stopped and continued, nanosleep sleeps on");
    expect_for(o.ebx == (uint32_t)&length && o.ecx == 0 && o.edx == 0x33 && o.esi == 0x44 && o.edi == 0x55 &&
                   o.ebp == 0x66 && o.moved == 0,
               variant, "with all registers and the stack in order");
    wait_for(pid, &status);
}

/* Where the timer's signal caught the program. */
static struct {
    unsigned in_page, at_return, elsewhere;
} caught;

static void handler_locate(int signal, struct siginfo *info, struct ucontext *context)
{
    const uint32_t eip = context->registers.eip;
    (void)signal;
    (void)info;
    handled++;
    if (eip == SYSENTER_RETURN || eip == VSYSCALL_ENTRY + 2)
        caught.at_return++;
    else if (eip >= VSYSCALL_BASE)
        caught.in_page++;
    else
        caught.elsewhere++;
}

/* A signal each millisecond and another process that wants the processor, while this one calls and calls. */
void scene_storm(void)
{
    uint32_t calls = 0, wrong = 0, status = 0;
    title("11. Calls in a storm of signals");
    const int32_t pid = fork();
    if (pid == 0) {
        for (uint32_t i = 0;; i++)
            if (!call_is_good(i))
                exit(1);
    }
    handled = 0;
    action_set(SIGALRM, handler_locate, SA_SIGINFO | SA_RESTART);
    alarm_ms(1, 1);
    while (handled < STORM_SIGNALS) {
        /* Turns of uneven length, lest the timer and the loop keep step. */
        for (volatile uint32_t turns = calls * 0x9e3779b9 >> 25; turns != 0; turns--) {
        }
        wrong += !call_is_good(calls++);
    }
    alarm_ms(0, 0);
    const int alive = wait_for_now(pid) == 0;
    call(CALL_KILL, (uint32_t)pid, SIGKILL, 0);
    wait_for(pid, &status);
    say("%u calls, %u signals: %u just behind the call, %u elsewhere in the page, %u elsewhere", calls,
        handled, caught.at_return, caught.in_page, caught.elsewhere);
    expect(wrong == 0, "50 signals between calls and two processes: no register was ever wrong");
    expect(alive && status == SIGKILL, "nor in the other process, until it was killed");
}

void scene_restart(void)
{
    uint32_t status = 0;
    title("8. A call that a signal interrupts");
    for (enum vsyscall variant = VSYSCALL_INT80; variant < VSYSCALLS; variant++) {
        if (variant != VSYSCALL_INT80 && !has_sysenter)
            break;
        page_choose(variant);
        say("the page is now: %s", page_name(variant));
        restart_wait(variant);
        restart_sleep(variant);
    }
    page_choose(has_sysenter ? VSYSCALL_SYSENTER : VSYSCALL_INT80);
    if (!has_sysenter)
        expect(call_int80(CALL_VSYSCALL, VSYSCALL_SYSENTER, 0, 0, 0, 0, 0) == -ENOSYS,
               "no SYSENTER page is to be had");
    handled = 0;
    const int32_t pid = fork();
    if (pid == 0) {
        sleep_ms(10);
        call(CALL_KILL, 1, SIGALRM, 0);
        exit(0);
    }
    expect(call(CALL_PAUSE, 0, 0, 0) == -EINTR && handled == 1, "pause ends when a handler has run");
    wait_for(pid, &status);
}
