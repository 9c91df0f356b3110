/* System control port A: see the header. */
#include "devices/port92.h"

enum { OUT_A20, OUT_INIT };

#define CONTROL_INIT     0x01
#define CONTROL_A20      0x02
#define CONTROL_WRITABLE 0xcb

static uint32_t port92_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    const struct port92 *port = device->state;
    return port->control;
}

static void port92_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                         unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    struct port92 *port = device->state;
    bool was_set = port->control & CONTROL_INIT;
    port->control = value & CONTROL_WRITABLE;
    device_drive(device, OUT_A20, port->control & CONTROL_A20);
    if (!was_set && (port->control & CONTROL_INIT)) {
        device_drive(device, OUT_INIT, true);
        device_drive(device, OUT_INIT, false);
    }
}

static void port92_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct port92 *port = device->state;
    port->control = 0;
    device_drive(device, OUT_A20, false);
}

static const struct state_row port92_rows[] = {ROW(struct port92, control), ROW_END};

const struct device_class port92_class = {
    .name = "port92",
    .manual = "IBM PS/2 Hardware Interface Technical Reference, System Control Port A",
    .state_size = sizeof(struct port92),
    .rows = port92_rows,
    .outputs = (const char *const[]){"a20", "init", NULL},
    .ports = (const struct device_ports[]){{"control", 0x92, 1, 1}, {0}},
    .reset = port92_reset,
    .port_read = port92_read,
    .port_write = port92_write,
};
