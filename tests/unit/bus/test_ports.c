/* The port space: claims, widths, splitting. */
#include "bus/ports.h"
#include "unit/suite.h"

struct access {
    unsigned range, offset, size;
    uint32_t value;
    bool write;
};

struct chip {
    struct access accesses[8];
    unsigned used;
};

static uint32_t chip_read(void *context, unsigned range, uint16_t offset, unsigned size)
{
    struct chip *chip = context;
    chip->accesses[chip->used++] = (struct access){range, offset, size, 0, false};
    return 0xd3d2d1c0u + offset;
}

static void chip_write(void *context, unsigned range, uint16_t offset, uint32_t value, unsigned size)
{
    struct chip *chip = context;
    chip->accesses[chip->used++] = (struct access){range, offset, size, value, true};
}

static struct ports ports;
static struct chip chip;

static void claim(uint16_t first, uint16_t count, uint8_t width, unsigned range)
{
    ports_claim(&ports,
                &(struct port_range){"chip", first, count, width, range, chip_read, chip_write, &chip});
}

START_TEST(unclaimed_ports_read_as_ones_and_swallow_writes)
{
    ports_init(&ports);
    ck_assert_uint_eq(ports_read(&ports, 0x80, 1), 0xff);
    ck_assert_uint_eq(ports_read(&ports, 0x80, 2), 0xffff);
    ck_assert_uint_eq(ports_read(&ports, 0xffff, 4), 0xffffffff);
    ports_write(&ports, 0xffff, 1, 4);
    ck_assert_uint_eq(chip.used, 0);
}
END_TEST

START_TEST(an_access_as_wide_as_the_range_arrives_whole)
{
    ports_init(&ports);
    claim(0x1f0, 4, 4, 9);
    ck_assert_uint_eq(ports_read(&ports, 0x1f0, 4), 0xd3d2d1c0);
    ck_assert_uint_eq(ports_read(&ports, 0x1f2, 2), 0xd1c2);
    ports_write(&ports, 0x1f1, 0xffffff33, 1);
    ck_assert_uint_eq(chip.used, 3);
    ck_assert_uint_eq(chip.accesses[0].range, 9);
    ck_assert_uint_eq(chip.accesses[0].size, 4);
    ck_assert_uint_eq(chip.accesses[1].offset, 2);
    ck_assert_uint_eq(chip.accesses[2].value, 0x33);
}
END_TEST

START_TEST(a_wider_access_is_split_into_bytes_low_address_first)
{
    ports_init(&ports);
    claim(0x20, 2, 1, 0);
    ck_assert_uint_eq(ports_read(&ports, 0x20, 4), 0xffffc1c0);
    ports_write(&ports, 0x20, 0x44332211, 4);
    ck_assert_uint_eq(chip.used, 4);
    ck_assert_uint_eq(chip.accesses[2].offset, 0);
    ck_assert_uint_eq(chip.accesses[2].value, 0x11);
    ck_assert_uint_eq(chip.accesses[3].offset, 1);
    ck_assert_uint_eq(chip.accesses[3].value, 0x22);
}
END_TEST

START_TEST(an_access_over_the_border_of_two_ranges_reaches_both)
{
    ports_init(&ports);
    claim(0x60, 2, 2, 1);
    claim(0x62, 2, 2, 2);
    ports_write(&ports, 0x60, 0x44332211, 4);
    ck_assert_uint_eq(chip.used, 4);
    ck_assert_uint_eq(chip.accesses[3].range, 2);
    ck_assert_uint_eq(chip.accesses[3].offset, 1);
    ck_assert_uint_eq(chip.accesses[3].value, 0x44);
    chip.used = 0;
    ports_write(&ports, 0x61, 0x2211, 2); /* unaligned: bytes, even within one range */
    ck_assert_uint_eq(chip.used, 2);
}
END_TEST

START_TEST(a_released_range_is_free_and_the_others_stay)
{
    ports_init(&ports);
    claim(0x100, 4, 1, 1);
    claim(0x200, 4, 1, 2);
    claim(0x300, 4, 1, 3);
    ports_release(&ports, 0x100);
    ck_assert_uint_eq(ports_read(&ports, 0x101, 1), 0xff);
    ck_assert_uint_eq(ports_read(&ports, 0x301, 1), 0xc1);
    ck_assert_uint_eq(ports_read(&ports, 0x202, 1), 0xc2);
    ck_assert_uint_eq(chip.accesses[0].range, 3);
    ck_assert_uint_eq(chip.accesses[1].range, 2);
    claim(0x102, 1, 1, 4);
    ports_release(&ports, 0x300);
    ports_release(&ports, 0x102);
    ck_assert_uint_eq(ports_read(&ports, 0x203, 1), 0xc3);
    ck_assert_uint_eq(ports.ranges_used, 1);
}
END_TEST

UNIT_SUITE("ports", unclaimed_ports_read_as_ones_and_swallow_writes,
           an_access_as_wide_as_the_range_arrives_whole, a_wider_access_is_split_into_bytes_low_address_first,
           an_access_over_the_border_of_two_ranges_reaches_both, a_released_range_is_free_and_the_others_stay)
