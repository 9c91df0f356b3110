/* The TLB: which tags are given, and when they go. */
#include "mmu/tlb.h"
#include "unit/suite.h"

#define P  0x001u
#define RW 0x002u
#define US 0x004u
#define D  0x040u
#define PS 0x080u
#define G  0x100u

#define DIRECTORY 0x1000u
#define TABLE     0x2000u

static struct memory memory;
static struct mmu mmu;
static uint8_t rom[PAGE_SIZE];

static uint32_t chip_read(void *context, uint64_t offset, unsigned size)
{
    (void)context, (void)offset, (void)size;
    return 0;
}

static void chip_write(void *context, uint64_t offset, uint32_t value, unsigned size)
{
    (void)context, (void)offset, (void)value, (void)size;
}

static void map(unsigned page, uint32_t entry)
{
    memory_write(&memory, TABLE + page * 4, entry, 4);
}

/* 1 MiB of RAM, ROM at 2 MiB, a device at 3 MiB; linear pages 0.. by TABLE. */
static void make_mmu(uint32_t cr4)
{
    struct error error;
    ck_assert(memory_init(&memory, 1 << 20, &error));
    memory_map_ram(&memory, "ram", 0, 1 << 20, 0);
    memory_map_rom(&memory, "rom", 2 << 20, PAGE_SIZE, rom);
    memory_map_device(&memory, "chip", 3 << 20, PAGE_SIZE, chip_read, chip_write, NULL);
    memory_write(&memory, DIRECTORY, TABLE | P | RW | US, 4);
    mmu_init(&mmu, &memory);
    struct paging paging = {
        .cr0 = CR0_PG | 1, .cr3 = DIRECTORY, .cr4 = cr4, .physical_bits = 36, .pse36 = true, .pat = true};
    mmu_set_paging(&mmu, &paging, false);
}

static struct tlb_entry *translate(uint32_t linear, enum access_kind kind, bool user)
{
    struct tlb_entry *entry = NULL;
    struct fault fault = mmu_translate(&mmu, linear, kind, user, &entry);
    ck_assert_uint_eq(fault.reason, NO_FAULT);
    ck_assert_ptr_eq(entry, tlb_slot(&mmu, user, linear));
    ck_assert(entry->allowed[kind]);
    return entry;
}

static uint32_t fault_code(uint32_t linear, enum access_kind kind, bool user)
{
    struct tlb_entry *entry;
    struct fault fault = mmu_translate(&mmu, linear, kind, user, &entry);
    ck_assert_uint_eq(fault.vector, VECTOR_PF);
    return fault.error_code;
}

static bool hits(uint32_t linear, enum access_kind kind, bool user)
{
    return tlb_slot(&mmu, user, linear)->tag[kind] == (linear & ~PAGE_OFFSET_MASK);
}

START_TEST(a_new_tlb_matches_no_page)
{
    make_mmu(0);
    for (unsigned kind = 0; kind < 3; kind++) {
        ck_assert(!hits(0, kind, false));
        ck_assert(!hits(0, kind, true));
    }
    memory_free(&memory);
}
END_TEST

START_TEST(a_read_gives_read_and_execute_tags_and_the_first_write_the_write_tag)
{
    make_mmu(0);
    map(5, 0x7000 | P | RW);
    struct tlb_entry *entry = translate(0x5123, ACCESS_READ, false);
    ck_assert_ptr_eq(entry->host, memory.ram + 0x7000);
    ck_assert_uint_eq(entry->physical, 0x7000);
    ck_assert(hits(0x5123, ACCESS_READ, false));
    ck_assert(hits(0x5123, ACCESS_EXECUTE, false));
    /* D is clear: the first write must walk. */
    ck_assert(!hits(0x5123, ACCESS_WRITE, false));
    ck_assert(!hits(0x5123, ACCESS_READ, true));
    translate(0x5123, ACCESS_WRITE, false);
    ck_assert(hits(0x5123, ACCESS_WRITE, false));
    ck_assert_uint_eq(memory_read(&memory, TABLE + 5 * 4, 4) & D, D);
    ck_assert_uint_eq(mmu.walks, 2);
    memory_free(&memory);
}
END_TEST

