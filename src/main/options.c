/* Command line options from a table. */
#include "main/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "main/suggest.h"

void options_init(struct options *options, const struct option_row *rows, const char *command, int count,
                  char *const *words)
{
    *options = (struct options){.rows = rows, .command = command, .count = count, .words = words};
}

static const struct option_row *find_row(const struct option_row *rows, const char *name, size_t length)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if (strlen(row->name) == length && strncmp(row->name, name, length) == 0)
            return row;
        if (row->also != NULL && strlen(row->also) == length && strncmp(row->also, name, length) == 0)
            return row;
    }
    return NULL;
}

static int unknown_option(const struct options *options, const char *name, struct error *error)
{
    struct suggestion suggestion = {name, NULL, 0};
    for (const struct option_row *row = options->rows; row->name != NULL; row++)
        suggest_consider(&suggestion, row->name);
    if (suggestion.nearest != NULL)
        error_set(error, ERROR_USAGE, "unknown option '%s': did you mean --%s?", options->spelling,
                  suggestion.nearest);
    else
        error_set(error, ERROR_USAGE, "unknown option '%s': '%s --help' lists the options", options->spelling,
                  options->command);
    return OPTION_BAD;
}

/* Sets spelling to the part of the word before its '=', and value to what follows; value NULL without one. */
static void split_word(struct options *options, const char *word)
{
    const char *equals = strchr(word, '=');
    options->spelling = word;
    options->value = NULL;
    if (equals != NULL) {
        snprintf(options->storage, sizeof options->storage, "%.*s", (int)(equals - word), word);
        options->spelling = options->storage;
        options->value = equals + 1;
    }
}

int options_next(struct options *options, struct error *error)
{
    if (options->next == options->count)
        return OPTION_END;
    const char *word = options->words[options->next++];
    if (!options->only_words && strcmp(word, "--") == 0) {
        options->only_words = true;
        return options_next(options, error);
    }
    if (options->only_words || word[0] != '-' || word[1] == '\0') {
        options->value = word;
        return OPTION_WORD;
    }
    split_word(options, word);
    const char *name = options->spelling + (options->spelling[1] == '-' ? 2 : 1);
    const struct option_row *row = find_row(options->rows, name, strlen(name));
    if (row == NULL)
        return unknown_option(options, name, error);
    if (row->argument == NULL && options->value != NULL) {
        error_set(error, ERROR_USAGE, "%s takes no value, but was given '%s'", options->spelling,
                  options->value);
        return OPTION_BAD;
    }
    if (row->argument != NULL && options->value == NULL) {
        if (options->next == options->count) {
            error_set(error, ERROR_USAGE, "%s needs a value: %s %s", options->spelling, options->spelling,
                      row->argument);
            return OPTION_BAD;
        }
        options->value = options->words[options->next++];
    }
    return row->id;
}

void options_print(const struct option_row *rows, FILE *out)
{
    enum { COLUMN = 30 };
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if (row->help == NULL)
            continue;
        int width = fprintf(out, "  --%s", row->name);
        if (row->also != NULL)
            width += fprintf(out, ", -%s", row->also);
        if (row->argument != NULL)
            width += fprintf(out, " %s", row->argument);
        if (width > COLUMN - 2) {
            fputc('\n', out);
            width = 0;
        }
        for (const char *line = row->help; line != NULL;) {
            const char *end = strchr(line, '\n');
            int length = end != NULL ? (int)(end - line) : (int)strlen(line);
            fprintf(out, "%*s%.*s\n", COLUMN - width, "", length, line);
            width = 0;
            line = end != NULL ? end + 1 : NULL;
        }
    }
}

/* Digits at the start of text, decimal or 0x; false without any or beyond 64 bits. */
static bool parse_digits(const char *text, uint64_t *number, const char **end)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *stop;
    errno = 0;
    *number = strtoull(text, &stop, hexadecimal ? 16 : 10);
    *end = stop;
    return errno == 0;
}

bool option_number(const struct options *options, uint64_t least, uint64_t most, uint64_t *number,
                   struct error *error)
{
    const char *end;
    if (parse_digits(options->value, number, &end) && *end == '\0' && *number >= least && *number <= most)
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: a number from %llu to %llu is needed, decimal or 0x...",
                     options->spelling, options->value, (unsigned long long)least, (unsigned long long)most);
}

bool option_size(const struct options *options, uint64_t unit, uint64_t *bytes, struct error *error)
{
    const char *suffix;
    uint64_t number;
    if (parse_digits(options->value, &number, &suffix)) {
        switch (suffix[0]) {
        case 'k':
        case 'K':
            unit = 1u << 10;
            break;
        case 'm':
        case 'M':
            unit = 1u << 20;
            break;
        case 'g':
        case 'G':
            unit = 1u << 30;
            break;
        case 't':
        case 'T':
            unit = 1ull << 40;
            break;
        }
        const char *rest = suffix + (suffix[0] != '\0' && strchr("kKmMgGtT", suffix[0]) != NULL);
        bool complete = *rest == '\0' || strcmp(rest, "iB") == 0 || strcmp(rest, "B") == 0;
        if (complete && number > 0 && number <= UINT64_MAX / unit) {
            *bytes = number * unit;
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "%s %s: a size is needed, such as 64M, 1G or 512K",
                     options->spelling, options->value);
}

bool option_seconds(const struct options *options, uint64_t *nanoseconds, struct error *error)
{
    const double most = 1e9; /* thirty years, well inside 64 bits of nanoseconds */
    char *end;
    errno = 0;
    double seconds = strtod(options->value, &end);
    if (end != options->value && *end == '\0' && errno == 0 && seconds > 0 && seconds <= most) {
        *nanoseconds = (uint64_t)(seconds * 1e9);
        return true;
    }
    return error_set(error, ERROR_USAGE, "%s %s: seconds are needed, such as 90 or 0.5", options->spelling,
                     options->value);
}
