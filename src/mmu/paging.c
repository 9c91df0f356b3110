/*
 * The page-table walk (SDM 3A 4.3 32-bit paging, 4.4 PAE paging, 4.6 access rights, 4.7 page faults, 4.8
 * accessed and dirty flags). Memory types (PWT, PCD, PAT, MTRRs) have no effect here: there are no caches.
 */
#include "mmu/paging.h"

#include "base/bits.h"

/* Bits of a paging-structure entry, SDM 3A tables 4-4 to 4-6 and 4-8 to 4-11 */
#define ENTRY_P  0x001u
#define ENTRY_RW 0x002u
#define ENTRY_US 0x004u
#define ENTRY_A  0x020u
#define ENTRY_D  0x040u
#define ENTRY_PS 0x080u
#define ENTRY_G  0x100u
#define ENTRY_XD (1ull << 63)

#define PTE_PAT       0x0080u
#define LARGE_PDE_PAT 0x1000u

/* One entry met on the way, and where it lies. */
struct step {
    uint64_t physical;
    uint64_t entry;
};

/* A walk down to the entry that maps the page, without access rights. */
struct walk {
    struct step steps[2]; /* the page-directory entry, the page-table entry */
    unsigned step_count;
    uint64_t physical; /* of the 4 KiB that hold the linear address */
    bool large;
    bool undisturbing; /* a debugger asks: tables outside RAM and ROM count as absent */
};

static uint64_t entry_read(struct memory *memory, uint64_t physical, unsigned size, bool undisturbing)
{
    bool writable;
    const uint8_t *page = memory_page(memory, physical, &writable);
    if (LIKELY(page != NULL)) {
        const uint8_t *entry = page + (physical & PAGE_OFFSET_MASK);
        return size == 4 ? load_le32(entry) : load_le64(entry);
    }
    return undisturbing ? 0 : memory_read(memory, physical, size);
}

/* A and D lie in the low doubleword of both formats. */
static void entry_set_bits(struct memory *memory, const struct step *step, uint32_t set)
{
    if (LIKELY((step->entry & set) == set))
        return;
    uint32_t value = (uint32_t)step->entry | set;
    bool writable;
    uint8_t *page = memory_page(memory, step->physical, &writable);
    if (LIKELY(page != NULL && writable))
        store_le32(page + (step->physical & PAGE_OFFSET_MASK), value);
    else
        memory_write(memory, step->physical, value, 4);
}

/* Bits from..to, both included; none when from > to. */
static uint64_t bit_range(unsigned to, unsigned from)
{
    return from > to ? 0 : bits(~0ull, to, from) << from;
}

/* SDM 3A 4.3: 32-bit paging has reserved bits only with CR4.PSE = 1. */
static enum fault_reason walk_32(struct memory *memory, const struct paging *paging, uint32_t linear,
                                 struct walk *walk)
{
    bool pse = paging->cr4 & CR4_PSE;

    struct step *pde = &walk->steps[walk->step_count++];
    pde->physical = (paging->cr3 & 0xfffff000u) | (linear >> 22) << 2;
    pde->entry = entry_read(memory, pde->physical, 4, walk->undisturbing);
    if (!(pde->entry & ENTRY_P))
        return PAGE_NOT_PRESENT;
    if (pse && (pde->entry & ENTRY_PS)) {
        /* SDM 3A table 4-4: with PSE-36 bits 20:13 hold address bits 39:32, of which those below MAXPHYADDR
         * exist */
        unsigned high_bits = paging->pse36 ? paging->physical_bits - 32u : 0;
        uint64_t reserved = bit_range(21, 13 + high_bits) | (paging->pat ? 0 : LARGE_PDE_PAT);
        if (pde->entry & reserved)
            return PAGE_RESERVED_BIT;
        uint64_t high = high_bits ? bits(pde->entry, 12 + high_bits, 13) : 0;
        walk->physical = high << 32 | (pde->entry & 0xffc00000u) | (linear & 0x003ff000u);
        walk->large = true;
        return NO_FAULT;
    }

    struct step *pte = &walk->steps[walk->step_count++];
    pte->physical = (pde->entry & 0xfffff000u) | ((linear >> 12) & 0x3ff) << 2;
    pte->entry = entry_read(memory, pte->physical, 4, walk->undisturbing);
    if (!(pte->entry & ENTRY_P))
        return PAGE_NOT_PRESENT;
    if (pse && !paging->pat && (pte->entry & PTE_PAT))
        return PAGE_RESERVED_BIT;
    walk->physical = pte->entry & 0xfffff000u;
    return NO_FAULT;
}

/* SDM 3A 4.4.2. PS needs no CR4.PSE here. */
static enum fault_reason walk_pae(struct memory *memory, const struct paging *paging, uint32_t linear,
                                  struct walk *walk)
{
    const uint64_t address = bit_range(paging->physical_bits - 1u, 12);
    const uint64_t reserved = bit_range(62, paging->physical_bits) | (paging->nxe ? 0 : ENTRY_XD);

    /* The PDPTE registers have no access rights, no A, and were checked when they were loaded. */
    uint64_t pdpte = paging->pdpte[linear >> 30];
    if (!(pdpte & ENTRY_P))
        return PAGE_NOT_PRESENT;

    struct step *pde = &walk->steps[walk->step_count++];
    pde->physical = (pdpte & address) | ((linear >> 21) & 0x1ff) << 3;
    pde->entry = entry_read(memory, pde->physical, 8, walk->undisturbing);
    if (!(pde->entry & ENTRY_P))
        return PAGE_NOT_PRESENT;
    if (pde->entry & reserved)
        return PAGE_RESERVED_BIT;
    if (pde->entry & ENTRY_PS) {
        /* SDM 3A table 4-9 */
        if (pde->entry & (bit_range(20, 13) | (paging->pat ? 0 : LARGE_PDE_PAT)))
            return PAGE_RESERVED_BIT;
        walk->physical = (pde->entry & address & ~0x1fffffull) | (linear & 0x001ff000u);
        walk->large = true;
        return NO_FAULT;
    }

