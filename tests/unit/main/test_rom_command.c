/*
 * `gate86 rom` as a whole, on ROMs made here: each of 64 KiB, which print a text on COM1 and port E9h from real-address mode
 * and then end in the way that is tested.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "main/rom/command.h"
#include "unit/suite.h"

#define ROM_SIZE 65536
#define TEXT_AT  0x0200
#define ZERO_AT  0x8000 /* an interrupt table without a byte */

static char folder[64];

static struct {
    int status;
    char out[65536], err[8192];
} seen;

/* The code after the text has been printed. */
#define EXIT_WITH(code) "\xb0" code "\xe6\xf4"             /* mov al, code / out 0F4h, al */
#define HALT            "\xfa\xf4\xeb\xfd"                 /* cli / hlt / jmp $-1 */
#define HANG            "\xeb\xfe"                         /* jmp $ */
#define TRIPLE_FAULT    "\x2e\x0f\x01\x1e\x00\x80\xcd\x20" /* lidt cs:[8000h] / int 20h */
#define POST(code)      "\xb0" code "\xe6\x80"             /* mov al, code / out 80h, al */

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

static void make_rom_bytes(const char *name, const char *text, const char *code, size_t code_size)
{
    /* mov si, 200h / next: cs lodsb / test al, al / jz end / out 0E9h, al / mov dx, 3F8h / out dx, al / jmp next */
    static const char print[] = "\xbe\x00\x02\x2e\xac\x84\xc0\x74\x08\xe6\xe9\xba\xf8\x03\xee\xeb\xf2";
    static const char reset[] = "\xea\x00\x00\x00\xf0"; /* jmp 0F000h:0 */
    static uint8_t rom[ROM_SIZE];
    memset(rom, 0, sizeof rom);
    memcpy(rom, print, sizeof print - 1);
    memcpy(rom + sizeof print - 1, code, code_size);
    memcpy(rom + TEXT_AT, text, strlen(text));
    memcpy(rom + 0xfff0, reset, sizeof reset - 1);
    write_file(name, rom, sizeof rom);
}
#define make_rom(name, text, code) make_rom_bytes(name, text, code, sizeof(code) - 1)

static void read_all(FILE *file, char *text, size_t size)
{
    rewind(file);
    size_t used = fread(text, 1, size - 1, file);
    text[used] = '\0';
    fclose(file);
}

/* Runs the command in the folder of the ROMs; the words are separated by single blanks, "_" in a word is a blank. */
static void run(const char *line)
{
    char copy[1024], *words[64];
    int count = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        for (char *at = word; (at = strchr(at, '_')) != NULL;)
            *at = ' ';
        words[count++] = word;
    }
    FILE *out = tmpfile(), *err = tmpfile();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(out), 1);
        dup2(fileno(err), 2);
        if (chdir(folder) != 0)
            _exit(99);
        int status = rom_main(count, words);
        fflush(NULL);
        _exit(status);
    }
    ck_assert_int_eq(waitpid(child, &seen.status, 0), child);
    read_all(out, seen.out, sizeof seen.out);
    read_all(err, seen.err, sizeof seen.err);
    ck_assert_msg(WIFEXITED(seen.status), "ended by a signal: %s", seen.err);
    seen.status = WEXITSTATUS(seen.status);
}

static void expect(const char *line, int status, const char *text)
{
    run(line);
    ck_assert_msg(seen.status == status, "'%s' gave %d instead of %d:\n%s%s", line, seen.status, status,
                  seen.out, seen.err);
    ck_assert_msg(strstr(seen.out, text) != NULL || strstr(seen.err, text) != NULL,
                  "'%s' did not say '%s':\n%s%s", line, text, seen.out, seen.err);
}

#define GOOD_TEXT "PASS one.a\r\nSKIP one.b no such thing\r\n1 passed, 0 failed, 1 skipped\r\n"
#define BAD_TEXT  "PASS one.a\r\nFAIL one.b got=1 want=2\r\n1 passed, 1 failed, 0 skipped\r\n"

