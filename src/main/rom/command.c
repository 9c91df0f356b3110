/* `gate86 rom`: each ROM in a process of its own, so that no crash or hang of one loses the others. */
#include "main/rom/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/signals.h"
#include "host/workers.h"
#include "main/exit_status.h"
#include "main/rom/options.h"
#include "main/rom/report.h"
#include "main/rom/run.h"

/* Beyond its own time limit a process that still runs is broken. */
#define EXTRA_PATIENCE_NS 30000000000u

struct rom_command {
    struct rom_options options;
    struct rom_report report;
    FILE *junit;
};

static void work(void *context, size_t number, int descriptor)
{
    struct rom_command *command = context;
    struct rom_result result;
    rom_result_init(&result);
    rom_run(&command->options.jobs[number], &result);
    size_t count;
    uint8_t *bytes = rom_result_pack(&result, &count);
    worker_send(descriptor, bytes, count);
    free(bytes);
    rom_result_free(&result);
}

static void done(void *context, size_t number, const struct worker_result *worker)
{
    struct rom_command *command = context;
    struct rom_result result;
    rom_result_init(&result);
    if (worker->end != WORKER_DONE || !rom_result_unpack(worker->bytes, worker->count, &result)) {
        rom_result_free(&result);
        rom_result_init(&result);
        char words[128];
        if (worker->end == WORKER_HUNG)
            snprintf(words, sizeof words, "gate86 itself hung and was ended");
        else
            snprintf(words, sizeof words, "gate86 itself crashed%s%s", worker->signal != 0 ? ": " : "",
                     worker->signal != 0 ? strsignal(worker->signal) : "");
        rom_result_set(&result.end, words);
        rom_cases_add_text(&result.cases, ROM_FAIL, "(run)", words);
        result.status = EXIT_INPUT;
    }
    rom_report_add(&command->report, command->options.jobs[number].name, &result);
    rom_result_free(&result);
}

static uint64_t patience_ns(void *context, size_t number)
{
    const struct rom_command *command = context;
    uint64_t timeout = command->options.jobs[number].guest.timeout_ns;
    return timeout > UINT64_MAX - EXTRA_PATIENCE_NS ? UINT64_MAX : timeout + EXTRA_PATIENCE_NS;
}

static int complain(const struct error *error)
{
    fprintf(stderr, "gate86 rom: %s\n", error->text);
    return error->kind == ERROR_USAGE ? EXIT_USAGE : EXIT_INPUT;
}

static bool open_junit(struct rom_command *command, struct error *error)
{
    const char *path = command->options.junit;
    if (path == NULL)
        return true;
    command->junit = fopen(path, "we");
    return command->junit != NULL ||
           error_set_errno(error, ERROR_INPUT, "cannot open '%s' for writing", path);
}

static bool close_junit(struct rom_command *command, struct error *error)
{
    if (command->junit == NULL)
        return true;
    bool good = !ferror(command->junit);
    good = fclose(command->junit) == 0 && good;
    command->junit = NULL;
    return good || error_set_errno(error, ERROR_HOST, "cannot write '%s'", command->options.junit);
}

static int run_all(struct rom_command *command, int *signal_number)
{
    struct error error = {ERROR_NONE, ""};
    if (!open_junit(command, &error))
        return complain(&error);
    const struct workers workers = {
        .count = command->options.count,
        .at_once = command->options.parallel,
        .work = work,
        .done = done,
        .patience_ns = patience_ns,
        .context = command,
    };
    rom_report_begin(&command->report, stdout, command->options.tap, command->junit);
    signals_watch(NULL);
    bool complete = workers_run(&workers, &error);
    *signal_number = signals_caught();
    signals_unwatch();
    int status = rom_report_end(&command->report, complete);
    if (error.kind != ERROR_NONE)
        status = rom_status_worse(status, complain(&error));
    if (!close_junit(command, &error))
        status = rom_status_worse(status, complain(&error));
    return status;
}

int rom_main(int count, char *const *words)
{
    struct error error = {ERROR_NONE, ""};
    struct rom_command command = {.junit = NULL};
    int status = EXIT_PASSED, signal_number = 0;
    if (!rom_options_parse(&command.options, count, words, &error))
        status = complain(&error);
    else if (command.options.help)
        rom_options_help(stdout);
    else
        status = run_all(&command, &signal_number);
    rom_options_free(&command.options);
    if (signal_number != 0) {
        fflush(stdout);
        signals_end(signal_number);
    }
    return status;
}
