/* docs/cpu-models.md: the processors that --cpu names, and their features. */
#include <string.h>

#include "base/compiler.h"
#include "cpu/decode.h"
#include "document.h"
#include "ia32/registers.h"
#include "markdown.h"
#include "msr/msr.h"

static unsigned instructions_of(const struct cpu_model *model)
{
    unsigned count = 0;
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        for (const struct instruction *row = instruction_families[family]; row->opcode != NULL; row++)
            count += instruction_exists(row, model);
    }
    return count;
}

static unsigned msrs_of(const struct cpu_model *model)
{
    unsigned count = 0;
    for (const struct msr_row *row = msr_rows; row->name != NULL; row++)
        count += msr_find(model, row->address) == row;
    return count;
}

static void models_print(FILE *out)
{
    fputs("## Models\n\n", out);
    struct table table =
        table_new("Model|Processor|Family, model, stepping|EDX at RESET|MAXPHYADDR|CPUID leaves|"
                  "Instruction rows|MSRs");
    for (const struct cpu_model *model = cpu_models; model->name != NULL; model++) {
        char(*cells)[CELL_MAX] = table_row_add(&table);
        cell_code(cells[0], model->name);
        cell_set(cells[1], "%s", model->description);
        cell_set(cells[2], "%u, %u, %u", model->family, model->model, model->stepping);
        cell_set(cells[3], "%Xh", model->reset_edx);
        cell_set(cells[4], "%u", model->physical_bits);
        if (!cpu_model_has(model, FEATURE(CPUID)))
            cell_set(cells[5], "no CPUID");
        else if (model->max_extended_leaf != 0)
            cell_set(cells[5], "0 to %u, 80000000h to %Xh", model->max_leaf, model->max_extended_leaf);
        else
            cell_set(cells[5], "0 to %u", model->max_leaf);
        cell_set(cells[6], "%u", instructions_of(model));
        cell_set(cells[7], "%u", msrs_of(model));
    }
    table_print(&table, out);
}

/* "01h EDX[4]"; empty for what CPUID has no bit for. */
static void cpuid_bit_into(char cell[CELL_MAX], unsigned feature)
{
    static const struct {
        uint32_t leaf;
        char where;
        uint8_t bit;
    } bits[CPU_FEATURE_COUNT] = {
#define X(name, text, leaf, where, bit) [FEATURE_NUMBER_##name] = {leaf, where, bit},
        CPU_FEATURES(X)
#undef X
    };
    if (bits[feature].where != 0)
        cell_set(cell, "%02Xh E%cX[%u]", bits[feature].leaf, bits[feature].where == 'd' ? 'D' : 'C',
                 bits[feature].bit);
}

static bool feature_is_implemented(unsigned feature)
{
    char text[64];
    struct cpu_model model;
    struct error error;
    snprintf(text, sizeof text, "%s,+%s", CPU_MODEL_DEFAULT, cpu_feature_name(feature));
    return cpu_model_parse(text, &model, &error);
}

static void features_print(FILE *out)
{
    fputs("## Features\n\n", out);
    paragraph_print(
        out, "A model's features decide which instructions, control-register bits and MSRs exist. `--cpu "
             "pentium3,+sse2,-sep` switches single ones; what a feature stands on comes and goes with it. "
             "A feature marked \"no\" under Known has no behaviour in gate86, and no model reports it.");
    char headings[CELL_MAX] = "Feature|CPUID bit|Known";
    for (const struct cpu_model *model = cpu_models; model->name != NULL; model++)
        cell_append(headings, "|", model->name);
    struct table table = table_new(headings);
    for (unsigned feature = 0; feature < CPU_FEATURE_COUNT; feature++) {
        char(*cells)[CELL_MAX] = table_row_add(&table);
        cell_code(cells[0], cpu_feature_name(feature));
        cpuid_bit_into(cells[1], feature);
        cell_set(cells[2], "%s", feature_is_implemented(feature) ? "yes" : "no");
        unsigned column = 3;
        for (const struct cpu_model *model = cpu_models; model->name != NULL; model++)
            cell_set(cells[column++], "%s", model->features >> feature & 1 ? "x" : "");
    }
    table_print(&table, out);
}

static void cr4_print(FILE *out)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } bits[] = {
        {CR4_VME, "VME"},
        {CR4_PVI, "PVI"},
        {CR4_TSD, "TSD"},
        {CR4_DE, "DE"},
        {CR4_PSE, "PSE"},
        {CR4_PAE, "PAE"},
        {CR4_MCE, "MCE"},
        {CR4_PGE, "PGE"},
        {CR4_PCE, "PCE"},
        {CR4_OSFXSR, "OSFXSR"},
        {CR4_OSXMMEXCPT, "OSXMMEXCPT"},
    };
    fputs("## CR4\n\n", out);
    paragraph_print(out, "The bits that may be set; setting another one is #GP(0) (SDM 3A 2.5).");
    struct table table = table_new("Model|Bits");
    for (const struct cpu_model *model = cpu_models; model->name != NULL; model++) {
        char(*cells)[CELL_MAX] = table_row_add(&table);
        cell_code(cells[0], model->name);
        for (size_t i = 0; i < ARRAY_LENGTH(bits); i++) {
            if (cpu_model_cr4_bits(model) & bits[i].bit)
                cell_append(cells[1], ", ", bits[i].name);
        }
        if (!cpu_model_has(model, FEATURE(CR4)))
            cell_set(cells[1], "no CR4");
    }
    table_print(&table, out);
}

void document_cpu_models(FILE *out)
{
    title_print(out, "CPU models");
    paragraph_print(out, "The processors that `--cpu` names; `" CPU_MODEL_DEFAULT
                         "` is the default. Their instructions are in "
                         "[instructions.md](instructions.md), their MSRs in [msrs.md](msrs.md).");
    models_print(out);
    features_print(out);
    cr4_print(out);
}
