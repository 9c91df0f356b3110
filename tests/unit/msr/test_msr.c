/* The MSR table and the bank. */
#include "ia32/registers.h"
#include "msr/msr.h"
#include "unit/suite.h"

static struct msr_bank bank;
static struct cpu_model model;

static void use(const char *text)
{
    struct error error;
    ck_assert(cpu_model_parse(text, &model, &error));
    msr_reset(&bank, &model);
}

static uint64_t read_msr(uint32_t address)
{
    uint64_t value = 0;
    struct fault fault = msr_read(&bank, &model, address, 0, &value);
    ck_assert_msg(fault.reason == NO_FAULT, "RDMSR %x", address);
    return value;
}

/* NO_FAULT, or the reason of the #GP(0); a refused write must have changed nothing. */
static unsigned write_msr(uint32_t address, uint64_t value)
{
    enum msr_effect effect = MSR_EFFECT_NONE;
    struct msr_bank before = bank;
    struct fault fault = msr_write(&bank, &model, address, value, 0, &effect);
    if (fault.reason != NO_FAULT) {
        ck_assert_uint_eq(fault.vector, VECTOR_GP);
        ck_assert(fault.has_error_code);
        ck_assert_uint_eq(fault.error_code, 0);
        ck_assert_mem_eq(&before, &bank, sizeof bank);
    }
    return fault.reason;
}

static unsigned read_fault(uint32_t address)
{
    uint64_t value;
    return msr_read(&bank, &model, address, 0, &value).reason;
}

START_TEST(rows_ascend_and_say_what_they_are)
{
    unsigned i;
    for (i = 0; msr_rows[i].name != NULL; i++) {
        const struct msr_row *row = &msr_rows[i];
        ck_assert_msg(i == 0 || msr_rows[i - 1].address <= row->address, "%s", row->name);
        ck_assert_ptr_nonnull(row->manual);
        ck_assert_uint_le(row->first, row->last);
        /* Software may write back what it has read. */
        uint64_t kept = row->reset;
        ck_assert_msg(!row->accept || row->accept(row->reset, &kept), "%s", row->name);
    }
    ck_assert_uint_lt(i, MSR_SLOTS);
}
END_TEST

START_TEST(at_most_one_row_describes_an_address_on_a_model_whatever_the_order)
{
    for (const struct cpu_model *each = cpu_models; each->name; each++) {
        msr_reset(&bank, each);
        for (unsigned i = 0; msr_rows[i].name != NULL; i++) {
            const struct msr_row *found = msr_find(each, msr_rows[i].address);
            if (found != &msr_rows[i])
                ck_assert_uint_eq(bank.values[i], 0);
            else
                ck_assert_uint_eq(msr_value(&bank, found->address), bank.values[i]);
        }
    }
}
END_TEST

START_TEST(every_register_takes_back_what_it_reads)
{
    for (const struct cpu_model *each = cpu_models; each->name; each++) {
        model = *each;
        msr_reset(&bank, &model);
        for (unsigned i = 0; msr_rows[i].name != NULL; i++) {
            const struct msr_row *row = &msr_rows[i];
            if (msr_find(&model, row->address) != row || row->access != MSR_READ_WRITE)
                continue;
            uint64_t value = read_msr(row->address);
            ck_assert_msg(write_msr(row->address, value) == NO_FAULT, "%s on %s", row->name, each->name);
            ck_assert_uint_eq(read_msr(row->address), value);
        }
    }
}
END_TEST

START_TEST(processors_before_the_pentium_have_no_msrs)
{
    use("486");
    for (unsigned i = 0; msr_rows[i].name != NULL; i++)
        ck_assert_uint_eq(read_fault(msr_rows[i].address), MSR_ABSENT);
}
END_TEST

START_TEST(an_absent_msr_is_gp)
{
    use("core-duo");
    ck_assert_uint_eq(read_fault(0x40000000), MSR_ABSENT);
    ck_assert_uint_eq(write_msr(0xc0000081, 0), MSR_ABSENT);
    ck_assert_uint_eq(read_fault(0xffffffff), MSR_ABSENT);
    struct fault fault = msr_read(&bank, &model, 0x123456, 0, &(uint64_t){0});
    ck_assert_uint_eq(fault.vector, VECTOR_GP);
    ck_assert_uint_eq(fault.address, 0x123456);
}
END_TEST

