/*
 * The native oracle: random sequences of user-mode instructions, run by gate86 and by the host's processor, must end
 * alike. A difference is shrunk to a minimal program and printed as a test vector.
 *
 *     oracle [--sequences N] [--seed S] [--failures N] [--coverage] [--exclusions] [--sample FILE] [--native PROGRAM]
 *     oracle --replay FILE
 *
 * --sample keeps, as vectors, programs on which both agree, one for each row of the instruction table. --replay runs the
 * vectors of a file on both sides and tells which of the three, gate86, this host and the vector, differ.
 *
 * Exit status: 0 all agree and every row was executed; 1 not so; 2 usage; 77 the host cannot run 32-bit programs.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/invariant.h"
#include "generator.h"
#include "shrink.h"
#include "vector.h"

#define STATUS_SKIPPED 77
#define SIGNATURES_MAX 64

struct options {
    uint64_t sequences;
    uint64_t seed;
    unsigned failures; /* how many different ones are shrunk and printed */
    bool coverage, exclusions;
    const char *native;
    const char *sample;
    const char *replay;
};

/* A kind of failure: the last instruction and what differed. */
struct signature {
    char text[96];
    uint64_t count;
};

struct session {
    const struct options *options;
    struct judge judge;
    struct generator *generator;
    uint64_t compared, refused, endless, failed;
    uint64_t vectors[32]; /* how the programs ended */
    struct signature signatures[SIGNATURES_MAX];
    unsigned signature_count;
    struct run runs[ORACLE_BATCH]; /* gate86's outcomes of the batch */
    bool first[ORACLE_BATCH];      /* the program executed a row that none had before */
    FILE *sample;
    struct oracle_program failing[ORACLE_BATCH]; /* of the batch, kept while the host runs others */
};

static void options_read(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"sequences", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"failures", required_argument, NULL, 'f'},
        {"coverage", no_argument, NULL, 'c'},
        {"exclusions", no_argument, NULL, 'x'},
        {"native", required_argument, NULL, 'p'},
        {"sample", required_argument, NULL, 'k'},
        {"replay", required_argument, NULL, 'r'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (option) {
        case 'n':
            options->sequences = strtoull(optarg, NULL, 0);
            break;
        case 's':
            options->seed = strtoull(optarg, NULL, 0);
            break;
        case 'f':
            options->failures = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'c':
            options->coverage = true;
            break;
        case 'x':
            options->exclusions = true;
            break;
        case 'r':
            options->replay = optarg;
            break;
        case 'k':
            options->sample = optarg;
            break;
        case 'p':
            options->native = optarg;
            break;
        default:
            exit(2);
        }
    }
}

static void exclusions_print(void)
{
    for (const struct exclusion *e = exclusions; e->reason != NULL; e++)
        printf("%-24s %s%s\n", e->mnemonics != NULL ? e->mnemonics : "any",
               e->applies != NULL ? "sometimes: " : "", e->reason);
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        if (family_excluded(instruction_families[family]))
            printf("the family of %-10s x87, MMX and SSE are not compared yet\n",
                   instruction_families[family]->mnemonic);
    }
}

static bool signature_is_new(struct session *session, const char *text)
{
    for (unsigned i = 0; i < session->signature_count; i++) {
        if (strcmp(session->signatures[i].text, text) == 0) {
            session->signatures[i].count++;
            return false;
        }
    }
    if (session->signature_count == SIGNATURES_MAX)
        return false;
    struct signature *signature = &session->signatures[session->signature_count++];
    snprintf(signature->text, sizeof signature->text, "%s", text);
    signature->count = 1;
    return true;
}

static void sample_keep(const struct session *session, uint32_t i)
{
    const struct oracle_batch *batch = session->judge.host->batch;
    const struct instruction *row = session->runs[i].last;
    const struct vector_text vector = {
        .needs = session->judge.host->capabilities,
        .undefined = session->runs[i].undefined,
        .program = batch->programs[i],
        .want = batch->outcomes[i],
    };
    fprintf(session->sample, "# ends with %s %s\n", row ? row->mnemonic : "no row", row ? row->operands : "");
    vector_write(session->sample, &vector);
    fprintf(session->sample, "\n");
}

static void failure_report(struct session *session, const struct oracle_program *failed)
{
    session->failed++;
    if (session->signature_count >= session->options->failures)
        return;
    struct oracle_program program = *failed;
    struct verdict verdict;
    program_judge(&session->judge, &program, &verdict);
    if (verdict.difference == NULL) {
        printf("a failure that does not happen again\n");
        return;
    }
    program_shrink(&session->judge, &program, &verdict);
    char text[96];
    const struct instruction *row = verdict.run.last;
    snprintf(text, sizeof text, "%s %s %s: %s", row ? row->opcode : "no row", row ? row->mnemonic : "",
             row ? row->operands : "", verdict.difference);
    if (!signature_is_new(session, text))
        return;
    printf("# %s\n", text);
    outcome_print(stdout, "# gate86", &verdict.run.free);
    outcome_print(stdout, "# host", &verdict.host);
    const struct vector_text vector = {
        .needs = session->judge.host->capabilities,
        .undefined = verdict.run.undefined,
        .program = program,
        .want = verdict.host,
    };
    vector_write(stdout, &vector);
    printf("\n");
    fflush(stdout);
}

