/* Tasks: their life from fork or clone to waitpid, sleep, and who runs next. */
#include "linux26/kernel.h"

#define TASKS 12

static struct task tasks[TASKS]; /* the first is the one that runs when no other can */
static uint8_t stacks[TASKS][KERNEL_STACK_SIZE] __attribute__((aligned(16)));
static int32_t last_pid;
struct task *current = tasks;

struct task *task_create(void)
{
    for (unsigned i = 1; i < TASKS; i++) {
        if (tasks[i].state != TASK_FREE)
            continue;
        tasks[i] = (struct task){.pid = ++last_pid, .stack_top = stacks[i] + KERNEL_STACK_SIZE};
        return &tasks[i];
    }
    return NULL;
}

struct task *task_find(int32_t pid)
{
    for (struct task *task = tasks + 1; task < tasks + TASKS; task++)
        if (task->state != TASK_FREE && task->pid == pid)
            return task;
    return NULL;
}

struct registers *task_registers(const struct task *task)
{
    return (struct registers *)task->stack_top - 1;
}

void task_prepare(struct task *task)
{
    uint32_t *stack = (uint32_t *)task_registers(task);
    *--stack = (uint32_t)task_begin;
    task->esp = (uint32_t)(stack - 4); /* EBP, EBX, ESI and EDI of task_switch: any value will do */
    task->state = TASK_READY;
}

void task_wake(struct task *task)
{
    if (task->state == TASK_SLEEPING)
        task->state = TASK_READY;
}

/* The next ready task after this one, in turn; the first of the table when there is none. */
static struct task *task_choose(void)
{
    const unsigned at = (unsigned)(current - tasks);
    for (unsigned i = 1; i <= TASKS; i++) {
        struct task *task = &tasks[(at + i) % TASKS];
        if (task != tasks && task->state == TASK_READY)
            return task;
    }
    return tasks;
}

void task_schedule(void)
{
    struct task *previous = current;
    struct task *next = task_choose();
    previous->work &= ~(uint32_t)WORK_RESCHEDULE;
    if (next == previous)
        return;
    counters.switches++;
    asm volatile("movl %%fs, %0\n\tmovl %%gs, %1" : "=r"(previous->fs), "=r"(previous->gs));
    current = next;
    space_load(next->space);
    segments_set_kernel_stack((uint32_t)next->stack_top);
    segments_set_tls(next->tls);
    asm volatile("movl %0, %%fs\n\tmovl %1, %%gs" : : "r"(next->fs), "r"(next->gs));
    task_switch(&previous->esp, next->esp);
}

void task_sleep_until(uint32_t tick)
{
    current->wake_at = tick;
    current->state = TASK_SLEEPING;
    task_schedule();
    current->wake_at = 0;
}

void tasks_run(void)
{
    for (;;) {
        asm volatile("cli");
        task_schedule();
        asm volatile("sti\n\thlt" : : : "memory"); /* STI lets no interrupt in before HLT */
    }
}

void tasks_tick(void)
{
    int others = 0;
    for (struct task *task = tasks + 1; task < tasks + TASKS; task++) {
        if (task->state == TASK_SLEEPING && task->wake_at != 0 && ticks >= task->wake_at)
            task_wake(task);
        if (task->state != TASK_FREE && task->timer_at != 0 && ticks >= task->timer_at) {
            task->timer_at = task->timer_interval != 0 ? ticks + task->timer_interval : 0;
            signal_send(task, SIGALRM);
        }
        others |= task != current && task->state == TASK_READY;
    }
    if (others)
        current->work |= WORK_RESCHEDULE;
}

/* What fork and clone have in common: the child is its parent but for the registers and the space given to it. */
static struct task *task_copy(struct space *space)
{
    struct task *child = task_create();
    if (child == NULL)
        return NULL;
    const struct task fresh = *child;
    *child = *current;
    child->work = 0;
    child->pid = fresh.pid;
    child->stack_top = fresh.stack_top;
    child->parent = current->pid;
    child->space = space;
    child->pending = child->wake_at = child->timer_at = child->clear_on_exit = 0;
    child->narrate = child->narrated = 0;
    asm volatile("movl %%fs, %0\n\tmovl %%gs, %1" : "=r"(child->fs), "=r"(child->gs));
    *task_registers(child) = *task_registers(current);
    task_registers(child)->eax = 0; /* how the child knows that it is the child */
    return child;
}

