/* The CPU models, the parsing of --cpu, and CPUID. */
#include <string.h>

#include "ia32/registers.h"
#include "msr/model.h"
#include "unit/suite.h"

static struct cpu_model model;
static struct error error;

static const struct cpu_model *parsed(const char *text)
{
    error.text[0] = 0;
    bool good = cpu_model_parse(text, &model, &error);
    ck_assert_msg(good, "%s: %s", text, error.text);
    return &model;
}

static bool has(const char *text, uint64_t feature)
{
    return cpu_model_has(parsed(text), feature);
}

static void refused(const char *text, const char *said)
{
    struct cpu_model before = {.name = "untouched"};
    model = before;
    ck_assert(!cpu_model_parse(text, &model, &error));
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    ck_assert_msg(strstr(error.text, said) != NULL, "%s: '%s' is not in '%s'", text, said, error.text);
    ck_assert_uint_lt(strlen(error.text), sizeof error.text - 1);
    ck_assert_str_eq(model.name, "untouched");
}

START_TEST(every_model_is_found_by_its_name)
{
    unsigned count = 0;
    for (const struct cpu_model *row = cpu_models; row->name; row++, count++) {
        parsed(row->name);
        ck_assert_int_eq(memcmp(&model, row, sizeof model), 0);
        ck_assert_ptr_nonnull(row->description);
    }
    ck_assert_uint_eq(count, 8);
    ck_assert_str_eq(parsed(CPU_MODEL_DEFAULT)->name, "core-duo");
}
END_TEST

START_TEST(the_signature_after_reset_is_that_of_cpuid)
{
    for (const struct cpu_model *row = cpu_models; row->name; row++) {
        uint32_t signature = (uint32_t)(row->family << 8 | row->model << 4 | row->stepping);
        ck_assert_uint_eq(row->reset_edx, signature);
        uint32_t out[4];
        cpuid(row, 1, 0, out);
        ck_assert_uint_eq(out[0], row->features & FEATURE(CPUID) ? signature : 0);
    }
}
END_TEST

START_TEST(features_grow_with_the_models)
{
    ck_assert(!has("386", FEATURE(I486)));
    ck_assert(has("486", FEATURE(I486) | FEATURE(CPUID)));
    ck_assert(!has("486", FEATURE(CR4)));
    ck_assert(has("pentium", FEATURE(TSC) | FEATURE(CX8) | FEATURE(VME)));
    ck_assert(!has("pentium", FEATURE(CMOV)));
    ck_assert(has("pentium2", FEATURE(SEP) | FEATURE(SEP_INSTRUCTION) | FEATURE(MMX) | FEATURE(FXSR)));
    ck_assert(!has("pentium2", FEATURE(SSE)));
    ck_assert(has("pentium3", FEATURE(SSE)));
    ck_assert(has("pentium4", FEATURE(SSE2)));
    ck_assert(!has("pentium4", FEATURE(SSE3)) && !has("pentium4", FEATURE(NX)));
    ck_assert(has("core-duo", FEATURE(SSE3) | FEATURE(NX) | FEATURE(PAE) | FEATURE(MONITOR)));
    ck_assert_uint_eq(parsed("core-duo")->physical_bits, 32);
    ck_assert_uint_eq(parsed("pentium-pro")->physical_bits, 36);
}
END_TEST

START_TEST(the_early_pentium_pro_reports_sep_without_sysenter)
{
    ck_assert(has("pentium-pro", FEATURE(SEP)));
    ck_assert(!has("pentium-pro", FEATURE(SEP_INSTRUCTION)));
    ck_assert(has("pentium-pro,+sep", FEATURE(SEP_INSTRUCTION)));
    ck_assert(!has("pentium-pro,-sep", FEATURE(SEP)));
}
END_TEST

START_TEST(what_has_no_behaviour_is_reported_by_no_model)
{
    const uint64_t absent = FEATURE(APIC) | FEATURE(PSN) | FEATURE(DS) | FEATURE(ACPI) | FEATURE(HTT) |
                            FEATURE(TM) | FEATURE(PBE) | FEATURE(EST) | FEATURE(TM2) | FEATURE(XTPR) |
                            FEATURE(PDCM);
    for (const struct cpu_model *row = cpu_models; row->name; row++)
        ck_assert_uint_eq(row->features & absent, 0);
    refused("core-duo,+apic", "not implemented");
    /* Switching off what is off is harmless. */
    parsed("core-duo,-apic");
}
END_TEST

