/* Physical pages, address spaces and copy-on-write. SDM 3A 4.3: 32-bit paging with 4 KiB pages. */
#include "linux26/kernel.h"

#define POOL_START    0x400000u /* physical; linux26.ld keeps the kernel below */
#define POOL_PAGES    1024u
#define PAGE_PRESENT  0x001u
#define PAGE_WRITE    0x002u
#define PAGE_USER     0x004u
#define PAGE_COPY     0x200u /* the processor ignores this bit: writable, but shared until somebody writes */
#define PAGE_RIGHTS   0xfffu
#define TABLE_ENTRIES 1024u
#define USER_TABLES   (PAGE_OFFSET >> 22)
#define LAST_TABLE    (VSYSCALL_BASE >> 22)
#define STACK_LOW     0xbff00000u /* 1 MiB of stack, given page by page at the first touch */
#define MMAP_START    0x40000000u
#define ERROR_PRESENT 1u
#define ERROR_WRITE   2u
#define SPACES        16u

extern uint32_t kernel_directory[TABLE_ENTRIES]; /* boot.S */

static uint16_t page_users[POOL_PAGES];
static struct space spaces[SPACES];
static uint32_t vsyscall_tables[VSYSCALLS][TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));

static uint16_t *users_of(uint32_t entry)
{
    const uint32_t number = (entry - POOL_START) / PAGE_SIZE;
    return number < POOL_PAGES ? &page_users[number] : NULL; /* the kernel's own pages are not counted */
}

uint32_t page_take(void)
{
    for (uint32_t i = 0; i < POOL_PAGES; i++) {
        if (page_users[i] == 0) {
            page_users[i] = 1;
            counters.pages_used++;
            __builtin_memset(physical_pointer(POOL_START + i * PAGE_SIZE), 0, PAGE_SIZE);
            return POOL_START + i * PAGE_SIZE;
        }
    }
    return 0;
}

static void page_release(uint32_t entry)
{
    uint16_t *users = users_of(entry);
    if (users != NULL && --*users == 0)
        counters.pages_used--;
}

void memory_init(void)
{
    uint8_t *const pages[VSYSCALLS] = {vsyscall_int80, vsyscall_sysenter, vsyscall_sysenter_later};
    kernel_directory[0] = 0; /* boot.S needed the kernel at its physical address for a moment */
    for (unsigned i = 1; i < MAPPED_SIZE >> 22; i++)
        kernel_directory[i] = 0;
    for (unsigned i = 0; i < VSYSCALLS; i++)
        vsyscall_tables[i][VSYSCALL_BASE >> 12 & 1023] =
            ((uint32_t)pages[i] - PAGE_OFFSET) | PAGE_PRESENT | PAGE_USER;
    space_load(NULL);
}

int space_set_vsyscall(struct space *space, uint32_t variant)
{
    if (variant >= VSYSCALLS)
        return -EINVAL;
    space->vsyscall = (uint8_t)variant;
    space->directory[LAST_TABLE] =
        ((uint32_t)vsyscall_tables[variant] - PAGE_OFFSET) | PAGE_PRESENT | PAGE_USER;
    space_load(space);
    return 0;
}

struct space *space_create(void)
{
    const uint32_t directory = page_take();
    struct space *space = spaces;
    while (space < spaces + SPACES && space->users != 0)
        space++;
    if (directory == 0 || space == spaces + SPACES)
        return NULL;
    *space = (struct space){physical_pointer(directory), MMAP_START, 1, VSYSCALL_INT80};
    for (unsigned i = USER_TABLES; i < TABLE_ENTRIES; i++)
        space->directory[i] = kernel_directory[i];
    return space;
}

void space_load(const struct space *space)
{
    const uint32_t *directory = space != NULL ? space->directory : kernel_directory;
    asm volatile("movl %0, %%cr3" : : "r"((uint32_t)directory - PAGE_OFFSET) : "memory");
}

/* The entry of the page table for `linear`; NULL when there is no table, or no page left for a wanted one. */
static uint32_t *entry_find(const struct space *space, uint32_t linear, int wanted)
{
    uint32_t *slot = &space->directory[linear >> 22];
    if (!(*slot & PAGE_PRESENT)) {
        const uint32_t table = wanted ? page_take() : 0;
        if (table == 0)
            return NULL;
        *slot = table | PAGE_PRESENT | PAGE_WRITE | PAGE_USER;
    }
    return (uint32_t *)physical_pointer(*slot & ~PAGE_RIGHTS) + (linear >> 12 & 1023);
}

