/*
 * A host error: a file that cannot be read, a damaged image, a missing display. It travels by value to
 * main, which prints it and turns its kind into the exit status. Guest faults never travel this road
 * (see ia32/fault.h), nor do our own bugs (see base/invariant.h).
 */
#ifndef GATE86_BASE_ERROR_H
#define GATE86_BASE_ERROR_H

#include <stdbool.h>

#include "base/compiler.h"

enum error_kind {
    ERROR_NONE = 0,
    ERROR_USAGE, /* the command line asks for something that does not exist: exit status 2 */
    ERROR_INPUT, /* an input that cannot be read or is damaged: exit status 3 */
    ERROR_HOST,  /* the host refuses (no memory, no terminal, disk full): exit status 3 */
};

struct error {
    enum error_kind kind;
    char text[512]; /* one line, without a newline: what failed, the file, and the remedy */
};

/* Fills *error; always returns false, so that a failing function can end with `return error_set(...)`. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same, with the meaning of errno appended (": No such file or directory"). */
bool error_set_errno(struct error *error, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "PREFIX: " before the text of an error that came from below; returns false. */
bool error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
