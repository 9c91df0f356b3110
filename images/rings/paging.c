#include "rings/paging.h"

#include <stdint.h>

/* SDM 3A 4.3, 32-bit paging with 4 KiB pages. */
#define PAGE_SIZE    4096u
#define PAGE_PRESENT 1u
#define PAGE_WRITE   2u
#define PAGE_USER    4u
#define TABLE_SPAN   0x400000u
#define CR0_PG       0x80000000u

extern uint8_t user_text_start[], user_text_end[], user_data_start[], user_data_end[]; /* rings.ld */

static uint32_t directory[1024] __attribute__((aligned(PAGE_SIZE)));
static uint32_t tables[2][1024] __attribute__((aligned(PAGE_SIZE)));

static void pages_map(uint32_t start, uint32_t end, uint32_t rights)
{
    for (uint32_t at = start; at < end; at += PAGE_SIZE)
        tables[at / TABLE_SPAN][at % TABLE_SPAN / PAGE_SIZE] = at | rights | PAGE_PRESENT;
}

void paging_start(void)
{
    pages_map(PAGE_SIZE, TABLE_SPAN, PAGE_WRITE);
    pages_map((uint32_t)user_text_start, (uint32_t)user_text_end, PAGE_USER);
    pages_map((uint32_t)user_data_start, (uint32_t)user_data_end, PAGE_USER | PAGE_WRITE);
    /* Both levels must allow what a page allows (SDM 3A 4.6). */
    directory[0] = (uint32_t)tables[0] | PAGE_PRESENT | PAGE_WRITE;
    directory[1] = (uint32_t)tables[1] | PAGE_PRESENT | PAGE_WRITE | PAGE_USER;
    asm volatile("movl %0, %%cr3\n\t"
                 "movl %%cr0, %%eax\n\t"
                 "orl %1, %%eax\n\t"
                 "movl %%eax, %%cr0"
                 :
                 : "r"(directory), "i"(CR0_PG)
                 : "eax", "memory");
}
