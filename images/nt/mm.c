/* Memory: one process, 4 KiB pages, 32-bit paging (SDM 3A 4.3), pages of zeros made when they are first touched. */
#include "nt/ke.h"

#define PAGE_PRESENT  1u
#define PAGE_WRITE    2u
#define PAGE_USER     4u
#define DEMAND_ZERO   0x80u /* a page that is not present: NT's software PTE of a private page not yet made */
#define TABLE_SPAN    0x400000u
#define POOL_PAGES    16
#define ERROR_PRESENT 1u /* page fault error code: the page was there, its rights forbid it (SDM 3A 4.7) */

const uint32_t MmUserProbeAddress = USER_PROBE;

/* boot.S fills the first entries of both. */
uint32_t MmDirectory[1024] __attribute__((aligned(PAGE_SIZE)));
uint32_t MmSystemTable[1024] __attribute__((aligned(PAGE_SIZE)));
static uint32_t user_tables[2][1024] __attribute__((aligned(PAGE_SIZE))); /* the first 8 MiB */
static uint32_t program_shared_table[1024] __attribute__((aligned(PAGE_SIZE)));
static uint32_t kernel_shared_table[1024] __attribute__((aligned(PAGE_SIZE)));
static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint8_t pool[POOL_PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static unsigned pool_used;

extern uint8_t user_text_start[], user_text_end[], user_text_physical[];
extern uint8_t user_data_start[], user_data_end[], user_data_physical[]; /* nt.ld */

static uint32_t physical(const void *linear)
{
    return (uint32_t)linear - SYSTEM_BASE;
}

/* The entry of a page of the first 8 MiB, or NULL. */
static uint32_t *user_entry(uint32_t linear)
{
    const uint32_t table = linear / TABLE_SPAN;
    return table < 2 ? &user_tables[table][linear % TABLE_SPAN / PAGE_SIZE] : NULL;
}

static void program_map(const uint8_t *start, const uint8_t *end, const uint8_t *from, uint32_t rights)
{
    for (uint32_t offset = 0; offset < (uint32_t)(end - start); offset += PAGE_SIZE)
        *user_entry((uint32_t)start + offset) = ((uint32_t)from + offset) | rights | PAGE_USER | PAGE_PRESENT;
}

void MmInitialize(void)
{
    const uint32_t rights =
        PAGE_PRESENT | PAGE_WRITE | PAGE_USER; /* the page's own entry decides (SDM 3A 4.6) */
    program_map(user_text_start, user_text_end, user_text_physical, 0);
    program_map(user_data_start, user_data_end, user_data_physical, PAGE_WRITE);
    program_shared_table[USER_SHARED % TABLE_SPAN / PAGE_SIZE] =
        physical(shared_page) | PAGE_PRESENT | PAGE_USER;
    kernel_shared_table[KERNEL_SHARED % TABLE_SPAN / PAGE_SIZE] =
        physical(shared_page) | PAGE_PRESENT | PAGE_WRITE;
    MmDirectory[0] = physical(user_tables[0]) | rights;
    MmDirectory[1] = physical(user_tables[1]) | rights;
    MmDirectory[USER_SHARED / TABLE_SPAN] = physical(program_shared_table) | rights;
    MmDirectory[KERNEL_SHARED / TABLE_SPAN] = physical(kernel_shared_table) | PAGE_PRESENT | PAGE_WRITE;
    asm volatile("movl %0, %%cr3" : : "r"(physical(MmDirectory)) : "memory");
}

uint32_t MmReserve(uint32_t base, uint32_t size)
{
    for (uint32_t at = base; at - base < size; at += PAGE_SIZE) {
        const uint32_t *entry = user_entry(at);
        if (entry == NULL || *entry != 0)
            return STATUS_CONFLICTING_ADDRESSES;
    }
    for (uint32_t at = base; at - base < size; at += PAGE_SIZE)
        *user_entry(at) = DEMAND_ZERO;
    return STATUS_SUCCESS;
}

uint32_t MmAccessFault(uint32_t address, uint32_t error_code)
{
    uint32_t *entry = user_entry(address);
    if (entry == NULL || error_code & ERROR_PRESENT || *entry != DEMAND_ZERO)
        return STATUS_ACCESS_VIOLATION;
    if (pool_used == POOL_PAGES)
        return STATUS_NO_MEMORY;
    /* Pages of the pool are zero from the start and never come back. An absent page is in no TLB. */
    *entry = physical(pool[pool_used++]) | PAGE_PRESENT | PAGE_WRITE | PAGE_USER;
    return STATUS_SUCCESS;
}
