/*
 * Counts system calls by both ways into the kernel: INT 80h, and the entry that the kernel itself offers in
 * its vDSO (auxiliary vector entry AT_SYSINFO), which uses SYSENTER on processors that have it. After each
 * call the answer and the registers that the kernel's convention keeps are compared. A static i386 program
 * without a C library.
 *
 *   syscalls [CALLS]     CALLS by each way, 20000 unless told; exit status 0 when all were right
 */
#include <stdint.h>

#define AT_NULL       0
#define AT_SYSINFO    32 /* address of the vDSO's system call entry */
#define SYS_exit      1
#define SYS_write     4
#define SYS_getpid    20
#define SYS_getppid   64
#define CALLS_DEFAULT 20000

/* The kernel keeps all registers but EAX; four of them carry a pattern through the call. */
struct call {
    uint32_t eax, ebx, esi, edi, ebp;
};

/* EBP cannot be named as an operand, and EBX must be free to hold the pattern: hence the pushes. */
#define CALL_THROUGH(instruction)                                                                      \
    asm volatile("pushl %%ebp\n\t"                                                                     \
                 "pushl %%ecx\n\t"                                                                     \
                 "movl %%edx, %%ebp\n\t" instruction "\n\t"                                            \
                 "popl %%ecx\n\t"                                                                      \
                 "movl %%ebp, %%edx\n\t"                                                               \
                 "popl %%ebp"                                                                          \
                 : "+a"(call->eax), "+b"(call->ebx), "+S"(call->esi), "+D"(call->edi), "+d"(call->ebp) \
                 : "c"(entry)                                                                          \
                 : "memory", "cc")

static void call_by_int80(struct call *call, uint32_t entry)
{
    CALL_THROUGH("int $0x80");
}

static void call_by_vdso(struct call *call, uint32_t entry)
{
    CALL_THROUGH("call *%%ecx");
}

static uint32_t kernel(uint32_t number, uint32_t b, uint32_t c, uint32_t d)
{
    uint32_t result;
    asm volatile("int $0x80" : "=a"(result) : "0"(number), "b"(b), "c"(c), "d"(d) : "memory");
    return result;
}

static void print(const char *text)
{
    uint32_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    kernel(SYS_write, 1, (uint32_t)text, length);
}

static void print_number(uint32_t value)
{
    char digits[11];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print(at);
}

/* Number of calls that came back wrong. */
static uint32_t count_wrong(void (*way)(struct call *, uint32_t), uint32_t entry, uint32_t calls)
{
    const uint32_t answers[2] = {kernel(SYS_getpid, 0, 0, 0), kernel(SYS_getppid, 0, 0, 0)};
    const uint32_t numbers[2] = {SYS_getpid, SYS_getppid};
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < calls; i++) {
        struct call call = {numbers[i & 1], i * 0x9e3779b9u, ~i, i << 16 | 0x5aa5, i ^ 0x0f0f0f0f};
        const struct call before = call;
        way(&call, entry);
        if (call.eax != answers[i & 1] || call.ebx != before.ebx || call.esi != before.esi ||
            call.edi != before.edi || call.ebp != before.ebp) {
            wrong++;
        }
    }
    return wrong;
}

/* SYSENTER is 0Fh 34h; the vDSO's entry holds it within its first bytes when the kernel uses it. */
static int entry_has_sysenter(uint32_t entry)
{
    const uint8_t *code = (const uint8_t *)entry;
    for (int i = 0; i < 16; i++) {
        if (code[i] == 0x0f && code[i + 1] == 0x34) {
            return 1;
        }
    }
    return 0;
}

static uint32_t report(const char *way, uint32_t calls, uint32_t wrong)
{
    print("syscalls: ");
    print_number(calls);
    print(" calls by ");
    print(way);
    print(", ");
    print_number(wrong);
    print(" wrong\n");
    return wrong;
}

static uint32_t parse_calls(const char *text)
{
    uint32_t value = 0;
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (uint32_t)(*text++ - '0');
    }
    return value != 0 ? value : CALLS_DEFAULT;
}

/* The initial stack: argc, argv, NULL, environment, NULL, pairs of the auxiliary vector. */
__attribute__((used)) static void run(const uint32_t *stack)
{
    const uint32_t argc = stack[0];
    const uint32_t calls = argc > 1 ? parse_calls((const char *)stack[2]) : CALLS_DEFAULT;
    const uint32_t *vector = stack + 1 + argc + 1;
    uint32_t entry = 0;
    uint32_t wrong;
    while (*vector++ != 0) {
    }
    for (; vector[0] != AT_NULL; vector += 2) {
        if (vector[0] == AT_SYSINFO) {
            entry = vector[1];
        }
    }
    wrong = report("INT 80h", calls, count_wrong(call_by_int80, 0, calls));
    if (entry == 0) {
        print("syscalls: the kernel offers no vDSO entry (AT_SYSINFO)\n");
        wrong++;
    } else {
        wrong += report(entry_has_sysenter(entry) ? "the vDSO with SYSENTER" : "the vDSO without SYSENTER",
                        calls, count_wrong(call_by_vdso, entry, calls));
    }
    kernel(SYS_exit, wrong != 0, 0, 0);
}

asm(".globl _start\n"
    "_start:\n"
    "    xorl %ebp, %ebp\n"
    "    movl %esp, %eax\n"
    "    andl $-16, %esp\n"
    "    subl $12, %esp\n"
    "    pushl %eax\n"
    "    call run\n"
    "    hlt\n");
