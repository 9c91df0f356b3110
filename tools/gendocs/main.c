/*
 * gendocs: writes the generated files of docs/, or checks that they are what it would write.
 *
 *     gendocs FOLDER            write them
 *     gendocs --check FOLDER    exit status 1 when a file differs; the first different line is shown
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "document.h"

#define COMMAND "cmake --build --preset release --target docs"

static const struct {
    const char *file;
    void (*write)(FILE *out);
} documents[] = {
    {"instructions.md", document_instructions},
    {"msrs.md", document_msrs},
    {"cpu-models.md", document_cpu_models},
    {"fault-reasons.md", document_fault_reasons},
};

static bool trouble(const char *path)
{
    perror(path);
    return false;
}

/* The document as text, without its last, empty line; the caller frees it. */
static char *document_text(void (*write)(FILE *out), size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (out == NULL)
        return NULL;
    write(out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    if (*size >= 2 && text[*size - 1] == '\n' && text[*size - 2] == '\n')
        text[--*size] = '\0';
    return text;
}

static bool file_write(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return trouble(path);
    bool written = fwrite(text, 1, size, file) == size;
    if (fclose(file) != 0 || !written)
        return trouble(path);
    return true;
}

/* Shows the first line in which a file and the text differ; false when they do. */
static bool file_compare(const char *path, const char *text)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return trouble(path);
    char *line = NULL;
    size_t room = 0;
    bool same = true;
    for (unsigned number = 1; same; number++) {
        ssize_t got = getline(&line, &room, file);
        size_t have = got < 0 ? 0 : (size_t)got;
        size_t wanted = strcspn(text, "\n");
        wanted += text[wanted] == '\n';
        same = have == wanted && (have == 0 || memcmp(line, text, have) == 0);
        if (!same) {
            printf("%s:%u: not what the tables say now\n  file:   %.*s\n  tables: %.*s\n", path, number,
                   (int)(have > 0 ? strcspn(line, "\n") : 0), have > 0 ? line : "", (int)strcspn(text, "\n"),
                   text);
        } else if (have == 0) {
            break;
        }
        text += wanted;
    }
    free(line);
    fclose(file);
    return same;
}

static bool document_handle(size_t i, const char *folder, bool check)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, documents[i].file) >= (int)sizeof path) {
        fprintf(stderr, "gendocs: the folder's name is too long\n");
        return false;
    }
    size_t size = 0;
    char *text = document_text(documents[i].write, &size);
    if (text == NULL)
        return trouble("gendocs");
    bool good = check ? file_compare(path, text) : file_write(path, text, size);
    free(text);
    return good;
}

int main(int argc, char **argv)
{
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    if (argc != 2 && !check) {
        fprintf(stderr, "usage: gendocs [--check] FOLDER\n");
        return 2;
    }
    bool good = true;
    for (size_t i = 0; i < ARRAY_LENGTH(documents); i++)
        good = document_handle(i, argv[argc - 1], check) && good;
    if (check && !good)
        printf("generated files are out of date: run\n    %s\n", COMMAND);
    return good ? 0 : 1;
}
