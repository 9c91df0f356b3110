/* 32-bit code on an x86-64 host; see native.h. */
#define _GNU_SOURCE
#include "native.h"

#if defined(__x86_64__) && defined(__linux__)

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* The host's memory below 4 GiB: NATIVE_CODE, NATIVE_DATA, and behind them what switches modes. */
#define MAP_BEGIN 0x10000u
#define MAP_END   0x40000u
#define SWITCH    0x30000u /* 32-bit code: entry, and the exit at SWITCH_EXIT */
#define THUNK     0x30800u /* 64-bit code, for the way back */
#define CONTEXT   0x31000u
#define CODE32    0x23 /* selectors of Linux: __USER32_CS, __USER_CS */
#define CODE64    0x33

struct far_pointer {
    uint32_t offset;
    uint32_t selector;
};

/* At CONTEXT; the assembly below knows the layout. */
struct context {
    uint32_t gpr[8];
    uint32_t eflags; /* 20h */
    uint32_t reserved[5];
    uint64_t rsp;             /* 38h */
    struct far_pointer enter; /* 40h */
    struct far_pointer leave; /* 48h */
    uint32_t code;            /* 50h: NATIVE_CODE */
    uint32_t exit;            /* 54h: the exit in SWITCH */
    uint32_t running;
    int32_t vector;
};

void native_enter(void);
extern const uint8_t native_return[], native_switch[], native_switch_exit[], native_switch_end[];

/* 2Bh is __USER_DS: 64-bit code leaves DS and ES null, which 32-bit code cannot use. */
__asm__(".text\n"
        "native_enter:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "  mov $0x2b, %eax; mov %eax, %ds; mov %eax, %es\n"
        "  movq %rsp, 0x31038\n"
        "  ljmp *0x31040\n"
        "native_return:\n"
        "  movq 0x31038, %rsp\n"
        "  cld\n"
        "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "  ret\n"
        ".code32\n"
        "native_switch:\n"
        "  mov $0x31ff0, %esp\n"
        "  pushl 0x31020; popfl\n"
        "  movl 0x31000, %eax; movl 0x31004, %ecx; movl 0x31008, %edx; movl 0x3100c, %ebx\n"
        "  movl 0x31010, %esp; movl 0x31014, %ebp; movl 0x31018, %esi; movl 0x3101c, %edi\n"
        "  jmp *0x31050\n"
        "native_switch_exit:\n"
        "  movl %eax, 0x31000; movl %ecx, 0x31004; movl %edx, 0x31008; movl %ebx, 0x3100c\n"
        "  movl %esp, 0x31010; movl %ebp, 0x31014; movl %esi, 0x31018; movl %edi, 0x3101c\n"
        "  mov $0x31ff0, %esp\n"
        "  pushfl; popl 0x31020\n"
        "  cld\n"
        "  ljmp *0x31048\n"
        "native_switch_end:\n"
        ".code64\n");

static struct context *context(void)
{
    return (struct context *)(uintptr_t)CONTEXT;
}

/* A fault of the instruction: keep its registers and leave by the way native_enter was entered. */
static void caught(int signal_number, siginfo_t *info, void *user)
{
    (void)info;
    ucontext_t *host = user;
    greg_t *registers = host->uc_mcontext.gregs;
    if (!context()->running) {
        signal(signal_number, SIG_DFL);
        return;
    }
    static const int order[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    for (int i = 0; i < 8; i++)
        context()->gpr[i] = (uint32_t)registers[order[i]];
    context()->eflags = (uint32_t)registers[REG_EFL];
    context()->vector = (int32_t)registers[REG_TRAPNO];
    registers[REG_RIP] = (greg_t)(uintptr_t)native_return;
    registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~(greg_t)0xffff) | CODE64;
}

static bool signals_catch(void)
{
    static uint8_t stack[65536];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    if (sigaltstack(&alternative, NULL) != 0)
        return false;
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    static const int signals[] = {SIGFPE, SIGSEGV, SIGILL, SIGBUS};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (sigaction(signals[i], &action, NULL) != 0)
            return false;
    }
    return true;
}

/*
 * The memory is there from the start: an instruction that took a page fault of the host's own might be restarted
 * with its memory half changed (ENTER whose frame grows into its display).
 */
bool native_open(void)
{
    static bool open;
    if (open)
        return true;
    void *wanted = (void *)(uintptr_t)MAP_BEGIN;
    void *got = mmap(wanted, MAP_END - MAP_BEGIN, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);
    if (got != wanted)
        return false;
    memcpy((void *)(uintptr_t)SWITCH, native_switch, (size_t)(native_switch_end - native_switch));
    uint8_t thunk[12] = {0x48, 0xb8, [10] = 0xff, 0xe0}; /* MOV RAX, native_return; JMP RAX */
    uint64_t back = (uint64_t)(uintptr_t)native_return;
    memcpy(thunk + 2, &back, sizeof back);
    memcpy((void *)(uintptr_t)THUNK, thunk, sizeof thunk);
    *context() = (struct context){
        .enter = {SWITCH, CODE32},
        .leave = {THUNK, CODE64},
        .code = NATIVE_CODE,
        .exit = SWITCH + (uint32_t)(native_switch_exit - native_switch),
    };
    open = signals_catch();
    return open;
}

int native_run(const uint8_t *bytes, size_t size, struct native_registers *registers)
{
    static const uint8_t leave[] = {0xff, 0x25, 0x54, 0x10, 0x03, 0x00}; /* JMP [CONTEXT.exit] */
    uint8_t *code = (uint8_t *)(uintptr_t)NATIVE_CODE;
    memcpy(code, bytes, size);
    memcpy(code + size, leave, sizeof leave);
    struct context *c = context();
    memcpy(c->gpr, registers->gpr, sizeof c->gpr);
    c->eflags = registers->eflags | 0x202;
    c->vector = NATIVE_NO_FAULT;
    c->running = 1;
    __asm__ volatile("" ::: "memory");
    native_enter();
    __asm__ volatile("" ::: "memory");
    c->running = 0;
    memcpy(registers->gpr, c->gpr, sizeof c->gpr);
    registers->eflags = c->eflags & 0xcd5;
    return c->vector;
}

#else

bool native_open(void)
{
    return false;
}

int native_run(const uint8_t *bytes, size_t size, struct native_registers *registers)
{
    (void)bytes, (void)size, (void)registers;
    return NATIVE_NO_FAULT;
}

#endif
