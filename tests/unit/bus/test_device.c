/* The device contract, with a chip of two registers, a memory window, an event and two pins. */
#include <string.h>

#include "bus/device.h"
#include "unit/suite.h"

struct toy {
    uint32_t ports[2];
    uint32_t window;
    uint32_t resets;
    uint32_t power_ons;
    uint32_t heard;
    uint32_t rung;
};

enum { TOY_OUT_RING };

static const struct state_row toy_rows[] = {
    ROW_ARRAY(struct toy, ports),
    ROW(struct toy, window),
    ROW(struct toy, resets),
    ROW(struct toy, power_ons),
    ROW(struct toy, heard),
    ROW(struct toy, rung),
    ROW_END,
};

static void toy_reset(struct device *device, bool power_on)
{
    struct toy *toy = device->state;
    toy->resets++;
    toy->power_ons += power_on;
}

static void toy_input(struct device *device, unsigned pin, bool level)
{
    struct toy *toy = device->state;
    toy->heard = pin * 10 + level;
}

static void toy_event(struct device *device, unsigned event)
{
    struct toy *toy = device->state;
    toy->rung += event + 1;
    device_drive(device, TOY_OUT_RING, true);
}

static uint32_t toy_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    struct toy *toy = device->state;
    return toy->ports[range] + offset * 16 + size;
}

static void toy_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                           unsigned size)
{
    struct toy *toy = device->state;
    (void)offset;
    (void)size;
    toy->ports[range] = value;
}

static uint32_t toy_memory_read(struct device *device, unsigned range, uint64_t offset, unsigned size)
{
    struct toy *toy = device->state;
    (void)size;
    return toy->window + range + (uint32_t)offset;
}

static void toy_memory_write(struct device *device, unsigned range, uint64_t offset, uint32_t value,
                             unsigned size)
{
    struct toy *toy = device->state;
    (void)range;
    (void)offset;
    (void)size;
    toy->window = value;
}

static const struct device_class toy_class = {
    .name = "toy",
    .manual = "none",
    .state_size = sizeof(struct toy),
    .rows = toy_rows,
    .inputs = (const char *const[]){"zero", "one", NULL},
    .outputs = (const char *const[]){"ring", NULL},
    .events = (const char *const[]){"bell", "clapper", NULL},
    .ports = (const struct device_ports[]){{"data", 0x300, 2, 2}, {"command", 0x3f0, 1, 1}, {0}},
    .memory =
        (const struct device_memory[]){{"first", 0xa0000, PAGE_SIZE}, {"second", 0xb0000, PAGE_SIZE}, {0}},
    .reset = toy_reset,
    .input = toy_input,
    .event = toy_event,
    .port_read = toy_port_read,
    .port_write = toy_port_write,
    .memory_read = toy_memory_read,
    .memory_write = toy_memory_write,
};

static struct clock toy_clock;
static struct memory memory;
static struct ports ports;
static struct log silent;
static struct device_board board;

static void make_board(void)
{
    struct error error;
    ck_assert(memory_init(&memory, PAGE_SIZE, &error));
    clock_init(&toy_clock, 1);
    ports_init(&ports);
    log_init(&silent, NULL);
    board = (struct device_board){.clock = &toy_clock, .memory = &memory, .ports = &ports, .log = &silent};
}

START_TEST(an_instance_answers_at_its_ports_and_memory)
{
    struct device device;
    make_board();
    device_init(&device, &toy_class, "toy0", &board, 0);
    ports_write(&ports, 0x300, 0x1000, 2);
    ck_assert_uint_eq(ports_read(&ports, 0x300, 2), 0x1002);
    ck_assert_uint_eq(ports_read(&ports, 0x301, 1), 0x11);
    ck_assert_uint_eq(ports_read(&ports, 0x3f0, 1), 1);
    memory_write(&memory, 0xb0000, 0x500, 4);
    ck_assert_uint_eq(memory_read(&memory, 0xb0010, 4), 0x511);
    ck_assert_uint_eq(memory_read(&memory, 0xa0010, 4), 0x510);
    device_free(&device);
    memory_free(&memory);
}
END_TEST

START_TEST(the_board_may_move_the_first_range)
{
    struct device device;
    make_board();
    device_init(&device, &toy_class, "toy1", &board, 0x200);
    ck_assert_uint_eq(ports_read(&ports, 0x200, 1), 1);
    ck_assert_uint_eq(ports_read(&ports, 0x300, 1), 0xff);
    ck_assert_uint_eq(ports_read(&ports, 0x3f0, 1), 1);
    device_free(&device);
    memory_free(&memory);
}
END_TEST

START_TEST(power_on_and_reset_are_told_apart)
{
    struct device device;
    make_board();
    device_init(&device, &toy_class, "toy0", &board, 0);
    device_reset(&device);
    struct toy *toy = device.state;
    ck_assert_uint_eq(toy->resets, 2);
    ck_assert_uint_eq(toy->power_ons, 1);
    device_free(&device);
    memory_free(&memory);
}
END_TEST

START_TEST(events_carry_the_instance_name_and_reach_the_listener_over_the_wire)
{
    struct device from, to;
    make_board();
    device_init(&from, &toy_class, "toy0", &board, 0);
    ports_release(&ports, 0x3f0);
    memory_unmap(&memory, 0xa0000);
    memory_unmap(&memory, 0xb0000);
    device_init(&to, &toy_class, "toy1", &board, 0x200);
    device_connect(&from, "ring", &to, "one");
    ck_assert_str_eq(toy_clock.events[from.event_numbers[1]].name, "toy0.clapper");
    ck_assert_str_eq(toy_clock.events[to.event_numbers[0]].name, "toy1.bell");
    device_schedule(&from, 0, 100);
    device_schedule(&from, 1, 100);
    device_cancel(&from, 0);
    clock_skip_to_next(&toy_clock, CLOCK_NEVER);
    clock_run_due(&toy_clock, 1);
    ck_assert_uint_eq(device_now(&from), 100);
    ck_assert_uint_eq(((struct toy *)from.state)->rung, 2);
    ck_assert_uint_eq(((struct toy *)to.state)->heard, 11);
    ck_assert(device_output_level(&from, TOY_OUT_RING));
    ck_assert_int_eq(device_find_input(&toy_class, "two"), -1);
    ck_assert_int_eq(device_find_output(&toy_class, "ring"), 0);
    device_free(&from);
    device_free(&to);
    memory_free(&memory);
}
END_TEST

UNIT_SUITE("device", an_instance_answers_at_its_ports_and_memory, the_board_may_move_the_first_range,
           power_on_and_reset_are_told_apart,
           events_carry_the_instance_name_and_reach_the_listener_over_the_wire)
