#include "lib/tables.h"

/* SDM 3A 3.4.5 and 7.2.2: access byte and flags of a descriptor. */
#define ACCESS_CODE  0x9b
#define ACCESS_DATA  0x93
#define ACCESS_TASK  0x89
#define ACCESS_RING3 0x60
#define FLAGS_FLAT   0xc    /* 4 KiB granularity, 32-bit */
#define GATE_PRESENT 0x8e00 /* a 32-bit interrupt gate */

/* SDM 3A 7.2.1. Only the fields that a ring change reads; the rest serves hardware task switches. */
struct task_state {
    uint32_t link;
    uint32_t esp0, ss0;
    uint32_t unused[22];
    uint16_t trap, io_map;
};

struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

static struct task_state task;
static uint64_t gdt[6];
static uint64_t idt[256];

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
    const uint32_t low = (base & 0xffff) << 16 | (limit & 0xffff);
    const uint32_t high =
        (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff);
    return (uint64_t)high << 32 | low;
}

void tables_load_gdt(uint32_t kernel_stack)
{
    const struct table_pointer pointer = {sizeof gdt - 1, (uint32_t)gdt};
    gdt[KERNEL_CODE / 8] = descriptor(0, 0xfffff, ACCESS_CODE, FLAGS_FLAT);
    gdt[KERNEL_DATA / 8] = descriptor(0, 0xfffff, ACCESS_DATA, FLAGS_FLAT);
    gdt[USER_CODE / 8] = descriptor(0, 0xfffff, ACCESS_CODE | ACCESS_RING3, FLAGS_FLAT);
    gdt[USER_DATA / 8] = descriptor(0, 0xfffff, ACCESS_DATA | ACCESS_RING3, FLAGS_FLAT);
    gdt[TASK_STATE / 8] = descriptor((uint32_t)&task, sizeof task - 1, ACCESS_TASK, 0);
    task.ss0 = KERNEL_DATA;
    task.esp0 = kernel_stack;
    task.io_map = sizeof task; /* beyond the limit: no port is open to ring 3 */
    asm volatile("lgdt %0\n\t"
                 "ljmp %1, $1f\n"
                 "1:\n\t"
                 "movl %2, %%ds\n\t"
                 "movl %2, %%es\n\t"
                 "movl %2, %%ss\n\t"
                 "movl %3, %%fs\n\t"
                 "movl %3, %%gs\n\t"
                 "ltr %w4"
                 :
                 : "m"(pointer), "i"(KERNEL_CODE), "r"(KERNEL_DATA), "r"(0), "r"(TASK_STATE)
                 : "memory");
}

void tables_load_idt(void)
{
    const struct table_pointer pointer = {sizeof idt - 1, (uint32_t)idt};
    asm volatile("lidt %0" : : "m"(pointer));
}

void tables_set_gate(unsigned vector, void (*handler)(void), unsigned ring)
{
    const uint32_t offset = (uint32_t)handler;
    const uint32_t high = (offset & 0xffff0000) | GATE_PRESENT | ring << 13;
    idt[vector] = (uint64_t)high << 32 | KERNEL_CODE << 16 | (offset & 0xffff);
}
