/*
 * The device contract. A device is one state struct without pointers and one class; the board makes
 * instances of it, gives each a name, and joins pins by wires. A device sees the clock and its own pins and
 * nothing else: no processor, no other device, no host.
 *
 * To add a chip: its state struct and its class in devices/, one line in devices/catalogue.c, one line on
 * the board (machine/board.c), and tests/unit/devices/test_<chip>.c, which calls state_rows_uncovered().
 */
#ifndef GATE86_BUS_DEVICE_H
#define GATE86_BUS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/rows.h"
#include "bus/clock.h"
#include "bus/memory.h"
#include "bus/ports.h"
#include "bus/wire.h"

#define DEVICE_PINS_MAX   32
#define DEVICE_EVENTS_MAX 8
#define DEVICE_MEMORY_MAX 4

struct device;

/* What a device may ask of the board as a whole. */
enum board_request {
    BOARD_POWER_OFF,  /* the guest switched the machine off; value unused */
    BOARD_RESET,      /* hard reset of the whole machine */
    BOARD_DEBUG_EXIT, /* value: the byte written to the debug exit port */
    BOARD_POST_CODE,  /* value: the byte written to port 80h */
};

struct device_ports {
    const char *name;
    uint16_t first; /* default port; the board may move the range */
    uint16_t count;
    uint8_t width; /* widest access taken whole: 1, 2 or 4 bytes */
};

struct device_memory {
    const char *name;
    uint64_t base;
    uint64_t size;
};

struct device_class {
    const char *name;   /* "i8254" */
    const char *manual; /* the datasheet it follows */
    size_t state_size;  /* bytes */
    const struct state_row *rows;

    /* NULL-ended lists of names; a pin's number is its place in the list. */
    const char *const *inputs;
    const char *const *outputs;
    const char *const *events;
    const struct device_ports *ports;   /* ended by a NULL name; may be NULL */
    const struct device_memory *memory; /* ended by a NULL name; may be NULL */

    /* Power-on and RESET#. The state is zeroed before the first one (`power_on`), kept otherwise. */
    void (*reset)(struct device *device, bool power_on);

    /* All of the following may be NULL when the class lists nothing of the kind. */
    void (*input)(struct device *device, unsigned pin, bool level);
    void (*event)(struct device *device, unsigned event);
    uint32_t (*port_read)(struct device *device, unsigned range, uint16_t offset, unsigned size);
    void (*port_write)(struct device *device, unsigned range, uint16_t offset, uint32_t value, unsigned size);
    uint32_t (*memory_read)(struct device *device, unsigned range, uint64_t offset, unsigned size);
    void (*memory_write)(struct device *device, unsigned range, uint64_t offset, uint32_t value,
                         unsigned size);

    /* The interrupt acknowledge bus cycle, for interrupt controllers: returns the vector. */
    uint8_t (*acknowledge)(struct device *device);

    /*
     * Bytes from outside (serial line, keyboard scan codes): takes at most `count`, returns how many it took.
     * What is left over is offered again when the device calls device_ready_to_receive.
     */
    size_t (*receive)(struct device *device, const uint8_t *bytes, size_t count);

    /* Bytes that the guest has written are still on their way to the outside. */
    bool (*busy)(const struct device *device);
};

/* What the board gives to each instance; tests fill in what they need. */
struct device_board {
    struct clock *clock;
    struct memory *memory;
    struct ports *ports;
    struct log *log;
    void (*request)(void *context, struct device *device, enum board_request request, uint32_t value);
    /* Bytes to the outside: a serial line, the debug console. */
    void (*transmit)(void *context, struct device *device, const uint8_t *bytes, size_t count);
    void (*ready_to_receive)(void *context, struct device *device);
    /* Seconds since 1970-01-01 00:00:00 UTC at power-on: an input of the machine, not the host's clock. */
    int64_t start_seconds;
    void *context;
};

/* What the memory callbacks get as context. */
struct device_memory_range {
    struct device *device;
    unsigned range;
};

struct device {
    const struct device_class *class;
    const char *name; /* the instance: "pic0", "uart0" */
    void *state;      /* class->state_size bytes, owned */
    const struct device_board *board;
    struct wire outputs[DEVICE_PINS_MAX];
    unsigned event_numbers[DEVICE_EVENTS_MAX]; /* the clock's numbers for class->events */
    char *event_names;                         /* owned storage for the events' full names */
    struct device_memory_range memory_ranges[DEVICE_MEMORY_MAX];
};

/*
 * Makes an instance, claims its default ports and memory, registers its events, and resets it. `port_base`
 * moves the first port range when it is not 0 (a second UART, the slave PIC).
 */
void device_init(struct device *device, const struct device_class *class, const char *name,
                 const struct device_board *board, uint16_t port_base);
void device_free(struct device *device);
void device_reset(struct device *device);

/* The number of a pin by name, or -1. */
int device_find_input(const struct device_class *class, const char *name);
int device_find_output(const struct device_class *class, const char *name);

/* Joins a device's output to a device's input, by name. Aborts on unknown names: the board is our own. */
void device_connect(struct device *from, const char *output, struct device *to, const char *input);

/* For use by devices. */
void device_drive(struct device *device, unsigned output, bool level);
bool device_output_level(const struct device *device, unsigned output);
uint64_t device_now(const struct device *device); /* ns since power-on */
void device_schedule(struct device *device, unsigned event, uint64_t due_ns);
void device_cancel(struct device *device, unsigned event);
void device_transmit(struct device *device, const uint8_t *bytes, size_t count);
void device_ready_to_receive(struct device *device);
void device_request(struct device *device, enum board_request request, uint32_t value);

#endif
