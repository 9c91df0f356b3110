/* The machine: processor and board together, power on, reset, run. */
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "cpu/fpu/fpu.h"
#include "cpu/recent.h"
#include "machine/image.h"

#define DEFAULT_MEMORY         (256u << 20)
#define DEFAULT_INSTRUCTION_NS 1u          /* a clock of 1 GHz, one instruction a cycle */
#define DEFAULT_START_SECONDS  1767225600  /* 2026-01-01 00:00:00 UTC */
#define DRAIN_NS               1000000000u /* at most a guest second for what is still in a transmitter */
#define NOTICE_INTERRUPT       1000000u    /* instructions between two looks at machine_interrupt's flag */

void machine_config_init(struct machine_config *config)
{
    *config = (struct machine_config){
        .memory_bytes = DEFAULT_MEMORY,
        .instruction_ns = DEFAULT_INSTRUCTION_NS,
        .start_seconds = DEFAULT_START_SECONDS,
    };
}

static void stop_soon(struct machine *machine, enum machine_stop stop)
{
    if (machine->stop_wanted)
        return;
    machine->stop_wanted = true;
    machine->stop = stop;
    clock_interrupt_run(machine->clock);
}

/* ---- the board's sockets ---- */

static void on_intr(void *context, bool level)
{
    struct machine *machine = context;
    cpu_set_intr(&machine->cpu, level);
}

static void on_nmi(void *context, bool level)
{
    struct machine *machine = context;
    cpu_set_nmi(&machine->cpu, level);
}

static void on_init(void *context, bool level)
{
    struct machine *machine = context;
    if (!level)
        return;
    machine->init_wanted = true;
    clock_interrupt_run(machine->clock);
}

static void on_ignne(void *context, bool level)
{
    struct machine *machine = context;
    fpu_set_ignne(&machine->cpu, level);
}

static void on_request(void *context, enum board_request request, uint32_t value)
{
    struct machine *machine = context;
    switch (request) {
    case BOARD_POWER_OFF:
        stop_soon(machine, MACHINE_POWER_OFF);
        break;
    case BOARD_RESET:
        machine->reset_wanted = true;
        clock_interrupt_run(machine->clock);
        break;
    case BOARD_DEBUG_EXIT:
        if (!machine->stop_wanted)
            machine->exit_code = (uint8_t)value;
        stop_soon(machine, MACHINE_DEBUG_EXIT);
        break;
    case BOARD_POST_CODE:
        machine->post_code = (int)(value & 0xff);
        if (machine->config.post != NULL)
            machine->config.post(machine->config.output_context, (uint8_t)value);
        break;
    }
}

static void on_transmit(void *context, const char *part, const uint8_t *bytes, size_t count)
{
    struct machine *machine = context;
    machine_output *output = NULL;
    if (strcmp(part, "uart0") == 0)
        output = machine->config.serial;
    else if (strcmp(part, "debugcon") == 0)
        output = machine->config.debugcon;
    if (output != NULL)
        output(machine->config.output_context, bytes, count);
}

/* ---- the processor's pins ---- */

static uint8_t on_acknowledge(void *context)
{
    struct machine *machine = context;
    uint8_t vector = board_interrupt_acknowledge(machine->board);
    machine->interrupt_line = board_interrupt_line(machine->board);
    return vector;
}

static void on_ferr(void *context, bool level)
{
    struct machine *machine = context;
    board_set_ferr(machine->board, level);
}

static void on_fault(void *context, const struct fault_record *record)
{
    machine_explain_fault(context, record);
}

static bool config_check(const struct machine_config *config, struct cpu_model *model, struct error *error)
{
    const char *cpu = config->cpu != NULL ? config->cpu : "core-duo";
    if (config->memory_bytes < BOARD_RAM_MIN || config->memory_bytes > BOARD_RAM_MAX ||
        config->memory_bytes % PAGE_SIZE != 0)
        return error_set(error, ERROR_USAGE,
                         "memory of %llu bytes: the board takes 1 MiB to 3 GiB in whole pages",
                         (unsigned long long)config->memory_bytes);
    return cpu_model_parse(cpu, model, error);
}

