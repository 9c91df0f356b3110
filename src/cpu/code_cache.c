/* Decoded operations by physical page; see code_cache.h. */
#include "cpu/code_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "cpu/decode.h"

#define CODE_PAGES_MAX       6000u /* some 50 MiB of slots, more than a whole desktop system keeps warm */
#define CODE_PAGE_FIRST      16u   /* operations made room for at first */
#define CODE_PAGE_OPERATIONS 8192u /* when self-modifying code has filled this many, the page starts anew */
#define GRANULE              64u

struct code_cache *code_cache_new(struct memory *memory)
{
    struct code_cache *cache = calloc(1, sizeof *cache);
    INVARIANT(cache != NULL);
    cache->memory = memory;
    return cache;
}

void code_cache_clear(struct code_cache *cache)
{
    if (cache->listener.cleared != NULL)
        cache->listener.cleared(cache->listener.context);
    for (unsigned b = 0; b < CODE_CACHE_BUCKETS; b++) {
        while (cache->buckets[b] != NULL) {
            struct code_page *page = cache->buckets[b];
            cache->buckets[b] = page->next;
            if (page->is_ram)
                cache->memory->code_granules[page->ram_page] = 0;
            free(page->operations);
            free(page);
        }
    }
    cache->pages = 0;
}

void code_cache_free(struct code_cache *cache)
{
    if (cache == NULL)
        return;
    code_cache_clear(cache);
    free(cache);
}

static struct code_page **bucket_of(struct code_cache *cache, const uint8_t *host)
{
    uintptr_t page = (uintptr_t)host / PAGE_SIZE;
    return &cache->buckets[(page ^ page >> 12) % CODE_CACHE_BUCKETS];
}

static struct code_page *page_find(struct code_cache *cache, const uint8_t *host, bool wide)
{
    struct code_page *page = *bucket_of(cache, host);
    while (page != NULL && (page->host != host || page->wide != wide))
        page = page->next;
    return page;
}

static bool is_ram(const struct memory *memory, const uint8_t *host)
{
    return host >= memory->ram && host < memory->ram + memory->ram_size;
}

struct code_page *code_cache_page(struct code_cache *cache, const uint8_t *host, bool wide)
{
    struct code_page *page = page_find(cache, host, wide);
    if (page != NULL)
        return page;
    if (cache->pages >= CODE_PAGES_MAX)
        code_cache_clear(cache);
    page = calloc(1, sizeof *page);
    INVARIANT(page != NULL);
    page->host = host;
    page->wide = wide;
    page->is_ram = is_ram(cache->memory, host);
    if (page->is_ram)
        page->ram_page = memory_ram_page_number(cache->memory, host);
    page->used = 1;
    page->next = *bucket_of(cache, host);
    *bucket_of(cache, host) = page;
    cache->pages++;
    return page;
}

static uint64_t granule_mask(uint32_t offset, uint32_t size)
{
    uint32_t first = offset / GRANULE, last = (offset + size - 1) / GRANULE;
    return (~0ull >> (63 - (last - first))) << first;
}

static void room_make(struct code_page *page)
{
    if (page->used == CODE_PAGE_OPERATIONS) {
        memset(page->slot, 0, sizeof page->slot);
        page->used = 1;
    }
    if (page->used < page->capacity)
        return;
    page->capacity = page->capacity == 0 ? CODE_PAGE_FIRST : page->capacity * 2;
    page->operations = realloc(page->operations, page->capacity * sizeof page->operations[0]);
    INVARIANT(page->operations != NULL);
}

const struct operation *code_cache_add(struct code_cache *cache, struct code_page *page, uint32_t offset,
                                       const struct operation *operation)
{
    INVARIANT(offset + operation->length <= PAGE_SIZE);
    room_make(page);
    page->operations[page->used] = *operation;
    page->slot[offset] = page->used;
    if (page->is_ram)
        cache->memory->code_granules[page->ram_page] |= granule_mask(offset, operation->length);
    return &page->operations[page->used++];
}

/* Forgets the operations that overlap offset..offset+size-1. */
static void page_forget(struct code_page *page, uint32_t offset, uint32_t size)
{
    uint32_t reach = INSTRUCTION_LENGTH_MAX - 1;
    uint32_t start = offset > reach ? offset - reach : 0;
    for (uint32_t at = start; at < offset + size; at++) {
        uint16_t number = page->slot[at];
        if (number != 0 && at + page->operations[number].length > offset)
            page->slot[at] = 0;
    }
}

/*
 * Whole granules are forgotten, so that their bits can be cleared: a page that no longer holds code gets its
 * quick stores back.
 */
void code_cache_written(struct code_cache *cache, uint64_t ram_page, uint32_t offset, uint32_t size)
{
    uint64_t mask = granule_mask(offset, size);
    if ((cache->memory->code_granules[ram_page] & mask) == 0)
        return;
    cache->invalidations++;
    const uint8_t *host = cache->memory->ram + ram_page * PAGE_SIZE;
    uint32_t first = offset / GRANULE * GRANULE;
    uint32_t end = (offset + size + GRANULE - 1) / GRANULE * GRANULE;
    for (unsigned wide = 0; wide < 2; wide++) {
        struct code_page *page = page_find(cache, host, wide);
        if (page == NULL)
            continue;
        page_forget(page, first, end - first);
        if (page->blocks != NULL)
            cache->listener.written(cache->listener.context, page, first, end - first);
    }
    cache->memory->code_granules[ram_page] &= ~mask;
}
