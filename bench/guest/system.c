/* What a kernel does for its programs: system calls, processes, pipes, pages; and code that rewrites itself. */
#include "kernel.h"
#include "workload.h"

#define PAGE_SIZE     4096u
#define FAULT_PAGES   64u
#define MADV_DONTNEED 4u
#define CODE_STEPS    100u

/* The check value counts the right answers: process numbers differ from machine to machine. */
uint32_t run_getpid_sysenter(uint32_t count)
{
    const int32_t expected = kernel_call(SYS_getpid, 0, 0, 0);
    uint32_t right = 0;
    if (process.vdso_entry == 0)
        give_up("the kernel offers no vDSO entry (AT_SYSINFO)");
    for (uint32_t i = 0; i < count; i++) {
        int32_t result;
        asm volatile("call *%1" : "=a"(result) : "r"(process.vdso_entry), "0"(SYS_getpid) : "memory", "cc");
        right += result == expected;
    }
    return right;
}

uint32_t run_getpid_int80(uint32_t count)
{
    const int32_t expected = kernel_call(SYS_getpid, 0, 0, 0);
    uint32_t right = 0;
    for (uint32_t i = 0; i < count; i++)
        right += kernel_call(SYS_getpid, 0, 0, 0) == expected;
    return right;
}

/* Each child runs this program anew, which ends at once with a status that is not 0. */
uint32_t run_fork_exec(uint32_t count)
{
    uint32_t check = CHECK_START;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t status = 0;
        const int32_t child = kernel_call(SYS_fork, 0, 0, 0);
        if (child < 0)
            give_up("fork failed");
        if (child == 0) {
            const char *const arguments[] = {process.path, "child", 0};
            const char *const environment[] = {0};
            kernel_call(SYS_execve, (uint32_t)process.path, (uint32_t)arguments, (uint32_t)environment);
            kernel_call(SYS_exit, 1, 0, 0);
        }
        if (kernel_call(SYS_waitpid, (uint32_t)child, (uint32_t)&status, 0) != child)
            give_up("wait failed");
        check = check_add(check, status);
    }
    return check;
}

/* A word goes to a child and comes back plus one: two context switches each time. */
uint32_t run_pipe(uint32_t count)
{
    int32_t there[2], back[2];
    uint32_t word = 0;
    if (kernel_call(SYS_pipe, (uint32_t)there, 0, 0) != 0 || kernel_call(SYS_pipe, (uint32_t)back, 0, 0) != 0)
        give_up("pipe failed");
    const int32_t child = kernel_call(SYS_fork, 0, 0, 0);
    if (child < 0)
        give_up("fork failed");
    if (child == 0) {
        for (uint32_t i = 0; i < count; i++) {
            kernel_call(SYS_read, (uint32_t)there[0], (uint32_t)&word, sizeof word);
            word++;
            kernel_call(SYS_write, (uint32_t)back[1], (uint32_t)&word, sizeof word);
        }
        kernel_call(SYS_exit, 0, 0, 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        word = word * 5 + i;
        kernel_call(SYS_write, (uint32_t)there[1], (uint32_t)&word, sizeof word);
        if (kernel_call(SYS_read, (uint32_t)back[0], (uint32_t)&word, sizeof word) != sizeof word)
            give_up("a pipe broke");
    }
    kernel_call(SYS_waitpid, (uint32_t)child, 0, 0);
    return word;
}

/* Each page is given back to the kernel and faulted in again, empty. */
uint32_t run_page_fault(uint32_t count)
{
    uint8_t *pages = memory_map(FAULT_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);
    uint32_t check = CHECK_START;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t page = 0; page < FAULT_PAGES; page++) {
            uint8_t *at = pages + page * PAGE_SIZE + (i + page) % PAGE_SIZE;
            check = check_add(check, *(volatile uint8_t *)at);
            *at = 0xff;
        }
        if (kernel_call(SYS_madvise, (uint32_t)pages, FAULT_PAGES * PAGE_SIZE, MADV_DONTNEED) != 0)
            give_up("madvise failed");
    }
    kernel_call(SYS_munmap, (uint32_t)pages, FAULT_PAGES * PAGE_SIZE, 0);
    return check;
}

/*
 * A small function whose constant changes before every call. MOV EAX,
 * imm32 is B8h, XOR EAX, imm32 is 35h, RET is C3h (SDM 2A).
 */
uint32_t run_self_modifying(uint32_t count)
{
    static const uint8_t text[] = {0xb8, 0, 0, 0, 0, 0x35, 0x78, 0x56, 0x34, 0x12, 0xc3};
    uint8_t *code = memory_map(PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
    uint32_t check = CHECK_START;
    for (uint32_t i = 0; i < sizeof text; i++)
        code[i] = text[i];
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t step = 0; step < CODE_STEPS; step++) {
            *(volatile uint32_t *)(code + 1) = i * CODE_STEPS + step;
            asm volatile("" : : : "memory");
            check = check_add(check, ((uint32_t(*)(void))code)());
        }
    }
    kernel_call(SYS_munmap, (uint32_t)code, PAGE_SIZE, 0);
    return check;
}
