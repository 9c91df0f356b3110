/*
 * The CPUID instruction's leaves (SDM 2A CPUID), made from the model's row. Leaves whose subject gate86 does
 * not have (serial number, thermal sensors, performance monitoring) read as zero, which says so.
 */
#include <string.h>

#include "base/compiler.h"
#include "msr/model.h"

enum { OUT_EAX, OUT_EBX, OUT_ECX, OUT_EDX };

#define CLFLUSH_LINE 64u /* bytes; also MONITOR's granularity */

struct feature_bit {
    uint32_t leaf;
    char where;
    uint8_t bit;
};

static const struct feature_bit feature_bits[CPU_FEATURE_COUNT] = {
#define X(name, text, leaf, where, bit) [FEATURE_NUMBER_##name] = {leaf, where, bit},
    CPU_FEATURES(X)
#undef X
};

/* The feature bits of one leaf that stand in register 'c' or 'd'. */
static uint32_t cpuid_features(const struct cpu_model *model, uint32_t leaf, char where)
{
    uint32_t word = 0;
    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        const struct feature_bit *row = &feature_bits[i];
        if (row->where == where && row->leaf == leaf && cpu_model_has(model, 1ull << i))
            word |= 1u << row->bit;
    }
    return word;
}

/* Geometry behind the leaf 2 descriptors of caches, for leaves 4 and 80000006h (SDM 2A table 3-12). */
struct cache {
    uint8_t descriptor;
    uint8_t type; /* 1 data, 2 instruction, 3 unified */
    uint8_t level;
    uint8_t ways;
    uint16_t line; /* bytes */
    uint16_t kilobytes;
};

static const struct cache caches[] = {
    {0x06, 2, 1, 4, 32, 8},  {0x08, 2, 1, 4, 32, 16},  {0x0a, 1, 1, 2, 32, 8},    {0x0c, 1, 1, 4, 32, 16},
    {0x2c, 1, 1, 8, 64, 32}, {0x30, 2, 1, 8, 64, 32},  {0x42, 3, 2, 4, 32, 256},  {0x43, 3, 2, 4, 32, 512},
    {0x66, 1, 1, 4, 64, 8},  {0x7b, 3, 2, 8, 64, 512}, {0x7d, 3, 2, 8, 64, 2048}, {0x82, 3, 2, 8, 32, 256},
};

/* The model's cache of a type and level, or NULL. */
static const struct cache *model_cache(const struct cpu_model *model, unsigned type, unsigned level)
{
    for (size_t i = 0; i < ARRAY_LENGTH(caches); i++) {
        if (caches[i].type == type && caches[i].level == level &&
            memchr(model->cache_descriptors, caches[i].descriptor, sizeof model->cache_descriptors))
            return &caches[i];
    }
    return NULL;
}

static void cpuid_vendor(const struct cpu_model *model, uint32_t out[4])
{
    out[OUT_EAX] = model->max_leaf;
    memcpy(&out[OUT_EBX], "Genu", 4);
    memcpy(&out[OUT_EDX], "ineI", 4);
    memcpy(&out[OUT_ECX], "ntel", 4);
}

static void cpuid_signature(const struct cpu_model *model, uint32_t out[4])
{
    out[OUT_EAX] = (uint32_t)model->family << 8 | (uint32_t)model->model << 4 | model->stepping;
    out[OUT_EBX] = model->brand_index;
    /* EBX[15:8] in units of 8 bytes. EBX[31:24], the APIC ID, is zero: there is one processor. */
    if (cpu_model_has(model, FEATURE(CLFSH)))
        out[OUT_EBX] |= CLFLUSH_LINE / 8 << 8;
    out[OUT_ECX] = cpuid_features(model, 1, 'c');
    out[OUT_EDX] = cpuid_features(model, 1, 'd');
}

/* AL counts how often to ask: once. A register's bit 31 set would void it, so no descriptor above 7Fh stands
 * there. */
