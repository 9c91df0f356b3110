/* Guest time and its events. */
#include "bus/clock.h"

#include <stddef.h>
#include <string.h>

#include "base/invariant.h"

void clock_init(struct clock *clock, uint32_t instruction_ns)
{
    INVARIANT(instruction_ns >= 1);
    memset(clock, 0, sizeof *clock);
    clock->instruction_ns = instruction_ns;
}

unsigned clock_event_add(struct clock *clock, const char *name, clock_callback *callback, void *context,
                         unsigned argument)
{
    INVARIANT(clock->events_used < CLOCK_EVENTS_MAX);
    clock->events[clock->events_used] = (struct clock_event){
        .name = name,
        .callback = callback,
        .context = context,
        .argument = argument,
        .due_ns = CLOCK_NEVER,
    };
    return clock->events_used++;
}

/* Instructions until `due_ns`, rounded up so that the event is never early; 0 for the past. */
static uint64_t clock_instructions_until(const struct clock *clock, uint64_t now, uint64_t due_ns)
{
    if (due_ns <= now)
        return 0;
    uint64_t wait = due_ns - now;
    return wait / clock->instruction_ns + (wait % clock->instruction_ns != 0);
}

static void clock_set_budget(struct clock *clock, uint64_t now, uint64_t instructions)
{
    clock->budget = (int64_t)instructions;
    clock->horizon_ns = now + instructions * clock->instruction_ns;
}

void clock_schedule(struct clock *clock, unsigned event, uint64_t due_ns)
{
    INVARIANT(event < clock->events_used);
    clock->events[event].due_ns = due_ns;
    clock->events[event].sequence = clock->next_sequence++;
    uint64_t now = clock_now(clock);
    uint64_t instructions = clock_instructions_until(clock, now, due_ns);
    if (clock->budget > 0 && instructions < (uint64_t)clock->budget)
        clock_set_budget(clock, now, instructions);
}

void clock_cancel(struct clock *clock, unsigned event)
{
    INVARIANT(event < clock->events_used);
    clock->events[event].due_ns = CLOCK_NEVER;
}

uint64_t clock_due(const struct clock *clock, unsigned event)
{
    INVARIANT(event < clock->events_used);
    return clock->events[event].due_ns;
}

/* The event to run next, or NULL when none is scheduled. */
static const struct clock_event *clock_earliest(const struct clock *clock)
{
    const struct clock_event *earliest = NULL;
    for (unsigned i = 0; i < clock->events_used; i++) {
        const struct clock_event *event = &clock->events[i];
        if (event->due_ns == CLOCK_NEVER)
            continue;
        if (!earliest || event->due_ns < earliest->due_ns ||
            (event->due_ns == earliest->due_ns && event->sequence < earliest->sequence))
            earliest = event;
    }
    return earliest;
}

uint64_t clock_next_due(const struct clock *clock)
{
    const struct clock_event *earliest = clock_earliest(clock);
    return earliest ? earliest->due_ns : CLOCK_NEVER;
}

void clock_run_due(struct clock *clock, uint64_t limit_instructions)
{
    uint64_t now = clock_now(clock);
    const struct clock_event *event = clock_earliest(clock);
    while (event && event->due_ns <= now) {
        clock_cancel(clock, (unsigned)(event - clock->events));
        event->callback(event->context, event->argument);
        event = clock_earliest(clock);
    }
    uint64_t instructions = event ? clock_instructions_until(clock, now, event->due_ns) : UINT64_MAX;
    if (instructions > limit_instructions)
        instructions = limit_instructions;
    /* Keeps horizon and budget far from overflow whatever limit the caller gives. */
    if (instructions > UINT32_MAX)
        instructions = UINT32_MAX;
    clock_set_budget(clock, now, instructions);
}

uint64_t clock_skip_to_next(struct clock *clock, uint64_t limit_ns)
{
    uint64_t now = clock_now(clock);
    uint64_t target = clock_next_due(clock);
    if (target > limit_ns)
        target = limit_ns;
    if (target == CLOCK_NEVER || target <= now)
        return now;
    clock->skipped_ns += target - now;
    clock->horizon_ns += target - now;
    return target;
}

void clock_interrupt_run(struct clock *clock)
{
    clock_set_budget(clock, clock_now(clock), 0);
}

uint64_t clock_scale(uint64_t value, uint64_t multiplier, uint64_t divisor)
{
    uint64_t whole = value / divisor;
    uint64_t rest = value % divisor;
    /* rest < divisor: the product fits when divisor * multiplier does, as for every frequency against ns. */
    INVARIANT(multiplier == 0 || divisor <= UINT64_MAX / multiplier);
    return whole * multiplier + rest * multiplier / divisor;
}
