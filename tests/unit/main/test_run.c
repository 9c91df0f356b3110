/* `gate86 run` as a whole, around a fake machine: in a child process, on pipes and on a pseudo-terminal. */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "main/run.h"
#include "unit/fake_machine.h"
#include "unit/suite.h"

#define WORDS_MAX 16

/* What the program did, seen from outside. */
static struct {
    int status; /* of waitpid */
    char out[8192], err[8192];
} seen;

static int run_words(const char *line)
{
    char copy[512], *words[WORDS_MAX];
    int count = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    return run_main(count, words);
}

static void read_all(int descriptor, char *text, size_t size)
{
    size_t used = 0;
    for (ssize_t count; (count = read(descriptor, text + used, size - 1 - used)) > 0;)
        used += (size_t)count;
    text[used] = '\0';
    close(descriptor);
}

/* Runs the command with standard input from `typed`, and fills in `seen`. */
static void run_piped(const char *line, const char *typed)
{
    int in[2], out[2], err[2];
    ck_assert(pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        for (int i = 3; i < 20; i++)
            close(i);
        _exit(run_words(line));
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    ck_assert_int_eq(write(in[1], typed, strlen(typed)), (ssize_t)strlen(typed));
    close(in[1]);
    read_all(out[0], seen.out, sizeof seen.out);
    read_all(err[0], seen.err, sizeof seen.err);
    ck_assert_int_eq(waitpid(child, &seen.status, 0), child);
}

static void expect_exit(int status)
{
    ck_assert_msg(WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == status,
                  "wait status %x instead of exit %d; %s", (unsigned)seen.status, status, seen.err);
}

START_TEST(a_guest_that_powers_off_passes)
{
    fake_reset(1234567);
    fake.says = "hello\r\n";
    run_piped("kernel", "");
    expect_exit(0);
    ck_assert_str_eq(seen.out, "hello\r\n");
    ck_assert_ptr_nonnull(strstr(seen.err, "gate86: a guest of the tests\n"));
    ck_assert_ptr_nonnull(strstr(seen.err, "gate86: powered off: 1,234,567 instructions, "));
    ck_assert_ptr_null(strstr(seen.err, "explanation"));
}
END_TEST

START_TEST(failures_are_explained)
{
    static const struct {
        enum machine_stop stop;
        int status;
    } ends[] = {{MACHINE_SHUTDOWN, 64}, {MACHINE_HALTED, 66}, {MACHINE_UNIMPLEMENTED, 67}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        fake_reset(5000);
        fake.stop = ends[i].stop;
        run_piped("kernel", "");
        expect_exit(ends[i].status);
        ck_assert_ptr_nonnull(strstr(seen.err, "explanation of the fake machine\n"));
    }
}
END_TEST

START_TEST(limits_have_exit_status_65)
{
    fake_reset(UINT64_MAX);
    run_piped("kernel --max-instructions 1500000", "");
    expect_exit(65);
    ck_assert_ptr_nonnull(strstr(seen.err, "limit of instructions: 1,500,000 instructions"));
    run_piped("kernel --timeout 0.05", "");
    expect_exit(65);
}
END_TEST

START_TEST(usage_and_input_errors_are_told_apart)
{
    fake_reset(1);
    run_piped("kernel --memroy 5", "");
    expect_exit(2);
    ck_assert_str_eq(seen.err, "gate86 run: unknown option '--memroy': did you mean --memory?\n");
    run_piped("kernel --serial terminal", "");
    expect_exit(2);
    fake.load_error = "truncated at byte 17";
    run_piped("kernel", "");
    expect_exit(3);
    ck_assert_str_eq(seen.err, "gate86 run: kernel: truncated at byte 17\n");
}
END_TEST

START_TEST(the_state_hash_is_printed_on_request)
{
    fake_reset(1);
    run_piped("kernel --print-state-hash", "");
    expect_exit(0);
    ck_assert_ptr_nonnull(strstr(seen.err, "gate86: state hash 9e3779b97f4a7c15\n"));
}
END_TEST

START_TEST(piped_input_reaches_the_guest)
{
    fake_reset(UINT64_MAX);
    fake.stop_on = "uname -a\n";
    run_piped("kernel --timeout 20", "uname -a\n");
    expect_exit(0);
}
END_TEST

START_TEST(a_signal_ends_with_the_closing_line_and_by_that_signal)
{
    fake_reset(UINT64_MAX);
    fake.raises = SIGTERM;
    run_piped("kernel", "");
    ck_assert(WIFSIGNALED(seen.status));
    ck_assert_int_eq(WTERMSIG(seen.status), SIGTERM);
    ck_assert_ptr_nonnull(strstr(seen.err, "gate86: ended by a signal: 0 instructions"));
}
END_TEST

START_TEST(a_full_disk_is_not_success)
{
    fake_reset(1);
    fake.says = "text";
    run_piped("kernel --serial file:/dev/full", "");
    expect_exit(3);
    ck_assert_ptr_nonnull(
        strstr(seen.err, "cannot write the guest's output to /dev/full: No space left on device"));
}
END_TEST

START_TEST(a_reader_that_goes_away_is_not_success)
{
    int in = open("/dev/null", O_RDONLY), out[2];
    ck_assert_int_eq(pipe(out), 0);
    close(out[0]); /* before the guest says a word */
    fake_reset(UINT64_MAX);
    fake.says = "text";
    pid_t child = fork();
    if (child == 0) {
        dup2(in, 0);
        dup2(out[1], 1);
        close(out[1]);
        _exit(run_words("kernel"));
    }
    close(out[1]);
    ck_assert_int_eq(waitpid(child, &seen.status, 0), child);
    expect_exit(3);
}
END_TEST

START_TEST(the_debug_console_has_its_own_place)
{
    fake_reset(1);
    fake.says = "serial ";
    fake.debugs = "debug";
    run_piped("kernel", "");
    ck_assert_str_eq(seen.out, "serial ");
    run_piped("kernel --debugcon stdio", "");
    ck_assert_str_eq(seen.out, "serial debug");
    run_piped("kernel --debugcon stderr", "");
    ck_assert_str_eq(seen.out, "serial ");
    ck_assert_ptr_nonnull(strstr(seen.err, "debug"));
    run_piped("kernel --debugcon stdio --serial null", "");
    ck_assert_str_eq(seen.out, "debug");
}
END_TEST

/* A user at a pseudo-terminal. */
static struct {
    int master;
    pid_t child;
    struct termios before;
} user;

/* False where there are no pseudo-terminals (a chroot without /dev/pts): the test cannot be made there. */
static bool sit_down(const char *line)
{
    struct winsize window = {24, 80, 0, 0};
    int slave;
    if (openpty(&user.master, &slave, NULL, NULL, &window) != 0) {
        ck_assert_int_eq(access("/dev/pts/ptmx", F_OK), -1);
        printf("skipped: no pseudo-terminals here\n");
        return false;
    }
    ck_assert_int_eq(tcgetattr(slave, &user.before), 0);
    user.child = fork();
    if (user.child == 0) {
        close(user.master);
        login_tty(slave);
        _exit(run_words(line));
    }
    close(slave);
    memset(&seen, 0, sizeof seen);
    return true;
}

/* Reads the screen until it shows the text. */
static void see(const char *text)
{
    size_t used = strlen(seen.out);
    while (strstr(seen.out, text) == NULL) {
        ssize_t count = read(user.master, seen.out + used, sizeof seen.out - 1 - used);
        ck_assert_msg(count > 0, "'%s' never came; the screen shows: %s", text, seen.out);
        used += (size_t)count;
        seen.out[used] = '\0';
    }
}

static void press(const char *keys)
{
    ck_assert_int_eq(write(user.master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* The settings of the terminal, seen from the master's side. */
static bool terminal_is_raw(void)
{
    struct termios now;
    ck_assert_int_eq(tcgetattr(user.master, &now), 0);
    return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

static void expect_terminal_as_before(void)
{
    struct termios now;
    ck_assert_int_eq(waitpid(user.child, &seen.status, 0), user.child);
    ck_assert_int_eq(tcgetattr(user.master, &now), 0);
    ck_assert_uint_eq(now.c_lflag, user.before.c_lflag);
    ck_assert_uint_eq(now.c_iflag, user.before.c_iflag);
    ck_assert_uint_eq(now.c_oflag, user.before.c_oflag);
}

START_TEST(on_a_terminal_the_escape_key_is_told_and_ends_the_run)
{
    fake_reset(UINT64_MAX);
    fake.halt_ns = 50000000;
    fake.says = "login: ";
    if (!sit_down("kernel"))
        return;
    see("Ctrl-A x ends the run");
    see("login: ");
    ck_assert(terminal_is_raw());
    press("root\001h");
    see("keys after Ctrl-A\r\n");
    press("\001x");
    see("\r\ngate86: ended by the user: ");
    expect_terminal_as_before();
    expect_exit(0);
}
END_TEST

START_TEST(typed_characters_reach_the_guest_at_once_and_ctrl_c_too)
{
    fake_reset(UINT64_MAX);
    fake.halt_ns = 3600000000000;
    fake.says = "ready";
    fake.stop_on = "\003!";
    fake.ready_at = UINT64_MAX;
    if (!sit_down("kernel"))
        return;
    see("ready");
    press("\003!");
    see("gate86: powered off");
    expect_terminal_as_before();
    expect_exit(0);
}
END_TEST

static void expect_restored_after(int number)
{
    fake_reset(UINT64_MAX);
    fake.halt_ns = 50000000;
    fake.says = "ready";
    if (!sit_down("kernel"))
        return;
    see("ready");
    kill(user.child, number);
    expect_terminal_as_before();
    ck_assert(!WIFEXITED(seen.status) || WEXITSTATUS(seen.status) != 0);
}

START_TEST(the_terminal_is_restored_after_signals_and_aborts)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        expect_restored_after(numbers[i]);
}
END_TEST

START_TEST(stopping_and_continuing_the_program_keeps_the_terminal_right)
{
    fake_reset(UINT64_MAX);
    fake.halt_ns = 50000000;
    fake.says = "ready";
    if (!sit_down("kernel"))
        return;
    see("ready");
    kill(user.child, SIGTSTP);
    ck_assert_int_eq(waitpid(user.child, &seen.status, WUNTRACED), user.child);
    ck_assert(WIFSTOPPED(seen.status));
    ck_assert(!terminal_is_raw());
    kill(user.child, SIGCONT);
    for (int i = 0; i < 500 && !terminal_is_raw(); i++)
        usleep(10000);
    ck_assert(terminal_is_raw());
    press("\001x");
    expect_terminal_as_before();
    expect_exit(0);
}
END_TEST

UNIT_SUITE("run", a_guest_that_powers_off_passes, failures_are_explained, limits_have_exit_status_65,
           usage_and_input_errors_are_told_apart, the_state_hash_is_printed_on_request,
           piped_input_reaches_the_guest, a_signal_ends_with_the_closing_line_and_by_that_signal,
           a_full_disk_is_not_success, a_reader_that_goes_away_is_not_success,
           the_debug_console_has_its_own_place, on_a_terminal_the_escape_key_is_told_and_ends_the_run,
           typed_characters_reach_the_guest_at_once_and_ctrl_c_too,
           the_terminal_is_restored_after_signals_and_aborts,
           stopping_and_continuing_the_program_keeps_the_terminal_right)
