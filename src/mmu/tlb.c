/*
 * The translation look-aside buffer (SDM 3A 4.10). Entries are made by mmu_translate after a walk of the page
 * tables for one privilege; what they allow was checked with the registers of that moment, so whatever
 * governs the checks (CR0.WP, CR4, NXE) empties the buffer when it changes.
 */
#include "mmu/tlb.h"

#include <string.h>

/* Changes of these bits change what entries allow, so that global entries must go too. */
#define CR0_GOVERNING (CR0_PG | CR0_WP)
#define CR4_GOVERNING (CR4_PSE | CR4_PAE | CR4_PGE)

static void entry_clear(struct tlb_entry *entry)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        entry->tag[kind] = TLB_NO_TAG;
        entry->allowed[kind] = false;
    }
    entry->page = TLB_NO_TAG;
    entry->host = NULL;
}

void mmu_init(struct mmu *mmu, struct memory *memory)
{
    memset(mmu, 0, sizeof *mmu);
    mmu->memory = memory;
    mmu->memory_generation = memory->generation;
    for (unsigned user = 0; user < 2; user++) {
        for (unsigned i = 0; i < TLB_ENTRIES; i++)
            entry_clear(&mmu->sets[user].entries[i]);
    }
}

static void set_flush(struct tlb_set *set, bool keep_global)
{
    for (unsigned word = 0; word < TLB_ENTRIES / 64; word++) {
        uint64_t kept = 0;
        for (uint64_t left = set->used[word]; left != 0; left &= left - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(left);
            struct tlb_entry *entry = &set->entries[word * 64 + bit];
            if (keep_global && entry->global)
                kept |= 1ull << bit;
            else
                entry_clear(entry);
        }
        set->used[word] = kept;
    }
}

void mmu_flush(struct mmu *mmu, bool keep_global)
{
    /* Of a former map not even global translations hold: the host pointers are void. */
    if (mmu->memory_generation != mmu->memory->generation) {
        keep_global = false;
        mmu->memory_generation = mmu->memory->generation;
    }
    set_flush(&mmu->sets[0], keep_global);
    set_flush(&mmu->sets[1], keep_global);
    /* Large global pages may have stayed. */
    if (!keep_global)
        memset(mmu->large_regions, 0, sizeof mmu->large_regions);
}

void mmu_set_paging(struct mmu *mmu, const struct paging *paging, bool keep_global)
{
    const struct paging *old = &mmu->paging;
    if (((old->cr0 ^ paging->cr0) & CR0_GOVERNING) || ((old->cr4 ^ paging->cr4) & CR4_GOVERNING) ||
        old->nxe != paging->nxe)
        keep_global = false;
    mmu->paging = *paging;
    mmu_flush(mmu, keep_global);
}

/* SDM 3A 4.10.4.1: all translations of the page go, global ones too, also when it is a large page */
void mmu_flush_page(struct mmu *mmu, uint32_t linear)
{
    uint32_t page = linear & ~PAGE_OFFSET_MASK;
    uint32_t region = linear >> 22;
    for (unsigned user = 0; user < 2; user++) {
        struct tlb_entry *entry = tlb_slot(mmu, user, linear);
        if (entry->page == page)
            entry_clear(entry);
    }
    if (LIKELY(!(mmu->large_regions[region / 64] >> region % 64 & 1)))
        return;

    for (unsigned user = 0; user < 2; user++) {
        for (unsigned i = 0; i < TLB_ENTRIES; i++) {
            struct tlb_entry *entry = &mmu->sets[user].entries[i];
            if (entry->page != TLB_NO_TAG && entry->large && entry->page >> 22 == region)
                entry_clear(entry);
        }
    }
    mmu->large_regions[region / 64] &= ~(1ull << region % 64);
}

void mmu_watch_pages(struct mmu *mmu, const uint32_t *pages, unsigned count)
{
    if (count > TLB_WATCH_MAX)
        count = TLB_WATCH_MAX;
    bool changed = count != mmu->watched_count;
    for (unsigned i = 0; i < count; i++) {
        uint32_t page = pages[i] & ~PAGE_OFFSET_MASK;
        changed |= page != mmu->watched_pages[i];
        mmu->watched_pages[i] = page;
    }
    mmu->watched_count = count;
    if (changed)
        mmu_flush(mmu, false);
}

