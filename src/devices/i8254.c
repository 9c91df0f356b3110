/* Intel 8254: see the header. Quotations are from the data sheet's "Mode Definitions". */
#include "devices/i8254.h"

enum { PORT_CONTROL = 3 };

/* 105/88 MHz: ticks = ns * 105 / 88000. */
#define TICKS_MULTIPLIER 105u
#define TICKS_DIVISOR    88000u

#define ACCESS_LOW  1
#define ACCESS_HIGH 2
#define ACCESS_BOTH 3

static uint64_t i8254_tick(const struct device *device)
{
    return clock_scale(device_now(device), TICKS_MULTIPLIER, TICKS_DIVISOR);
}

/* The first nanosecond that belongs to a tick. */
static uint64_t i8254_tick_ns(uint64_t tick)
{
    return clock_scale(tick, TICKS_DIVISOR, TICKS_MULTIPLIER) +
           (tick % TICKS_MULTIPLIER * TICKS_DIVISOR % TICKS_MULTIPLIER != 0);
}

static bool channel_is_periodic(const struct i8254_channel *channel)
{
    return channel->mode == 2 || channel->mode == 3;
}

static bool channel_is_triggered(const struct i8254_channel *channel)
{
    return channel->mode == 1 || channel->mode == 5;
}

/* Ticks in the cycle (mode 2) or half cycle (mode 3: high for (N+1)/2, low for (N-1)/2 when N is odd). */
static uint64_t channel_span(const struct i8254_channel *channel)
{
    if (channel->mode == 2)
        return channel->period;
    return channel->half ? channel->period / 2 : (channel->period + 1) / 2;
}

/* Ends a cycle or half cycle: "the new count will be loaded at the end of the current" one. */
static void channel_next_span(struct i8254_channel *channel)
{
    channel->load_tick += channel_span(channel);
    channel->half = !channel->half && channel->mode == 3;
    if (channel->null_count) {
        channel->period = channel->reload;
        channel->null_count = false;
    }
}

/* Brings a periodic channel to the cycle that holds `tick`. */
static void channel_advance(struct i8254_channel *channel, uint64_t tick)
{
    if (!channel_is_periodic(channel) || !channel->counting || tick < channel->load_tick)
        return;
    while (channel->period > 1 && tick - channel->load_tick >= channel_span(channel)) {
        channel_next_span(channel);
        channel->load_tick += (tick - channel->load_tick) / channel->period * channel->period;
    }
}

/* The counting element at `tick`; below zero after running past it. */
static int64_t channel_value(const struct i8254_channel *channel, uint64_t tick)
{
    if (tick < channel->load_tick)
        return channel->previous;
    if (!channel->counting)
        return channel->count;
    int64_t elapsed = (int64_t)(tick - channel->load_tick);
    if (!channel_is_periodic(channel))
        return channel->count - elapsed;
    if (channel->period == 1)
        return 1;
    if (channel->mode == 2)
        return (int64_t)channel->period - elapsed;
    /* Mode 3 counts by two, from N - 1 when N is odd. */
    return (int64_t)(channel->period & ~1u) - 2 * elapsed;
}

static bool channel_out(const struct i8254_channel *channel, uint64_t tick)
{
    if (!channel->started || tick < channel->load_tick)
        return channel->out_before;
    int64_t value = channel_value(channel, tick);
    switch (channel->mode) {
    case 0:
        return !channel->stopped_low && value <= 0;
    case 1:
        return value <= 0;
    case 2:
        return !channel->counting || channel->period == 1 || value != 1;
    case 3:
        return !channel->counting || channel->period == 1 || !channel->half;
    default:
        return value != 0;
    }
}

/* The first tick after `tick` at which OUT may change, or CLOCK_NEVER. The channel has been advanced to
 * `tick`. */
