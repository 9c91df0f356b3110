/* The ring of the last instructions. */
#include "cpu/recent.h"

#include <string.h>

#include "cpu/code_cache.h"
#include "cpu/cpu.h"

/* The same instruction once more: the next iteration of a string instruction. */
static bool is_next_iteration(const struct recent *recent, const struct cpu *cpu)
{
    if (!cpu->repeating || recent->count == 0)
        return false;
    const struct recent_instruction *last = &recent->list[(recent->count - 1) % RECENT_COUNT];
    return last->eip == cpu->eip && last->cs == cpu->segments[CS].selector;
}

/*
 * Bytes that are not within the window's page: it has just been fetched, so it is mapped. Returns their number, 0 for
 * device memory, where a second read may be seen by the guest.
 */
static NEVER_INLINE uint8_t bytes_read(struct cpu *cpu, uint8_t *bytes, uint8_t count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t physical;
        bool writable;
        uint32_t linear = cpu->segments[CS].base + cpu->eip + i;
        if (!paging_peek(cpu->memory, &cpu->mmu.paging, linear, &physical) ||
            memory_page(cpu->memory, physical, &writable) == NULL)
            return 0;
        bytes[i] = (uint8_t)memory_read(cpu->memory, physical, 1);
    }
    return count;
}

void recent_add(struct recent *recent, struct cpu *cpu, const struct operation *op)
{
    if (is_next_iteration(recent, cpu)) {
        struct recent_instruction *last = &recent->list[(recent->count - 1) % RECENT_COUNT];
        last->again += last->again < UINT16_MAX;
        return;
    }
    struct recent_instruction *entry = &recent->list[recent->count++ % RECENT_COUNT];
    memcpy(entry->gpr, cpu->gpr, sizeof entry->gpr);
    entry->eip = cpu->eip;
    entry->eflags = cpu->eflags;
    entry->again = 0;
    entry->cs = cpu->segments[CS].selector;
    entry->cpl = cpu->cpl;
    entry->access = cpu->segments[CS].access;
    entry->length = op->length;
    uint32_t at = (cpu->segments[CS].base + cpu->eip) & PAGE_OFFSET_MASK;
    if (LIKELY(op != &cpu->fetch.scratch && at + RECENT_BYTES <= PAGE_SIZE))
        memcpy(entry->bytes, cpu->fetch.page->host + at, RECENT_BYTES);
    else
        entry->length = bytes_read(cpu, entry->bytes, op->length);
}
