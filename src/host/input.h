/* Characters on their way from standard input to the guest's first serial line. */
#ifndef GATE86_HOST_INPUT_H
#define GATE86_HOST_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/terminal.h"

struct machine;

#define INPUT_BUFFER 4096

struct input {
    int descriptor; /* -1: none, or its end was reached */
    bool terminal;  /* typed by hand: the escape key counts, and characters go out whether the guest is ready
                       or not */
    struct terminal_escape escape;
    size_t first, used; /* what waits: buffer[first .. first+used) */
    uint8_t buffer[INPUT_BUFFER];
};

/* descriptor -1: there is no input. terminal: it is the raw terminal. */
void input_open(struct input *input, int descriptor, bool terminal);

/* More may come from the descriptor, and there is room for it. */
bool input_can_grow(const struct input *input);

/*
 * Waits until characters can be read, a signal comes, or the time is over (UINT64_MAX: no limit); returns
 * whether input_read would find something. With nothing to wait for (the end was reached, the buffer is full)
 * it just sleeps.
 */
bool input_wait(const struct input *input, uint64_t nanoseconds);

/* Takes in what can be read without waiting; returns what the escape key asks for. */
enum terminal_request input_read(struct input *input);

/* Characters wait that the guest could be offered now. */
bool input_pending(const struct input *input, const struct machine *machine);

/* Offers the guest what waits; returns the number of characters it took. */
size_t input_offer(struct input *input, struct machine *machine);

#endif
