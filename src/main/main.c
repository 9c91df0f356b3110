/* gate86: the program. Sub-commands are one table. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "main/cpu_command.h"
#include "main/exit_status.h"
#include "main/image.h"
#include "main/rom/command.h"
#include "main/run.h"
#include "main/suggest.h"

struct command {
    const char *name;
    const char *summary;
    int (*main)(int count, char *const *words); /* the words that follow the name; returns the exit status */
};

static const struct command commands[] = {
    {"run", "boot an image on the terminal", run_main},
    {"rom", "run conformance ROMs and report their checks", rom_main},
    {"cpu", "list processor models, their CPUID and MSRs", cpu_main},
    {"image", "look at disk images, make them, convert them", image_main},
};

static void print_help(FILE *out)
{
    fputs("Usage: gate86 COMMAND [OPTION]...\n"
          "An exact, fast and readable emulator of an IA-32 PC.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'gate86 COMMAND --help' tells about a command, 'gate86 --version' the version.\n", out);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int unknown_command(const char *word)
{
    struct suggestion suggestion = {word, NULL, 0};
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        suggest_consider(&suggestion, commands[i].name);
    if (word[0] == '-')
        fprintf(stderr, "gate86: option '%s' comes after a command: gate86 run %s ...\n", word, word);
    else if (suggestion.nearest != NULL)
        fprintf(stderr, "gate86: unknown command '%s': did you mean '%s'?\n", word, suggestion.nearest);
    else
        fprintf(stderr,
                "gate86: unknown command '%s': 'gate86 --help' lists the commands; an image is booted by "
                "'gate86 run IMAGE'\n",
                word);
    return EXIT_USAGE;
}

/* Help and version are output like any other: a full disk must not pass for success. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("gate86: cannot write to standard output");
    return status == EXIT_PASSED ? EXIT_INPUT : status;
}

/* A standard descriptor that the caller closed would be given to the first file we open, which then got our messages. */
static void fill_standard_descriptors(void)
{
    int descriptor;
    do {
        descriptor = open("/dev/null", O_RDWR);
    } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor > STDERR_FILENO)
        close(descriptor);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_help(stdout);
        return finish(EXIT_PASSED);
    }
    if (strcmp(word, "--version") == 0) {
        puts("gate86 " GATE86_VERSION);
        return finish(EXIT_PASSED);
    }
    const struct command *command = find_command(word);
    return command == NULL ? unknown_command(word) : finish(command->main(argc - 2, argv + 2));
}
