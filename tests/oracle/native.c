/*
 * The host's processor as an oracle: a freestanding 32-bit Linux program that runs programs of the batch one by one
 * and notes with what exception, registers and memory each ended.
 *
 * Descriptors: 0 commands (a number of programs), 1 replies (the same number), 3 the batch, a shared file.
 *
 * Nothing but this image and the arena is left mapped, so that a stray access faults here as it does in the
 * emulator. After that the program gives up all system calls but read and write: random bytes that become an INT
 * 80h can then do no more than end it. A program that never ends is the starter's affair, who kills the process.
 */
#include "protocol.h"

#define SYS_exit           1
#define SYS_read           3
#define SYS_write          4
#define SYS_munmap         91
#define SYS_modify_ldt     123
#define SYS_mprotect       125
#define SYS_prctl          172
#define SYS_rt_sigaction   174
#define SYS_sigaltstack    186
#define SYS_mmap2          192
#define PROT_READ          1
#define PROT_WRITE         2
#define PROT_EXEC          4
#define MAP_SHARED         1
#define MAP_PRIVATE        2
#define MAP_FIXED          0x10
#define MAP_ANONYMOUS      0x20
#define MAP_POPULATE       0x8000
#define SA_SIGINFO         4u
#define SA_RESTORER        0x04000000u
#define SA_ONSTACK         0x08000000u
#define SA_NODEFER         0x40000000u
#define PR_SET_SECCOMP     22
#define SECCOMP_STRICT     1
#define BATCH_DESCRIPTOR   3
#define FIRST_FOREIGN_PAGE 0x80000000u /* the kernel puts stack and vDSO above this image */
#define TASK_SIZE          0xffffe000u

struct signal_action {
    void (*handler)(void);
    uint32_t flags;
    void (*restorer)(void);
    uint32_t mask[2];
};

struct signal_stack {
    void *base;
    uint32_t flags;
    uint32_t size;
};

/* The kernel's struct ucontext of 32-bit programs, up to what is used here. */
struct signal_context {
    uint32_t flags, link;
    struct signal_stack stack;
    uint16_t gs, gs_high, fs, fs_high, es, es_high, ds, ds_high;
    uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
    uint32_t trapno, error_code, eip;
    uint16_t cs, cs_high;
    uint32_t eflags, esp_at_signal;
    uint16_t ss, ss_high;
    uint32_t fpstate, oldmask, cr2;
};

struct user_descriptor {
    uint32_t entry, base, limit;
    uint32_t bits; /* seg_32bit, contents:2, read_exec_only, limit_in_pages, seg_not_present, useable */
};

/* In the order of POPA and POPF. */
struct entry_registers {
    uint32_t edi, esi, ebp, esp_ignored, ebx, edx, ecx, eax, eflags;
    uint16_t es, ds, fs, gs;
};

struct far_pointer {
    uint32_t offset;
    uint16_t selector;
};

void native_main(void);
void program_enter(const struct entry_registers *entry);
void program_leave(void);
void signal_restorer(void);
void outcome_store(const struct signal_context *context);

extern struct far_pointer entry_stack, entry_target;

static uint8_t alternate_stack[65536] __attribute__((aligned(64)));
static uint32_t arena_before[ARENA_PAGES * ORACLE_PAGE / 4] __attribute__((aligned(64)));
static uint32_t capabilities;
static struct oracle_outcome *outcome;

static int32_t system_call(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
    int32_t result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory");
    return result;
}

static _Noreturn void leave(uint32_t status)
{
    for (;;)
        system_call(SYS_exit, status, 0, 0, 0, 0);
}

static int32_t map(uint32_t address, uint32_t size, uint32_t protection, uint32_t flags, int32_t descriptor)
{
    /* The sixth argument, the offset, goes in EBP. */
    register uint32_t result __asm__("eax") = SYS_mmap2;
    __asm__ volatile("pushl %%ebp\n\t"
                     "xorl %%ebp, %%ebp\n\t"
                     "int $0x80\n\t"
                     "popl %%ebp"
                     : "+a"(result)
                     : "b"(address), "c"(size), "d"(protection), "S"(flags | MAP_FIXED | MAP_POPULATE),
                       "D"(descriptor)
                     : "memory");
    return (int32_t)result;
}

static int region_absent(const struct arena_region *region)
{
    return region->low && !(capabilities & ORACLE_LOW_MEMORY);
}

static void arena_map(void)
{
    capabilities |= ORACLE_LOW_MEMORY;
    uint32_t *before = arena_before;
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        const struct arena_region *region = &arena_regions[i];
        uint32_t size = region->pages * ORACLE_PAGE;
        for (uint32_t at = 0; at < size; at += 4)
            *before++ = arena_word(region, region->base + at);
        if (region_absent(region))
            continue;
        uint32_t protection = PROT_READ | PROT_WRITE | (region->kind == ARENA_CODE ? PROT_EXEC : 0);
        int32_t mapped = map(region->base, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        if (mapped != (int32_t)region->base) {
            if (!region->low)
                leave(2);
            capabilities &= ~ORACLE_LOW_MEMORY;
            continue;
        }
        for (uint32_t at = 0; at < size; at += 4)
            *(volatile uint32_t *)(region->base + at) = arena_word(region, region->base + at);
        if (region->kind == ARENA_READ_ONLY)
            system_call(SYS_mprotect, region->base, size, PROT_READ, 0, 0);
    }
}

