/* Edge/level control registers: see the header. */
#include "devices/elcr.h"

static const uint8_t elcr_writable[2] = {0xf8, 0xde};

static void elcr_drive(struct device *device)
{
    const struct elcr *elcr = device->state;
    for (unsigned line = 0; line < 16; line++)
        device_drive(device, line, elcr->control[line / 8] >> line % 8 & 1);
}

static uint32_t elcr_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)size;
    const struct elcr *elcr = device->state;
    return elcr->control[offset];
}

static void elcr_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                            unsigned size)
{
    (void)range;
    (void)size;
    struct elcr *elcr = device->state;
    elcr->control[offset] = (uint8_t)value & elcr_writable[offset];
    elcr_drive(device);
}

static void elcr_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct elcr *elcr = device->state;
    elcr->control[0] = 0;
    elcr->control[1] = 0;
    elcr_drive(device);
}

static const struct state_row elcr_rows[] = {ROW_ARRAY(struct elcr, control), ROW_END};

const struct device_class elcr_class = {
    .name = "elcr",
    .manual = "Intel 82371AB (PIIX4), 290562-001, ELCR1 and ELCR2",
    .state_size = sizeof(struct elcr),
    .rows = elcr_rows,
    .outputs = (const char *const[]){"level0", "level1", "level2", "level3", "level4", "level5", "level6",
                                     "level7", "level8", "level9", "level10", "level11", "level12", "level13",
                                     "level14", "level15", NULL},
    .ports = (const struct device_ports[]){{"control", 0x4d0, 2, 1}, {0}},
    .reset = elcr_reset,
    .port_read = elcr_port_read,
    .port_write = elcr_port_write,
};
