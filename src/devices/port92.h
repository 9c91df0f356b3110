/*
 * System control port A (92h), after the IBM PS/2 Hardware Interface Technical Reference, "System Control
 * Port A": the fast ways to the A20 gate and to INIT.
 *
 *     bit 0  a change from 0 to 1 resets the processor (INIT)
 *     bit 1  opens the A20 gate
 *     bits 3, 6, 7  security lock and lamps: kept, without effect
 *
 * NOT IMPLEMENTED: the security lock over the CMOS password bytes; watchdog status (bit 4 reads 0).
 */
#ifndef GATE86_DEVICES_PORT92_H
#define GATE86_DEVICES_PORT92_H

#include "bus/device.h"

struct port92 {
    uint8_t control;
};

extern const struct device_class port92_class;

#endif
