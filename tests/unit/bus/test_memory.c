/* Physical memory: the map, A20, splitting, hashing. */
#include <string.h>

#include "bus/memory.h"
#include "unit/suite.h"

#define MIB (1ull << 20)

struct access {
    uint64_t offset;
    uint32_t value;
    unsigned size;
};

struct chip {
    struct access accesses[8];
    unsigned used;
};

static struct memory memory;
static struct chip chip;
static uint8_t rom[PAGE_SIZE];

static uint32_t chip_read(void *context, uint64_t offset, unsigned size)
{
    struct chip *self = context;
    self->accesses[self->used++] = (struct access){offset, 0, size};
    return 0x80000000u | (uint32_t)offset;
}

static void chip_write(void *context, uint64_t offset, uint32_t value, unsigned size)
{
    struct chip *self = context;
    self->accesses[self->used++] = (struct access){offset, value, size};
}

/* RAM 0-9FFFFh, device at A0000h, ROM at FF000h, RAM from 1 MiB to 4 MiB. */
static void make_memory(void)
{
    struct error error;
    ck_assert(memory_init(&memory, 4 * MIB, &error));
    memory_map_ram(&memory, "high", MIB, 3 * MIB, MIB);
    memory_map_ram(&memory, "low", 0, 0xa0000, 0);
    memory_map_rom(&memory, "rom", 0xff000, PAGE_SIZE, rom);
    memory_map_device(&memory, "vga", 0xa0000, 0x20000, chip_read, chip_write, &chip);
    chip.used = 0;
}

START_TEST(each_address_finds_its_region)
{
    make_memory();
    ck_assert_str_eq(memory_find(&memory, 0)->name, "low");
    ck_assert_str_eq(memory_find(&memory, 0x9ffff)->name, "low");
    ck_assert_str_eq(memory_find(&memory, 0xa0000)->name, "vga");
    ck_assert_ptr_null(memory_find(&memory, 0xc0000));
    ck_assert_str_eq(memory_find(&memory, 0xff000)->name, "rom");
    ck_assert_str_eq(memory_find(&memory, 4 * MIB - 1)->name, "high");
    ck_assert_ptr_null(memory_find(&memory, 4 * MIB));
    ck_assert_ptr_null(memory_find(&memory, 0xfffffffffull));
    memory_free(&memory);
}
END_TEST

START_TEST(nothing_reads_as_ones_and_swallows_writes)
{
    make_memory();
    memory_write(&memory, 0xc0000, 0, 8);
    ck_assert(memory_read(&memory, 0xc0000, 8) == ~0ull);
    ck_assert_uint_eq(memory_read(&memory, 0xc0000, 2), 0xffff);
    /* An access that leaves RAM gets the rest from nothing. */
    memory_write(&memory, 4 * MIB - 2, 0x44332211, 4);
    ck_assert_uint_eq(memory_read(&memory, 4 * MIB - 2, 4), 0xffff2211);
    memory_free(&memory);
}
END_TEST

START_TEST(ram_holds_every_size_at_every_alignment)
{
    make_memory();
    for (unsigned size = 1; size <= 8; size++) {
        for (uint64_t at = MIB + 2 * PAGE_SIZE - 9; at < MIB + 2 * PAGE_SIZE + 9; at++) {
            uint64_t mask = ~0ull >> (64 - 8 * size);
            memory_write(&memory, at - 1, 0, 8);
            memory_write(&memory, at, 0x8877665544332211ull, size);
            ck_assert(memory_read(&memory, at, size) == (0x8877665544332211ull & mask));
            ck_assert_uint_eq(memory_read(&memory, at - 1, 1), 0);
        }
    }
    memory_free(&memory);
}
END_TEST

START_TEST(rom_reads_and_swallows_writes)
{
    bool writable = true;
    make_memory();
    rom[0] = 0x55;
    memory_write(&memory, 0xff000, 0xaa, 1);
    ck_assert_uint_eq(memory_read(&memory, 0xff000, 1), 0x55);
    ck_assert_ptr_eq(memory_page(&memory, 0xff123, &writable), rom);
    ck_assert(!writable);
    memory_free(&memory);
}
END_TEST

START_TEST(cycles_to_devices_are_naturally_aligned)
{
    make_memory();
    ck_assert_uint_eq(memory_read(&memory, 0xa0004, 4), 0x80000004);
    ck_assert_uint_eq(chip.used, 1);
    memory_write(&memory, 0xa0001, 0x8877665544332211ull, 8);
    ck_assert_uint_eq(chip.used, 5);
    static const struct access expected[] = {{1, 0x11, 1}, {2, 0x3322, 2}, {4, 0x77665544, 4}, {8, 0x88, 1}};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(chip.accesses[i + 1].offset, expected[i].offset);
        ck_assert_uint_eq(chip.accesses[i + 1].value, expected[i].value);
        ck_assert_uint_eq(chip.accesses[i + 1].size, expected[i].size);
    }
    ck_assert_ptr_null(memory_page(&memory, 0xa0000, &(bool){false}));
    memory_free(&memory);
}
END_TEST