START_TEST(a_dirty_page_gets_its_write_tag_from_a_read)
{
    make_mmu(0);
    map(5, 0x7000 | P | RW | D);
    translate(0x5000, ACCESS_READ, false);
    ck_assert(hits(0x5000, ACCESS_WRITE, false));
    memory_free(&memory);
}
END_TEST

START_TEST(a_supervisor_may_write_a_read_only_page_until_wp_is_set)
{
    make_mmu(0);
    map(5, 0x7000 | P | US | D);
    translate(0x5000, ACCESS_WRITE, false);
    ck_assert(hits(0x5000, ACCESS_WRITE, false));
    translate(0x5000, ACCESS_READ, true);
    ck_assert(!hits(0x5000, ACCESS_WRITE, true));
    ck_assert_uint_eq(fault_code(0x5000, ACCESS_WRITE, true), 7);

    struct paging paging = mmu.paging;
    paging.cr0 |= CR0_WP;
    mmu_set_paging(&mmu, &paging, true);
    ck_assert(!hits(0x5000, ACCESS_WRITE, false));
    ck_assert_uint_eq(fault_code(0x5000, ACCESS_WRITE, false), 3);
    memory_free(&memory);
}
END_TEST

START_TEST(rom_is_never_written_fast_and_a_device_never_reached_fast)
{
    make_mmu(0);
    map(5, 0x200000 | P | RW | D);
    map(6, 0x300000 | P | RW | D);
    struct tlb_entry *entry = translate(0x5000, ACCESS_WRITE, false);
    ck_assert_ptr_eq(entry->host, rom);
    ck_assert(hits(0x5000, ACCESS_READ, false));
    ck_assert(hits(0x5000, ACCESS_EXECUTE, false));
    ck_assert(!hits(0x5000, ACCESS_WRITE, false));
    entry = translate(0x6000, ACCESS_WRITE, false);
    ck_assert_ptr_null(entry->host);
    ck_assert_uint_eq(entry->physical, 0x300000);
    for (unsigned kind = 0; kind < 3; kind++)
        ck_assert(!hits(0x6000, kind, false));
    memory_free(&memory);
}
END_TEST

START_TEST(a_page_with_decoded_code_is_written_slowly_until_the_code_is_gone)
{
    make_mmu(0);
    map(5, 0x7000 | P | RW | US | D);
    translate(0x5000, ACCESS_WRITE, false);
    translate(0x5000, ACCESS_WRITE, true);
    memory.code_granules[7] = 1;
    mmu_protect_code_page(&mmu, memory.ram + 0x7000);
    ck_assert(!hits(0x5000, ACCESS_WRITE, false));
    ck_assert(!hits(0x5000, ACCESS_WRITE, true));
    ck_assert(hits(0x5000, ACCESS_READ, false));
    translate(0x5000, ACCESS_WRITE, false);
    ck_assert(!hits(0x5000, ACCESS_WRITE, false));
    ck_assert_uint_eq(mmu.walks, 2);
    memory.code_granules[7] = 0;
    translate(0x5000, ACCESS_WRITE, false);
    ck_assert(hits(0x5000, ACCESS_WRITE, false));
    memory_free(&memory);
}
END_TEST

START_TEST(watched_pages_and_tracing_take_the_slow_road_for_data)
{
    make_mmu(0);
    map(5, 0x7000 | P | RW | D);
    map(6, 0x8000 | P | RW | D);
    translate(0x5000, ACCESS_WRITE, false);
    const uint32_t pages[] = {0x5abc};
    mmu_watch_pages(&mmu, pages, 1);
    ck_assert(!hits(0x5000, ACCESS_WRITE, false));
    translate(0x5000, ACCESS_WRITE, false);
    translate(0x6000, ACCESS_WRITE, false);
    ck_assert(!hits(0x5000, ACCESS_READ, false));
    ck_assert(!hits(0x5000, ACCESS_WRITE, false));
    ck_assert(hits(0x5000, ACCESS_EXECUTE, false));
    ck_assert(hits(0x6000, ACCESS_WRITE, false));
    mmu_watch_pages(&mmu, pages, 1);
    ck_assert(hits(0x6000, ACCESS_WRITE, false));
    mmu_watch_pages(&mmu, NULL, 0);
    mmu.slow_data = true;
    mmu_flush(&mmu, false);
    translate(0x6000, ACCESS_READ, false);
    ck_assert(!hits(0x6000, ACCESS_READ, false));
    memory_free(&memory);
}
END_TEST