static struct task *task_copy_with_space(int share)
{
    struct space *space = share ? current->space : space_copy(current->space);
    if (space == NULL)
        return NULL;
    if (share)
        space_share(space);
    struct task *child = task_copy(space);
    if (child == NULL)
        space_release(space);
    return child;
}

static void child_describe(const struct task *child)
{
    const struct registers *registers = task_registers(child);
    if (!current->narrated)
        return;
    note("  child %d has a copy of this frame, but EAX = 0 and ESP = %08xh (here %08xh);", child->pid,
         registers->esp, task_registers(current)->esp);
    note("  it begins by IRET at the same EIP %08xh", registers->eip);
}

int32_t call_fork(struct registers *registers)
{
    (void)registers;
    struct task *child = task_copy_with_space(0);
    if (child == NULL)
        return -EAGAIN;
    const int32_t pid = child->pid; /* the child may be gone when it has been made ready */
    child_describe(child);
    task_prepare(child);
    return pid;
}

/*
 * clone(flags, stack, parent's pid word, TLS, child's pid word). There is no function among the arguments: the
 * child comes back from the same system call at the same address, only with EAX = 0 and another stack pointer.
 * What it does there is the library's business.
 */
int32_t call_clone(struct registers *registers)
{
    const uint32_t supported =
        0xff | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    const uint32_t flags = registers->ebx;
    struct user_desc tls;
    if (flags & ~supported)
        return -EINVAL;
    if (flags & CLONE_SETTLS && copy_from_user(&tls, registers->esi, sizeof tls) != 0)
        return -EFAULT;
    struct task *child = task_copy_with_space(flags & CLONE_VM);
    if (child == NULL)
        return -EAGAIN;
    const int32_t pid = child->pid;
    if (registers->ecx != 0)
        task_registers(child)->esp = registers->ecx;
    if (flags & CLONE_SETTLS)
        child->tls = segments_tls_descriptor(&tls);
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_on_exit = registers->edi;
    if (flags & CLONE_PARENT_SETTID && copy_to_user(registers->edx, &pid, sizeof pid) != 0)
        note("clone: no place for the child's number at %08xh", registers->edx);
    child_describe(child);
    task_prepare(child);
    return pid;
}

void task_exit(uint32_t status)
{
    const uint32_t zero = 0;
    if (current->pid == 1) {
        check(status == 0, "the first process came to its end");
        report_end();
    }
    if (current->clear_on_exit != 0)
        (void)copy_to_user(current->clear_on_exit, &zero, sizeof zero);
    asm volatile("cli");
    for (struct task *task = tasks + 1; task < tasks + TASKS; task++)
        if (task->state != TASK_FREE && task->parent == current->pid)
            task->parent = 1;
    struct space *space = current->space;
    current->space = NULL;
    current->status = status;
    current->state = TASK_ZOMBIE;
    current->timer_at = 0;
    space_load(NULL);
    space_release(space);
    struct task *parent = task_find(current->parent);
    if (parent != NULL) {
        signal_send(parent, SIGCHLD);
        task_wake(parent); /* it may be in waitpid */
    }
    task_schedule();
    panic("a dead task runs");
}

int32_t call_exit(struct registers *registers)
{
    task_exit((registers->ebx & 0xff) << 8);
}

/* A dead child that fits; *any tells whether there is a child that fits at all. */
static struct task *child_find(int32_t pid, int *any)
{
    *any = 0;
    for (struct task *task = tasks + 1; task < tasks + TASKS; task++) {
        if (task->state == TASK_FREE || task->parent != current->pid || (pid > 0 && task->pid != pid))
            continue;
        *any = 1;
        if (task->state == TASK_ZOMBIE)
            return task;
    }
    return NULL;
}

/* waitpid(pid or -1, where to store the status or 0, options) */
int32_t call_waitpid(struct registers *registers)
{
    int any;
    const uint32_t eflags = interrupts_off();
    struct task *child = child_find((int32_t)registers->ebx, &any);
    while (child == NULL && any && !(registers->edx & WNOHANG) && !signal_is_pending()) {
        task_sleep_until(0);
        child = child_find((int32_t)registers->ebx, &any);
    }
    interrupts_restore(eflags);
    if (child == NULL)
        return !any ? -ECHILD : registers->edx & WNOHANG ? 0 : -ERESTARTSYS;
    const int32_t pid = child->pid;
    const uint32_t status = child->status;
    if (registers->ecx != 0 && copy_to_user(registers->ecx, &status, sizeof status) != 0)
        return -EFAULT;
    child->state = TASK_FREE;
    return pid;
}
