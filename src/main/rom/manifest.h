/*
 * Manifests: one ROM a line, with its options as on the command line. Words are separated by blanks; '...' and "..."
 * hold blanks together; '#' at the beginning of a word starts a comment.
 */
#ifndef GATE86_MAIN_ROM_MANIFEST_H
#define GATE86_MAIN_ROM_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define MANIFEST_WORDS_MAX 128

/*
 * Splits the line, which must live as long as the words, in place. Returns the number of words, or -1 with *error set
 * (ERROR_INPUT: an open quote, too many words).
 */
int manifest_split(char *line, char *words[MANIFEST_WORDS_MAX], struct error *error);

/* A path of a manifest: relative ones count from the manifest's folder. The caller frees the result. */
char *manifest_path(const char *manifest, const char *path);

#endif
