/* docs/fault-reasons.md: why a guest may fault. */
#include "document.h"
#include "ia32/fault.h"
#include "markdown.h"

static const char *const names[FAULT_REASON_COUNT] = {
#define REASON(name, words, manual) [name] = #name,
#include "ia32/fault_reasons.inc"
#undef REASON
};

void document_fault_reasons(FILE *out)
{
    title_print(out, "Fault reasons");
    paragraph_print(
        out,
        "Every rule whose breach makes gate86 raise an exception. The words are what the program prints when "
        "it explains a fault; the manual's place is where the rule stands. The name is that of the "
        "source, `enum fault_reason`.");
    char text[CELL_MAX];
    cell_set(text, "There are %d of them.", FAULT_REASON_COUNT - 1);
    paragraph_print(out, text);
    struct table table = table_new("Name|Manual|Words");
    for (unsigned reason = NO_FAULT + 1; reason < FAULT_REASON_COUNT; reason++) {
        char(*cells)[CELL_MAX] = table_row_add(&table);
        cell_set(cells[2], "%s", fault_reason_words((enum fault_reason)reason));
        cell_set(cells[1], "%s", fault_reason_manual((enum fault_reason)reason));
        cell_code(cells[0], names[reason]);
    }
    table_print(&table, out);
}
