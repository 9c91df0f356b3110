/*
 * The CPU models and the parsing of --cpu. Feature sets and signatures follow the processors' CPUID as Intel
 * documents it (SDM 2A CPUID, application note 485 for the older ones), except that a bit is left out where
 * gate86 has no behaviour for it: the rows below list what the processor reports, IMPLEMENTED says what is
 * kept.
 */
#include "msr/model.h"

#include <string.h>

#include "base/compiler.h"
#include "ia32/registers.h"

/* What gate86 has. A feature that gets its behaviour (the local APIC first) is taken off this list. */
#define NOT_IMPLEMENTED                                                                        \
    (FEATURE(APIC) | FEATURE(PSN) | FEATURE(DS) | FEATURE(ACPI) | FEATURE(HTT) | FEATURE(TM) | \
     FEATURE(PBE) | FEATURE(EST) | FEATURE(TM2) | FEATURE(XTPR) | FEATURE(PDCM))
#define IMPLEMENTED (~NOT_IMPLEMENTED)

/* clang-format off */
#define FEATURES_386     FEATURE(FPU)
#define FEATURES_486     (FEATURES_386 | FEATURE(I486) | FEATURE(CPUID))
#define FEATURES_PENTIUM (FEATURES_486 | FEATURE(CR4) | FEATURE(VME) | FEATURE(DE) | FEATURE(PSE) | FEATURE(TSC) | \
                          FEATURE(MSR) | FEATURE(MCE) | FEATURE(CX8) | FEATURE(APIC))
/* SEP without SEP_INSTRUCTION: SDM 2B SYSENTER warns of the Pentium Pro before model 3 stepping 3 */
#define FEATURES_PENTIUM_PRO (FEATURES_PENTIUM | FEATURE(P6) | FEATURE(PAE) | FEATURE(SEP) | FEATURE(MTRR) | \
                              FEATURE(PGE) | FEATURE(MCA) | FEATURE(CMOV))
#define FEATURES_PENTIUM2 (FEATURES_PENTIUM_PRO | FEATURE(SEP_INSTRUCTION) | FEATURE(PAT) | FEATURE(PSE36) | \
                           FEATURE(MMX) | FEATURE(FXSR))
#define FEATURES_PENTIUM3 (FEATURES_PENTIUM2 | FEATURE(PSN) | FEATURE(SSE))
#define FEATURES_PENTIUM4 (FEATURES_PENTIUM2 | FEATURE(SSE) | FEATURE(CLFSH) | FEATURE(DS) | FEATURE(ACPI) | \
                           FEATURE(SSE2) | FEATURE(SS) | FEATURE(HTT) | FEATURE(TM) | FEATURE(PBE) | FEATURE(XTPR))
#define FEATURES_CORE_DUO ((FEATURES_PENTIUM4 & ~FEATURE(PSE36)) | FEATURE(SSE3) | FEATURE(MONITOR) | FEATURE(EST) | \
                           FEATURE(TM2) | FEATURE(PDCM) | FEATURE(NX))

const struct cpu_model cpu_models[] = {
    {
        .name = "386", .description = "Intel386 DX with an Intel387, 1985",
        .family = 3, .model = 0, .stepping = 8, .physical_bits = 32, .reset_edx = 0x308,
        .features = FEATURES_386 & IMPLEMENTED,
    },
    {
        .name = "486", .description = "IntelDX2 (SL enhanced, with CPUID), 1993",
        .family = 4, .model = 3, .stepping = 5, .physical_bits = 32, .reset_edx = 0x435,
        .features = FEATURES_486 & IMPLEMENTED, .max_leaf = 1,
    },
    {
        .name = "pentium", .description = "Intel Pentium (P54C), 1994",
        .family = 5, .model = 2, .stepping = 12, .physical_bits = 32, .reset_edx = 0x52c,
        .features = FEATURES_PENTIUM & IMPLEMENTED, .max_leaf = 1,
    },
    {
        .name = "pentium-pro", .description = "Intel Pentium Pro, 1996: reports SEP, but has no SYSENTER",
        .family = 6, .model = 1, .stepping = 9, .physical_bits = 36, .reset_edx = 0x619,
        .features = FEATURES_PENTIUM_PRO & IMPLEMENTED, .max_leaf = 2,
        .cache_descriptors = {0x01, 0x02, 0x03, [11] = 0x42, 0x0a, 0x04, 0x06},
    },
    {
        .name = "pentium2", .description = "Intel Pentium II (Deschutes), 1998",
        .family = 6, .model = 5, .stepping = 2, .physical_bits = 36, .reset_edx = 0x652,
        .features = FEATURES_PENTIUM2 & IMPLEMENTED, .max_leaf = 2,
        .cache_descriptors = {0x01, 0x02, 0x03, [11] = 0x43, 0x08, 0x04, 0x0c},
    },
    {
        /* Leaf 3, the serial number, goes with PSN. */
        .name = "pentium3", .description = "Intel Pentium III (Coppermine), 2000",
        .family = 6, .model = 8, .stepping = 6, .physical_bits = 36, .reset_edx = 0x686,
        .features = FEATURES_PENTIUM3 & IMPLEMENTED, .max_leaf = 2, .brand_index = 2,
        .cache_descriptors = {0x01, 0x02, 0x03, [11] = 0x82, 0x08, 0x04, 0x0c},
    },
    {
        .name = "pentium4", .description = "Intel Pentium 4 (Northwood), 2003",
        .family = 15, .model = 2, .stepping = 9, .physical_bits = 36, .reset_edx = 0xf29,
        .features = FEATURES_PENTIUM4 & IMPLEMENTED, .max_leaf = 2, .max_extended_leaf = 0x80000004,
        .brand_index = 9, .brand = "              Intel(R) Pentium(R) 4 CPU 2.80GHz",
        .cache_descriptors = {0x50, 0x5b, 0x66, [11] = 0x40, 0x70, 0x7b},
    },
    {
        .name = "core-duo", .description = "Intel Core Duo (Yonah), 2006: the last IA-32 processor",
        .family = 6, .model = 14, .stepping = 8, .physical_bits = 32, .reset_edx = 0x6e8,
        .features = FEATURES_CORE_DUO & IMPLEMENTED, .max_leaf = 10, .max_extended_leaf = 0x80000008,
        .brand = "Genuine Intel(R) CPU           T2400  @ 1.83GHz",
        .cache_descriptors = {0xb0, 0xb3, 0x02, 0xf0, [11] = 0x7d, 0x30, 0x04, 0x2c},
    },
    {.name = NULL},
};
/* clang-format on */