static bool machine_build(struct machine *machine, const struct cpu_model *model, struct error *error)
{
    const struct machine_config *config = &machine->config;
    struct board_config board_config = {
        .memory_bytes = config->memory_bytes,
        .instruction_ns = config->instruction_ns != 0 ? config->instruction_ns : DEFAULT_INSTRUCTION_NS,
        .start_seconds = config->start_seconds,
        .exit_port = config->exit_port,
        .post_port = config->post_port,
        .log = &machine->log,
        .sockets = {.intr = on_intr,
                    .nmi = on_nmi,
                    .ignne = on_ignne,
                    .init = on_init,
                    .request = on_request,
                    .transmit = on_transmit,
                    .context = machine},
    };
    machine->board = board_new(&board_config, error);
    if (machine->board == NULL)
        return false;
    machine->clock = board_clock(machine->board);
    struct cpu_board pins = {
        .memory = board_memory(machine->board),
        .ports = board_ports(machine->board),
        .clock = machine->clock,
        .log = &machine->log,
        .engine = config->engine == MACHINE_ENGINE_FAST ? CPU_ENGINE_FAST : CPU_ENGINE_EXACT,
        .interrupt_acknowledge = on_acknowledge,
        .ferr = on_ferr,
        .fault = config->faults != NULL ? on_fault : NULL,
        .context = machine,
    };
    if (!cpu_init(&machine->cpu, model, &pins, error))
        return false;
    if (config->keep_recent) {
        machine->recent = calloc(1, sizeof *machine->recent);
        INVARIANT(machine->recent != NULL);
        cpu_keep_recent(&machine->cpu, machine->recent);
    }
    return true;
}

struct machine *machine_create(const struct machine_config *config, struct error *error)
{
    struct cpu_model model;
    if (!config_check(config, &model, error))
        return NULL;
    struct machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL) {
        error_set(error, ERROR_HOST, "not enough memory for a machine");
        return NULL;
    }
    machine->config = *config;
    machine->config.cpu = NULL; /* the caller's string: used above, not kept */
    machine->post_code = -1;
    machine->interrupt_line = -1;
    log_init(&machine->log, config->log);
    if (!machine_build(machine, &model, error)) {
        machine_free(machine);
        return NULL;
    }
    return machine;
}

void machine_free(struct machine *machine)
{
    if (machine == NULL)
        return;
    if (machine->cpu.memory != NULL)
        cpu_free(&machine->cpu);
    board_free(machine->board);
    file_bytes_free(&machine->rom);
    image_request_free(&machine->image.request);
    free(machine->recent);
    free(machine);
}

/* ---- reset ---- */

/* What firmware would do after a reset: start the machine over. Without firmware the image is loaded again. */
static void reset_whole(struct machine *machine)
{
    struct error error;
    board_reset(machine->board);
    cpu_reset(&machine->cpu);
    if (!image_load_again(machine, &error)) {
        snprintf(machine->reset_error, sizeof machine->reset_error, "%s", error.text);
        stop_soon(machine, MACHINE_RESET);
    }
}

static void handle_resets(struct machine *machine)
{
    bool whole = machine->reset_wanted || (machine->init_wanted && machine->rom.bytes == NULL);
    if (whole && machine->config.reboot_stops)
        stop_soon(machine, MACHINE_RESET);
    else if (whole)
        reset_whole(machine);
    else if (machine->init_wanted)
        cpu_reset(&machine->cpu);
    machine->reset_wanted = machine->init_wanted = false;
}

/* ---- running ---- */

uint64_t machine_instructions(const struct machine *machine)
{
    return (clock_now(machine->clock) - machine->clock->skipped_ns) / machine->clock->instruction_ns;
}

uint64_t machine_time_ns(const struct machine *machine)
{
    return clock_now(machine->clock);
}

/*
 * The processor halts. Moves guest time to the next event, as far as `idle` lets it; true when the run goes on,
 * else *stop says why it ends.
 */
static bool pass_idle_time(struct machine *machine, machine_idle *idle, void *context,
                           enum machine_stop *stop)
{
    const struct cpu *cpu = &machine->cpu;
    uint64_t now = clock_now(machine->clock);
    uint64_t due = clock_next_due(machine->clock);
    /* Only INTR wakes a halted processor here: nothing on the board drives NMI. */
    bool intr_wakes = (cpu->eflags & EFLAGS_IF) || (cpu->activity == WAITING && cpu->wait_ignores_if);
    if (due == CLOCK_NEVER || !intr_wakes || !board_can_interrupt(machine->board)) {
        *stop = MACHINE_HALTED;
        return false;
    }
    uint64_t wait = due > now ? due - now : 0;
    uint64_t passed = idle != NULL ? idle(context, wait) : wait;
    clock_skip_to_next(machine->clock, now + (passed < wait ? passed : wait));
    if (passed >= wait)
        return true;
    *stop = MACHINE_INTERRUPTED;
    return false;
}

/*
 * The guest has ended the run with its last words still in a transmitter: lets the board, without the
 * processor, send them.
 */
static void drain(struct machine *machine)
{
    uint64_t end = clock_now(machine->clock) + DRAIN_NS;
    while (board_is_transmitting(machine->board) && clock_now(machine->clock) < end) {
        clock_skip_to_next(machine->clock, end);
        clock_run_due(machine->clock, 0);
    }
}

/* SDM 3A 6.15, #DF: after a shutdown the board may reset the processor. Memory stays; a program is loaded again. */
static bool shutdown_resets(const struct machine *machine)
{
    return machine->cpu.activity == SHUTDOWN && machine->config.shutdown_resets;
}

