/*
 * Did the ROM pass? The judge reads what the guest prints and posts, compares it with what the user wants, and writes
 * the cases and the status of the result. It passes nothing for want of evidence: a run without any result fails.
 */
#ifndef GATE86_MAIN_ROM_JUDGE_H
#define GATE86_MAIN_ROM_JUDGE_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "main/report.h"
#include "main/rom/lines.h"
#include "main/rom/result.h"

#define ROM_PATTERNS_MAX 16
#define ROM_POSTS_MAX    256
#define ROM_POSTS_SHOWN  16 /* the last ones, in messages */

/* What the user wants. */
struct rom_wants {
    uint8_t pass_code; /* on the exit port */
    const char
        *expect[ROM_PATTERNS_MAX + 1]; /* extended regular expressions: each must match a line; NULL-ended */
    const char *fail_on[ROM_PATTERNS_MAX + 1]; /* none may; NULL-ended */
    uint8_t posts[ROM_POSTS_MAX]; /* POST codes that must come in this order; others may lie between */
    unsigned posts_count;
};

/* Errors: ERROR_USAGE, naming the expression and what is wrong with it. */
MUST_USE bool rom_pattern_check(const char *pattern, struct error *error);

struct rom_pattern {
    const char *text;
    regex_t compiled;
    bool met;
    char line[ROM_LINE_MAX + 1]; /* the first that met it */
};

struct rom_judge {
    const struct rom_wants *wants;
    struct rom_pattern expect[ROM_PATTERNS_MAX];
    struct rom_pattern fail_on[ROM_PATTERNS_MAX];
    unsigned expect_count, fail_on_count;
    unsigned posts_met;
    uint64_t posts_seen;
    uint8_t posts[ROM_POSTS_SHOWN]; /* a ring of the last ones */
    struct rom_lines serial, debugcon;
};

/* The patterns have been checked. */
void rom_judge_init(struct rom_judge *judge, const struct rom_wants *wants);
void rom_judge_free(struct rom_judge *judge);

/* What the guest does, as it does it. */
void rom_judge_serial(struct rom_judge *judge, const uint8_t *bytes, size_t count);
void rom_judge_debugcon(struct rom_judge *judge, const uint8_t *bytes, size_t count);
void rom_judge_post(struct rom_judge *judge, uint8_t code);

/* A --fail-on text was seen: the run may end. */
bool rom_judge_has_failed(const struct rom_judge *judge);

/* Something was expected, and all of it was seen. */
bool rom_judge_has_all(const struct rom_judge *judge);

/*
 * The run is over as the report says, or was ended because of rom_judge_has_failed or rom_judge_has_all
 * (`by_judge`). Fills in cases, status and end of the initialised result.
 */
void rom_judge_finish(struct rom_judge *judge, const struct report *report, bool by_judge,
                      struct rom_result *result);

#endif
