/* Markdown that can be read as plain text too: prose wrapped, columns of a table aligned. */
#ifndef GATE86_TOOLS_MARKDOWN_H
#define GATE86_TOOLS_MARKDOWN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CELL_MAX      320 /* bytes of a cell with the ending zero */
#define TABLE_COLUMNS 16

struct table {
    unsigned columns;
    unsigned rows; /* with the heading, row 0 */
    char (*cells)[CELL_MAX];
};

/* A title and the notice that the file is generated. */
void title_print(FILE *out, const char *title);

/* A paragraph and the empty line behind it; the text may be broken at every blank. */
void paragraph_print(FILE *out, const char *text);

/* An empty table; `headings` are separated by '|'. To be given to table_print. */
struct table table_new(const char *headings);

/* Adds a row and returns its cells, all empty. They stay where they are until the next call. */
char (*table_row_add(struct table *table))[CELL_MAX];

/* Prints the table and the empty line behind it, and frees it. */
void table_print(struct table *table, FILE *out);

/* A text into a cell. */
void cell_set(char cell[CELL_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One more word of a list into a cell. */
void cell_append(char cell[CELL_MAX], const char *separator, const char *word);

/* `text` in backquotes; an empty text leaves the cell empty. */
void cell_code(char cell[CELL_MAX], const char *text);

/* A mask as the manual writes bits, "63:32, 11, 3:0"; "none" for 0. */
void cell_bits(char cell[CELL_MAX], uint64_t mask);

#endif
