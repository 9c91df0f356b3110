/* The PS/2 keyboard: see the header. */
#include "devices/keyboard.h"

#include <string.h>

#include "base/invariant.h"
#include "devices/scan_codes.h"

#define REPLY_ACK     0xfa
#define REPLY_RESEND  0xfe
#define REPLY_ECHO    0xee
#define REPLY_BAT     0xaa
#define IDENTITY_HIGH 0xab
#define IDENTITY_LOW  0x83

#define COMMAND_LEDS          0xed
#define COMMAND_ECHO          0xee
#define COMMAND_SCAN_SET      0xf0
#define COMMAND_IDENTIFY      0xf2
#define COMMAND_TYPEMATIC     0xf3
#define COMMAND_ENABLE        0xf4
#define COMMAND_DISABLE       0xf5
#define COMMAND_DEFAULT       0xf6
#define COMMAND_ALL_TYPEMATIC 0xf7
#define COMMAND_ALL_BOTH      0xf8
#define COMMAND_ALL_MAKE      0xf9
#define COMMAND_ALL_ALL       0xfa
#define COMMAND_KEY_TYPEMATIC 0xfb
#define COMMAND_KEY_BOTH      0xfc
#define COMMAND_KEY_MAKE      0xfd
#define COMMAND_RESEND        0xfe
#define COMMAND_RESET         0xff

#define TYPEMATIC_DEFAULT 0x2b /* 10.9 characters per second after 500 ms */
#define OVERRUN_SET_1     0xff
#define OVERRUN_SET_2_3   0x00
#define PAUSE_LENGTH      8 /* E1 14 77 E1 F0 14 F0 77 */
#define SET_3_PAUSE       0x62

static uint8_t queue_take(struct keyboard_queue *queue, const uint8_t *bytes, unsigned size)
{
    uint8_t byte = bytes[queue->first];
    queue->first = (uint8_t)((queue->first + 1) % size);
    queue->count--;
    return byte;
}

static void queue_clear(struct keyboard_queue *queue)
{
    queue->first = 0;
    queue->count = 0;
}

static void keyboard_reply(struct keyboard *keyboard, uint8_t byte)
{
    struct keyboard_queue *queue = &keyboard->reply_queue;
    if (queue->count == KEYBOARD_REPLIES) /* a system that never reads its answers loses the newest */
        return;
    keyboard->replies[(queue->first + queue->count) % KEYBOARD_REPLIES] = byte;
    queue->count++;
}

/* "The 17th code is replaced by the overrun code": the last place of a full buffer holds it. */
static void keyboard_put(struct keyboard *keyboard, uint8_t byte)
{
    struct keyboard_queue *queue = &keyboard->key_queue;
    if (queue->count == KEYBOARD_KEYS) {
        uint8_t overrun = keyboard->scan_set == 1 ? OVERRUN_SET_1 : OVERRUN_SET_2_3;
        keyboard->keys[(queue->first + KEYBOARD_KEYS - 1) % KEYBOARD_KEYS] = overrun;
        return;
    }
    keyboard->keys[(queue->first + queue->count) % KEYBOARD_KEYS] = byte;
    queue->count++;
}

static void keyboard_set_defaults(struct keyboard *keyboard)
{
    keyboard->typematic = TYPEMATIC_DEFAULT;
    keyboard->extended = false;
    keyboard->released = false;
    keyboard->pause_left = 0;
    queue_clear(&keyboard->key_queue);
    for (unsigned code = 0; code < 256; code++)
        keyboard->key_types[code] = (uint8_t)scan_key_default((uint8_t)code);
}

void keyboard_reset(struct keyboard *keyboard)
{
    memset(keyboard, 0, sizeof *keyboard);
    keyboard_set_defaults(keyboard);
    keyboard->scan_set = 2;
    keyboard->scanning = true;
}

void keyboard_test_done(struct keyboard *keyboard)
{
    keyboard_reset(keyboard);
    keyboard_reply(keyboard, REPLY_BAT);
}