START_TEST(a_good_rom_passes)
{
    make_rom("good.rom", GOOD_TEXT, EXIT_WITH("\x00"));
    expect("good.rom", 0, "PASS good: 1 passed, 0 failed, 1 skipped; debug exit with code 0; ");
    ck_assert_ptr_nonnull(strstr(seen.out, "\nPASS: 1 of 1 ROMs passed; 1 passed, 0 failed, 1 skipped\n"));
    make_rom("halts.rom", GOOD_TEXT, HALT);
    expect("halts.rom", 0, "PASS halts: ");
    make_rom("silent.rom", "", EXIT_WITH("\x00"));
    expect("silent.rom", 0, "PASS silent: 1 passed");
}
END_TEST

START_TEST(failures_have_status_1)
{
    make_rom("bad.rom", BAD_TEXT, EXIT_WITH("\x01"));
    expect("bad.rom", 1, "  FAIL one.b  got=1 want=2\n");
    make_rom("liar.rom", BAD_TEXT, EXIT_WITH("\x00"));
    expect("liar.rom", 1, "  FAIL one.b  got=1 want=2\n");
    make_rom("code.rom", "", EXIT_WITH("\x07"));
    expect("code.rom", 1, "  FAIL exit-code  got=7 want=0\n");
    expect("code.rom --pass-code 7", 0, "PASS code");
    make_rom("wrong.rom", "PASS one.a\n2 passed, 0 failed, 0 skipped\n", EXIT_WITH("\x00"));
    expect("wrong.rom", 1,
           "FAIL closing-line  2 passed, 0 failed, 0 skipped; but the lines before it were 1, 0 and 0");
}
END_TEST

START_TEST(nothing_seen_is_no_success)
{
    make_rom("mute.rom", "", HALT);
    expect("mute.rom", 66, "FAIL (before any result)  halted for ever");
    make_rom("open.rom", "PASS one.a\n", HALT);
    expect("open.rom", 66, "FAIL (the check after one.a)  halted for ever");
    make_rom("empty.rom", "0 passed, 0 failed, 0 skipped\n", EXIT_WITH("\x00"));
    expect("empty.rom", 1, "no check was run");
    make_rom("skips.rom", "SKIP one.a no\n0 passed, 0 failed, 1 skipped\n", EXIT_WITH("\x00"));
    expect("skips.rom", 1, "Nothing passed: all checks were skipped.");
    /* mov si, 200h / mov dx, 8900h / mov cx, 8 / rep cs outsb: switched off after a PASS line, but without an end */
    make_rom("off.rom", "Shutdown\nPASS one.a\n", "\xbe\x00\x02\xba\x00\x89\xb9\x08\x00\xf3\x2e\x6e" HALT);
    expect("off.rom", 1, "FAIL (no result)  the ROM ended without one");
    expect("off.rom --expect-serial one.a", 0, "PASS off: 2 passed");
}
END_TEST

START_TEST(hangs_shutdowns_and_limits_have_their_status)
{
    make_rom("triple.rom", "PASS one.a\nTEST one.b\n", TRIPLE_FAULT);
    expect("triple.rom", 64, "FAIL one.b  triple fault");
    ck_assert_ptr_nonnull(strstr(seen.out, "The processor is shut down"));
    make_rom("hang.rom", "PASS one.a\n", HANG);
    expect("hang.rom --max-instructions 100000", 65, "FAIL (the check after one.a)  limit of instructions");
    expect("hang.rom --timeout 0.1", 65, "FAIL (the check after one.a)  time limit of the host's seconds");
    expect("triple.rom --triple-fault reset --max-instructions 20000", 65,
           "FAIL one.b  limit of instructions");
}
END_TEST