/* Notes what the last program changed, and undoes it. */
static void arena_restore(struct oracle_outcome *into)
{
    const uint32_t *before = arena_before;
    into->change_count = 0;
    into->change_hash = 0;
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        const struct arena_region *region = &arena_regions[i];
        uint32_t size = region->pages * ORACLE_PAGE;
        if (region->kind != ARENA_READ_ONLY && !region_absent(region)) {
            for (uint32_t at = 0; at < size; at += ORACLE_LINE)
                arena_line_restore((uint32_t *)(region->base + at), before + at / 4, region->base + at, into);
        }
        before += size / 4;
    }
}

static void program_prepare(const struct oracle_program *program)
{
    for (uint32_t i = 0; i < program->code_length; i++)
        ((volatile uint8_t *)program->code_address)[i] = program->code[i];
    for (uint32_t i = 0; i < program->patch_count; i++)
        *(volatile uint32_t *)program->patches[i].address = program->patches[i].value;
}

static void program_run(const struct oracle_program *program)
{
    const uint32_t *registers = program->registers;
    struct entry_registers entry = {
        .eax = registers[0],
        .ecx = registers[1],
        .edx = registers[2],
        .ebx = registers[3],
        .ebp = registers[5],
        .esi = registers[6],
        .edi = registers[7],
        .eflags = program->eflags,
        .es = program->segments[0],
        .ds = program->segments[3],
        .fs = program->segments[4],
        .gs = program->segments[5],
    };
    entry_stack = (struct far_pointer){registers[4], program->segments[2]};
    entry_target = (struct far_pointer){program->eip, program->segments[1]};
    program_enter(&entry);
}

static int has_error_code(uint32_t vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

void outcome_store(const struct signal_context *context)
{
    const uint32_t registers[8] = {context->eax, context->ecx, context->edx, context->ebx,
                                   context->esp, context->ebp, context->esi, context->edi};
    for (unsigned i = 0; i < 8; i++)
        outcome->registers[i] = registers[i];
    const uint16_t segments[6] = {context->es, context->cs, context->ss,
                                  context->ds, context->fs, context->gs};
    for (unsigned i = 0; i < 6; i++)
        outcome->segments[i] = segments[i];
    outcome->eip = context->eip;
    outcome->eflags = context->eflags;
    outcome->vector = context->trapno;
    outcome->error_code = has_error_code(context->trapno) ? context->error_code : 0;
    outcome->cr2 = context->trapno == 14 ? context->cr2 : 0;
}

static void signals_catch(void)
{
    const struct signal_stack stack = {alternate_stack, 0, sizeof alternate_stack};
    system_call(SYS_sigaltstack, (uint32_t)&stack, 0, 0, 0, 0);
    const struct signal_action action = {
        .handler = program_leave,
        .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER,
        .restorer = signal_restorer,
    };
    static const uint8_t signals[] = {4, 5, 7, 8, 11}; /* SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV */
    for (unsigned i = 0; i < sizeof signals; i++)
        if (system_call(SYS_rt_sigaction, signals[i], (uint32_t)&action, 0, 8, 0) != 0)
            leave(3);
}

static void ldt_write(void)
{
    capabilities |= ORACLE_LDT;
    for (uint32_t i = 0; i < ORACLE_LDT_ENTRIES; i++) {
        const struct oracle_segment *segment = &oracle_segments[i];
        const struct user_descriptor descriptor = {
            .entry = i,
            .base = segment->base,
            .limit = segment->limit,
            .bits = segment->wide | segment->contents << 1 | segment->read_only << 3,
        };
        if (system_call(SYS_modify_ldt, 0x11, (uint32_t)&descriptor, sizeof descriptor, 0, 0) != 0)
            capabilities &= ~ORACLE_LDT;
    }
}

void native_main(void)
{
    struct oracle_batch *batch = (struct oracle_batch *)ORACLE_SHARED_BASE;
    if (map(ORACLE_SHARED_BASE, sizeof *batch, PROT_READ | PROT_WRITE, MAP_SHARED, BATCH_DESCRIPTOR) !=
        (int32_t)ORACLE_SHARED_BASE)
        leave(4);
    arena_map();
    ldt_write();
    signals_catch();
    system_call(SYS_munmap, FIRST_FOREIGN_PAGE, TASK_SIZE - FIRST_FOREIGN_PAGE, 0, 0, 0);
    if (system_call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_STRICT, 0, 0, 0) != 0)
        leave(5);

    uint32_t word = ORACLE_HELLO | capabilities;
    do {
        if (system_call(SYS_write, 1, (uint32_t)&word, sizeof word, 0, 0) != sizeof word)
            leave(0);
        if (system_call(SYS_read, 0, (uint32_t)&word, sizeof word, 0, 0) != sizeof word)
            leave(0);
        for (uint32_t i = 0; i < word; i++) {
            outcome = &batch->outcomes[i];
            program_prepare(&batch->programs[i]);
            program_run(&batch->programs[i]);
            arena_restore(outcome);
        }
    } while (word <= ORACLE_BATCH);
    leave(0);
}
