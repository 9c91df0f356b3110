/*
 * The user's terminal in raw mode: every key goes to the guest, but for the escape key Ctrl-A. The terminal
 * is given back as it was on every way out: a normal end, a signal, an abort.
 */
#ifndef GATE86_HOST_TERMINAL_H
#define GATE86_HOST_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* Both standard input and standard output are a terminal. */
bool terminal_present(void);

/* Raw mode on standard input. One at a time in a process. Errors: ERROR_HOST. */
MUST_USE bool terminal_enter(struct error *error);

/* The terminal as it was before terminal_enter; harmless when it was not entered. */
void terminal_leave(void);

/*
 * A stream to standard error for messages while the terminal is raw (it then needs a carriage return with
 * each line feed). NULL when the host has no memory. To be closed with fclose.
 */
FILE *terminal_messages(void);

/* The line that tells about the escape key, without an end of line. */
#define TERMINAL_HINT "Ctrl-A x ends the run, Ctrl-A h shows all keys"

/* What the escape key can ask for. */
enum terminal_request {
    TERMINAL_NOTHING,
    TERMINAL_QUIT, /* Ctrl-A x */
    TERMINAL_HELP, /* Ctrl-A h or ? */
};

struct terminal_escape {
    bool pending; /* Ctrl-A was the last key */
};

/* All keys, one per line, each line ended by CR LF. */
extern const char terminal_help[];

/*
 * Takes the escape sequences out of typed characters: what is left for the guest stays in bytes, its number
 * is returned. Characters after a request to quit are dropped. Ctrl-A Ctrl-A (or Ctrl-A a) is one Ctrl-A for
 * the guest; Ctrl-A before any other key is dropped with that key.
 */
size_t terminal_filter(struct terminal_escape *escape, uint8_t *bytes, size_t count,
                       enum terminal_request *request);

#endif
