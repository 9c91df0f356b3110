/*
 * A test bench for one chip or a few: a clock, ports, memory and what the chips ask of the board, kept for
 * looking. Each test begins with bench_begin() and ends with bench_end().
 */
#ifndef GATE86_TESTS_DEVICES_BENCH_H
#define GATE86_TESTS_DEVICES_BENCH_H

#include <string.h>

#include "bus/device.h"
#include "unit/suite.h"

#define BENCH_TEXT 4096

struct bench {
    struct clock clock;
    struct memory memory;
    struct ports ports;
    struct log log;
    struct device_board board;
    unsigned requests;
    enum board_request request;
    uint32_t request_value;
    uint8_t sent[BENCH_TEXT];
    size_t sent_count;
    uint64_t sent_ns; /* when the last byte was sent */
    unsigned ready_calls;
};

static struct bench bench;

static void bench_request(void *context, struct device *device, enum board_request request, uint32_t value)
{
    (void)context;
    (void)device;
    bench.requests++;
    bench.request = request;
    bench.request_value = value;
}

static void bench_transmit(void *context, struct device *device, const uint8_t *bytes, size_t count)
{
    (void)context;
    ck_assert_uint_le(bench.sent_count + count, BENCH_TEXT);
    memcpy(bench.sent + bench.sent_count, bytes, count);
    bench.sent_count += count;
    bench.sent_ns = device_now(device);
}

static void bench_ready(void *context, struct device *device)
{
    (void)context;
    (void)device;
    bench.ready_calls++;
}

/* One instruction is one nanosecond here. */
static inline void bench_begin(void)
{
    struct error error;
    memset(&bench, 0, sizeof bench);
    clock_init(&bench.clock, 1);
    ck_assert(memory_init(&bench.memory, PAGE_SIZE, &error));
    ports_init(&bench.ports);
    log_init(&bench.log, NULL);
    bench.board = (struct device_board){
        .clock = &bench.clock,
        .memory = &bench.memory,
        .ports = &bench.ports,
        .log = &bench.log,
        .request = bench_request,
        .transmit = bench_transmit,
        .ready_to_receive = bench_ready,
    };
}

static inline void bench_end(void)
{
    memory_free(&bench.memory);
}

/* Lets guest time pass until `ns` since power-on, running all events on the way. */
static inline void bench_run_until(uint64_t ns)
{
    while (clock_now(&bench.clock) < ns) {
        uint64_t due = clock_next_due(&bench.clock);
        clock_interrupt_run(&bench.clock);
        if (due > ns || due == CLOCK_NEVER)
            bench.clock.horizon_ns = ns;
        else if (due > clock_now(&bench.clock))
            bench.clock.horizon_ns = due;
        clock_run_due(&bench.clock, 0);
    }
}

static inline void bench_run(uint64_t ns)
{
    bench_run_until(clock_now(&bench.clock) + ns);
}

static inline void out8(uint16_t port, uint8_t value)
{
    ports_write(&bench.ports, port, value, 1);
}

static inline uint8_t in8(uint16_t port)
{
    return (uint8_t)ports_read(&bench.ports, port, 1);
}

static inline void bench_pin(struct device *device, const char *name, bool level)
{
    int pin = device_find_input(device->class, name);
    ck_assert_int_ge(pin, 0);
    device->class->input(device, (unsigned)pin, level);
}

static inline bool bench_level(const struct device *device, const char *name)
{
    int pin = device_find_output(device->class, name);
    ck_assert_int_ge(pin, 0);
    return device_output_level(device, (unsigned)pin);
}

static inline void bench_rows_are_complete(const struct device_class *class)
{
    ck_assert_uint_eq(state_rows_uncovered(class->rows, class->state_size), class->state_size);
}

/* Counts edges on an output. */
struct probe {
    unsigned rises, falls;
    uint64_t rise_ns, fall_ns; /* of the last ones */
};

static inline void probe_listen(void *context, unsigned pin, bool level)
{
    struct probe *probe = context;
    (void)pin;
    if (level) {
        probe->rises++;
        probe->rise_ns = clock_now(&bench.clock);
    } else {
        probe->falls++;
        probe->fall_ns = clock_now(&bench.clock);
    }
}

static inline void bench_probe(struct device *device, const char *output, struct probe *probe)
{
    int pin = device_find_output(device->class, output);
    ck_assert_int_ge(pin, 0);
    memset(probe, 0, sizeof *probe);
    wire_connect(&device->outputs[pin], probe_listen, probe, 0);
}

#endif
