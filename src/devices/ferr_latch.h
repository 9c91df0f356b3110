/*
 * Coprocessor error logic of the PC AT, after the Intel 82371AB (PIIX4) data sheet, "COPROC_ERR": FERR# raises IRQ13; a
 * write to port F0h ends it and asserts IGNNE# until FERR# goes away.
 *
 *     ferr ---->| latch |----> irq13, ignne (all active high here)
 */
#ifndef GATE86_DEVICES_FERR_LATCH_H
#define GATE86_DEVICES_FERR_LATCH_H

#include "bus/device.h"

struct ferr_latch {
    bool ferr;
    bool irq13;
    bool ignne;
};

extern const struct device_class ferr_latch_class;

#endif