START_TEST(loading_cr3_keeps_global_entries_only)
{
    make_mmu(CR4_PGE);
    map(5, 0x7000 | P);
    map(6, 0x8000 | P | G);
    translate(0x5000, ACCESS_READ, false);
    translate(0x6000, ACCESS_READ, false);
    mmu_set_paging(&mmu, &(struct paging){mmu.paging.cr0, 0x3000, mmu.paging.cr4, false, 36, true, true, {0}},
                   true);
    ck_assert(!hits(0x5000, ACCESS_READ, false));
    ck_assert(hits(0x6000, ACCESS_READ, false));
    struct paging paging = mmu.paging;
    paging.cr4 = 0;
    mmu_set_paging(&mmu, &paging, true);
    ck_assert(!hits(0x6000, ACCESS_READ, false));
    memory_free(&memory);
}
END_TEST

START_TEST(global_entries_go_when_what_they_were_checked_with_changes)
{
    make_mmu(CR4_PGE);
    map(5, 0x7000 | P | D | G);
    translate(0x5000, ACCESS_WRITE, false);
    struct paging paging = mmu.paging;
    mmu_set_paging(&mmu, &paging, true);
    ck_assert(hits(0x5000, ACCESS_WRITE, false));
    paging.cr0 |= CR0_WP;
    mmu_set_paging(&mmu, &paging, true);
    ck_assert(!hits(0x5000, ACCESS_WRITE, false));
    translate(0x5000, ACCESS_READ, false);
    paging.nxe = true;
    mmu_set_paging(&mmu, &paging, true);
    ck_assert(!hits(0x5000, ACCESS_READ, false));
    translate(0x5000, ACCESS_READ, false);
    paging.cr4 |= CR4_PSE;
    mmu_set_paging(&mmu, &paging, true);
    ck_assert(!hits(0x5000, ACCESS_READ, false));
    memory_free(&memory);
}
END_TEST

START_TEST(a_flush_forgets_everything_but_global_entries_when_asked)
{
    make_mmu(CR4_PGE);
    map(5, 0x7000 | P | US);
    map(6, 0x8000 | P | US | G);
    for (unsigned user = 0; user < 2; user++) {
        translate(0x5000, ACCESS_READ, user);
        translate(0x6000, ACCESS_READ, user);
    }
    for (unsigned times = 0; times < 2; times++) {
        mmu_flush(&mmu, true);
        ck_assert(!hits(0x5000, ACCESS_READ, times));
        ck_assert(hits(0x6000, ACCESS_READ, times));
    }
    mmu_flush(&mmu, false);
    ck_assert(!hits(0x6000, ACCESS_READ, false));
    ck_assert(!hits(0x6000, ACCESS_READ, true));
    memory_free(&memory);
}
END_TEST

START_TEST(invlpg_forgets_one_page_for_both_privileges_global_or_not)
{
    make_mmu(CR4_PGE);
    map(5, 0x7000 | P | US | G);
    map(6, 0x8000 | P | US | G);
    for (unsigned user = 0; user < 2; user++) {
        translate(0x5000, ACCESS_READ, user);
        translate(0x6000, ACCESS_READ, user);
    }
    mmu_flush_page(&mmu, 0x5fff);
    for (unsigned user = 0; user < 2; user++) {
        ck_assert(!hits(0x5000, ACCESS_READ, user));
        ck_assert(hits(0x6000, ACCESS_READ, user));
    }
    memory_free(&memory);
}
END_TEST