START_TEST(features_are_switched_with_what_they_stand_on)
{
    ck_assert(!has("pentium3,-sep,+nx", FEATURE(SEP)));
    ck_assert(!has("pentium3,-sep,+nx", FEATURE(SEP_INSTRUCTION)));
    ck_assert(has("pentium3,-sep,+nx", FEATURE(NX)));
    ck_assert(!has("core-duo,-sysenter", FEATURE(SEP_INSTRUCTION)));
    ck_assert(has("core-duo,-sysenter", FEATURE(SEP)));
    ck_assert(!has("core-duo,-sse", FEATURE(SSE2)));
    ck_assert(!has("core-duo,-sse", FEATURE(SSE3)));
    ck_assert(has("core-duo,-sse", FEATURE(FXSR)));
    ck_assert(
        has("pentium,+sse3", FEATURE(SSE3) | FEATURE(SSE2) | FEATURE(SSE) | FEATURE(FXSR) | FEATURE(MMX)));
    ck_assert(!has("core-duo,-pae", FEATURE(NX)));
    ck_assert(has("core-duo,-sse,+sse2", FEATURE(SSE2)));
}
END_TEST

START_TEST(a_mistake_is_answered_with_the_choices)
{
    refused("pentum3", "did you mean pentium3?");
    refused("pentum3", "386, 486, pentium, pentium-pro, pentium2, pentium3, pentium4, core-duo");
    refused("athlon-xp", "choose from 386");
    refused("", "choose from 386");
    refused("pentium3,+ssee2", "did you mean sse2?");
    refused("pentium3,+avx512", "choose from");
    refused("pentium3,+", "choose from");
    refused("pentium3,sep", "+NAME or -NAME");
    refused("pentium3,", "+NAME or -NAME");
    refused("pentium3,+nx,,-sep", "+NAME or -NAME");
    refused("Pentium3", "did you mean pentium3?");
}
END_TEST

