/*
 * gate86 as a library: make a machine, load something, run it, look at it. The program `gate86` is its first
 * user, the tests its second. There is no global state: several machines may live in one process, each used
 * by one thread at a time.
 */
#ifndef GATE86_H
#define GATE86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct machine;

/* Where bytes from the guest go: called as they are written, in guest order. */
typedef void machine_output(void *context, const uint8_t *bytes, size_t count);

/* A byte written to the POST port. */
typedef void machine_post(void *context, uint8_t code);

/* Two ways to the same state after every instruction. */
enum machine_engine {
    MACHINE_ENGINE_FAST,
    MACHINE_ENGINE_EXACT, /* the definition: slower, and nothing else */
};

struct machine_config {
    enum machine_engine engine;
    const char *cpu;          /* "core-duo", or "pentium3,-sep"; NULL: the default model */
    uint64_t memory_bytes;    /* RAM; whole pages, 1 MiB to 3 GiB */
    uint32_t instruction_ns;  /* guest nanoseconds per instruction; 0: the default */
    int64_t start_seconds;    /* the date in the real-time clock at power-on, seconds since 1970 UTC */
    bool reboot_stops;        /* a guest's reset ends the run (MACHINE_RESET) instead of restarting */
    bool shutdown_resets;     /* a triple fault resets, keeping memory, instead of ending the run */
    machine_output *serial;   /* first serial line; NULL: dropped */
    machine_output *debugcon; /* port E9h; NULL: dropped */
    machine_post *post;       /* NULL: only the last code is kept, for machine_post_code */
    void *output_context;
    uint16_t exit_port;  /* the debug exit port: 4 ports from here; 0: F4h */
    uint16_t post_port;  /* the POST port; 0: 80h */
    FILE *log;           /* guest oddities, once each; NULL: silent */
    FILE *faults;        /* every fault in words, a line each, as it is about to be delivered; NULL: silent */
    bool fault_tables;   /* there, after each: the tables that it consulted */
    uint64_t faults_max; /* lines there, then silent; 0: no limit */
    bool keep_recent;    /* machine_explain tells the last instructions, too; costs speed */
};

/* Fills in the defaults: core-duo, 256 MiB, 2026-01-01 00:00:00 UTC. */
void machine_config_init(struct machine_config *config);

/* NULL on failure, with *error set. */
struct machine *machine_create(const struct machine_config *config, struct error *error);
void machine_free(struct machine *machine);

/* What to boot. The kind is recognised from the file's contents unless it is forced. */
enum image_kind {
    IMAGE_RECOGNISE,
    IMAGE_MULTIBOOT, /* ELF or a.out-less image with a multiboot 1 header */
    IMAGE_BZIMAGE,   /* Linux, 32-bit boot protocol */
    IMAGE_FLAT,      /* raw bytes at load_address, entered there in 32-bit flat protected mode */
    IMAGE_ROM,       /* 64 to 256 KiB at the top of the first megabyte and below 4 GiB, entered by reset */
};

#define IMAGE_MODULES_MAX 16

struct image_request {
    enum image_kind kind;
    const char *path;
    const char *command_line;               /* NULL: empty */
    const char *initrd;                     /* path or NULL (bzImage) */
    const char *modules[IMAGE_MODULES_MAX]; /* "path arguments" each (multiboot), NULL-ended when fewer */
    uint32_t load_address;                  /* IMAGE_FLAT */
};

/* Loads an image and sets the processor to start it. description: one line, "Linux 6.1 bzImage, 7.1 MiB, initrd ...". */
MUST_USE bool machine_load(struct machine *machine, const struct image_request *request, char *description,
                           size_t description_size, struct error *error);

enum machine_stop {
    MACHINE_LIMIT,     /* the instruction limit was reached */
    MACHINE_POWER_OFF, /* the guest switched itself off */
    MACHINE_RESET, /* the guest asked for a reset and reboot_stops is set, or the image cannot be read again */
    MACHINE_DEBUG_EXIT,    /* the guest wrote the debug exit port: see exit_code */
    MACHINE_SHUTDOWN,      /* triple fault */
    MACHINE_HALTED,        /* HLT with nothing that could ever wake the processor */
    MACHINE_UNIMPLEMENTED, /* the guest needs something that is not implemented: see machine_explain */
    MACHINE_INTERRUPTED,   /* machine_interrupt was called */
};

/*
 * Runs until something stops it, at most `instructions` more. When the processor is halted, guest time jumps to
 * the next event; `idle` (may be NULL) is told before such a jump how many nanoseconds it skips, so that an
 * interactive front end can sleep, and returns how many of them have passed. When that is fewer, guest time moves
 * on by that much only and the run stops with MACHINE_INTERRUPTED, the processor still halted: input that came
 * early is then stamped with the time at which it came.
 */
typedef uint64_t machine_idle(void *context, uint64_t nanoseconds);
enum machine_stop machine_run(struct machine *machine, uint64_t instructions, machine_idle *idle,
                              void *context);

/* Stops a run soon; the only call allowed from another thread or a signal handler. */
void machine_interrupt(struct machine *machine);

/*
 * Input, stamped with the current guest time: characters to the first serial line, scan codes (set 2) to the
 * keyboard. The line has flow control: machine_serial_input returns how many characters the receiver had room for,
 * and the rest is offered again later. machine_serial_ready: the guest holds RTS up, so that what is sent now is
 * not lost to a driver which has yet to reset its FIFO; a guest that only polls may never raise it.
 */
MUST_USE size_t machine_serial_input(struct machine *machine, const uint8_t *bytes, size_t count);
bool machine_serial_ready(const struct machine *machine);
void machine_keyboard_input(struct machine *machine, const uint8_t *scan_codes, size_t count);

uint64_t machine_instructions(const struct machine *machine); /* executed since power-on */
uint64_t machine_time_ns(const struct machine *machine);      /* guest time since power-on */
uint8_t machine_exit_code(const struct machine *machine);     /* of MACHINE_DEBUG_EXIT */
int machine_post_code(const struct machine *machine);         /* last byte written to the POST port, or -1 */

/* What the engine did: blocks made, instructions handed over to the exact interpreter. */
void machine_print_statistics(const struct machine *machine, FILE *out);

/* Hash of the whole guest-visible state: registers, MSRs, RAM, every device. Equal runs give equal hashes. */
uint64_t machine_state_hash(const struct machine *machine);

/* Why the machine stopped, in words, with the chain of faults, registers and the last instructions. */
void machine_explain(const struct machine *machine, FILE *out);

/* clang-format off */
enum machine_register {
    MACHINE_EAX, MACHINE_ECX, MACHINE_EDX, MACHINE_EBX, MACHINE_ESP, MACHINE_EBP, MACHINE_ESI, MACHINE_EDI,
    MACHINE_EIP, MACHINE_EFLAGS,
    MACHINE_ES, MACHINE_CS, MACHINE_SS, MACHINE_DS, MACHINE_FS, MACHINE_GS,
    MACHINE_CR0, MACHINE_CR2, MACHINE_CR3, MACHINE_CR4,
};
/* clang-format on */
uint32_t machine_register(const struct machine *machine, enum machine_register which);

/* Guest-physical memory, for looking; false when part of the range is not RAM or ROM. */
MUST_USE bool machine_read_physical(const struct machine *machine, uint64_t physical, void *bytes,
                                    size_t count);

#endif