static uint64_t channel_next_edge(const struct i8254_channel *channel, uint64_t tick)
{
    if (!channel->started)
        return CLOCK_NEVER;
    if (tick < channel->load_tick)
        return channel->load_tick;
    if (!channel->counting || (channel_is_periodic(channel) && channel->period == 1))
        return CLOCK_NEVER;
    if (channel->mode == 3)
        return channel->load_tick + channel_span(channel);
    int64_t value = channel_value(channel, tick);
    if (channel->mode == 2)
        return value > 1 ? tick + (uint64_t)(value - 1) : tick + 1;
    if (value > 0)
        return tick + (uint64_t)value;
    return value == 0 && channel->mode >= 4 ? tick + 1 : CLOCK_NEVER;
}

/*
 * Brings a channel and its OUT pin to the present. An edge that fell between two instructions is still
 * driven, so that mode 2's pulse of one clock is never lost; whole cycles that were missed are one pulse.
 */
static void i8254_sync(struct device *device, unsigned index)
{
    struct i8254 *pit = device->state;
    struct i8254_channel *channel = &pit->channel[index];
    uint64_t now = i8254_tick(device);
    for (unsigned edges = 0; edges < 3 && channel->edge_tick <= now; edges++) {
        uint64_t edge = channel->edge_tick;
        channel_advance(channel, edge);
        device_drive(device, index, channel_out(channel, edge));
        channel->edge_tick = channel_next_edge(channel, edge);
    }
    channel_advance(channel, now);
}

/* After a change of state: drives OUT and waits for its next edge when somebody listens. */
static void i8254_update(struct device *device, unsigned index)
{
    struct i8254 *pit = device->state;
    struct i8254_channel *channel = &pit->channel[index];
    uint64_t now = i8254_tick(device);
    device_drive(device, index, channel_out(channel, now));
    bool heard = device->outputs[index].listener != NULL;
    channel->edge_tick = heard ? channel_next_edge(channel, now) : CLOCK_NEVER;
    if (channel->edge_tick == CLOCK_NEVER)
        device_cancel(device, index);
    else
        device_schedule(device, index, i8254_tick_ns(channel->edge_tick));
}

static void i8254_event(struct device *device, unsigned event)
{
    i8254_sync(device, event);
    i8254_update(device, event);
}

/* Loads the counting element from the count register "on the next CLK pulse". */
static void channel_load(struct i8254_channel *channel, uint64_t now, bool counting)
{
    channel->previous = channel_value(channel, now);
    channel->count = channel->reload;
    channel->period = channel->reload;
    channel->half = false;
    channel->load_tick = now + 1;
    channel->counting = counting;
    channel->started = true;
    channel->stopped_low = false;
    channel->null_count = false;
}

static void channel_stop(struct i8254_channel *channel, uint64_t now)
{
    if (now >= channel->load_tick) {
        channel->count = channel_value(channel, now);
        /* Mode 4: "GATE has no effect on OUT", the strobe ends with its clock. */
        if (channel->mode == 4 && channel->count == 0)
            channel->count = -1;
        channel->load_tick = now;
    }
    channel->counting = false;
}

static void channel_count_written(struct i8254_channel *channel, uint64_t now, uint16_t raw)
{
    if (channel->bcd)
        raw = (uint16_t)((raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15));
    channel->reload = raw != 0 ? raw : channel->bcd ? 10000 : 65536;
    channel->armed = true;
    bool cycle_under_way = channel->started && now >= channel->load_tick && channel->period != 1;
    if (channel_is_triggered(channel) || (channel_is_periodic(channel) && cycle_under_way)) {
        channel->null_count = true;
        return;
    }
    channel->out_before = channel->mode != 0 && channel_out(channel, now);
    channel_load(channel, now, channel->gate);
}

