/* An or-gate: see the header. */
#include "devices/gate_or.h"

static void gate_or_input(struct device *device, unsigned pin, bool level)
{
    struct gate_or *gate = device->state;
    gate->levels = (uint8_t)((gate->levels & ~(1u << pin)) | (unsigned)level << pin);
    device_drive(device, 0, gate->levels != 0);
}

static const struct state_row gate_or_rows[] = {ROW(struct gate_or, levels), ROW_END};

const struct device_class gate_or_class = {
    .name = "gate_or",
    .manual = "an or-gate of four inputs, as in the CD4072",
    .state_size = sizeof(struct gate_or),
    .rows = gate_or_rows,
    .inputs = (const char *const[]){"a", "b", "c", "d", NULL},
    .outputs = (const char *const[]){"out", NULL},
    .input = gate_or_input,
};
