/*
 * BT, BTS, BTR, BTC, BSF, BSR, BSWAP (SDM 2A, 2B).
 *
 * What the manual leaves undefined: the other flags of bit tests and scans stay as they were; a scan of zero leaves
 * its destination alone; BSWAP of a 16-bit register clears it, as P6 processors do.
 */
#include "cpu/instructions/families.h"

/*
 * With a register as the bit offset, a memory operand is a bit string: the signed offset picks the word or
 * doubleword it lies in, by operand size, before or behind the address (SDM 2A BT, description).
 */
ALWAYS_INLINE uint32_t bit_address(const struct cpu *cpu, const struct operation *op, uint32_t bit_offset,
                                   unsigned size)
{
    int32_t elements = (int32_t)sign_extend(bit_offset, size) >> (size == 4 ? 5 : 4);
    return (effective_address(cpu, op) + (uint32_t)elements * size) & op->address_mask;
}

ALWAYS_INLINE uint32_t bit_none(uint32_t value, uint32_t mask)
{
    (void)mask;
    return value;
}

ALWAYS_INLINE uint32_t bit_set(uint32_t value, uint32_t mask)
{
    return value | mask;
}

ALWAYS_INLINE uint32_t bit_reset(uint32_t value, uint32_t mask)
{
    return value & ~mask;
}

ALWAYS_INLINE uint32_t bit_complement(uint32_t value, uint32_t mask)
{
    return value ^ mask;
}

#define BIT_SIZE(name, change, stores, size)                                                     \
    EXECUTE(name##_EG_##size)                                                                    \
    {                                                                                            \
        uint32_t bit_offset = reg_read(cpu, op, size / 8);                                       \
        uint32_t mask = 1u << (bit_offset % size);                                               \
        uint32_t value;                                                                          \
        if (op->rm != RM_MEMORY) {                                                               \
            value = register_read(cpu, op->rm, size / 8);                                        \
            if (stores)                                                                          \
                register_write(cpu, op->rm, size / 8, change(value, mask));                      \
        } else {                                                                                 \
            uint32_t offset = bit_address(cpu, op, bit_offset, size / 8);                        \
            TRY(stores ? data_modify(cpu, op->segment, offset, size / 8, &value)                 \
                       : data_read(cpu, op->segment, offset, size / 8, &value));                 \
            if (stores)                                                                          \
                TRY(data_write(cpu, op->segment, offset, size / 8, change(value, mask)));        \
        }                                                                                        \
        flags_set(cpu, EFLAGS_CF, value &mask ? EFLAGS_CF : 0);                                  \
        return FAULT_NONE;                                                                       \
    }                                                                                            \
    EXECUTE(name##_EI_##size)                                                                    \
    {                                                                                            \
        uint32_t mask = 1u << (op->immediate % size);                                            \
        uint32_t value;                                                                          \
        TRY(stores ? rm_modify(cpu, op, size / 8, &value) : rm_read(cpu, op, size / 8, &value)); \
        if (stores)                                                                              \
            TRY(rm_write(cpu, op, size / 8, change(value, mask)));                               \
        flags_set(cpu, EFLAGS_CF, value &mask ? EFLAGS_CF : 0);                                  \
        return FAULT_NONE;                                                                       \
    }

#define BIT(name, change, stores)      \
    BIT_SIZE(name, change, stores, 16) \
    BIT_SIZE(name, change, stores, 32)

BIT(bt, bit_none, false)
BIT(bts, bit_set, true)
BIT(btr, bit_reset, true)
BIT(btc, bit_complement, true)

#define SCAN_SIZE(name, index, size)                           \
    EXECUTE(name##_##size)                                     \
    {                                                          \
        uint32_t value;                                        \
        TRY(rm_read(cpu, op, size / 8, &value));               \
        if (value != 0)                                        \
            reg_write(cpu, op, size / 8, (uint32_t)(index));   \
        flags_set(cpu, EFLAGS_ZF, value == 0 ? EFLAGS_ZF : 0); \
        return FAULT_NONE;                                     \
    }

SCAN_SIZE(bsf, __builtin_ctz(value), 16)
SCAN_SIZE(bsf, __builtin_ctz(value), 32)
SCAN_SIZE(bsr, 31 - __builtin_clz(value), 16)
SCAN_SIZE(bsr, 31 - __builtin_clz(value), 32)

EXECUTE(bswap_16)
{
    register_write(cpu, op->rm, 2, 0);
    return FAULT_NONE;
}

EXECUTE(bswap_32)
{
    cpu->gpr[op->rm] = __builtin_bswap32(cpu->gpr[op->rm]);
    return FAULT_NONE;
}

/* clang-format off */
#define BIT_ROWS(opcode, digit, name, mnemonic, lock, manual)                                                      \
    {opcode " /r",      mnemonic, "Ev,Gv", "", "c", "osap", lock, FEATURE_ALWAYS, SIZES(name##_EG), manual}, \
    {"0F BA /" digit,   mnemonic, "Ev,Ib", "", "c", "osap", lock, FEATURE_ALWAYS, SIZES(name##_EI), manual}

const struct instruction bit_instructions[] = {
    BIT_ROWS("0F A3", "4", bt,  "BT",  0,        "SDM 2A BT"),
    BIT_ROWS("0F AB", "5", bts, "BTS", LOCKABLE, "SDM 2A BTS"),
    BIT_ROWS("0F B3", "6", btr, "BTR", LOCKABLE, "SDM 2A BTR"),
    BIT_ROWS("0F BB", "7", btc, "BTC", LOCKABLE, "SDM 2A BTC"),
    {"0F BC /r", "BSF",   "Gv,Ev", "", "z", "osapc", 0, FEATURE_ALWAYS, SIZES(bsf),   "SDM 2A BSF"},
    {"0F BD /r", "BSR",   "Gv,Ev", "", "z", "osapc", 0, FEATURE_ALWAYS, SIZES(bsr),   "SDM 2A BSR"},
    {"0F C8+r",  "BSWAP", "Zv",    "", "",  "",      0, FEATURE(I486),  SIZES(bswap), "SDM 2A BSWAP"},
    {0},
};
/* clang-format on */
