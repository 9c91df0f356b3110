/* Text out: to the serial line COM1, to port E9h and to the screen in text mode. */
#ifndef IMAGES_PRINT_H
#define IMAGES_PRINT_H

#include <stdint.h>

#define PRINT_SERIAL 1u
#define PRINT_DEBUG  2u
#define PRINT_SCREEN 4u
#define PRINT_ALL    7u

/* A kernel that has the screen at another linear address says so on the compiler's command line. */
#ifndef SCREEN_ADDRESS
#define SCREEN_ADDRESS 0xb8000u
#endif
#define SCREEN_COLUMNS 80u
#define SCREEN_ROWS    25u

/* Sets COM1 to 115200 baud, 8 bits, no parity, 1 stop bit, and clears the screen. */
void print_init(void);

/* One character or text to the chosen outputs. */
void print_character_to(unsigned outputs, char character);
void print_to(unsigned outputs, const char *text);

/* To all outputs; numbers and texts are padded with spaces to `width`. */
void print(const char *text);
void print_padded(const char *text, unsigned width);
void print_number(uint32_t value, unsigned width);
void print_hex(uint32_t value, unsigned digits);

#endif
