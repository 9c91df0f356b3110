/* The command line of `gate86 run`. */
#include <string.h>

#include "main/run_options.h"
#include "unit/fake_machine.h"
#include "unit/suite.h"

static struct run_options options;
static struct error error;

/* The words are separated by single blanks. */
static bool parse(const char *line)
{
    static char copy[1024];
    static char *words[64];
    int count = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    return run_options_parse(&options, count, words, &error);
}

static void expect_usage_error(const char *line, const char *text)
{
    ck_assert_msg(!parse(line), "'%s' was taken", line);
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    ck_assert_str_eq(error.text, text);
}

START_TEST(a_bare_image_is_enough)
{
    ck_assert(parse("kernel.elf"));
    ck_assert_str_eq(options.guest.image.path, "kernel.elf");
    ck_assert_int_eq(options.guest.image.kind, IMAGE_RECOGNISE);
    ck_assert_ptr_null(options.guest.serial);
    ck_assert_str_eq(options.guest.debugcon, "null");
    ck_assert(!options.guest.machine.reboot_stops);
    ck_assert(!options.guest.machine.shutdown_resets);
    ck_assert_uint_eq(options.guest.max_instructions, UINT64_MAX);
    ck_assert_uint_eq(options.guest.timeout_ns, UINT64_MAX);
}
END_TEST

START_TEST(our_spellings)
{
    ck_assert(
        parse("--kernel vmlinuz --initrd=initrd.gz --append console=ttyS0 --memory 1G --cpu pentium3,-sep "
              "--serial file:out.txt --debugcon stderr --max-instructions 5000 --timeout 2.5 --no-reboot "
              "--pace --print-state-hash --triple-fault reset --explain-faults"));
    ck_assert(options.guest.explain_faults);
    ck_assert(!options.guest.machine.fault_tables);
    ck_assert_str_eq(options.guest.image.path, "vmlinuz");
    ck_assert_str_eq(options.guest.image.initrd, "initrd.gz");
    ck_assert_str_eq(options.guest.image.command_line, "console=ttyS0");
    ck_assert_uint_eq(options.guest.machine.memory_bytes, 1u << 30);
    ck_assert_str_eq(options.guest.machine.cpu, "pentium3,-sep");
    ck_assert_str_eq(options.guest.serial, "file:out.txt");
    ck_assert_str_eq(options.guest.debugcon, "stderr");
    ck_assert_uint_eq(options.guest.max_instructions, 5000);
    ck_assert_uint_eq(options.guest.timeout_ns, 2500000000u);
    ck_assert(options.guest.machine.reboot_stops);
    ck_assert(options.guest.machine.shutdown_resets);
    ck_assert_int_eq(options.pace, PACE_ALWAYS);
    ck_assert(options.print_state_hash);
}
END_TEST

START_TEST(qemus_spellings)
{
    ck_assert(
        parse("-kernel vmlinuz -initrd i.gz -append quiet -m 64 -serial mon:stdio -debugcon file:x -cpu 486 "
              "-nographic -no-reboot"));
    ck_assert_str_eq(options.guest.image.path, "vmlinuz");
    ck_assert_uint_eq(options.guest.machine.memory_bytes, 64u << 20);
    ck_assert_str_eq(options.guest.serial, "terminal");
    ck_assert_str_eq(options.guest.debugcon, "file:x");
    ck_assert_str_eq(options.guest.machine.cpu, "486");
    ck_assert(options.guest.machine.reboot_stops);
    ck_assert(parse("-bios rom.bin -serial none"));
    ck_assert_int_eq(options.guest.image.kind, IMAGE_ROM);
    ck_assert_str_eq(options.guest.serial, "null");
}
END_TEST

START_TEST(a_flat_binary_has_its_address)
{
    ck_assert(parse("--load-address 0x100000 code.bin"));
    ck_assert_int_eq(options.guest.image.kind, IMAGE_FLAT);
    ck_assert_uint_eq(options.guest.image.load_address, 0x100000);
    expect_usage_error(
        "--load-address 0x100000000 code.bin",
        "--load-address 0x100000000: a number from 0 to 4294967295 is needed, decimal or 0x...");
    expect_usage_error("--load-address 0 --rom x", "--rom and --load-address exclude each other");
}
END_TEST

START_TEST(modules_keep_their_order_and_have_a_limit)
{
    ck_assert(parse("kernel --module a --module b"));
    ck_assert_str_eq(options.guest.image.modules[0], "a");
    ck_assert_str_eq(options.guest.image.modules[1], "b");
    ck_assert_ptr_null(options.guest.image.modules[2]);
    char line[512] = "kernel";
    for (int i = 0; i <= IMAGE_MODULES_MAX; i++)
        strcat(line, " --module m");
    expect_usage_error(line, "--module m: no more than 16 modules are possible");
}
END_TEST

START_TEST(errors_name_the_option_and_the_remedy)
{
    expect_usage_error("", "nothing to boot: name an image (gate86 run IMAGE)");
    expect_usage_error("a b", "two images: 'a' and 'b'; give one of them");
    expect_usage_error("--triple-fault stop a", "--triple-fault stop: must be report or reset");
    expect_usage_error("-m 4G a", "-m 4G: from 1M to 3G of memory are possible, in whole pages of 4K");
    expect_usage_error("-m 512K a", "-m 512K: from 1M to 3G of memory are possible, in whole pages of 4K");
    expect_usage_error("-m 1025K a", "-m 1025K: from 1M to 3G of memory are possible, in whole pages of 4K");
    expect_usage_error("-serial pty a", "-serial pty: the place must be stdio, terminal, null or file:PATH");
    expect_usage_error("--debugcon terminal a",
                       "--debugcon terminal: the place must be stdio, stderr, null or file:PATH");
    expect_usage_error("--max-instructions 0 a",
                       "--max-instructions 0: a number from 1 to 18446744073709551614 is "
                       "needed, decimal or 0x...");
    expect_usage_error("--timeuot 5 a", "unknown option '--timeuot': did you mean --timeout?");
}
END_TEST

START_TEST(help_needs_no_image_and_tells_the_exit_codes)
{
    ck_assert(parse("--help"));
    ck_assert(options.help);
    char text[8192] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    run_options_help(out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "--max-instructions N"));
    ck_assert_ptr_nonnull(strstr(text, "64  triple fault"));
    for (const char *line = text; line != NULL; line = strchr(line + 1, '\n'))
        ck_assert_uint_le(strcspn(line + 1, "\n"), 90);
}
END_TEST

UNIT_SUITE("run_options", a_bare_image_is_enough, our_spellings, qemus_spellings,
           a_flat_binary_has_its_address, modules_keep_their_order_and_have_a_limit,
           errors_name_the_option_and_the_remedy, help_needs_no_image_and_tells_the_exit_codes)
