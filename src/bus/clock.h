/*
 * Guest time. Its unit is the nanosecond since power-on, and it advances only with instructions executed
 * (`instruction_ns` each) and with the time a halted processor skips. The host's clock is never asked, so
 * every run with the same inputs is the same run.
 *
 * The processor decrements `budget` for every instruction; the time is derived from it:
 *
 *     now = horizon - budget * instruction_ns
 *
 * An event that is scheduled in the middle of a run pulls the horizon and the budget nearer by the same
 * amount, so that no event is late by more than the instruction that was under way.
 *
 * Events are named by their owner and ordered by time, then by the order in which they were scheduled.
 */
#ifndef GATE86_BUS_CLOCK_H
#define GATE86_BUS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_EVENTS_MAX 64
#define CLOCK_NEVER      UINT64_MAX

typedef void clock_callback(void *context, unsigned argument);

struct clock_event {
    const char *name; /* for logs and the monitor: "pit.channel0" */
    clock_callback *callback;
    void *context;
    unsigned argument;
    uint64_t due_ns;   /* CLOCK_NEVER: not scheduled */
    uint64_t sequence; /* order of scheduling, decides between equal times */
};

struct clock {
    uint64_t horizon_ns;     /* time at which budget reaches zero */
    int64_t budget;          /* instructions left until the horizon; <= 0: the run loop must look at events */
    uint32_t instruction_ns; /* nanoseconds per instruction, at least 1 */
    unsigned events_used;
    uint64_t next_sequence;
    uint64_t skipped_ns; /* time passed while halted, for statistics */
    struct clock_event events[CLOCK_EVENTS_MAX];
};

void clock_init(struct clock *clock, uint32_t instruction_ns);

/* Nanoseconds since power-on, exact to the instruction being executed. */
static inline uint64_t clock_now(const struct clock *clock)
{
    return clock->horizon_ns - (uint64_t)(clock->budget * (int64_t)clock->instruction_ns);
}

/* Registers an event once, at power-on; returns its number. Aborts when CLOCK_EVENTS_MAX are in use. */
unsigned clock_event_add(struct clock *clock, const char *name, clock_callback *callback, void *context,
                         unsigned argument);

/* (Re)schedules an event for an absolute time; a time in the past means: before the next instruction. */
void clock_schedule(struct clock *clock, unsigned event, uint64_t due_ns);
void clock_cancel(struct clock *clock, unsigned event);

/* Due time of an event, or CLOCK_NEVER. */
uint64_t clock_due(const struct clock *clock, unsigned event);

/* Time of the earliest event, or CLOCK_NEVER. */
uint64_t clock_next_due(const struct clock *clock);

/*
 * Runs the callbacks of all events that are due, then sets horizon and budget for the next stretch of at most
 * `limit_instructions`.
 */
void clock_run_due(struct clock *clock, uint64_t limit_instructions);

/* A halted processor: jumps to the next event, but not beyond `limit_ns`. Returns the new time. */
uint64_t clock_skip_to_next(struct clock *clock, uint64_t limit_ns);

/* Makes the run loop come up for air before the next instruction (budget to zero; the time stays what it is). */
void clock_interrupt_run(struct clock *clock);

/* value * multiplier / divisor without overflow in between, rounded down: for converting between ns and ticks. */
uint64_t clock_scale(uint64_t value, uint64_t multiplier, uint64_t divisor);

#endif
