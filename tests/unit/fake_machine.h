/*
 * A machine for the tests of the rooms above the library: it obeys the contract of machine/gate86.h and does
 * what the test wrote into `fake`. It stands in for the real one because its symbols are found first.
 */
#ifndef GATE86_TESTS_UNIT_FAKE_MACHINE_H
#define GATE86_TESTS_UNIT_FAKE_MACHINE_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "machine/gate86.h"

#define FAKE_NS_PER_INSTRUCTION 10

struct machine {
    struct machine_config config;
    volatile sig_atomic_t interrupted;
    uint64_t instructions, skipped_ns;
    char received[8192];
    size_t received_count;
    uint64_t received_at; /* guest time of the first character */
};

static struct {
    /* The guest's program. */
    uint64_t stop_at;       /* instruction count at which it stops ... */
    enum machine_stop stop; /* ... so */
    uint64_t halt_ns;       /* above 0: it halts that long after every 1000 instructions */
    const char *stop_on;    /* it stops when it has received this text */
    const char *says;       /* to the serial line, once, at its first instruction */
    const char *debugs;     /* to port E9h, after that */
    int raises;             /* signal sent to the program at the first instruction */
    bool interrupts_off;    /* EFLAGS.IF clear */
    uint64_t ready_at;      /* instruction count at which RTS rises */
    size_t room;            /* characters the receiver takes at once */
    uint8_t exit_code;
    const char *load_error; /* machine_load fails so */
    /* What the test may look at. */
    struct machine *machine;
    struct image_request request;
    unsigned explained, freed;
    uint64_t longest_slice;
} fake;

/* A guest that executes `instructions` and then powers off. */
static inline void fake_reset(uint64_t instructions)
{
    memset(&fake, 0, sizeof fake);
    fake.stop_at = instructions;
    fake.stop = MACHINE_POWER_OFF;
    fake.room = 16;
}

void machine_config_init(struct machine_config *config)
{
    *config = (struct machine_config){.cpu = NULL, .memory_bytes = 256u << 20};
}

struct machine *machine_create(const struct machine_config *config, struct error *error)
{
    struct machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL) {
        error_set(error, ERROR_HOST, "out of memory");
        return NULL;
    }
    machine->config = *config;
    fake.machine = machine;
    return machine;
}

void machine_free(struct machine *machine)
{
    fake.freed++;
    free(machine);
}

bool machine_load(struct machine *machine, const struct image_request *request, char *description,
                  size_t description_size, struct error *error)
{
    (void)machine;
    fake.request = *request;
    if (fake.load_error != NULL)
        return error_set(error, ERROR_INPUT, "%s: %s", request->path, fake.load_error);
    snprintf(description, description_size, "a guest of the tests");
    return true;
}

static inline void fake_first_instruction(struct machine *machine)
{
    void *context = machine->config.output_context;
    if (fake.says != NULL && machine->config.serial != NULL)
        machine->config.serial(context, (const uint8_t *)fake.says, strlen(fake.says));
    if (fake.debugs != NULL && machine->config.debugcon != NULL)
        machine->config.debugcon(context, (const uint8_t *)fake.debugs, strlen(fake.debugs));
    if (fake.raises != 0)
        raise(fake.raises);
}

enum machine_stop machine_run(struct machine *machine, uint64_t instructions, machine_idle *idle,
                              void *context)
{
    uint64_t end = machine->instructions + instructions;
    if (instructions > fake.longest_slice)
        fake.longest_slice = instructions;
    if (machine->instructions == 0)
        fake_first_instruction(machine);
    for (;;) {
        if (machine->interrupted) {
            machine->interrupted = 0;
            return MACHINE_INTERRUPTED;
        }
        if (fake.stop_on != NULL && strstr(machine->received, fake.stop_on) != NULL)
            return fake.stop;
        if (machine->instructions >= fake.stop_at)
            return fake.stop;
        if (machine->instructions >= end)
            return MACHINE_LIMIT;
        uint64_t part = fake.halt_ns > 0 ? 1000 : end - machine->instructions;
        if (part > end - machine->instructions)
            part = end - machine->instructions;
        if (part > fake.stop_at - machine->instructions)
            part = fake.stop_at - machine->instructions;
        machine->instructions += part;
        if (fake.halt_ns > 0 && machine->instructions % 1000 == 0) {
            uint64_t passed = idle == NULL ? fake.halt_ns : idle(context, fake.halt_ns);
            machine->skipped_ns += passed;
            if (passed < fake.halt_ns)
                return MACHINE_INTERRUPTED;
        }
    }
}

void machine_interrupt(struct machine *machine)
{
    machine->interrupted = 1;
}

size_t machine_serial_input(struct machine *machine, const uint8_t *bytes, size_t count)
{
    size_t room = sizeof machine->received - 1 - machine->received_count;
    if (room > fake.room)
        room = fake.room;
    if (count > room)
        count = room;
    if (machine->received_count == 0 && count > 0)
        machine->received_at = machine_time_ns(machine);
    memcpy(machine->received + machine->received_count, bytes, count);
    machine->received_count += count;
    return count;
}

bool machine_serial_ready(const struct machine *machine)
{
    return machine->instructions >= fake.ready_at;
}

void machine_keyboard_input(struct machine *machine, const uint8_t *scan_codes, size_t count)
{
    (void)machine;
    (void)scan_codes;
    (void)count;
}

uint64_t machine_instructions(const struct machine *machine)
{
    return machine->instructions;
}

uint64_t machine_time_ns(const struct machine *machine)
{
    return machine->instructions * FAKE_NS_PER_INSTRUCTION + machine->skipped_ns;
}

uint8_t machine_exit_code(const struct machine *machine)
{
    (void)machine;
    return fake.exit_code;
}

int machine_post_code(const struct machine *machine)
{
    (void)machine;
    return -1;
}

uint64_t machine_state_hash(const struct machine *machine)
{
    return machine->instructions * 0x9e3779b97f4a7c15u;
}

void machine_print_statistics(const struct machine *machine, FILE *out)
{
    (void)machine;
    fputs("statistics of the fake machine\n", out);
}

void machine_explain(const struct machine *machine, FILE *out)
{
    (void)machine;
    fake.explained++;
    fputs("explanation of the fake machine\n", out);
}

uint32_t machine_register(const struct machine *machine, enum machine_register which)
{
    (void)machine;
    return which == MACHINE_EFLAGS ? (fake.interrupts_off ? 0x002 : 0x202) : 0;
}

bool machine_read_physical(const struct machine *machine, uint64_t physical, void *bytes, size_t count)
{
    (void)machine;
    (void)physical;
    (void)bytes;
    (void)count;
    return false;
}

#endif
