/* GDT, IDT and TSS. */
#include "lib/tables.h"
#include "linux26/kernel.h"

/* SDM 3A 3.4.5 and 7.2.2: access byte and flags of a descriptor. */
#define ACCESS_CODE    0x9b
#define ACCESS_DATA    0x93
#define ACCESS_TASK    0x89
#define ACCESS_RING3   0x60
#define FLAGS_FLAT     0xc    /* 4 KiB granularity, 32-bit */
#define GATE_INTERRUPT 0x8e00 /* clears IF */
#define GATE_TRAP      0x8f00 /* leaves IF alone */
#define GATE_RING3     0x6000

/*
 * One TSS for all tasks: only ESP0 changes. Below its end lies the stack for the first instruction after
 * SYSENTER.
 */
static struct {
    uint32_t link;
    uint32_t esp0, ss0;
    uint32_t unused[22];
    uint16_t trap, io_map;
    uint32_t stack[TSS_STACK_WORDS];
} tss;
_Static_assert(sizeof tss == TSS_SIZE + 4 * TSS_STACK_WORDS, "layout.h knows the size");

struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

static uint64_t gdt[32];
static uint64_t idt[256];

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
    const uint32_t low = (base & 0xffff) << 16 | (limit & 0xffff);
    const uint32_t high =
        (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff);
    return (uint64_t)high << 32 | low;
}

static void gate_set(unsigned vector, void (*handler)(void), uint32_t kind)
{
    const uint32_t offset = (uint32_t)handler;
    idt[vector] = (uint64_t)((offset & 0xffff0000) | kind) << 32 | KERNEL_CS << 16 | (offset & 0xffff);
}

static void gates_init(void)
{
    const struct table_pointer pointer = {sizeof idt - 1, (uint32_t)idt};
    /* Ring 3 may call INT3, INTO and the system call by instruction. */
    for (unsigned vector = 0; vector < 32; vector++)
        gate_set(vector, entry_exceptions[vector],
                 GATE_INTERRUPT | (vector == 3 || vector == 4 ? GATE_RING3 : 0));
    gate_set(TIMER_VECTOR, entry_timer, GATE_INTERRUPT);
    gate_set(CALL_VECTOR, entry_call, GATE_TRAP | GATE_RING3);
    asm volatile("lidt %0" : : "m"(pointer));
}

void segments_init(uint32_t kernel_stack)
{
    const struct table_pointer pointer = {sizeof gdt - 1, (uint32_t)gdt};
    gdt[KERNEL_CS / 8] = descriptor(0, 0xfffff, ACCESS_CODE, FLAGS_FLAT);
    gdt[KERNEL_DS / 8] = descriptor(0, 0xfffff, ACCESS_DATA, FLAGS_FLAT);
    gdt[USER_CS / 8] = descriptor(0, 0xfffff, ACCESS_CODE | ACCESS_RING3, FLAGS_FLAT);
    gdt[USER_DS / 8] = descriptor(0, 0xfffff, ACCESS_DATA | ACCESS_RING3, FLAGS_FLAT);
    gdt[TSS_ENTRY / 8] = descriptor((uint32_t)&tss, TSS_SIZE - 1, ACCESS_TASK, 0);
    tss.ss0 = KERNEL_DS;
    tss.esp0 = kernel_stack;
    tss.io_map = TSS_SIZE; /* beyond the limit: no port is open to ring 3 */
    asm volatile("lgdt %0\n\t"
                 "ljmp %1, $1f\n"
                 "1:\n\t"
                 "movl %2, %%ss\n\t"
                 "movl %3, %%ds\n\t"
                 "movl %3, %%es\n\t"
                 "movl %4, %%fs\n\t"
                 "movl %4, %%gs\n\t"
                 "lldt %w4\n\t"
                 "ltr %w5"
                 :
                 : "m"(pointer), "i"(KERNEL_CS), "r"(KERNEL_DS), "r"(USER_DS), "r"(0), "r"(TSS_ENTRY)
                 : "memory");
    gates_init();
}

void segments_set_kernel_stack(uint32_t esp0)
{
    tss.esp0 = esp0;
}

void segments_set_tls(uint64_t tls)
{
    gdt[TLS_ENTRY] = tls;
}

uint64_t segments_tls_descriptor(const struct user_desc *wanted)
{
    return descriptor(wanted->base, wanted->limit, ACCESS_DATA | ACCESS_RING3, FLAGS_FLAT);
}

uint32_t segments_tss_end(void)
{
    return (uint32_t)(&tss + 1);
}
