/* The frame that a signal leaves on the program's stack, and the way back from it. */
#include "linux26/kernel.h"

/* What a program may change in EFLAGS by sigreturn: AC, OF, DF, TF, SF, ZF, AF, PF, CF. */
#define EFLAGS_OF_PROGRAM 0x40dd5u

static const uint8_t sigreturn_code[8] = {0x58, 0xb8, CALL_SIGRETURN, 0, 0, 0, 0xcd, CALL_VECTOR};
static const uint8_t rt_sigreturn_code[8] = {0xb8, CALL_RT_SIGRETURN, 0, 0, 0, 0xcd, CALL_VECTOR, 0};

static struct sigcontext context_save(const struct registers *registers)
{
    uint32_t fs, gs;
    asm volatile("movl %%fs, %0\n\tmovl %%gs, %1" : "=r"(fs), "=r"(gs));
    return (struct sigcontext){
        .gs = gs,
        .fs = fs,
        .es = registers->es,
        .ds = registers->ds,
        .edi = registers->edi,
        .esi = registers->esi,
        .ebp = registers->ebp,
        .esp = registers->esp,
        .ebx = registers->ebx,
        .edx = registers->edx,
        .ecx = registers->ecx,
        .eax = registers->eax,
        .trap = current->fault_vector,
        .error = current->fault_error,
        .eip = registers->eip,
        .cs = registers->cs,
        .eflags = registers->eflags,
        .esp_at_signal = registers->esp,
        .ss = registers->ss,
        .oldmask = current->blocked,
        .cr2 = current->fault_address,
    };
}

/* Where the frame goes: on the signal stack if the handler asks for it and is not on it already. */
static uint32_t frame_place(const struct registers *registers, const struct sigaction *action, uint32_t size)
{
    const struct sigstack *stack = &current->signal_stack;
    uint32_t top = registers->esp;
    if (action->flags & SA_ONSTACK && stack->size != 0 && top - stack->base >= stack->size)
        top = stack->base + stack->size;
    return (top - size) & ~7u;
}

static int frame_push_plain(uint32_t at, const struct registers *registers, int signal)
{
    struct sigframe frame = {
        .return_address = VSYSCALL_SIGRETURN,
        .signal = (uint32_t)signal,
        .registers = context_save(registers),
    };
    __builtin_memcpy(frame.code, sigreturn_code, sizeof frame.code);
    return copy_to_user(at, &frame, sizeof frame);
}

static int frame_push_rt(uint32_t at, const struct registers *registers, int signal)
{
    struct rt_sigframe frame = {
        .return_address = VSYSCALL_RT_SIGRETURN,
        .signal = (uint32_t)signal,
        .info_address = at + offsetof(struct rt_sigframe, info),
        .context_address = at + offsetof(struct rt_sigframe, context),
        .info = {.signal = signal, .address = signal == SIGSEGV ? current->fault_address : registers->eip},
        .context = {.stack = current->signal_stack,
                    .registers = context_save(registers),
                    .mask = current->blocked},
    };
    __builtin_memcpy(frame.code, rt_sigreturn_code, sizeof frame.code);
    return copy_to_user(at, &frame, sizeof frame);
}

int sigframe_push(struct registers *registers, int signal, const struct sigaction *action)
{
    const int rt = (action->flags & SA_SIGINFO) != 0;
    const uint32_t at =
        frame_place(registers, action, rt ? sizeof(struct rt_sigframe) : sizeof(struct sigframe));
    if ((rt ? frame_push_rt(at, registers, signal) : frame_push_plain(at, registers, signal)) != 0)
        return -EFAULT;
    if (current->narrated)
        note("signal %d: %s of %u bytes at %08xh, handler %08xh, which returns to %08xh", signal,
             rt ? "rt_sigframe" : "sigframe", rt ? sizeof(struct rt_sigframe) : sizeof(struct sigframe), at,
             action->handler, rt ? VSYSCALL_RT_SIGRETURN : VSYSCALL_SIGRETURN);
    registers->esp = at;
    registers->eip = action->handler;
    registers->eax = (uint32_t)signal;
    registers->edx = rt ? at + offsetof(struct rt_sigframe, info) : 0;
    registers->ecx = rt ? at + offsetof(struct rt_sigframe, context) : 0;
    registers->cs = USER_CS;
    registers->ds = registers->es = registers->ss = USER_DS;
    registers->eflags &= ~(uint32_t)(EFLAGS_TF | EFLAGS_DF); /* a handler is not stepped through */
    return 0;
}

/*
 * A program may write what it likes into its frame; it must not come out of it in ring 0, or with interrupts
 * off.
 */
static int32_t context_restore(struct registers *registers, const struct sigcontext *saved, uint32_t mask)
{
    registers->edi = saved->edi;
    registers->esi = saved->esi;
    registers->ebp = saved->ebp;
    registers->esp = saved->esp;
    registers->ebx = saved->ebx;
    registers->edx = saved->edx;
    registers->ecx = saved->ecx;
    registers->eip = saved->eip;
    registers->cs = (saved->cs & 0xffff) | 3;
    registers->ss = (saved->ss & 0xffff) | 3;
    registers->ds = saved->ds & 0xffff;
    registers->es = saved->es & 0xffff;
    registers->eflags = (registers->eflags & ~EFLAGS_OF_PROGRAM) | (saved->eflags & EFLAGS_OF_PROGRAM);
    registers->orig_eax = -1; /* EAX is no answer: nothing to restart */
    current->blocked = mask & ~(1u << (SIGKILL - 1) | 1u << (SIGSTOP - 1));
    const uint32_t eflags = interrupts_off();
    current->work |= WORK_IRET;
    if (signal_is_pending())
        current->work |= WORK_SIGNAL;
    interrupts_restore(eflags);
    return (int32_t)saved->eax;
}

/* The stack pointer has passed the return address and, popped by __kernel_sigreturn, the signal's number. */
int32_t call_sigreturn(struct registers *registers)
{
    struct sigframe frame;
    if (copy_from_user(&frame, registers->esp - 8, sizeof frame) != 0) {
        signal_force(SIGSEGV);
        return -EFAULT;
    }
    return context_restore(registers, &frame.registers, frame.registers.oldmask);
}

int32_t call_rt_sigreturn(struct registers *registers)
{
    struct rt_sigframe frame;
    if (copy_from_user(&frame, registers->esp - 4, sizeof frame) != 0) {
        signal_force(SIGSEGV);
        return -EFAULT;
    }
    return context_restore(registers, &frame.context.registers, frame.context.mask);
}
