/*
 * What kernel and program agree on: call numbers, error numbers, signals and the structures in the program's
 * memory. Numbers and layouts are those of Linux on i386; the calls from 400 on are our own.
 */
#ifndef IMAGES_LINUX26_ABI_H
#define IMAGES_LINUX26_ABI_H

#define CALL_RESTART         0 /* what a restarted nanosleep becomes */
#define CALL_EXIT            1
#define CALL_FORK            2
#define CALL_WRITE           4
#define CALL_WAITPID         7
#define CALL_GETPID          20
#define CALL_PAUSE           29
#define CALL_KILL            37
#define CALL_GETPPID         64
#define CALL_SETITIMER       104
#define CALL_SIGRETURN       119
#define CALL_CLONE           120
#define CALL_SCHED_YIELD     158
#define CALL_NANOSLEEP       162
#define CALL_RT_SIGRETURN    173
#define CALL_RT_SIGACTION    174
#define CALL_RT_SIGPROCMASK  175
#define CALL_SIGALTSTACK     186
#define CALL_MMAP2           192
#define CALL_SET_THREAD_AREA 243
#define CALL_NARRATE         400 /* EBX: how many of the caller's next calls the kernel describes */
#define CALL_CHECK           401 /* EBX: good?, ECX: what was checked; a line of the table at the end */
#define CALL_COUNTERS        402 /* EBX: a struct counters to fill */
#define CALL_VSYSCALL        403 /* EBX: which page the caller finds at FFFFE000h from now on */

#define EPERM  1
#define ESRCH  3
#define EINTR  4
#define EBADF  9
#define ECHILD 10
#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EINVAL 22
#define ENOSYS 38

/* AT_SYSINFO and its like on the stack of a new program. */
#define AT_NULL         0
#define AT_PHDR         3
#define AT_PHENT        4
#define AT_PHNUM        5
#define AT_PAGESZ       6
#define AT_ENTRY        9
#define AT_HWCAP        16
#define AT_CLKTCK       17
#define AT_SYSINFO      32
#define AT_SYSINFO_EHDR 33

#define SIGHUP  1
#define SIGTRAP 5
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGALRM 14
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGNALS 32 /* this many and no more; Linux has 64 */
#define SIG_DFL 0
#define SIG_IGN 1

#define SA_SIGINFO 0x00000004
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define CLONE_VM             0x00000100
#define CLONE_FS             0x00000200
#define CLONE_FILES          0x00000400
#define CLONE_SETTLS         0x00080000
#define CLONE_PARENT_SETTID  0x00100000
#define CLONE_CHILD_CLEARTID 0x00200000

#define WNOHANG       1
#define MAP_SHARED    1
#define MAP_ANONYMOUS 0x20
#define PROT_READ     1
#define PROT_WRITE    2

/* The only file there is, open in every process: 4 pages, each beginning with its own number in words. */
#define NOTES_FILE  3
#define NOTES_PAGES 4

#ifndef __ASSEMBLER__
#include <stdint.h>

enum vsyscall { VSYSCALL_INT80, VSYSCALL_SYSENTER, VSYSCALL_SYSENTER_LATER, VSYSCALLS };

struct timespec {
    int32_t seconds, nanoseconds;
};

struct itimerval {
    struct {
        int32_t seconds, microseconds;
    } interval, value;
};

struct sigaction {
    uint32_t handler;
    uint32_t flags;
    uint32_t restorer;
    uint32_t mask, mask_high; /* bit 0 is signal 1 */
};

struct sigstack {
    uint32_t base;
    uint32_t flags;
    uint32_t size;
};

/* The registers of the interrupted program, in both kinds of frame. */
struct sigcontext {
    uint32_t gs, fs, es, ds;
    uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
    uint32_t trap, error;
    uint32_t eip, cs, eflags, esp_at_signal, ss;
    uint32_t fpstate; /* 0: this kernel has no floating point */
    uint32_t oldmask, cr2;
};

struct siginfo {
    int32_t signal, error, code;
    uint32_t address; /* or the sender's process number */
    uint32_t unused[28];
};

struct ucontext {
    uint32_t flags, link;
    struct sigstack stack;
    struct sigcontext registers;
    uint32_t mask, mask_high;
};

/* What a handler finds on its stack: a return address, its arguments, then what sigreturn will read. */
struct sigframe {
    uint32_t return_address;
    uint32_t signal;
    struct sigcontext registers;
    uint32_t extra_mask;
    uint8_t code[8]; /* never executed: debuggers know a signal frame by these bytes */
};

struct rt_sigframe {
    uint32_t return_address;
    uint32_t signal, info_address, context_address;
    struct siginfo info;
    struct ucontext context;
    uint8_t code[8];
};

struct user_desc {
    uint32_t entry, base, limit;
    uint32_t flags;
};

/* What the kernel counted since the start. */
struct counters {
    uint32_t sysenters, int80s;       /* system calls by their way in */
    uint32_t sysexits, irets;         /* and by their way out, signals and all */
    uint32_t fetch_faults, fixups;    /* of the sixth argument; of all kinds */
    uint32_t entry_traps;             /* #DB at the first instruction after SYSENTER */
    uint32_t restarts, restart_calls; /* calls begun anew; those of them that became restart_syscall */
    uint32_t ticks, ticks_in_kernel;
    uint32_t switches, preemptions;
    uint32_t pages_copied, pages_kept; /* at a write to a shared page: copied, or the last user keeps it */
    uint32_t pages_used;               /* now, not since the start */
};
#endif

#endif
