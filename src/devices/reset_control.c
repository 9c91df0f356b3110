/* Reset control register: see the header. */
#include "devices/reset_control.h"

enum { PORT_CONTROL = 1 };
enum { OUT_INIT };

#define CONTROL_HARD  0x02
#define CONTROL_START 0x04

static uint32_t reset_control_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    const struct reset_control *reset = device->state;
    return offset == PORT_CONTROL && size == 1 ? reset->control : ~0u;
}

static void reset_control_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                                unsigned size)
{
    (void)range;
    struct reset_control *reset = device->state;
    if (offset != PORT_CONTROL || size != 1)
        return;
    bool starts = (value & CONTROL_START) && !(reset->control & CONTROL_START);
    reset->control = value & (CONTROL_HARD | CONTROL_START);
    if (!starts)
        return;
    if (value & CONTROL_HARD) {
        device_request(device, BOARD_RESET, 0);
    } else {
        device_drive(device, OUT_INIT, true);
        device_drive(device, OUT_INIT, false);
    }
}

static void reset_control_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct reset_control *reset = device->state;
    reset->control = 0;
}

static const struct state_row reset_control_rows[] = {ROW(struct reset_control, control), ROW_END};

const struct device_class reset_control_class = {
    .name = "reset_control",
    .manual = "Intel 82371AB (PIIX4), 290562-001, RC",
    .state_size = sizeof(struct reset_control),
    .rows = reset_control_rows,
    .outputs = (const char *const[]){"init", NULL},
    .ports = (const struct device_ports[]){{"control", 0xcf8, 4, 4}, {0}},
    .reset = reset_control_reset,
    .port_read = reset_control_read,
    .port_write = reset_control_write,
};
