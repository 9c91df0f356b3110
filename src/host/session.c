/* The run loop between a machine and its user. */
#include "host/session.h"

#include <string.h>

#include "host/signals.h"
#include "ia32/registers.h"

/* Instructions, and nanoseconds of a halting guest, between two looks at the input: too short for a user to
 * notice. */
#define SLICE    1000000u
#define SLICE_NS 10000000u

void session_serial_output(void *context, const uint8_t *bytes, size_t count)
{
    struct session *session = context;
    stream_write(&session->serial, bytes, count);
    /*
     * Who reads along gets a line when it is complete: a slice can take seconds when its instructions are long, as
     * REP MOVS is. A failed write is kept in the stream and reported by the flush after this slice.
     */
    struct error ignored;
    if (count > 0 && bytes[count - 1] == '\n' && !stream_flush(&session->serial, &ignored))
        return;
}

void session_debugcon_output(void *context, const uint8_t *bytes, size_t count)
{
    struct session *session = context;
    stream_write(session->debugcon_is_serial ? &session->serial : &session->debugcon, bytes, count);
}

static bool flush(struct session *session, struct error *error)
{
    bool serial = stream_flush(&session->serial, error);
    return (session->debugcon_is_serial || stream_flush(&session->debugcon, error)) && serial;
}

static void take_input(struct session *session)
{
    session->looked_ns = pace_host_ns();
    switch (input_read(&session->input)) {
    case TERMINAL_QUIT:
        session->quit = true;
        break;
    case TERMINAL_HELP:
        stream_write(&session->serial, (const uint8_t *)terminal_help, strlen(terminal_help));
        break;
    case TERMINAL_NOTHING:
        break;
    }
    if (input_pending(&session->input, session->machine)) {
        session->refused = input_offer(&session->input, session->machine) == 0;
        session->refused_at = machine_instructions(session->machine);
    }
}

/* Input waits that the guest has not just refused. */
static bool input_is_due(const struct session *session)
{
    return input_pending(&session->input, session->machine) &&
           !(session->refused && session->refused_at == machine_instructions(session->machine));
}

static bool must_end(struct session *session)
{
    session->late = session->late || pace_host_ns() >= session->deadline_ns;
    return session->quit || session->late || signals_caught() != 0;
}

/* Sleeps, but not past the deadline, and only until there is input. */
static void sleep_or_wake(struct session *session, uint64_t nanoseconds)
{
    uint64_t now = pace_host_ns();
    uint64_t left = session->deadline_ns > now ? session->deadline_ns - now : 0;
    input_wait(&session->input, nanoseconds < left ? nanoseconds : left);
}

/* The machine_idle of all runs: guest time is about to jump over `nanoseconds` in which the guest halts. */
static uint64_t on_idle(void *context, uint64_t nanoseconds)
{
    struct session *session = context;
    if (input_is_due(session) || must_end(session))
        return 0;
    if (!session
             ->paced) /* guest time jumps on, but a guest that only ever halts has to be looked after, too */
        return pace_host_ns() - session->looked_ns > SLICE_NS ? 0 : nanoseconds;
    /* A failed write is kept in the stream and reported by the flush after this slice. */
    struct error ignored;
    (void)flush(session, &ignored);
    uint64_t guest_now = machine_time_ns(session->machine);
    uint64_t host_now = pace_host_ns();
    uint64_t ahead = pace_sleep_ns(&session->pace, host_now, guest_now + nanoseconds);
    if (ahead == 0)
        return nanoseconds;
    sleep_or_wake(session, ahead);
    uint64_t remaining = pace_sleep_ns(&session->pace, pace_host_ns(), guest_now + nanoseconds);
    /* A guest that runs ahead of the host's clock may have to halt for less than it slept. */
    return remaining == 0 ? nanoseconds : remaining < nanoseconds ? nanoseconds - remaining : 0;
}

/* HLT with interrupts on and no event to come: only input can go on from here. */
static bool input_can_wake(struct session *session)
{
    return (input_can_grow(&session->input) || input_is_due(session)) &&
           (machine_register(session->machine, MACHINE_EFLAGS) & EFLAGS_IF) != 0;
}

/* Waits for that input; guest time stands still meanwhile. */
static void wait_for_input(struct session *session)
{
    if (input_is_due(session))
        return;
    sleep_or_wake(session, UINT64_MAX);
    pace_start(&session->pace, pace_host_ns(), machine_time_ns(session->machine));
}

/* Sleeps off what a busy guest is ahead of the host's clock. */
static void hold_back(struct session *session)
{
    uint64_t ahead = pace_sleep_ns(&session->pace, pace_host_ns(), machine_time_ns(session->machine));
    if (ahead > 0)
        sleep_or_wake(session, ahead);
}

enum session_end session_run(struct session *session, enum machine_stop *stop, struct error *error)
{
    uint64_t start = pace_host_ns();
    session->deadline_ns =
        session->timeout_ns > UINT64_MAX - start ? UINT64_MAX : start + session->timeout_ns;
    session->refused = false;
    session->quit = false;
    session->late = false;
    pace_start(&session->pace, start, machine_time_ns(session->machine));
    for (;;) {
        take_input(session);
        if (must_end(session))
            break;
        uint64_t done = machine_instructions(session->machine);
        uint64_t left = session->max_instructions > done ? session->max_instructions - done : 0;
        *stop = machine_run(session->machine, left < SLICE ? left : SLICE, on_idle, session);
        if (!flush(session, error))
            return SESSION_FAILED;
        if (*stop == MACHINE_HALTED && input_can_wake(session)) {
            wait_for_input(session);
            continue;
        }
        if (*stop != MACHINE_INTERRUPTED && (*stop != MACHINE_LIMIT || left <= SLICE))
            return SESSION_STOPPED;
        if (session->paced && *stop == MACHINE_LIMIT)
            hold_back(session);
    }
    if (!flush(session, error))
        return SESSION_FAILED;
    return session->quit ? SESSION_QUIT : session->late ? SESSION_TIMEOUT : SESSION_SIGNAL;
}
