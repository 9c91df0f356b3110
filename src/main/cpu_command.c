/* `gate86 cpu models` and `gate86 cpu show MODEL`: what the tables of models, CPUID and MSRs say. */
#include "main/cpu_command.h"

#include <stdio.h>
#include <string.h>

#include "main/exit_status.h"
#include "main/options.h"
#include "msr/msr.h"

#define COMMAND "gate86 cpu"

enum { CPU_HELP = 1 };

static const struct option_row cpu_rows[] = {
    {"help", "h", NULL, "this text", CPU_HELP},
    {NULL, NULL, NULL, NULL, 0},
};

static void print_help(FILE *out)
{
    fputs("Usage: gate86 cpu models\n"
          "       gate86 cpu show MODEL\n"
          "List the processor models, or tell what one of them has: features, CPUID leaves and MSRs\n"
          "after reset. MODEL is what --cpu takes: core-duo, or pentium3,-sep.\n\n",
          out);
    options_print(cpu_rows, out);
}

static void print_models(void)
{
    for (const struct cpu_model *model = cpu_models; model->name != NULL; model++)
        printf("%-12s %s%s\n", model->name, model->description,
               strcmp(model->name, CPU_MODEL_DEFAULT) == 0 ? " (default)" : "");
}

static void print_features(const struct cpu_model *model)
{
    enum { WIDTH = 78 };
    int column = printf("Features:");
    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        if (!cpu_model_has(model, 1ull << i))
            continue;
        const char *name = cpu_feature_name((enum cpu_feature)i);
        if (column + (int)strlen(name) + 1 > WIDTH)
            column = printf("\n         ") - 1;
        column += printf(" %s", name);
    }
    putchar('\n');
}

/* The four registers, and their bytes where they are text. */
static void print_leaf(const struct msr_bank *bank, const struct cpu_model *model, uint32_t leaf,
                       uint32_t subleaf)
{
    uint32_t out[4];
    msr_cpuid(bank, model, leaf, subleaf, out);
    printf("  %08X.%u  EAX %08X  EBX %08X  ECX %08X  EDX %08X", leaf, subleaf, out[0], out[1], out[2],
           out[3]);
    const uint32_t vendor[3] = {out[1], out[3], out[2]};
    if (leaf == 0)
        printf("  \"%.12s\"", (const char *)vendor);
    else if (leaf >= 0x80000002 && leaf <= 0x80000004)
        printf("  \"%.16s\"", (const char *)out);
    putchar('\n');
}

static void print_cpuid(const struct msr_bank *bank, const struct cpu_model *model)
{
    if (!cpu_model_has(model, FEATURE(CPUID))) {
        puts("CPUID: this model does not have the instruction");
        return;
    }
    puts("CPUID:");
    for (uint32_t leaf = 0; leaf <= model->max_leaf; leaf++) {
        uint32_t out[4];
        print_leaf(bank, model, leaf, 0);
        for (uint32_t subleaf = 1; leaf == 4; subleaf++) { /* the caches, up to one of type 0 */
            msr_cpuid(bank, model, leaf, subleaf, out);
            if ((out[0] & 31) == 0)
                break;
            print_leaf(bank, model, leaf, subleaf);
        }
    }
    if (model->max_extended_leaf != 0) {
        for (uint32_t leaf = 0x80000000; leaf <= model->max_extended_leaf; leaf++)
            print_leaf(bank, model, leaf, 0);
    }
}

static void print_msrs(const struct msr_bank *bank, const struct cpu_model *model)
{
    static const char *const accesses[] = {
        [MSR_READ_WRITE] = "", [MSR_READ_ONLY] = "  read-only", [MSR_WRITE_ONLY] = "  write-only"};
    if (!cpu_model_has(model, FEATURE(MSR))) {
        puts("MSRs: this model has none");
        return;
    }
    puts("MSRs after reset, and the bits that can be written:");
    for (const struct msr_row *row = msr_rows; row->name != NULL; row++) {
        if (msr_find(model, row->address) != row)
            continue;
        uint64_t value;
        struct fault fault = msr_read(bank, model, row->address, 0, &value);
        printf("  %08X  %-28s ", row->address, row->name);
        if (fault.reason == NO_FAULT)
            printf("%016llX", (unsigned long long)value);
        else
            printf("%-16s", "-");
        printf("  %016llX%s  %s\n", row->access == MSR_READ_ONLY ? 0ull : (unsigned long long)row->writable,
               accesses[row->access], row->manual);
    }
}

static int show_model(const char *text)
{
    struct cpu_model model;
    struct error error;
    if (!cpu_model_parse(text, &model, &error)) {
        fprintf(stderr, COMMAND ": %s\n", error.text);
        return EXIT_USAGE;
    }
    struct msr_bank bank;
    memset(&bank, 0, sizeof bank);
    msr_reset(&bank, &model);
    printf("%s: %s\n", text, model.description);
    printf("Family %u, model %u, stepping %u; %u bits of physical address; EDX after reset %08X; bits of CR4 "
           "%08X\n",
           model.family, model.model, model.stepping, model.physical_bits, model.reset_edx,
           cpu_model_cr4_bits(&model));
    print_features(&model);
    print_cpuid(&bank, &model);
    print_msrs(&bank, &model);
    return EXIT_PASSED;
}

int cpu_main(int count, char *const *words)
{
    struct options parsed;
    struct error error;
    const char *arguments[2] = {NULL, NULL};
    unsigned used = 0;
    options_init(&parsed, cpu_rows, COMMAND, count, words);
    for (int id; (id = options_next(&parsed, &error)) != OPTION_END;) {
        if (id == CPU_HELP) {
            print_help(stdout);
            return EXIT_PASSED;
        }
        if (id == OPTION_BAD) {
            fprintf(stderr, COMMAND ": %s\n", error.text);
            return EXIT_USAGE;
        }
        if (used < 2)
            arguments[used] = parsed.value;
        used++;
    }
    if (used == 1 && strcmp(arguments[0], "models") == 0) {
        print_models();
        return EXIT_PASSED;
    }
    if (used == 2 && strcmp(arguments[0], "show") == 0)
        return show_model(arguments[1]);
    print_help(stderr);
    return EXIT_USAGE;
}
