/*
 * Pieces of work in processes of their own, some at once: one that crashes or hangs takes none of the others with it.
 * Each sends its result as bytes; results are handed over in the order of the pieces.
 */
#ifndef GATE86_HOST_WORKERS_H
#define GATE86_HOST_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* More bytes than this from one worker end it. */
#define WORKER_BYTES_MAX (1u << 30)

enum worker_end {
    WORKER_DONE,    /* its work function returned */
    WORKER_CRASHED, /* ended by a signal or an exit of its own */
    WORKER_HUNG,    /* was ended because its time was over, or it sent too much */
};

struct worker_result {
    enum worker_end end;
    int signal; /* WORKER_CRASHED: the signal, 0 for an exit */
    const uint8_t *bytes;
    size_t count;
};

struct workers {
    size_t count;     /* pieces */
    unsigned at_once; /* 1 or more */
    /* In the worker: does piece `number` and writes its bytes to the descriptor. */
    void (*work)(void *context, size_t number, int descriptor);
    /* In the caller: piece `number` has ended. */
    void (*done)(void *context, size_t number, const struct worker_result *result);
    /* How long piece `number` may take, nanoseconds of the host's clock; UINT64_MAX: for ever. */
    uint64_t (*patience_ns)(void *context, size_t number);
    void *context;
};

/*
 * Does all pieces. False when the host refuses (ERROR_HOST), or when a signal has come (signals_caught, between
 * signals_watch and signals_unwatch; *error is then ERROR_NONE). No worker is left behind either way.
 */
MUST_USE bool workers_run(const struct workers *workers, struct error *error);

/* For work functions: writes all bytes; false when the reader has gone. */
bool worker_send(int descriptor, const void *bytes, size_t count);

#endif
