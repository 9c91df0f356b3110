/* Finding, making, linking and forgetting blocks, and the loop around them. */
#include "cpu/fast/block.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "cpu/fast/handlers.h"

/* When blocks take more than this all are forgotten: a whole desktop's working set is far below. */
#define BLOCK_BYTES_MAX (256ull << 20)

struct fast_engine *fast_new(void)
{
    struct fast_engine *engine = calloc(1, sizeof *engine);
    INVARIANT(engine != NULL);
    return engine;
}

static void buried_free(struct fast_engine *engine)
{
    while (engine->buried != NULL) {
        struct fast_block *block = engine->buried;
        engine->buried = block->sibling;
        engine->bytes_used -= block->size;
        free(block);
    }
}

void fast_clear(struct fast_engine *engine)
{
    buried_free(engine);
    for (unsigned i = 0; i < FAST_BUCKETS; i++) {
        while (engine->buckets[i] != NULL) {
            struct fast_block *block = engine->buckets[i];
            engine->buckets[i] = block->chain;
            block->page->blocks = NULL;
            free(block);
        }
    }
    memset(engine->jumps, 0, sizeof engine->jumps);
    engine->bytes_used = 0;
}

void fast_free(struct fast_engine *engine)
{
    if (engine == NULL)
        return;
    fast_clear(engine);
    free(engine);
}

static struct fast_block **bucket_of(struct fast_engine *engine, const struct code_page *page, uint32_t eip)
{
    uintptr_t key = (uintptr_t)page >> 6;
    return &engine->buckets[(eip ^ eip >> 15 ^ key) % FAST_BUCKETS];
}

/* Takes a block out of everything that leads to it. It may be the one that is running, so it is freed later. */
static void block_bury(struct fast_engine *engine, struct fast_block *block)
{
    struct fast_block **link = bucket_of(engine, block->page, block->eip);
    while (*link != block)
        link = &(*link)->chain;
    *link = block->chain;
    if (engine->jumps[fast_jump_slot(block->eip)] == block)
        engine->jumps[fast_jump_slot(block->eip)] = NULL;
    block->dead = true;
    block->sibling = engine->buried;
    engine->buried = block;
}

void fast_code_written(struct fast_engine *engine, struct code_page *page, uint32_t offset, uint32_t size)
{
    struct fast_block *dead_before = engine->buried;
    struct fast_block **link = &page->blocks;
    while (*link != NULL) {
        struct fast_block *block = *link;
        if (block->offset < offset + size && block->offset + block->bytes > offset) {
            *link = block->sibling;
            block_bury(engine, block);
        } else {
            link = &block->sibling;
        }
    }
    if (engine->buried == dead_before)
        return;
    for (struct fast_block *block = page->blocks; block != NULL; block = block->sibling) {
        for (unsigned way = 0; way < 2; way++) {
            if (block->next[way] != NULL && block->next[way]->dead)
                block->next[way] = NULL;
        }
    }
}

static bool block_is(const struct fast_block *block, const struct cpu *cpu, uint32_t eip)
{
    return block->eip == eip && block->cs_base == cpu->segments[CS].base;
}

/* Room for one more block: everything is forgotten when there is too much of it. */
static void room_make(struct cpu *cpu, struct fast_engine *engine)
{
    if (engine->bytes_used > BLOCK_BYTES_MAX) {
        fast_clear(engine);
        cpu->block = NULL;
    }
}

struct fast_block *fast_block_at(struct cpu *cpu)
{
    struct fast_engine *engine = cpu->fast;
    struct fast_block **bucket = bucket_of(engine, cpu->fetch.page, cpu->eip);
    struct fast_block *block = *bucket;
    while (block != NULL && !(block->page == cpu->fetch.page && block_is(block, cpu, cpu->eip)))
        block = block->chain;
    if (block == NULL) {
        room_make(cpu, engine);
        block = fast_translate(cpu);
        if (block == NULL)
            return NULL;
        block->chain = *bucket;
        *bucket = block;
        block->sibling = block->page->blocks;
        block->page->blocks = block;
    }
    engine->jumps[fast_jump_slot(cpu->eip)] = block;
    return block;
}

/* A code segment on which 16-bit targets cannot go wrong, and 32-bit ones neither. */
static bool targets_are_safe(const struct cpu *cpu)
{
    const struct segment *cs = &cpu->segments[CS];
    return cs->lowest == 0 && cs->highest >= (cs->access & ACCESS_DB ? 0xffffffffu : 0xffffu);
}

struct fast_block *fast_jump(struct cpu *cpu, uint32_t eip)
{
    struct fast_block *block = cpu->fast->jumps[fast_jump_slot(eip)];
    cpu->eip = eip;
    if (block == NULL || !block_is(block, cpu, eip))
        return NULL;
    if (eip - cpu->fetch.first_eip < cpu->fetch.length)
        return block->page == cpu->fetch.page ? block : NULL;

    const struct segment *cs = &cpu->segments[CS];
    uint32_t linear = cs->base + eip;
    uint32_t at = linear & PAGE_OFFSET_MASK;
    const struct tlb_entry *entry = tlb_slot(&cpu->mmu, cpu->user, linear);
    if (entry->tag[ACCESS_EXECUTE] != linear - at || entry->host != block->host ||
        block->page->wide != !!(cs->access & ACCESS_DB) || eip < at || cs->highest - eip < PAGE_SIZE - 1 - at)
        return NULL;
    cpu->fetch.page = block->page;
    cpu->fetch.first_eip = eip - at;
    cpu->fetch.length = PAGE_SIZE;
    return block;
}

struct fast_block *fast_link(struct cpu *cpu, enum fast_way way)
{
    struct fast_block *from = cpu->block;
    struct fast_block *block = fast_jump(cpu, from->target[way]);
    if (block != NULL && block->page == from->page)
        from->next[way] = block;
    return block;
}

static void block_run(struct cpu *cpu, struct fast_block *block)
{
    cpu->clock->budget -= block->count;
    cpu->block = block;
#if FAST_TAIL_CALLS
    block->ops->run(cpu, block->ops);
#else
    const struct fast_op *op = block->ops;
    while (op != NULL)
        op = op->run(cpu, op);
#endif
}

bool fast_run(struct cpu *cpu)
{
    bool any = false;
    while (cpu->attention == 0 && cpu->clock->budget > 0) {
        if (UNLIKELY(cpu->fast->buried != NULL))
            buried_free(cpu->fast);
        if (!targets_are_safe(cpu))
            break;
        struct fast_block *block = fast_jump(cpu, cpu->eip);
        if (block == NULL) {
            if (cpu->eip - cpu->fetch.first_eip >= cpu->fetch.length && !fetch_reopen(cpu))
                break;
            block = fast_block_at(cpu);
        }
        if (block == NULL || block->count > cpu->clock->budget)
            break;
        block_run(cpu, block);
        any = true;
    }
    lazy_settle(cpu);
    return any;
}
