/*
 * The command line of `gate86 rom` and its manifest. Both are read by the same table: a line of a manifest is a ROM
 * with options of its own, which stand over those of the command line.
 */
#ifndef GATE86_MAIN_ROM_OPTIONS_H
#define GATE86_MAIN_ROM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "main/guest_options.h"
#include "main/rom/judge.h"

/* Characters of a manifest, of a path. */
#define ROM_MANIFEST_MAX (16u << 20)
#define ROM_JOBS_MAX     256u /* at once */
#define ROM_SHARDS_MAX   65536u

/* One ROM to run. */
struct rom_job {
    const char *name; /* unique among the jobs */
    struct guest_options guest;
    struct rom_wants wants;
};

struct rom_options {
    struct rom_job *jobs; /* this shard's; owned */
    size_t count;
    size_t all;        /* jobs of all shards */
    unsigned parallel; /* --jobs */
    uint64_t shard, shards;
    const char *junit; /* path or NULL */
    bool tap;
    bool help; /* --help: nothing else counts */

    char **strings; /* owned: what the jobs point to, besides the words */
    size_t strings_count;
};

/* The words that follow `rom`. Errors: ERROR_USAGE, ERROR_INPUT (a manifest). */
MUST_USE bool rom_options_parse(struct rom_options *options, int count, char *const *words,
                                struct error *error);
void rom_options_free(struct rom_options *options);

void rom_options_help(FILE *out);

#endif
