/* The debug exit port: see the header. */
#include "devices/debug_exit.h"

static uint32_t debug_exit_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)device;
    (void)range;
    (void)offset;
    (void)size;
    return ~0u;
}

static void debug_exit_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                             unsigned size)
{
    (void)range;
    (void)size;
    if (offset == 0)
        device_request(device, BOARD_DEBUG_EXIT, value & 0xff);
}

static const struct state_row debug_exit_rows[] = {ROW_END};

const struct device_class debug_exit_class = {
    .name = "debug_exit",
    .manual = "none: a convention of PC emulators",
    .state_size = 0,
    .rows = debug_exit_rows,
    .ports = (const struct device_ports[]){{"code", 0xf4, 4, 4}, {0}},
    .port_read = debug_exit_read,
    .port_write = debug_exit_write,
};