START_TEST(expected_texts_decide)
{
    make_rom("text.rom", "ready\nAll tests passed.\n", HANG);
    expect("text.rom --expect-serial ^All_tests_passed", 0, "PASS text: 1 passed");
    expect("text.rom --expect-serial ^All_tests_passed --expect-serial never --max-instructions 100000", 65,
           "FAIL expect-serial 'never'  no line matched");
    expect("text.rom --expect-serial ready --fail-on All.*passed", 1,
           "FAIL fail-on 'All.*passed'  All tests passed.");
    make_rom("then.rom", "ready\n", TRIPLE_FAULT);
    expect("then.rom --expect-serial ready", 64, "triple fault");
    make_rom("code.rom", "ready\n", EXIT_WITH("\x02"));
    expect("code.rom --expect-serial ready", 1, "FAIL exit-code  got=2 want=0");
    expect("code.rom --expect-serial (", 2, "'(' is no extended regular expression");
}
END_TEST

START_TEST(post_codes_decide)
{
    make_rom("post.rom", "", POST("\x01") POST("\x02") POST("\xff") HALT);
    expect("post.rom --expect-post 01,FF", 0, "PASS post: 1 passed");
    expect("post.rom --expect-post 02,01", 66,
           "1 of 2 codes came in order; 01 did not; the last codes: 01 02 FF");
    ck_assert_ptr_nonnull(strstr(seen.out, "FAIL (after POST code FF)  halted for ever"));
    expect("post.rom --expect-post 100", 2, "two hexadecimal digits");
    make_rom("port.rom", "", "\xb0\x05\xe6\x84\xba\x01\x05\xb0\x09\xee" HALT); /* 5 to 84h, 9 to 501h */
    expect("port.rom --post-port 0x84 --expect-post 5 --exit-port 0x501 --pass-code 9", 0,
           "debug exit: the guest");
    expect("port.rom --exit-port 0x3f6", 2, "port 03F8h belongs to another part");
}
END_TEST

START_TEST(the_worst_of_several_is_told)
{
    make_rom("good.rom", GOOD_TEXT, EXIT_WITH("\x00"));
    make_rom("bad.rom", BAD_TEXT, EXIT_WITH("\x01"));
    make_rom("triple.rom", "", TRIPLE_FAULT);
    make_rom("mute.rom", "", HALT);
    write_file("short.rom", "no ROM", 6);
    for (int jobs = 1; jobs <= 4; jobs++) {
        char line[256];
        snprintf(line, sizeof line, "good.rom bad.rom mute.rom triple.rom good.rom --jobs %d", jobs);
        expect(line, 64, "\nFAIL: 2 of 5 ROMs passed; 3 passed, 3 failed, 2 skipped\n");
        const char *at = seen.out;
        static const char *const order[] = {
            "PASS good:", "FAIL bad:", "FAIL mute:", "FAIL triple:", "PASS good@core-duo:"};
        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
            at = strstr(at, order[i]);
            ck_assert_ptr_nonnull(at);
        }
    }
    expect("good.rom bad.rom mute.rom", 66, "FAIL: 1 of 3");
    expect("good.rom bad.rom", 1, "FAIL: 1 of 2");
    expect("good.rom nowhere.rom triple.rom", 3, "nowhere.rom");
    expect("good.rom short.rom", 3, "short.rom");
    expect("--jobs 2", 2, "nothing to run");
    expect("good.rom --cpu z80", 2, "z80");
}
END_TEST

