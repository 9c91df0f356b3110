/*
 * Decoded operations, cached by physical page and CS.D. A page's operations stand one behind the other in the
 * order in which they were decoded; slot[offset] finds them. Which 64-byte granules of a RAM page hold decoded
 * code is kept in memory->code_granules, so that stores nearby need not throw anything away.
 */
#ifndef GATE86_CPU_CODE_CACHE_H
#define GATE86_CPU_CODE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/memory.h"
#include "cpu/operation.h"

#define CODE_CACHE_BUCKETS 4096u

struct code_page {
    const uint8_t *host; /* the page's bytes: the key, with `wide` */
    bool wide;           /* CS.D */
    bool is_ram;
    uint64_t ram_page;            /* number of the page in RAM, when is_ram */
    struct code_page *next;       /* in the bucket */
    struct fast_block *blocks;    /* of the fast engine */
    struct operation *operations; /* [0] is never used */
    uint16_t used, capacity;
    uint16_t slot[PAGE_SIZE]; /* by offset: index into operations, 0: not decoded */
};

/* Told of what is forgotten: the fast engine, whose blocks hang on the pages. */
struct code_cache_listener {
    void (*written)(void *context, struct code_page *page, uint32_t offset, uint32_t size);
    void (*cleared)(void *context); /* all pages are about to go */
    void *context;
};

struct code_cache {
    struct memory *memory;
    struct code_cache_listener listener; /* NULL functions: nobody listens */
    unsigned pages;
    uint64_t invalidations; /* statistics */
    struct code_page *buckets[CODE_CACHE_BUCKETS];
};

struct code_cache *code_cache_new(struct memory *memory);
void code_cache_free(struct code_cache *cache);

/* The page for host bytes, made when missing. When too many pages are in use all are dropped first. */
struct code_page *code_cache_page(struct code_cache *cache, const uint8_t *host, bool wide);

/*
 * Adds an operation decoded at `offset`, which must end within the page, and marks its granules. Pointers to
 * operations of this page may move.
 */
const struct operation *code_cache_add(struct code_cache *cache, struct code_page *page, uint32_t offset,
                                       const struct operation *operation);

/* Bytes offset..offset+size-1 of a RAM page were written: forgets the operations in their granules. */
void code_cache_written(struct code_cache *cache, uint64_t ram_page, uint32_t offset, uint32_t size);

/* Forgets everything. */
void code_cache_clear(struct code_cache *cache);

#endif
