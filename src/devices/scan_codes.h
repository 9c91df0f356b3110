/*
 * Scan codes of the PS/2 keyboard, after the IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and
 * 102-key)". Set 2 is what the keys send; set 1 is made from it by the keyboard controller or the keyboard; set 3
 * gives every key one code.
 */
#ifndef GATE86_DEVICES_SCAN_CODES_H
#define GATE86_DEVICES_SCAN_CODES_H

#include <stdbool.h>
#include <stdint.h>

#define SCAN_BREAK    0xf0 /* sets 2 and 3: the next code is a key's release */
#define SCAN_EXTENDED 0xe0
#define SCAN_PAUSE    0xe1
#define SCAN_NONE     0x00

/*
 * The set 1 code of a set 2 code, as in the table of the keyboard controller's firmware; bytes from 85h stay, but for
 * 83h and 84h.
 */
uint8_t scan_code_set1(uint8_t set2);

/* The set 3 code of a set 2 code, with or without E0h before it; SCAN_NONE when no key has it. */
uint8_t scan_code_set3(uint8_t set2, bool extended);

/* What a set 3 key does by default. */
enum scan_key_type {
    SCAN_TYPEMATIC,  /* make code, repeated */
    SCAN_MAKE_BREAK, /* make and break code */
    SCAN_MAKE,       /* make code only */
};
enum scan_key_type scan_key_default(uint8_t set3);

#endif
