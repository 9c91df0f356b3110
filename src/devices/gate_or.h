/*
 * An or-gate of four inputs, for lines with several drivers: A20 (keyboard controller, port 92h) and INIT
 * (keyboard controller, port 92h, port CF9h). Unused inputs stay low.
 *
 *     a, b, c, d ----> out
 */
#ifndef GATE86_DEVICES_GATE_OR_H
#define GATE86_DEVICES_GATE_OR_H

#include "bus/device.h"

struct gate_or {
    uint8_t levels; /* bit n: input n is high */
};

extern const struct device_class gate_or_class;

#endif
