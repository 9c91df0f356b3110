/*
 * Linear to physical translation (SDM 3A 4): 32-bit paging with PSE and PSE-36, PAE with NX, write protection,
 * accessed and dirty bits, page-fault error codes. The governing registers come in as values.
 */
#ifndef GATE86_MMU_PAGING_H
#define GATE86_MMU_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/memory.h"
#include "ia32/fault.h"

enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

/* The registers that govern paging. The processor copies them here whenever one changes. */
struct paging {
    uint32_t cr0;
    uint32_t cr3;
    uint32_t cr4;
    bool nxe;              /* IA32_EFER.NXE */
    uint8_t physical_bits; /* MAXPHYADDR of the model: 32 or 36 */
    bool pse36;            /* the model has PSE-36 */
    bool pat;              /* the model has PAT: its bit in the entries is not reserved */
    uint64_t pdpte[4];     /* PAE: loaded by MOV CR3 and friends, see paging_load_pdptes */
};

/* Where a linear page lies and what may be done with it at either privilege. */
struct translation {
    uint64_t physical; /* of the page, low 12 bits zero */
    bool user;         /* accessible at CPL 3 */
    bool writable;     /* R/W allows writes; see CR0.WP for supervisor accesses */
    bool executable;
    bool global;
    bool large; /* from a 2 MiB or 4 MiB page */
    bool dirty; /* D is set in the entry: writes need no further walk */
};

/*
 * Translates one linear address for one access, setting accessed and dirty bits in memory when it is
 * allowed. `user`: the access counts as user-mode. Returns #PF with its full error code otherwise.
 * With CR0.PG clear the translation is the identity.
 */
MUST_USE struct fault paging_walk(struct memory *memory, const struct paging *paging, uint32_t linear,
                                  enum access_kind kind, bool user, struct translation *translation);

/* The same without side effects and faults, for debuggers: false when not mapped. */
bool paging_peek(struct memory *memory, const struct paging *paging, uint32_t linear, uint64_t *physical);

/*
 * Reads the four PDPTEs at cr3 (SDM 3A 4.4.1) into pdpte. #GP(0) when a present one has a reserved bit set;
 * *pdpte is then unchanged.
 */
MUST_USE struct fault paging_load_pdptes(struct memory *memory, uint32_t cr3, uint8_t physical_bits,
                                         uint64_t pdpte[4]);

#endif
