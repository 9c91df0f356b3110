#include "linux26/format.h"

#include <stdint.h>

struct output {
    char *at, *end;
};

struct field {
    unsigned width;
    int left, zeros;
};

static void character_put(struct output *output, char character)
{
    if (output->at < output->end)
        *output->at++ = character;
}

static void field_put(struct output *output, struct field field, const char *text)
{
    unsigned length = 0;
    while (text[length] != '\0')
        length++;
    const unsigned padding = field.width > length ? field.width - length : 0;
    for (unsigned i = 0; i < padding && !field.left; i++)
        character_put(output, field.zeros ? '0' : ' ');
    for (; *text != '\0'; text++)
        character_put(output, *text);
    for (unsigned i = 0; i < padding && field.left; i++)
        character_put(output, ' ');
}

static void number_put(struct output *output, struct field field, uint32_t value, unsigned base, int negative)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        *--at = "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value != 0);
    if (negative)
        *--at = '-';
    field_put(output, field, at);
}

static const char *field_parse(const char *format, struct field *field)
{
    *field = (struct field){0, 0, 0};
    for (; *format == '-' || *format == '0'; format++)
        *(*format == '-' ? &field->left : &field->zeros) = 1;
    for (; *format >= '0' && *format <= '9'; format++)
        field->width = field->width * 10 + (unsigned)(*format - '0');
    return format;
}

size_t format_text(char *out, size_t size, const char *format, va_list arguments)
{
    struct output output = {out, out + size - 1};
    struct field field;
    int32_t number;
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            character_put(&output, *format);
            continue;
        }
        format = field_parse(format + 1, &field);
        switch (*format) {
        case 's':
            field_put(&output, field, va_arg(arguments, const char *));
            break;
        case 'd':
            number = va_arg(arguments, int32_t);
            number_put(&output, field, number < 0 ? -(uint32_t)number : (uint32_t)number, 10, number < 0);
            break;
        case 'u':
            number_put(&output, field, va_arg(arguments, uint32_t), 10, 0);
            break;
        case 'x':
            number_put(&output, field, va_arg(arguments, uint32_t), 16, 0);
            break;
        default:
            character_put(&output, *format);
        }
    }
    *output.at = '\0';
    return (size_t)(output.at - out);
}