START_TEST(invlpg_on_a_large_page_forgets_all_of_it)
{
    make_mmu(CR4_PSE);
    map(5, 0x7000 | P);
    memory_write(&memory, DIRECTORY + 4, P | RW | US | PS, 4);
    translate(0x5000, ACCESS_READ, false);
    translate(0x401000, ACCESS_READ, false);
    translate(0x402000, ACCESS_READ, true);
    memory_write(&memory, DIRECTORY + 8, P | RW | US | PS, 4);
    translate(0x803000, ACCESS_READ, false);
    mmu_flush_page(&mmu, 0x7ff000);
    ck_assert(hits(0x803000, ACCESS_READ, false));
    ck_assert(!hits(0x401000, ACCESS_READ, false));
    ck_assert(!hits(0x402000, ACCESS_READ, true));
    ck_assert(hits(0x5000, ACCESS_READ, false));
    memory_free(&memory);
}
END_TEST

START_TEST(a_page_fault_forgets_its_page)
{
    make_mmu(0);
    map(5, 0x7000 | P | US);
    translate(0x5000, ACCESS_READ, true);
    map(5, 0);
    ck_assert(hits(0x5000, ACCESS_READ, true));
    ck_assert_uint_eq(fault_code(0x5000, ACCESS_WRITE, true), 6);
    ck_assert(!hits(0x5000, ACCESS_READ, true));
    memory_free(&memory);
}
END_TEST

START_TEST(a_change_of_the_memory_map_empties_everything)
{
    make_mmu(CR4_PGE);
    map(5, 0x107000 | P | G);
    map(6, 0x7000 | P | G);
    struct tlb_entry *entry = translate(0x5000, ACCESS_READ, false);
    ck_assert_ptr_null(entry->host);
    translate(0x6000, ACCESS_READ, false);
    memory_set_a20(&memory, false);
    mmu_check_map(&mmu);
    ck_assert(!hits(0x6000, ACCESS_READ, false));
    entry = translate(0x5000, ACCESS_READ, false);
    ck_assert_ptr_eq(entry->host, memory.ram + 0x7000);
    /* mmu_translate looks itself, too */
    memory_set_a20(&memory, true);
    entry = translate(0x5000, ACCESS_READ, false);
    ck_assert_ptr_null(entry->host);
    memory_free(&memory);
}
END_TEST

START_TEST(two_pages_of_one_slot_replace_each_other)
{
    make_mmu(CR4_PSE);
    map(5, 0x7000 | P);
    memory_write(&memory, DIRECTORY + 4, P | RW | PS, 4);
    translate(0x5000, ACCESS_READ, false);
    translate(0x405000, ACCESS_READ, false);
    ck_assert(!hits(0x5000, ACCESS_READ, false));
    ck_assert(hits(0x405000, ACCESS_READ, false));
    memory_free(&memory);
}
END_TEST

/* The quick check compares a tag with the page address and the low bits that an unaligned access has set. */
START_TEST(no_unaligned_access_takes_an_empty_tag_for_its_own)
{
    make_mmu(CR4_PSE);
    for (unsigned kind = ACCESS_READ; kind <= ACCESS_EXECUTE; kind++) {
        const struct tlb_entry *entry = tlb_slot(&mmu, true, 0);
        for (uint32_t low = 0; low < 16; low++)
            ck_assert_uint_ne(entry->tag[kind], low);
    }
    memory_free(&memory);
}
END_TEST

UNIT_SUITE("tlb", a_new_tlb_matches_no_page,
           a_read_gives_read_and_execute_tags_and_the_first_write_the_write_tag,
           a_dirty_page_gets_its_write_tag_from_a_read,
           a_supervisor_may_write_a_read_only_page_until_wp_is_set,
           rom_is_never_written_fast_and_a_device_never_reached_fast,
           a_page_with_decoded_code_is_written_slowly_until_the_code_is_gone,
           watched_pages_and_tracing_take_the_slow_road_for_data, loading_cr3_keeps_global_entries_only,
           global_entries_go_when_what_they_were_checked_with_changes,
           a_flush_forgets_everything_but_global_entries_when_asked,
           invlpg_forgets_one_page_for_both_privileges_global_or_not,
           invlpg_on_a_large_page_forgets_all_of_it, a_page_fault_forgets_its_page,
           a_change_of_the_memory_map_empties_everything, two_pages_of_one_slot_replace_each_other,
           no_unaligned_access_takes_an_empty_tag_for_its_own)
