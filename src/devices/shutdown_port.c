/* The shutdown port: see the header. */
#include "devices/shutdown_port.h"

static const char shutdown_text[] = "Shutdown";

static void shutdown_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                                unsigned size)
{
    (void)range;
    (void)offset;
    (void)size;
    struct shutdown_port *port = device->state;
    if ((char)value == shutdown_text[port->matched])
        port->matched++;
    else
        port->matched = (char)value == shutdown_text[0];
    if (shutdown_text[port->matched] == '\0') {
        port->matched = 0;
        device_request(device, BOARD_POWER_OFF, 0);
    }
}

static void shutdown_port_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct shutdown_port *port = device->state;
    port->matched = 0;
}

static const struct state_row shutdown_port_rows[] = {ROW(struct shutdown_port, matched), ROW_END};

const struct device_class shutdown_port_class = {
    .name = "shutdown_port",
    .manual = "none: a convention of PC emulators",
    .state_size = sizeof(struct shutdown_port),
    .rows = shutdown_port_rows,
    .ports = (const struct device_ports[]){{"text", 0x8900, 1, 1}, {0}},
    .reset = shutdown_port_reset,
    .port_write = shutdown_port_write,
};
