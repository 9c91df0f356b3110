/*
 * What a transition costs, without an operating system: paging on, ring 3, and one loop for each. The command line
 * names the loops and their repetitions, NAME,COUNT..., and the same lines frame them as in guest/main.c.
 *
 * All pages may be used by ring 3: nothing is protected here that could be lost.
 */
#include "lib/boot_info.h"
#include "lib/ports.h"
#include "lib/print.h"
#include "lib/processor.h"
#include "lib/tables.h"
#include "loops.h"

#define PAGE_SIZE    4096u
#define PAGE_RIGHTS  7u /* SDM 3A 4.3: present, writable, user */
#define CR0_PG       0x80000000u
#define KERNEL_STACK 4096u
#define COM1_STATUS  0x3fd
#define COM1_EMPTY   0x40 /* the transmitter and its shift register */
#define PIC_MASK     0x21
#define MASK_VALUE   0xa5
#define GDT_ENTRIES  7

int kernel_main(uint32_t magic, const struct boot_info *info);

struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint32_t table[1024] __attribute__((aligned(4096)));
static uint32_t miss_pages[MISS_PAGES][1024] __attribute__((aligned(4096)));
static uint8_t kernel_stack[KERNEL_STACK] __attribute__((aligned(16)));
static uint64_t gdt[GDT_ENTRIES];

static void paging_start(void)
{
    for (uint32_t i = 0; i < 1024; i++)
        table[i] = i * PAGE_SIZE | PAGE_RIGHTS;
    directory[0] = (uint32_t)table | PAGE_RIGHTS;
    asm volatile("movl %0, %%cr3\n\t"
                 "movl %%cr0, %%eax\n\t"
                 "orl %1, %%eax\n\t"
                 "movl %%eax, %%cr0"
                 :
                 : "r"(directory), "i"(CR0_PG)
                 : "eax", "memory");
}

/* The GDT of lib/tables.c and one more descriptor: a 32-bit call gate for ring 3 (SDM 3A 5.8.3). */
static void call_gate_add(void)
{
    struct table_pointer pointer;
    const uint32_t offset = (uint32_t)entry_call_gate;
    asm volatile("sgdt %0" : "=m"(pointer));
    for (uint32_t i = 0; i < (pointer.limit + 1u) / 8; i++)
        gdt[i] = ((const uint64_t *)pointer.base)[i];
    gdt[CALL_GATE / 8] =
        (uint64_t)((offset & 0xffff0000) | 0xec00) << 32 | KERNEL_CODE << 16 | (offset & 0xffff);
    pointer = (struct table_pointer){sizeof gdt - 1, (uint32_t)gdt};
    asm volatile("lgdt %0" : : "m"(pointer));
}

static void processor_prepare(void)
{
    const uint32_t stack = (uint32_t)kernel_stack + sizeof kernel_stack;
    tables_load_gdt(stack);
    tables_load_idt();
    call_gate_add();
    tables_set_gate(CALL_VECTOR, entry_int80, 3);
    tables_set_gate(RETURN_VECTOR, entry_return, 3);
    tables_set_gate(UNDEFINED, entry_ud, 0);
    msr_write(IA32_SYSENTER_CS, KERNEL_CODE);
    msr_write(IA32_SYSENTER_ESP, stack);
    msr_write(IA32_SYSENTER_EIP, (uint32_t)entry_sysenter);
    for (uint32_t i = 0; i < MISS_PAGES; i++)
        miss_pages[i][0] = i + 1;
    port_write(PIC_MASK, MASK_VALUE);
    paging_start();
}

/* In ring 3; the check value is how often the kernel was entered. */
static uint32_t run_in_ring3(void (*loop)(void), uint32_t count)
{
    entries = 0;
    ring3_run(loop, count);
    return entries;
}

static uint32_t run(const char *name, uint32_t length, uint32_t count)
{
    static const struct {
        const char *name;
        void (*in_ring3)(void);
        uint32_t (*in_ring0)(uint32_t count);
    } loops[] = {
        {"empty", loop_empty, 0},
        {"bare-sysenter", loop_sysenter, 0},
        {"bare-int80", loop_int80, 0},
        {"bare-ud", loop_ud, 0},
        {"bare-call-gate", loop_call_gate, 0},
        {"bare-cr3", 0, 0},
        {"bare-port-out", 0, loop_port_out},
        {"bare-port-in", 0, loop_port_in},
    };
    for (unsigned i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        uint32_t same = 0;
        while (same < length && loops[i].name[same] == name[same])
            same++;
        if (same != length || loops[i].name[same] != '\0')
            continue;
        if (loops[i].in_ring3 != 0)
            return run_in_ring3(loops[i].in_ring3, count);
        return loops[i].in_ring0 != 0 ? loops[i].in_ring0(count) : loop_cr3(count, miss_pages[0]);
    }
    print_to(PRINT_SERIAL, "bench: error: no such loop\n");
    return 0;
}

static void number_send(uint32_t value, uint32_t base)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    *--at = ' ';
    print_to(PRINT_SERIAL, at);
}

static void words_send(const char *what, const char *name, uint32_t length, uint32_t count)
{
    print_to(PRINT_SERIAL, what);
    for (uint32_t i = 0; i < length; i++)
        print_character_to(PRINT_SERIAL, name[i]);
    number_send(count, 10);
}

/* A line that is still on its way would be sent while the loop runs. */
static void line_end(void)
{
    print_to(PRINT_SERIAL, "\n");
    for (uint32_t tries = 100000; tries != 0 && !(port_read(COM1_STATUS) & COM1_EMPTY); tries--) {
    }
}

static void word_run(const char *word, uint32_t name_length, uint32_t count)
{
    words_send("bench: begin ", word, name_length, count);
    line_end();
    const uint32_t check = run(word, name_length, count);
    words_send("bench: end ", word, name_length, count);
    number_send(check, 16);
    line_end();
}

/* Words without a comma, as a loader's name for the kernel, are not for us. */
static void words_run(const char *at)
{
    while (*at != '\0') {
        const char *word = at;
        while (*at != '\0' && *at != ' ' && *at != ',')
            at++;
        const uint32_t length = (uint32_t)(at - word);
        if (*at == ',') {
            uint32_t count = 0;
            for (at++; *at >= '0' && *at <= '9'; at++)
                count = count * 10 + (uint32_t)(*at - '0');
            word_run(word, length, count);
        }
        if (*at != '\0')
            at++;
    }
}

int kernel_main(uint32_t magic, const struct boot_info *info)
{
    print_init();
    if (magic != BOOT_MAGIC || !(info->flags & BOOT_HAS_COMMAND)) {
        print_to(PRINT_SERIAL, "bench: error: no command line\n");
        return 1;
    }
    processor_prepare();
    words_run(info->command_line);
    print_to(PRINT_SERIAL, "bench: done\n");
    return 0;
}
