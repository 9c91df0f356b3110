/* What a C library would give. */
#include "linux26/format.h"
#include "linux26/init/init.h"

int32_t my_pid = 1;
int has_sysenter;

static uint32_t text_length(const char *text)
{
    uint32_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

int32_t call(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    return call_page(number, a, b, c, 0, 0, 0);
}

/* A line is one write, so that lines of several processes do not mix. */
void say(const char *format, ...)
{
    char line[180], whole[200];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof line, format, arguments);
    va_end(arguments);
    unsigned at = 0;
    for (const char *from = my_pid == 1 ? "    init    " : "    child   "; *from != '\0'; from++)
        whole[at++] = *from;
    for (const char *from = line; *from != '\0'; from++)
        whole[at++] = *from;
    whole[at++] = '\n';
    call(CALL_WRITE, 1, (uint32_t)whole, at);
}

void title(const char *text)
{
    call(CALL_WRITE, 1, (uint32_t) "\n", 1);
    call(CALL_WRITE, 1, (uint32_t)text, text_length(text));
    call(CALL_WRITE, 1, (uint32_t) "\n", 1);
}

void expect(int good, const char *what)
{
    call(CALL_CHECK, (uint32_t)good, (uint32_t)what, 0);
}

struct counters counters_get(void)
{
    struct counters counters;
    call(CALL_COUNTERS, (uint32_t)&counters, 0, 0);
    return counters;
}

int call_is_good(uint32_t i)
{
    struct observed o = {CALL_GETPID, i, ~i, i * 3, i ^ 0x5a5a5a5a, i << 8, i + 0x80000000, EFLAGS_IF, 0};
    call_observed(&o);
    return o.eax == (uint32_t)my_pid && o.ebx == i && o.ecx == ~i && o.edx == i * 3 &&
           o.esi == (i ^ 0x5a5a5a5a) && o.edi == i << 8 && o.ebp == i + 0x80000000 && o.moved == 0 &&
           o.eflags & EFLAGS_IF;
}

int32_t fork(void)
{
    const int32_t pid = call(CALL_FORK, 0, 0, 0);
    if (pid == 0)
        my_pid = call(CALL_GETPID, 0, 0, 0);
    return pid;
}

void exit(uint32_t status)
{
    for (;;)
        call(CALL_EXIT, status, 0, 0);
}

int32_t wait_for(int32_t pid, uint32_t *status)
{
    return call(CALL_WAITPID, (uint32_t)pid, (uint32_t)status, 0);
}

int32_t wait_for_now(int32_t pid)
{
    return call(CALL_WAITPID, (uint32_t)pid, 0, WNOHANG);
}

void sleep_ms(uint32_t milliseconds)
{
    const struct timespec time = {0, (int32_t)milliseconds * MILLISECONDS};
    call(CALL_NANOSLEEP, (uint32_t)&time, 0, 0);
}

void alarm_ms(uint32_t milliseconds, uint32_t interval)
{
    const struct itimerval timer = {{0, (int32_t)interval * 1000}, {0, (int32_t)milliseconds * 1000}};
    call(CALL_SETITIMER, 0, (uint32_t)&timer, 0);
}

uint32_t stack_new(void)
{
    return PAGE_SIZE + (uint32_t)call_page(CALL_MMAP2, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS,
                                           (uint32_t)-1, 0);
}

void action_set(uint32_t signal, void (*handler)(int, struct siginfo *, struct ucontext *), uint32_t flags)
{
    const struct sigaction action = {.handler = (uint32_t)handler, .flags = flags};
    call(CALL_RT_SIGACTION, signal, (uint32_t)&action, 0);
}

/* By INT 80h: no page may vanish under its own call. */
void page_choose(enum vsyscall variant)
{
    call_int80(CALL_VSYSCALL, variant, 0, 0, 0, 0, 0);
}

const char *page_name(enum vsyscall variant)
{
    return variant == VSYSCALL_INT80      ? "INT 80h"
           : variant == VSYSCALL_SYSENTER ? "SYSENTER, jump back"
                                          : "SYSENTER, then INT 80h";
}
