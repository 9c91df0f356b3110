/*
 * Reset control register (CF9h), after the Intel 82371AB (PIIX4) data sheet, "RC - Reset Control Register".
 *
 *     bit 1  type of reset: 0 soft (INIT to the processor), 1 hard (the whole machine)
 *     bit 2  a change from 0 to 1 starts the reset
 *
 * Only byte accesses reach it: CF8h as a doubleword belongs to PCI configuration, and a guest that looks for PCI must
 * not reset the machine with it. So the part claims CF8h-CFBh and lets everything but the byte at CF9h pass as nobody's.
 */
#ifndef GATE86_DEVICES_RESET_CONTROL_H
#define GATE86_DEVICES_RESET_CONTROL_H

#include "bus/device.h"

struct reset_control {
    uint8_t control;
};

extern const struct device_class reset_control_class;

#endif
