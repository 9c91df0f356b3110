/* Signals: sending, the choice of what happens, and what becomes of an interrupted system call. */
#include "linux26/kernel.h"

#define SIGNAL_BIT(signal) (1u << ((signal)-1))
#define UNBLOCKABLE        (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define IGNORED_BY_DEFAULT (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT))

int signal_is_pending(void)
{
    return (current->pending & ~current->blocked) != 0;
}

static void work_update(struct task *task)
{
    const uint32_t eflags = interrupts_off();
    if (task->pending & ~task->blocked)
        task->work |= WORK_SIGNAL;
    else
        task->work &= ~(uint32_t)WORK_SIGNAL;
    interrupts_restore(eflags);
}

static int signal_is_ignored(const struct task *task, int signal)
{
    const uint32_t handler = task->actions[signal - 1].handler;
    return !(task->blocked & SIGNAL_BIT(signal)) &&
           (handler == SIG_IGN || (handler == SIG_DFL && SIGNAL_BIT(signal) & IGNORED_BY_DEFAULT));
}

void signal_send(struct task *task, int signal)
{
    const uint32_t eflags = interrupts_off();
    if ((signal == SIGCONT || signal == SIGKILL) && task->state == TASK_STOPPED)
        task->state = TASK_READY;
    if (task->state != TASK_ZOMBIE && !signal_is_ignored(task, signal)) {
        task->pending |= SIGNAL_BIT(signal);
        work_update(task);
        if (task->work & WORK_SIGNAL)
            task_wake(task);
    }
    interrupts_restore(eflags);
}

void signal_force(int signal)
{
    struct sigaction *action = &current->actions[signal - 1];
    if (current->blocked & SIGNAL_BIT(signal) || action->handler == SIG_IGN)
        action->handler = SIG_DFL;
    current->blocked &= ~SIGNAL_BIT(signal);
    signal_send(current, signal);
}

static const char *restart_name(int32_t answer)
{
    return answer == -ERESTARTSYS      ? "ERESTARTSYS"
           : answer == -ERESTARTNOINTR ? "ERESTARTNOINTR"
           : answer == -ERESTARTNOHAND ? "ERESTARTNOHAND"
                                       : "ERESTART_RESTARTBLOCK";
}

/*
 * The call was not finished. To make it again, EAX gets the call's number back and EIP goes back by 2: to the
 * INT 80h, or to whatever two bytes stand before SYSENTER_RETURN.
 */
static void call_restart(struct registers *registers, uint32_t number)
{
    note("process %d: call %d was interrupted (%s): EAX = %u, EIP %08xh -> %08xh", current->pid,
         registers->orig_eax, restart_name((int32_t)registers->eax), number, registers->eip,
         registers->eip - 2);
    registers->eax = number;
    registers->eip -= 2;
    counters.restarts++;
}

/* `action`: of the handler that is about to run; NULL when none is. */
static void call_settle(struct registers *registers, const struct sigaction *action)
{
    const int32_t answer = (int32_t)registers->eax;
    if (registers->orig_eax < 0)
        return;
    if (action != NULL && (answer == -ERESTARTNOHAND || answer == -ERESTART_RESTARTBLOCK ||
                           (answer == -ERESTARTSYS && !(action->flags & SA_RESTART)))) {
        note("process %d: call %d was interrupted (%s) by a handler: the answer is -EINTR", current->pid,
             registers->orig_eax, restart_name(answer));
        registers->eax = (uint32_t)-EINTR;
    } else if (answer == -ERESTARTSYS || answer == -ERESTARTNOINTR || answer == -ERESTARTNOHAND) {
        call_restart(registers, (uint32_t)registers->orig_eax);
    } else if (answer == -ERESTART_RESTARTBLOCK) {
        counters.restart_calls++;
        call_restart(registers, CALL_RESTART);
    }
    registers->orig_eax = -1; /* settled: a second signal must not take another 2 from EIP */
}

