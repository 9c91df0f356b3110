/* The parts of the kernel, to each other. */
#ifndef IMAGES_LINUX26_KERNEL_H
#define IMAGES_LINUX26_KERNEL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "linux26/abi.h"
#include "linux26/layout.h"

/*
 * What every way into the kernel leaves on its stack (entry.S). The first six are the arguments of a system
 * call, in order.
 */
struct registers {
    uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
    uint32_t ds, es;
    int32_t orig_eax; /* the call's number; -1: no call */
    uint32_t eip, cs, eflags, esp, ss;
};

/* memory.c: an address space. A clone may share it. */
struct space {
    uint32_t *directory;
    uint32_t mapped_to; /* next free address of mmap2 */
    unsigned users;     /* tasks; 0: a free slot */
    uint8_t vsyscall;   /* enum vsyscall */
};

enum task_state { TASK_FREE, TASK_READY, TASK_SLEEPING, TASK_STOPPED, TASK_ZOMBIE };

struct task {
    volatile uint32_t work; /* WORK_*; the first field, entry.S tests it */
    enum task_state state;
    int32_t pid, parent;
    struct space *space;
    uint8_t *stack_top;
    uint32_t esp; /* on that stack, while it does not run */
    uint32_t fs, gs;
    uint64_t tls;    /* descriptor of the program's own segment */
    uint32_t status; /* of a zombie, as waitpid gives it */
    uint32_t clear_on_exit;
    uint32_t wake_at;                  /* tick; 0: none */
    uint32_t timer_at, timer_interval; /* setitimer, in ticks */
    struct {
        uint32_t until, remaining;
    } restart;                 /* of an interrupted nanosleep */
    uint32_t pending, blocked; /* signals, bit 0 is signal 1 */
    struct sigaction actions[SIGNALS];
    struct sigstack signal_stack;
    uint32_t fault_address, fault_error, fault_vector;
    int narrate;  /* this many more calls are described */
    int narrated; /* the last one was */
};

/*
 * "Call it again": answers of system calls that no program sees. signals.c turns them into a restart or -EINTR.
 */
#define ERESTARTSYS           512 /* again if the handler was installed with SA_RESTART, or if there was none */
#define ERESTARTNOINTR        513 /* again in any case */
#define ERESTARTNOHAND        514 /* again if there was no handler */
#define ERESTART_RESTARTBLOCK 516 /* the same, but as restart_syscall */

/* entry.S */
void sysenter_entry(void);
void sysenter_past_esp(void);
void entry_call(void);
void entry_timer(void);
void task_begin(void);
extern void (*const entry_exceptions[32])(void);
uint32_t user_copy(void *to, const void *from, uint32_t size);
void task_switch(uint32_t *save_esp, uint32_t esp);

/* boot.S, vsyscall.S, linux26.ld */
extern uint8_t stack_top[];
extern const uint8_t init_program[], init_program_end[];
extern uint8_t vsyscall_int80[], vsyscall_sysenter[], vsyscall_sysenter_later[];
extern const uint32_t exceptions_start[][2], exceptions_end[][2];

/* lib/exit.S */
_Noreturn void machine_exit(int failures);

/* segments.c */
void segments_init(uint32_t kernel_stack);
void segments_set_kernel_stack(uint32_t esp0);
void segments_set_tls(uint64_t descriptor);
uint64_t segments_tls_descriptor(const struct user_desc *wanted);
uint32_t segments_tss_end(void);

/* memory.c. Physical pages by their number of users; 0: no page left. */
void memory_init(void);
uint32_t page_take(void);
struct space *space_create(void);
struct space *space_copy(const struct space *space); /* copy-on-write; NULL: no memory */
void space_share(struct space *space);
void space_release(struct space *space);
void space_load(const struct space *space);
int space_map_new(struct space *space, uint32_t linear, int writable); /* a page of zeros; 0 or -ENOMEM */
int space_map(struct space *space, uint32_t linear, uint32_t physical, int writable);
int space_set_vsyscall(struct space *space, uint32_t variant);
int space_resolve_fault(struct space *space, uint32_t linear, uint32_t error); /* nonzero: try again */
static inline void *physical_pointer(uint32_t physical)
{
    return (void *)(physical + PAGE_OFFSET);
}

/* user_copy with the bounds of the program's memory checked: 0 or -EFAULT. */
int copy_from_user(void *to, uint32_t from, uint32_t size);
int copy_to_user(uint32_t to, const void *from, uint32_t size);

/* program.c: gives the task the program, a stack and registers; `features` are those of CPUID. */
void program_load(struct task *task, uint32_t features);

/* main.c */
extern int sysenter_usable;

/* tasks.c */
extern struct task *current;
struct task *task_create(void); /* NULL: none free */
struct task *task_find(int32_t pid);
struct registers *task_registers(const struct task *task);
void task_prepare(struct task *task); /* its first switch goes to task_begin */
void task_wake(struct task *task);
void task_schedule(void);             /* interrupts are off */
void task_sleep_until(uint32_t tick); /* 0: until a signal */
_Noreturn void task_exit(uint32_t status);
_Noreturn void tasks_run(void);
void tasks_tick(void);
int32_t call_fork(struct registers *registers);
int32_t call_clone(struct registers *registers);
int32_t call_waitpid(struct registers *registers);
int32_t call_exit(struct registers *registers);

/* signals.c */
void signal_send(struct task *task, int signal);
void signal_force(int signal); /* of a fault of the program itself: cannot be blocked or ignored */
int signal_is_pending(void);
void signals_deliver(struct registers *registers);
int32_t call_kill(struct registers *registers);
int32_t call_rt_sigaction(struct registers *registers);
int32_t call_rt_sigprocmask(struct registers *registers);
int32_t call_sigaltstack(struct registers *registers);

/* sigframe.c */
int sigframe_push(struct registers *registers, int signal, const struct sigaction *action); /* 0 or -EFAULT */
int32_t call_sigreturn(struct registers *registers);
int32_t call_rt_sigreturn(struct registers *registers);

/* calls.c; the last two are called by entry.S */
void calls_init(void);
void system_call(struct registers *registers);
void system_call_without_stack(struct registers *registers);

/* traps.c, called by entry.S */
extern uint32_t debug_stack; /* ESP of the last #DB that came at the first instruction after SYSENTER */
void exception_handle(struct registers *registers, uint32_t vector, uint32_t error);
void debug_handle(struct registers *registers);
void timer_handle(struct registers *registers);
void task_work(struct registers *registers);
void frame_refused(void);

/*
 * report.c: text for the reader, and the table of checks. A check's description has at most CHECK_TEXT - 1
 * characters.
 */
#define CHECK_TEXT 80
extern uint32_t count_sysenters, count_int80s, count_sysexits, count_irets, count_fetch_faults,
    count_entry_traps;
extern struct counters counters; /* those that C code counts */
extern volatile uint32_t ticks;
void print_text(const char *text);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void check(int good, const char *what);
struct counters counters_get(void);
_Noreturn void report_end(void);
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline uint32_t interrupts_off(void)
{
    uint32_t eflags;
    asm volatile("pushfl\n\tpopl %0\n\tcli" : "=r"(eflags) : : "memory");
    return eflags;
}

static inline void interrupts_restore(uint32_t eflags)
{
    if (eflags & EFLAGS_IF)
        asm volatile("sti" : : : "memory");
}

#endif
