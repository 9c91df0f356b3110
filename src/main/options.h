/*
 * Options of a sub-command, described once by a table: parsing, --help and "did you mean" come from it. An
 * option is written --name VALUE, --name=VALUE, or with one dash; the other spellings are QEMU's, for fingers
 * that know them.
 */
#ifndef GATE86_MAIN_OPTIONS_H
#define GATE86_MAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct option_row {
    const char *name;     /* without dashes; NULL ends the table */
    const char *also;     /* other spelling, without dashes, or NULL */
    const char *argument; /* what follows, in capitals, or NULL for a switch */
    const char *help;     /* lines separated by '\n'; NULL: accepted, but not shown */
    int id;               /* above 0 */
};

enum option_found {
    OPTION_END = 0,
    OPTION_WORD = -1, /* no option: see value */
    OPTION_BAD = -2,  /* *error is set (ERROR_USAGE) */
};

struct options {
    const struct option_row *rows;
    const char *command; /* "gate86 run", for the messages */
    int count;           /* words that follow the command */
    char *const *words;
    int next;             /* index of the next word */
    bool only_words;      /* "--" was seen */
    const char *spelling; /* of the option last returned, as it was written, without its value */
    const char *value;    /* of the option last returned, or the word; NULL for a switch */
    char storage[64];     /* of spelling, when it was written with its value */
};

void options_init(struct options *options, const struct option_row *rows, const char *command, int count,
                  char *const *words);

/* The id of the next option, or an enum option_found. */
int options_next(struct options *options, struct error *error);

/* The table as it stands in --help. */
void options_print(const struct option_row *rows, FILE *out);

/*
 * Values. On failure *error names the option as it was written, the value, and what would do (ERROR_USAGE).
 * Numbers are decimal, or hexadecimal after 0x. Sizes are in `unit` bytes unless a K, M, G or T follows; seconds
 * may have decimals.
 */
MUST_USE bool option_number(const struct options *options, uint64_t least, uint64_t most, uint64_t *number,
                            struct error *error);
MUST_USE bool option_size(const struct options *options, uint64_t unit, uint64_t *bytes, struct error *error);
MUST_USE bool option_seconds(const struct options *options, uint64_t *nanoseconds, struct error *error);

#endif
