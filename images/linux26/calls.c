/* The table of system calls, and those of them that need no room of their own. */
#include "linux26/kernel.h"

#define TICKS_PER_SECOND 1000
#define NANOSECONDS      1000000000
#define PER_TICK_NS      (NANOSECONDS / TICKS_PER_SECOND)
#define PER_TICK_US      1000
#define LINE_SIZE        200
#define FLAG_NOT_PRESENT 0x20u /* struct user_desc */

static uint8_t notes_pages[NOTES_PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* write(file, text, length): files 1 and 2 are the console. */
static int32_t call_write(struct registers *registers)
{
    char line[LINE_SIZE];
    const uint32_t length = registers->edx < LINE_SIZE - 1 ? registers->edx : LINE_SIZE - 1;
    if (registers->ebx != 1 && registers->ebx != 2)
        return -EBADF;
    if (copy_from_user(line, registers->ecx, length) != 0)
        return -EFAULT;
    line[length] = '\0';
    print_text(line);
    return (int32_t)length;
}

static int32_t call_getpid(struct registers *registers)
{
    (void)registers;
    return current->pid;
}

static int32_t call_getppid(struct registers *registers)
{
    (void)registers;
    return current->parent;
}

static int32_t call_sched_yield(struct registers *registers)
{
    (void)registers;
    const uint32_t eflags = interrupts_off();
    task_schedule();
    interrupts_restore(eflags);
    return 0;
}

static int32_t call_pause(struct registers *registers)
{
    (void)registers;
    const uint32_t eflags = interrupts_off();
    while (!signal_is_pending())
        task_sleep_until(0);
    interrupts_restore(eflags);
    return -ERESTARTNOHAND;
}

/* Sleeps, and notes what is needed to go on sleeping should a signal come in between. */
static int32_t sleep_until(uint32_t until, uint32_t remaining)
{
    const uint32_t eflags = interrupts_off();
    while (ticks < until && !signal_is_pending())
        task_sleep_until(until);
    const uint32_t left = ticks < until ? until - ticks : 0;
    interrupts_restore(eflags);
    if (left == 0)
        return 0;
    current->restart.until = until;
    current->restart.remaining = remaining;
    const struct timespec rest = {(int32_t)(left / TICKS_PER_SECOND),
                                  (int32_t)(left % TICKS_PER_SECOND * PER_TICK_NS)};
    if (remaining != 0 && copy_to_user(remaining, &rest, sizeof rest) != 0)
        return -EFAULT;
    return -ERESTART_RESTARTBLOCK;
}

/* nanosleep(how long, where to store the rest or 0) */
static int32_t call_nanosleep(struct registers *registers)
{
    struct timespec wanted;
    if (copy_from_user(&wanted, registers->ebx, sizeof wanted) != 0)
        return -EFAULT;
    if (wanted.seconds < 0 || wanted.seconds > 1000000 || wanted.nanoseconds < 0 ||
        wanted.nanoseconds >= NANOSECONDS)
        return -EINVAL;
    /* One tick more than asked for: the current one is already partly over. */
    const uint32_t length = (uint32_t)wanted.seconds * TICKS_PER_SECOND +
                            (uint32_t)(wanted.nanoseconds + PER_TICK_NS - 1) / PER_TICK_NS + 1;
    return sleep_until(ticks + length, registers->ecx);
}

/*
 * No program calls this by itself: its arguments are in the kernel, for EBX and ECX still hold those of the
 * first nanosleep.
 */
static int32_t call_restart_syscall(struct registers *registers)
{
    (void)registers;
    return sleep_until(current->restart.until, current->restart.remaining);
}

/* setitimer(0 = real time, new, old or 0) */
static int32_t call_setitimer(struct registers *registers)
{
    struct itimerval wanted;
    if (registers->ebx != 0 || registers->edx != 0)
        return -EINVAL; /* no other timer, no old value: NOT IMPLEMENTED */
    if (copy_from_user(&wanted, registers->ecx, sizeof wanted) != 0)
        return -EFAULT;
    const uint32_t value =
        (uint32_t)wanted.value.seconds * TICKS_PER_SECOND + (uint32_t)wanted.value.microseconds / PER_TICK_US;
    const uint32_t eflags = interrupts_off();
    current->timer_interval = (uint32_t)wanted.interval.seconds * TICKS_PER_SECOND +
                              (uint32_t)wanted.interval.microseconds / PER_TICK_US;
    current->timer_at = value != 0 ? ticks + value : 0;
    interrupts_restore(eflags);
    return 0;
}

static int32_t map_notes(uint32_t page)
{
    struct space *space = current->space;
    const uint32_t linear = space->mapped_to;
    if (page >= NOTES_PAGES)
        return -EINVAL;
    if (space_map(space, linear, (uint32_t)notes_pages[page] - PAGE_OFFSET, 0) != 0)
        return -ENOMEM;
    space->mapped_to += PAGE_SIZE;
    return (int32_t)linear;
}

/*
 * mmap2(address, length, protection, flags, file, offset in pages): the six arguments. The address is ours to
 * choose; memory is given at once; of the file, one page at a time.
 */
static int32_t call_mmap2(struct registers *registers)
{
    struct space *space = current->space;
    const uint32_t linear = space->mapped_to;
    const uint32_t size = (registers->ecx + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1u);
    if (size == 0 || size > 0x100000)
        return -EINVAL;
    if (!(registers->esi & MAP_ANONYMOUS)) {
        if (registers->edi != NOTES_FILE)
            return -EBADF;
        return size == PAGE_SIZE && registers->edx == PROT_READ ? map_notes(registers->ebp) : -EINVAL;
    }
    space->mapped_to += size;
    for (uint32_t at = linear; at < linear + size; at += PAGE_SIZE)
        if (space_map_new(space, at, (registers->edx & PROT_WRITE) != 0) != 0)
            return -ENOMEM;
    return (int32_t)linear;
}

/* One segment a task: GDT entry 6, selector 33h. */
static int32_t call_set_thread_area(struct registers *registers)
{
    struct user_desc wanted;
    if (copy_from_user(&wanted, registers->ebx, sizeof wanted) != 0)
        return -EFAULT;
    if (wanted.entry != (uint32_t)-1 && wanted.entry != TLS_ENTRY)
        return -EINVAL;
    wanted.entry = TLS_ENTRY;
    current->tls = wanted.flags & FLAG_NOT_PRESENT ? 0 : segments_tls_descriptor(&wanted);
    segments_set_tls(current->tls);
    return copy_to_user(registers->ebx, &wanted, sizeof wanted);
}

static int32_t call_narrate(struct registers *registers)
{
    current->narrate = (int)registers->ebx + 1; /* this call counts, too */
    return 0;
}

static int32_t call_check(struct registers *registers)
{
    char what[CHECK_TEXT];
    for (uint32_t i = 0; i < CHECK_TEXT; i++) {
        if (copy_from_user(what + i, registers->ecx + i, 1) != 0)
            return -EFAULT;
        if (what[i] == '\0') {
            check(registers->ebx != 0, what);
            return 0;
        }
    }
    return -EINVAL;
}

static int32_t call_counters(struct registers *registers)
{
    const struct counters now = counters_get();
    return copy_to_user(registers->ebx, &now, sizeof now);
}

static int32_t call_vsyscall(struct registers *registers)
{
    if (registers->ebx != VSYSCALL_INT80 && !sysenter_usable)
        return -ENOSYS;
    return space_set_vsyscall(current->space, registers->ebx);
}

static const struct {
    const char *name;
    int32_t (*function)(struct registers *registers);
} table[] = {
    [CALL_RESTART] = {"restart_syscall", call_restart_syscall},
    [CALL_EXIT] = {"exit", call_exit},
    [CALL_FORK] = {"fork", call_fork},
    [CALL_WRITE] = {"write", call_write},
    [CALL_WAITPID] = {"waitpid", call_waitpid},
    [CALL_GETPID] = {"getpid", call_getpid},
    [CALL_PAUSE] = {"pause", call_pause},
    [CALL_KILL] = {"kill", call_kill},
    [CALL_GETPPID] = {"getppid", call_getppid},
    [CALL_SETITIMER] = {"setitimer", call_setitimer},
    [CALL_SIGRETURN] = {"sigreturn", call_sigreturn},
    [CALL_CLONE] = {"clone", call_clone},
    [CALL_SCHED_YIELD] = {"sched_yield", call_sched_yield},
    [CALL_NANOSLEEP] = {"nanosleep", call_nanosleep},
    [CALL_RT_SIGRETURN] = {"rt_sigreturn", call_rt_sigreturn},
    [CALL_RT_SIGACTION] = {"rt_sigaction", call_rt_sigaction},
    [CALL_RT_SIGPROCMASK] = {"rt_sigprocmask", call_rt_sigprocmask},
    [CALL_SIGALTSTACK] = {"sigaltstack", call_sigaltstack},
    [CALL_MMAP2] = {"mmap2", call_mmap2},
    [CALL_SET_THREAD_AREA] = {"set_thread_area", call_set_thread_area},
    [CALL_NARRATE] = {"(narrate)", call_narrate},
    [CALL_CHECK] = {"(check)", call_check},
    [CALL_COUNTERS] = {"(counters)", call_counters},
    [CALL_VSYSCALL] = {"(vsyscall)", call_vsyscall},
};

static void narrate_entry(const struct registers *registers, int by_sysenter, const char *name)
{
    note("process %d comes in by %s, EAX = %d: %s", current->pid, by_sysenter ? "SYSENTER" : "INT 80h",
         registers->orig_eax, name);
    note("  arguments EBX %x, ECX %x, EDX %x, ESI %x, EDI %x, EBP %x%s", registers->ebx, registers->ecx,
         registers->edx, registers->esi, registers->edi, registers->ebp,
         by_sysenter ? " (fetched from the stack at ESP)" : "");
    if (by_sysenter)
        note(
            "  the MSRs gave CS %xh, SS %xh, EIP %08xh, ESP %08xh; its first instruction: ESP = ESP0 = %08xh",
            KERNEL_CS, KERNEL_DS, (uint32_t)sysenter_entry, segments_tss_end(), (uint32_t)current->stack_top);
    note("  %s SS %xh, ESP %08xh, EFLAGS %xh, CS %xh, EIP %08xh",
         by_sysenter ? "the kernel pushed:" : "the gate pushed:", registers->ss, registers->esp,
         registers->eflags, registers->cs, registers->eip);
    note("  with the registers it is %u bytes at %08xh, the top of the task's stack", sizeof *registers,
         (uint32_t)registers);
}

/* From here to the program no interrupt comes: what is said of the way out is true. */
static void narrate_exit(const struct registers *registers, int by_sysenter)
{
    (void)interrupts_off();
    const uint32_t work = current->work;
    const char *way = !by_sysenter             ? "IRET"
                      : work & WORK_SIGNAL     ? "IRET, for a signal is pending"
                      : work & WORK_STEP       ? "IRET, for TF must come back"
                      : work & WORK_IRET       ? "IRET, for all registers change"
                      : work & WORK_RESCHEDULE ? "IRET, after another task has run"
                                               : "SYSEXIT to EDX = SYSENTER_RETURN with ESP = ECX";
    note("  answer %d, out by %s", (int32_t)registers->eax, way);
}

void system_call(struct registers *registers)
{
    static uint32_t sysenters_before;
    const int by_sysenter = count_sysenters != sysenters_before;
    const uint32_t number = (uint32_t)registers->orig_eax;
    const int known = number < sizeof table / sizeof table[0] && table[number].function != NULL;
    const int narrate = current->narrate > 0;
    sysenters_before = count_sysenters;
    current->narrated = narrate;
    if (narrate)
        narrate_entry(registers, by_sysenter, known ? table[number].name : "no such call");
    registers->eax = (uint32_t)(known ? table[number].function(registers) : -ENOSYS);
    if (narrate)
        narrate_exit(registers, by_sysenter);
    current->narrate -= current->narrate > 0;
}

void system_call_without_stack(struct registers *registers)
{
    note("process %d came in by SYSENTER with EBP = %08xh: its sixth argument cannot be fetched, -EFAULT",
         current->pid, registers->esp);
    registers->eax = (uint32_t)-EFAULT;
}

void calls_init(void)
{
    for (uint32_t page = 0; page < NOTES_PAGES; page++)
        for (uint32_t i = 0; i < PAGE_SIZE / 4; i++)
            ((uint32_t *)notes_pages[page])[i] = page << 16 | i;
}
