/* The board as software sees it: address map, interrupts through the pair, A20, resets, tables, hash. */
#include <string.h>

#include "devices/acpi_pm.h"
#include "machine/board.h"
#include "machine/firmware.h"
#include "unit/suite.h"

#define MIB (1024u * 1024u)

struct seen {
    bool intr;
    unsigned inits;
    bool ignne;
    unsigned requests;
    enum board_request request;
    char part[16];
    uint8_t byte;
};

static struct seen seen;
static struct log silent;
static struct board *board;

static void on_intr(void *context, bool level)
{
    ((struct seen *)context)->intr = level;
}

static void on_init(void *context, bool level)
{
    ((struct seen *)context)->inits += level;
}

static void on_ignne(void *context, bool level)
{
    ((struct seen *)context)->ignne = level;
}

static void on_request(void *context, enum board_request request, uint32_t value)
{
    struct seen *self = context;
    (void)value;
    self->requests++;
    self->request = request;
}

static void on_transmit(void *context, const char *part, const uint8_t *bytes, size_t count)
{
    struct seen *self = context;
    snprintf(self->part, sizeof self->part, "%s", part);
    self->byte = bytes[count - 1];
}

static void make_board(uint64_t memory_bytes)
{
    struct error error;
    memset(&seen, 0, sizeof seen);
    log_init(&silent, NULL);
    struct board_config config = {
        .memory_bytes = memory_bytes,
        .instruction_ns = 1,
        .start_seconds = 1767225600,
        .log = &silent,
        .sockets = {.intr = on_intr,
                    .init = on_init,
                    .ignne = on_ignne,
                    .request = on_request,
                    .transmit = on_transmit,
                    .context = &seen},
    };
    board = board_new(&config, &error);
    ck_assert_ptr_nonnull(board);
}

static void out8(uint16_t port, uint8_t value)
{
    ports_write(board_ports(board), port, value, 1);
}

static uint8_t in8(uint16_t port)
{
    return (uint8_t)ports_read(board_ports(board), port, 1);
}

static void pass(uint64_t ns)
{
    struct clock *clock = board_clock(board);
    uint64_t end = clock_now(clock) + ns;
    while (clock_now(clock) < end) {
        if (clock_next_due(clock) == CLOCK_NEVER || clock_next_due(clock) > end)
            clock->horizon_ns += end - clock_now(clock);
        else
            clock_skip_to_next(clock, end);
        clock_run_due(clock, 0);
    }
}

static uint8_t cmos(uint8_t index)
{
    out8(0x70, index);
    return in8(0x71);
}

START_TEST(the_address_map_has_its_holes)
{
    make_board(32 * MIB);
    struct memory *memory = board_memory(board);
    ck_assert_int_eq(memory_find(memory, 0x9ffff)->kind, MEMORY_RAM);
    ck_assert_ptr_null(memory_find(memory, 0xa0000));
    ck_assert_int_eq(memory_find(memory, 0xe0000)->kind, MEMORY_RAM);
    ck_assert_ptr_null(memory_find(memory, 0xe1000));
    ck_assert_int_eq(memory_find(memory, 0xf0000)->kind, MEMORY_ROM);
    ck_assert_int_eq(memory_find(memory, 0xfffff)->kind, MEMORY_ROM);
    ck_assert_int_eq(memory_find(memory, 32 * MIB - 1)->kind, MEMORY_RAM);
    ck_assert_ptr_null(memory_find(memory, 32 * MIB));
    board_free(board);
}
END_TEST

START_TEST(the_smallest_and_the_largest_memory)
{
    make_board(BOARD_RAM_MIN);
    ck_assert_ptr_null(memory_find(board_memory(board), BOARD_HIGH_RAM));
    board_free(board);
    make_board(BOARD_RAM_MAX);
    ck_assert_int_eq(memory_find(board_memory(board), BOARD_RAM_MAX - 1)->kind, MEMORY_RAM);
    ck_assert_ptr_null(memory_find(board_memory(board), BOARD_RAM_MAX));
    board_free(board);
}
END_TEST

START_TEST(the_timer_interrupts_through_the_master)
{
    make_board(4 * MIB);
    firmware_write_chips(board_ports(board), 4 * MIB);
    ck_assert(!seen.intr ||
              board_interrupt_acknowledge(board) == 0x08); /* mode 3 raised OUT when it was set */
    out8(0x20, 0x20);
    pass(27000000);
    ck_assert(!seen.intr);
    pass(28000000); /* 54.9 ms a turn */
    ck_assert(seen.intr);
    ck_assert_uint_eq(board_interrupt_acknowledge(board), 0x08);
    ck_assert(!seen.intr);
    board_free(board);
}
END_TEST

