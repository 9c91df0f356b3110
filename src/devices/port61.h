/*
 * System control port B (61h), after the IBM PS/2 Hardware Interface Technical Reference, "System Control
 * Port B", and the Intel 82371AB data sheet, "NMISC".
 *
 *     bit 0  rw  gate of timer channel 2          bit 4  r  toggles with each memory refresh request
 *     bit 1  rw  speaker data enable              bit 5  r  OUT of timer channel 2
 *     bit 2  rw  RAM parity check disabled        bit 6  r  channel check (NMI), always 0
 *     bit 3  rw  channel check disabled           bit 7  r  RAM parity error (NMI), always 0
 *
 * Refresh requests come from timer channel 1, which every BIOS programs to 18 clocks (15.085 us). The toggle
 * is computed from guest time with that rate, so that no event is spent on it.
 *
 * NOT IMPLEMENTED: another refresh rate; parity and channel-check errors never happen, so neither does their
 * NMI.
 */
#ifndef GATE86_DEVICES_PORT61_H
#define GATE86_DEVICES_PORT61_H

#include "bus/device.h"

struct port61 {
    uint8_t control; /* bits 0-3 */
    bool out2;
};

extern const struct device_class port61_class;

#endif
