/*
 * The shutdown port of the PC emulators: the text "Shutdown", written byte by byte to port 8900h, switches
 * the machine off. Any other byte starts the text anew.
 */
#ifndef GATE86_DEVICES_SHUTDOWN_PORT_H
#define GATE86_DEVICES_SHUTDOWN_PORT_H

#include "bus/device.h"

struct shutdown_port {
    uint8_t matched; /* letters of the text written so far */
};

extern const struct device_class shutdown_port_class;

#endif