START_TEST(the_clock_interrupts_through_the_slave)
{
    make_board(4 * MIB);
    firmware_write_chips(board_ports(board), 4 * MIB);
    out8(0x21, 0xfb);
    out8(0xa1, 0xfe);
    out8(0x70, 0x0b);
    out8(0x71, 0x12); /* update-ended interrupt */
    pass(1000000000);
    ck_assert(seen.intr);
    ck_assert_uint_eq(board_interrupt_acknowledge(board), 0x70);
    ck_assert(!seen.intr);
    ck_assert_uint_eq(cmos(0x0c) & 0x90, 0x90);
    board_free(board);
}
END_TEST

START_TEST(each_source_has_its_line)
{
    make_board(4 * MIB);
    firmware_write_chips(board_ports(board), 4 * MIB);
    out8(0x21, 0x00);
    out8(0xa1, 0x00);
    out8(0x20, 0x0a);
    out8(0xa0, 0x0a);
    const struct device_class *keyboard = board_part(board, "kbc")->class;
    keyboard->receive(board_part(board, "kbc"), (const uint8_t *)"\x1c", 1);
    pass(2000000);
    ck_assert_uint_eq(in8(0x20) & 0x02, 0x02);
    ck_assert_uint_eq(in8(0x60), 0x1e);
    out8(0x3fc, 0x08);
    out8(0x3f9, 0x02); /* transmitter empty, let through by OUT2 */
    ck_assert_uint_eq(in8(0x20) & 0x18, 0x10);
    out8(0x2fc, 0x08);
    out8(0x2f9, 0x02);
    ck_assert_uint_eq(in8(0x20) & 0x18, 0x18);
    out8(0x3fc, 0x00);
    ck_assert_uint_eq(in8(0x20) & 0x18, 0x08);
    ports_write(board_ports(board), ACPI_PM_BASE + 2, 0x100, 2);
    board_press_power_button(board);
    ck_assert_uint_eq(in8(0xa0) & 0x02, 0x02);
    board_set_ferr(board, true);
    ck_assert_uint_eq(in8(0xa0) & 0x20, 0x20);
    out8(0xf0, 0);
    ck_assert(seen.ignne);
    ck_assert_uint_eq(in8(0xa0) & 0x20, 0);
    board_free(board);
}
END_TEST

START_TEST(a_level_triggered_line_is_set_by_the_elcr)
{
    make_board(4 * MIB);
    firmware_write_chips(board_ports(board), 4 * MIB);
    out8(0x21, 0xfb);
    out8(0xa1, 0xfd);
    out8(0x4d1, 0x02);
    ports_write(board_ports(board), ACPI_PM_BASE + 2, 0x100, 2);
    board_press_power_button(board);
    ck_assert_uint_eq(board_interrupt_acknowledge(board), 0x71);
    out8(0xa0, 0x20);
    out8(0x20, 0x20);
    ck_assert(seen.intr); /* the line is still high */
    ports_write(board_ports(board), ACPI_PM_BASE, 0x100, 2);
    ck_assert(!seen.intr);
    board_free(board);
}
END_TEST

START_TEST(a20_is_open_when_either_driver_says_so)
{
    make_board(4 * MIB);
    struct memory *memory = board_memory(board);
    ck_assert(memory->a20_mask == ~0ull);
    out8(0x64, 0xdd);
    ck_assert(memory->a20_mask != ~0ull);
    memory_write(memory, MIB, 0x77, 1);
    ck_assert_uint_eq(memory_read(memory, 0, 1), 0x77);
    out8(0x92, 0x02);
    ck_assert(memory->a20_mask == ~0ull);
    out8(0x64, 0xdf);
    out8(0x92, 0x00);
    ck_assert(memory->a20_mask == ~0ull);
    out8(0x64, 0xdd);
    board_reset(board);
    ck_assert(memory->a20_mask == ~0ull);
    board_free(board);
}
END_TEST