START_TEST(sysenter_registers_come_and_go_with_the_instruction)
{
    use("core-duo");
    enum msr_effect effect;
    for (uint32_t address = IA32_SYSENTER_CS; address <= IA32_SYSENTER_EIP; address++) {
        ck_assert_uint_eq(msr_write(&bank, &model, address, 0x123456789ull + address, 0, &effect).reason,
                          NO_FAULT);
        ck_assert_int_eq(effect, MSR_EFFECT_SYSENTER);
        ck_assert_uint_eq(read_msr(address), (uint32_t)(0x123456789ull + address));
        ck_assert_uint_eq(msr_value(&bank, address), read_msr(address));
    }
    const char *const without[] = {"core-duo,-sep", "pentium-pro", "pentium"};
    for (unsigned i = 0; i < 3; i++) {
        use(without[i]);
        ck_assert_uint_eq(read_fault(IA32_SYSENTER_CS), MSR_ABSENT);
        ck_assert_uint_eq(write_msr(IA32_SYSENTER_EIP, 0), MSR_ABSENT);
        ck_assert_uint_eq(msr_value(&bank, IA32_SYSENTER_CS), 0);
    }
}
END_TEST

START_TEST(the_time_stamp_counter_goes_on_from_what_is_written)
{
    use("core-duo");
    enum msr_effect effect;
    uint64_t value;
    ck_assert_uint_eq(msr_read(&bank, &model, 0x10, 1000, &value).reason, NO_FAULT);
    ck_assert_uint_eq(value, 1000);
    ck_assert_uint_eq(msr_write(&bank, &model, 0x10, 0x500000000ull, 1000, &effect).reason, NO_FAULT);
    ck_assert_int_eq(effect, MSR_EFFECT_TSC);
    ck_assert_uint_eq(msr_read(&bank, &model, 0x10, 1007, &value).reason, NO_FAULT);
    ck_assert_uint_eq(value, 0x500000007ull);
    /* Earlier processors clear the high half. */
    const char *const early[] = {"pentium", "pentium3", "pentium4"};
    for (unsigned i = 0; i < 3; i++) {
        use(early[i]);
        ck_assert_uint_eq(msr_write(&bank, &model, 0x10, 0x500000009ull, 1000, &effect).reason, NO_FAULT);
        ck_assert_uint_eq(msr_read(&bank, &model, 0x10, 1000, &value).reason, NO_FAULT);
        ck_assert_uint_eq(value, 9);
    }
}
END_TEST

START_TEST(efer_has_nxe_and_nothing_else)
{
    use("core-duo");
    for (unsigned bit = 0; bit < 64; bit++)
        ck_assert_uint_eq(write_msr(IA32_EFER, 1ull << bit), bit == 11 ? NO_FAULT : MSR_RESERVED_BIT);
    ck_assert_uint_eq(read_msr(IA32_EFER), IA32_EFER_NXE);
    use("core-duo,-nx");
    ck_assert_uint_eq(read_fault(IA32_EFER), MSR_ABSENT);
    use("pentium4");
    ck_assert_uint_eq(write_msr(IA32_EFER, 0), MSR_ABSENT);
}
END_TEST

START_TEST(memory_types_are_checked)
{
    use("core-duo");
    for (unsigned type = 0; type < 256; type++) {
        bool mtrr = type == 0 || type == 1 || type == 4 || type == 5 || type == 6;
        for (unsigned shift = 0; shift < 64; shift += 8) {
            ck_assert_uint_eq(write_msr(0x26f, (uint64_t)type << shift), mtrr ? NO_FAULT : MSR_INVALID_VALUE);
            ck_assert_uint_eq(write_msr(IA32_PAT, (uint64_t)type << shift),
                              mtrr || type == 7 ? NO_FAULT : MSR_INVALID_VALUE);
        }
        ck_assert_uint_eq(write_msr(0x200, type), mtrr ? NO_FAULT : MSR_INVALID_VALUE);
        ck_assert_uint_eq(write_msr(0x2ff, 0xc00 | type), mtrr ? NO_FAULT : MSR_INVALID_VALUE);
    }
    use("core-duo");
    ck_assert_uint_eq(read_msr(IA32_PAT), 0x0007040600070406ull);
    ck_assert_uint_eq(write_msr(0x2ff, 0x1006), MSR_RESERVED_BIT);
}
END_TEST

