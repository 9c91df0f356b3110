#include "markdown.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

#define LINE_MAX_COLUMNS 110

void title_print(FILE *out, const char *title)
{
    fprintf(out, "# %s\n\n", title);
    fputs(
        "<!-- Generated from the tables in src/ by the target `docs`. Do not edit: change the table. -->\n\n",
        out);
}

void paragraph_print(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column > 0 && column + 1 + length > LINE_MAX_COLUMNS) {
            fputc('\n', out);
            column = 0;
        } else if (column > 0) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, length, out);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    fputs("\n\n", out);
}

struct table table_new(const char *headings)
{
    struct table table = {.columns = 1};
    for (const char *p = headings; *p != '\0'; p++)
        table.columns += *p == '|';
    INVARIANT(table.columns <= TABLE_COLUMNS);
    char(*cells)[CELL_MAX] = table_row_add(&table);
    for (unsigned i = 0; i < table.columns; i++) {
        size_t length = strcspn(headings, "|");
        cell_set(cells[i], "%.*s", (int)length, headings);
        headings += length + (headings[length] == '|');
    }
    return table;
}

char (*table_row_add(struct table *table))[CELL_MAX]
{
    size_t row_bytes = sizeof table->cells[0] * table->columns;
    table->cells = realloc(table->cells, row_bytes * (table->rows + 1));
    INVARIANT(table->cells != NULL);
    char(*cells)[CELL_MAX] = table->cells + (size_t)table->rows * table->columns;
    memset(cells, 0, row_bytes);
    table->rows++;
    return cells;
}

/* A few long cells stick out instead of widening their column for all rows. */
#define PADDING_MAX 32

static size_t column_width(const struct table *table, unsigned column)
{
    size_t width = 3; /* the shortest rule that Markdown takes */
    for (unsigned row = 0; row < table->rows; row++) {
        size_t length = strlen(table->cells[(size_t)row * table->columns + column]);
        if (length > width && length <= PADDING_MAX)
            width = length;
    }
    return width;
}

void table_print(struct table *table, FILE *out)
{
    static const char rule[] = "--------------------------------";
    _Static_assert(sizeof rule == PADDING_MAX + 1, "the rule is as long as a column may be");
    for (unsigned row = 0; row < table->rows; row++) {
        for (unsigned column = 0; column < table->columns; column++) {
            const char *cell = table->cells[(size_t)row * table->columns + column];
            fprintf(out, "| %-*s ", (int)column_width(table, column), cell);
        }
        fputs("|\n", out);
        for (unsigned column = 0; row == 0 && column < table->columns; column++)
            fprintf(out, "|-%.*s-", (int)column_width(table, column), rule);
        if (row == 0)
            fputs("|\n", out);
    }
    fputc('\n', out);
    free(table->cells);
    *table = (struct table){0};
}

void cell_set(char cell[CELL_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(cell, CELL_MAX, format, arguments);
    va_end(arguments);
    INVARIANT(length >= 0 && length < CELL_MAX);
    /* A bar would end the cell, and no table has one. */
    INVARIANT(strchr(cell, '|') == NULL);
}

void cell_append(char cell[CELL_MAX], const char *separator, const char *word)
{
    size_t used = strlen(cell);
    int length = snprintf(cell + used, CELL_MAX - used, "%s%s", used > 0 ? separator : "", word);
    INVARIANT(length >= 0 && used + (size_t)length < CELL_MAX);
}

void cell_code(char cell[CELL_MAX], const char *text)
{
    if (text[0] != '\0')
        cell_set(cell, "`%s`", text);
}

void cell_bits(char cell[CELL_MAX], uint64_t mask)
{
    cell[0] = '\0';
    for (int high = 63; high >= 0; high--) {
        if (!(mask >> high & 1))
            continue;
        int low = high;
        while (low > 0 && (mask >> (low - 1) & 1))
            low--;
        char range[16];
        if (low == high)
            snprintf(range, sizeof range, "%d", high);
        else
            snprintf(range, sizeof range, "%d:%d", high, low);
        cell_append(cell, ", ", range);
        high = low;
    }
    if (mask == 0)
        cell_set(cell, "none");
}
