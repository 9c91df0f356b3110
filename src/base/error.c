/* Texts of host errors. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_fill(struct error *error, enum error_kind kind, const char *format, va_list arguments)
{
    error->kind = kind;
    vsnprintf(error->text, sizeof error->text, format, arguments);
}

static void error_append(struct error *error, const char *text)
{
    size_t used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, "%s", text);
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_fill(error, kind, format, arguments);
    va_end(arguments);
    return false;
}

bool error_set_errno(struct error *error, enum error_kind kind, const char *format, ...)
{
    int code = errno; /* before the calls below can change it */
    va_list arguments;
    va_start(arguments, format);
    error_fill(error, kind, format, arguments);
    va_end(arguments);
    error_append(error, ": ");
    error_append(error, strerror(code));
    return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
    char below[sizeof error->text];
    memcpy(below, error->text, sizeof below);
    va_list arguments;
    va_start(arguments, format);
    error_fill(error, error->kind, format, arguments);
    va_end(arguments);
    error_append(error, ": ");
    error_append(error, below);
    return false;
}
