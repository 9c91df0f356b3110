/*
 * Intel 8259A programmable interrupt controller, after Intel's data sheet 231468-003.
 *
 *              +--------+
 *     ir0 ---->|        |----> int     request to the processor, or to a master's ir input
 *      ...     | 8259A  |----> cas     high: a slave must answer the acknowledge cycle
 *     ir7 ---->|        |----> cas0-2  which one (its ICW3 number)
 *     lt0-7 -->|        |<---- cas0-2  slave: the number called by the master
 *     sp ----->|        |
 *              +--------+
 *
 * sp high makes a master, low a slave (in buffered mode ICW4 decides instead). lt0 to lt7 are not pins of the
 * 8259A: they make a single input level-triggered, as the ELCR of later PC chip sets does (Intel 82371, ELCR1
 * and ELCR2); tied low, the chip is the plain one, where ICW1 decides for all eight.
 *
 * The acknowledge cycle: the board asks the master; when cas is high afterwards it asks the slaves, and takes
 * the vector from the one that is called.
 *
 * NOT IMPLEMENTED: the MCS-80/85 mode (ICW4 bit 0 clear), in which the chip puts a CALL instruction on the
 * bus; the chip then answers as in 8086 mode.
 */
#ifndef GATE86_DEVICES_I8259_H
#define GATE86_DEVICES_I8259_H

#include "bus/device.h"

enum i8259_step {
    I8259_READY, /* writes to port 1 are OCW1 */
    I8259_WANTS_ICW2,
    I8259_WANTS_ICW3,
    I8259_WANTS_ICW4,
    I8259_UNINITIALIZED, /* since power-on: makes no requests */
};

struct i8259 {
    uint8_t lines;        /* levels of ir0-7 */
    uint8_t edges;        /* edge sense latches: a rising edge was seen and not yet acknowledged */
    uint8_t level_select; /* lt0-7 */
    uint8_t imr;
    uint8_t isr;
    uint8_t icw1;
    uint8_t icw2;
    uint8_t icw3;
    uint8_t icw4;
    uint8_t step;       /* enum i8259_step */
    uint8_t lowest;     /* the level of lowest priority: 7 unless rotated */
    uint8_t cascade_id; /* cas0-2 inputs */
    bool master;        /* sp */
    bool special_mask;
    bool poll;     /* the next read is a poll */
    bool read_isr; /* OCW3: a read of port 0 gives ISR, else IRR */
    bool rotate_in_aeoi;
};

extern const struct device_class i8259_class;

#endif
