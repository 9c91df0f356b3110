/*
 * Fetching (SDM 3A 4.6, 5.3; 2A 2.3.11): the code segment's limit, the page's execute permission, instructions
 * that span two pages, and the 15-byte limit. Bytes are asked for only as far as the instruction needs them,
 * so that a fault on the second page is raised only when the instruction really reaches it.
 */
#include "cpu/fetch.h"

#include <string.h>

#include "cpu/access.h"
#include "cpu/code_cache.h"
#include "cpu/decode.h"

/* Bytes from eip to the end of the code segment, at most `most`; eip is inside. */
static uint32_t limit_room(const struct cpu *cpu, uint32_t eip, uint32_t most)
{
    uint32_t room = cpu->segments[CS].highest - eip;
    return room < most ? room + 1 : most;
}

static bool code_is_wide(const struct cpu *cpu)
{
    return cpu->segments[CS].access & ACCESS_DB;
}

/*
 * Opens the window on the page that holds `linear`. When the segment ends within the page the window stays
 * closed, and every instruction comes this way to have its end checked.
 */
static void window_open(struct cpu *cpu, uint32_t linear, const uint8_t *host)
{
    uint32_t at = linear & PAGE_OFFSET_MASK;
    cpu->fetch.page = code_cache_page(cpu->code_cache, host, code_is_wide(cpu));
    cpu->fetch.first_eip = cpu->eip - at;
    cpu->fetch.length = limit_room(cpu, cpu->eip, PAGE_SIZE) >= PAGE_SIZE - at ? PAGE_SIZE : 0;
    if (cpu->eip < at) /* the segment starts within the page: EIP would wrap */
        cpu->fetch.length = 0;
}

/* Decodes an instruction whose bytes reach into the next page, or come from device memory: it is not cached. */
static struct fault decode_apart(struct cpu *cpu, uint32_t linear, const struct operation **operation)
{
    uint8_t bytes[INSTRUCTION_LENGTH_MAX];
    uint32_t room = limit_room(cpu, cpu->eip, sizeof bytes);
    uint32_t in_page = PAGE_SIZE - (linear & PAGE_OFFSET_MASK);
    uint32_t available = 0;
    while (available < room) {
        uint32_t step = available == 0 && in_page < room ? in_page : room - available;
        struct tlb_entry *entry;
        TRY(mmu_translate(&cpu->mmu, linear + available, ACCESS_EXECUTE, cpu->user, &entry));
        uint64_t physical = entry->physical + ((linear + available) & PAGE_OFFSET_MASK);
        for (uint32_t i = 0; i < step; i++)
            bytes[available + i] = (uint8_t)memory_read(cpu->memory, physical + i, 1);
        available += step;
        if (decode(cpu->decoder, bytes, available, code_is_wide(cpu), &cpu->fetch.scratch) == DECODE_DONE) {
            *operation = &cpu->fetch.scratch;
            return FAULT_NONE;
        }
    }
    return fault_gp(0, available == INSTRUCTION_LENGTH_MAX ? DECODE_TOO_LONG : CODE_LIMIT);
}

/* Decodes at `at` in the window's page and keeps the result; DECODE_MORE when it does not end in the page. */
static enum decode_result decode_into_cache(struct cpu *cpu, const uint8_t *host, uint32_t at,
                                            uint32_t available, const struct operation **operation)
{
    struct operation decoded;
    enum decode_result result = decode(cpu->decoder, host + at, available, code_is_wide(cpu), &decoded);
    if (result == DECODE_MORE)
        return result;
    struct code_page *page = cpu->fetch.page;
    if (page->is_ram && cpu->memory->code_granules[page->ram_page] == 0)
        mmu_protect_code_page(&cpu->mmu, host);
    *operation = code_cache_add(cpu->code_cache, page, at, &decoded);
    return result;
}

struct fault fetch_operation(struct cpu *cpu, const struct operation **operation)
{
    const struct segment *cs = &cpu->segments[CS];
    if (cpu->eip > cs->highest || cpu->eip < cs->lowest)
        return fault_gp(0, CODE_LIMIT);
    uint32_t linear = cs->base + cpu->eip;
    uint32_t at = linear & PAGE_OFFSET_MASK;

    struct tlb_entry *entry = tlb_slot(&cpu->mmu, cpu->user, linear);
    if (entry->tag[ACCESS_EXECUTE] != linear - at)
        TRY(mmu_translate(&cpu->mmu, linear, ACCESS_EXECUTE, cpu->user, &entry));
    if (entry->host == NULL)
        return decode_apart(cpu, linear, operation);

    const uint8_t *host = entry->host;
    window_open(cpu, linear, host);
    uint32_t available = PAGE_SIZE - at < INSTRUCTION_LENGTH_MAX ? PAGE_SIZE - at : INSTRUCTION_LENGTH_MAX;
    uint32_t room = limit_room(cpu, cpu->eip, available);
    uint16_t number = cpu->fetch.page->slot[at];
    if (number != 0 && cpu->fetch.page->operations[number].length <= room) {
        *operation = &cpu->fetch.page->operations[number];
        return FAULT_NONE;
    }
    if (number == 0 && decode_into_cache(cpu, host, at, room, operation) == DECODE_DONE)
        return FAULT_NONE;
    return decode_apart(cpu, linear, operation);
}

bool fetch_reopen(struct cpu *cpu)
{
    const struct segment *cs = &cpu->segments[CS];
    if (cpu->eip > cs->highest || cpu->eip < cs->lowest)
        return false;
    uint32_t linear = cs->base + cpu->eip;
    struct tlb_entry *entry = tlb_slot(&cpu->mmu, cpu->user, linear);
    if (entry->tag[ACCESS_EXECUTE] != (linear & ~PAGE_OFFSET_MASK) &&
        mmu_translate(&cpu->mmu, linear, ACCESS_EXECUTE, cpu->user, &entry).reason != NO_FAULT)
        return false;
    if (entry->host == NULL)
        return false;
    window_open(cpu, linear, entry->host);
    return cpu->fetch.length != 0;
}

const struct operation *fetch_peek(struct cpu *cpu, uint32_t at)
{
    if (at >= PAGE_SIZE)
        return NULL;
    struct code_page *page = cpu->fetch.page;
    uint16_t number = page->slot[at];
    if (number != 0)
        return &page->operations[number];
    const struct operation *operation;
    uint32_t left = PAGE_SIZE - at;
    uint32_t available = left < INSTRUCTION_LENGTH_MAX ? left : INSTRUCTION_LENGTH_MAX;
    return decode_into_cache(cpu, page->host, at, available, &operation) == DECODE_DONE ? operation : NULL;
}
