/* "Did you mean": the known word nearest to a mistyped one. */
#ifndef GATE86_MAIN_SUGGEST_H
#define GATE86_MAIN_SUGGEST_H

#include <stddef.h>

/* Longest word that is looked at, bytes; longer ones have no neighbour. */
#define SUGGEST_WORD_MAX 63

/* Letters to insert, delete, replace or swap with a neighbour to turn one word into the other. */
unsigned suggest_distance(const char *a, const char *b);

/* A search: start with {word, NULL, 0}, give it all known words, read `nearest` (NULL: none is near). */
struct suggestion {
    const char *word;
    const char *nearest;
    unsigned distance; /* of nearest */
};

void suggest_consider(struct suggestion *suggestion, const char *known);

#endif
