/* An and-gate: see the header. */
#include "devices/gate_and.h"

static void gate_and_input(struct device *device, unsigned pin, bool level)
{
    struct gate_and *gate = device->state;
    gate->levels = (uint8_t)((gate->levels & ~(1u << pin)) | (unsigned)level << pin);
    device_drive(device, 0, gate->levels == 3);
}

static const struct state_row gate_and_rows[] = {ROW(struct gate_and, levels), ROW_END};

const struct device_class gate_and_class = {
    .name = "gate_and",
    .manual = "an and-gate of two inputs, as in the 74LS08",
    .state_size = sizeof(struct gate_and),
    .rows = gate_and_rows,
    .inputs = (const char *const[]){"a", "b", NULL},
    .outputs = (const char *const[]){"out", NULL},
    .input = gate_and_input,
};
