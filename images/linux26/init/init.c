/*
 * The first process: what it finds at its start, and the simple scenes. The others are in scenes.c and
 * signals.c.
 */
#include "linux26/init/init.h"

#define CPUID_TSC 0x010u
#define CPUID_SEP 0x800u
#define LOOPS     1000

_Noreturn void init_main(const uint32_t *stack);

/* The beginning of a program header and of a symbol, as far as they are needed to find a name. */
struct elf_segment {
    uint32_t type, offset, linear, physical, file_size, memory_size, flags, align;
};

struct elf_symbol {
    uint32_t name, value, size, kind;
};

/* The thread's own segment: word 4 holds what AT_SYSINFO said. */
static uint32_t thread_block[8];
static int has_counter; /* RDTSC */

static uint32_t auxiliary(const uint32_t *vector, uint32_t type)
{
    for (; vector[0] != AT_NULL; vector += 2)
        if (vector[0] == type)
            return vector[1];
    return 0;
}

/* Far below what the kernel gave at the start. */
static uint32_t stack_touch(void)
{
    volatile uint32_t deep[20000];
    for (unsigned i = 0; i < 20000; i += 1000)
        deep[i] = i;
    return deep[1000];
}

static int text_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The address of a function of the page, by its name: as a dynamic linker looks it up. */
static uint32_t page_symbol(uint32_t base, const char *name)
{
    const struct elf_segment *segments = (const struct elf_segment *)(base + *(const uint32_t *)(base + 28));
    const uint32_t *dynamic = (const uint32_t *)segments[1].linear;
    const uint32_t *hash = (const uint32_t *)auxiliary(dynamic, 4);
    const char *names = (const char *)auxiliary(dynamic, 5);
    const struct elf_symbol *symbols = (const struct elf_symbol *)auxiliary(dynamic, 6);
    for (uint32_t i = hash[2]; i != 0; i = hash[2 + hash[0] + i])
        if (text_same(names + symbols[i].name, name))
            return symbols[i].value;
    return 0;
}

static void bytes_say(uint32_t at, unsigned count)
{
    char text[80];
    unsigned length = 0;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t byte = ((const uint8_t *)at)[i];
        text[length++] = "0123456789ABCDEF"[byte >> 4];
        text[length++] = "0123456789ABCDEF"[byte & 15];
        text[length++] = ' ';
    }
    text[length] = '\0';
    say("  %08xh  %s", at, text);
}

void scene_start(const uint32_t *stack)
{
    const uint32_t *vector = stack + stack[0] + 2;
    while (*vector++ != 0) {
    }
    const uint32_t base = auxiliary(vector, AT_SYSINFO_EHDR);
    const uint32_t features = auxiliary(vector, AT_HWCAP);
    sysinfo = auxiliary(vector, AT_SYSINFO);
    has_sysenter = (features & CPUID_SEP) != 0;
    has_counter = (features & CPUID_TSC) != 0;
    title("2. What a program finds on its stack");
    say("ESP = %08xh: argc %u, argv[0] \"%s\", environment \"%s\"", (uint32_t)stack, stack[0],
        (const char *)stack[1], (const char *)stack[3]);
    say("AT_SYSINFO %08xh, AT_SYSINFO_EHDR %08xh, AT_HWCAP %08xh, AT_PAGESZ %u", sysinfo, base, features,
        auxiliary(vector, AT_PAGESZ));
    say("the code of the page, one line for each of its functions:");
    bytes_say(VSYSCALL_ENTRY, has_sysenter ? 20 : 3);
    bytes_say(VSYSCALL_SIGRETURN, 8);
    bytes_say(VSYSCALL_RT_SIGRETURN, 7);
    expect(text_same((const char *)stack[1], "linux26-init"), "argv[0] is the program's name");
    expect(auxiliary(vector, AT_PAGESZ) == PAGE_SIZE && auxiliary(vector, AT_PHNUM) != 0,
           "the auxiliary vector is whole");
    expect(stack_touch() == 1000, "the stack grows where it is touched");
    expect(*(const uint32_t *)base == 0x464c457f, "AT_SYSINFO_EHDR leads to an ELF header");
    expect(page_symbol(base, "__kernel_vsyscall") == sysinfo,
           "__kernel_vsyscall, found by name, is AT_SYSINFO");
    expect(page_symbol(base, "__kernel_sigreturn") == VSYSCALL_SIGRETURN,
           "__kernel_sigreturn is found by name");
    expect(page_symbol(base, "__kernel_rt_sigreturn") == VSYSCALL_RT_SIGRETURN,
           "__kernel_rt_sigreturn is found by name");
    expect(*(const uint16_t *)(VSYSCALL_ENTRY + (has_sysenter ? 5 : 0)) == (has_sysenter ? 0x340f : 0x80cd),
           has_sysenter ? "CPUID says SEP: the page enters by SYSENTER"
                        : "no SEP: the page enters by INT 80h");
}

