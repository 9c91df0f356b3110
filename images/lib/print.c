#include "lib/print.h"

#include "lib/ports.h"

#define COM1             0x3f8
#define COM1_INTERRUPTS  (COM1 + 1)
#define COM1_FIFO        (COM1 + 2)
#define COM1_LINE        (COM1 + 3)
#define COM1_MODEM       (COM1 + 4)
#define COM1_STATUS      (COM1 + 5)
#define LINE_DIVISOR     0x80
#define LINE_8N1         0x03
#define STATUS_CAN_SEND  0x20
#define DEBUG_PORT       0xe9
#define SCREEN_ATTRIBUTE 0x0700u /* light grey on black */
#define SEND_TRIES       100000  /* a machine without COM1 must not hold us for ever */

static volatile uint16_t *const screen = (volatile uint16_t *)SCREEN_ADDRESS;
static unsigned screen_at; /* index of the next cell */

void print_init(void)
{
    port_write(COM1_INTERRUPTS, 0);
    port_write(COM1_LINE, LINE_DIVISOR);
    port_write(COM1, 1); /* 115200 / 1 */
    port_write(COM1 + 1, 0);
    port_write(COM1_LINE, LINE_8N1);
    port_write(COM1_FIFO, 0x07);
    port_write(COM1_MODEM, 0x03);
    for (unsigned i = 0; i < SCREEN_COLUMNS * SCREEN_ROWS; i++)
        screen[i] = SCREEN_ATTRIBUTE | ' ';
    screen_at = 0;
}

static void serial_put(char character)
{
    for (unsigned i = 0; i < SEND_TRIES && !(port_read(COM1_STATUS) & STATUS_CAN_SEND); i++) {
    }
    port_write(COM1, (uint8_t)character);
}

static void screen_scroll(void)
{
    const unsigned last = SCREEN_COLUMNS * (SCREEN_ROWS - 1);
    for (unsigned i = 0; i < last; i++)
        screen[i] = screen[i + SCREEN_COLUMNS];
    for (unsigned i = last; i < last + SCREEN_COLUMNS; i++)
        screen[i] = SCREEN_ATTRIBUTE | ' ';
    screen_at -= SCREEN_COLUMNS;
}

static void screen_put(char character)
{
    if (character == '\n')
        screen_at += SCREEN_COLUMNS - screen_at % SCREEN_COLUMNS;
    else
        screen[screen_at++] = (uint16_t)(SCREEN_ATTRIBUTE | (uint8_t)character);
    if (screen_at >= SCREEN_COLUMNS * SCREEN_ROWS)
        screen_scroll();
}

void print_character_to(unsigned outputs, char character)
{
    if (outputs & PRINT_SERIAL) {
        if (character == '\n')
            serial_put('\r'); /* terminals want both */
        serial_put(character);
    }
    if (outputs & PRINT_DEBUG)
        port_write(DEBUG_PORT, (uint8_t)character);
    if (outputs & PRINT_SCREEN)
        screen_put(character);
}

void print_to(unsigned outputs, const char *text)
{
    while (*text != '\0')
        print_character_to(outputs, *text++);
}

void print(const char *text)
{
    print_to(PRINT_ALL, text);
}

void print_padded(const char *text, unsigned width)
{
    for (; *text != '\0'; text++) {
        print_character_to(PRINT_ALL, *text);
        width -= width != 0;
    }
    while (width-- != 0)
        print_character_to(PRINT_ALL, ' ');
}

void print_number(uint32_t value, unsigned width)
{
    char digits[11];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print_padded(at, width);
}

void print_hex(uint32_t value, unsigned digits)
{
    while (digits-- != 0)
        print_character_to(PRINT_ALL, "0123456789ABCDEF"[value >> (4 * digits) & 15]);
    print_character_to(PRINT_ALL, 'h');
}
