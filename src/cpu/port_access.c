/*
 * The I/O permission check and port accesses (SDM 1 18.5, 18.6; 3A 7.2; 3B 20.2.8).
 */
#include "cpu/port_access.h"

#include "cpu/access.h"
#include "cpu/debug.h"

/* Offset in a 32-bit TSS of the I/O map base address (SDM 3A figure 7-2). */
#define TSS_IO_MAP_BASE 102u

static struct fault forbidden(uint16_t port)
{
    struct fault fault = fault_gp(0, IO_BITMAP);
    fault.address = port;
    return fault;
}

/* SDM 1 18.5.2: a set bit forbids its port, and so does a map that ends before it. */
static struct fault bitmap_check(struct cpu *cpu, uint16_t port, unsigned size)
{
    const struct segment *tr = &cpu->tr;
    unsigned type = tr->access & ACCESS_TYPE;
    if (!tr->usable || (type != SYSTEM_TSS32_BUSY && type != SYSTEM_TSS32_AVAILABLE) ||
        tr->limit < TSS_IO_MAP_BASE + 1)
        return forbidden(port);

    uint16_t map_base;
    TRY(system_read16(cpu, tr->base + TSS_IO_MAP_BASE, &map_base));

    /* The processor always reads two bytes, since a port's bits may lie in two; both must be within the TSS.
     */
    uint32_t offset = map_base + port / 8u;
    if (offset + 1 > tr->limit)
        return forbidden(port);
    uint16_t map;
    TRY(system_read16(cpu, tr->base + offset, &map));

    unsigned wanted = ((1u << size) - 1) << (port & 7);
    return map & wanted ? forbidden(port) : FAULT_NONE;
}

struct fault port_check(struct cpu *cpu, uint16_t port, unsigned size)
{
    /* SDM 2A IN: in virtual-8086 mode IOPL does not count, the bitmap alone decides. */
    if (!cpu_is_protected(cpu) || (!cpu_is_v86(cpu) && cpu->cpl <= cpu_iopl(cpu)))
        return FAULT_NONE;
    return bitmap_check(cpu, port, size);
}

uint32_t port_in(struct cpu *cpu, uint16_t port, unsigned size)
{
    uint32_t value = ports_read(cpu->ports, port, size);
    debug_match_port(cpu, port, size);
    return value & size_mask(size);
}

void port_out(struct cpu *cpu, uint16_t port, unsigned size, uint32_t value)
{
    ports_write(cpu->ports, port, value & size_mask(size), size);
    debug_match_port(cpu, port, size);
}
