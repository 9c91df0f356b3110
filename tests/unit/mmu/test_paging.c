/* The page walk: both formats, rights, reserved bits, error codes, accessed and dirty bits. */
#include "base/bits.h"
#include "mmu/paging.h"
#include "unit/suite.h"

#define P  0x001u
#define RW 0x002u
#define US 0x004u
#define A  0x020u
#define D  0x040u
#define PS 0x080u
#define G  0x100u
#define XD (1ull << 63)

#define DIRECTORY 0x1000u
#define TABLE     0x2000u
#define POINTERS  0x4000u

/* The tested linear address: directory entry 1 in 32-bit paging, 2 in PAE; table entry 3 in both. */
#define LINEAR  0x00403abcu
#define PDE_32  (DIRECTORY + 1 * 4)
#define PTE_32  (TABLE + 3 * 4)
#define PDE_PAE (DIRECTORY + 2 * 8)
#define PTE_PAE (TABLE + 3 * 8)

static struct memory memory;
static struct paging paging;
static struct translation translation;

static void make_memory(void)
{
    struct error error;
    ck_assert(memory_init(&memory, 1 << 20, &error));
    memory_map_ram(&memory, "ram", 0, 1 << 20, 0);
}

static void make_32(uint32_t cr4, uint32_t pde, uint32_t pte)
{
    make_memory();
    paging = (struct paging){
        .cr0 = CR0_PG | 1, .cr3 = DIRECTORY, .cr4 = cr4, .physical_bits = 36, .pse36 = true, .pat = true};
    memory_write(&memory, PDE_32, pde, 4);
    memory_write(&memory, PTE_32, pte, 4);
}

static void make_pae(uint64_t pde, uint64_t pte)
{
    make_memory();
    paging = (struct paging){.cr0 = CR0_PG | 1,
                             .cr3 = POINTERS,
                             .cr4 = CR4_PAE,
                             .nxe = true,
                             .physical_bits = 32,
                             .pat = true,
                             .pdpte = {DIRECTORY | P}};
    memory_write(&memory, PDE_PAE, pde, 8);
    memory_write(&memory, PTE_PAE, pte, 8);
}

static struct fault walk(enum access_kind kind, bool user)
{
    return paging_walk(&memory, &paging, LINEAR, kind, user, &translation);
}

#define ck_assert_allowed(fault) ck_assert_uint_eq((fault).reason, NO_FAULT)

static void check_fault(struct fault fault, uint32_t code, enum fault_reason reason)
{
    ck_assert_uint_eq(fault.reason, reason);
    ck_assert_uint_eq(fault.vector, VECTOR_PF);
    ck_assert(fault.has_error_code);
    ck_assert_uint_eq(fault.error_code, code);
    ck_assert_uint_eq(fault.address, LINEAR);
}

START_TEST(without_paging_the_translation_is_the_identity)
{
    make_32(0, 0, 0);
    paging.cr0 = 1;
    ck_assert_allowed(walk(ACCESS_WRITE, true));
    ck_assert_uint_eq(translation.physical, LINEAR & ~0xfffu);
    ck_assert(translation.writable && translation.user && translation.executable && translation.dirty);
    memory_free(&memory);
}
END_TEST

START_TEST(a_32_bit_walk_finds_the_page)
{
    make_32(0, TABLE | P | RW | US, 0x7000 | P | RW);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert_uint_eq(translation.physical, 0x7000);
    ck_assert(!translation.user);
    ck_assert(translation.writable);
    ck_assert(!translation.large && !translation.global && !translation.dirty);
    memory_free(&memory);
}
END_TEST

START_TEST(a_pae_walk_finds_the_page_above_4_gib)
{
    make_pae(TABLE | P | RW | US, 0xf00007000ull | P | RW | US);
    paging.physical_bits = 36;
    ck_assert_allowed(walk(ACCESS_READ, true));
    ck_assert_uint_eq(translation.physical, 0xf00007000ull);
    memory_free(&memory);
}
END_TEST