static const char *const feature_names[CPU_FEATURE_COUNT] = {
#define X(name, text, leaf, where, bit) [FEATURE_NUMBER_##name] = text,
    CPU_FEATURES(X)
#undef X
};

const char *cpu_feature_name(enum cpu_feature feature)
{
    return feature_names[feature];
}

/* What a feature stands on: without it the feature's instructions, registers or control bits make no sense.
 */
struct feature_need {
    uint64_t feature;
    uint64_t needs;
};

/* clang-format off */
static const struct feature_need feature_needs[] = {
    {FEATURE(P6), FEATURE(I486)},
    {FEATURE(SEP), FEATURE(SEP_INSTRUCTION)}, /* only the model pentium-pro itself has one without the other */
    {FEATURE(SEP), FEATURE(MSR)},
    {FEATURE(SEP_INSTRUCTION), FEATURE(SEP) | FEATURE(MSR)},
    {FEATURE(VME), FEATURE(CR4)},
    {FEATURE(DE), FEATURE(CR4)},
    {FEATURE(PSE), FEATURE(CR4)},
    {FEATURE(TSC), FEATURE(CR4)},
    {FEATURE(PAE), FEATURE(CR4)},
    {FEATURE(MCE), FEATURE(CR4)},
    {FEATURE(PGE), FEATURE(CR4)},
    {FEATURE(MTRR), FEATURE(MSR)},
    {FEATURE(MCA), FEATURE(MCE) | FEATURE(MSR)},
    {FEATURE(PAT), FEATURE(MSR)},
    {FEATURE(PSE36), FEATURE(PSE)},
    {FEATURE(MMX), FEATURE(FPU)},
    {FEATURE(FXSR), FEATURE(FPU) | FEATURE(CR4)},
    {FEATURE(SSE), FEATURE(FXSR) | FEATURE(MMX)},
    {FEATURE(SSE2), FEATURE(SSE)},
    {FEATURE(SSE3), FEATURE(SSE2)},
    {FEATURE(NX), FEATURE(PAE) | FEATURE(MSR)},
};
/* clang-format on */

static uint64_t features_add(uint64_t features, uint64_t added)
{
    features |= added;
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < ARRAY_LENGTH(feature_needs); i++) {
            const struct feature_need *need = &feature_needs[i];
            if ((added & need->feature) && (need->needs & ~added)) {
                added |= need->needs;
                features |= need->needs;
                grown = true;
            }
        }
    }
    return features;
}

static uint64_t features_remove(uint64_t features, uint64_t removed)
{
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < ARRAY_LENGTH(feature_needs); i++) {
            const struct feature_need *need = &feature_needs[i];
            /* The report may stay without the instruction, as on the Pentium Pro. */
            if (need->needs == FEATURE(SEP_INSTRUCTION))
                continue;
            if ((removed & need->needs) && !(removed & need->feature)) {
                removed |= need->feature;
                grown = true;
            }
        }
    }
    return features & ~removed;
}

/* The number of single-letter changes between two words, 255 at most in length. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b)
{
    unsigned row[256];
    size_t b_length = strlen(b);
    if (a_length > 255 || b_length > 255)
        return 255;
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            unsigned insert_or_drop = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < insert_or_drop ? change : insert_or_drop;
        }
    }
    return row[b_length];
}

/* Remembers the word nearest to what was written, if it is near at all. */
static void suggestion_consider(const char **best, unsigned *best_distance, const char *written,
                                size_t length, const char *word)
{
    unsigned distance = edit_distance(written, length, word);
    if (distance < *best_distance && distance <= 1 + length / 3) {
        *best = word;
        *best_distance = distance;
    }
}

