/* The I/O port space. */
#include "bus/ports.h"

#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"

void ports_init(struct ports *ports)
{
    memset(ports, 0, sizeof *ports);
}

void ports_claim(struct ports *ports, const struct port_range *range)
{
    INVARIANT(ports->ranges_used < PORT_RANGES_MAX);
    INVARIANT(range->count > 0 && range->first + (uint32_t)range->count <= PORT_COUNT);
    INVARIANT(range->width == 1 || range->width == 2 || range->width == 4);
    ports->ranges[ports->ranges_used++] = *range;
    for (unsigned i = 0; i < range->count; i++) {
        INVARIANT(ports->owner[range->first + i] == 0);
        ports->owner[range->first + i] = (uint8_t)ports->ranges_used;
    }
}

void ports_release(struct ports *ports, uint16_t first)
{
    unsigned owner = ports->owner[first];
    INVARIANT(owner != 0 && ports->ranges[owner - 1].first == first);
    struct port_range *last = &ports->ranges[ports->ranges_used - 1];
    memset(ports->owner + first, 0, ports->ranges[owner - 1].count);
    /* The last range takes the free place, so that range numbers stay dense. */
    if (owner != ports->ranges_used) {
        ports->ranges[owner - 1] = *last;
        memset(ports->owner + last->first, (int)owner, last->count);
    }
    ports->ranges_used--;
}

/* The range that takes the access whole, or NULL. Unaligned accesses are split as an ISA bridge does it. */
static const struct port_range *ports_whole(const struct ports *ports, uint16_t port, unsigned size)
{
    unsigned owner = ports->owner[port];
    if (owner == 0)
        return NULL;
    const struct port_range *range = &ports->ranges[owner - 1];
    bool fits = size <= range->width && port % size == 0 && port - range->first + size <= range->count;
    return size == 1 || fits ? range : NULL;
}

uint32_t ports_read(struct ports *ports, uint16_t port, unsigned size)
{
    const struct port_range *range = ports_whole(ports, port, size);
    if (range) {
        uint16_t offset = (uint16_t)(port - range->first);
        return range->read(range->context, range->range, offset, size) & size_mask(size);
    }
    if (size == 1)
        return 0xff;
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        uint32_t address = port + i;
        uint32_t byte = address < PORT_COUNT ? ports_read(ports, (uint16_t)address, 1) : 0xff;
        value |= byte << (8 * i);
    }
    return value;
}

void ports_write(struct ports *ports, uint16_t port, uint32_t value, unsigned size)
{
    const struct port_range *range = ports_whole(ports, port, size);
    if (range) {
        uint16_t offset = (uint16_t)(port - range->first);
        range->write(range->context, range->range, offset, value & size_mask(size), size);
        return;
    }
    if (size == 1)
        return;
    for (unsigned i = 0; i < size && port + i < PORT_COUNT; i++)
        ports_write(ports, (uint16_t)(port + i), value >> (8 * i) & 0xff, 1);
}
