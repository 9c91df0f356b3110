/*
 * The I/O port space: 64 Ki byte ports. Devices claim ranges; an access wider than the claimed range's
 * width is split into byte accesses, low address first, as an ISA bridge does. Unclaimed ports read as all
 * ones and swallow writes.
 */
#ifndef GATE86_BUS_PORTS_H
#define GATE86_BUS_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#define PORT_RANGES_MAX 64
#define PORT_COUNT      65536u

/* `offset` counts from the range's first port; size is 1, 2 or 4 and never above the range's width. */
typedef uint32_t port_read_callback(void *context, unsigned range, uint16_t offset, unsigned size);
typedef void port_write_callback(void *context, unsigned range, uint16_t offset, uint32_t value,
                                 unsigned size);

struct port_range {
    const char *name;
    uint16_t first;
    uint16_t count;
    uint8_t width;  /* widest access taken whole, bytes: 1, 2 or 4 */
    unsigned range; /* the owner's own number for the range */
    port_read_callback *read;
    port_write_callback *write;
    void *context;
};

struct ports {
    struct port_range ranges[PORT_RANGES_MAX];
    unsigned ranges_used;
    uint8_t owner[PORT_COUNT]; /* 0: unclaimed, else number of the range + 1 */
};

void ports_init(struct ports *ports);

/* Claims first..first+count-1. Aborts when a port is taken already: the board is our own. */
void ports_claim(struct ports *ports, const struct port_range *range);

/* Gives up the range that starts at `first` (PCI devices move). */
void ports_release(struct ports *ports, uint16_t first);

uint32_t ports_read(struct ports *ports, uint16_t port, unsigned size);
void ports_write(struct ports *ports, uint16_t port, uint32_t value, unsigned size);

#endif