/* LOOPS calls with all registers filled; the number of those after which one was wrong. */
static unsigned calls_wrong(void)
{
    unsigned wrong = 0;
    for (uint32_t i = 0; i < LOOPS; i++)
        wrong += !call_is_good(i);
    return wrong;
}

static uint32_t cycles_of(int32_t (*way)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                                         uint32_t))
{
    uint32_t before, after;
    asm volatile("rdtsc" : "=a"(before) : : "edx");
    for (uint32_t i = 0; i < LOOPS; i++)
        way(CALL_GETPID, 0, 0, 0, 0, 0, 0);
    asm volatile("rdtsc" : "=a"(after) : : "edx");
    return after - before;
}

static void thread_block_set(void)
{
    struct user_desc segment = {(uint32_t)-1, (uint32_t)thread_block, 0xfffff, 0};
    thread_block[4] = sysinfo;
    call(CALL_SET_THREAD_AREA, (uint32_t)&segment, 0, 0);
    asm volatile("movl %0, %%gs" : : "r"(segment.entry * 8 + 3));
}

void scene_call(void)
{
    title("3. One call there and back");
    call_int80(CALL_NARRATE, 1, 0, 0, 0, 0, 0);
    const int32_t by_page = call_page(CALL_GETPID, 0xb, 0xc, 0xd, 0x51, 0xd1, 0xb9);
    call_int80(CALL_NARRATE, 1, 0, 0, 0, 0, 0);
    const int32_t by_int80 = call_int80(CALL_GETPID, 0xb, 0xc, 0xd, 0x51, 0xd1, 0xb9);
    expect(by_page == 1 && by_int80 == 1, "both ways answer the same");
    const struct counters before = counters_get();
    const unsigned wrong = calls_wrong();
    const struct counters after = counters_get();
    const uint32_t entered = has_sysenter ? after.sysenters - before.sysenters : after.int80s - before.int80s;
    const uint32_t sysexits = after.sysexits - before.sysexits;
    if (has_counter && has_sysenter)
        say("1000 calls in cycles of the time-stamp counter: %u by SYSENTER, %u by INT 80h",
            cycles_of(call_page), cycles_of(call_int80));
    expect(wrong == 0, "1000 calls keep EBX, ECX, EDX, ESI, EDI, EBP and ESP; IF is on afterwards");
    expect(entered == LOOPS + 1, "they came in by the page's way");
    expect(has_sysenter ? sysexits > LOOPS / 2 : sysexits == 0,
           has_sysenter ? "nearly all of them left by SYSEXIT" : "none of them left by SYSEXIT");
    struct counters filled = {0};
    struct observed o = {CALL_COUNTERS, (uint32_t)&filled, 0, 0, 0, 0, 0, EFLAGS_IF | EFLAGS_DF, 0};
    call_observed(&o);
    expect(filled.sysenters + filled.int80s > LOOPS, "a call with DF set: the kernel clears it for itself");
    thread_block_set();
    expect(call_thread(CALL_GETPID, 0, 0, 0, 0, 0, 0) == 1, "the C library's way, CALL GS:[10h], works, too");
    expect(call(999, 0, 0, 0) == -ENOSYS, "a call that does not exist answers -ENOSYS");
    expect(call(CALL_WRITE, 1, 0x10, 5) == -EFAULT, "a text at an absent address: -EFAULT");
    expect(call(CALL_WRITE, 1, PAGE_OFFSET + 0x100000, 5) == -EFAULT,
           "a text in the kernel's memory: -EFAULT");
}

void init_main(const uint32_t *stack)
{
    scene_start(stack);
    scene_call();
    scene_arguments();
    scene_fork();
    scene_clone();
    scene_signals();
    scene_restart();
    scene_step();
    scene_schedule();
    scene_storm();
    exit(0);
}