START_TEST(endless_words_do_not_overrun_anything)
{
    char text[2000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    refused(text, "there is no CPU model");
    memcpy(text, "386,+", 5);
    refused(text, "there is no CPU feature");
    memcpy(text, "386,x", 5);
    refused(text, "+NAME or -NAME");
}
END_TEST

START_TEST(cr4_bits_follow_the_features)
{
    ck_assert_uint_eq(cpu_model_cr4_bits(parsed("386")), 0);
    ck_assert_uint_eq(cpu_model_cr4_bits(parsed("486")), 0);
    ck_assert_uint_eq(cpu_model_cr4_bits(parsed("pentium")),
                      CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_MCE);
    ck_assert_uint_eq(cpu_model_cr4_bits(parsed("pentium-pro")), 0x1ff);
    ck_assert_uint_eq(cpu_model_cr4_bits(parsed("pentium2")), 0x3ff);
    ck_assert_uint_eq(cpu_model_cr4_bits(parsed("core-duo")), 0x7ff);
    ck_assert_uint_eq(cpu_model_cr4_bits(parsed("core-duo,-sse")), 0x3ff);
}
END_TEST

START_TEST(cpuid_names_the_vendor_and_the_highest_leaf)
{
    uint32_t out[4];
    char vendor[13] = "";
    cpuid(parsed("core-duo"), 0, 0, out);
    ck_assert_uint_eq(out[0], 10);
    memcpy(vendor, &out[1], 4);
    memcpy(vendor + 4, &out[3], 4);
    memcpy(vendor + 8, &out[2], 4);
    ck_assert_str_eq(vendor, "GenuineIntel");
}
END_TEST

START_TEST(feature_words_are_those_of_the_processors_less_what_is_not_implemented)
{
    uint32_t out[4];
    cpuid(parsed("pentium"), 1, 0, out);
    ck_assert_uint_eq(out[3], 0x000001bf);
    cpuid(parsed("pentium-pro"), 1, 0, out);
    ck_assert_uint_eq(out[3], 0x0000f9ff);
    cpuid(parsed("pentium2"), 1, 0, out);
    ck_assert_uint_eq(out[3], 0x0183f9ff);
    cpuid(parsed("pentium3"), 1, 0, out);
    ck_assert_uint_eq(out[3], 0x0383f9ff);
    ck_assert_uint_eq(out[1], 2);
    cpuid(parsed("pentium4"), 1, 0, out);
    /* BFEBFBFFh without APIC, DS, ACPI, HTT, TM, PBE */
    ck_assert_uint_eq(out[3], 0x0f8bf9ff);
    ck_assert_uint_eq(out[1], 0x0809);
    ck_assert_uint_eq(out[2], 0);
    cpuid(parsed("core-duo"), 1, 0, out);
    /* BFE9FBFFh without the same */
    ck_assert_uint_eq(out[3], 0x0f89f9ff);
    ck_assert_uint_eq(out[2], 0x9);
    cpuid(&model, 0x80000001, 0, out);
    ck_assert_uint_eq(out[3], 1 << 20);
    cpuid(parsed("core-duo,-nx"), 0x80000001, 0, out);
    ck_assert_uint_eq(out[3], 0);
}
END_TEST

START_TEST(leaf_2_is_that_of_the_processors)
{
    uint32_t out[4];
    cpuid(parsed("pentium3"), 2, 0, out);
    ck_assert_uint_eq(out[0], 0x03020101);
    ck_assert_uint_eq(out[3], 0x0c040882);
    cpuid(parsed("pentium4"), 2, 0, out);
    ck_assert_uint_eq(out[0], 0x665b5001);
    ck_assert_uint_eq(out[3], 0x007b7040);
    cpuid(parsed("core-duo"), 2, 0, out);
    ck_assert_uint_eq(out[0], 0x02b3b001);
    ck_assert_uint_eq(out[1], 0x000000f0);
    ck_assert_uint_eq(out[2], 0);
    ck_assert_uint_eq(out[3], 0x2c04307d);
    for (const struct cpu_model *row = cpu_models; row->name; row++) {
        cpuid(row, 2, 0, out);
        for (unsigned i = 0; i < 4 && row->max_leaf >= 2; i++)
            ck_assert_msg(!(out[i] & 0x80000000), "%s: bit 31 voids the register", row->name);
    }
}
END_TEST

START_TEST(leaf_4_walks_the_caches)
{
    uint32_t out[4];
    cpuid(parsed("core-duo"), 4, 0, out);
    ck_assert_uint_eq(out[0], 0x121);
    ck_assert_uint_eq(out[1], 0x01c0003f);
    ck_assert_uint_eq(out[2], 63);
    cpuid(&model, 4, 2, out);
    ck_assert_uint_eq(out[0], 0x143);
    ck_assert_uint_eq(out[1], 0x01c0003f);
    ck_assert_uint_eq(out[2], 4095);
    cpuid(&model, 4, 3, out);
    ck_assert_uint_eq(out[0], 0);
    cpuid(&model, 0x80000006, 0, out);
    ck_assert_uint_eq(out[2], 0x08006040);
}
END_TEST

START_TEST(monitor_has_its_leaf_and_performance_monitoring_has_none)
{
    uint32_t out[4];
    cpuid(parsed("core-duo"), 5, 0, out);
    ck_assert_uint_eq(out[0], 64);
    ck_assert_uint_eq(out[1], 64);
    ck_assert_uint_eq(out[2], 3);
    cpuid(parsed("core-duo,-monitor"), 5, 0, out);
    ck_assert_uint_eq(out[0] | out[1] | out[2] | out[3], 0);
    cpuid(&model, 10, 0, out);
    ck_assert_uint_eq(out[0] | out[1] | out[2] | out[3], 0);
    ck_assert_uint_eq(parsed("pentium4,+monitor")->max_leaf, 5);
}
END_TEST

START_TEST(leaves_beyond_the_highest_answer_as_the_highest_basic_leaf)
{
    uint32_t out[4], highest[4];
    cpuid(parsed("pentium3"), 2, 0, highest);
    const uint32_t beyond[] = {3, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff};
    for (unsigned i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        cpuid(&model, beyond[i], 0, out);
        ck_assert_mem_eq(out, highest, sizeof out);
    }
    cpuid(parsed("pentium3,+nx"), 0x80000000, 0, out);
    ck_assert_uint_eq(out[0], 0x80000001);
}
END_TEST

START_TEST(the_brand_string_takes_three_leaves)
{
    for (const struct cpu_model *row = cpu_models; row->name; row++) {
        char brand[49] = "";
        if (row->brand == NULL)
            continue;
        ck_assert_uint_lt(strlen(row->brand), 48);
        for (unsigned i = 0; i < 3; i++) {
            uint32_t out[4];
            cpuid(row, 0x80000002 + i, 0, out);
            memcpy(brand + i * 16, out, 16);
        }
        ck_assert_str_eq(brand, row->brand);
    }
    uint32_t out[4];
    cpuid(parsed("core-duo"), 0x80000008, 0, out);
    ck_assert_uint_eq(out[0], 0x2020);
}
END_TEST

UNIT_SUITE("model", every_model_is_found_by_its_name, the_signature_after_reset_is_that_of_cpuid,
           features_grow_with_the_models, the_early_pentium_pro_reports_sep_without_sysenter,
           what_has_no_behaviour_is_reported_by_no_model, features_are_switched_with_what_they_stand_on,
           a_mistake_is_answered_with_the_choices, endless_words_do_not_overrun_anything,
           cr4_bits_follow_the_features, cpuid_names_the_vendor_and_the_highest_leaf,
           feature_words_are_those_of_the_processors_less_what_is_not_implemented,
           leaf_2_is_that_of_the_processors, leaf_4_walks_the_caches,
           monitor_has_its_leaf_and_performance_monitoring_has_none,
           leaves_beyond_the_highest_answer_as_the_highest_basic_leaf, the_brand_string_takes_three_leaves)
