/* `gate86 image convert`: what is zero takes no room in the copy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/signals.h"
#include "main/image.h"

#define CHUNK      (1u << 20) /* bytes read at once */
#define RAW_HOLE   4096u      /* zeros of that size and alignment are left out of raw images */
#define USUAL_SIZE 65536u     /* of a qcow2 cluster */

enum { CONVERT_FROM = 1, CONVERT_FORMAT, CONVERT_CLUSTER, CONVERT_FORCE, CONVERT_HELP };

/* clang-format off */
static const struct option_row convert_rows[] = {
    {"from", "f", "FORMAT", "raw or qcow2: what SOURCE is (default: by its contents)", CONVERT_FROM},
    {"format", "O", "FORMAT", "raw or qcow2: what TARGET becomes (default: qcow2 for names\n"
                              "ending in .qcow2, else raw)", CONVERT_FORMAT},
    {"cluster-size", NULL, "SIZE", "of a qcow2 TARGET: 512 to 2M (default 64K)", CONVERT_CLUSTER},
    {"force", NULL, NULL, "replace an existing file", CONVERT_FORCE},
    {"help", "h", NULL, "this text", CONVERT_HELP},
    {NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

struct convert {
    struct medium_options source_options;
    struct medium_plan plan;
    const char *source_path, *target_path;
    bool force, help;
    struct medium *source, *target;
    uint8_t *buffer;    /* CHUNK */
    uint64_t hole;      /* smallest run of zeros that is left out, bytes */
    bool progress;      /* standard error is a terminal */
    unsigned per_mille; /* told last */
};

static bool convert_option(struct convert *convert, const struct options *options, int id,
                           struct error *error)
{
    uint64_t number = 0;
    switch (id) {
    case CONVERT_FROM:
        return image_option_format(options, &convert->source_options.format, error);
    case CONVERT_FORMAT:
        return image_option_format(options, &convert->plan.format, error);
    case CONVERT_CLUSTER:
        if (!option_size(options, 1, &number, error))
            return false;
        convert->plan.cluster_size = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
        return true;
    case CONVERT_FORCE:
        convert->force = true;
        return true;
    case CONVERT_HELP:
        convert->help = true;
        return true;
    default:
        if (convert->target_path != NULL)
            return error_set(error, ERROR_USAGE, "'%s' is one word too many", options->value);
        if (convert->source_path == NULL)
            convert->source_path = options->value;
        else
            convert->target_path = options->value;
        return true;
    }
}

static bool convert_parse(struct convert *convert, int count, char *const *words, struct error *error)
{
    struct options options;
    options_init(&options, convert_rows, "gate86 image convert", count, words);
    int id;
    while ((id = options_next(&options, error)) != OPTION_END && !convert->help) {
        if (id == OPTION_BAD || !convert_option(convert, &options, id, error))
            return false;
    }
    if (convert->help)
        return true;
    if (convert->target_path == NULL)
        return error_set(error, ERROR_USAGE,
                         "two files are needed: gate86 image convert disk.raw disk.qcow2");
    convert->source_options.read_only = true;
    if (convert->plan.format == MEDIUM_ANY)
        convert->plan.format = image_format_by_name(convert->target_path);
    return true;
}

static void tell_progress(struct convert *convert, uint64_t done, uint64_t size)
{
    unsigned per_mille = size == 0 ? 1000 : (unsigned)((double)done * 1000 / (double)size);
    if (!convert->progress || per_mille == convert->per_mille)
        return;
    convert->per_mille = per_mille;
    fprintf(stderr, "\r%5.1f %%", per_mille / 10.0);
    fflush(stderr);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* Writes the chunk at `offset` but for its zeros. */
static bool write_data(struct convert *convert, uint64_t offset, size_t length, struct error *error)
{
    size_t start = 0;
    while (start < length) {
        size_t end = start;
        bool zero = true, first = true;
        while (end < length) {
            size_t piece = (size_t)(convert->hole - (offset + end) % convert->hole);
            piece = piece < length - end ? piece : length - end;
            bool piece_zero = is_zero(convert->buffer + end, piece);
            if (!first && piece_zero != zero)
                break;
            zero = piece_zero;
            first = false;
            end += piece;
        }
        if (!zero &&
            !medium_write(convert->target, offset + start, convert->buffer + start, end - start, error))
            return false;
        start = end;
    }
    return true;
}

static bool copy_all(struct convert *convert, struct error *error)
{
    uint64_t size = medium_size(convert->source);
    for (uint64_t offset = 0; offset < size;) {
        struct medium_extent extent;
        if (signals_caught() != 0)
            return error_set(error, ERROR_HOST, "interrupted");
        if (!medium_extent(convert->source, offset, &extent, error))
            return false;
        if (!extent.zero) {
            extent.length = extent.length < CHUNK ? extent.length : CHUNK;
            if (!medium_read(convert->source, offset, convert->buffer, (size_t)extent.length, error) ||
                !write_data(convert, offset, (size_t)extent.length, error))
                return false;
        }
        offset += extent.length;
        tell_progress(convert, offset, size);
    }
    return true;
}

static bool convert_run(struct convert *convert, struct error *error)
{
    convert->source = medium_open(convert->source_path, &convert->source_options, error);
    if (convert->source == NULL)
        return false;
    convert->plan.size = medium_size(convert->source);
    if (convert->plan.size == 0)
        return error_set(error, ERROR_INPUT, "%s: is empty", convert->source_path);
    convert->target = medium_create(convert->target_path, &convert->plan, convert->force, error);
    if (convert->target == NULL)
        return false;
    uint32_t cluster = convert->plan.cluster_size != 0 ? convert->plan.cluster_size : USUAL_SIZE;
    convert->hole = convert->plan.format == MEDIUM_RAW ? RAW_HOLE : cluster;
    convert->progress = isatty(STDERR_FILENO);
    bool good = copy_all(convert, error);
    if (convert->progress)
        fputs("\r       \r", stderr);
    return good && medium_publish(convert->target, convert->force, error);
}

bool image_convert(int count, char *const *words, struct error *error)
{
    struct convert convert = {.source = NULL};
    struct error other;
    if (!convert_parse(&convert, count, words, error))
        return false;
    if (convert.help) {
        fputs("Usage: gate86 image convert [OPTION]... SOURCE TARGET\n"
              "Copy an image, with what its backing files hold, into a new one. TARGET appears when it is\n"
              "complete.\n\n",
              stdout);
        options_print(convert_rows, stdout);
        return true;
    }
    convert.buffer = malloc(CHUNK);
    if (convert.buffer == NULL)
        return error_set(error, ERROR_HOST, "out of memory");
    bool good = convert_run(&convert, error);
    free(convert.buffer);
    if (convert.target != NULL && !medium_close(convert.target, good ? error : &other))
        good = false;
    if (convert.source != NULL && !medium_close(convert.source, good ? error : &other))
        good = false;
    return good;
}
