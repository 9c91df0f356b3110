/* docs/msrs.md: the model-specific registers. */
#include "document.h"
#include "markdown.h"
#include "msr/msr.h"

/*
 * The models on which this row answers: "all" of those with MSRs, "pentium2 and up", "pentium-pro to pentium3", or
 * single names.
 */
static void models_into(char cell[CELL_MAX], const struct msr_row *row)
{
    const struct cpu_model *first = NULL, *last = NULL, *with_msrs = NULL;
    unsigned count = 0;
    const struct cpu_model *model = cpu_models;
    for (; model->name != NULL; model++) {
        if (with_msrs == NULL && cpu_model_has(model, FEATURE(MSR)))
            with_msrs = model;
        if (msr_find(model, row->address) != row)
            continue;
        cell_append(cell, ", ", model->name);
        if (first == NULL)
            first = model;
        last = model;
        count++;
    }
    if (count == 0)
        cell_set(cell, "none");
    if (count < 3 || last - first + 1 != count)
        return;
    if (last + 1 != model)
        cell_set(cell, "%s to %s", first->name, last->name);
    else if (first != with_msrs)
        cell_set(cell, "%s and up", first->name);
    else
        cell_set(cell, "all");
}

static void features_into(char cell[CELL_MAX], uint64_t features)
{
    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        if (features >> i & 1)
            cell_append(cell, " ", cpu_feature_name(i));
    }
}

static void number_into(char cell[CELL_MAX], uint64_t value)
{
    cell_set(cell, value < 10 ? "%llX" : "%llXh", (unsigned long long)value);
}

static const char *access_name(enum msr_access access)
{
    return access == MSR_READ_ONLY ? "read" : access == MSR_WRITE_ONLY ? "write" : "both";
}

static void msr_add(struct table *table, const struct msr_row *row)
{
    char(*cells)[CELL_MAX] = table_row_add(table);
    number_into(cells[0], row->address);
    cell_set(cells[1], "%s", row->name);
    models_into(cells[2], row);
    features_into(cells[3], row->features);
    cell_set(cells[4], "%s", access_name(row->access));
    number_into(cells[5], row->reset);
    cell_bits(cells[6], row->writable);
    cell_bits(cells[7], row->reserved);
    if (row->physical)
        cell_append(cells[7], ", ", "address");
    cell_set(cells[8], "%s", row->accept != NULL ? "checked" : "");
    cell_set(cells[9], "%s", row->manual);
}

void document_msrs(FILE *out)
{
    title_print(out, "Model-specific registers");
    paragraph_print(
        out, "Every MSR that RDMSR and WRMSR know. An address that means different things on different "
             "processors has a row for each; where two rows fit a model, the first one counts. An address "
             "without a row is #GP(0).");
    fputs(
        "- **Models**: which models have the row, in the order of [cpu-models.md](cpu-models.md); \"all\" "
        "are those with\n"
        "  MSRs at all. \"none\" waits for a feature that no model has at present. **Feature**: what must be "
        "there\n"
        "  besides.\n"
        "- **Access**: the other kind of access is #GP(0).\n"
        "- **Reset**: the value after RESET. IA32_MISC_ENABLE lacks the bits of features that the model "
        "lacks.\n"
        "- **Writable**: bits that WRMSR changes. The others keep their value.\n"
        "- **Reserved**: bits that must be written as zero, else #GP(0). \"address\": from MAXPHYADDR up, "
        "too.\n"
        "- **Values**: \"checked\": not every value of the writable bits is accepted or kept as written.\n\n",
        out);
    struct table table =
        table_new("Address|Name|Models|Feature|Access|Reset|Writable|Reserved|Values|Manual");
    for (const struct msr_row *row = msr_rows; row->name != NULL; row++)
        msr_add(&table, row);
    table_print(&table, out);
}
