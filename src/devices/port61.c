/* System control port B: see the header. */
#include "devices/port61.h"

enum { OUT_GATE2, OUT_SPEAKER };

#define CONTROL_GATE2    0x01
#define CONTROL_SPEAKER  0x02
#define CONTROL_WRITABLE 0x0f
#define STATUS_REFRESH   0x10
#define STATUS_OUT2      0x20

/* One refresh request in 18 ticks of 105/88 MHz. */
#define REFRESH_MULTIPLIER 105u
#define REFRESH_DIVISOR    (18u * 88000u)

static void port61_drive(struct device *device)
{
    const struct port61 *port = device->state;
    device_drive(device, OUT_GATE2, port->control & CONTROL_GATE2);
    device_drive(device, OUT_SPEAKER, (port->control & CONTROL_SPEAKER) && port->out2);
}

static uint32_t port61_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    const struct port61 *port = device->state;
    bool refresh = clock_scale(device_now(device), REFRESH_MULTIPLIER, REFRESH_DIVISOR) & 1;
    return port->control | (refresh ? STATUS_REFRESH : 0) | (port->out2 ? STATUS_OUT2 : 0);
}

static void port61_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                         unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    struct port61 *port = device->state;
    port->control = value & CONTROL_WRITABLE;
    port61_drive(device);
}

static void port61_input(struct device *device, unsigned pin, bool level)
{
    (void)pin;
    struct port61 *port = device->state;
    port->out2 = level;
    port61_drive(device);
}

static void port61_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct port61 *port = device->state;
    port->control = 0;
    port61_drive(device);
}

static const struct state_row port61_rows[] = {ROW(struct port61, control), ROW(struct port61, out2),
                                               ROW_END};

const struct device_class port61_class = {
    .name = "port61",
    .manual = "IBM PS/2 Hardware Interface Technical Reference, System Control Port B",
    .state_size = sizeof(struct port61),
    .rows = port61_rows,
    .inputs = (const char *const[]){"out2", NULL},
    .outputs = (const char *const[]){"gate2", "speaker", NULL},
    .ports = (const struct device_ports[]){{"control", 0x61, 1, 1}, {0}},
    .reset = port61_reset,
    .input = port61_input,
    .port_read = port61_read,
    .port_write = port61_write,
};
