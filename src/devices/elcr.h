/*
 * Edge/level control registers, after the Intel 82371AB (PIIX4) data sheet, ELCR1 and ELCR2: one bit for each
 * of the interrupt lines 3-7, 9-12, 14 and 15 makes it level-triggered. Lines 0, 1, 2, 8 and 13 are always
 * edge-triggered, their bits read as zero.
 *
 *     port 4D0h: lines 0-7     port 4D1h: lines 8-15     outputs level0 ... level15
 */
#ifndef GATE86_DEVICES_ELCR_H
#define GATE86_DEVICES_ELCR_H

#include "bus/device.h"

struct elcr {
    uint8_t control[2];
};

extern const struct device_class elcr_class;

#endif
