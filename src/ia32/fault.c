/* Words for faults; the table is ia32/fault_reasons.inc. */
#include "ia32/fault.h"

#include <stddef.h>

#include "base/invariant.h"

struct reason_text {
    const char *words;
    const char *manual;
};

static const struct reason_text reason_texts[FAULT_REASON_COUNT] = {
    [NO_FAULT] = {"no fault", ""},
#define REASON(name, words, manual) [name] = {words, manual},
#include "ia32/fault_reasons.inc"
#undef REASON
};

const char *fault_reason_words(enum fault_reason reason)
{
    INVARIANT((unsigned)reason < FAULT_REASON_COUNT);
    return reason_texts[reason].words;
}

const char *fault_reason_manual(enum fault_reason reason)
{
    INVARIANT((unsigned)reason < FAULT_REASON_COUNT);
    return reason_texts[reason].manual;
}

const char *vector_mnemonic(unsigned vector)
{
    static const char *const names[] = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL,
        "#TS", "#NP", "#SS", "#GP", "#PF", NULL,  "#MF", "#AC", "#MC", "#XM",
    };
    if (vector >= sizeof names / sizeof names[0] || names[vector] == NULL)
        return "INT";
    return names[vector];
}
