/*
 * What `gate86 run` and `gate86 rom` ask alike about a guest: the machine it runs on, what is loaded beside it, where its
 * output goes, its limits. One set of rows, read and checked in one place.
 */
#ifndef GATE86_MAIN_GUEST_OPTIONS_H
#define GATE86_MAIN_GUEST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "machine/gate86.h"
#include "main/options.h"

struct guest_options {
    struct machine_config machine; /* without the outputs and the log */
    struct image_request image;    /* path NULL: none was named */
    const char *serial;            /* "terminal", "stdio", "null" or "file:PATH"; NULL: not said */
    const char *debugcon;          /* "stdio", "stderr", "null" or "file:PATH"; never NULL */
    bool explain_faults;           /* each in words, and the last instructions */
    uint64_t max_instructions;     /* UINT64_MAX: no limit */
    uint64_t timeout_ns;           /* UINT64_MAX: no limit */
};

enum guest_option {
    GUEST_INITRD = 1,
    GUEST_APPEND,
    GUEST_MODULE,
    GUEST_LOAD_ADDRESS,
    GUEST_MEMORY,
    GUEST_CPU,
    GUEST_ENGINE,
    GUEST_SERIAL,
    GUEST_DEBUGCON,
    GUEST_MAX_INSTRUCTIONS,
    GUEST_TIMEOUT,
    GUEST_REBOOT,
    GUEST_NO_REBOOT,
    GUEST_TRIPLE_FAULT,
    GUEST_EXPLAIN_FAULTS,
    GUEST_FAULT_TABLES,
    GUEST_OPTIONS_END, /* a command's own ids begin here */
};

/* clang-format off */
/* Rows for a command's table, but for --serial and --timeout, whose defaults differ. */
#define GUEST_OPTION_ROWS \
    {"initrd", NULL, "FILE", "initial RAM disk of a Linux kernel", GUEST_INITRD}, \
    {"append", NULL, "TEXT", "command line of the kernel", GUEST_APPEND}, \
    {"module", NULL, "FILE[ ARGS]", "multiboot module with its arguments; may be repeated", GUEST_MODULE}, \
    {"load-address", NULL, "ADDRESS", "the image is raw bytes: put them at this physical address\n" \
                                      "and enter there in flat 32-bit protected mode", GUEST_LOAD_ADDRESS}, \
    {"memory", "m", "SIZE", "RAM: 64M, 1G, or a number of MiB (default 256)", GUEST_MEMORY}, \
    {"cpu", NULL, "MODEL", "processor model, with features: pentium3,-sep\n" \
                           "(default core-duo)", GUEST_CPU}, \
    {"engine", NULL, "WHICH", "fast (default), or exact: the plain interpreter that\n" \
                              "defines it; both reach the same states. gate86 rom and\n" \
                              "--explain-faults always take the exact one", GUEST_ENGINE}, \
    {"max-instructions", NULL, "N", "stop after N instructions, with exit status 65", GUEST_MAX_INSTRUCTIONS}, \
    {"reboot", NULL, NULL, "a guest's restart restarts it (default)", GUEST_REBOOT}, \
    {"no-reboot", NULL, NULL, "a guest's restart ends the run (gate86 run: with\n" \
                                "exit status 0)", GUEST_NO_REBOOT}, \
    {"triple-fault", NULL, "WHAT", "report: a triple fault ends the run (default);\n" \
                                   "reset: it restarts the guest and memory stays", GUEST_TRIPLE_FAULT}, \
    {"explain-faults", NULL, NULL, "tell each fault in words as it is delivered, and after a\n" \
                                   "failure the last instructions; slower", GUEST_EXPLAIN_FAULTS}, \
    {"fault-tables", NULL, NULL, "the same, and after each fault the descriptors, gates and\n" \
                                 "page-table entries that it consulted", GUEST_FAULT_TABLES}
/* clang-format on */

/* The defaults. */
void guest_options_init(struct guest_options *options);

/* Takes the option that options_next has returned as `id`, below GUEST_OPTIONS_END. Errors: ERROR_USAGE. */
MUST_USE bool guest_options_apply(struct guest_options *options, int id, const struct options *parsed,
                                  struct error *error);

/* Names the image. Errors: ERROR_USAGE, when there is one already. */
MUST_USE bool guest_options_set_image(struct guest_options *options, const char *path, struct error *error);

/* Forces the image's kind. Errors: ERROR_USAGE, when it has been forced already. */
MUST_USE bool guest_options_set_kind(struct guest_options *options, enum image_kind kind,
                                     struct error *error);

#endif
