/*
 * The debug console of the PC emulators: a byte written to port E9h goes to the host's debug output. The port
 * reads as E9h, by which guests find it.
 */
#ifndef GATE86_DEVICES_DEBUGCON_H
#define GATE86_DEVICES_DEBUGCON_H

#include "bus/device.h"

#define DEBUGCON_PORT 0xe9

extern const struct device_class debugcon_class;

#endif
