/*
 * The translation look-aside buffer: a direct-mapped set per privilege, whose entries hold a host pointer for
 * the kinds of access that need no further check. A tag that matches says: this page, this kind of access, at
 * this privilege, goes straight to host memory. Everything else (device memory, ROM writes, pages from which
 * code was decoded, watched pages) has a valid translation but no tag, and takes the slow road.
 *
 * On writes the dirty bit was set when the write tag was given. Flushing more than the manual demands is
 * allowed (SDM 3A 4.10.2) and done for INVLPG while large pages are in use.
 */
#ifndef GATE86_MMU_TLB_H
#define GATE86_MMU_TLB_H

#include "mmu/paging.h"

#define TLB_ENTRIES   1024
#define TLB_NO_TAG    1u   /* never equal to a page address */
#define TLB_WATCH_MAX 4

struct tlb_entry {
    uint32_t tag[3];      /* by enum access_kind: linear page whose fast access is allowed, or TLB_NO_TAG */
    uint32_t page;        /* linear page this entry translates, or TLB_NO_TAG */
    uint8_t *host;        /* host address of the page when RAM or ROM, else NULL */
    uint64_t physical;    /* physical page */
    bool allowed[3];      /* by enum access_kind: the translation permits it (walk done, A and D set) */
    bool global;
    bool large;
};

struct tlb_set {
    struct tlb_entry entries[TLB_ENTRIES];
};

struct mmu {
    struct memory *memory;
    struct paging paging;
    struct tlb_set sets[2];                /* [user]: 0 supervisor, 1 user */
    bool large_pages;                      /* an entry from a large page may be present */
    uint32_t memory_generation;            /* of the map the entries were made from */
    uint32_t watched_pages[TLB_WATCH_MAX]; /* linear pages that never get fast tags for data (data breakpoints) */
    unsigned watched_count;
    bool slow_data;                        /* no fast tags for data at all (tracing) */
    uint64_t walks;                        /* statistics */
};

void mmu_init(struct mmu *mmu, struct memory *memory);

/* New governing registers: flushes what the manual demands (all; `keep_global`: all but global entries). */
void mmu_set_paging(struct mmu *mmu, const struct paging *paging, bool keep_global);

void mmu_flush(struct mmu *mmu, bool keep_global);
void mmu_flush_page(struct mmu *mmu, uint32_t linear); /* INVLPG */

/* Pages of enabled data breakpoints; flushes when they change. */
void mmu_watch_pages(struct mmu *mmu, const uint32_t *pages, unsigned count);

/* Takes away the write tag of every entry that maps this RAM page: code was decoded from it. */
void mmu_protect_code_page(struct mmu *mmu, const uint8_t *host_page);

static inline struct tlb_entry *tlb_slot(struct mmu *mmu, bool user, uint32_t linear)
{
    return &mmu->sets[user].entries[(linear / PAGE_SIZE) % TLB_ENTRIES];
}

/*
 * The slow road's first half: finds or makes the entry for one access, walking the page tables when needed.
 * On return without a fault (*entry)->allowed[kind] holds; (*entry)->host may be NULL (device, unclaimed).
 */
MUST_USE struct fault mmu_translate(struct mmu *mmu, uint32_t linear, enum access_kind kind, bool user,
                                    struct tlb_entry **entry);

#endif
