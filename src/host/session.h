/*
 * A run of a machine in front of a user or a script: input goes in, output comes out, limits hold, and an
 * interactive guest keeps the host's time and lets the host sleep while it halts.
 */
#ifndef GATE86_HOST_SESSION_H
#define GATE86_HOST_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "host/input.h"
#include "host/pace.h"
#include "host/stream.h"
#include "machine/gate86.h"

struct session {
    /* Set by the caller, all of it, before session_run. */
    struct machine *machine;
    struct stream serial;    /* the first serial line */
    struct stream debugcon;  /* port E9h; unused when debugcon_is_serial */
    bool debugcon_is_serial; /* both go to one place, in the guest's order */
    struct input input;
    bool paced;                /* keep the host's time */
    uint64_t max_instructions; /* executed since power-on; UINT64_MAX: no limit */
    uint64_t timeout_ns;       /* of the host's clock; UINT64_MAX: no limit */

    /* Kept by session_run. */
    struct pace pace;
    uint64_t deadline_ns; /* of the host's clock */
    uint64_t looked_ns;   /* host's clock at the last look at the input */
    bool refused;         /* the guest had no room for the input that waits ... */
    uint64_t refused_at;  /* ... when it had executed this many instructions */
    bool quit;            /* the escape key asked for the end */
    bool late;            /* the deadline has passed */
};

/* Why a run ended. */
enum session_end {
    SESSION_STOPPED, /* the machine stopped: see the stop; never MACHINE_INTERRUPTED */
    SESSION_TIMEOUT, /* timeout_ns passed */
    SESSION_QUIT,    /* the escape key */
    SESSION_SIGNAL,  /* a signal: see signals_caught */
    SESSION_FAILED,  /* a host error */
};

/* The machine_output of the serial line and of port E9h; the context is the struct session. */
void session_serial_output(void *context, const uint8_t *bytes, size_t count);
void session_debugcon_output(void *context, const uint8_t *bytes, size_t count);

/* Runs to one of the ends. All output has been flushed when it returns. *stop is set for SESSION_STOPPED. */
MUST_USE enum session_end session_run(struct session *session, enum machine_stop *stop, struct error *error);

#endif