START_TEST(the_pdpte_is_chosen_by_the_top_two_bits)
{
    make_pae(TABLE | P | RW | US, 0x7000 | P);
    paging.pdpte[0] = 0;
    paging.pdpte[3] = DIRECTORY | P;
    check_fault(walk(ACCESS_READ, false), 0, PAGE_NOT_PRESENT);
    ck_assert_allowed(paging_walk(&memory, &paging, LINEAR | 0xc0000000u, ACCESS_READ, false, &translation));
    ck_assert_uint_eq(translation.physical, 0x7000);
    memory_free(&memory);
}
END_TEST

START_TEST(a_4_mib_page_needs_pse)
{
    make_32(CR4_PSE, 0x40000000 | P | RW | PS, 0);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert_uint_eq(translation.physical, 0x40003000);
    ck_assert(translation.large);
    paging.cr4 = 0;
    /* PS is ignored: the entry references a table outside RAM, which reads as all ones. */
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert_uint_eq(translation.physical, 0xfffff000);
    ck_assert(!translation.large);
    memory_free(&memory);
}
END_TEST

START_TEST(pse36_brings_the_upper_address_bits)
{
    make_32(CR4_PSE, 0x40000000 | 0xa << 13 | P | PS, 0);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert_uint_eq(translation.physical, 0xa40003000ull);
    /* bit 17 would be address bit 36 */
    memory_write(&memory, PDE_32, 0x40000000 | 1 << 17 | P | PS, 4);
    check_fault(walk(ACCESS_READ, false), PF_P | PF_RSVD, PAGE_RESERVED_BIT);
    memory_free(&memory);
}
END_TEST

START_TEST(without_pse36_bits_21_to_13_are_reserved)
{
    make_32(CR4_PSE, 0, 0);
    paging.pse36 = false;
    for (unsigned bit = 13; bit <= 21; bit++) {
        memory_write(&memory, PDE_32, 0x40000000 | 1 << bit | P | PS, 4);
        check_fault(walk(ACCESS_READ, false), PF_P | PF_RSVD, PAGE_RESERVED_BIT);
    }
    memory_write(&memory, PDE_32, 0x40000000 | 1 << 12 | P | PS, 4);
    ck_assert_allowed(walk(ACCESS_READ, false));
    memory_free(&memory);
}
END_TEST

START_TEST(the_pat_bit_is_reserved_without_pat)
{
    make_32(CR4_PSE, 0x40000000 | 1 << 12 | P | PS, 0x7000 | P | PS);
    paging.pat = false;
    check_fault(walk(ACCESS_READ, false), PF_P | PF_RSVD, PAGE_RESERVED_BIT);
    memory_write(&memory, PDE_32, TABLE | P, 4);
    check_fault(walk(ACCESS_READ, false), PF_P | PF_RSVD, PAGE_RESERVED_BIT);
    /* 32-bit paging has reserved bits only with CR4.PSE */
    paging.cr4 = 0;
    ck_assert_allowed(walk(ACCESS_READ, false));
    memory_free(&memory);

    make_pae(TABLE | P, 0x7000 | P | PS);
    ck_assert_allowed(walk(ACCESS_READ, false));
    paging.pat = false;
    check_fault(walk(ACCESS_READ, false), PF_P | PF_RSVD, PAGE_RESERVED_BIT);
    memory_free(&memory);
}
END_TEST

START_TEST(a_2_mib_page_needs_no_pse_and_reserves_bits_20_to_13)
{
    make_pae(0x40000000 | P | RW | PS, 0);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert_uint_eq(translation.physical, 0x40003000);
    ck_assert(translation.large);
    for (unsigned bit = 13; bit <= 20; bit++) {
        memory_write(&memory, PDE_PAE, 0x40000000ull | 1u << bit | P | PS, 8);
        check_fault(walk(ACCESS_READ, false), PF_P | PF_RSVD, PAGE_RESERVED_BIT);
    }
    memory_free(&memory);
}
END_TEST