/* Runs the handler, or answers 0 for a signal that has none. */
static int handler_start(struct registers *registers, int signal)
{
    struct sigaction *action = &current->actions[signal - 1];
    if (action->handler == SIG_DFL || action->handler == SIG_IGN)
        return 0;
    call_settle(registers, action);
    if (sigframe_push(registers, signal, action) != 0) {
        note("process %d: no room for the frame of signal %d at %08xh", current->pid, signal, registers->esp);
        task_exit(SIGSEGV);
    }
    current->blocked |= action->mask & ~UNBLOCKABLE;
    if (!(action->flags & SA_NODEFER))
        current->blocked |= SIGNAL_BIT(signal);
    return 1;
}

static void default_do(int signal)
{
    if (signal == SIGSTOP) {
        note("process %d stops", current->pid);
        current->state = TASK_STOPPED;
        task_schedule();
        note("process %d goes on", current->pid);
    } else if (!(SIGNAL_BIT(signal) & IGNORED_BY_DEFAULT) &&
               current->actions[signal - 1].handler == SIG_DFL) {
        note("process %d ends by signal %d", current->pid, signal);
        task_exit((uint32_t)signal);
    }
}

void signals_deliver(struct registers *registers)
{
    int handled = 0;
    while (!handled && signal_is_pending()) {
        const int signal = __builtin_ctz(current->pending & ~current->blocked) + 1;
        current->pending &= ~SIGNAL_BIT(signal);
        handled = handler_start(registers, signal);
        if (!handled)
            default_do(signal);
    }
    if (!handled)
        call_settle(registers, NULL);
    work_update(current);
}

int32_t call_kill(struct registers *registers)
{
    struct task *task = task_find((int32_t)registers->ebx);
    if (registers->ecx > SIGNALS)
        return -EINVAL;
    if (task == NULL)
        return -ESRCH;
    if (registers->ecx != 0)
        signal_send(task, (int)registers->ecx);
    return 0;
}

int32_t call_rt_sigaction(struct registers *registers)
{
    const uint32_t signal = registers->ebx;
    struct sigaction action;
    if (signal == 0 || signal > SIGNALS || SIGNAL_BIT(signal) & UNBLOCKABLE)
        return -EINVAL;
    if (registers->ecx != 0 && copy_from_user(&action, registers->ecx, sizeof action) != 0)
        return -EFAULT;
    if (registers->edx != 0 &&
        copy_to_user(registers->edx, &current->actions[signal - 1], sizeof action) != 0)
        return -EFAULT;
    if (registers->ecx != 0)
        current->actions[signal - 1] = action;
    return 0;
}

int32_t call_rt_sigprocmask(struct registers *registers)
{
    uint32_t masks[2];
    const uint32_t old[2] = {current->blocked, 0};
    if (registers->ecx != 0) {
        if (copy_from_user(masks, registers->ecx, sizeof masks) != 0)
            return -EFAULT;
        const uint32_t how = registers->ebx;
        if (how > SIG_SETMASK)
            return -EINVAL;
        current->blocked = (how == SIG_BLOCK     ? current->blocked | masks[0]
                            : how == SIG_UNBLOCK ? current->blocked & ~masks[0]
                                                 : masks[0]) &
                           ~UNBLOCKABLE;
        work_update(current);
    }
    return registers->edx != 0 ? copy_to_user(registers->edx, old, sizeof old) : 0;
}

int32_t call_sigaltstack(struct registers *registers)
{
    const struct sigstack old = current->signal_stack;
    struct sigstack stack;
    if (registers->ebx != 0) {
        if (copy_from_user(&stack, registers->ebx, sizeof stack) != 0)
            return -EFAULT;
        if (registers->esp - old.base < old.size)
            return -EPERM; /* it is in use */
        current->signal_stack = stack;
    }
    return registers->ecx != 0 ? copy_to_user(registers->ecx, &old, sizeof old) : 0;
}