void mmu_protect_code_page(struct mmu *mmu, const uint8_t *host_page)
{
    for (unsigned user = 0; user < 2; user++) {
        struct tlb_set *set = &mmu->sets[user];
        for (unsigned word = 0; word < TLB_ENTRIES / 64; word++) {
            for (uint64_t left = set->used[word]; left != 0; left &= left - 1) {
                struct tlb_entry *entry = &set->entries[word * 64 + (unsigned)__builtin_ctzll(left)];
                if (entry->host == host_page)
                    entry->tag[ACCESS_WRITE] = TLB_NO_TAG;
            }
        }
    }
}

static bool page_is_watched(const struct mmu *mmu, uint32_t page)
{
    for (unsigned i = 0; i < mmu->watched_count; i++) {
        if (mmu->watched_pages[i] == page)
            return true;
    }
    return false;
}

/* Which kinds of access may go straight to the host's memory from now on. */
static void entry_tag(const struct mmu *mmu, struct tlb_entry *entry)
{
    bool writable = false;
    entry->host = memory_page(mmu->memory, entry->physical, &writable);
    bool fast = entry->host != NULL;
    bool fast_data = fast && !mmu->slow_data && !page_is_watched(mmu, entry->page);
    bool fast_write = fast_data && writable &&
                      mmu->memory->code_granules[memory_ram_page_number(mmu->memory, entry->host)] == 0;

    entry->tag[ACCESS_READ] = fast_data && entry->allowed[ACCESS_READ] ? entry->page : TLB_NO_TAG;
    entry->tag[ACCESS_WRITE] = fast_write && entry->allowed[ACCESS_WRITE] ? entry->page : TLB_NO_TAG;
    entry->tag[ACCESS_EXECUTE] = fast && entry->allowed[ACCESS_EXECUTE] ? entry->page : TLB_NO_TAG;
}

static void entry_fill(struct mmu *mmu, struct tlb_entry *entry, uint32_t page, bool user,
                       const struct translation *translation)
{
    entry->page = page;
    entry->physical = translation->physical;
    entry->global = translation->global;
    entry->large = translation->large;
    /* The walk succeeded for this privilege, so reading is allowed to it (SDM 3A 4.6). */
    entry->allowed[ACCESS_READ] = true;
    entry->allowed[ACCESS_EXECUTE] = translation->executable;
    bool may_write = translation->writable || (!user && !(mmu->paging.cr0 & CR0_WP));
    /* With D clear the first write must come back here to set it. */
    entry->allowed[ACCESS_WRITE] = may_write && translation->dirty;

    uint32_t slot = page / PAGE_SIZE % TLB_ENTRIES;
    mmu->sets[user].used[slot / 64] |= 1ull << slot % 64;
    if (translation->large)
        mmu->large_regions[page >> 22 >> 6] |= 1ull << (page >> 22) % 64;
}

struct fault mmu_translate(struct mmu *mmu, uint32_t linear, enum access_kind kind, bool user,
                           struct tlb_entry **entry)
{
    mmu_check_map(mmu);
    uint32_t page = linear & ~PAGE_OFFSET_MASK;
    struct tlb_entry *slot = tlb_slot(mmu, user, linear);
    if (slot->page != page || !slot->allowed[kind]) {
        struct translation translation;
        mmu->walks++;
        struct fault fault = paging_walk(mmu->memory, &mmu->paging, linear, kind, user, &translation);
        if (UNLIKELY(fault.reason != NO_FAULT)) {
            /* SDM 3A 4.10.4.1: a page fault invalidates what is cached for its address */
            mmu_flush_page(mmu, linear);
            return fault;
        }
        entry_fill(mmu, slot, page, user, &translation);
    }
    /* Also on a hit: code may have left the page since, so that the write tag can come back. */
    entry_tag(mmu, slot);
    *entry = slot;
    return FAULT_NONE;
}