int space_map(struct space *space, uint32_t linear, uint32_t physical, int writable)
{
    uint32_t *entry = entry_find(space, linear, 1);
    if (entry == NULL)
        return -ENOMEM;
    *entry = physical | PAGE_PRESENT | PAGE_USER | (writable ? PAGE_WRITE : 0);
    return 0;
}

int space_map_new(struct space *space, uint32_t linear, int writable)
{
    const uint32_t physical = page_take();
    return physical == 0 ? -ENOMEM : space_map(space, linear, physical, writable);
}

/* Both sides lose the right to write: whoever writes first is given a page of its own. */
static void table_copy(uint32_t *to, uint32_t *from)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint16_t *users = users_of(from[i]);
        if (users != NULL && from[i] & PAGE_PRESENT) {
            ++*users;
            if (from[i] & PAGE_WRITE)
                from[i] = (from[i] & ~PAGE_WRITE) | PAGE_COPY;
        }
        to[i] = from[i];
    }
}

struct space *space_copy(const struct space *space)
{
    struct space *copy = space_create();
    if (copy == NULL)
        return NULL;
    copy->mapped_to = space->mapped_to;
    for (uint32_t i = 0; i < USER_TABLES; i++) {
        if (!(space->directory[i] & PAGE_PRESENT))
            continue;
        uint32_t *table = entry_find(copy, i << 22, 1);
        if (table == NULL) {
            space_release(copy);
            return NULL;
        }
        table_copy(table, entry_find(space, i << 22, 0));
    }
    copy->vsyscall = space->vsyscall;
    copy->directory[LAST_TABLE] = space->directory[LAST_TABLE];
    space_load(space); /* the TLB may still hold the right to write */
    return copy;
}

void space_share(struct space *space)
{
    space->users++;
}

void space_release(struct space *space)
{
    if (--space->users != 0)
        return;
    space_load(NULL);
    for (uint32_t i = 0; i < USER_TABLES; i++) {
        if (!(space->directory[i] & PAGE_PRESENT))
            continue;
        const uint32_t *table = entry_find(space, i << 22, 0);
        for (unsigned j = 0; j < TABLE_ENTRIES; j++)
            if (table[j] & PAGE_PRESENT)
                page_release(table[j]);
        page_release(space->directory[i]);
    }
    page_release((uint32_t)space->directory - PAGE_OFFSET);
}

static int entry_unshare(uint32_t *entry)
{
    uint16_t *users = users_of(*entry);
    const uint32_t rights = (*entry & PAGE_RIGHTS & ~PAGE_COPY) | PAGE_WRITE;
    if (*users == 1) {
        *entry = (*entry & ~PAGE_RIGHTS) | rights;
        counters.pages_kept++;
        return 1;
    }
    const uint32_t page = page_take();
    if (page == 0)
        return 0;
    __builtin_memcpy(physical_pointer(page), physical_pointer(*entry & ~PAGE_RIGHTS), PAGE_SIZE);
    --*users;
    *entry = page | rights;
    counters.pages_copied++;
    return 1;
}

int space_resolve_fault(struct space *space, uint32_t linear, uint32_t error)
{
    if (linear >= PAGE_OFFSET)
        return 0;
    if (!(error & ERROR_PRESENT))
        return linear >= STACK_LOW && space_map_new(space, linear & ~(PAGE_SIZE - 1u), 1) == 0;
    uint32_t *entry = entry_find(space, linear, 0);
    if (!(error & ERROR_WRITE) || entry == NULL || !(*entry & PAGE_COPY) || !entry_unshare(entry))
        return 0;
    asm volatile("invlpg (%0)" : : "r"(linear) : "memory");
    return 1;
}

int copy_from_user(void *to, uint32_t from, uint32_t size)
{
    return from < PAGE_OFFSET && size <= PAGE_OFFSET - from && user_copy(to, (void *)from, size) == 0
               ? 0
               : -EFAULT;
}

int copy_to_user(uint32_t to, const void *from, uint32_t size)
{
    return to < PAGE_OFFSET && size <= PAGE_OFFSET - to && user_copy((void *)to, from, size) == 0 ? 0
                                                                                                  : -EFAULT;
}
