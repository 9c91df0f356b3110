/* Result lines. */
#include "main/rom/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

void rom_lines_init(struct rom_lines *lines, rom_line_callback *on_line, void *context)
{
    memset(lines, 0, sizeof *lines);
    lines->on_line = on_line;
    lines->context = context;
}

void rom_lines_free(struct rom_lines *lines)
{
    rom_cases_free(&lines->cases);
}

static bool take_number(const char **text, uint64_t *number)
{
    const char *at = *text;
    uint64_t value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (value > UINT64_MAX / 10 - 1)
            return false;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (at == *text)
        return false;
    *text = at;
    *number = value;
    return true;
}

static bool take_word(const char **text, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool read_closing(const char *line, uint64_t closing[ROM_CASE_KINDS])
{
    return take_number(&line, &closing[ROM_PASS]) && take_word(&line, " passed, ") &&
           take_number(&line, &closing[ROM_FAIL]) && take_word(&line, " failed, ") &&
           take_number(&line, &closing[ROM_SKIP]) && take_word(&line, " skipped") && *line == '\0';
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static void read_result(struct rom_lines *lines, enum rom_case_kind kind, const char *rest)
{
    bool whole = *rest == ':';
    const char *name = skip_blanks(rest + whole);
    size_t length = whole ? strlen(name) : strcspn(name, " \t");
    if (length == 0)
        return;
    const char *detail = skip_blanks(name + length);
    rom_cases_add(&lines->cases, kind, name, length, detail, strlen(detail));
    lines->running[0] = '\0';
    lines->closed = false; /* results after it: the guest began anew, and this is no end */
}

static void read_line(struct rom_lines *lines)
{
    static const char *const words[ROM_CASE_KINDS] = {"PASS", "FAIL", "SKIP"};
    char *line = lines->line;
    uint64_t closing[ROM_CASE_KINDS];
    if (read_closing(line, closing)) {
        memcpy(lines->closing, closing, sizeof closing);
        lines->closed = true;
    }
    if (strncmp(line, "TEST ", 5) == 0) {
        const char *name = skip_blanks(line + 5);
        memcpy(lines->running, name, strlen(name) + 1); /* a line fits: both are ROM_LINE_MAX */
        lines->closed = false;
    }
    for (unsigned kind = 0; kind < ROM_CASE_KINDS; kind++) {
        if (strncmp(line, words[kind], 4) == 0 && (line[4] == ' ' || line[4] == ':'))
            read_result(lines, (enum rom_case_kind)kind, line + 4);
    }
    lines->on_line(lines->context, line);
}

static void end_line(struct rom_lines *lines)
{
    while (lines->used > 0 && strchr("\r \t", lines->line[lines->used - 1]) != NULL)
        lines->used--;
    lines->line[lines->used] = '\0';
    if (lines->used > 0)
        read_line(lines);
    lines->used = 0;
}

void rom_lines_write(struct rom_lines *lines, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lines->tail[lines->bytes++ % ROM_TAIL_MAX] = (char)bytes[i];
        if (bytes[i] == '\n') {
            end_line(lines);
        } else if (bytes[i] != '\0') {
            lines->line[lines->used++] = (char)bytes[i];
            if (lines->used == ROM_LINE_MAX)
                end_line(lines);
        }
    }
}

void rom_lines_finish(struct rom_lines *lines)
{
    end_line(lines);
}

char *rom_lines_tail(const struct rom_lines *lines)
{
    size_t count = lines->bytes < ROM_TAIL_MAX ? (size_t)lines->bytes : ROM_TAIL_MAX;
    char *text = malloc(count + 1);
    INVARIANT(text != NULL);
    size_t used = 0;
    bool whole = count == lines->bytes; /* else the first line has lost its beginning */
    for (uint64_t at = lines->bytes - count; at < lines->bytes; at++) {
        unsigned char byte = (unsigned char)lines->tail[at % ROM_TAIL_MAX];
        if (whole && (byte == '\n' || byte == '\t' || (byte >= ' ' && byte < 0x7f)))
            text[used++] = (char)byte;
        else if (whole && byte >= 0x7f)
            text[used++] = '?';
        whole = whole || byte == '\n';
    }
    text[used] = '\0';
    return text;
}