START_TEST(variable_mtrrs_hold_the_processors_physical_addresses)
{
    use("pentium3");
    ck_assert_uint_eq(write_msr(0x201, 0xffffff800ull), NO_FAULT);
    ck_assert_uint_eq(read_msr(0x201), 0xffffff800ull);
    ck_assert_uint_eq(write_msr(0x201, 1ull << 36 | 0x800), MSR_RESERVED_BIT);
    ck_assert_uint_eq(write_msr(0x201, 0x400), MSR_RESERVED_BIT);
    ck_assert_uint_eq(write_msr(0x200, 0x106), MSR_RESERVED_BIT);
    use("core-duo");
    ck_assert_uint_eq(write_msr(0x20f, 0xfffff800ull), NO_FAULT);
    ck_assert_uint_eq(write_msr(0x20f, 0x100000800ull), MSR_RESERVED_BIT);
    ck_assert_uint_eq(read_fault(0x210), MSR_ABSENT);
    ck_assert_uint_eq(read_msr(0xfe), 0x508);
    ck_assert_uint_eq(write_msr(0xfe, 0x508), MSR_ACCESS_KIND);
    use("core-duo,-mtrr");
    ck_assert_uint_eq(read_fault(0xfe), MSR_ABSENT);
    ck_assert_uint_eq(read_fault(0x2ff), MSR_ABSENT);
}
END_TEST

START_TEST(machine_check_banks_follow_the_family)
{
    use("pentium3");
    ck_assert_uint_eq(read_msr(0x179), 0x105);
    ck_assert_uint_eq(write_msr(0x17b, 0xffffffffffffffffull), NO_FAULT);
    ck_assert_uint_eq(write_msr(0x404, 0xffffffffffffffffull), NO_FAULT);
    ck_assert_uint_eq(write_msr(0x404, 1), MSR_INVALID_VALUE);
    ck_assert_uint_eq(write_msr(0x405, 0), NO_FAULT);
    ck_assert_uint_eq(write_msr(0x405, 1), MSR_INVALID_VALUE);
    ck_assert_uint_eq(read_msr(0x412), 0);
    ck_assert_uint_eq(read_fault(0x403), MSR_ABSENT);
    ck_assert_uint_eq(read_fault(0x414), MSR_ABSENT);
    use("core-duo");
    ck_assert_uint_eq(read_msr(0x179), 6);
    ck_assert_uint_eq(read_fault(0x17b), MSR_ABSENT);
    ck_assert_uint_eq(write_msr(0x404, 1), NO_FAULT);
    ck_assert_uint_eq(read_msr(0x415), 0);
    use("pentium4");
    ck_assert_uint_eq(read_msr(0x179), 4);
    ck_assert_uint_eq(read_msr(0x40e), 0);
    ck_assert_uint_eq(read_fault(0x410), MSR_ABSENT);
    /* As many banks as the count promises */
    for (const struct cpu_model *each = cpu_models; each->name; each++) {
        model = *each;
        msr_reset(&bank, &model);
        uint64_t banks = cpu_model_has(&model, FEATURE(MCA)) ? read_msr(0x179) & 0xff : 0;
        for (uint32_t i = 0; i < 8; i++)
            ck_assert_uint_eq(msr_find(&model, 0x401 + 4 * i) != NULL, i < banks);
    }
}
END_TEST

START_TEST(performance_counters_keep_40_bits_sign_extended_from_32)
{
    use("pentium2");
    ck_assert_uint_eq(write_msr(0xc1, 0x80000000), NO_FAULT);
    ck_assert_uint_eq(read_msr(0xc1), 0xff80000000ull);
    ck_assert_uint_eq(write_msr(0xc2, 0x1234567ull | 1ull << 40), NO_FAULT);
    ck_assert_uint_eq(read_msr(0xc2), 0x1234567);
    ck_assert_uint_eq(write_msr(0x186, 0x530079), NO_FAULT);
    use("pentium4");
    ck_assert_uint_eq(read_fault(0xc1), MSR_ABSENT);
    ck_assert_uint_eq(read_msr(IA32_MISC_ENABLE) & 1 << 7, 0);
}
END_TEST

START_TEST(a_microcode_update_leaves_no_signature)
{
    use("core-duo");
    ck_assert_uint_eq(write_msr(0x8b, 0), NO_FAULT);
    ck_assert_uint_eq(write_msr(0x79, 0x12345678), NO_FAULT);
    ck_assert_uint_eq(read_fault(0x79), MSR_ACCESS_KIND);
    ck_assert_uint_eq(read_msr(0x8b), 0);
    ck_assert_uint_eq(write_msr(0x17, 0), MSR_ACCESS_KIND);
}
END_TEST