    struct step *pte = &walk->steps[walk->step_count++];
    pte->physical = (pde->entry & address) | ((linear >> 12) & 0x1ff) << 3;
    pte->entry = entry_read(memory, pte->physical, 8, walk->undisturbing);
    if (!(pte->entry & ENTRY_P))
        return PAGE_NOT_PRESENT;
    if (pte->entry & (reserved | (paging->pat ? 0 : PTE_PAT)))
        return PAGE_RESERVED_BIT;
    walk->physical = pte->entry & address;
    return NO_FAULT;
}

static inline enum fault_reason walk_tables(struct memory *memory, const struct paging *paging,
                                            uint32_t linear, struct walk *walk)
{
    return paging->cr4 & CR4_PAE ? walk_pae(memory, paging, linear, walk)
                                 : walk_32(memory, paging, linear, walk);
}

/* SDM 3A 4.6 */
static enum fault_reason rights_check(const struct paging *paging, const struct translation *translation,
                                      enum access_kind kind, bool user)
{
    if (user && !translation->user)
        return PAGE_NOT_USER;
    if (kind == ACCESS_WRITE && !translation->writable && (user || (paging->cr0 & CR0_WP)))
        return PAGE_NOT_WRITABLE;
    if (kind == ACCESS_EXECUTE && !translation->executable)
        return PAGE_NOT_EXECUTABLE;
    return NO_FAULT;
}

/* SDM 3A 4.7 */
static struct fault page_fault(const struct paging *paging, uint32_t linear, enum access_kind kind, bool user,
                               enum fault_reason reason)
{
    uint32_t code = 0;
    if (reason != PAGE_NOT_PRESENT)
        code |= PF_P;
    if (kind == ACCESS_WRITE)
        code |= PF_WR;
    if (user)
        code |= PF_US;
    if (reason == PAGE_RESERVED_BIT)
        code |= PF_RSVD;
    if (kind == ACCESS_EXECUTE && (paging->cr4 & CR4_PAE) && paging->nxe)
        code |= PF_ID;
    return fault_page(code, linear, reason);
}

struct fault paging_walk(struct memory *memory, const struct paging *paging, uint32_t linear,
                         enum access_kind kind, bool user, struct translation *translation)
{
    if (!(paging->cr0 & CR0_PG)) {
        *translation = (struct translation){
            .physical = linear & ~PAGE_OFFSET_MASK,
            .user = true,
            .writable = true,
            .executable = true,
            .dirty = true,
        };
        return FAULT_NONE;
    }

    struct walk walk = {0};
    enum fault_reason reason = walk_tables(memory, paging, linear, &walk);
    if (UNLIKELY(reason != NO_FAULT))
        return page_fault(paging, linear, kind, user, reason);

    /* A right holds only when the entries of all levels give it. */
    const struct step *leaf = &walk.steps[walk.step_count - 1];
    uint64_t all = walk.steps[0].entry & leaf->entry;
    uint64_t any = walk.steps[0].entry | leaf->entry;
    struct translation found = {
        .physical = walk.physical,
        .user = all & ENTRY_US,
        .writable = all & ENTRY_RW,
        .executable = !(any & ENTRY_XD),
        .global = (leaf->entry & ENTRY_G) && (paging->cr4 & CR4_PGE),
        .large = walk.large,
    };
    reason = rights_check(paging, &found, kind, user);
    if (UNLIKELY(reason != NO_FAULT))
        return page_fault(paging, linear, kind, user, reason);

    /*
     * SDM 3A 4.8: A is set in every entry "used as part of linear-address translation", D in the one that
     * maps the page. An access that faults has no translation (4.7), so it leaves the entries alone; the
     * manual would also allow A in the upper entry.
     */
    for (unsigned i = 0; i < walk.step_count; i++) {
        bool is_leaf = i == walk.step_count - 1;
        entry_set_bits(memory, &walk.steps[i], ENTRY_A | (is_leaf && kind == ACCESS_WRITE ? ENTRY_D : 0));
    }
    found.dirty = kind == ACCESS_WRITE || (leaf->entry & ENTRY_D);
    *translation = found;
    return FAULT_NONE;
}

bool paging_peek(struct memory *memory, const struct paging *paging, uint32_t linear, uint64_t *physical)
{
    if (!(paging->cr0 & CR0_PG)) {
        *physical = linear;
        return true;
    }
    struct walk walk = {.undisturbing = true};
    if (walk_tables(memory, paging, linear, &walk) != NO_FAULT)
        return false;
    *physical = walk.physical | (linear & PAGE_OFFSET_MASK);
    return true;
}

struct fault paging_load_pdptes(struct memory *memory, uint32_t cr3, uint8_t physical_bits, uint64_t pdpte[4])
{
    /* SDM 3A table 4-8: bits 2:1, 8:5 and 63:MAXPHYADDR of a present entry */
    const uint64_t reserved = 0x1e6 | bit_range(63, physical_bits);
    uint64_t loaded[4];
    for (unsigned i = 0; i < 4; i++) {
        loaded[i] = entry_read(memory, (cr3 & ~31u) + i * 8, 8, false);
        if ((loaded[i] & ENTRY_P) && (loaded[i] & reserved))
            return fault_gp(0, PDPTE_RESERVED_BIT);
    }
    memcpy(pdpte, loaded, sizeof loaded);
    return FAULT_NONE;
}
