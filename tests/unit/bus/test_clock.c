/* Guest time: exact to the instruction, events in order. */
#include "bus/clock.h"
#include "unit/suite.h"

struct diary {
    struct clock *clock;
    unsigned events[16];
    uint64_t times[16];
    unsigned used;
    uint64_t again; /* reschedule event 0 this much later, 0: not */
};

static void note(void *context, unsigned argument)
{
    struct diary *diary = context;
    diary->times[diary->used] = clock_now(diary->clock);
    diary->events[diary->used++] = argument;
    if (diary->again && diary->used < 16)
        clock_schedule(diary->clock, 0, diary->times[diary->used - 1] + diary->again);
}

/* What the run loop does: executes `instructions` one by one, running events as they fall due. */
static void run(struct clock *clock, uint64_t instructions)
{
    while (instructions > 0) {
        if (clock->budget <= 0)
            clock_run_due(clock, instructions);
        while (clock->budget > 0 && instructions > 0) {
            clock->budget--;
            instructions--;
        }
    }
    if (clock->budget <= 0)
        clock_run_due(clock, 0);
}

START_TEST(time_is_the_instruction_count)
{
    struct clock clock;
    clock_init(&clock, 10);
    ck_assert_uint_eq(clock_now(&clock), 0);
    run(&clock, 1000);
    ck_assert_uint_eq(clock_now(&clock), 10000);
    run(&clock, 1);
    ck_assert_uint_eq(clock_now(&clock), 10010);
}
END_TEST

START_TEST(events_run_in_order_of_time_and_then_of_scheduling)
{
    struct clock clock;
    struct diary diary = {.clock = &clock};
    clock_init(&clock, 1);
    for (unsigned i = 0; i < 4; i++)
        clock_event_add(&clock, "test", note, &diary, i);
    clock_schedule(&clock, 3, 50);
    clock_schedule(&clock, 1, 50);
    clock_schedule(&clock, 0, 20);
    clock_schedule(&clock, 2, 70);
    clock_cancel(&clock, 2);
    ck_assert_uint_eq(clock_next_due(&clock), 20);
    run(&clock, 100);
    ck_assert_uint_eq(diary.used, 3);
    ck_assert_uint_eq(diary.events[0], 0);
    ck_assert_uint_eq(diary.times[0], 20);
    ck_assert_uint_eq(diary.events[1], 3);
    ck_assert_uint_eq(diary.events[2], 1);
    ck_assert_uint_eq(diary.times[2], 50);
    ck_assert_uint_eq(clock_next_due(&clock), CLOCK_NEVER);
}
END_TEST

START_TEST(an_event_is_never_early_and_late_by_less_than_an_instruction)
{
    struct clock clock;
    struct diary diary = {.clock = &clock};
    clock_init(&clock, 7);
    clock_event_add(&clock, "test", note, &diary, 0);
    clock_schedule(&clock, 0, 100);
    run(&clock, 50);
    ck_assert_uint_eq(diary.times[0], 105);
}
END_TEST

START_TEST(scheduling_in_mid_run_pulls_the_horizon_and_keeps_the_time)
{
    struct clock clock;
    struct diary diary = {.clock = &clock};
    clock_init(&clock, 2);
    clock_event_add(&clock, "test", note, &diary, 0);
    clock_run_due(&clock, 1000);
    clock.budget -= 10;
    ck_assert_uint_eq(clock_now(&clock), 20);
    clock_schedule(&clock, 0, 31);
    ck_assert_uint_eq(clock_now(&clock), 20);
    ck_assert_int_eq(clock.budget, 6);
    clock_schedule(&clock, 0, 5);
    ck_assert_uint_eq(clock_now(&clock), 20);
    ck_assert_int_eq(clock.budget, 0);
    clock_run_due(&clock, 1000);
    ck_assert_uint_eq(diary.used, 1);
    ck_assert_int_eq(clock.budget, 1000);
}
END_TEST

START_TEST(an_event_may_schedule_itself)
{
    struct clock clock;
    struct diary diary = {.clock = &clock, .again = 100};
    clock_init(&clock, 1);
    clock_event_add(&clock, "test", note, &diary, 0);
    clock_schedule(&clock, 0, 100);
    run(&clock, 1000);
    ck_assert_uint_eq(diary.used, 10);
    ck_assert_uint_eq(diary.times[9], 1000);
    ck_assert_uint_eq(clock_due(&clock, 0), 1100);
}
END_TEST

START_TEST(a_halted_processor_skips_to_the_next_event_but_not_beyond_the_limit)
{
    struct clock clock;
    struct diary diary = {.clock = &clock};
    clock_init(&clock, 10);
    clock_event_add(&clock, "test", note, &diary, 0);
    run(&clock, 5);
    ck_assert_uint_eq(clock_skip_to_next(&clock, CLOCK_NEVER), 50);
    clock_schedule(&clock, 0, 1003);
    ck_assert_uint_eq(clock_skip_to_next(&clock, 700), 700);
    ck_assert_uint_eq(clock_skip_to_next(&clock, CLOCK_NEVER), 1003);
    ck_assert_uint_eq(clock_now(&clock), 1003);
    ck_assert_uint_eq(clock.skipped_ns, 953);
    clock_run_due(&clock, 1);
    ck_assert_uint_eq(diary.times[0], 1003);
}
END_TEST

START_TEST(interrupting_a_run_empties_the_budget_and_keeps_the_time)
{
    struct clock clock;
    clock_init(&clock, 3);
    clock_run_due(&clock, 100);
    clock.budget -= 4;
    clock_interrupt_run(&clock);
    ck_assert_int_eq(clock.budget, 0);
    ck_assert_uint_eq(clock_now(&clock), 12);
}
END_TEST

START_TEST(scaling_does_not_overflow)
{
    ck_assert_uint_eq(clock_scale(1000000000, 1193182, 1000000000), 1193182);
    ck_assert_uint_eq(clock_scale(1ull << 62, 1193182, 1000000000), 5502580746839227ull);
    ck_assert_uint_eq(clock_scale(999, 1, 1000), 0);
    ck_assert_uint_eq(clock_scale(5, 1000000000, 1193182), 4190);
}
END_TEST

UNIT_SUITE("clock", time_is_the_instruction_count, events_run_in_order_of_time_and_then_of_scheduling,
           an_event_is_never_early_and_late_by_less_than_an_instruction,
           scheduling_in_mid_run_pulls_the_horizon_and_keeps_the_time, an_event_may_schedule_itself,
           a_halted_processor_skips_to_the_next_event_but_not_beyond_the_limit,
           interrupting_a_run_empties_the_budget_and_keeps_the_time, scaling_does_not_overflow)
