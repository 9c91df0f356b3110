/* The debug console: see the header. */
#include "devices/debugcon.h"

static uint32_t debugcon_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)device;
    (void)range;
    (void)offset;
    (void)size;
    return DEBUGCON_PORT;
}

static void debugcon_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                           unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    uint8_t byte = (uint8_t)value;
    device_transmit(device, &byte, 1);
}

static const struct state_row debugcon_rows[] = {ROW_END};

const struct device_class debugcon_class = {
    .name = "debugcon",
    .manual = "none: a convention of PC emulators",
    .state_size = 0,
    .rows = debugcon_rows,
    .ports = (const struct device_ports[]){{"data", DEBUGCON_PORT, 1, 1}, {0}},
    .port_read = debugcon_read,
    .port_write = debugcon_write,
};
