/* Text from numbers, for kernel and program alike. */
#ifndef IMAGES_LINUX26_FORMAT_H
#define IMAGES_LINUX26_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Of printf's language: %s, %d, %u and %x, each with a width and - (left) or 0. %x prints capitals, without an
 * h after them. Always ends `out` with a zero; answers the length.
 */
size_t format_text(char *out, size_t size, const char *format, va_list arguments);

#endif
