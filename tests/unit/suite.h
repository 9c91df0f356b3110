/*
 * The main function of a unit test program: one suite of one case.
 *
 *     UNIT_SUITE("wire", a_wire_tells_its_listener_about_edges, ...)
 */
#ifndef GATE86_TESTS_UNIT_SUITE_H
#define GATE86_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int unit_suite_run(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(all, tests[i]);
    tcase_set_timeout(all, 60);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_SUITE(name, ...)                                               \
    int main(void)                                                          \
    {                                                                       \
        const TTest *const tests[] = {__VA_ARGS__};                         \
        return unit_suite_run(name, tests, sizeof tests / sizeof tests[0]); \
    }

#endif
