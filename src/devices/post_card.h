/*
 * A POST card: shows the last byte written to port 80h. On a PC the port is also a spare page register of the
 * DMA controller, so it reads back; guests write it for a short delay.
 */
#ifndef GATE86_DEVICES_POST_CARD_H
#define GATE86_DEVICES_POST_CARD_H

#include "bus/device.h"

struct post_card {
    uint8_t code;
};

extern const struct device_class post_card_class;

#endif
