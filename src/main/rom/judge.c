/* The judgement of one ROM. */
#include "main/rom/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/invariant.h"
#include "main/exit_status.h"

#define DETAIL_SIZE 512

/* ---- patterns ---- */

bool rom_pattern_check(const char *pattern, struct error *error)
{
    regex_t compiled;
    int result = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
    if (result == 0) {
        regfree(&compiled);
        return true;
    }
    char reason[128];
    regerror(result, &compiled, reason, sizeof reason);
    return error_set(error, ERROR_USAGE, "'%s' is no extended regular expression: %s", pattern, reason);
}

static unsigned patterns_compile(struct rom_pattern *patterns, const char *const *texts)
{
    unsigned count = 0;
    for (; texts[count] != NULL; count++) {
        patterns[count].text = texts[count];
        int result = regcomp(&patterns[count].compiled, texts[count], REG_EXTENDED | REG_NOSUB);
        INVARIANT(result == 0); /* the options were checked */
    }
    return count;
}

static void patterns_match(struct rom_pattern *patterns, unsigned count, const char *line)
{
    for (unsigned i = 0; i < count; i++) {
        if (!patterns[i].met && regexec(&patterns[i].compiled, line, 0, NULL, 0) == 0) {
            patterns[i].met = true;
            snprintf(patterns[i].line, sizeof patterns[i].line, "%s", line);
        }
    }
}

static bool patterns_all_met(const struct rom_pattern *patterns, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!patterns[i].met)
            return false;
    }
    return true;
}

/* ---- what the guest does ---- */

static void on_line(void *context, const char *line)
{
    struct rom_judge *judge = context;
    patterns_match(judge->expect, judge->expect_count, line);
    patterns_match(judge->fail_on, judge->fail_on_count, line);
}

void rom_judge_init(struct rom_judge *judge, const struct rom_wants *wants)
{
    memset(judge, 0, sizeof *judge);
    judge->wants = wants;
    judge->expect_count = patterns_compile(judge->expect, wants->expect);
    judge->fail_on_count = patterns_compile(judge->fail_on, wants->fail_on);
    rom_lines_init(&judge->serial, on_line, judge);
    rom_lines_init(&judge->debugcon, on_line, judge);
}

void rom_judge_free(struct rom_judge *judge)
{
    for (unsigned i = 0; i < judge->expect_count; i++)
        regfree(&judge->expect[i].compiled);
    for (unsigned i = 0; i < judge->fail_on_count; i++)
        regfree(&judge->fail_on[i].compiled);
    rom_lines_free(&judge->serial);
    rom_lines_free(&judge->debugcon);
}

void rom_judge_serial(struct rom_judge *judge, const uint8_t *bytes, size_t count)
{
    rom_lines_write(&judge->serial, bytes, count);
}

void rom_judge_debugcon(struct rom_judge *judge, const uint8_t *bytes, size_t count)
{
    rom_lines_write(&judge->debugcon, bytes, count);
}

void rom_judge_post(struct rom_judge *judge, uint8_t code)
{
    judge->posts[judge->posts_seen++ % ROM_POSTS_SHOWN] = code;
    if (judge->posts_met < judge->wants->posts_count && judge->wants->posts[judge->posts_met] == code)
        judge->posts_met++;
}

bool rom_judge_has_failed(const struct rom_judge *judge)
{
    for (unsigned i = 0; i < judge->fail_on_count; i++) {
        if (judge->fail_on[i].met)
            return true;
    }
    return false;
}

bool rom_judge_has_all(const struct rom_judge *judge)
{
    return (judge->expect_count > 0 || judge->wants->posts_count > 0) &&
           patterns_all_met(judge->expect, judge->expect_count) &&
           judge->posts_met == judge->wants->posts_count;
}

/* ---- the cases ---- */

#define MERGE_LOOKAHEAD 64

/* The place of the name in the list, from `next` on and not far; list->count when it is not there. */
static size_t case_find(const struct rom_cases *list, size_t next, const char *name)
{
    for (size_t i = next; i < list->count && i < next + MERGE_LOOKAHEAD; i++) {
        if (strcmp(list->list[i].name, name) == 0)
            return i;
    }
    return list->count;
}

static void cases_copy(struct rom_cases *result, const struct rom_cases *from, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        rom_cases_add_text(result, from->list[i].kind, from->list[i].name, from->list[i].detail);
}

/*
 * A guest may print its results on both outputs. The two lists become one: what has a line on both is one case with the
 * worse of the two results, what only one of them has is a case as well.
 */
