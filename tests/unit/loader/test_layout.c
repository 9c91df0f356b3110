/* Who lies where: fixed claims, lowest and highest free places. */
#include "loader/layout.h"

#include "images.h"

struct fixture {
    struct guest guest;
    struct layout layout;
};

static void fixture_init(struct fixture *fixture)
{
    guest_init(&fixture->guest);
    layout_init(&fixture->layout, &fixture->guest.boot);
}

static bool take(struct fixture *fixture, const char *what, uint64_t start, uint64_t size)
{
    return layout_take(&fixture->layout, "file", what, start, size, &fixture->guest.error);
}

START_TEST(claims_may_touch_but_not_overlap)
{
    struct fixture fixture;
    fixture_init(&fixture);
    ck_assert(take(&fixture, "first", 0x100000, 0x1000));
    ck_assert(take(&fixture, "second", 0x101000, 0x1000));
    ck_assert(!take(&fixture, "third", 0x101fff, 1));
    ASSERT_ERROR(&fixture.guest, "file: third (101FFFh-102000h) overlaps second (101000h-102000h)");
    memory_free(&fixture.guest.memory);
}
END_TEST

START_TEST(claims_end_where_ram_ends)
{
    struct fixture fixture;
    fixture_init(&fixture);
    ck_assert(take(&fixture, "low", 0, LOW_END));
    ck_assert(take(&fixture, "high", 0x100000, RAM_SIZE - 0x100000));
    ck_assert(!take(&fixture, "over", LOW_END - 1, 2));
    ASSERT_ERROR(&fixture.guest, "not all RAM");
    ck_assert(!take(&fixture, "over", RAM_SIZE - 1, 2));
    ASSERT_ERROR(&fixture.guest, "at least 9 MiB");
    ck_assert(!take(&fixture, "wrap", UINT64_MAX - 1, 4));
    memory_free(&fixture.guest.memory);
}
END_TEST

START_TEST(the_lowest_place_skips_claims_and_the_hole_below_1_mib)
{
    struct fixture fixture;
    uint64_t place;
    fixture_init(&fixture);
    ck_assert(take(&fixture, "kernel", 0x100000, 0x1800));
    ck_assert(layout_place_above(&fixture.layout, "x", 0x9f000, 0x1000, 0x1000, &place));
    ck_assert_uint_eq(place, 0x102000);
    ck_assert(layout_place_above(&fixture.layout, "y", 0x9f000, 0xc00, 0x1000, &place));
    ck_assert_uint_eq(place, 0x9f000);
    ck_assert(!layout_place_above(&fixture.layout, "z", 0, RAM_SIZE, 0x1000, &place));
    memory_free(&fixture.guest.memory);
}
END_TEST

START_TEST(the_highest_place_skips_claims_and_keeps_to_its_bounds)
{
    struct fixture fixture;
    uint64_t place;
    fixture_init(&fixture);
    ck_assert(take(&fixture, "top", RAM_SIZE - 0x1000, 0x1000));
    ck_assert(layout_place_below(&fixture.layout, "x", UINT64_MAX, 0, 0x800, 0x1000, &place));
    ck_assert_uint_eq(place, RAM_SIZE - 0x2000);
    ck_assert(layout_place_below(&fixture.layout, "y", 0x100000, 0, 0x1000, 0x1000, &place));
    ck_assert_uint_eq(place, 0x9e000);
    ck_assert(!layout_place_below(&fixture.layout, "z", 0x100000, 0x9f000, 0x1000, 0x1000, &place));
    ck_assert(!layout_place_below(&fixture.layout, "z", UINT64_MAX, 0, RAM_SIZE, 0x1000, &place));
    memory_free(&fixture.guest.memory);
}
END_TEST

START_TEST(random_places_never_overlap_and_are_ram)
{
    struct fixture fixture;
    uint32_t seed = 1;
    fixture_init(&fixture);
    for (unsigned i = 0; i < LAYOUT_RANGES_MAX; i++) {
        seed = seed * 1664525u + 1013904223u;
        const uint64_t size = (seed >> 16) % 0x9000 + 1;
        uint64_t place;
        if (seed >> 31)
            ck_assert(layout_place_above(&fixture.layout, "a", 0x1000, size, 1u << (seed & 12), &place));
        else
            ck_assert(
                layout_place_below(&fixture.layout, "b", RAM_SIZE, 0x1000, size, 1u << (seed & 12), &place));
        ck_assert_uint_eq(place & ((1u << (seed & 12)) - 1), 0);
        ck_assert(place + size <= LOW_END || (place >= 0x100000 && place + size <= RAM_SIZE));
        for (unsigned j = 0; j + 1 < fixture.layout.used; j++)
            ck_assert(place + size <= fixture.layout.ranges[j].start ||
                      place >= fixture.layout.ranges[j].end);
    }
    memory_free(&fixture.guest.memory);
}
END_TEST

UNIT_SUITE("layout", claims_may_touch_but_not_overlap, claims_end_where_ram_ends,
           the_lowest_place_skips_claims_and_the_hole_below_1_mib,
           the_highest_place_skips_claims_and_keeps_to_its_bounds, random_places_never_overlap_and_are_ram)
