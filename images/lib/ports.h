/* Port instructions. */
#ifndef IMAGES_PORTS_H
#define IMAGES_PORTS_H

#include <stdint.h>

static inline void port_write(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_read(uint16_t port)
{
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

#endif
