/* Standard input to serial line, with flow control. */
#define _GNU_SOURCE /* ppoll */
#include "host/input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine/gate86.h"

void input_open(struct input *input, int descriptor, bool terminal)
{
    input->descriptor = descriptor;
    input->terminal = terminal;
    input->escape = (struct terminal_escape){false};
    input->first = 0;
    input->used = 0;
}

bool input_can_grow(const struct input *input)
{
    return input->descriptor >= 0 && input->used < INPUT_BUFFER;
}

bool input_wait(const struct input *input, uint64_t nanoseconds)
{
    struct timespec time = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
    struct pollfd poll_entry = {.fd = input_can_grow(input) ? input->descriptor : -1, .events = POLLIN};
    return ppoll(&poll_entry, 1, nanoseconds == UINT64_MAX ? NULL : &time, NULL) > 0;
}

enum terminal_request input_read(struct input *input)
{
    enum terminal_request request = TERMINAL_NOTHING;
    while (request == TERMINAL_NOTHING && input_can_grow(input) && input_wait(input, 0)) {
        memmove(input->buffer, input->buffer + input->first, input->used);
        input->first = 0;
        uint8_t *end = input->buffer + input->used;
        ssize_t count = read(input->descriptor, end, INPUT_BUFFER - input->used);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (count <= 0) {
            input->descriptor = -1;
            break;
        }
        if (input->terminal)
            count = (ssize_t)terminal_filter(&input->escape, end, (size_t)count, &request);
        input->used += (size_t)count;
    }
    return request;
}

bool input_pending(const struct input *input, const struct machine *machine)
{
    return input->used > 0 && (input->terminal || machine_serial_ready(machine));
}

size_t input_offer(struct input *input, struct machine *machine)
{
    if (!input_pending(input, machine))
        return 0;
    size_t taken = machine_serial_input(machine, input->buffer + input->first, input->used);
    input->first += taken;
    input->used -= taken;
    return taken;
}
