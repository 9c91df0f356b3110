/* The log: one line per message, one message per oddity. */
#include <string.h>

#include "base/log.h"
#include "unit/suite.h"

static char *text;
static size_t text_size;

static unsigned lines(void)
{
    unsigned count = 0;
    for (const char *p = text; *p; p++)
        count += *p == '\n';
    return count;
}

START_TEST(a_line_has_the_program_name_before_it)
{
    struct log log;
    FILE *out = open_memstream(&text, &text_size);
    log_init(&log, out);
    log_line(&log, "port %xh", 0x92);
    ck_assert_str_eq(text, "gate86: port 92h\n");
    fclose(out);
    free(text);
}
END_TEST

START_TEST(a_key_is_told_once)
{
    struct log log;
    FILE *out = open_memstream(&text, &text_size);
    log_init(&log, out);
    for (unsigned i = 0; i < 10; i++)
        log_once(&log, i % 2, "oddity %u", i % 2);
    ck_assert_str_eq(text, "gate86: oddity 0\ngate86: oddity 1\n");
    fclose(out);
    free(text);
}
END_TEST

START_TEST(a_full_table_says_so_once_and_then_is_quiet)
{
    struct log log;
    FILE *out = open_memstream(&text, &text_size);
    log_init(&log, out);
    for (unsigned i = 0; i < 3 * LOG_KEYS_MAX; i++)
        log_once(&log, i, "oddity %u", i);
    ck_assert_uint_eq(lines(), LOG_KEYS_MAX + 1);
    ck_assert_ptr_nonnull(strstr(text, "further ones are not\n"));
    fclose(out);
    free(text);
}
END_TEST

START_TEST(a_silent_log_takes_messages)
{
    struct log log;
    log_init(&log, NULL);
    log_line(&log, "nobody hears this");
    log_once(&log, 1, "nor this");
    ck_assert_uint_eq(log.keys_used, 1);
}
END_TEST

UNIT_SUITE("log", a_line_has_the_program_name_before_it, a_key_is_told_once,
           a_full_table_says_so_once_and_then_is_quiet, a_silent_log_takes_messages)
