/* What the program says, and the table at the end. Text leaves by NtDisplayString, so every line is a system call. */
#include "nt/user.h"

#define LINE_LENGTH   250
#define CHAPTERS_MOST 16

static uint16_t line[LINE_LENGTH];
static unsigned line_length;

static struct {
    const char *title;
    uint32_t checks, failed;
} chapters[CHAPTERS_MOST];
static unsigned chapter_count;

static void put(char character)
{
    if (line_length < LINE_LENGTH)
        line[line_length++] = (uint8_t)character;
}

void say_padded(const char *text, unsigned width)
{
    for (; *text != '\0'; text++) {
        put(*text);
        width -= width != 0;
    }
    while (width-- != 0)
        put(' ');
}

void say(const char *text)
{
    say_padded(text, 0);
}

void say_hex(uint32_t value, unsigned digits)
{
    while (digits-- != 0)
        put("0123456789ABCDEF"[value >> (4 * digits) & 15]);
    put('h');
}

void say_number(uint32_t value, unsigned width)
{
    char digits[10];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (; width > count; width--)
        put(' ');
    while (count != 0)
        put(digits[--count]);
}

void say_end(void)
{
    put('\n');
    const struct UNICODE_STRING string = {(uint16_t)(2 * line_length), sizeof line, line};
    line_length = 0;
    NtDisplayString(&string);
}

void say_line(const char *text)
{
    say(text);
    say_end();
}

void chapter(const char *title)
{
    if (chapter_count == CHAPTERS_MOST)
        NtTerminateProcess(CURRENT_PROCESS, 255);
    chapters[chapter_count++].title = title;
    say_end();
    say_number(chapter_count, 0);
    say(". ");
    say_line(title);
}

void check(int good, const char *what)
{
    say(good ? "   ok     " : "   WRONG  ");
    say_line(what);
    chapters[chapter_count - 1].checks++;
    chapters[chapter_count - 1].failed += !good;
}

uint32_t checks_table(void)
{
    uint32_t failed = 0;
    say_end();
    say_padded("chapter", 52);
    say_line("checks  wrong");
    for (unsigned i = 0; i < chapter_count; i++) {
        say_number(i + 1, 2);
        say(". ");
        say_padded(chapters[i].title, 48);
        say_number(chapters[i].checks, 6);
        say_number(chapters[i].failed, 7);
        say_end();
        failed += chapters[i].failed;
    }
    return failed;
}
