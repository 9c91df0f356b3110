/* Instances of device classes: their ports, memory, events and pins. */
#include "bus/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

#define EVENT_NAME_SIZE 48

static uint32_t device_port_read(void *context, unsigned range, uint16_t offset, unsigned size)
{
    struct device *device = context;
    return device->class->port_read ? device->class->port_read(device, range, offset, size) : ~0u;
}

static void device_port_write(void *context, unsigned range, uint16_t offset, uint32_t value, unsigned size)
{
    struct device *device = context;
    if (device->class->port_write)
        device->class->port_write(device, range, offset, value, size);
}

static void device_event(void *context, unsigned argument)
{
    struct device *device = context;
    device->class->event(device, argument);
}

static void device_input(void *context, unsigned pin, bool level)
{
    struct device *device = context;
    device->class->input(device, pin, level);
}

static void device_claim_ports(struct device *device, uint16_t port_base)
{
    const struct device_ports *ports = device->class->ports;
    for (unsigned i = 0; ports && ports[i].name; i++) {
        ports_claim(device->board->ports, &(struct port_range){
                                              .name = ports[i].name,
                                              .first = i == 0 && port_base != 0 ? port_base : ports[i].first,
                                              .count = ports[i].count,
                                              .width = ports[i].width,
                                              .range = i,
                                              .read = device_port_read,
                                              .write = device_port_write,
                                              .context = device,
                                          });
    }
}

static uint32_t device_memory_read(void *context, uint64_t offset, unsigned size)
{
    const struct device_memory_range *range = context;
    return range->device->class->memory_read(range->device, range->range, offset, size);
}

static void device_memory_write(void *context, uint64_t offset, uint32_t value, unsigned size)
{
    const struct device_memory_range *range = context;
    range->device->class->memory_write(range->device, range->range, offset, value, size);
}

static void device_claim_memory(struct device *device)
{
    const struct device_memory *memory = device->class->memory;
    for (unsigned i = 0; memory && memory[i].name; i++) {
        INVARIANT(i < DEVICE_MEMORY_MAX);
        device->memory_ranges[i] = (struct device_memory_range){device, i};
        memory_map_device(device->board->memory, memory[i].name, memory[i].base, memory[i].size,
                          device_memory_read, device_memory_write, &device->memory_ranges[i]);
    }
}

static unsigned names_count(const char *const *names)
{
    unsigned count = 0;
    while (names && names[count])
        count++;
    return count;
}

static void device_add_events(struct device *device)
{
    const char *const *events = device->class->events;
    unsigned count = names_count(events);
    INVARIANT(count <= DEVICE_EVENTS_MAX);
    if (count == 0)
        return;
    device->event_names = calloc(count, EVENT_NAME_SIZE);
    INVARIANT(device->event_names);
    for (unsigned i = 0; i < count; i++) {
        char *name = device->event_names + (size_t)i * EVENT_NAME_SIZE;
        snprintf(name, EVENT_NAME_SIZE, "%s.%s", device->name, events[i]);
        device->event_numbers[i] = clock_event_add(device->board->clock, name, device_event, device, i);
    }
}

void device_init(struct device *device, const struct device_class *class, const char *name,
                 const struct device_board *board, uint16_t port_base)
{
    INVARIANT(names_count(class->inputs) <= DEVICE_PINS_MAX &&
              names_count(class->outputs) <= DEVICE_PINS_MAX);
    memset(device, 0, sizeof *device);
    device->class = class;
    device->name = name;
    device->board = board;
    device->state = calloc(1, class->state_size ? class->state_size : 1);
    INVARIANT(device->state);
    device_claim_ports(device, port_base);
    device_claim_memory(device);
    device_add_events(device);
    if (class->reset)
        class->reset(device, true);
}

void device_free(struct device *device)
{
    free(device->state);
    free(device->event_names);
    memset(device, 0, sizeof *device);
}

void device_reset(struct device *device)
{
    if (device->class->reset)
        device->class->reset(device, false);
}

static int names_find(const char *const *names, const char *name)
{
    for (int i = 0; names && names[i]; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

int device_find_input(const struct device_class *class, const char *name)
{
    return names_find(class->inputs, name);
}

int device_find_output(const struct device_class *class, const char *name)
{
    return names_find(class->outputs, name);
}

void device_connect(struct device *from, const char *output, struct device *to, const char *input)
{
    int output_pin = device_find_output(from->class, output);
    int input_pin = device_find_input(to->class, input);
    INVARIANT(output_pin >= 0 && input_pin >= 0);
    INVARIANT(from->outputs[output_pin].listener == NULL);
    wire_connect(&from->outputs[output_pin], device_input, to, (unsigned)input_pin);
}

void device_drive(struct device *device, unsigned output, bool level)
{
    wire_set(&device->outputs[output], level);
}

bool device_output_level(const struct device *device, unsigned output)
{
    return device->outputs[output].level;
}

uint64_t device_now(const struct device *device)
{
    return clock_now(device->board->clock);
}

void device_schedule(struct device *device, unsigned event, uint64_t due_ns)
{
    clock_schedule(device->board->clock, device->event_numbers[event], due_ns);
}

void device_cancel(struct device *device, unsigned event)
{
    clock_cancel(device->board->clock, device->event_numbers[event]);
}

void device_transmit(struct device *device, const uint8_t *bytes, size_t count)
{
    if (device->board->transmit)
        device->board->transmit(device->board->context, device, bytes, count);
}

void device_ready_to_receive(struct device *device)
{
    if (device->board->ready_to_receive)
        device->board->ready_to_receive(device->board->context, device);
}

void device_request(struct device *device, enum board_request request, uint32_t value)
{
    if (device->board->request)
        device->board->request(device->board->context, device, request, value);
}