static void cpuid_cache_descriptors(const struct cpu_model *model, uint32_t out[4])
{
    uint8_t bytes[16] = {1};
    memcpy(bytes + 1, model->cache_descriptors, sizeof model->cache_descriptors);
    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint32_t)bytes[i * 4] | (uint32_t)bytes[i * 4 + 1] << 8 | (uint32_t)bytes[i * 4 + 2] << 16 |
                 (uint32_t)bytes[i * 4 + 3] << 24;
    }
}

/* Leaf 4: one sub-leaf per cache, then one with type 0. One core, one thread share each. */
static void cpuid_cache_parameters(const struct cpu_model *model, uint32_t subleaf, uint32_t out[4])
{
    static const struct {
        uint8_t type, level;
    } order[] = {{1, 1}, {2, 1}, {3, 2}};
    if (subleaf >= ARRAY_LENGTH(order))
        return;
    const struct cache *cache = model_cache(model, order[subleaf].type, order[subleaf].level);
    if (!cache)
        return;
    out[OUT_EAX] = cache->type | (uint32_t)cache->level << 5 | 1u << 8 /* self-initialising */;
    out[OUT_EBX] = (cache->line - 1u) | (cache->ways - 1u) << 22;
    out[OUT_ECX] = cache->kilobytes * 1024u / cache->ways / cache->line - 1;
}

static void cpuid_monitor(const struct cpu_model *model, uint32_t out[4])
{
    if (!cpu_model_has(model, FEATURE(MONITOR)))
        return;
    out[OUT_EAX] = CLFLUSH_LINE;
    out[OUT_EBX] = CLFLUSH_LINE;
    /* MWAIT takes hints, and ECX[0] as the wish to be woken by interrupts even with IF clear. */
    out[OUT_ECX] = 3;
    out[OUT_EDX] = 1 << 4; /* one sub-state of C1 */
}

static void cpuid_basic(const struct cpu_model *model, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    switch (leaf) {
    case 0:
        cpuid_vendor(model, out);
        break;
    case 1:
        cpuid_signature(model, out);
        break;
    case 2:
        cpuid_cache_descriptors(model, out);
        break;
    case 4:
        cpuid_cache_parameters(model, subleaf, out);
        break;
    case 5:
        cpuid_monitor(model, out);
        break;
    default:
        break;
    }
}

/* 16 of the 48 bytes of the brand string, zero-filled. */
static void cpuid_brand(const struct cpu_model *model, unsigned part, uint32_t out[4])
{
    char text[48] = "";
    if (model->brand)
        snprintf(text, sizeof text, "%s", model->brand);
    memcpy(out, text + part * 16, 16);
}

/* SDM 2A table 3-8: ECX[15:12] of 80000006h, 6 is 8-way, 4 is 4-way */
static uint32_t cpuid_l2(const struct cpu_model *model)
{
    const struct cache *cache = model_cache(model, 3, 2);
    if (!cache)
        return 0;
    return cache->line | (cache->ways == 8 ? 6u : 4u) << 12 | (uint32_t)cache->kilobytes << 16;
}

static void cpuid_extended(const struct cpu_model *model, uint32_t leaf, uint32_t out[4])
{
    switch (leaf) {
    case 0x80000000:
        out[OUT_EAX] = model->max_extended_leaf;
        break;
    case 0x80000001:
        out[OUT_EDX] = cpuid_features(model, leaf, 'd');
        break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
        cpuid_brand(model, leaf - 0x80000002, out);
        break;
    case 0x80000006:
        out[OUT_ECX] = cpuid_l2(model);
        break;
    case 0x80000008:
        out[OUT_EAX] = 32u << 8 | model->physical_bits;
        break;
    default:
        break;
    }
}

void cpuid(const struct cpu_model *model, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    memset(out, 0, 4 * sizeof out[0]);
    if (!cpu_model_has(model, FEATURE(CPUID)))
        return;
    if (leaf >= 0x80000000 && leaf <= model->max_extended_leaf) {
        cpuid_extended(model, leaf, out);
        return;
    }
    /* Beyond either maximum the data of the highest basic leaf is returned. */
    if (leaf > model->max_leaf)
        leaf = model->max_leaf;
    cpuid_basic(model, leaf, subleaf, out);
}