START_TEST(pae_address_bits_beyond_the_processors_are_reserved)
{
    make_pae(0, 0x7000 | P);
    for (unsigned bit = 32; bit <= 62; bit++) {
        memory_write(&memory, PDE_PAE, TABLE | P | 1ull << bit, 8);
        check_fault(walk(ACCESS_READ, false), PF_P | PF_RSVD, PAGE_RESERVED_BIT);
    }
    memory_write(&memory, PDE_PAE, TABLE | P, 8);
    for (unsigned bit = 32; bit <= 62; bit++) {
        memory_write(&memory, PTE_PAE, 0x7000 | P | 1ull << bit, 8);
        check_fault(walk(ACCESS_WRITE, true), PF_P | PF_WR | PF_US | PF_RSVD, PAGE_RESERVED_BIT);
    }
    /* An absent entry may hold anything. */
    memory_write(&memory, PTE_PAE, ~1ull, 8);
    check_fault(walk(ACCESS_READ, false), 0, PAGE_NOT_PRESENT);
    memory_free(&memory);
}
END_TEST

START_TEST(execute_disable_is_reserved_until_nxe_is_set)
{
    make_pae(TABLE | P | RW | US, XD | 0x7000 | P | RW | US);
    ck_assert_allowed(walk(ACCESS_READ, true));
    ck_assert(!translation.executable);
    check_fault(walk(ACCESS_EXECUTE, true), PF_P | PF_US | PF_ID, PAGE_NOT_EXECUTABLE);
    paging.nxe = false;
    check_fault(walk(ACCESS_READ, true), PF_P | PF_US | PF_RSVD, PAGE_RESERVED_BIT);
    check_fault(walk(ACCESS_EXECUTE, true), PF_P | PF_US | PF_RSVD, PAGE_RESERVED_BIT);
    /* In the directory entry it covers the whole table. */
    paging.nxe = true;
    memory_write(&memory, PDE_PAE, XD | TABLE | P | RW | US, 8);
    memory_write(&memory, PTE_PAE, 0x7000 | P | RW | US, 8);
    check_fault(walk(ACCESS_EXECUTE, false), PF_P | PF_ID, PAGE_NOT_EXECUTABLE);
    memory_free(&memory);
}
END_TEST

START_TEST(the_instruction_bit_of_the_error_code_needs_pae_and_nxe)
{
    make_pae(0, 0);
    check_fault(walk(ACCESS_EXECUTE, false), PF_ID, PAGE_NOT_PRESENT);
    paging.nxe = false;
    check_fault(walk(ACCESS_EXECUTE, false), 0, PAGE_NOT_PRESENT);
    memory_free(&memory);
    make_32(0, 0, 0);
    paging.nxe = true;
    check_fault(walk(ACCESS_EXECUTE, true), PF_US, PAGE_NOT_PRESENT);
    memory_free(&memory);
}
END_TEST

/* Every combination of U/S and R/W at both levels, WP, privilege and kind, against the manual's rule (4.6).
 */
START_TEST(rights_are_what_both_levels_give)
{
    for (unsigned mix = 0; mix < 128; mix++) {
        uint32_t pde_rights = (mix & 3) << 1, pte_rights = (mix >> 2 & 3) << 1;
        bool wp = mix >> 4 & 1, user = mix >> 5 & 1, write = mix >> 6 & 1;
        make_32(0, TABLE | P | pde_rights, 0x7000 | P | pte_rights);
        if (wp)
            paging.cr0 |= CR0_WP;
        bool page_user = pde_rights & pte_rights & US, page_writable = pde_rights & pte_rights & RW;
        struct fault fault = walk(write ? ACCESS_WRITE : ACCESS_READ, user);
        uint32_t code = PF_P | (write ? PF_WR : 0) | (user ? PF_US : 0);
        if (user && !page_user)
            check_fault(fault, code, PAGE_NOT_USER);
        else if (write && !page_writable && (user || wp))
            check_fault(fault, code, PAGE_NOT_WRITABLE);
        else
            ck_assert_allowed(fault);
        memory_free(&memory);
    }
}
END_TEST

