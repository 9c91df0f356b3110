/*
 * Motorola MC146818A real-time clock with 128 bytes of battery-backed memory as in the PC AT, after the data sheet
 * ADI-1005 and the IBM PC AT Technical Reference (ports 70h, 71h).
 *
 *     port 70h w   bit 7: NMI masked (nmi_mask), bits 0-6: index    +--------+-----> irq (active high here)
 *     port 71h rw  the byte                                         |  RTC   |-----> nmi_mask
 *                                                                   +--------+
 *
 * The clock shows device_board.start_seconds plus guest time. Nothing ticks: registers and flags are brought to the
 * present when they are looked at, and an event is scheduled only for the next flag that would interrupt.
 *
 * The update cycle ends with each second of the divider; UIP is set from 244 us before it and during its 1984 us.
 *
 * NOT IMPLEMENTED: crystals other than 32.768 kHz (the divider then stands still), the square-wave output, daylight
 * saving (bit DSE is kept). The century at 32h is plain memory, as the chip itself has none.
 */
#ifndef GATE86_DEVICES_MC146818_H
#define GATE86_DEVICES_MC146818_H

#include "bus/device.h"

#define MC146818_BYTES 128

struct mc146818 {
    uint8_t bytes[MC146818_BYTES]; /* 0-9 clock and alarm, 10-13 registers A to D, then memory */
    uint64_t divider_ns;           /* when the divider chain stood at zero (wraps below 0) */
    uint64_t seconds_done;         /* seconds of the divider that the clock has counted */
    uint64_t periods_done;         /* periodic edges of the divider already seen */
    uint8_t index;
    bool nmi_masked;
    uint8_t reserved[6]; /* always zero */
};

extern const struct device_class mc146818_class;

#endif
