/*
 * An and-gate of two inputs: a serial adapter passes its chip's INTR to the bus only while OUT2 is active.
 *
 *     a, b ----> out
 */
#ifndef GATE86_DEVICES_GATE_AND_H
#define GATE86_DEVICES_GATE_AND_H

#include "bus/device.h"

struct gate_and {
    uint8_t levels; /* bit n: input n is high */
};

extern const struct device_class gate_and_class;

#endif
