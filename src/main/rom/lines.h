/*
 * The lines a guest prints on one of its outputs, read for results:
 *
 *     TEST name            this check begins (optional; it names the check that was running when the guest hung)
 *     PASS name
 *     FAIL name detail
 *     SKIP name why
 *     N passed, N failed, N skipped       the closing line
 *
 * With a colon behind the word (PASS: name of any words) the whole rest is the name.
 */
#ifndef GATE86_MAIN_ROM_LINES_H
#define GATE86_MAIN_ROM_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "main/rom/result.h"

#define ROM_LINE_MAX 2000 /* a longer line is cut into several, bytes */
#define ROM_TAIL_MAX 6000 /* of what was printed last, bytes */

/* Told about each line, without its end. */
typedef void rom_line_callback(void *context, const char *line);

struct rom_lines {
    rom_line_callback *on_line;
    void *context;
    char line[ROM_LINE_MAX + 1];
    size_t used;
    uint64_t bytes; /* seen so far */
    struct rom_cases cases;
    char running[ROM_LINE_MAX + 1];   /* the check a TEST line has named, "" when none is running */
    bool closed;                      /* the last result line was a closing line ... */
    uint64_t closing[ROM_CASE_KINDS]; /* ... with these numbers: passed, failed, skipped */
    char tail[ROM_TAIL_MAX];          /* a ring */
};

void rom_lines_init(struct rom_lines *lines, rom_line_callback *on_line, void *context);
void rom_lines_free(struct rom_lines *lines);

void rom_lines_write(struct rom_lines *lines, const uint8_t *bytes, size_t count);

/* The guest has ended: a last line without its end counts, too. */
void rom_lines_finish(struct rom_lines *lines);

/* What was printed last, from the beginning of a line, without control characters; the caller frees it. */
char *rom_lines_tail(const struct rom_lines *lines);

#endif
