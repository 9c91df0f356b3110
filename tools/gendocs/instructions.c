/* docs/instructions.md: the instruction table, family by family. */
#include <string.h>

#include "base/compiler.h"
#include "base/invariant.h"
#include "cpu/decode.h"
#include "cpu/fast/block.h"
#include "cpu/fast/handlers.h"
#include "cpu/instructions/families.h"
#include "document.h"
#include "markdown.h"

static const struct {
    const struct instruction *rows;
    const char *title;
} families[] = {
    {arithmetic_instructions, "Arithmetic and logic"},
    {bit_instructions, "Bits"},
    {branch_instructions, "Near branches"},
    {control_instructions, "Control registers, MSRs, CPUID"},
    {decimal_instructions, "Decimal"},
    {exchange_instructions, "Exchange"},
    {far_instructions, "Far branches"},
    {flags_instructions, "The flags register"},
    {interrupt_instructions, "Interrupts"},
    {io_instructions, "Ports"},
    {misc_instructions, "Single flags, BOUND, UD, hints"},
    {move_instructions, "Moves and conversions"},
    {multiply_instructions, "Multiplication and division"},
    {segment_instructions, "Segments and descriptor tables"},
    {shift_instructions, "Shifts and rotations"},
    {stack_instructions, "Stack"},
    {string_instructions, "Strings"},
    {sysenter_instructions, "SYSENTER and SYSEXIT"},
    {x87_control_instructions, "x87: control"},
    {x87_transfer_instructions, "x87: loads and stores"},
    {x87_arithmetic_instructions, "x87: arithmetic and comparison"},
    {fxsave_instructions, "FXSAVE and MXCSR"},
    {packed_arithmetic_instructions, "MMX, SSE: integers and logic"},
    {packed_shift_instructions, "MMX, SSE: shifts and shuffles"},
    {simd_move_instructions, "MMX, SSE: moves and fences"},
    {sse_arithmetic_instructions, "SSE: arithmetic and conversion"},
    {x87_escape_instructions, "Escapes without an FPU"},
};

static const char *family_title(const struct instruction *rows)
{
    for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
        if (families[i].rows == rows)
            return families[i].title;
    }
    INVARIANT(!"a new family needs its title here");
    return NULL;
}

static const char *first_model(const struct instruction *row)
{
    for (const struct cpu_model *model = cpu_models; model->name != NULL; model++) {
        if (instruction_exists(row, model))
            return model->name;
    }
    return "none";
}

static void features_into(char cell[CELL_MAX], const struct instruction *row)
{
    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        if (row->features >> i & 1)
            cell_append(cell, " ", cpu_feature_name(i));
    }
    if (row->attributes & NEEDS_NO_FPU)
        cell_append(cell, " ", "no fpu");
}

static void family_print(const struct instruction *rows, FILE *out)
{
    fprintf(out, "## %s\n\n", family_title(rows));
    struct table table =
        table_new("Opcode|Mnemonic|Operands|Reads|Writes|Undefined|Feature|From|LOCK|Manual");
    for (const struct instruction *row = rows; row->opcode != NULL; row++) {
        char(*cells)[CELL_MAX] = table_row_add(&table);
        cell_code(cells[0], row->opcode);
        cell_set(cells[1], "%s", row->mnemonic);
        cell_code(cells[2], row->operands);
        cell_set(cells[3], "%s", row->flags_read);
        cell_set(cells[4], "%s", row->flags_written);
        cell_set(cells[5], "%s", row->flags_undefined);
        features_into(cells[6], row);
        cell_set(cells[7], "%s", first_model(row));
        cell_set(cells[8], "%s", row->attributes & LOCKABLE ? "yes" : "");
        cell_set(cells[9], "%s", row->manual);
    }
    table_print(&table, out);
}

/* Counts a handler once, however many forms share it. */
static void handler_count(fast_handler *handler, fast_handler **seen, unsigned *count, unsigned room)
{
    if (handler == NULL)
        return;
    for (unsigned i = 0; i < *count; i++) {
        if (seen[i] == handler)
            return;
    }
    INVARIANT(*count < room);
    seen[(*count)++] = handler;
}