static void list_append(char *list, size_t size, const char *word)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used ? ", " : "", word);
}

static bool error_unknown_model(struct error *error, const char *written, size_t length)
{
    char choices[200] = "";
    const char *best = NULL;
    unsigned best_distance = 255;
    for (const struct cpu_model *model = cpu_models; model->name; model++) {
        list_append(choices, sizeof choices, model->name);
        suggestion_consider(&best, &best_distance, written, length, model->name);
    }
    int shown = length > 40 ? 40 : (int)length;
    if (best)
        return error_set(error, ERROR_USAGE,
                         "there is no CPU model '%.*s': did you mean %s? (choose from %s)", shown, written,
                         best, choices);
    return error_set(error, ERROR_USAGE, "there is no CPU model '%.*s': choose from %s", shown, written,
                     choices);
}

static bool error_unknown_feature(struct error *error, const char *written, size_t length)
{
    char choices[360] = "";
    const char *best = NULL;
    unsigned best_distance = 255;
    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        if (!(1ull << i & IMPLEMENTED))
            continue;
        list_append(choices, sizeof choices, feature_names[i]);
        suggestion_consider(&best, &best_distance, written, length, feature_names[i]);
    }
    int shown = length > 24 ? 24 : (int)length;
    if (best)
        return error_set(error, ERROR_USAGE,
                         "there is no CPU feature '%.*s': did you mean %s? (choose from %s)", shown, written,
                         best, choices);
    return error_set(error, ERROR_USAGE, "there is no CPU feature '%.*s': choose from %s", shown, written,
                     choices);
}

/* One "+name" or "-name". */
static bool feature_switch(const char *text, size_t length, struct cpu_model *model, struct error *error)
{
    if (length == 0 || (text[0] != '+' && text[0] != '-'))
        return error_set(error, ERROR_USAGE, "'%.*s' in --cpu: a feature is switched by +NAME or -NAME",
                         length > 40 ? 40 : (int)length, text);
    bool on = text[0] == '+';
    text++;
    length--;
    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        if (strlen(feature_names[i]) != length || memcmp(feature_names[i], text, length) != 0)
            continue;
        uint64_t feature = 1ull << i;
        if (!on) {
            /* Without the CPUID bit SYSENTER is #UD and its MSRs are gone (SDM 2B SYSENTER). */
            if (feature == FEATURE(SEP))
                feature |= FEATURE(SEP_INSTRUCTION);
            model->features = features_remove(model->features, feature);
            return true;
        }
        if (feature & NOT_IMPLEMENTED)
            return error_set(error, ERROR_USAGE,
                             "the CPU feature '%s' is not implemented, so no CPU model can report it",
                             feature_names[i]);
        model->features = features_add(model->features, feature);
        return true;
    }
    return error_unknown_feature(error, text, length);
}

/* Leaves that the switched features need in order to be seen. */
static void model_extend_leaves(struct cpu_model *model)
{
    if (!cpu_model_has(model, FEATURE(CPUID)))
        return;
    if (model->max_leaf < 1)
        model->max_leaf = 1;
    if (cpu_model_has(model, FEATURE(MONITOR)) && model->max_leaf < 5)
        model->max_leaf = 5;
    if (cpu_model_has(model, FEATURE(NX)) && model->max_extended_leaf < 0x80000001)
        model->max_extended_leaf = 0x80000001;
}

bool cpu_model_parse(const char *text, struct cpu_model *model, struct error *error)
{
    size_t length = strcspn(text, ",");
    const struct cpu_model *found = NULL;
    for (const struct cpu_model *candidate = cpu_models; candidate->name; candidate++) {
        if (strlen(candidate->name) == length && memcmp(candidate->name, text, length) == 0)
            found = candidate;
    }
    if (!found)
        return error_unknown_model(error, text, length);

    struct cpu_model parsed = *found;
    for (text += length; *text == ','; text += length) {
        text++;
        length = strcspn(text, ",");
        if (!feature_switch(text, length, &parsed, error))
            return false;
    }
    model_extend_leaves(&parsed);
    *model = parsed;
    return true;
}

/* SDM 3A 2.5, each bit with the feature that brings it */
uint32_t cpu_model_cr4_bits(const struct cpu_model *model)
{
    static const struct {
        uint64_t feature;
        uint32_t bits;
    } rows[] = {
        {FEATURE(VME), CR4_VME | CR4_PVI}, {FEATURE(TSC), CR4_TSD}, {FEATURE(DE), CR4_DE},
        {FEATURE(PSE), CR4_PSE},           {FEATURE(PAE), CR4_PAE}, {FEATURE(MCE), CR4_MCE},
        {FEATURE(PGE), CR4_PGE},           {FEATURE(P6), CR4_PCE},  {FEATURE(FXSR), CR4_OSFXSR},
        {FEATURE(SSE), CR4_OSXMMEXCPT},
    };
    if (!cpu_model_has(model, FEATURE(CR4)))
        return 0;
    uint32_t allowed = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (cpu_model_has(model, rows[i].feature))
            allowed |= rows[i].bits;
    }
    return allowed;
}
