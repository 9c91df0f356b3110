/* A POST card: see the header. */
#include "devices/post_card.h"

static uint32_t post_card_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    const struct post_card *card = device->state;
    return card->code;
}

static void post_card_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                            unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    struct post_card *card = device->state;
    card->code = (uint8_t)value;
    device_request(device, BOARD_POST_CODE, card->code);
}

static const struct state_row post_card_rows[] = {ROW(struct post_card, code), ROW_END};

const struct device_class post_card_class = {
    .name = "post_card",
    .manual = "IBM PC AT Technical Reference, port 80h",
    .state_size = sizeof(struct post_card),
    .rows = post_card_rows,
    .ports = (const struct device_ports[]){{"code", 0x80, 1, 1}, {0}},
    .port_read = post_card_read,
    .port_write = post_card_write,
};