static void keyboard_select_set(struct keyboard *keyboard, uint8_t set)
{
    if (set > 3) {
        keyboard_reply(keyboard, REPLY_RESEND);
        return;
    }
    keyboard_reply(keyboard, REPLY_ACK);
    if (set == 0)
        keyboard_reply(keyboard, keyboard->scan_set);
    else
        keyboard->scan_set = set;
}

/* A command's second byte. Commands FBh to FDh take any number of keys. */
static void keyboard_parameter(struct keyboard *keyboard, uint8_t byte)
{
    uint8_t command = keyboard->command;
    bool takes_more = command >= COMMAND_KEY_TYPEMATIC && command <= COMMAND_KEY_MAKE;
    keyboard->command = takes_more ? command : 0;
    switch (command) {
    case COMMAND_LEDS:
        keyboard->leds = byte & 7;
        break;
    case COMMAND_TYPEMATIC:
        keyboard->typematic = byte & 0x7f;
        break;
    case COMMAND_SCAN_SET:
        keyboard_select_set(keyboard, byte);
        return;
    case COMMAND_KEY_TYPEMATIC:
        keyboard->key_types[byte] = SCAN_TYPEMATIC;
        break;
    case COMMAND_KEY_BOTH:
        keyboard->key_types[byte] = SCAN_MAKE_BREAK;
        break;
    default:
        INVARIANT(command == COMMAND_KEY_MAKE);
        keyboard->key_types[byte] = SCAN_MAKE;
        break;
    }
    keyboard_reply(keyboard, REPLY_ACK);
}

static void keyboard_set_all(struct keyboard *keyboard, uint8_t type)
{
    queue_clear(&keyboard->key_queue);
    memset(keyboard->key_types, type, sizeof keyboard->key_types);
}

/* Commands that are answered with ACK alone. */
static void keyboard_acknowledged(struct keyboard *keyboard, uint8_t command)
{
    keyboard_reply(keyboard, REPLY_ACK);
    switch (command) {
    case COMMAND_ENABLE:
        queue_clear(&keyboard->key_queue);
        keyboard->scanning = true;
        break;
    case COMMAND_DISABLE:
        keyboard_set_defaults(keyboard);
        keyboard->scanning = false;
        break;
    case COMMAND_DEFAULT:
        keyboard_set_defaults(keyboard);
        break;
    case COMMAND_ALL_TYPEMATIC:
        keyboard_set_all(keyboard, SCAN_TYPEMATIC);
        break;
    case COMMAND_ALL_BOTH:
        keyboard_set_all(keyboard, SCAN_MAKE_BREAK);
        break;
    case COMMAND_ALL_MAKE:
        keyboard_set_all(keyboard, SCAN_MAKE);
        break;
    case COMMAND_ALL_ALL:
        keyboard_set_all(keyboard, KEYBOARD_KEY_ALL);
        break;
    default: /* LEDS, SCAN_SET, TYPEMATIC, KEY_...: their parameter follows */
        keyboard->command = command;
        break;
    }
}

bool keyboard_command(struct keyboard *keyboard, uint8_t byte)
{
    if (keyboard->testing)
        return false;
    /* A command in place of a parameter is taken as a command. */
    if (keyboard->command != 0 && byte < COMMAND_LEDS) {
        keyboard_parameter(keyboard, byte);
        return false;
    }
    keyboard->command = 0;
    switch (byte) {
    case COMMAND_ECHO:
        keyboard_reply(keyboard, REPLY_ECHO);
        return false;
    case COMMAND_IDENTIFY:
        keyboard_reply(keyboard, REPLY_ACK);
        keyboard_reply(keyboard, IDENTITY_HIGH);
        keyboard_reply(keyboard, IDENTITY_LOW);
        return false;
    case COMMAND_RESEND:
        keyboard_reply(keyboard, keyboard->last_sent);
        return false;
    case COMMAND_RESET:
        queue_clear(&keyboard->reply_queue);
        queue_clear(&keyboard->key_queue);
        keyboard_reply(keyboard, REPLY_ACK);
        keyboard->testing = true;
        return true;
    case 0xef:
    case 0xf1:
        keyboard_reply(keyboard, REPLY_RESEND);
        return false;
    default:
        if (byte < COMMAND_LEDS)
            keyboard_reply(keyboard, REPLY_RESEND);
        else
            keyboard_acknowledged(keyboard, byte);
        return false;
    }
}

