/* Words and paths of a manifest. */
#include "main/rom/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r';
}

/* Takes one word in place, without its quotes; returns what follows it, or NULL: a quote is open. */
static char *take_word(char *at, char **word)
{
    char *out = at, quote = '\0';
    *word = at;
    for (; *at != '\0' && (quote != '\0' || !is_blank(*at)); at++) {
        if (quote == '\0' && (*at == '\'' || *at == '"'))
            quote = *at;
        else if (*at == quote)
            quote = '\0';
        else
            *out++ = *at;
    }
    char *rest = *at == '\0' ? at : at + 1;
    *out = '\0';
    return quote == '\0' ? rest : NULL;
}

int manifest_split(char *line, char *words[MANIFEST_WORDS_MAX], struct error *error)
{
    int count = 0;
    for (char *at = line; at != NULL;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0' || *at == '#')
            return count;
        if (count == MANIFEST_WORDS_MAX) {
            error_set(error, ERROR_INPUT, "more than %d words", MANIFEST_WORDS_MAX);
            return -1;
        }
        at = take_word(at, &words[count++]);
    }
    error_set(error, ERROR_INPUT, "a quote is not closed");
    return -1;
}

char *manifest_path(const char *manifest, const char *path)
{
    const char *slash = strrchr(manifest, '/');
    size_t folder = path[0] != '/' && slash != NULL ? (size_t)(slash + 1 - manifest) : 0;
    size_t length = strlen(path);
    char *result = malloc(folder + length + 1);
    INVARIANT(result != NULL);
    memcpy(result, manifest, folder);
    memcpy(result + folder, path, length + 1);
    return result;
}
