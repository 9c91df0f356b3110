/* One line per message, one message per oddity. */
#include "base/log.h"

#include <stdarg.h>

void log_init(struct log *log, FILE *out)
{
    log->out = out;
    log->keys_used = 0;
}

static void log_print(struct log *log, const char *format, va_list arguments)
{
    if (!log->out)
        return;
    fputs("gate86: ", log->out);
    vfprintf(log->out, format, arguments);
    fputc('\n', log->out);
    fflush(log->out);
}

void log_line(struct log *log, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_print(log, format, arguments);
    va_end(arguments);
}

/* True when the key is new. The key that fills the table is still told; those after it are not. */
static bool log_remember(struct log *log, uint64_t key)
{
    for (unsigned i = 0; i < log->keys_used; i++) {
        if (log->keys[i] == key)
            return false;
    }
    if (log->keys_used == LOG_KEYS_MAX)
        return false;
    log->keys[log->keys_used++] = key;
    return true;
}

void log_once(struct log *log, uint64_t key, const char *format, ...)
{
    if (!log_remember(log, key))
        return;
    va_list arguments;
    va_start(arguments, format);
    log_print(log, format, arguments);
    va_end(arguments);
    if (log->keys_used == LOG_KEYS_MAX)
        log_line(log, "%d different oddities told; further ones are not", LOG_KEYS_MAX);
}