START_TEST(resets_come_from_three_places)
{
    make_board(4 * MIB);
    out8(0x64, 0xfe);
    ck_assert_uint_eq(seen.inits, 1);
    out8(0x92, 0x01);
    ck_assert_uint_eq(seen.inits, 2);
    out8(0xcf9, 0x04);
    ck_assert_uint_eq(seen.inits, 3);
    ck_assert_uint_eq(seen.requests, 0);
    out8(0xcf9, 0x00);
    out8(0xcf9, 0x06);
    ck_assert_uint_eq(seen.requests, 1);
    ck_assert_int_eq(seen.request, BOARD_RESET);
    board_free(board);
}
END_TEST

START_TEST(bytes_come_out_with_the_name_of_their_part)
{
    make_board(4 * MIB);
    out8(0xe9, 'd');
    ck_assert_str_eq(seen.part, "debugcon");
    out8(0x3fb, 0x03);
    out8(0x3f8, 's');
    ck_assert(board_is_transmitting(board));
    pass(1);
    ck_assert_str_eq(seen.part, "uart0");
    ck_assert_uint_eq(seen.byte, 's');
    ck_assert(!board_is_transmitting(board));
    ck_assert_uint_eq(in8(0x3fe), 0xb0); /* a terminal is there, and no change is reported */
    board_free(board);
}
END_TEST

START_TEST(the_guest_finds_memory_and_checksum_in_cmos)
{
    make_board(192 * MIB);
    firmware_write_chips(board_ports(board), 192 * MIB);
    ck_assert_uint_eq(cmos(0x15) | cmos(0x16) << 8, 640);
    ck_assert_uint_eq(cmos(0x17) | cmos(0x18) << 8, 0xffff);
    ck_assert_uint_eq(cmos(0x34) | cmos(0x35) << 8, 176 * 16);
    unsigned sum = 0;
    for (uint8_t i = 0x10; i <= 0x2d; i++)
        sum += cmos(i);
    ck_assert_uint_eq(cmos(0x2e) << 8 | cmos(0x2f), sum);
    board_free(board);
    make_board(8 * MIB);
    firmware_write_chips(board_ports(board), 8 * MIB);
    ck_assert_uint_eq(cmos(0x17) | cmos(0x18) << 8, 7 * 1024);
    ck_assert_uint_eq(cmos(0x30) | cmos(0x31) << 8, 7 * 1024);
    ck_assert_uint_eq(cmos(0x34), 0);
    board_free(board);
}
END_TEST

START_TEST(the_bios_data_area_names_ports_and_memory)
{
    make_board(4 * MIB);
    struct memory *memory = board_memory(board);
    firmware_write_memory(memory, 0x9fc00);
    ck_assert_uint_eq(memory_read(memory, 0x400, 2), 0x3f8);
    ck_assert_uint_eq(memory_read(memory, 0x40e, 2), 0x9fc0);
    ck_assert_uint_eq(memory_read(memory, 0x413, 2), 639);
    ck_assert_uint_eq(memory_read(memory, 0x9fc00, 1), 1);
    board_free(board);
}
END_TEST

static unsigned sum_of(uint64_t physical, unsigned size)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < size; i++)
        sum += (unsigned)memory_read(board_memory(board), physical + i, 1);
    return sum & 0xff;
}

static void expect_signature(uint64_t physical, const char *signature)
{
    char text[9] = "";
    memory_copy_out(board_memory(board), physical, text, strlen(signature));
    ck_assert_str_eq(text, signature);
}

