/* "Did you mean". */
#include <string.h>

#include "main/suggest.h"
#include "unit/suite.h"

START_TEST(distance_counts_slips)
{
    ck_assert_uint_eq(suggest_distance("memory", "memory"), 0);
    ck_assert_uint_eq(suggest_distance("memroy", "memory"), 1); /* swapped */
    ck_assert_uint_eq(suggest_distance("mmory", "memory"), 1);  /* missing */
    ck_assert_uint_eq(suggest_distance("memorys", "memory"), 1);
    ck_assert_uint_eq(suggest_distance("nemory", "memory"), 1);
    ck_assert_uint_eq(suggest_distance("", "cpu"), 3);
    ck_assert_uint_eq(suggest_distance("rom", "cpu"), 3);
}
END_TEST

START_TEST(the_nearest_word_wins_and_far_words_do_not_count)
{
    struct suggestion suggestion = {"debugcom", NULL, 0};
    suggest_consider(&suggestion, "serial");
    ck_assert_ptr_null(suggestion.nearest);
    suggest_consider(&suggestion, "debug");
    suggest_consider(&suggestion, "debugcon");
    suggest_consider(&suggestion, "debug");
    ck_assert_str_eq(suggestion.nearest, "debugcon");
}
END_TEST

START_TEST(very_long_words_have_no_neighbour)
{
    char word[1000];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    ck_assert_uint_gt(suggest_distance(word, "a"), SUGGEST_WORD_MAX);
    ck_assert_uint_gt(suggest_distance("a", word), SUGGEST_WORD_MAX);
    struct suggestion suggestion = {word, NULL, 0};
    suggest_consider(&suggestion, "serial");
    ck_assert_ptr_eq(suggestion.nearest, NULL);
}
END_TEST

UNIT_SUITE("suggest", distance_counts_slips, the_nearest_word_wins_and_far_words_do_not_count,
           very_long_words_have_no_neighbour)
