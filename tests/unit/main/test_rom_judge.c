/* The judgement of ROMs: lines, the two outputs as one, floods, and results as bytes. */
#include <string.h>

#include "main/exit_status.h"
#include "main/rom/judge.h"
#include "unit/suite.h"

static struct rom_wants wants;
static struct rom_judge judge;
static struct rom_result result;

static void begin(void)
{
    rom_judge_init(&judge, &wants);
    rom_result_init(&result);
}

static void serial(const char *text)
{
    rom_judge_serial(&judge, (const uint8_t *)text, strlen(text));
}

static void debugcon(const char *text)
{
    rom_judge_debugcon(&judge, (const uint8_t *)text, strlen(text));
}

/* The run ends with this code on the exit port. */
static void finish(uint8_t exit_code)
{
    const struct report report = {.end = SESSION_STOPPED, .stop = MACHINE_DEBUG_EXIT, .exit_code = exit_code};
    rom_judge_finish(&judge, &report, false, &result);
}

static void end(void)
{
    rom_judge_free(&judge);
    rom_result_free(&result);
    memset(&wants, 0, sizeof wants);
}

static void expect_case(size_t number, enum rom_case_kind kind, const char *name, const char *detail)
{
    ck_assert_uint_lt(number, result.cases.count);
    ck_assert_int_eq(result.cases.list[number].kind, kind);
    ck_assert_str_eq(result.cases.list[number].name, name);
    ck_assert_str_eq(result.cases.list[number].detail, detail);
}

START_TEST(lines_are_read_whatever_pieces_they_come_in)
{
    begin();
    serial("noise\r\nPA");
    serial("SS a.b  \r\nFAIL c.d  got=1");
    serial(" want=2\n\n\nPASS: a name of words\nPASSED x\nPASS\nxPASS y\nSKIP e");
    finish(1);
    ck_assert_uint_eq(result.cases.count, 4);
    expect_case(0, ROM_PASS, "a.b", "");
    expect_case(1, ROM_FAIL, "c.d", "got=1 want=2");
    expect_case(2, ROM_PASS, "a name of words", "");
    expect_case(3, ROM_SKIP, "e", "");
    ck_assert_int_eq(result.status, EXIT_GUEST_FAILED);
    end();
}
END_TEST

START_TEST(both_outputs_are_one_list_with_the_worse_result)
{
    begin();
    debugcon("PASS a\nPASS b\nPASS c\nPASS e\n4 passed, 0 failed, 0 skipped\n");
    serial("PASS a\nFAIL b why\nPASS d\nPASS e\nPASS f\n4 passed, 1 failed, 0 skipped\n");
    finish(0);
    ck_assert_uint_eq(result.cases.count, 6);
    expect_case(0, ROM_PASS, "a", "");
    expect_case(1, ROM_FAIL, "b", "why");
    expect_case(2, ROM_PASS, "c", "");
    expect_case(3, ROM_PASS, "d", "");
    expect_case(4, ROM_PASS, "e", "");
    expect_case(5, ROM_PASS, "f", "");
    ck_assert_int_eq(result.status, EXIT_GUEST_FAILED);
    end();
}
END_TEST

START_TEST(a_guest_that_begins_anew_must_close_anew)
{
    begin();
    serial("PASS a\n1 passed, 0 failed, 0 skipped\nPASS a\n1 passed, 0 failed, 0 skipped\n");
    finish(0);
    ck_assert_int_eq(result.status, EXIT_GUEST_FAILED);
    expect_case(2, ROM_FAIL, "closing-line",
                "1 passed, 0 failed, 0 skipped; but the lines before it were 2, 0 and 0");
    end();
}
END_TEST

START_TEST(a_closing_line_alone_is_a_result)
{
    begin();
    serial("7 passed, 0 failed, 1 skipped\n");
    finish(0);
    ck_assert_int_eq(result.status, EXIT_PASSED);
    expect_case(0, ROM_PASS, "closing-line", "7 passed, 0 failed, 1 skipped");
    end();
    begin();
    serial("7 passed, 2 failed, 1 skipped\n");
    finish(0);
    ck_assert_int_eq(result.status, EXIT_GUEST_FAILED);
    end();
    begin(); /* numbers beyond 64 bits are no closing line */
    serial("99999999999999999999999 passed, 0 failed, 0 skipped\n");
    finish(0);
    expect_case(0, ROM_PASS, "exit-code", "");
    end();
}
END_TEST