START_TEST(the_acpi_tables_lead_from_the_root_pointer_to_s5)
{
    make_board(4 * MIB);
    struct memory *memory = board_memory(board);
    uint64_t rsdp = board_acpi_rsdp(board);
    ck_assert_uint_eq(rsdp % 16, 0);
    expect_signature(rsdp, "RSD PTR ");
    ck_assert_uint_eq(sum_of(rsdp, 20), 0);
    uint64_t rsdt = memory_read(memory, rsdp + 16, 4);
    expect_signature(rsdt, "RSDT");
    ck_assert_uint_eq(sum_of(rsdt, (unsigned)memory_read(memory, rsdt + 4, 4)), 0);
    uint64_t fadt = memory_read(memory, rsdt + 36, 4);
    expect_signature(fadt, "FACP");
    ck_assert_uint_eq(sum_of(fadt, (unsigned)memory_read(memory, fadt + 4, 4)), 0);
    uint64_t facs = memory_read(memory, fadt + 36, 4);
    ck_assert_uint_eq(facs % 64, 0);
    expect_signature(facs, "FACS");
    memory_write(memory, facs + 16, 1, 4); /* the global lock can be written */
    ck_assert_uint_eq(memory_read(memory, facs + 16, 4), 1);
    uint64_t dsdt = memory_read(memory, fadt + 40, 4);
    expect_signature(dsdt, "DSDT");
    ck_assert_uint_eq(sum_of(dsdt, (unsigned)memory_read(memory, dsdt + 4, 4)), 0);
    ck_assert_uint_eq(memory_read(memory, fadt + 46, 2), 9);
    uint16_t control = (uint16_t)memory_read(memory, fadt + 64, 4);
    ck_assert_uint_eq(ports_read(board_ports(board), control, 2) & 1, 1);
    /* \_S5 holds the sleep type as a byte constant; written with SLP_EN it switches off. */
    unsigned package = 36 + 7; /* its length counts itself and ends with the table */
    ck_assert_uint_eq(package + memory_read(memory, dsdt + package, 1), memory_read(memory, dsdt + 4, 4));
    ck_assert_uint_eq(memory_read(memory, dsdt + 36 + 9, 1), 0x0a);
    unsigned type = (unsigned)memory_read(memory, dsdt + 36 + 10, 1);
    ports_write(board_ports(board), control, type << 10 | 0x2000, 2);
    ck_assert_int_eq(seen.request, BOARD_POWER_OFF);
    board_free(board);
}
END_TEST

START_TEST(equal_histories_give_equal_hashes)
{
    uint64_t hashes[3];
    for (unsigned i = 0; i < 3; i++) {
        make_board(4 * MIB);
        firmware_write_chips(board_ports(board), 4 * MIB);
        pass(123456789);
        out8(0x80, i == 2);
        hashes[i] = board_state_hash(board, 0);
        pass(1);
        ck_assert(board_state_hash(board, 0) != hashes[i]); /* time counts */
        board_free(board);
    }
    ck_assert(hashes[0] == hashes[1]);
    ck_assert(hashes[0] != hashes[2]);
}
END_TEST

START_TEST(every_part_can_be_found_by_its_name)
{
    make_board(4 * MIB);
    for (unsigned i = 0; i < board_parts(board); i++) {
        const struct device *part = board_part_at(board, i);
        ck_assert_ptr_eq(board_part(board, part->name), part);
    }
    ck_assert_ptr_null(board_part(board, "toaster"));
    board_free(board);
}
END_TEST

START_TEST(exit_and_post_ports_can_be_moved)
{
    struct error error;
    struct board_config config = {
        .memory_bytes = MIB,
        .instruction_ns = 1,
        .log = &silent,
        .exit_port = 0x501,
        .post_port = 0x84,
        .sockets = {.request = on_request, .transmit = on_transmit, .context = &seen},
    };
    memset(&seen, 0, sizeof seen);
    board = board_new(&config, &error);
    ck_assert_ptr_nonnull(board);
    out8(0xf4, 1);
    out8(0x80, 1);
    ck_assert_uint_eq(seen.requests, 0);
    out8(0x501, 1);
    ck_assert_int_eq(seen.request, BOARD_DEBUG_EXIT);
    out8(0x84, 1);
    ck_assert_int_eq(seen.request, BOARD_POST_CODE);
    board_free(board);

    config.exit_port = 0x3f6; /* its third port is the first UART's first */
    ck_assert_ptr_null(board_new(&config, &error));
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "port 03F8h belongs to another part"));
    config.exit_port = 0x84; /* the other moved one */
    ck_assert_ptr_null(board_new(&config, &error));
    config.exit_port = 0xfffe;
    ck_assert_ptr_null(board_new(&config, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "do not exist"));
}
END_TEST

UNIT_SUITE("board", the_address_map_has_its_holes, the_smallest_and_the_largest_memory,
           the_timer_interrupts_through_the_master, the_clock_interrupts_through_the_slave,
           each_source_has_its_line, a_level_triggered_line_is_set_by_the_elcr,
           a20_is_open_when_either_driver_says_so, resets_come_from_three_places,
           bytes_come_out_with_the_name_of_their_part, the_guest_finds_memory_and_checksum_in_cmos,
           the_bios_data_area_names_ports_and_memory, the_acpi_tables_lead_from_the_root_pointer_to_s5,
           equal_histories_give_equal_hashes, every_part_can_be_found_by_its_name,
           exit_and_post_ports_can_be_moved)
