/* Raw terminal (POSIX termios) and its escape key. */
#define _GNU_SOURCE /* fopencookie */
#include "host/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/compiler.h"

#define ESCAPE_KEY 0x01 /* Ctrl-A */

const char terminal_help[] = "gate86: keys after Ctrl-A\r\n"
                             "  x        end the run\r\n"
                             "  Ctrl-A   send one Ctrl-A to the guest (also: a)\r\n"
                             "  h        this help\r\n";

/* Signals that end a program by a fault of ours; the terminal is restored before they take their course. */
static const int crash_signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

/*
 * The exception to "no mutable globals": a process has one controlling terminal, and the handlers that must
 * restore it are given nothing.
 */
static struct {
    volatile sig_atomic_t entered;
    bool registered; /* with atexit */
    struct termios before, raw;
    struct sigaction crash_before[ARRAY_LENGTH(crash_signals)];
    struct sigaction stop_before, continue_before;
} terminal;

bool terminal_present(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

/* May be called in a signal handler: tcsetattr and sigaction are async-signal-safe (POSIX 2.4.3). */
static void restore_settings(void)
{
    if (terminal.entered)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
}

static void restore_handlers(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(crash_signals); i++)
        sigaction(crash_signals[i], &terminal.crash_before[i], NULL);
    sigaction(SIGTSTP, &terminal.stop_before, NULL);
    sigaction(SIGCONT, &terminal.continue_before, NULL);
}

static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    restore_settings();
    terminal.entered = 0;
    restore_handlers();
    /* A fault of the processor happens again on return; a signal that was sent has to be sent again. */
    if (info->si_code <= 0)
        raise(number);
}

static void on_stop(int number)
{
    (void)number;
    int saved = errno;
    restore_settings();
    raise(SIGSTOP);
    errno = saved;
}

static void on_continue(int number)
{
    (void)number;
    int saved = errno;
    if (terminal.entered)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.raw);
    errno = saved;
}

static void install_handlers(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO;
    for (size_t i = 0; i < ARRAY_LENGTH(crash_signals); i++)
        sigaction(crash_signals[i], &action, &terminal.crash_before[i]);
    action.sa_flags = SA_RESTART;
    action.sa_handler = on_stop;
    sigaction(SIGTSTP, &action, &terminal.stop_before);
    action.sa_handler = on_continue;
    sigaction(SIGCONT, &action, &terminal.continue_before);
}

bool terminal_enter(struct error *error)
{
    if (tcgetattr(STDIN_FILENO, &terminal.before) != 0)
        return error_set_errno(error, ERROR_HOST, "standard input is no terminal (use --serial stdio)");
    terminal.raw = terminal.before;
    cfmakeraw(&terminal.raw);
    if (!terminal.registered) {
        terminal.registered = true;
        atexit(terminal_leave);
    }
    install_handlers();
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.raw) != 0) {
        restore_handlers();
        return error_set_errno(error, ERROR_HOST,
                               "cannot switch the terminal to raw mode (use --serial stdio)");
    }
    terminal.entered = 1;
    return true;
}

void terminal_leave(void)
{
    if (!terminal.entered)
        return;
    restore_settings();
    terminal.entered = 0;
    restore_handlers();
}

static ssize_t write_message(void *cookie, const char *text, size_t count)
{
    (void)cookie;
    for (size_t start = 0; start < count;) {
        const char *end = memchr(text + start, '\n', count - start);
        size_t length = end != NULL ? (size_t)(end - text) - start : count - start;
        if (length > 0 && write(STDERR_FILENO, text + start, length) < 0)
            return -1;
        if (end != NULL &&
            write(STDERR_FILENO, terminal.entered ? "\r\n" : "\n", terminal.entered ? 2 : 1) < 0)
            return -1;
        start += length + (end != NULL ? 1 : 0);
    }
    return (ssize_t)count;
}

FILE *terminal_messages(void)
{
    FILE *messages = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_message});
    if (messages != NULL)
        setvbuf(messages, NULL, _IOLBF, BUFSIZ);
    return messages;
}

size_t terminal_filter(struct terminal_escape *escape, uint8_t *bytes, size_t count,
                       enum terminal_request *request)
{
    size_t kept = 0;
    *request = TERMINAL_NOTHING;
    for (size_t i = 0; i < count; i++) {
        uint8_t key = bytes[i];
        if (!escape->pending) {
            if (key == ESCAPE_KEY)
                escape->pending = true;
            else
                bytes[kept++] = key;
            continue;
        }
        escape->pending = false;
        if (key == ESCAPE_KEY || key == 'a') {
            bytes[kept++] = ESCAPE_KEY;
        } else if (key == 'h' || key == '?') {
            *request = TERMINAL_HELP;
        } else if (key == 'x') {
            *request = TERMINAL_QUIT;
            return kept;
        }
    }
    return kept;
}