/* Fills the batch with programs that can be compared. */
static void batch_make(struct session *session, uint32_t count)
{
    struct oracle_batch *batch = session->judge.host->batch;
    for (uint32_t i = 0; i < count;) {
        generator_next(session->generator, &batch->programs[i]);
        const struct coverage *coverage = session->judge.processor->coverage;
        unsigned firsts = coverage->firsts;
        program_run(session->judge.processor, &batch->programs[i], &session->runs[i]);
        session->first[i] = coverage->firsts != firsts;
        switch (session->runs[i].end) {
        case RUN_ENDED:
            session->vectors[session->runs[i].free.vector % 32]++;
            i++;
            break;
        case RUN_REFUSED:
            session->refused++;
            break;
        case RUN_ENDLESS:
            session->endless++;
            break;
        }
    }
}

/* The host's side died over some program of the batch: each is tried alone. */
static void batch_run_singly(struct session *session, uint32_t count)
{
    struct oracle_program *programs = malloc(count * sizeof *programs);
    INVARIANT(programs != NULL);
    memcpy(programs, session->judge.host->batch->programs, count * sizeof *programs);
    for (uint32_t i = 0; i < count; i++) {
        struct verdict verdict;
        program_judge(&session->judge, &programs[i], &verdict);
        if (verdict.difference != NULL)
            failure_report(session, &programs[i]);
    }
    free(programs);
}

static void batch_compare(struct session *session, uint32_t count)
{
    struct oracle_host *host = session->judge.host;
    session->compared += count;
    if (!host_run(host, count)) {
        batch_run_singly(session, count);
        return;
    }
    uint32_t failures = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (verdict_difference(&session->runs[i], &host->batch->outcomes[i]) != NULL)
            session->failing[failures++] = host->batch->programs[i];
        else if (session->sample != NULL && session->first[i])
            sample_keep(session, i);
    }
    for (uint32_t i = 0; i < failures; i++)
        failure_report(session, &session->failing[i]);
}

/* Runs kept vectors on both sides; true when all agree. */
static bool vectors_replay(const struct session *session, const char *name)
{
    FILE *file = fopen(name, "r");
    if (file == NULL) {
        printf("oracle: %s cannot be read\n", name);
        return false;
    }
    struct vector_text vector;
    const char *error;
    unsigned number = 0;
    bool agree = true;
    while (vector_read(file, &vector, &error)) {
        struct verdict verdict;
        number++;
        program_judge(&session->judge, &vector.program, &verdict);
        const char *kept =
            verdict.run.end == RUN_ENDED
                ? outcome_difference(&verdict.host, &vector.want, vector.undefined, verdict.run.loose)
                : verdict.run.why;
        if (verdict.difference == NULL && kept == NULL)
            continue;
        agree = false;
        printf("vector %u: gate86 and this host differ in: %s; this host and the vector: %s\n", number,
               verdict.difference ? verdict.difference : "nothing", kept ? kept : "nothing");
        outcome_print(stdout, "gate86", &verdict.run.free);
        outcome_print(stdout, "host", &verdict.host);
        outcome_print(stdout, "vector", &vector.want);
    }
    fclose(file);
    if (error != NULL)
        printf("oracle: %s: %s after vector %u\n", name, error, number);
    return agree && error == NULL;
}

static bool session_report(const struct session *session, double seconds)
{
    printf("%" PRIu64 " sequences compared in %.1f s, %" PRIu64 " differ; left out: %" PRIu64
           " not comparable, %" PRIu64 " endless\n",
           session->compared, seconds, session->failed, session->refused, session->endless);
    printf("ended by vector:");
    for (unsigned i = 0; i < 32; i++) {
        if (session->vectors[i] != 0)
            printf(" %s %" PRIu64, vector_mnemonic(i), session->vectors[i]);
    }
    printf("\n");
    for (unsigned i = 0; i < session->signature_count; i++)
        printf("%8" PRIu64 " x %s\n", session->signatures[i].count, session->signatures[i].text);
    if (session->options->coverage)
        coverage_list(session->judge.processor->coverage, stdout);
    return session->failed == 0 && coverage_report(session->judge.processor->coverage, stdout) == 0;
}

static bool sequences_run(struct session *session)
{
    const struct options *options = session->options;
    if (options->sample != NULL && (session->sample = fopen(options->sample, "w")) == NULL) {
        printf("oracle: %s cannot be written\n", options->sample);
        return false;
    }
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t left = options->sequences; left > 0;) {
        uint32_t count = left < ORACLE_BATCH ? (uint32_t)left : ORACLE_BATCH;
        batch_make(session, count);
        batch_compare(session, count);
        left -= count;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return session_report(session,
                          (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
}

int main(int argc, char **argv)
{
    struct options options = {.sequences = 100000, .seed = 1, .failures = 20, .native = ORACLE_NATIVE};
    options_read(argc, argv, &options);
    if (options.exclusions) {
        exclusions_print();
        return 0;
    }
    const char *why;
    struct session *session = calloc(1, sizeof *session);
    INVARIANT(session != NULL);
    session->options = &options;
    session->judge.host = host_start(options.native, &why);
    if (session->judge.host == NULL) {
        printf("oracle: skipped: %s\n", why);
        return STATUS_SKIPPED;
    }
    uint32_t capabilities = session->judge.host->capabilities;
    printf("oracle: seed %" PRIu64 ", %s, %s\n", options.seed,
           capabilities & ORACLE_LOW_MEMORY ? "low memory" : "no memory below 64 KiB (vm.mmap_min_addr)",
           capabilities & ORACLE_LDT ? "segments of an LDT" : "no LDT");
    session->judge.processor = processor_new(capabilities);
    session->generator = generator_new(session->judge.processor, options.seed);

    bool passed = options.replay != NULL ? vectors_replay(session, options.replay) : sequences_run(session);
    if (session->sample != NULL)
        fclose(session->sample);
    host_stop(session->judge.host);
    processor_free(session->judge.processor);
    free(session->generator);
    free(session);
    return passed ? 0 : 1;
}
