/* Options from a table. */
#include <string.h>

#include "main/options.h"
#include "unit/suite.h"

static const struct option_row rows[] = {
    {"memory", "m", "SIZE", "how much", 1},
    {"reboot", NULL, NULL, "first line\nsecond line", 2},
    {"hidden", NULL, NULL, NULL, 3},
    {"a-very-long-name-for-an-option", NULL, "VALUE", "below", 4},
    {NULL, NULL, NULL, NULL, 0},
};

static struct options options;
static struct error error;

/* The words are separated by single blanks. */
static void begin(const char *line)
{
    static char copy[256];
    static char *words[16];
    int count = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    options_init(&options, rows, "gate86 test", count, words);
}

START_TEST(all_spellings_of_an_option_are_the_same)
{
    static const char *const lines[] = {"--memory 64", "--memory=64", "-memory 64",
                                        "-m 64",       "-m=64",       "--m=64"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        begin(lines[i]);
        ck_assert_int_eq(options_next(&options, &error), 1);
        ck_assert_str_eq(options.value, "64");
        ck_assert_int_eq(options_next(&options, &error), OPTION_END);
    }
}
END_TEST

START_TEST(words_and_options_mix)
{
    begin("one --reboot two");
    ck_assert_int_eq(options_next(&options, &error), OPTION_WORD);
    ck_assert_str_eq(options.value, "one");
    ck_assert_int_eq(options_next(&options, &error), 2);
    ck_assert_int_eq(options_next(&options, &error), OPTION_WORD);
    ck_assert_str_eq(options.value, "two");
}
END_TEST

START_TEST(after_two_dashes_everything_is_a_word)
{
    begin("-- --reboot --");
    ck_assert_int_eq(options_next(&options, &error), OPTION_WORD);
    ck_assert_str_eq(options.value, "--reboot");
    ck_assert_int_eq(options_next(&options, &error), OPTION_WORD);
    ck_assert_str_eq(options.value, "--");
}
END_TEST

START_TEST(a_mistyped_option_is_answered_with_the_nearest)
{
    begin("--memroy=64");
    ck_assert_int_eq(options_next(&options, &error), OPTION_BAD);
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    ck_assert_str_eq(error.text, "unknown option '--memroy': did you mean --memory?");
    begin("--zzzzzz");
    ck_assert_int_eq(options_next(&options, &error), OPTION_BAD);
    ck_assert_str_eq(error.text, "unknown option '--zzzzzz': 'gate86 test --help' lists the options");
}
END_TEST

START_TEST(missing_and_superfluous_values_are_named)
{
    begin("-m");
    ck_assert_int_eq(options_next(&options, &error), OPTION_BAD);
    ck_assert_str_eq(error.text, "-m needs a value: -m SIZE");
    begin("--reboot=yes");
    ck_assert_int_eq(options_next(&options, &error), OPTION_BAD);
    ck_assert_str_eq(error.text, "--reboot takes no value, but was given 'yes'");
}
END_TEST

static bool size_of(const char *text, uint64_t *bytes)
{
    options.spelling = "--memory";
    options.value = text;
    return option_size(&options, 1u << 20, bytes, &error);
}

START_TEST(sizes_have_units)
{
    uint64_t bytes;
    ck_assert(size_of("64", &bytes) && bytes == 64u << 20);
    ck_assert(size_of("64M", &bytes) && bytes == 64u << 20);
    ck_assert(size_of("64MiB", &bytes) && bytes == 64u << 20);
    ck_assert(size_of("1g", &bytes) && bytes == 1u << 30);
    ck_assert(size_of("2048K", &bytes) && bytes == 2u << 20);
    ck_assert(size_of("0x40", &bytes) && bytes == 64u << 20);
    static const char *const wrong[] = {
        "", "M", "-1", "0", "64P", "64Mx", "6 4", "99999999999999999999", "18446744073709551615G"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!size_of(wrong[i], &bytes), "'%s' was taken", wrong[i]);
    ck_assert(!size_of("lots", &bytes));
    ck_assert_str_eq(error.text, "--memory lots: a size is needed, such as 64M, 1G or 512K");
}
END_TEST

START_TEST(numbers_stay_in_their_range)
{
    uint64_t number;
    options.spelling = "--n";
    options.value = "0x10";
    ck_assert(option_number(&options, 1, 16, &number, &error) && number == 16);
    options.value = "17";
    ck_assert(!option_number(&options, 1, 16, &number, &error));
    ck_assert_str_eq(error.text, "--n 17: a number from 1 to 16 is needed, decimal or 0x...");
    options.value = "5x";
    ck_assert(!option_number(&options, 1, 16, &number, &error));
    options.value = "-3";
    ck_assert(!option_number(&options, 1, UINT64_MAX, &number, &error));
}
END_TEST

START_TEST(seconds_may_have_decimals)
{
    uint64_t nanoseconds;
    options.spelling = "--timeout";
    options.value = "0.5";
    ck_assert(option_seconds(&options, &nanoseconds, &error) && nanoseconds == 500000000u);
    options.value = "90";
    ck_assert(option_seconds(&options, &nanoseconds, &error) && nanoseconds == 90000000000u);
    static const char *const wrong[] = {"", "0", "-1", "nan", "inf", "1e30", "5s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        options.value = wrong[i];
        ck_assert_msg(!option_seconds(&options, &nanoseconds, &error), "'%s' was taken", wrong[i]);
    }
}
END_TEST

START_TEST(help_comes_from_the_table)
{
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    options_print(rows, out);
    fclose(out);
    ck_assert_str_eq(text, "  --memory, -m SIZE           how much\n"
                           "  --reboot                    first line\n"
                           "                              second line\n"
                           "  --a-very-long-name-for-an-option VALUE\n"
                           "                              below\n");
}
END_TEST

UNIT_SUITE("options", all_spellings_of_an_option_are_the_same, words_and_options_mix,
           after_two_dashes_everything_is_a_word, a_mistyped_option_is_answered_with_the_nearest,
           missing_and_superfluous_values_are_named, sizes_have_units, numbers_stay_in_their_range,
           seconds_may_have_decimals, help_comes_from_the_table)
