/*
 * National PC16550D UART with FIFOs, after the data sheet TL/C/8652 (June 1995).
 *
 *                +--------+
 *     cts  ----->|        |-----> intr
 *     dsr  ----->| 16550  |-----> out2   a PC's serial adapter passes intr on only while this is active
 *     dcd  ----->|        |-----> out1
 *     ri   ----->|        |-----> dtr, rts
 *     fast ----->|        |
 *                +--------+
 *
 * Modem pins are active high here, bars removed. The crystal is 1.8432 MHz. Characters take their time on the
 * line in guest time, or none while `fast` is high (a pin that the real chip lacks; whole bytes pass then, whatever
 * the word length), in both directions; bytes from outside wait until the receiver has room, as if the other end
 * obeyed RTS/CTS, so they never overrun.
 *
 * NOT IMPLEMENTED: parity, framing and break errors (the outside sends whole bytes); the break condition on
 * the outgoing line; RXRDY and TXRDY (DMA mode is kept in FCR, without pins).
 */
#ifndef GATE86_DEVICES_UART16550_H
#define GATE86_DEVICES_UART16550_H

#include "bus/device.h"

#define UART16550_FIFO 16

struct uart16550_fifo {
    uint8_t bytes[UART16550_FIFO];
    uint8_t first;
    uint8_t count;
};

struct uart16550 {
    struct uart16550_fifo receive;  /* in character mode the receiver buffer: at most one byte */
    struct uart16550_fifo transmit; /* in character mode the holding register */
    uint16_t divisor;
    uint8_t ier;
    uint8_t fcr; /* bits 0, 3, 6, 7 */
    uint8_t lcr;
    uint8_t mcr;
    uint8_t lsr_errors; /* bits 1-4 */
    uint8_t scratch;
    uint8_t modem_lines;    /* MSR bits 4-7 from the pins */
    uint8_t modem_deltas;   /* MSR bits 0-3 */
    uint8_t transmit_shift; /* the character on its way out */
    uint8_t receive_shift;  /* the character on its way in */
    bool transmitting;
    bool receiving;
    bool thre;           /* LSR bit 5 */
    bool thre_interrupt; /* pending until IIR is read or THR written */
    bool timeout;        /* character time-out pending */
    bool fast;           /* level of the pin */
    bool two_in_fifo;    /* at least two bytes were in the transmit FIFO since the last THRE */
    uint8_t reserved;    /* always zero */
};

extern const struct device_class uart16550_class;

#endif
