/*
 * Intel 8042 as the keyboard and auxiliary device controller of the PS/2, with a keyboard plugged in, after the IBM
 * PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller".
 *
 *     port 60h data      +--------+-----> irq1   a byte from the keyboard (or the controller) waits at port 60h
 *     port 64h command,  |  8042  |-----> irq12  a byte from the auxiliary device waits
 *              status    |        |-----> a20    output port bit 1
 *     keyboard cable <-->|        |-----> init   output port bit 0 pulled low: pulses high here
 *     auxiliary: empty   +--------+
 *
 * The controller answers at once; a byte over a cable takes 1 ms of guest time. Nothing is plugged into the
 * auxiliary connector: the port itself tests good and loops back, a byte sent to the device is answered by a
 * transmit time-out (status bit 6, data FEh).
 *
 * NOT IMPLEMENTED: passwords (A4h says that none is installed, A5h takes one and forgets it, A6h does nothing),
 * the diagnostic dump ACh, the polls of the input port C1h and C2h, the inhibit switch (never locked), parity errors.
 */
#ifndef GATE86_DEVICES_I8042_H
#define GATE86_DEVICES_I8042_H

#include "bus/device.h"
#include "devices/keyboard.h"

#define I8042_RAM 32

struct i8042 {
    struct keyboard keyboard;
    uint8_t ram[I8042_RAM]; /* byte 0: the command byte */
    uint8_t output;         /* what port 60h reads */
    uint8_t output_port;    /* bits 0 and 1 as driven; 2, 3, 6, 7 kept */
    uint8_t command;        /* that waits for its byte at port 60h, or 0 */
    bool output_full;
    bool output_auxiliary; /* the byte is, or acts as, the auxiliary device's */
    bool time_out;
    bool last_was_command; /* status bit 3 */
    bool carrying;         /* a byte is on the keyboard cable */
    bool translate_break;  /* F0h was swallowed: the next code is a release */
};

extern const struct device_class i8042_class;

#endif
