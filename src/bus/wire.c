/* A level between two chips. */
#include "bus/wire.h"

#include <stddef.h>

void wire_connect(struct wire *wire, wire_listener *listener, void *context, unsigned pin)
{
    wire->listener = listener;
    wire->context = context;
    wire->pin = pin;
    /* An input that nobody has driven yet counts as low: a line that is high already is an edge to it. */
    if (wire->level && listener)
        listener(context, pin, true);
}

void wire_set(struct wire *wire, bool level)
{
    if (wire->level == level)
        return;
    wire->level = level;
    if (wire->listener)
        wire->listener(wire->context, wire->pin, level);
}
