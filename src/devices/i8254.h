/*
 * Intel 8254 programmable interval timer, after Intel's data sheet 231164-005 (82C54: 231244-006).
 *
 *                +-------+
 *     gate0 ---->|       |----> out0
 *     gate1 ---->| 8254  |----> out1
 *     gate2 ---->|       |----> out2
 *                +-------+
 *
 * The three CLK inputs get 14.31818 MHz / 12 = 105/88 MHz, as on every PC. Nothing ticks here: a channel
 * remembers what its counting element held at one clock tick, and everything else follows from the tick that
 * guest time has reached. Events are scheduled only for the edges of an OUT pin that has a listener.
 *
 * A count written during tick t is loaded at tick t + 1 ("on the next CLK pulse") and has lost n at tick t +
 * 1 + n.
 *
 * NOT IMPLEMENTED: a count of 1 in modes 2 and 3, illegal by the data sheet: OUT then stays high.
 */
#ifndef GATE86_DEVICES_I8254_H
#define GATE86_DEVICES_I8254_H

#include "bus/device.h"

#define I8254_CHANNELS 3

struct i8254_channel {
    uint64_t load_tick; /* when the counting element takes, or took, `count` */
    int64_t count;      /* its value at load_tick; below 0 once it has run past zero */
    int64_t previous;   /* its value until load_tick */
    uint64_t edge_tick; /* next change of OUT that an event waits for; CLOCK_NEVER: none */
    uint32_t period;    /* modes 2 and 3: the count of the cycle under way */
    uint32_t reload;    /* the count register as a number, 1 to 65536 */
    uint16_t latched_count;
    uint8_t latched_status;
    uint8_t write_low; /* first byte of a two-byte count */
    uint8_t mode;      /* 0 to 5 */
    uint8_t access;    /* RW bits: 1 low byte, 2 high byte, 3 low then high */
    bool bcd;
    bool gate;
    bool counting;    /* CE moves; false: it holds `count` */
    bool armed;       /* a count was written since the control word */
    bool started;     /* CE was given a count since the control word */
    bool stopped_low; /* mode 0: the first byte of a new count forces OUT low */
    bool half;        /* mode 3: the cycle under way is the low half */
    bool null_count;  /* a count is in the register and waits for a trigger or the end of a cycle */
    bool count_latched;
    bool status_latched;
    bool out_before;     /* OUT until load_tick */
    bool read_high;      /* the next read gives the high byte */
    bool write_high;     /* the next write is the high byte */
    uint8_t reserved[5]; /* always zero */
};

struct i8254 {
    struct i8254_channel channel[I8254_CHANNELS];
};

extern const struct device_class i8254_class;

#endif
