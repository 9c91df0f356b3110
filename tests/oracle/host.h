/* The host's side of the oracle: the 32-bit program of native.c, started and fed with batches. */
#ifndef GATE86_TESTS_ORACLE_HOST_H
#define GATE86_TESTS_ORACLE_HOST_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol.h"

struct oracle_host {
    const char *path;
    struct oracle_batch *batch; /* shared with the 32-bit program */
    int batch_descriptor;
    pid_t process;
    int commands, replies;
    uint32_t capabilities;
};

/* Starts the program at `path`; NULL when the host cannot run it, and *why says so. */
struct oracle_host *host_start(const char *path, const char **why);
void host_stop(struct oracle_host *host);

/*
 * Runs batch->programs[0..count-1] and fills batch->outcomes. False when the process died or did not answer; it has
 * then been started anew, and the outcomes mean nothing.
 */
bool host_run(struct oracle_host *host, uint32_t count);

#endif
