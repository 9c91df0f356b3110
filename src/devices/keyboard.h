/*
 * The PS/2 keyboard at the far end of the 8042's cable, after the IBM PS/2 Hardware Interface Technical Reference,
 * "Keyboards (101- and 102-key)": commands and replies, scan code sets 1 to 3, the 16-byte buffer and its overrun
 * code. It is part of the i8042 device, which carries its bytes; nothing here knows of time but that a reset asks for
 * the basic assurance test (BAT) to be finished later.
 *
 * Keys come in as set 2 bytes with their prefixes, as the host sends them, and are turned into the selected set.
 *
 * NOT IMPLEMENTED: repeating a held key (the rate is acknowledged, the host repeats); the BAT's AAh at power-on, which
 * the firmware has read before the guest starts.
 */
#ifndef GATE86_DEVICES_KEYBOARD_H
#define GATE86_DEVICES_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rows.h"

#define KEYBOARD_KEYS    16
#define KEYBOARD_REPLIES 8

struct keyboard_queue {
    uint8_t first;
    uint8_t count;
};

struct keyboard {
    uint8_t key_types[256]; /* set 3, by code: enum scan_key_type or KEYBOARD_KEY_ALL */
    uint8_t keys[KEYBOARD_KEYS];
    uint8_t replies[KEYBOARD_REPLIES]; /* sent before keys */
    struct keyboard_queue key_queue;
    struct keyboard_queue reply_queue;
    uint8_t last_sent; /* for the command "resend" */
    uint8_t scan_set;  /* 1 to 3 */
    uint8_t leds;      /* bit 0 scroll, 1 num, 2 caps */
    uint8_t typematic; /* rate and delay as set by F3h */
    uint8_t command;   /* that waits for its parameter, or 0 */
    bool scanning;
    bool testing;       /* a BAT is under way */
    bool extended;      /* E0h came in */
    bool released;      /* F0h came in */
    uint8_t pause_left; /* bytes of the Pause key's sequence still to come */
};

#define KEYBOARD_KEY_ALL 3 /* typematic, make and break */

extern const struct state_row keyboard_rows[];

void keyboard_reset(struct keyboard *keyboard);

/* A byte from the system. Returns true when it starts a BAT, to be ended by keyboard_test_done some 300 ms later. */
bool keyboard_command(struct keyboard *keyboard, uint8_t byte);
void keyboard_test_done(struct keyboard *keyboard);

/* A byte of a key's set 2 sequence, from the host. */
void keyboard_key(struct keyboard *keyboard, uint8_t byte);

bool keyboard_has_output(const struct keyboard *keyboard);

/* The next byte for the system; there must be one. */
uint8_t keyboard_take_output(struct keyboard *keyboard);

#endif
