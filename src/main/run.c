/* `gate86 run`. */
#include "main/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/session.h"
#include "host/signals.h"
#include "host/terminal.h"
#include "machine/gate86.h"
#include "main/exit_status.h"
#include "main/report.h"
#include "main/run_options.h"

/* A run in the making: what has been opened so far. */
struct run {
    struct run_options options;
    bool terminal;  /* the serial line is the raw terminal */
    FILE *messages; /* standard error, fit for a raw terminal when that is in use */
    struct session session;
};

static bool open_outputs(struct run *run, struct error *error)
{
    const struct run_options *options = &run->options;
    struct session *session = &run->session;
    const char *serial = options->guest.serial;
    if (serial == NULL)
        serial = terminal_present() ? "terminal" : "stdio";
    run->terminal = strcmp(serial, "terminal") == 0;
    if (run->terminal && !terminal_present())
        return error_set(error, ERROR_USAGE,
                         "--serial terminal: standard input and output are no terminal; "
                         "use --serial stdio");
    const char *place = run->terminal ? "stdio" : serial;
    if (!stream_open(&session->serial, place, error))
        return error_prefix(error, "--serial");
    session->debugcon_is_serial = strcmp(options->guest.debugcon, place) == 0;
    if (!session->debugcon_is_serial && !stream_open(&session->debugcon, options->guest.debugcon, error))
        return error_prefix(error, "--debugcon");
    bool wants_input = run->terminal || strcmp(serial, "stdio") == 0;
    input_open(&session->input, wants_input ? STDIN_FILENO : -1, run->terminal);
    session->paced = options->pace == PACE_ALWAYS || (options->pace == PACE_WHEN_TERMINAL && run->terminal);
    session->max_instructions = options->guest.max_instructions;
    session->timeout_ns = options->guest.timeout_ns;
    run->messages = run->terminal ? terminal_messages() : stderr;
    return run->messages != NULL || error_set(error, ERROR_HOST, "out of memory");
}

static bool power_on(struct run *run, struct error *error)
{
    struct machine_config config = run->options.guest.machine;
    config.serial = session_serial_output;
    config.debugcon = session_debugcon_output;
    config.output_context = &run->session;
    config.log = run->messages;
    config.faults = run->options.guest.explain_faults ? run->messages : NULL;
    config.keep_recent = run->options.guest.explain_faults;
    run->session.machine = machine_create(&config, error);
    if (run->session.machine == NULL)
        return false;
    char description[256];
    if (!machine_load(run->session.machine, &run->options.guest.image, description, sizeof description,
                      error))
        return false;
    fprintf(stderr, "gate86: %s\n", description);
    if (run->terminal)
        fprintf(stderr, "gate86: %s\n", TERMINAL_HINT);
    return true;
}

/* From the first instruction to the last. False: a host error. */
static bool run_machine(struct run *run, struct report *report, struct error *error)
{
    uint64_t processor_start = pace_processor_ns();
    signals_watch(run->session.machine);
    if (run->terminal && !terminal_enter(error)) {
        signals_unwatch();
        return false;
    }
    report->stop = MACHINE_INTERRUPTED;
    report->end = session_run(&run->session, &report->stop, error);
    terminal_leave();
    /* The guest's prompt may be on the line. */
    if (run->terminal && report->end != SESSION_STOPPED)
        fputc('\n', stderr);
    signals_unwatch();
    report->restart_ends = run->options.guest.machine.reboot_stops;
    report->exit_code = machine_exit_code(run->session.machine);
    report->instructions = machine_instructions(run->session.machine);
    report->guest_ns = machine_time_ns(run->session.machine);
    report->processor_ns = pace_processor_ns() - processor_start;
    return report->end != SESSION_FAILED;
}

static int close_run(struct run *run, const struct report *report)
{
    const struct machine *machine = run->session.machine;
    if (report->end == SESSION_SIGNAL) {
        report_print(report, stderr);
        return EXIT_PASSED; /* not used: the program ends by the signal */
    }
    int status = report_exit_status(report);
    if (status != EXIT_PASSED)
        machine_explain(machine, stderr);
    if (status >= EXIT_TRIPLE_FAULT && !run->options.guest.explain_faults)
        fputs("gate86: with --explain-faults the same run shows its last instructions, too\n", stderr);
    if (run->options.stats)
        machine_print_statistics(machine, stderr);
    if (run->options.print_state_hash)
        fprintf(stderr, "gate86: state hash %016llx\n", (unsigned long long)machine_state_hash(machine));
    report_print(report, stderr);
    return status;
}

static int complain(const struct error *error)
{
    fprintf(stderr, "gate86 run: %s\n", error->text);
    return error->kind == ERROR_USAGE ? EXIT_USAGE : EXIT_INPUT;
}

/* Everything between the opened and the closed outputs. */
static int run_opened(struct run *run, int *signal_number)
{
    struct error error = {ERROR_NONE, ""};
    struct report report = {0};
    int status;
    if (!open_outputs(run, &error) || !power_on(run, &error) || !run_machine(run, &report, &error)) {
        status = complain(&error);
    } else {
        status = close_run(run, &report);
        *signal_number = report.end == SESSION_SIGNAL ? signals_caught() : 0;
    }
    if (!stream_close(&run->session.serial, &error) && status == EXIT_PASSED)
        status = complain(&error);
    if (!stream_close(&run->session.debugcon, &error) && status == EXIT_PASSED)
        status = complain(&error);
    if (run->session.machine != NULL)
        machine_free(run->session.machine);
    if (run->terminal && run->messages != NULL)
        fclose(run->messages);
    return status;
}

int run_main(int count, char *const *words)
{
    struct error error = {ERROR_NONE, ""};
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        fputs("gate86 run: out of memory\n", stderr);
        return EXIT_INPUT;
    }
    int status = EXIT_PASSED, signal_number = 0;
    run->session.serial.descriptor = -1;
    run->session.debugcon.descriptor = -1;
    if (!run_options_parse(&run->options, count, words, &error))
        status = complain(&error);
    else if (run->options.help)
        run_options_help(stdout);
    else
        status = run_opened(run, &signal_number);
    free(run);
    if (signal_number != 0)
        signals_end(signal_number);
    return status;
}
