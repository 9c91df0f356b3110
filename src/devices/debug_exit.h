/*
 * The debug exit port: a write of 1, 2 or 4 bytes to F4h ends the run, and its low byte is the guest's exit
 * code. It reads as all ones, like no port at all.
 */
#ifndef GATE86_DEVICES_DEBUG_EXIT_H
#define GATE86_DEVICES_DEBUG_EXIT_H

#include "bus/device.h"

extern const struct device_class debug_exit_class;

#endif