START_TEST(accessed_and_dirty_are_set_by_the_access_that_needs_them)
{
    make_32(0, TABLE | P | RW, 0x7000 | P | RW);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert_uint_eq(memory_read(&memory, PDE_32, 4), TABLE | P | RW | A);
    ck_assert_uint_eq(memory_read(&memory, PTE_32, 4), 0x7000 | P | RW | A);
    ck_assert(!translation.dirty);
    ck_assert_allowed(walk(ACCESS_WRITE, false));
    /* D has no place in an entry that references a table. */
    ck_assert_uint_eq(memory_read(&memory, PDE_32, 4), TABLE | P | RW | A);
    ck_assert_uint_eq(memory_read(&memory, PTE_32, 4), 0x7000 | P | RW | A | D);
    ck_assert(translation.dirty);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert(translation.dirty);
    memory_free(&memory);

    make_pae(0x40000000 | P | RW | PS, 0);
    ck_assert_allowed(walk(ACCESS_WRITE, false));
    ck_assert_uint_eq(memory_read(&memory, PDE_PAE, 8), 0x40000000u | P | RW | PS | A | D);
    memory_free(&memory);
}
END_TEST

START_TEST(an_access_that_faults_leaves_the_entries_alone)
{
    make_32(0, TABLE | P | RW, 0x7000 | P | RW);
    check_fault(walk(ACCESS_WRITE, true), PF_P | PF_WR | PF_US, PAGE_NOT_USER);
    ck_assert_uint_eq(memory_read(&memory, PDE_32, 4), TABLE | P | RW);
    ck_assert_uint_eq(memory_read(&memory, PTE_32, 4), 0x7000 | P | RW);
    memory_free(&memory);
}
END_TEST

START_TEST(global_pages_need_pge)
{
    make_32(0, TABLE | P | G, 0x7000 | P | G);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert(!translation.global);
    paging.cr4 = CR4_PGE;
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert(translation.global);
    /* G counts in the entry that maps the page only. */
    memory_write(&memory, PTE_32, 0x7000 | P, 4);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert(!translation.global);
    memory_free(&memory);
}
END_TEST

struct table_device {
    uint32_t entry;
    unsigned reads, writes;
};

static uint32_t table_read(void *context, uint64_t offset, unsigned size)
{
    struct table_device *device = context;
    (void)size;
    device->reads++;
    return offset == 3 * 4 ? device->entry : 0;
}

static void table_write(void *context, uint64_t offset, uint32_t value, unsigned size)
{
    struct table_device *device = context;
    ck_assert_uint_eq(offset, 3 * 4);
    ck_assert_uint_eq(size, 4);
    device->writes++;
    device->entry = value;
}

START_TEST(tables_may_lie_in_device_memory_rom_or_nowhere)
{
    struct table_device device = {.entry = 0x7000 | P | RW};
    static uint8_t rom[PAGE_SIZE];
    store_le32(rom + 12, 0x9000 | P | RW);
    make_32(0, 0x200000 | P | RW, 0);
    memory_map_device(&memory, "tables", 0x200000, PAGE_SIZE, table_read, table_write, &device);
    memory_map_rom(&memory, "rom", 0x300000, PAGE_SIZE, rom);

    uint64_t physical;
    ck_assert(!paging_peek(&memory, &paging, LINEAR, &physical));
    ck_assert_uint_eq(device.reads, 0);
    ck_assert_allowed(walk(ACCESS_WRITE, false));
    ck_assert_uint_eq(translation.physical, 0x7000);
    ck_assert_uint_eq(device.entry, 0x7000 | P | RW | A | D);
    ck_assert_uint_eq(device.writes, 1);

    memory_write(&memory, PDE_32, 0x300000 | P | RW, 4);
    ck_assert_allowed(walk(ACCESS_WRITE, false));
    ck_assert_uint_eq(translation.physical, 0x9000);
    ck_assert_uint_eq(load_le32(rom + 12), 0x9000 | P | RW);

    memory_write(&memory, PDE_32, 0x500000 | P | RW, 4);
    ck_assert_allowed(walk(ACCESS_READ, false));
    ck_assert_uint_eq(translation.physical, 0xfffff000);
    memory_free(&memory);
}
END_TEST