START_TEST(without_a_local_apic_its_base_cannot_be_enabled)
{
    use("core-duo");
    ck_assert_uint_eq(read_msr(IA32_APIC_BASE), 0xfee00100);
    ck_assert_uint_eq(write_msr(IA32_APIC_BASE, 0xfee00900), NO_FAULT);
    ck_assert_uint_eq(read_msr(IA32_APIC_BASE), 0xfee00100);
    ck_assert_uint_eq(write_msr(IA32_APIC_BASE, 0x1fee00900ull), MSR_RESERVED_BIT);
    ck_assert_uint_eq(write_msr(IA32_APIC_BASE, 0xfee00d00), MSR_RESERVED_BIT);
}
END_TEST

START_TEST(misc_enable_reaches_cpuid)
{
    uint32_t out[4];
    use("core-duo");
    ck_assert_uint_eq(msr_features_off(&bank, &model), 0);
    uint64_t reset = read_msr(IA32_MISC_ENABLE);

    ck_assert_uint_eq(write_msr(IA32_MISC_ENABLE, reset & ~(1ull << 18)), NO_FAULT);
    ck_assert_uint_eq(msr_features_off(&bank, &model), FEATURE(MONITOR));
    msr_cpuid(&bank, &model, 1, 0, out);
    ck_assert_uint_eq(out[2], 1);

    ck_assert_uint_eq(write_msr(IA32_EFER, IA32_EFER_NXE), NO_FAULT);
    ck_assert_uint_eq(write_msr(IA32_MISC_ENABLE, reset | 1ull << 34), NO_FAULT);
    msr_cpuid(&bank, &model, 0x80000001, 0, out);
    ck_assert_uint_eq(out[3], 0);
    ck_assert_uint_eq(read_fault(IA32_EFER), MSR_ABSENT);

    ck_assert_uint_eq(write_msr(IA32_MISC_ENABLE, reset | 1 << 22), NO_FAULT);
    msr_cpuid(&bank, &model, 0, 0, out);
    ck_assert_uint_eq(out[0], 3);
    ck_assert_uint_eq(write_msr(IA32_MISC_ENABLE, reset | 1ull << 40), MSR_RESERVED_BIT);

    use("core-duo,-monitor,-nx");
    ck_assert_uint_eq(read_msr(IA32_MISC_ENABLE) & 1 << 18, 0);
    ck_assert_uint_eq(write_msr(IA32_MISC_ENABLE, reset), MSR_RESERVED_BIT);
    ck_assert_uint_eq(write_msr(IA32_MISC_ENABLE, 1ull << 34), MSR_RESERVED_BIT);
    use("pentium3");
    ck_assert_uint_eq(read_fault(IA32_MISC_ENABLE), MSR_ABSENT);
    ck_assert_uint_eq(msr_features_off(&bank, &model), 0);
}
END_TEST

START_TEST(read_only_bits_of_misc_enable_stay)
{
    use("pentium4");
    uint64_t reset = read_msr(IA32_MISC_ENABLE);
    ck_assert_uint_eq(write_msr(IA32_MISC_ENABLE, 1 << 7 | 1), NO_FAULT);
    ck_assert_uint_eq(read_msr(IA32_MISC_ENABLE), reset);
}
END_TEST

START_TEST(rows_describe_every_byte)
{
    ck_assert_uint_eq(state_rows_uncovered(msr_bank_rows, sizeof(struct msr_bank)), sizeof(struct msr_bank));
}
END_TEST

UNIT_SUITE("msr", rows_ascend_and_say_what_they_are,
           at_most_one_row_describes_an_address_on_a_model_whatever_the_order,
           every_register_takes_back_what_it_reads, processors_before_the_pentium_have_no_msrs,
           an_absent_msr_is_gp, sysenter_registers_come_and_go_with_the_instruction,
           the_time_stamp_counter_goes_on_from_what_is_written, efer_has_nxe_and_nothing_else,
           memory_types_are_checked, variable_mtrrs_hold_the_processors_physical_addresses,
           machine_check_banks_follow_the_family, performance_counters_keep_40_bits_sign_extended_from_32,
           a_microcode_update_leaves_no_signature, without_a_local_apic_its_base_cannot_be_enabled,
           misc_enable_reaches_cpuid, read_only_bits_of_misc_enable_stay, rows_describe_every_byte)