static void cases_merge(struct rom_cases *result, const struct rom_cases *first,
                        const struct rom_cases *second)
{
    size_t next = 0; /* in the second list; both are walked side by side */
    for (size_t i = 0; i < first->count; i++) {
        const struct rom_case *shown = &first->list[i];
        size_t twin = case_find(second, next, shown->name);
        if (twin < second->count) {
            cases_copy(result, second, next, twin);
            next = twin + 1;
            if (second->list[twin].kind == ROM_FAIL)
                shown = &second->list[twin];
        }
        rom_cases_add_text(result, shown->kind, shown->name, shown->detail);
    }
    cases_copy(result, second, next, second->count);
    result->dropped += first->dropped + second->dropped;
}

/* The numbers of the closing line must be those of the lines before it, or the guest lost some. */
static void closing_check(const struct rom_lines *lines, struct rom_cases *cases)
{
    if (!lines->closed)
        return;
    const uint64_t *said = lines->closing;
    const size_t *seen = lines->cases.of_kind;
    char detail[DETAIL_SIZE];
    snprintf(detail, sizeof detail, "%llu passed, %llu failed, %llu skipped",
             (unsigned long long)said[ROM_PASS], (unsigned long long)said[ROM_FAIL],
             (unsigned long long)said[ROM_SKIP]);
    bool listed = lines->cases.count > 0;
    bool equal = said[ROM_PASS] == seen[ROM_PASS] && said[ROM_FAIL] == seen[ROM_FAIL] &&
                 said[ROM_SKIP] == seen[ROM_SKIP];
    if (!listed && said[ROM_PASS] + said[ROM_FAIL] + said[ROM_SKIP] == 0) {
        rom_cases_add_text(cases, ROM_FAIL, "closing-line",
                           "no check was run: 0 passed, 0 failed, 0 skipped");
    } else if (!listed) {
        enum rom_case_kind kind = said[ROM_FAIL] > 0 ? ROM_FAIL : said[ROM_PASS] > 0 ? ROM_PASS : ROM_SKIP;
        rom_cases_add_text(cases, kind, "closing-line", detail);
    } else if (!equal) {
        size_t used = strlen(detail);
        snprintf(detail + used, sizeof detail - used, "; but the lines before it were %zu, %zu and %zu",
                 seen[ROM_PASS], seen[ROM_FAIL], seen[ROM_SKIP]);
        rom_cases_add_text(cases, ROM_FAIL, "closing-line", detail);
    }
}

/* Both outputs have closed with the same numbers. */
static bool lines_agree(const struct rom_lines *a, const struct rom_lines *b)
{
    return a->closed && b->closed && memcmp(a->closing, b->closing, sizeof a->closing) == 0 &&
           memcmp(a->cases.of_kind, b->cases.of_kind, sizeof a->cases.of_kind) == 0;
}

/* "01 02 03" */
static void posts_describe(const struct rom_judge *judge, char *text, size_t size)
{
    uint64_t shown = judge->posts_seen < ROM_POSTS_SHOWN ? judge->posts_seen : ROM_POSTS_SHOWN;
    size_t used = 0;
    snprintf(text, size, "none");
    for (uint64_t at = judge->posts_seen - shown; at < judge->posts_seen; at++)
        used += (size_t)snprintf(text + used, size - used, "%s%02X", used == 0 ? "" : " ",
                                 judge->posts[at % ROM_POSTS_SHOWN]);
}

static void expectations_check(const struct rom_judge *judge, struct rom_cases *cases)
{
    char name[ROM_LINE_MAX], detail[DETAIL_SIZE];
    for (unsigned i = 0; i < judge->expect_count; i++) {
        const struct rom_pattern *pattern = &judge->expect[i];
        snprintf(name, sizeof name, "expect-serial '%s'", pattern->text);
        rom_cases_add_text(cases, pattern->met ? ROM_PASS : ROM_FAIL, name,
                           pattern->met ? "" : "no line matched");
    }
    for (unsigned i = 0; i < judge->fail_on_count; i++) {
        const struct rom_pattern *pattern = &judge->fail_on[i];
        snprintf(name, sizeof name, "fail-on '%s'", pattern->text);
        if (pattern->met)
            rom_cases_add_text(cases, ROM_FAIL, name, pattern->line);
    }
    unsigned wanted = judge->wants->posts_count;
    if (wanted == 0)
        return;
    char seen[4 * ROM_POSTS_SHOWN];
    posts_describe(judge, seen, sizeof seen);
    bool met = judge->posts_met == wanted;
    snprintf(detail, sizeof detail, "%u of %u codes came in order; %02X did not; the last codes: %s",
             judge->posts_met, wanted, met ? 0 : judge->wants->posts[judge->posts_met], seen);
    rom_cases_add_text(cases, met ? ROM_PASS : ROM_FAIL, "expect-post", met ? "" : detail);
}

