/* The kept vectors, vectors/ *.txt: what a real processor did, replayed without it. */
#include <glob.h>
#include <string.h>

#include "run.h"
#include "unit/suite.h"
#include "vector.h"

/* A program with its kept outcome; `name` and `number` say which one it is. */
static void vector_check(struct oracle_processor *processor, const struct vector_text *vector,
                         const char *name, unsigned number)
{
    struct run run;
    program_run(processor, &vector->program, &run);
    ck_assert_msg(run.end == RUN_ENDED, "%s, vector %u cannot be run: %s", name, number,
                  run.end == RUN_REFUSED ? run.why : "it does not end");
    const char *stepped = outcome_difference(&run.stepped, &run.free, 0, false);
    ck_assert_msg(stepped == NULL, "%s, vector %u: %s differs when stepped", name, number, stepped);
    const char *difference = outcome_difference(&run.free, &vector->want, vector->undefined, run.loose);
    if (difference != NULL) {
        outcome_print(stdout, "gate86", &run.free);
        outcome_print(stdout, "wanted", &vector->want);
    }
    ck_assert_msg(difference == NULL, "%s, vector %u: %s", name, number, difference);
}

static unsigned file_check(const char *name)
{
    /* Vectors say which memory the host had. */
    struct oracle_processor *processors[4];
    for (uint32_t needs = 0; needs < 4; needs++)
        processors[needs] = processor_new(needs);
    FILE *file = fopen(name, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", name);
    struct vector_text vector;
    const char *error;
    unsigned number = 0;
    while (vector_read(file, &vector, &error))
        vector_check(processors[vector.needs], &vector, name, ++number);
    ck_assert_msg(error == NULL, "%s: %s after vector %u", name, error, number);
    fclose(file);
    for (uint32_t needs = 0; needs < 4; needs++)
        processor_free(processors[needs]);
    return number;
}

START_TEST(every_kept_program_ends_as_it_did_on_a_real_processor)
{
    glob_t files;
    ck_assert_int_eq(glob(ORACLE_VECTORS "/*.txt", 0, NULL, &files), 0);
    unsigned count = 0;
    for (size_t i = 0; i < files.gl_pathc; i++)
        count += file_check(files.gl_pathv[i]);
    ck_assert_uint_gt(count, 0);
    globfree(&files);
}
END_TEST

START_TEST(a_vector_is_read_as_it_was_written)
{
    struct vector_text vector = {
        .needs = ORACLE_LDT,
        .undefined = 0x10,
        .program = {.registers = {1, 2, 3, 4, 5, 6, 7, 8},
                    .eip = 0x20000000,
                    .eflags = 0x202,
                    .segments = {0x2b, 0x23, 0x37, 0x2b, 7, 0},
                    .code_address = 0x20000000,
                    .code_length = 2,
                    .code = {0x90, 0xcc},
                    .patch_count = 1,
                    .patches = {{0x10000000, 0x12345678}}},
        .want = {.registers = {9, 0, 11, 12, 13, 14, 15, 16},
                 .vector = 14,
                 .error_code = 6,
                 .cr2 = 0x1234,
                 .eip = 0x20000001,
                 .eflags = 0x10202,
                 .segments = {0x2b, 0x23, 0x2b, 0x2b, 7, 0},
                 .change_count = 1,
                 .changes = {{0x10000004, 5}}},
    };
    vector.want.change_hash = (0x10000004u * 0x01000193u ^ 5) * 0x01000193u;
    FILE *file = tmpfile();
    vector_write(file, &vector);
    rewind(file);
    struct vector_text read;
    const char *error;
    ck_assert(vector_read(file, &read, &error));
    ck_assert_mem_eq(&read.program, &vector.program, sizeof read.program);
    ck_assert_ptr_null(outcome_difference(&read.want, &vector.want, 0, false));
    ck_assert_uint_eq(read.undefined, vector.undefined);
    ck_assert_uint_eq(read.needs, vector.needs);
    ck_assert(!vector_read(file, &read, &error));
    ck_assert_ptr_null(error);
    fclose(file);
}
END_TEST

START_TEST(a_vector_that_is_not_understood_is_an_error)
{
    static const char *const wrong[] = {"code 20000000 9\nend\n", "eip zz\nend\n", "nonsense\nend\n",
                                        "want vector 0e\nend\n", "eip 20000000\n"};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        FILE *file = tmpfile();
        fputs(wrong[i], file);
        rewind(file);
        struct vector_text read;
        const char *error;
        ck_assert(!vector_read(file, &read, &error));
        ck_assert_msg(error != NULL, "%s", wrong[i]);
        fclose(file);
    }
}
END_TEST

UNIT_SUITE("oracle vectors", every_kept_program_ends_as_it_did_on_a_real_processor,
           a_vector_is_read_as_it_was_written, a_vector_that_is_not_understood_is_an_error)
