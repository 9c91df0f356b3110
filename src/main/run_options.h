/* The command line of `gate86 run`, read and checked. */
#ifndef GATE86_MAIN_RUN_OPTIONS_H
#define GATE86_MAIN_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "main/guest_options.h"

struct run_options {
    struct guest_options guest;
    enum { PACE_WHEN_TERMINAL, PACE_ALWAYS, PACE_NEVER } pace;
    bool print_state_hash;
    bool stats;
    bool help; /* --help: nothing else counts */
};

/* The words that follow `run`. Errors: ERROR_USAGE. The result points into the words. */
MUST_USE bool run_options_parse(struct run_options *options, int count, char *const *words,
                                struct error *error);

void run_options_help(FILE *out);

#endif
