/* `gate86 image`: its sub-commands, and `create`. */
#include "main/image.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "host/signals.h"
#include "main/exit_status.h"
#include "main/suggest.h"

static const struct {
    const char *name, *summary;
    bool (*main)(int count, char *const *words, struct error *error);
} commands[] = {
    {"info", "tell what an image is", image_info},
    {"create", "make an empty image, or one upon a backing file", image_create},
    {"convert", "copy an image into another format", image_convert},
};

static void print_help(FILE *out)
{
    fputs("Usage: gate86 image COMMAND [OPTION]...\n"
          "Look at disk, CD and floppy images, make them, convert them.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'gate86 image COMMAND --help' tells about a command. Formats are raw and qcow2.\n", out);
}

bool image_option_format(const struct options *options, enum medium_format *format, struct error *error)
{
    return medium_format_parse(options->value, format) ||
           error_set(error, ERROR_USAGE, "%s %s: the formats are raw and qcow2", options->spelling,
                     options->value);
}

enum medium_format image_format_by_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && strcmp(dot, ".qcow2") == 0 ? MEDIUM_QCOW2 : MEDIUM_RAW;
}

enum {
    CREATE_FORMAT = 1,
    CREATE_BACKING,
    CREATE_BACKING_FORMAT,
    CREATE_CLUSTER,
    CREATE_REFCOUNT,
    CREATE_VERSION,
    CREATE_FORCE,
    CREATE_HELP
};

/* clang-format off */
static const struct option_row create_rows[] = {
    {"format", "f", "FORMAT", "raw or qcow2 (default: qcow2 for names ending in .qcow2,\n"
                              "else raw)", CREATE_FORMAT},
    {"backing", "b", "FILE", "what is not written is read from this image, named from\n"
                             "the new image's folder; SIZE may then be left out", CREATE_BACKING},
    {"backing-format", "F", "FORMAT", "its format (default: by its contents)", CREATE_BACKING_FORMAT},
    {"cluster-size", NULL, "SIZE", "qcow2: 512 to 2M (default 64K)", CREATE_CLUSTER},
    {"refcount-bits", NULL, "N", "qcow2: 1 to 64 (default 16)", CREATE_REFCOUNT},
    {"qcow2-version", NULL, "N", "2 or 3 (default)", CREATE_VERSION},
    {"force", NULL, NULL, "replace an existing file", CREATE_FORCE},
    {"help", "h", NULL, "this text", CREATE_HELP},
    {NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

struct create {
    struct medium_plan plan;
    const char *path;
    bool force, help, sized;
};

/* The first word is the file, the second its size. */
static bool create_word(struct create *create, struct options *options, struct error *error)
{
    if (create->path == NULL) {
        create->path = options->value;
        return true;
    }
    if (create->sized)
        return error_set(error, ERROR_USAGE, "'%s' is one word too many", options->value);
    create->sized = true;
    options->spelling = "size";
    return option_size(options, 1, &create->plan.size, error);
}

static bool create_option(struct create *create, struct options *options, int id, struct error *error)
{
    uint64_t number = 0;
    bool good = true;
    switch (id) {
    case CREATE_FORMAT:
        return image_option_format(options, &create->plan.format, error);
    case CREATE_BACKING:
        create->plan.backing = options->value;
        return true;
    case CREATE_BACKING_FORMAT:
        return image_option_format(options, &create->plan.backing_format, error);
    case CREATE_CLUSTER:
        good = option_size(options, 1, &number, error);
        /* What is no cluster size is refused where all of them are known. */
        create->plan.cluster_size = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
        return good;
    case CREATE_REFCOUNT:
        good = option_number(options, 1, 64, &number, error);
        create->plan.refcount_bits = (unsigned)number;
        return good;
    case CREATE_VERSION:
        good = option_number(options, 2, 3, &number, error);
        create->plan.version = (unsigned)number;
        return good;
    case CREATE_FORCE:
        create->force = true;
        return true;
    case CREATE_HELP:
        create->help = true;
        return true;
    default:
        return create_word(create, options, error);
    }
}

static bool create_parse(struct create *create, int count, char *const *words, struct error *error)
{
    struct options options;
    *create = (struct create){.path = NULL};
    options_init(&options, create_rows, "gate86 image create", count, words);
    int id;
    while ((id = options_next(&options, error)) != OPTION_END && !create->help) {
        if (id == OPTION_BAD || !create_option(create, &options, id, error))
            return false;
    }
    if (create->help)
        return true;
    if (create->path == NULL)
        return error_set(error, ERROR_USAGE, "a file is needed: gate86 image create disk.qcow2 4G");
    if (create->plan.format == MEDIUM_ANY)
        create->plan.format = image_format_by_name(create->path);
    return true;
}

bool image_create(int count, char *const *words, struct error *error)
{
    struct create create;
    if (!create_parse(&create, count, words, error))
        return false;
    if (create.help) {
        fputs("Usage: gate86 image create [OPTION]... FILE [SIZE]\n"
              "Make an image in which all is zero. SIZE is in bytes, or with K, M, G or T.\n\n",
              stdout);
        options_print(create_rows, stdout);
        return true;
    }
    struct medium *medium = medium_create(create.path, &create.plan, create.force, error);
    if (medium == NULL)
        return false;
    struct error other;
    bool good = medium_publish(medium, create.force, error);
    return medium_close(medium, good ? error : &other) && good;
}

static int unknown_command(const char *word)
{
    struct suggestion suggestion = {word, NULL, 0};
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        suggest_consider(&suggestion, commands[i].name);
    if (suggestion.nearest != NULL)
        fprintf(stderr, "gate86 image: unknown command '%s': did you mean '%s'?\n", word, suggestion.nearest);
    else
        fprintf(stderr, "gate86 image: unknown command '%s': there are info, create and convert\n", word);
    return EXIT_USAGE;
}

int image_main(int count, char *const *words)
{
    struct error error = {ERROR_NONE, ""};
    if (count == 0) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0) {
        print_help(stdout);
        return EXIT_PASSED;
    }
    size_t i = 0;
    while (i < ARRAY_LENGTH(commands) && strcmp(commands[i].name, words[0]) != 0)
        i++;
    if (i == ARRAY_LENGTH(commands))
        return unknown_command(words[0]);
    /* A signal, or a limit on the size of files, must not leave an image half made under its name. */
    signals_watch(NULL);
    bool good = commands[i].main(count - 1, words + 1, &error);
    int number = signals_caught();
    signals_unwatch();
    if (number != 0)
        signals_end(number);
    if (good)
        return EXIT_PASSED;
    fprintf(stderr, "gate86 image %s: %s\n", commands[i].name, error.text);
    return error.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_INPUT;
}