static void keyboard_key_set1(struct keyboard *keyboard, uint8_t byte)
{
    if (byte == SCAN_BREAK) {
        keyboard->released = true;
        return;
    }
    uint8_t code = byte == SCAN_EXTENDED || byte == SCAN_PAUSE ? byte : scan_code_set1(byte);
    keyboard_put(keyboard, code | (keyboard->released ? 0x80 : 0));
    keyboard->released = false;
}

static void keyboard_key_set3(struct keyboard *keyboard, uint8_t byte)
{
    if (byte == SCAN_EXTENDED) {
        keyboard->extended = true;
    } else if (byte == SCAN_BREAK) {
        keyboard->released = true;
    } else if (byte == SCAN_PAUSE) {
        keyboard->pause_left = PAUSE_LENGTH - 1;
        keyboard_put(keyboard, SET_3_PAUSE);
    } else {
        /* The shifts that set 2 wraps around some E0h keys (E0 12, E0 59) have no set 3 code and vanish here. */
        uint8_t code = scan_code_set3(byte, keyboard->extended);
        uint8_t type = keyboard->key_types[code];
        bool breaks = type == SCAN_MAKE_BREAK || type == KEYBOARD_KEY_ALL;
        if (code != SCAN_NONE && keyboard->released && breaks)
            keyboard_put(keyboard, SCAN_BREAK);
        if (code != SCAN_NONE && (!keyboard->released || breaks))
            keyboard_put(keyboard, code);
        keyboard->extended = false;
        keyboard->released = false;
    }
}

void keyboard_key(struct keyboard *keyboard, uint8_t byte)
{
    if (!keyboard->scanning || keyboard->testing)
        return;
    if (keyboard->scan_set == 2) {
        keyboard_put(keyboard, byte);
    } else if (keyboard->scan_set == 1) {
        keyboard_key_set1(keyboard, byte);
    } else if (keyboard->pause_left > 0) {
        keyboard->pause_left--;
    } else {
        keyboard_key_set3(keyboard, byte);
    }
}

bool keyboard_has_output(const struct keyboard *keyboard)
{
    return keyboard->reply_queue.count > 0 || keyboard->key_queue.count > 0;
}

uint8_t keyboard_take_output(struct keyboard *keyboard)
{
    INVARIANT(keyboard_has_output(keyboard));
    keyboard->last_sent = keyboard->reply_queue.count > 0
                              ? queue_take(&keyboard->reply_queue, keyboard->replies, KEYBOARD_REPLIES)
                              : queue_take(&keyboard->key_queue, keyboard->keys, KEYBOARD_KEYS);
    return keyboard->last_sent;
}

static const struct state_row queue_rows[] = {
    ROW(struct keyboard_queue, first),
    ROW(struct keyboard_queue, count),
    ROW_END,
};

const struct state_row keyboard_rows[] = {
    ROW_ARRAY(struct keyboard, key_types),
    ROW_ARRAY(struct keyboard, keys),
    ROW_ARRAY(struct keyboard, replies),
    ROW_STRUCT(struct keyboard, key_queue, queue_rows),
    ROW_STRUCT(struct keyboard, reply_queue, queue_rows),
    ROW(struct keyboard, last_sent),
    ROW(struct keyboard, scan_set),
    ROW(struct keyboard, leds),
    ROW(struct keyboard, typematic),
    ROW(struct keyboard, command),
    ROW(struct keyboard, scanning),
    ROW(struct keyboard, testing),
    ROW(struct keyboard, extended),
    ROW(struct keyboard, released),
    ROW(struct keyboard, pause_left),
    ROW_END,
};
