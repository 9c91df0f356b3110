/*
 * The translation look-aside buffer: a direct-mapped set per privilege, whose entries hold a host pointer for
 * the kinds of access that need no further check. A tag that matches says: this page, this kind of access, at
 * this privilege, goes straight to host memory. Everything else (device memory, ROM writes, pages from which
 * code was decoded, watched pages) has a valid translation but no tag, and takes the slow road.
 *
 * On writes the dirty bit was set when the write tag was given. INVLPG on a large page takes away every entry made
 * from it (SDM 3A 4.10.4.1). Flushing more than the manual demands is allowed (SDM 3A 4.10.2).
 */
#ifndef GATE86_MMU_TLB_H
#define GATE86_MMU_TLB_H

#include "mmu/paging.h"

#define TLB_ENTRIES   1024
#define TLB_NO_TAG    0x800u /* equals no page address, with the low bits of an unaligned access or without */
#define TLB_WATCH_MAX 5      /* four breakpoints and MONITOR */
#define TLB_REGIONS   1024   /* of 4 MiB: linear >> 22 */

struct tlb_entry {
    uint32_t tag[3];   /* by enum access_kind: linear page whose fast access is allowed, or TLB_NO_TAG */
    uint32_t page;     /* linear page this entry translates, or TLB_NO_TAG */
    uint8_t *host;     /* host address of the page when RAM or ROM, else NULL */
    uint64_t physical; /* physical page */
    bool allowed[3];   /* by enum access_kind: the translation permits it (walk done, A and D set) */
    bool global;
    bool large;
};

struct tlb_set {
    struct tlb_entry entries[TLB_ENTRIES];
    uint64_t used[TLB_ENTRIES / 64]; /* a bit per entry that may hold something, so that a flush is short */
};

struct mmu {
    struct memory *memory;
    struct paging paging;
    struct tlb_set sets[2];                   /* [user]: 0 supervisor, 1 user */
    uint64_t large_regions[TLB_REGIONS / 64]; /* a bit per 4 MiB that may have entries from a large page */
    uint32_t memory_generation;               /* of the map the entries were made from */
    /* Linear pages that never get fast tags for data (data breakpoints). */
    uint32_t watched_pages[TLB_WATCH_MAX];
    unsigned watched_count;
    bool slow_data; /* no fast tags for data at all (tracing); flush after a change */
    uint64_t walks; /* statistics */
};

void mmu_init(struct mmu *mmu, struct memory *memory);

/*
 * New governing registers: flushes what the manual demands (all; `keep_global`: all but global entries, which
 * is honoured only when nothing but CR3, the PDPTEs and bits without a say in paging have changed).
 */
void mmu_set_paging(struct mmu *mmu, const struct paging *paging, bool keep_global);

void mmu_flush(struct mmu *mmu, bool keep_global);
void mmu_flush_page(struct mmu *mmu, uint32_t linear); /* INVLPG */

/* Pages of enabled data breakpoints; flushes when they change. */
void mmu_watch_pages(struct mmu *mmu, const uint32_t *pages, unsigned count);

/*
 * To be called after anything that may have changed the memory map or A20 (port and device writes): the tags
 * know nothing of it.
 */
static inline void mmu_check_map(struct mmu *mmu)
{
    if (UNLIKELY(mmu->memory_generation != mmu->memory->generation))
        mmu_flush(mmu, false);
}

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
