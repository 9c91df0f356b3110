/* The run of one ROM. */
#include "main/rom/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "host/pace.h"
#include "host/stream.h"
#include "main/exit_status.h"

#define SLICE    1000000u  /* instructions between two looks at the host's clock */
#define SLICE_NS 10000000u /* of the host's clock, for a guest that mostly halts */
/* Instructions to end by itself for a guest that has shown all that was expected. */
#define GRACE 10000000u
/* Lines of --explain-faults in a report. */
#define FAULTS_MAX 20000u

struct run {
    const struct rom_job *job;
    struct machine *machine;
    struct rom_judge judge;
    struct stream serial, debugcon;
    FILE *log; /* what the machine tells of the guest */
    char *log_text;
    size_t log_size;
    uint64_t start_ns, looked_ns;
    uint64_t max_instructions; /* shrinks when the grace begins */
    bool in_grace;
};

/* ---- what the guest does ---- */

/* In an output, where the run can only be asked to stop. */
static void stop_when_judged(struct run *run)
{
    if (rom_judge_has_failed(&run->judge) || (!run->in_grace && rom_judge_has_all(&run->judge)))
        machine_interrupt(run->machine);
}

static void on_serial(void *context, const uint8_t *bytes, size_t count)
{
    struct run *run = context;
    stream_write(&run->serial, bytes, count);
    rom_judge_serial(&run->judge, bytes, count);
    stop_when_judged(run);
}

static void on_debugcon(void *context, const uint8_t *bytes, size_t count)
{
    struct run *run = context;
    stream_write(&run->debugcon, bytes, count);
    rom_judge_debugcon(&run->judge, bytes, count);
    stop_when_judged(run);
}

static void on_post(void *context, uint8_t code)
{
    struct run *run = context;
    rom_judge_post(&run->judge, code);
    stop_when_judged(run);
}

/* ---- the run ---- */

static bool is_late(const struct run *run)
{
    return pace_host_ns() - run->start_ns >= run->job->guest.timeout_ns;
}

/* Guest time jumps; a guest that only ever halts has to be looked after, too. */
static uint64_t on_idle(void *context, uint64_t nanoseconds)
{
    const struct run *run = context;
    return pace_host_ns() - run->looked_ns > SLICE_NS ? 0 : nanoseconds;
}

/* A case that follows from what was said; true when the run ends with it. */
static bool judged(struct run *run)
{
    if (rom_judge_has_failed(&run->judge))
        return true;
    if (!run->in_grace && rom_judge_has_all(&run->judge)) {
        uint64_t done = machine_instructions(run->machine);
        run->in_grace = true;
        if (run->max_instructions - done > GRACE)
            run->max_instructions = done + GRACE;
    }
    return false;
}

/* True when the judge ended the run; else the report says how it ended. */
static bool run_to_end(struct run *run, struct report *report)
{
    run->max_instructions = run->job->guest.max_instructions;
    for (;;) {
        uint64_t done = machine_instructions(run->machine);
        uint64_t left = run->max_instructions > done ? run->max_instructions - done : 0;
        run->looked_ns = pace_host_ns();
        report->end = SESSION_STOPPED;
        report->stop = machine_run(run->machine, left < SLICE ? left : SLICE, on_idle, run);
        if (report->stop != MACHINE_LIMIT && report->stop != MACHINE_INTERRUPTED)
            return false;
        if (judged(run))
            return true;
        if (report->stop == MACHINE_LIMIT && left <= SLICE &&
            machine_instructions(run->machine) >= run->max_instructions)
            return run->in_grace;
        if (is_late(run)) {
            report->end = SESSION_TIMEOUT;
            return run->in_grace;
        }
    }
}

static bool power_on(struct run *run, struct error *error)
{
    struct machine_config config = run->job->guest.machine;
    config.serial = on_serial;
    config.debugcon = on_debugcon;
    config.post = on_post;
    config.output_context = run;
    config.log = run->log;
    config.faults = run->job->guest.explain_faults ? run->log : NULL;
    config.faults_max = FAULTS_MAX;
    config.keep_recent = true;
    run->machine = machine_create(&config, error);
    char description[256];
    return run->machine != NULL &&
           machine_load(run->machine, &run->job->guest.image, description, sizeof description, error);
}

/* Something was wrong before the first instruction, or with an output. */
static void fail_for_host(struct rom_result *result, const struct error *error)
{
    rom_cases_add_text(&result->cases, ROM_FAIL, "(run)", error->text);
    result->status = error->kind == ERROR_USAGE ? EXIT_USAGE : EXIT_INPUT;
    if (result->end[0] == '\0')
        rom_result_set(&result->end, "could not be run");
}

static void explain(struct run *run, const struct report *report, struct rom_result *result)
{
    if (report_exit_status(report) > EXIT_GUEST_FAILED && result->status != EXIT_PASSED)
        machine_explain(run->machine, run->log);
    fflush(run->log);
    /* The guest's oddities are of no interest when all went well. */
    if (result->status != EXIT_PASSED || run->job->guest.explain_faults)
        rom_result_set(&result->explanation, run->log_text);
    char *debugcon = rom_lines_tail(&run->judge.debugcon);
    char *serial = rom_lines_tail(&run->judge.serial);
    rom_result_set(&result->text, debugcon[0] != '\0' ? debugcon : serial);
    free(debugcon);
    free(serial);
}

static void run_machine(struct run *run, struct rom_result *result)
{
    struct report report = {.restart_ends = run->job->guest.machine.reboot_stops};
    run->start_ns = pace_host_ns();
    bool by_judge = run_to_end(run, &report);
    report.exit_code = machine_exit_code(run->machine);
    result->instructions = machine_instructions(run->machine);
    result->host_ns = pace_host_ns() - run->start_ns;
    rom_judge_finish(&run->judge, &report, by_judge, result);
    explain(run, &report, result);
}

static bool open_outputs(struct run *run, struct error *error)
{
    run->log = open_memstream(&run->log_text, &run->log_size);
    INVARIANT(run->log != NULL);
    return stream_open(&run->serial, run->job->guest.serial, error) &&
           stream_open(&run->debugcon, run->job->guest.debugcon, error);
}

static void close_outputs(struct run *run, struct rom_result *result)
{
    struct error error;
    if (!stream_close(&run->serial, &error))
        fail_for_host(result, &error);
    if (!stream_close(&run->debugcon, &error))
        fail_for_host(result, &error);
    fclose(run->log);
    free(run->log_text);
}

void rom_run(const struct rom_job *job, struct rom_result *result)
{
    struct error error = {ERROR_NONE, ""};
    struct run *run = calloc(1, sizeof *run);
    INVARIANT(run != NULL);
    run->job = job;
    run->serial.descriptor = run->debugcon.descriptor = -1;
    rom_judge_init(&run->judge, &job->wants);
    if (open_outputs(run, &error) && power_on(run, &error))
        run_machine(run, result);
    else
        fail_for_host(result, &error);
    close_outputs(run, result);
    if (run->machine != NULL)
        machine_free(run->machine);
    rom_judge_free(&run->judge);
    free(run);
}
