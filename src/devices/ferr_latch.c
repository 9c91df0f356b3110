/* Coprocessor error logic: see the header. */
#include "devices/ferr_latch.h"

enum { OUT_IRQ13, OUT_IGNNE };

static void ferr_latch_drive(struct device *device)
{
    const struct ferr_latch *latch = device->state;
    device_drive(device, OUT_IRQ13, latch->irq13);
    device_drive(device, OUT_IGNNE, latch->ignne);
}

static void ferr_latch_input(struct device *device, unsigned pin, bool level)
{
    (void)pin;
    struct ferr_latch *latch = device->state;
    if (level && !latch->ferr)
        latch->irq13 = true;
    if (!level)
        latch->ignne = false;
    latch->ferr = level;
    ferr_latch_drive(device);
}

static void ferr_latch_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                                  unsigned size)
{
    (void)range;
    (void)offset;
    (void)value;
    (void)size;
    struct ferr_latch *latch = device->state;
    latch->irq13 = false;
    latch->ignne = latch->ferr;
    ferr_latch_drive(device);
}

static void ferr_latch_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct ferr_latch *latch = device->state;
    latch->irq13 = false;
    latch->ignne = false;
    ferr_latch_drive(device);
}

static const struct state_row ferr_latch_rows[] = {
    ROW(struct ferr_latch, ferr),
    ROW(struct ferr_latch, irq13),
    ROW(struct ferr_latch, ignne),
    ROW_END,
};

const struct device_class ferr_latch_class = {
    .name = "ferr_latch",
    .manual = "Intel 82371AB (PIIX4), 290562-001, COPROC_ERR",
    .state_size = sizeof(struct ferr_latch),
    .rows = ferr_latch_rows,
    .inputs = (const char *const[]){"ferr", NULL},
    .outputs = (const char *const[]){"irq13", "ignne", NULL},
    .ports = (const struct device_ports[]){{"error", 0xf0, 1, 1}, {0}},
    .reset = ferr_latch_reset,
    .input = ferr_latch_input,
    .port_write = ferr_latch_port_write,
};
