/*
 * A wire: one driver, one listener, a level. The listener hears edges only, at the moment they happen.
 * Several drivers on one line (shared PCI interrupts, wired-or) need a gate between them; a wire has one.
 */
#ifndef GATE86_BUS_WIRE_H
#define GATE86_BUS_WIRE_H

#include <stdbool.h>

typedef void wire_listener(void *context, unsigned pin, bool level);

struct wire {
    wire_listener *listener; /* NULL: nobody listens */
    void *context;
    unsigned pin; /* the listener's own number for the input */
    bool level;
};

void wire_connect(struct wire *wire, wire_listener *listener, void *context, unsigned pin);

/* Drives the wire; the listener is called when the level changes. */
void wire_set(struct wire *wire, bool level);

#endif
