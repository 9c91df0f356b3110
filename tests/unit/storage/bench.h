/* What the tests of images share: a folder that vanishes, random numbers, and the second opinion of qemu-img. */
#ifndef GATE86_TESTS_UNIT_STORAGE_BENCH_H
#define GATE86_TESTS_UNIT_STORAGE_BENCH_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "storage/medium.h"
#include "unit/suite.h"

#define KIB 1024u
#define MIB (1024u * 1024u)

#define NO_ERROR       \
    {                  \
        ERROR_NONE, "" \
    }

/* True, or the test fails with the error's text. */
#define must(call) ck_assert_msg((call), "%s: %s", #call, error.text)

/* False, with a text that names what is wanted. */
#define must_fail(call, wanted)                                                                       \
    do {                                                                                              \
        ck_assert_msg(!(call), "%s: succeeded", #call);                                               \
        ck_assert_msg(strstr(error.text, wanted) != NULL, "%s: '%s' without '%s'", #call, error.text, \
                      wanted);                                                                        \
    } while (0)

struct folder {
    char path[64];
};

__attribute__((unused)) static struct folder folder_make(void)
{
    /* In memory where that is usual: the tests flush often. */
    struct folder folder = {"/dev/shm/gate86-storage-XXXXXX"};
    if (access("/dev/shm", W_OK) != 0)
        strcpy(folder.path, "/tmp/gate86-storage-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    ck_assert_int_eq(chdir(folder.path), 0);
    return folder;
}

/* Runs a shell command; its exit status. What it says is kept in the file `said`. */
__attribute__((unused, format(printf, 1, 2))) static int shell(const char *format, ...)
{
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(command, sizeof command - 16, format, arguments);
    va_end(arguments);
    ck_assert(length > 0 && length < (int)sizeof command - 16);
    strcat(command, " >said 2>&1");
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* What the last command said. */
__attribute__((unused)) static const char *said(void)
{
    static char text[1000]; /* a failed test can tell no more */
    FILE *file = fopen("said", "r");
    size_t size = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    text[size] = '\0';
    if (file != NULL)
        fclose(file);
    return text;
}

__attribute__((unused)) static void folder_remove(const struct folder *folder)
{
    char command[128];
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder->path);
    ck_assert_int_eq(system(command), 0);
}

/* qemu-img is a second opinion; where it is missing the test says so and is content with ours. */
__attribute__((unused)) static bool have_qemu_img(void)
{
    if (system("command -v qemu-img >/dev/null 2>&1") == 0)
        return true;
    printf("qemu-img is missing (package qemu-utils): its opinion is not asked\n");
    return false;
}

/* qemu-img check: no error, and no leak unless they are allowed (status 3). */
__attribute__((unused)) static void check_image(const char *path, bool leaks_allowed)
{
    int status = shell("(qemu-img check %s >out 2>&1; s=$?; grep -v ^Leaked out; exit $s)", path);
    ck_assert_msg(status == 0 || (leaks_allowed && status == 3), "qemu-img check %s: status %d: %s", path,
                  status, said());
}

struct dice {
    uint64_t state;
};

__attribute__((unused)) static uint64_t dice_roll(struct dice *dice)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return dice->state * 0x2545f4914f6cdd1du >> 16;
}

__attribute__((unused)) static uint64_t dice_below(struct dice *dice, uint64_t limit)
{
    return dice_roll(dice) % limit;
}

__attribute__((unused)) static void dice_fill(struct dice *dice, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 4) {
        uint32_t four = (uint32_t)dice_roll(dice);
        memcpy(bytes + i, &four, size - i < 4 ? size - i : 4);
    }
}

__attribute__((unused)) static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

__attribute__((unused)) static struct medium *open_image(const char *path, bool read_only)
{
    struct error error = NO_ERROR;
    struct medium_options options = {.read_only = read_only};
    struct medium *medium = medium_open(path, &options, &error);
    ck_assert_msg(medium != NULL, "%s", error.text);
    return medium;
}

__attribute__((unused)) static void close_image(struct medium *medium)
{
    struct error error = NO_ERROR;
    must(medium_close(medium, &error));
}

__attribute__((unused)) static void create_image(const char *path, const struct medium_plan *plan)
{
    struct error error = NO_ERROR;
    struct medium *medium = medium_create(path, plan, false, &error);
    ck_assert_msg(medium != NULL, "%s", error.text);
    must(medium_publish(medium, false, &error));
    close_image(medium);
}

#endif