/* ---- the end ---- */

/* The check that was running when the guest stopped: by its TEST line, or else by what came before it. */
static void running_name(const struct rom_judge *judge, const struct rom_cases *cases, char *name,
                         size_t size)
{
    if (judge->debugcon.running[0] != '\0')
        snprintf(name, size, "%s", judge->debugcon.running);
    else if (judge->serial.running[0] != '\0')
        snprintf(name, size, "%s", judge->serial.running);
    else if (cases->count > 0)
        snprintf(name, size, "(the check after %s)", cases->list[cases->count - 1].name);
    else if (judge->posts_seen > 0)
        snprintf(name, size, "(after POST code %02X)",
                 judge->posts[(judge->posts_seen - 1) % ROM_POSTS_SHOWN]);
    else
        snprintf(name, size, "(before any result)");
}

static bool stopped_by(const struct report *report, enum machine_stop stop)
{
    return report->end == SESSION_STOPPED && report->stop == stop;
}

/*
 * EXIT_PASSED when the run ended the way a test run may: by the exit port, power-off or restart; or by a halt or a
 * limit, when before that everything has been said.
 */
static int end_status(const struct rom_judge *judge, const struct report *report, bool by_judge)
{
    if (by_judge || stopped_by(report, MACHINE_DEBUG_EXIT))
        return EXIT_PASSED;
    int status = report_exit_status(report);
    bool said_all = rom_judge_has_all(judge);
    bool closed = judge->serial.closed || judge->debugcon.closed;
    if (status == EXIT_TIME_LIMIT && said_all)
        return EXIT_PASSED;
    if (status == EXIT_HALTED && (said_all || closed))
        return EXIT_PASSED;
    return status;
}

static void exit_code_check(const struct rom_judge *judge, const struct report *report,
                            struct rom_cases *cases)
{
    if (!stopped_by(report, MACHINE_DEBUG_EXIT))
        return;
    char detail[DETAIL_SIZE];
    snprintf(detail, sizeof detail, "got=%u want=%u", report->exit_code, judge->wants->pass_code);
    if (report->exit_code != judge->wants->pass_code && cases->of_kind[ROM_FAIL] == 0)
        rom_cases_add_text(cases, ROM_FAIL, "exit-code", detail);
    else if (cases->count == 0)
        rom_cases_add_text(cases, ROM_PASS, "exit-code", "");
}

static void dropped_check(struct rom_cases *cases)
{
    if (cases->dropped == 0)
        return;
    struct rom_case *last = &cases->list[cases->count - 1];
    cases->of_kind[last->kind]--;
    cases->of_kind[ROM_FAIL]++;
    last->kind = ROM_FAIL;
    rom_result_set(&last->name, "(too many result lines)");
    rom_result_set(&last->detail, "no more are kept; the rest was not judged");
}

void rom_judge_finish(struct rom_judge *judge, const struct report *report, bool by_judge,
                      struct rom_result *result)
{
    rom_lines_finish(&judge->serial);
    rom_lines_finish(&judge->debugcon);
    struct rom_cases *cases = &result->cases;
    bool closed = judge->serial.closed || judge->debugcon.closed;
    char name[ROM_LINE_MAX + 64], reason[REPORT_REASON_SIZE];
    report_reason(report, reason);
    if (by_judge)
        snprintf(reason, sizeof reason, "%s",
                 rom_judge_has_failed(judge) ? "ended by a text of --fail-on"
                                             : "all that was expected was seen");
    rom_result_set(&result->end, reason);

    cases_merge(cases, &judge->debugcon.cases, &judge->serial.cases);
    running_name(judge, cases, name, sizeof name);
    int status = end_status(judge, report, by_judge);
    if (status != EXIT_PASSED)
        rom_cases_add_text(cases, ROM_FAIL, name, reason);
    closing_check(&judge->debugcon, cases);
    if (!lines_agree(&judge->debugcon, &judge->serial))
        closing_check(&judge->serial, cases);
    expectations_check(judge, cases);
    exit_code_check(judge, report, cases);
    bool has_result = closed || by_judge || stopped_by(report, MACHINE_DEBUG_EXIT) ||
                      judge->expect_count > 0 || judge->wants->posts_count > 0;
    if (status == EXIT_PASSED && !has_result)
        rom_cases_add_text(cases, ROM_FAIL, "(no result)",
                           "the ROM ended without one: no code on the exit port, no closing line "
                           "\"N passed, N failed, N skipped\", and no text or POST code was expected");
    dropped_check(cases);
    result->status = status != EXIT_PASSED           ? status
                     : cases->of_kind[ROM_FAIL] != 0 ? EXIT_GUEST_FAILED
                                                     : EXIT_PASSED;
}