static void i8254_write_count(struct device *device, unsigned index, uint8_t value)
{
    struct i8254 *pit = device->state;
    struct i8254_channel *channel = &pit->channel[index];
    uint64_t now = i8254_tick(device);
    i8254_sync(device, index);
    if (channel->access == ACCESS_LOW) {
        channel_count_written(channel, now, value);
    } else if (channel->access == ACCESS_HIGH) {
        channel_count_written(channel, now, (uint16_t)(value << 8));
    } else if (channel->access == ACCESS_BOTH && !channel->write_high) {
        channel->write_low = value;
        channel->write_high = true;
        /* Mode 0: "Writing the first byte disables counting. OUT is set low immediately." */
        if (channel->mode == 0 && channel->started) {
            channel_stop(channel, now);
            channel->stopped_low = true;
            channel->out_before = false;
        }
    } else if (channel->access == ACCESS_BOTH) {
        channel->write_high = false;
        channel_count_written(channel, now, (uint16_t)(value << 8 | channel->write_low));
    }
    i8254_update(device, index);
}

static void channel_latch_count(struct i8254_channel *channel, uint64_t now)
{
    if (channel->count_latched)
        return;
    int64_t modulus = channel->bcd ? 10000 : 65536;
    int64_t value = (channel_value(channel, now) % modulus + modulus) % modulus;
    if (channel->bcd)
        value = value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
    channel->latched_count = (uint16_t)value;
    channel->count_latched = true;
}

static void channel_latch_status(struct i8254_channel *channel, uint64_t now)
{
    if (channel->status_latched)
        return;
    /* Null count: "set to 1 by a write to the control word or count register, 0 once the count is loaded". */
    bool null_count = !channel->started || channel->null_count || now < channel->load_tick;
    channel->latched_status = (uint8_t)(channel_out(channel, now) << 7 | null_count << 6 |
                                        channel->access << 4 | channel->mode << 1 | channel->bcd);
    channel->status_latched = true;
}

static void i8254_read_back(struct device *device, uint8_t command)
{
    struct i8254 *pit = device->state;
    uint64_t now = i8254_tick(device);
    for (unsigned i = 0; i < I8254_CHANNELS; i++) {
        if (!(command >> (i + 1) & 1))
            continue;
        i8254_sync(device, i);
        if (!(command & 0x20))
            channel_latch_count(&pit->channel[i], now);
        if (!(command & 0x10))
            channel_latch_status(&pit->channel[i], now);
        i8254_update(device, i);
    }
}

static void i8254_write_control(struct device *device, uint8_t value)
{
    struct i8254 *pit = device->state;
    unsigned index = value >> 6;
    if (index == 3) {
        i8254_read_back(device, value);
        return;
    }
    struct i8254_channel *channel = &pit->channel[index];
    uint64_t now = i8254_tick(device);
    i8254_sync(device, index);
    if ((value >> 4 & 3) == 0) {
        channel_latch_count(channel, now);
    } else {
        int64_t held = channel_value(channel, now);
        uint8_t mode = value >> 1 & 7;
        channel->count = held;
        channel->load_tick = now;
        channel->access = value >> 4 & 3;
        channel->mode = mode >= 6 ? mode - 4 : mode; /* M2 is "don't care" for modes 2 and 3 */
        channel->bcd = value & 1;
        channel->counting = false;
        channel->started = false;
        channel->armed = false;
        channel->stopped_low = false;
        channel->null_count = false;
        channel->out_before = channel->mode != 0;
        channel->write_high = false;
        channel->read_high = false;
        channel->count_latched = false;
        channel->status_latched = false;
    }
    i8254_update(device, index);
}

static uint8_t i8254_read_count(struct device *device, unsigned index)
{
    struct i8254 *pit = device->state;
    struct i8254_channel *channel = &pit->channel[index];
    i8254_sync(device, index);
    i8254_update(device, index);
    if (channel->status_latched) {
        channel->status_latched = false;
        return channel->latched_status;
    }
    bool latched = channel->count_latched;
    channel_latch_count(channel, i8254_tick(device));
    bool high = channel->access == ACCESS_HIGH || (channel->access == ACCESS_BOTH && channel->read_high);
    if (channel->access == ACCESS_BOTH)
        channel->read_high = !channel->read_high;
    /* A latched count is held until it is read whole; an unlatched one is looked up anew for each byte. */
    channel->count_latched = latched && channel->access == ACCESS_BOTH && !high;
    return (uint8_t)(high ? channel->latched_count >> 8 : channel->latched_count);
}

