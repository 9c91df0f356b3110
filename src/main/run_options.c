/* Options of `gate86 run`. */
#include "main/run_options.h"

#include "main/options.h"

#define COMMAND "gate86 run"

enum {
    RUN_KERNEL = GUEST_OPTIONS_END,
    RUN_ROM,
    RUN_NOGRAPHIC,
    RUN_PACE,
    RUN_NO_PACE,
    RUN_PRINT_STATE_HASH,
    RUN_STATS,
    RUN_HELP,
};

/* clang-format off */
static const struct option_row run_rows[] = {
    {"kernel", NULL, "FILE", "the image to boot, the same as IMAGE", RUN_KERNEL},
    {"rom", "bios", "FILE", "boot a ROM of 64 to 256 KiB from the reset vector", RUN_ROM},
    GUEST_OPTION_ROWS,
    {"serial", NULL, "WHERE", "first serial line: terminal (the default on a terminal),\n"
                              "stdio (the default elsewhere), file:PATH or null.\n"
                              "Characters from a file or pipe wait until the guest\n"
                              "raises RTS", GUEST_SERIAL},
    {"debugcon", NULL, "WHERE", "port E9h: stderr, stdio, file:PATH or null (default)", GUEST_DEBUGCON},
    {"timeout", NULL, "SECONDS", "stop after that much of the host's time, with exit\n"
                                 "status 65", GUEST_TIMEOUT},
    {"pace", NULL, NULL, "keep to the host's clock and sleep while the guest\n"
                         "halts (default with --serial terminal)", RUN_PACE},
    {"no-pace", NULL, NULL, "run as fast as possible (default elsewhere)", RUN_NO_PACE},
    {"stats", NULL, NULL, "print at the end what the engine did", RUN_STATS},
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
          "is recognised from its contents. A folder stands for the kernel in it that bears its\n"
          "name: images/nt for images/nt/nt.elf.\n\n",
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

static bool apply(struct run_options *options, int id, const struct options *parsed, struct error *error)
{
    struct guest_options *guest = &options->guest;
    switch (id) {
    case OPTION_WORD:
    case RUN_KERNEL:
        return guest_options_set_image(guest, parsed->value, error);
    case RUN_ROM:
        return guest_options_set_image(guest, parsed->value, error) &&
               guest_options_set_kind(guest, IMAGE_ROM, error);
    case RUN_PACE:
    case RUN_NO_PACE:
        options->pace = id == RUN_PACE ? PACE_ALWAYS : PACE_NEVER;
        return true;
    case RUN_STATS:
        options->stats = true;
        return true;
    case RUN_PRINT_STATE_HASH:
        options->print_state_hash = true;
        return true;
    case RUN_HELP:
        options->help = true;
        return true;
    case RUN_NOGRAPHIC: /* there is no window to leave out */
        return true;
    default:
        return guest_options_apply(guest, id, parsed, error);
    }
}

bool run_options_parse(struct run_options *options, int count, char *const *words, struct error *error)
{
    *options = (struct run_options){.pace = PACE_WHEN_TERMINAL};
    guest_options_init(&options->guest);
    struct options parsed;
    options_init(&parsed, run_rows, COMMAND, count, words);
    for (int id; (id = options_next(&parsed, error)) != OPTION_END;) {
        if (id == OPTION_BAD || !apply(options, id, &parsed, error))
            return false;
        if (options->help)
            return true;
    }
    if (options->guest.image.path == NULL)
        return error_set(error, ERROR_USAGE, "nothing to boot: name an image (%s IMAGE)", COMMAND);
    return true;
}
