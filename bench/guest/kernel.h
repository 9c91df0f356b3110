/* System calls of Linux for i386, as far as the workloads need them. */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <stdint.h>

#define SYS_exit    1
#define SYS_fork    2
#define SYS_read    3
#define SYS_write   4
#define SYS_waitpid 7
#define SYS_execve  11
#define SYS_getpid  20
#define SYS_pipe    42
#define SYS_ioctl   54
#define SYS_reboot  88
#define SYS_munmap  91
#define SYS_madvise 219
#define SYS_mmap2   192

/* What the program learned at its start. */
struct process {
    const char *path;    /* its own file, for execve */
    uint32_t vdso_entry; /* AT_SYSINFO: the kernel's way in; 0: there is none */
};

extern struct process process;

/* The kernel's answer: a negative error number when it failed. */
static inline int32_t kernel_call(uint32_t number, uint32_t b, uint32_t c, uint32_t d)
{
    int32_t result;
    asm volatile("int $0x80" : "=a"(result) : "0"(number), "b"(b), "c"(c), "d"(d) : "memory");
    return result;
}

/* An anonymous private mapping with rights PROT_*; never returns when there is no memory. */
void *memory_map(uint32_t size, uint32_t rights);

#define PROT_READ  1u
#define PROT_WRITE 2u
#define PROT_EXEC  4u

/* Says why on standard output and ends the process with status 1. */
__attribute__((noreturn)) void give_up(const char *why);

#endif