static unsigned native_handlers(void)
{
    static const struct fast_form *const tables[] = {fast_arithmetic_forms, fast_move_forms,
                                                     fast_branch_forms};
    fast_handler *seen[4096];
    unsigned count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        for (const struct fast_form *form = tables[i]; form->mnemonic != NULL; form++) {
            for (unsigned wide = 0; wide < 2; wide++) {
                handler_count(form->in_register[wide], seen, &count, ARRAY_LENGTH(seen));
                handler_count(form->in_memory[wide], seen, &count, ARRAY_LENGTH(seen));
                handler_count(form->in_plain[wide], seen, &count, ARRAY_LENGTH(seen));
            }
        }
    }
    return count;
}

static bool row_is_native(struct fast_engine *engine, const struct instruction *row)
{
    return engine->rows[fast_row_slot(engine, row)].form != NULL;
}

static void summary_print(FILE *out)
{
    fputs("## Summary\n\n", out);
    struct fast_engine *engine = fast_new();
    struct table table = table_new("Family|Rows|Native in the fast engine");
    unsigned all_rows = 0, all_native = 0;
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        unsigned rows = 0, native = 0;
        for (const struct instruction *row = instruction_families[family]; row->opcode != NULL; row++) {
            rows++;
            native += row_is_native(engine, row);
        }
        char(*cells)[CELL_MAX] = table_row_add(&table);
        cell_set(cells[0], "%s", family_title(instruction_families[family]));
        cell_set(cells[1], "%u", rows);
        cell_set(cells[2], "%u", native);
        all_rows += rows;
        all_native += native;
    }
    char(*cells)[CELL_MAX] = table_row_add(&table);
    cell_set(cells[0], "All");
    cell_set(cells[1], "%u", all_rows);
    cell_set(cells[2], "%u", all_native);
    table_print(&table, out);
    fast_free(engine);

    char text[CELL_MAX];
    cell_set(
        text,
        "The fast engine has %u native handlers for these rows, and %u more for an instruction together with "
        "the "
        "Jcc behind it. All other rows, and all unusual cases of these, are executed by the exact handlers.",
        native_handlers(), FAST_PAIRS);
    paragraph_print(out, text);
}

static void legend_print(FILE *out)
{
    paragraph_print(out,
                    "Every instruction that gate86 executes, as the decoder knows it. When several rows fit, "
                    "the first one counts, in the order of this file.");
    fputs("- **Opcode**: the manual's notation (SDM 2A 3.1.1.1). `NP`, `66`, `F3`, `F2` in front are "
          "mandatory\n"
          "  prefixes (`NP`: none of them). `+r`: the low three bits are a register. `/r`: a ModRM byte "
          "follows; `/0`\n"
          "  to `/7`: with this digit in its reg field. A byte behind a complete opcode is the whole ModRM "
          "byte.\n"
          "- **Operands**: the codes of SDM 2D A.2. `E` register or memory, `M` memory only, `R` register "
          "whatever\n"
          "  mod says, `G` register in ModRM.reg, `Z` in the opcode, `I` immediate, `J` relative branch, `A` "
          "far\n"
          "  pointer, `O` offset, `S` segment register, `C` control and `D` debug register, `X` and `Y` "
          "string\n"
          "  source and destination, `F` the flags register, `P` MMX register, `Q` MMX register or memory, "
          "`N` MMX\n"
          "  register in ModRM.rm, `V`, `W`, `U` the same for XMM, `ST` and `STi` x87. Sizes: `b`, `w`, `d`, "
          "`q`,\n"
          "  `dq` 1, 2, 4, 8, 16 bytes; `v` and `z` 2 or 4 by operand size; `bs` a byte, sign-extended; `p` "
          "far\n"
          "  pointer, `a` BOUND's pair, `s` limit and base, `t` 80-bit real.\n"
          "- **Reads**, **Writes**, **Undefined**: flags, by their letters: o s z a p c, d direction, i "
          "interrupt, t\n"
          "  trap, n nested task. Undefined: the manual leaves the value open, in some cases of the "
          "instruction at least.\n"
          "- **Feature**: what the processor must have, by the names of [cpu-models.md](cpu-models.md); "
          "without it the\n"
          "  row does not exist and the opcode is undefined. **From**: the first model that has it;\n"
          "  \"none\" has it as it is, but one with a feature switched: `--cpu 386,-fpu`.\n"
          "- **LOCK**: the prefix is allowed when the first operand is in memory. Elsewhere it is #UD.\n\n",
          out);
}

void document_instructions(FILE *out)
{
    title_print(out, "Instructions");
    legend_print(out);
    summary_print(out);
    for (unsigned family = 0; instruction_families[family] != NULL; family++)
        family_print(instruction_families[family], out);
}
