/*
 * RDMSR, WRMSR and the bank of values (SDM 2B RDMSR, WRMSR; volume 4). The registers themselves are rows in
 * msr_rows.c.
 */
#include "msr/msr.h"

#include <string.h>

#include "ia32/registers.h"
#include "msr/msr_table.h"

const struct state_row msr_bank_rows[] = {
    ROW_ARRAY(struct msr_bank, values),
    ROW(struct msr_bank, tsc_offset),
    ROW_END,
};

static uint16_t model_number(const struct cpu_model *model)
{
    return (uint16_t)(model->family << 8 | model->model);
}

static bool row_exists(const struct msr_row *row, const struct cpu_model *model)
{
    uint16_t number = model_number(model);
    return cpu_model_has(model, row->features | FEATURE(MSR)) &&
           ((row->first == 0 && row->last == 0) || (number >= row->first && number <= row->last));
}

/* The first row with this address or a higher one; the rows ascend. */
static unsigned row_lower_bound(uint32_t address)
{
    unsigned low = 0, high = msr_row_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (msr_rows[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct msr_row *msr_find(const struct cpu_model *model, uint32_t address)
{
    for (unsigned i = row_lower_bound(address); i < msr_row_count && msr_rows[i].address == address; i++) {
        if (row_exists(&msr_rows[i], model))
            return &msr_rows[i];
    }
    return NULL;
}

/* Bits that a feature brings into an MSR that exists without it. */
static uint64_t row_bits_missing(const struct msr_row *row, const struct cpu_model *model)
{
    uint64_t missing = 0;
    if (row->address == IA32_MISC_ENABLE) {
        if (!cpu_model_has(model, FEATURE(MONITOR)))
            missing |= MISC_ENABLE_MONITOR;
        if (!cpu_model_has(model, FEATURE(NX)))
            missing |= MISC_ENABLE_XD_DISABLE;
    }
    return missing;
}

void msr_reset(struct msr_bank *bank, const struct cpu_model *model)
{
    memset(bank, 0, sizeof *bank);
    for (unsigned i = 0; i < msr_row_count; i++) {
        const struct msr_row *row = &msr_rows[i];
        if (msr_find(model, row->address) == row)
            bank->values[i] = row->reset & ~row_bits_missing(row, model);
    }
}

/* The row of an MSR that exists at the moment: without the XD bit in CPUID there is no IA32_EFER. */
static const struct msr_row *row_now(const struct msr_bank *bank, const struct cpu_model *model,
                                     uint32_t address)
{
    const struct msr_row *row = msr_find(model, address);
    if (row && (row->features & FEATURE(NX)) && (msr_features_off(bank, model) & FEATURE(NX)))
        return NULL;
    return row;
}

static struct fault msr_fault(uint32_t address, enum fault_reason reason)
{
    struct fault fault = fault_gp(0, reason);
    fault.address = address;
    return fault;
}

struct fault msr_read(const struct msr_bank *bank, const struct cpu_model *model, uint32_t address,
                      uint64_t cycles, uint64_t *value)
{
    const struct msr_row *row = row_now(bank, model, address);
    if (!row)
        return msr_fault(address, MSR_ABSENT);
    if (row->access == MSR_WRITE_ONLY)
        return msr_fault(address, MSR_ACCESS_KIND);
    *value = address == IA32_TIME_STAMP_COUNTER ? cycles + bank->tsc_offset : bank->values[row - msr_rows];
    return FAULT_NONE;
}

struct fault msr_write(struct msr_bank *bank, const struct cpu_model *model, uint32_t address, uint64_t value,
                       uint64_t cycles, enum msr_effect *effect)
{
    const struct msr_row *row = row_now(bank, model, address);
    if (!row)
        return msr_fault(address, MSR_ABSENT);
    if (row->access == MSR_READ_ONLY)
        return msr_fault(address, MSR_ACCESS_KIND);

    uint64_t reserved = row->reserved | row_bits_missing(row, model);
    if (row->physical)
        reserved |= ~0ull << model->physical_bits;
    if (value & reserved)
        return msr_fault(address, MSR_RESERVED_BIT);

    uint64_t old = bank->values[row - msr_rows];
    uint64_t kept = (old & ~row->writable) | (value & row->writable);
    if (row->accept && !row->accept(old, &kept))
        return msr_fault(address, MSR_INVALID_VALUE);

    if (address == IA32_TIME_STAMP_COUNTER)
        bank->tsc_offset = kept - cycles; /* its slot stays 0: the offset is the register */
    else
        bank->values[row - msr_rows] = kept;
    *effect = row->effect;
    return FAULT_NONE;
}

uint64_t msr_value(const struct msr_bank *bank, uint32_t address)
{
    /* Several models may have rows for this address; the slots of the rows this one lacks are zero. */
    uint64_t value = 0;
    for (unsigned i = row_lower_bound(address); i < msr_row_count && msr_rows[i].address == address; i++)
        value |= bank->values[i];
    return value;
}

uint64_t msr_features_off(const struct msr_bank *bank, const struct cpu_model *model)
{
    uint64_t off = 0;
    /* SDM 4 table 2-2, IA32_MISC_ENABLE bits 18 and 34, on models that have them */
    const struct msr_row *row = msr_find(model, IA32_MISC_ENABLE);
    if (row) {
        uint64_t enable = bank->values[row - msr_rows];
        if ((row->writable & MISC_ENABLE_MONITOR) && !(enable & MISC_ENABLE_MONITOR))
            off |= FEATURE(MONITOR);
        if (enable & MISC_ENABLE_XD_DISABLE)
            off |= FEATURE(NX);
    }
    /* SDM 3A 10.4.3: a processor whose APIC is disabled reports none */
    row = msr_find(model, IA32_APIC_BASE);
    if (row && (row->writable & APIC_BASE_ENABLE) && !(bank->values[row - msr_rows] & APIC_BASE_ENABLE))
        off |= FEATURE(APIC);
    return off;
}

void msr_cpuid(const struct msr_bank *bank, const struct cpu_model *model, uint32_t leaf, uint32_t subleaf,
               uint32_t out[4])
{
    struct cpu_model seen = *model;
    seen.features &= ~msr_features_off(bank, model);
    /* Bit 22 is for systems that cannot bear leaves beyond 3, as the editions of the time say (later ones:
     * 2). */
    if ((msr_value(bank, IA32_MISC_ENABLE) & MISC_ENABLE_LIMIT_CPUID) && seen.max_leaf > 3)
        seen.max_leaf = 3;
    cpuid(&seen, leaf, subleaf, out);
}