START_TEST(a20_folds_the_odd_megabytes)
{
    make_memory();
    uint32_t generation = memory.generation;
    memory_write(&memory, 0, 0x11, 1);
    memory_write(&memory, MIB, 0x22, 1);
    memory_set_a20(&memory, false);
    ck_assert_uint_eq(memory.generation, generation + 1);
    memory_set_a20(&memory, false);
    ck_assert_uint_eq(memory.generation, generation + 1);
    ck_assert_uint_eq(memory_read(&memory, MIB, 1), 0x11);
    rom[PAGE_SIZE - 1] = 0x77;
    ck_assert_uint_eq(memory_read(&memory, MIB - 1, 2), 0x1177); /* FFFF:000F wraps to 0 */
    memory_set_a20(&memory, true);
    ck_assert_uint_eq(memory_read(&memory, MIB - 1, 2), 0x2277);
    memory_free(&memory);
}
END_TEST

START_TEST(unmapping_makes_a_hole_and_a_new_generation)
{
    make_memory();
    uint32_t generation = memory.generation;
    memory_unmap(&memory, 0xa0000);
    ck_assert_uint_gt(memory.generation, generation);
    ck_assert_ptr_null(memory_find(&memory, 0xa0000));
    ck_assert_str_eq(memory_find(&memory, 0x9ffff)->name, "low");
    ck_assert_str_eq(memory_find(&memory, 0xff000)->name, "rom");
    memory_free(&memory);
}
END_TEST

START_TEST(bulk_copies_go_to_ram_only_and_whole_or_not_at_all)
{
    static uint8_t bytes[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
    make_memory();
    memset(bytes, 0x5a, sizeof bytes);
    ck_assert(memory_copy_in(&memory, MIB + 100, bytes, sizeof bytes));
    memory_copy_out(&memory, MIB + 100, back, sizeof back);
    ck_assert_mem_eq(bytes, back, sizeof bytes);
    ck_assert(!memory_copy_in(&memory, 0x9f800, bytes, sizeof bytes));
    ck_assert_uint_eq(memory_read(&memory, 0x9f800, 1), 0);
    ck_assert(!memory_copy_in(&memory, 0xff000, bytes, 1));
    ck_assert(!memory_copy_in(&memory, ~0ull - 10, bytes, 100));
    ck_assert(memory_copy_in(&memory, 4 * MIB, bytes, 0));
    memory_copy_out(&memory, 4 * MIB - 1, back, 2);
    ck_assert_uint_eq(back[0], 0);
    ck_assert_uint_eq(back[1], 0xff);
    ck_assert_uint_eq(chip.used, 0);
    memory_free(&memory);
}
END_TEST

START_TEST(the_hash_depends_on_contents_and_place_but_not_on_touched_zeros)
{
    make_memory();
    uint64_t empty = memory_hash(&memory, 1);
    memory_write(&memory, 2 * MIB, 1, 1);
    uint64_t one = memory_hash(&memory, 1);
    memory_write(&memory, 2 * MIB, 0, 1);
    memory_write(&memory, 2 * MIB + PAGE_SIZE, 1, 1);
    uint64_t next = memory_hash(&memory, 1);
    memory_write(&memory, 2 * MIB + PAGE_SIZE, 0, 1);
    ck_assert(empty != one);
    ck_assert(one != next);
    ck_assert(memory_hash(&memory, 1) == empty);
    ck_assert(memory_hash(&memory, 2) != empty);
    memory_free(&memory);
}
END_TEST

START_TEST(three_gibibytes_cost_nothing_until_they_are_used)
{
    struct error error;
    ck_assert(memory_init(&memory, 3072 * MIB, &error));
    memory_map_ram(&memory, "ram", 0, 3072 * MIB, 0);
    memory_write(&memory, 3072 * MIB - 8, 42, 8);
    ck_assert_uint_eq(memory_ram_page_number(&memory, memory_page(&memory, 3072 * MIB - 1, &(bool){false})),
                      3072 * 256 - 1);
    uint64_t hash = memory_hash(&memory, 0);
    memory_write(&memory, 3072 * MIB - 8, 43, 8);
    ck_assert(memory_hash(&memory, 0) != hash);
    memory_free(&memory);
}
END_TEST

UNIT_SUITE("memory", each_address_finds_its_region, nothing_reads_as_ones_and_swallows_writes,
           ram_holds_every_size_at_every_alignment, rom_reads_and_swallows_writes,
           cycles_to_devices_are_naturally_aligned, a20_folds_the_odd_megabytes,
           unmapping_makes_a_hole_and_a_new_generation, bulk_copies_go_to_ram_only_and_whole_or_not_at_all,
           the_hash_depends_on_contents_and_place_but_not_on_touched_zeros,
           three_gibibytes_cost_nothing_until_they_are_used)