static void i8254_input(struct device *device, unsigned pin, bool level)
{
    struct i8254 *pit = device->state;
    struct i8254_channel *channel = &pit->channel[pin];
    uint64_t now = i8254_tick(device);
    i8254_sync(device, pin);
    channel->gate = level;
    if (channel_is_triggered(channel)) {
        if (level && channel->armed) {
            channel->out_before = channel_out(channel, now);
            channel_load(channel, now, true);
        }
    } else if (!level && channel->started) {
        channel_stop(channel, now);
    } else if (level && channel_is_periodic(channel) && channel->armed) {
        channel->out_before =
            true; /* "a trigger reloads the counter with the initial count on the next CLK" */
        channel_load(channel, now, true);
    } else if (level && channel->started && !channel->stopped_low) {
        if (now > channel->load_tick)
            channel->load_tick = now;
        channel->counting = true;
    }
    i8254_update(device, pin);
}

static void i8254_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                             unsigned size)
{
    (void)range;
    (void)size;
    if (offset == PORT_CONTROL)
        i8254_write_control(device, (uint8_t)value);
    else
        i8254_write_count(device, offset, (uint8_t)value);
}

static uint32_t i8254_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)size;
    return offset == PORT_CONTROL ? 0xff : i8254_read_count(device, offset); /* "No-Operation (3-State)" */
}

/* The chip has no reset pin; after power-up its state is undefined, here all zero with OUT low. */
static void i8254_reset(struct device *device, bool power_on)
{
    struct i8254 *pit = device->state;
    for (unsigned i = 0; power_on && i < I8254_CHANNELS; i++)
        pit->channel[i].edge_tick = CLOCK_NEVER;
}

static const struct state_row channel_rows[] = {
    ROW(struct i8254_channel, load_tick),      ROW(struct i8254_channel, count),
    ROW(struct i8254_channel, previous),       ROW(struct i8254_channel, edge_tick),
    ROW(struct i8254_channel, period),         ROW(struct i8254_channel, reload),
    ROW(struct i8254_channel, latched_count),  ROW(struct i8254_channel, latched_status),
    ROW(struct i8254_channel, write_low),      ROW(struct i8254_channel, mode),
    ROW(struct i8254_channel, access),         ROW(struct i8254_channel, bcd),
    ROW(struct i8254_channel, gate),           ROW(struct i8254_channel, counting),
    ROW(struct i8254_channel, armed),          ROW(struct i8254_channel, started),
    ROW(struct i8254_channel, stopped_low),    ROW(struct i8254_channel, half),
    ROW(struct i8254_channel, null_count),     ROW(struct i8254_channel, count_latched),
    ROW(struct i8254_channel, status_latched), ROW(struct i8254_channel, out_before),
    ROW(struct i8254_channel, read_high),      ROW(struct i8254_channel, write_high),
    ROW_ARRAY(struct i8254_channel, reserved), ROW_END,
};

static const struct state_row i8254_rows[] = {ROW_STRUCTS(struct i8254, channel, channel_rows), ROW_END};

const struct device_class i8254_class = {
    .name = "i8254",
    .manual = "Intel 8254 Programmable Interval Timer, 231164-005; 82C54, 231244-006",
    .state_size = sizeof(struct i8254),
    .rows = i8254_rows,
    .inputs = (const char *const[]){"gate0", "gate1", "gate2", NULL},
    .outputs = (const char *const[]){"out0", "out1", "out2", NULL},
    .events = (const char *const[]){"channel0", "channel1", "channel2", NULL},
    .ports = (const struct device_ports[]){{"counters", 0x40, 4, 1}, {0}},
    .reset = i8254_reset,
    .input = i8254_input,
    .event = i8254_event,
    .port_read = i8254_port_read,
    .port_write = i8254_port_write,
};