START_TEST(the_exit_code_does_not_outvote_anything)
{
    wants.pass_code = 3;
    begin();
    finish(3);
    ck_assert_int_eq(result.status, EXIT_PASSED);
    end();
    wants.pass_code = 3;
    begin();
    finish(0);
    ck_assert_int_eq(result.status, EXIT_GUEST_FAILED);
    expect_case(0, ROM_FAIL, "exit-code", "got=0 want=3");
    end();
}
END_TEST

START_TEST(a_flood_of_results_fails_and_stays_in_bounds)
{
    static uint8_t line[ROM_LINE_MAX + 8];
    begin();
    memset(line, 'x', sizeof line);
    memcpy(line, "PASS ", 5);
    line[ROM_LINE_MAX - 1] = '\n';
    for (unsigned i = 0; i < ROM_CASES_TEXT_MAX / ROM_LINE_MAX + 1000; i++)
        rom_judge_serial(&judge, line, ROM_LINE_MAX);
    finish(0);
    ck_assert_int_eq(result.status, EXIT_GUEST_FAILED);
    ck_assert_uint_le(result.cases.text, ROM_CASES_TEXT_MAX);
    ck_assert_uint_eq(result.cases.of_kind[ROM_FAIL], 1);
    end();

    begin(); /* a line without an end, with zeros in it */
    memset(line, 0, 100);
    for (unsigned i = 0; i < 1000; i++)
        rom_judge_serial(&judge, line, sizeof line);
    finish(0);
    ck_assert_int_eq(result.status, EXIT_PASSED);
    end();
}
END_TEST

START_TEST(the_tail_is_whole_lines_of_text)
{
    struct rom_lines lines;
    static struct rom_judge listener;
    rom_judge_init(&listener, &wants);
    rom_lines_init(&lines, listener.serial.on_line, &listener);
    rom_lines_write(&lines, (const uint8_t *)"one\r\n\x1b[1mtwo\xff\n", 15);
    char *tail = rom_lines_tail(&lines);
    ck_assert_str_eq(tail, "one\n[1mtwo?\n");
    free(tail);
    for (unsigned i = 0; i < 1000; i++)
        rom_lines_write(&lines, (const uint8_t *)"0123456789\n", 11);
    tail = rom_lines_tail(&lines);
    ck_assert_uint_le(strlen(tail), ROM_TAIL_MAX);
    ck_assert_uint_gt(strlen(tail), ROM_TAIL_MAX - 12);
    ck_assert_int_eq(strncmp(tail, "0123456789\n0123", 15), 0);
    free(tail);
    rom_lines_free(&lines);
    rom_judge_free(&listener);
}
END_TEST

START_TEST(results_travel_as_bytes_and_cut_ones_are_refused)
{
    begin();
    serial("PASS a\nFAIL b why not\nSKIP c\n");
    finish(1);
    result.instructions = 12345678901;
    rom_result_set(&result.explanation, "two\nlines");
    size_t count;
    uint8_t *bytes = rom_result_pack(&result, &count);
    struct rom_result copy;
    rom_result_init(&copy);
    ck_assert(rom_result_unpack(bytes, count, &copy));
    ck_assert_uint_eq(copy.cases.count, 3);
    ck_assert_str_eq(copy.cases.list[1].detail, "why not");
    ck_assert_str_eq(copy.explanation, "two\nlines");
    ck_assert_str_eq(copy.end, result.end);
    ck_assert_uint_eq(copy.instructions, 12345678901);
    ck_assert_int_eq(copy.status, EXIT_GUEST_FAILED);
    rom_result_free(&copy);
    for (size_t cut = 0; cut < count; cut++) {
        rom_result_init(&copy);
        ck_assert(!rom_result_unpack(bytes, cut, &copy));
        rom_result_free(&copy);
    }
    free(bytes);
    end();
}
END_TEST

UNIT_SUITE("rom_judge", lines_are_read_whatever_pieces_they_come_in,
           both_outputs_are_one_list_with_the_worse_result, a_guest_that_begins_anew_must_close_anew,
           a_closing_line_alone_is_a_result, the_exit_code_does_not_outvote_anything,
           a_flood_of_results_fails_and_stays_in_bounds, the_tail_is_whole_lines_of_text,
           results_travel_as_bytes_and_cut_ones_are_refused)
