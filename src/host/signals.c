/* Orderly end on a signal. */
#include "host/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "machine/gate86.h"

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* The exception to "no mutable globals": a signal handler is given nothing but the signal's number. */
static struct machine *_Atomic watched_machine;
static volatile sig_atomic_t first_signal;

static void signal_interrupt(int number)
{
    if (first_signal == 0)
        first_signal = number;
    struct machine *machine = atomic_load(&watched_machine);
    if (machine != NULL)
        machine_interrupt(machine);
}

void signals_watch(struct machine *machine)
{
    first_signal = 0;
    atomic_store(&watched_machine, machine);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    /* SA_RESETHAND: a run that does not come to its end can still be ended with a second signal. */
    action.sa_handler = signal_interrupt;
    action.sa_flags = SA_RESETHAND;
    for (size_t i = 0; i < ARRAY_LENGTH(ending_signals); i++)
        sigaction(ending_signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int signals_caught(void)
{
    return first_signal;
}

void signals_unwatch(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(ending_signals); i++)
        signal(ending_signals[i], SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    atomic_store(&watched_machine, NULL);
}

void signals_end(int number)
{
    signal(number, SIG_DFL);
    raise(number);
    exit(128 + number); /* the signal is blocked: the number a shell would have shown */
}