/* Something that ends the run now? */
static bool must_stop(struct machine *machine, uint64_t end, enum machine_stop *stop)
{
    if (machine->stop_wanted)
        *stop = machine->stop;
    else if (machine->cpu.unimplemented != NULL)
        *stop = MACHINE_UNIMPLEMENTED;
    else if (machine->cpu.activity == SHUTDOWN)
        *stop = MACHINE_SHUTDOWN;
    else if (machine->interrupted)
        *stop = MACHINE_INTERRUPTED;
    else if (machine_instructions(machine) >= end)
        *stop = MACHINE_LIMIT;
    else
        return false;
    machine->stop_wanted = false;
    machine->interrupted = 0;
    if (*stop != MACHINE_LIMIT && *stop != MACHINE_INTERRUPTED)
        drain(machine);
    return true;
}

enum machine_stop machine_run(struct machine *machine, uint64_t instructions, machine_idle *idle,
                              void *context)
{
    uint64_t start = machine_instructions(machine);
    uint64_t end = instructions > UINT64_MAX - start ? UINT64_MAX : start + instructions;
    enum machine_stop stop;
    for (;;) {
        if (shutdown_resets(machine))
            machine->reset_wanted = true;
        if (machine->reset_wanted || machine->init_wanted)
            handle_resets(machine);
        if (must_stop(machine, end, &stop))
            return stop;
        uint64_t left = end - machine_instructions(machine);
        clock_run_due(machine->clock, left < NOTICE_INTERRUPT ? left : NOTICE_INTERRUPT);
        cpu_run(&machine->cpu);
        bool asleep = machine->cpu.activity == HALTED || machine->cpu.activity == WAITING;
        if (asleep && !cpu_would_wake(&machine->cpu) && !machine->stop_wanted && !machine->reset_wanted &&
            !machine->init_wanted && !pass_idle_time(machine, idle, context, &stop))
            return stop;
    }
}

void machine_interrupt(struct machine *machine)
{
    machine->interrupted = 1;
}

/* ---- input ---- */

static size_t part_receive(struct machine *machine, const char *name, const uint8_t *bytes, size_t count)
{
    struct device *part = board_part(machine->board, name);
    if (part == NULL || part->class->receive == NULL)
        return 0;
    return part->class->receive(part, bytes, count);
}

size_t machine_serial_input(struct machine *machine, const uint8_t *bytes, size_t count)
{
    return part_receive(machine, "uart0", bytes, count);
}

bool machine_serial_ready(const struct machine *machine)
{
    struct device *part = board_part(machine->board, "uart0");
    int rts = part != NULL ? device_find_output(part->class, "rts") : -1;
    return rts >= 0 && device_output_level(part, (unsigned)rts);
}

void machine_keyboard_input(struct machine *machine, const uint8_t *scan_codes, size_t count)
{
    /* What a keyboard's full buffer cannot take is lost, as on the real one. */
    (void)part_receive(machine, "kbc", scan_codes, count);
}

/* ---- looking ---- */

uint8_t machine_exit_code(const struct machine *machine)
{
    return machine->exit_code;
}

int machine_post_code(const struct machine *machine)
{
    return machine->post_code;
}

void machine_print_statistics(const struct machine *machine, FILE *out)
{
    if (machine->cpu.fast == NULL)
        fprintf(out, "exact engine: every instruction was interpreted\n");
    else
        fast_print_statistics(machine->cpu.fast, out);
}

uint64_t machine_state_hash(const struct machine *machine)
{
    return board_state_hash(machine->board, state_rows_hash(cpu_rows, &machine->cpu, 0));
}

uint32_t machine_register(const struct machine *machine, enum machine_register which)
{
    const struct cpu *cpu = &machine->cpu;
    if (which <= MACHINE_EDI)
        return cpu->gpr[which];
    if (which >= MACHINE_ES && which <= MACHINE_GS)
        return cpu->segments[which - MACHINE_ES].selector;
    switch (which) {
    case MACHINE_EIP:
        return cpu->eip;
    case MACHINE_EFLAGS:
        return cpu->eflags;
    case MACHINE_CR0:
        return cpu->cr0;
    case MACHINE_CR2:
        return cpu->cr2;
    case MACHINE_CR3:
        return cpu->cr3;
    default:
        return cpu->cr4;
    }
}

bool machine_read_physical(const struct machine *machine, uint64_t physical, void *bytes, size_t count)
{
    const struct memory *memory = board_memory(machine->board);
    for (uint64_t at = physical; at - physical < count; at = (at & ~(uint64_t)PAGE_OFFSET_MASK) + PAGE_SIZE) {
        bool writable;
        if (memory_page(memory, at, &writable) == NULL)
            return false;
    }
    memory_copy_out(memory, physical, bytes, count);
    return true;
}
