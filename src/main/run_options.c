/* Options of `gate86 run`. */
#include "main/run_options.h"

#include <string.h>

#include "main/options.h"

#define COMMAND "gate86 run"

enum {
    RUN_KERNEL = 1,
    RUN_INITRD,
    RUN_APPEND,
    RUN_MODULE,
    RUN_ROM,
    RUN_LOAD_ADDRESS,
    RUN_MEMORY,
    RUN_CPU,
    RUN_SERIAL,
    RUN_DEBUGCON,
    RUN_NOGRAPHIC,
    RUN_MAX_INSTRUCTIONS,
    RUN_TIMEOUT,
    RUN_REBOOT,
    RUN_NO_REBOOT,
    RUN_TRIPLE_FAULT,
    RUN_PACE,
    RUN_NO_PACE,
    RUN_PRINT_STATE_HASH,
    RUN_HELP,
};

/* clang-format off */
static const struct option_row run_rows[] = {
    {"kernel", NULL, "FILE", "the image to boot, the same as IMAGE", RUN_KERNEL},
    {"initrd", NULL, "FILE", "initial RAM disk of a Linux kernel", RUN_INITRD},
    {"append", NULL, "TEXT", "command line of the kernel", RUN_APPEND},
    {"module", NULL, "FILE[ ARGS]", "multiboot module with its arguments; may be repeated", RUN_MODULE},
    {"rom", "bios", "FILE", "boot a ROM of 64 to 256 KiB from the reset vector", RUN_ROM},
    {"load-address", NULL, "ADDRESS", "IMAGE is raw bytes: put them at this physical address\n"
                                      "and enter there in flat 32-bit protected mode", RUN_LOAD_ADDRESS},
    {"memory", "m", "SIZE", "RAM: 64M, 1G, or a number of MiB (default 256)", RUN_MEMORY},
    {"cpu", NULL, "MODEL", "processor model, with features: pentium3,-sep\n"
                           "(default core-duo)", RUN_CPU},
    {"serial", NULL, "WHERE", "first serial line: terminal (the default on a terminal),\n"
                              "stdio (the default elsewhere), file:PATH or null.\n"
                              "Characters from a file or pipe wait until the guest\n"
                              "raises RTS", RUN_SERIAL},
    {"debugcon", NULL, "WHERE", "port E9h: stderr, stdio, file:PATH or null (default)", RUN_DEBUGCON},
    {"max-instructions", NULL, "N", "stop after N instructions, with exit status 65", RUN_MAX_INSTRUCTIONS},
    {"timeout", NULL, "SECONDS", "stop after that much of the host's time, with exit\n"
                                 "status 65", RUN_TIMEOUT},
    {"reboot", NULL, NULL, "a guest's restart restarts it (default)", RUN_REBOOT},
    {"no-reboot", NULL, NULL, "a guest's restart ends the run, with exit status 0", RUN_NO_REBOOT},
    {"triple-fault", NULL, "WHAT", "report: a triple fault ends the run (default);\n"
                                   "reset: it restarts the guest and memory stays", RUN_TRIPLE_FAULT},
    {"pace", NULL, NULL, "keep to the host's clock and sleep while the guest\n"
                         "halts (default with --serial terminal)", RUN_PACE},
    {"no-pace", NULL, NULL, "run as fast as possible (default elsewhere)", RUN_NO_PACE},
    {"print-state-hash", NULL, NULL, "print a hash of the guest's whole state at the end", RUN_PRINT_STATE_HASH},
    {"nographic", NULL, NULL, NULL, RUN_NOGRAPHIC},
    {"help", "h", NULL, "this text", RUN_HELP},
    {NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

void run_options_help(FILE *out)
{
    fputs("Usage: gate86 run [OPTION]... [IMAGE]\n"
          "Boot IMAGE: an ELF file with a multiboot header, a Linux bzImage, a ROM; what it is\n"
          "is recognised from its contents.\n\n",
          out);
    options_print(run_rows, out);
    fputs("\nQEMU's single dash (-kernel, -m 64) works for every option.\n\n"
          "Exit status:\n"
          "   0  the guest shut down, restarted with --no-reboot, wrote 0 to the debug exit port,\n"
          "      or was ended with Ctrl-A x\n"
          "   1  the guest wrote another value to the debug exit port\n"
          "   2  the command line is wrong        3  a file or the host is at fault\n"
          "  64  triple fault                    65  time limit\n"
          "  66  halted for ever                 67  the guest needs what is not implemented\n"
          "A run that a signal ended ends by that signal.\n\n"
          "Examples:\n"
          "  gate86 run vmlinuz --initrd initrd.gz --append console=ttyS0\n"
          "  gate86 run -kernel kernel.elf -m 64 -debugcon stdio -no-reboot --timeout 30\n",
          out);
}

static bool set_image(struct run_options *options, const char *path, struct error *error)
{
    if (options->image.path != NULL)
        return error_set(error, ERROR_USAGE, "two images: '%s' and '%s'; give one of them",
                         options->image.path, path);
    options->image.path = path;
    return true;
}

static bool set_kind(struct run_options *options, enum image_kind kind, struct error *error)
{
    if (options->image.kind != IMAGE_RECOGNISE)
        return error_set(error, ERROR_USAGE, "--rom and --load-address exclude each other");
    options->image.kind = kind;
    return true;
}

static bool add_module(struct run_options *options, const char *module, struct error *error)
{
    for (size_t i = 0; i < IMAGE_MODULES_MAX; i++) {
        if (options->image.modules[i] == NULL) {
            options->image.modules[i] = module;
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "--module %s: no more than %d modules are possible", module,
                     IMAGE_MODULES_MAX);
}

static bool set_memory(struct run_options *options, const struct options *parsed, struct error *error)
{
    const uint64_t least = 1u << 20, most = 3ull << 30, page = 4096;
    uint64_t *bytes = &options->machine.memory_bytes;
    if (!option_size(parsed, 1u << 20, bytes, error))
        return false;
    if (*bytes >= least && *bytes <= most && *bytes % page == 0)
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: from 1M to 3G of memory are possible, in whole pages of 4K",
                     parsed->spelling, parsed->value);
}

static bool set_triple_fault(const struct options *parsed, struct machine_config *machine,
                             struct error *error)
{
    machine->shutdown_resets = strcmp(parsed->value, "reset") == 0;
    if (machine->shutdown_resets || strcmp(parsed->value, "report") == 0)
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: must be report or reset", parsed->spelling, parsed->value);
}

/* A place for the output of a port, in QEMU's or our words. */
static bool set_place(const struct options *parsed, const char **place, struct error *error)
{
    bool serial = strstr(parsed->spelling, "serial") != NULL;
    const char *own = serial ? "terminal" : "stderr";
    const char *where = parsed->value;
    if (strcmp(where, "none") == 0)
        where = "null";
    if (serial && strcmp(where, "mon:stdio") == 0)
        where = "terminal";
    *place = where;
    if (strcmp(where, "stdio") == 0 || strcmp(where, "null") == 0 || strcmp(where, own) == 0 ||
        (strncmp(where, "file:", 5) == 0 && where[5] != '\0'))
        return true;
    return error_set(error, ERROR_USAGE, "%s %s: the place must be stdio, %s, null or file:PATH",
                     parsed->spelling, parsed->value, own);
}

static bool apply(struct run_options *options, int id, const struct options *parsed, struct error *error)
{
    uint64_t number;
    switch (id) {
    case OPTION_WORD:
    case RUN_KERNEL:
        return set_image(options, parsed->value, error);
    case RUN_ROM:
        return set_image(options, parsed->value, error) && set_kind(options, IMAGE_ROM, error);
    case RUN_LOAD_ADDRESS:
        if (!option_number(parsed, 0, UINT32_MAX, &number, error))
            return false;
        options->image.load_address = (uint32_t)number;
        return set_kind(options, IMAGE_FLAT, error);
    case RUN_INITRD:
        options->image.initrd = parsed->value;
        return true;
    case RUN_APPEND:
        options->image.command_line = parsed->value;
        return true;
    case RUN_MODULE:
        return add_module(options, parsed->value, error);
    case RUN_MEMORY:
        return set_memory(options, parsed, error);
    case RUN_CPU:
        options->machine.cpu = parsed->value;
        return true;
    case RUN_SERIAL:
        return set_place(parsed, &options->serial, error);
    case RUN_DEBUGCON:
        return set_place(parsed, &options->debugcon, error);
    case RUN_MAX_INSTRUCTIONS:
        return option_number(parsed, 1, UINT64_MAX - 1, &options->max_instructions, error);
    case RUN_TIMEOUT:
        return option_seconds(parsed, &options->timeout_ns, error);
    case RUN_REBOOT:
    case RUN_NO_REBOOT:
        options->machine.reboot_stops = id == RUN_NO_REBOOT;
        return true;
    case RUN_TRIPLE_FAULT:
        return set_triple_fault(parsed, &options->machine, error);
    case RUN_PACE:
    case RUN_NO_PACE:
        options->pace = id == RUN_PACE ? PACE_ALWAYS : PACE_NEVER;
        return true;
    case RUN_PRINT_STATE_HASH:
        options->print_state_hash = true;
        return true;
    case RUN_HELP:
        options->help = true;
        return true;
    default: /* -nographic: there is no window to leave out */
        return true;
    }
}

bool run_options_parse(struct run_options *options, int count, char *const *words, struct error *error)
{
    *options = (struct run_options){
        .debugcon = "null",
        .max_instructions = UINT64_MAX,
        .timeout_ns = UINT64_MAX,
    };
    machine_config_init(&options->machine);
    struct options parsed;
    options_init(&parsed, run_rows, COMMAND, count, words);
    for (int id; (id = options_next(&parsed, error)) != OPTION_END;) {
        if (id == OPTION_BAD || !apply(options, id, &parsed, error))
            return false;
        if (options->help)
            return true;
    }
    if (options->image.path == NULL)
        return error_set(error, ERROR_USAGE, "nothing to boot: name an image (%s IMAGE)", COMMAND);
    return true;
}
