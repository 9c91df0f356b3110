/* State rows: coverage, hash, image, difference, printout. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/rows.h"
#include "unit/suite.h"

struct channel {
    uint16_t count;
    bool latched;
    uint8_t mode;
};

struct chip {
    uint64_t time;
    struct channel channel[2];
    uint32_t control;
    uint8_t nvram[20];
};

static const struct state_row channel_rows[] = {
    ROW(struct channel, count),
    ROW(struct channel, latched),
    ROW(struct channel, mode),
    ROW_END,
};

static const struct state_row chip_rows[] = {
    ROW(struct chip, time),
    ROW_STRUCTS(struct chip, channel, channel_rows),
    ROW(struct chip, control),
    ROW_ARRAY(struct chip, nvram),
    ROW_END,
};

static struct chip chip_example(void)
{
    struct chip chip = {.time = 0x1122334455667788ull, .control = 7};
    chip.channel[1].count = 0x1234;
    chip.nvram[19] = 0x5a;
    return chip;
}

START_TEST(complete_rows_cover_the_whole_struct)
{
    ck_assert_uint_eq(state_rows_uncovered(chip_rows, sizeof(struct chip)), sizeof(struct chip));
}
END_TEST

START_TEST(a_forgotten_field_is_named_by_its_offset)
{
    static const struct state_row rows[] = {
        ROW(struct channel, count),
        ROW(struct channel, mode),
        ROW_END,
    };
    ck_assert_uint_eq(state_rows_uncovered(rows, sizeof(struct channel)), offsetof(struct channel, latched));
}
END_TEST

START_TEST(a_field_described_twice_is_named_too)
{
    static const struct state_row rows[] = {
        ROW(struct channel, count),
        ROW(struct channel, latched),
        ROW(struct channel, mode),
        ROW(struct channel, mode),
        ROW_END,
    };
    ck_assert_uint_eq(state_rows_uncovered(rows, sizeof(struct channel)), offsetof(struct channel, mode));
}
END_TEST

START_TEST(padding_is_not_covered)
{
    struct padded {
        uint8_t first;
        uint32_t second;
    };
    static const struct state_row rows[] = {
        ROW(struct padded, first),
        ROW(struct padded, second),
        ROW_END,
    };
    ck_assert_uint_eq(state_rows_uncovered(rows, sizeof(struct padded)), 1);
}
END_TEST

START_TEST(the_hash_depends_on_every_byte_and_on_the_seed)
{
    struct chip chip = chip_example();
    uint64_t hash = state_rows_hash(chip_rows, &chip, 0);
    ck_assert(hash != state_rows_hash(chip_rows, &chip, 1));
    for (size_t i = 0; i < sizeof chip; i++) {
        ((uint8_t *)&chip)[i] ^= 1;
        ck_assert(hash != state_rows_hash(chip_rows, &chip, 0));
        ((uint8_t *)&chip)[i] ^= 1;
    }
    ck_assert(hash == state_rows_hash(chip_rows, &chip, 0));
}
END_TEST

START_TEST(the_image_is_little_endian_in_row_order_and_reads_back)
{
    struct chip chip = chip_example(), back = {0};
    uint8_t image[64];
    ck_assert_uint_eq(state_rows_image_size(chip_rows), 8 + 2 * 4 + 4 + 20);
    state_rows_write(chip_rows, &chip, image);
    ck_assert_uint_eq(image[0], 0x88);
    ck_assert_uint_eq(image[7], 0x11);
    ck_assert_uint_eq(image[12], 0x34);
    ck_assert_uint_eq(image[13], 0x12);
    ck_assert_uint_eq(image[16], 7);
    ck_assert_uint_eq(image[39], 0x5a);
    state_rows_read(chip_rows, &back, image);
    ck_assert_mem_eq(&chip, &back, sizeof chip);
}
END_TEST

START_TEST(the_first_difference_is_named_with_its_path)
{
    struct chip a = chip_example(), b = a;
    char name[64] = "";
    ck_assert(!state_rows_differ(chip_rows, &a, &b, name, sizeof name));
    b.nvram[3] = 1;
    ck_assert(state_rows_differ(chip_rows, &a, &b, name, sizeof name));
    ck_assert_str_eq(name, "nvram[3]");
    b.channel[1].count = 0;
    ck_assert(state_rows_differ(chip_rows, &a, &b, name, sizeof name));
    ck_assert_str_eq(name, "channel[1].count");
}
END_TEST

START_TEST(the_printout_has_a_line_per_value_and_bytes_by_sixteen)
{
    struct chip chip = chip_example();
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    state_rows_print(chip_rows, &chip, "rtc", out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "rtc.time = 0x1122334455667788\n"));
    ck_assert_ptr_nonnull(strstr(text, "rtc.channel[1].count = 0x1234\n"));
    ck_assert_ptr_nonnull(strstr(text, "rtc.nvram[16] = 00 00 00 5a\n"));
    free(text);
}
END_TEST

UNIT_SUITE("rows", complete_rows_cover_the_whole_struct, a_forgotten_field_is_named_by_its_offset,
           a_field_described_twice_is_named_too, padding_is_not_covered,
           the_hash_depends_on_every_byte_and_on_the_seed,
           the_image_is_little_endian_in_row_order_and_reads_back,
           the_first_difference_is_named_with_its_path,
           the_printout_has_a_line_per_value_and_bytes_by_sixteen)
