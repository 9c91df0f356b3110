/*
 * The first process of the benchmark's guest; also an ordinary program for an x86 Linux host. Runs each workload
 * named on its command line and frames it by two lines, at whose arrival the host reads the processor time of the
 * emulator:
 *
 *   NAME,COUNT...      prints   bench: begin NAME COUNT
 *                               bench: end NAME COUNT CHECK
 *
 * and at last "bench: done". A static i386 program without a C library. As process 1 it then switches the machine off.
 */
#include "kernel.h"
#include "workload.h"

#define AT_NULL    0
#define AT_SYSINFO 32

#define TCSBRK                 0x5409
#define REBOOT_MAGIC           0xfee1deadu
#define REBOOT_MAGIC_2         672274793u
#define REBOOT_POWER_OFF       0x4321fedcu
#define CHILD_ARGUMENT         "child"
#define CHILD_STATUS           42
#define MMAP_PRIVATE_ANONYMOUS 0x22u

struct workload {
    const char *name;
    uint32_t (*run)(uint32_t count);
};

static uint32_t run_nothing(uint32_t count)
{
    return count;
}

static const struct workload workloads[] = {
    {"empty", run_nothing},
    {"getpid-sysenter", run_getpid_sysenter},
    {"getpid-int80", run_getpid_int80},
    {"fork-exec", run_fork_exec},
    {"pipe", run_pipe},
    {"page-fault", run_page_fault},
    {"self-modifying", run_self_modifying},
    {"mix", run_mix},
    {"sha256", run_sha256},
    {"crc32", run_crc32},
    {"compress", run_compress},
    {"sort", run_sort},
    {"recursion", run_recursion},
    {"interpreter", run_interpreter},
    {"wide", run_wide},
    {"copy-rep", run_copy_rep},
    {"copy-plain", run_copy_plain},
    {"nbody-x87", run_nbody_x87},
    {"nbody-sse2", run_nbody_sse2},
    {"mandelbrot-x87", run_mandelbrot_x87},
    {"mandelbrot-sse2", run_mandelbrot_sse2},
};

struct process process;

static uint32_t text_length(const char *text)
{
    uint32_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

static int text_equal(const char *a, const char *b, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

void give_up(const char *why)
{
    kernel_call(SYS_write, 1, (uint32_t) "bench: error: ", 14);
    kernel_call(SYS_write, 1, (uint32_t)why, text_length(why));
    kernel_call(SYS_write, 1, (uint32_t) "\n", 1);
    for (;;)
        kernel_call(SYS_exit, 1, 0, 0);
}

void *memory_map(uint32_t size, uint32_t rights)
{
    /* mmap2 has six arguments; the sixth, the offset, goes in EBP. */
    int32_t result;
    asm volatile("pushl %%ebp\n\t"
                 "xorl %%ebp, %%ebp\n\t"
                 "int $0x80\n\t"
                 "popl %%ebp"
                 : "=a"(result)
                 : "0"(SYS_mmap2), "b"(0), "c"(size), "d"(rights), "S"(MMAP_PRIVATE_ANONYMOUS), "D"(-1)
                 : "memory");
    if (result < 0 && result > -4096)
        give_up("no memory");
    return (void *)result;
}

static char *append(char *at, const char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        *at++ = text[i];
    return at;
}

static char *append_number(char *at, uint32_t value, uint32_t base)
{
    char digits[10];
    int used = 0;
    do {
        digits[used++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    *at++ = ' ';
    while (used != 0)
        *at++ = digits[--used];
    return at;
}

/* One line at a time, and gone from the serial line before the work begins: the host reads its clock at the newline. */
static void line_send(char *line, char *end)
{
    *end++ = '\n';
    kernel_call(SYS_write, 1, (uint32_t)line, (uint32_t)(end - line));
    kernel_call(SYS_ioctl, 1, TCSBRK, 1);
}

static uint32_t number_parse(const char *text)
{
    uint32_t value = 0;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (uint32_t)(*text++ - '0');
    return value;
}

static void workload_run(const char *argument)
{
    char line[160];
    uint32_t length = 0;
    while (argument[length] != ',' && argument[length] != '\0')
        length++;
    if (argument[length] == '\0' || length > 40)
        give_up("a workload is NAME,COUNT");
    const uint32_t count = number_parse(argument + length + 1);
    for (unsigned i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        if (text_length(workloads[i].name) != length || !text_equal(workloads[i].name, argument, length))
            continue;
        line_send(line,
                  append_number(append(append(line, "bench: begin ", 13), argument, length), count, 10));
        const uint32_t check = workloads[i].run(count);
        char *end = append_number(append(append(line, "bench: end ", 11), argument, length), count, 10);
        line_send(line, append_number(end, check, 16));
        return;
    }
    give_up("no such workload");
}

/* The initial stack: argc, argv, NULL, environment, NULL, pairs of the auxiliary vector. */
__attribute__((used)) static void start(const uint32_t *stack)
{
    const uint32_t argc = stack[0];
    const char *const *argv = (const char *const *)(stack + 1);
    if (argc == 2 && text_equal(argv[1], CHILD_ARGUMENT, sizeof CHILD_ARGUMENT))
        kernel_call(SYS_exit, CHILD_STATUS, 0, 0);
    process.path = argv[0];
    const uint32_t *vector = stack + 1 + argc + 1;
    while (*vector++ != 0) {
    }
    for (; vector[0] != AT_NULL; vector += 2)
        if (vector[0] == AT_SYSINFO)
            process.vdso_entry = vector[1];
    for (uint32_t i = 1; i < argc; i++)
        workload_run(argv[i]);
    char line[16];
    line_send(line, append(line, "bench: done", 11));
    if (kernel_call(SYS_getpid, 0, 0, 0) == 1)
        kernel_call(SYS_reboot, REBOOT_MAGIC, REBOOT_MAGIC_2, REBOOT_POWER_OFF);
    kernel_call(SYS_exit, 0, 0, 0);
}

asm(".globl _start\n"
    "_start:\n"
    "    xorl %ebp, %ebp\n"
    "    movl %esp, %eax\n"
    "    andl $-16, %esp\n"
    "    subl $12, %esp\n"
    "    pushl %eax\n"
    "    call start\n"
    "    hlt\n");
