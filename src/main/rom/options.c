/* Options of `gate86 rom`. */
#include "main/rom/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/invariant.h"
#include "main/rom/manifest.h"

#define COMMAND         "gate86 rom"
#define DEFAULT_TIMEOUT 60000000000u /* ns */

enum {
    ROM_EXIT_PORT = GUEST_OPTIONS_END,
    ROM_PASS_CODE,
    ROM_POST_PORT,
    ROM_EXPECT_POST,
    ROM_EXPECT_SERIAL,
    ROM_FAIL_ON,
    ROM_NAME,
    ROM_ONCE, /* from here on: not in a manifest */
    ROM_MANIFEST = ROM_ONCE,
    ROM_JOBS,
    ROM_SHARD,
    ROM_TAP,
    ROM_JUNIT,
    ROM_HELP,
};

/* clang-format off */
static const struct option_row rom_rows[] = {
    {"manifest", NULL, "FILE", "ROMs from a file, see below; may be repeated", ROM_MANIFEST},
    {"jobs", "j", "N", "run N ROMs at once, each in a process of its own\n"
                       "(default 1)", ROM_JOBS},
    {"shard", NULL, "I/N", "run the I-th of N parts of the list: every N-th ROM,\n"
                           "beginning with number I", ROM_SHARD},
    {"tap", NULL, NULL, "print TAP (Test Anything Protocol) instead of a summary", ROM_TAP},
    {"junit", NULL, "FILE", "write a JUnit report, too", ROM_JUNIT},
    {"exit-port", NULL, "PORT", "the port whose write ends the run (default 0xF4)", ROM_EXIT_PORT},
    {"pass-code", NULL, "N", "the value there that means success (default 0)", ROM_PASS_CODE},
    {"post-port", NULL, "PORT", "the port of POST codes (default 0x80)", ROM_POST_PORT},
    {"expect-post", NULL, "CODES", "POST codes in hexadecimal, 01,02,FF, that must come in\n"
                                   "this order; others may lie between", ROM_EXPECT_POST},
    {"expect-serial", NULL, "REGEX", "a line of the serial line or port E9h must match this\n"
                                     "extended regular expression; may be repeated", ROM_EXPECT_SERIAL},
    {"fail-on", NULL, "REGEX", "no line may match this; the run ends there; may be\n"
                               "repeated", ROM_FAIL_ON},
    {"name", NULL, "NAME", "the ROM's name in reports (default: its file's)", ROM_NAME},
    {"serial", NULL, "WHERE", "keep the first serial line: file:PATH, %n in PATH is the\n"
                              "ROM's name (default null)", GUEST_SERIAL},
    {"debugcon", NULL, "WHERE", "keep port E9h, in the same way", GUEST_DEBUGCON},
    {"timeout", NULL, "SECONDS", "stop a ROM after that much of the host's time, with\n"
                                 "exit status 65 (default 60)", GUEST_TIMEOUT},
    GUEST_OPTION_ROWS,
    {"help", "h", NULL, "this text", ROM_HELP},
    {NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

void rom_options_help(FILE *out)
{
    fputs("Usage: gate86 rom [OPTION]... ROM...\n"
          "Run conformance ROMs and test kernels without a window and tell which checks pass.\n\n",
          out);
    options_print(rom_rows, out);
    fputs("\nA result is a code on the exit port, a closing line \"N passed, N failed, N skipped\", or\n"
          "what --expect-serial and --expect-post ask for. A ROM that ends without one has failed.\n"
          "Lines \"PASS name\", \"FAIL name detail\" and \"SKIP name why\" are cases of the reports. When a\n"
          "ROM hangs or shuts down, the case that was running has failed: the one of the last line\n"
          "\"TEST name\", or else the one after the last result. When all that was expected has been\n"
          "seen, a ROM gets some 10,000,000 instructions to end by itself.\n\n"
          "A manifest has a ROM on each line, followed by options of its own; paths of images count\n"
          "from its folder, quotes hold blanks together, and # starts a comment:\n"
          "  sysenter.rom --cpu 486 --name \"SYSENTER on a 486\"\n"
          "  kernel.elf --expect-serial '^All tests passed'\n\n"
          "Exit status: of several ROMs, the first of these that occurs:\n"
          "   2  the command line is wrong, or there is nothing to run\n"
          "   3  a file or the host is at fault\n"
          "  67  a ROM needs what is not implemented\n"
          "  64  triple fault                    65  time limit\n"
          "  66  halted for ever                 1   a check failed, or there was no result\n"
          "   0  all passed\n",
          out);
}

static const char *keep_string(struct rom_options *options, char *string)
{
    INVARIANT(string != NULL);
    options->strings = realloc(options->strings, (options->strings_count + 1) * sizeof *options->strings);
    INVARIANT(options->strings != NULL);
    options->strings[options->strings_count++] = string;
    return string;
}

/* ---- values ---- */

static bool set_port(const struct options *parsed, uint16_t *port, struct error *error)
{
    uint64_t number;
    if (!option_number(parsed, 1, 0xffff, &number, error))
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool set_posts(const struct options *parsed, struct rom_wants *wants, struct error *error)
{
    wants->posts_count = 0;
    for (const char *at = parsed->value;; at++) {
        char *end;
        unsigned long code = strtoul(at, &end, 16);
        if (end == at || *at == '+' || *at == '-' || code > 0xff || (*end != '\0' && *end != ','))
            return error_set(error, ERROR_USAGE, "%s %s: POST codes are two hexadecimal digits: 01,02,FF",
                             parsed->spelling, parsed->value);
        if (wants->posts_count == ROM_POSTS_MAX)
            return error_set(error, ERROR_USAGE, "%s: no more than %d codes are possible", parsed->spelling,
                             ROM_POSTS_MAX);
        wants->posts[wants->posts_count++] = (uint8_t)code;
        if (*end == '\0')
            return true;
        at = end;
    }
}

static bool add_pattern(const struct options *parsed, const char **patterns, struct error *error)
{
    if (!rom_pattern_check(parsed->value, error))
        return error_prefix(error, "%s", parsed->spelling);
    for (unsigned i = 0; i < ROM_PATTERNS_MAX; i++) {
        if (patterns[i] == NULL) {
            patterns[i] = parsed->value;
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "%s %s: no more than %d are possible", parsed->spelling,
                     parsed->value, ROM_PATTERNS_MAX);
}

static bool set_shard(struct rom_options *options, const struct options *parsed, struct error *error)
{
    char *end;
    unsigned long long shard = strtoull(parsed->value, &end, 10);
    unsigned long long shards = *end == '/' ? strtoull(end + 1, &end, 10) : 0;
    if (*end != '\0' || parsed->value[0] == '-' || shard < 1 || shard > shards || shards > ROM_SHARDS_MAX)
        return error_set(error, ERROR_USAGE, "%s %s: a part is I/N, from 1/N to N/N", parsed->spelling,
                         parsed->value);
    options->shard = shard;
    options->shards = shards;
    return true;
}

/* An option about a ROM, on the command line or in a manifest. */
static bool apply_to_job(struct rom_job *job, int id, const struct options *parsed, struct error *error)
{
    uint64_t number;
    switch (id) {
    case ROM_EXIT_PORT:
        return set_port(parsed, &job->guest.machine.exit_port, error);
    case ROM_POST_PORT:
        return set_port(parsed, &job->guest.machine.post_port, error);
    case ROM_PASS_CODE:
        if (!option_number(parsed, 0, 255, &number, error))
            return false;
        job->wants.pass_code = (uint8_t)number;
        return true;
    case ROM_EXPECT_POST:
        return set_posts(parsed, &job->wants, error);
    case ROM_EXPECT_SERIAL:
        return add_pattern(parsed, job->wants.expect, error);
    case ROM_FAIL_ON:
        return add_pattern(parsed, job->wants.fail_on, error);
    case ROM_NAME:
        job->name = parsed->value;
        return true;
    default:
        return guest_options_apply(&job->guest, id, parsed, error);
    }
}

/* ---- the list ---- */

static void add_job(struct rom_options *options, const struct rom_job *job)
{
    options->jobs = realloc(options->jobs, (options->count + 1) * sizeof *options->jobs);
    INVARIANT(options->jobs != NULL);
    options->jobs[options->count++] = *job;
}

static bool read_line(struct rom_options *options, const char *manifest, char *line,
                      const struct rom_job *defaults, struct error *error)
{
    char *words[MANIFEST_WORDS_MAX];
    int count = manifest_split(line, words, error);
    if (count <= 0)
        return count == 0;
    struct rom_job job = *defaults;
    struct options parsed;
    options_init(&parsed, rom_rows, COMMAND, count, words);
    for (int id; (id = options_next(&parsed, error)) != OPTION_END;) {
        if (id == OPTION_BAD)
            return false;
        if (id >= ROM_ONCE)
            return error_set(error, ERROR_USAGE, "%s belongs on the command line", parsed.spelling);
        if (id == OPTION_WORD || id == GUEST_INITRD || id == GUEST_MODULE)
            parsed.value = keep_string(options, manifest_path(manifest, parsed.value));
        bool taken = id == OPTION_WORD ? guest_options_set_image(&job.guest, parsed.value, error)
                                       : apply_to_job(&job, id, &parsed, error);
        if (!taken)
            return false;
    }
    if (job.guest.image.path == NULL)
        return error_set(error, ERROR_USAGE, "the line names no ROM");
    add_job(options, &job);
    return true;
}

static bool read_manifest(struct rom_options *options, const char *path, const struct rom_job *defaults,
                          struct error *error)
{
    struct file_bytes file;
    if (!file_read(path, ROM_MANIFEST_MAX, &file, error))
        return false;
    char *text = malloc(file.size + 1);
    INVARIANT(text != NULL);
    memcpy(text, file.bytes, file.size);
    text[file.size] = '\0';
    file_bytes_free(&file);
    keep_string(options, text); /* the words stay in it */
    unsigned number = 0;
    for (char *line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        number++;
        if (!read_line(options, path, line, defaults, error))
            return error_prefix(error, "%s:%u", path, number);
        line = end;
    }
    return true;
}

/* ---- names ---- */

/* The file's name without folder and ending. */
static char *name_of_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = strdup(slash != NULL ? slash + 1 : path);
    INVARIANT(name != NULL);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    return name;
}

static bool name_is_taken(const struct rom_options *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options->jobs[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Several runs of one ROM are told apart by the processor model, or else by numbers. */
static void give_names(struct rom_options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        struct rom_job *job = &options->jobs[i];
        if (job->name == NULL)
            job->name = keep_string(options, name_of_file(job->guest.image.path));
        const char *plain = job->name, *cpu = job->guest.machine.cpu;
        for (unsigned number = 1; name_is_taken(options, i, job->name); number++) {
            char name[512];
            if (number == 1)
                snprintf(name, sizeof name, "%.200s@%.200s", plain, cpu != NULL ? cpu : "core-duo");
            else
                snprintf(name, sizeof name, "%.400s-%u", plain, number);
            job->name = keep_string(options, strdup(name));
        }
    }
}

/* ---- output files ---- */

/* Puts the ROM's name in place of %n; a '/' in it would name a folder. */
static char *expand_place(const char *place, const char *name)
{
    size_t marks = 0;
    for (const char *at = place; (at = strstr(at, "%n")) != NULL; at += 2)
        marks++;
    char *result = malloc(strlen(place) + marks * strlen(name) + 1), *out = result;
    INVARIANT(result != NULL);
    for (const char *at = place; *at != '\0';) {
        if (strncmp(at, "%n", 2) != 0) {
            *out++ = *at++;
            continue;
        }
        for (const char *letter = name; *letter != '\0'; letter++)
            *out++ = (char)(*letter == '/' ? '_' : *letter);
        at += 2;
    }
    *out = '\0';
    return result;
}

static bool place_output(struct rom_options *options, const char **place, const char *option,
                         const struct rom_job *job, struct error *error)
{
    if (*place == NULL || strcmp(*place, "null") == 0) {
        *place = "null";
        return true;
    }
    if (strncmp(*place, "file:", 5) != 0)
        return error_set(error, ERROR_USAGE, "%s %s: ROMs write to file:PATH or null", option, *place);
    *place = keep_string(options, expand_place(*place, job->name));
    return true;
}

static bool outputs_differ(const struct rom_options *options, struct error *error)
{
    for (size_t i = 0; i < 2 * options->count; i++) {
        const struct guest_options *a = &options->jobs[i / 2].guest;
        const char *place = i % 2 == 0 ? a->serial : a->debugcon;
        for (size_t j = 0; j < i && strcmp(place, "null") != 0; j++) {
            const struct guest_options *b = &options->jobs[j / 2].guest;
            if (strcmp(place, j % 2 == 0 ? b->serial : b->debugcon) == 0)
                return error_set(error, ERROR_USAGE,
                                 "two outputs would go to %s: %%n in the path is the ROM's name", place + 5);
        }
    }
    return true;
}

static bool place_outputs(struct rom_options *options, struct error *error)
{
    for (size_t i = 0; i < options->count; i++) {
        struct rom_job *job = &options->jobs[i];
        if (!place_output(options, &job->guest.serial, "--serial", job, error) ||
            !place_output(options, &job->guest.debugcon, "--debugcon", job, error))
            return false;
    }
    return outputs_differ(options, error);
}

/* ---- the whole ---- */

static void take_shard(struct rom_options *options)
{
    size_t kept = 0;
    options->all = options->count;
    for (size_t i = 0; i < options->count; i++) {
        if (i % options->shards == options->shard - 1)
            options->jobs[kept++] = options->jobs[i];
    }
    options->count = kept;
}

static bool apply(struct rom_options *options, struct rom_job *defaults, int id, const struct options *parsed,
                  struct error *error)
{
    uint64_t number;
    switch (id) {
    case OPTION_WORD: /* second pass */
    case ROM_MANIFEST:
        return true;
    case ROM_JOBS:
        if (!option_number(parsed, 1, ROM_JOBS_MAX, &number, error))
            return false;
        options->parallel = (unsigned)number;
        return true;
    case ROM_SHARD:
        return set_shard(options, parsed, error);
    case ROM_TAP:
        options->tap = true;
        return true;
    case ROM_JUNIT:
        options->junit = parsed->value;
        return true;
    case ROM_HELP:
        options->help = true;
        return true;
    default:
        return apply_to_job(defaults, id, parsed, error);
    }
}

/* Options hold for all ROMs, wherever they stand on the command line: the ROMs are gathered in a second pass. */
static bool gather_jobs(struct rom_options *options, int count, char *const *words,
                        const struct rom_job *defaults, struct error *error)
{
    struct options parsed;
    options_init(&parsed, rom_rows, COMMAND, count, words);
    for (int id; (id = options_next(&parsed, error)) != OPTION_END;) {
        if (id == OPTION_WORD) {
            struct rom_job job = *defaults;
            job.guest.image.path = parsed.value;
            add_job(options, &job);
        } else if (id == ROM_MANIFEST && !read_manifest(options, parsed.value, defaults, error)) {
            return false;
        }
    }
    return true;
}

bool rom_options_parse(struct rom_options *options, int count, char *const *words, struct error *error)
{
    *options = (struct rom_options){.parallel = 1, .shard = 1, .shards = 1};
    struct rom_job defaults = {.name = NULL};
    guest_options_init(&defaults.guest);
    defaults.guest.timeout_ns = DEFAULT_TIMEOUT;
    struct options parsed;
    options_init(&parsed, rom_rows, COMMAND, count, words);
    for (int id; (id = options_next(&parsed, error)) != OPTION_END;) {
        if (id == OPTION_BAD || !apply(options, &defaults, id, &parsed, error))
            return false;
        if (options->help)
            return true;
    }
    if (!gather_jobs(options, count, words, &defaults, error))
        return false;
    if (options->count == 0)
        return error_set(error, ERROR_USAGE, "nothing to run: name a ROM (%s ROM)", COMMAND);
    if (defaults.name != NULL && options->count > 1)
        return error_set(error, ERROR_USAGE, "--name %s: there are %zu ROMs", defaults.name, options->count);
    give_names(options);
    if (!place_outputs(options, error))
        return false;
    take_shard(options);
    if (options->count == 0)
        return error_set(error, ERROR_USAGE, "nothing to run: part %llu of %llu of %zu ROMs is empty",
                         (unsigned long long)options->shard, (unsigned long long)options->shards,
                         options->all);
    return true;
}

void rom_options_free(struct rom_options *options)
{
    for (size_t i = 0; i < options->strings_count; i++)
        free(options->strings[i]);
    free(options->strings);
    free(options->jobs);
    options->strings = NULL;
    options->jobs = NULL;
    options->strings_count = options->count = 0;
}