START_TEST(a_manifest_lists_roms_with_options)
{
    make_rom("good.rom", GOOD_TEXT, EXIT_WITH("\x00"));
    make_rom("code.rom", "", EXIT_WITH("\x07"));
    static const char manifest[] = "# our ROMs\n\n  good.rom --cpu 486 --name 'on a 486'  # a comment\n"
                                   "code.rom --pass-code 7 --debugcon \"file:%n debug.txt\"";
    write_file("list", manifest, sizeof manifest - 1);
    expect("--manifest list good.rom", 0, "PASS on a 486: ");
    ck_assert_ptr_nonnull(strstr(seen.out, "PASS code: "));
    ck_assert_ptr_nonnull(strstr(seen.out, "PASS good: "));
    ck_assert_int_eq(access(path_of("code debug.txt"), F_OK), 0);
    expect("--manifest list --shard 2/2", 0, "PASS code: ");
    ck_assert_ptr_null(strstr(seen.out, "486"));
    expect("--manifest list --shard 3/3", 2, "part 3 of 3 of 2 ROMs is empty");
    expect("--manifest list --shard 3/2", 2, "a part is I/N");
    write_file("list", "good.rom\nbad --jobs 2\n", 22);
    expect("--manifest list", 2, "list:2: --jobs belongs on the command line");
    write_file("list", "good.rom --name 'x\n", 19);
    expect("--manifest list", 3, "list:1: a quote is not closed");
    expect("--manifest nowhere", 3, "nowhere");
}
END_TEST

START_TEST(outputs_are_kept_apart)
{
    make_rom("good.rom", GOOD_TEXT, EXIT_WITH("\x00"));
    expect("good.rom good.rom --serial file:all.txt", 2, "two outputs would go to all.txt");
    expect("good.rom good.rom --serial file:%n.txt --cpu 486", 0, "PASS good@486: ");
    ck_assert_int_eq(access(path_of("good.txt"), F_OK), 0);
    ck_assert_int_eq(access(path_of("good@486.txt"), F_OK), 0);
    expect("good.rom --serial stdio", 2, "ROMs write to file:PATH or null");
    expect("good.rom --serial file:/dev/full", 3, "No space left on device");
}
END_TEST

START_TEST(tap_has_a_line_for_each_case)
{
    make_rom("bad.rom", BAD_TEXT, EXIT_WITH("\x01"));
    make_rom("good.rom", GOOD_TEXT, EXIT_WITH("\x00"));
    run("bad.rom good.rom --tap");
    ck_assert_int_eq(seen.status, 1);
    ck_assert_str_eq(seen.out, "TAP version 13\nok 1 - bad: one.a\nnot ok 2 - bad: one.b\n# got=1 want=2\n"
                               "ok 3 - good: one.a\nok 4 - good: one.b # SKIP no such thing\n1..4\n");
}
END_TEST

START_TEST(junit_is_well_formed)
{
    make_rom("bad.rom", "FAIL a<b got=\"1\"&2\x01 want=3\r\nSKIP c why\r\n0 passed, 1 failed, 1 skipped\r\n",
             EXIT_WITH("\x01"));
    expect("bad.rom --junit report.xml", 1, "FAIL bad: ");
    char text[4096];
    FILE *file = fopen(path_of("report.xml"), "r");
    ck_assert_ptr_nonnull(file);
    read_all(file, text, sizeof text);
    ck_assert_ptr_nonnull(
        strstr(text, "<testsuite name=\"bad\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\""));
    ck_assert_ptr_nonnull(strstr(text, "<testcase classname=\"bad\" name=\"a&lt;b\"><failure "
                                       "message=\"got=&quot;1&quot;&amp;2? want=3\"/></testcase>"));
    ck_assert_ptr_nonnull(strstr(text, "name=\"c\"><skipped message=\"why\"/></testcase>"));
    ck_assert_ptr_nonnull(strstr(text, "</testsuites>\n"));
    expect("bad.rom --junit /nowhere/report.xml", 3, "/nowhere/report.xml");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_good_rom_passes,
        failures_have_status_1,
        nothing_seen_is_no_success,
        hangs_shutdowns_and_limits_have_their_status,
        expected_texts_decide,
        post_codes_decide,
        the_worst_of_several_is_told,
        a_manifest_lists_roms_with_options,
        outputs_are_kept_apart,
        tap_has_a_line_for_each_case,
        junit_is_well_formed,
    };
    strcpy(folder, "/tmp/gate86-rom-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    int status = unit_suite_run("rom_command", tests, sizeof tests / sizeof tests[0]);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? status : EXIT_FAILURE;
}
