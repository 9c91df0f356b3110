/* Nearest word by optimal string alignment distance. */
#include "main/suggest.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned suggest_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > SUGGEST_WORD_MAX || b_length > SUGGEST_WORD_MAX)
        return SUGGEST_WORD_MAX + 1;
    /* Three rows of the table are enough: a swap looks two rows back. */
    unsigned rows[3][SUGGEST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

void suggest_consider(struct suggestion *suggestion, const char *known)
{
    /* A third of the letters wrong is still a slip; more is another word. */
    unsigned distance = suggest_distance(suggestion->word, known);
    if (distance > SUGGEST_WORD_MAX || distance > (strlen(suggestion->word) + 2) / 3)
        return;
    if (suggestion->nearest == NULL || distance < suggestion->distance) {
        suggestion->nearest = known;
        suggestion->distance = distance;
    }
}