START_TEST(peeking_translates_and_changes_nothing)
{
    make_32(CR4_PSE, TABLE | P, 0x7000 | P);
    uint64_t physical = 0;
    ck_assert(paging_peek(&memory, &paging, LINEAR, &physical));
    ck_assert_uint_eq(physical, 0x7abc);
    ck_assert_uint_eq(memory_read(&memory, PDE_32, 4), TABLE | P);
    memory_write(&memory, PDE_32, 0x40000000 | P | PS, 4);
    ck_assert(paging_peek(&memory, &paging, LINEAR, &physical));
    ck_assert_uint_eq(physical, 0x40003abc);
    memory_write(&memory, PDE_32, 0, 4);
    ck_assert(!paging_peek(&memory, &paging, LINEAR, &physical));
    paging.cr0 = 0;
    ck_assert(paging_peek(&memory, &paging, LINEAR, &physical));
    ck_assert_uint_eq(physical, LINEAR);
    memory_free(&memory);
}
END_TEST

START_TEST(pdptes_are_loaded_from_a_32_byte_aligned_table)
{
    make_memory();
    uint64_t pdpte[4] = {0};
    for (unsigned i = 0; i < 4; i++)
        memory_write(&memory, POINTERS + 0x20 + i * 8, 0x10000 * (i + 1) | P | 0x18, 8);
    ck_assert_allowed(paging_load_pdptes(&memory, POINTERS + 0x20 + 0x18, 32, pdpte));
    ck_assert_uint_eq(pdpte[0], 0x10000 | P | 0x18);
    ck_assert_uint_eq(pdpte[3], 0x40000 | P | 0x18);
    memory_free(&memory);
}
END_TEST

START_TEST(a_reserved_bit_in_a_present_pdpte_is_gp_and_loads_nothing)
{
    make_memory();
    const uint64_t good = 0x10000 | P;
    for (unsigned bit = 1; bit < 64; bit++) {
        bool reserved = bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) || bit >= 36;
        uint64_t pdpte[4] = {1, 2, 3, 4};
        memory_write(&memory, POINTERS + 16, good | 1ull << bit, 8);
        struct fault fault = paging_load_pdptes(&memory, POINTERS, 36, pdpte);
        if (reserved) {
            ck_assert_uint_eq(fault.vector, VECTOR_GP);
            ck_assert_uint_eq(fault.reason, PDPTE_RESERVED_BIT);
            ck_assert_uint_eq(fault.error_code, 0);
            ck_assert_uint_eq(pdpte[0], 1);
            ck_assert_uint_eq(pdpte[2], 3);
        } else {
            ck_assert_allowed(fault);
            ck_assert_uint_eq(pdpte[2], good | 1ull << bit);
        }
        /* Absent entries are not looked at. */
        memory_write(&memory, POINTERS + 16, 1ull << bit, 8);
        ck_assert_allowed(paging_load_pdptes(&memory, POINTERS, 36, pdpte));
    }
    memory_free(&memory);
}
END_TEST

UNIT_SUITE("paging", without_paging_the_translation_is_the_identity, a_32_bit_walk_finds_the_page,
           a_pae_walk_finds_the_page_above_4_gib, the_pdpte_is_chosen_by_the_top_two_bits,
           a_4_mib_page_needs_pse, pse36_brings_the_upper_address_bits,
           without_pse36_bits_21_to_13_are_reserved, the_pat_bit_is_reserved_without_pat,
           a_2_mib_page_needs_no_pse_and_reserves_bits_20_to_13,
           pae_address_bits_beyond_the_processors_are_reserved, execute_disable_is_reserved_until_nxe_is_set,
           the_instruction_bit_of_the_error_code_needs_pae_and_nxe, rights_are_what_both_levels_give,
           accessed_and_dirty_are_set_by_the_access_that_needs_them,
           an_access_that_faults_leaves_the_entries_alone, global_pages_need_pge,
           tables_may_lie_in_device_memory_rom_or_nowhere, peeking_translates_and_changes_nothing,
           pdptes_are_loaded_from_a_32_byte_aligned_table,
           a_reserved_bit_in_a_present_pdpte_is_gp_and_loads_nothing)
