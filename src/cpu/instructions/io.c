/*
 * IN, OUT, INS, OUTS (SDM 2A IN, INS; 2B OUT, OUTS; 1 18). The permission is checked before anything else,
 * and INS makes sure of its destination before it reads the port: a read that faults afterwards would lose
 * what it read.
 */
#include "cpu/instructions/families.h"

#include "cpu/port_access.h"

static struct fault in(struct cpu *cpu, uint16_t port, unsigned size)
{
    TRY(port_check(cpu, port, size));
    register_write(cpu, EAX, size, port_in(cpu, port, size));
    return FAULT_NONE;
}

static struct fault out(struct cpu *cpu, uint16_t port, unsigned size)
{
    TRY(port_check(cpu, port, size));
    port_out(cpu, port, size, register_read(cpu, EAX, size));
    return FAULT_NONE;
}

/* Adds to ESI or EDI within the address size. */
static void advance(struct cpu *cpu, const struct operation *op, unsigned number, unsigned size)
{
    uint32_t step = cpu->eflags & EFLAGS_DF ? 0u - size : size;
    uint32_t old = cpu->gpr[number];
    cpu->gpr[number] = (old & ~op->address_mask) | ((old + step) & op->address_mask);
}

static struct fault ins_once(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint16_t port = (uint16_t)cpu->gpr[EDX];
    uint32_t offset = cpu->gpr[EDI] & op->address_mask;
    TRY(port_check(cpu, port, size));
    TRY(data_probe_write(cpu, ES, offset, size));
    TRY(alignment_check(cpu, cpu->segments[ES].base + offset, size));
    TRY(data_write(cpu, ES, offset, size, port_in(cpu, port, size)));
    advance(cpu, op, EDI, size);
    return FAULT_NONE;
}

static struct fault outs_once(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint16_t port = (uint16_t)cpu->gpr[EDX];
    uint32_t value;
    TRY(port_check(cpu, port, size));
    TRY(data_read(cpu, op->segment, cpu->gpr[ESI] & op->address_mask, size, &value));
    port_out(cpu, port, size, value);
    advance(cpu, op, ESI, size);
    return FAULT_NONE;
}

typedef struct fault string_step(struct cpu *cpu, const struct operation *op, unsigned size);

/* SDM 2B REP: both prefixes repeat INS and OUTS; ECX and the address register move with each iteration. */
static struct fault repeat_step(struct cpu *cpu, const struct operation *op, unsigned size, string_step *step)
{
    if (op->repeat == REPEAT_NONE)
        return step(cpu, op, size);

    cpu->repeating = false;
    uint32_t count = cpu->gpr[ECX] & op->address_mask;
    while (count != 0) {
        TRY(step(cpu, op, size));
        count--;
        cpu->gpr[ECX] = (cpu->gpr[ECX] & ~op->address_mask) | count;
        if (count != 0 && !repeat_at_once(cpu)) {
            cpu->repeating = true;
            cpu->next_eip = cpu->eip;
            break;
        }
    }
    return FAULT_NONE;
}

#define IO_SIZE(bits)                                       \
    EXECUTE(in_I_##bits)                                    \
    {                                                       \
        return in(cpu, (uint8_t)op->immediate, bits / 8);   \
    }                                                       \
    EXECUTE(out_I_##bits)                                   \
    {                                                       \
        return out(cpu, (uint8_t)op->immediate, bits / 8);  \
    }                                                       \
    EXECUTE(in_DX_##bits)                                   \
    {                                                       \
        (void)op;                                           \
        return in(cpu, (uint16_t)cpu->gpr[EDX], bits / 8);  \
    }                                                       \
    EXECUTE(out_DX_##bits)                                  \
    {                                                       \
        (void)op;                                           \
        return out(cpu, (uint16_t)cpu->gpr[EDX], bits / 8); \
    }                                                       \
    EXECUTE(ins_##bits)                                     \
    {                                                       \
        return repeat_step(cpu, op, bits / 8, ins_once);    \
    }                                                       \
    EXECUTE(outs_##bits)                                    \
    {                                                       \
        return repeat_step(cpu, op, bits / 8, outs_once);   \
    }

IO_SIZE(8)
IO_SIZE(16)
IO_SIZE(32)

/* clang-format off */
const struct instruction io_instructions[] = {
    {"E4", "IN",   "AL,Ib",  "",  "", "", 0, FEATURE_ALWAYS, BYTES(in_I),   "SDM 2A IN"},
    {"E5", "IN",   "eAX,Ib", "",  "", "", 0, FEATURE_ALWAYS, SIZES(in_I),   "SDM 2A IN"},
    {"EC", "IN",   "AL,DX",  "",  "", "", 0, FEATURE_ALWAYS, BYTES(in_DX),  "SDM 2A IN"},
    {"ED", "IN",   "eAX,DX", "",  "", "", 0, FEATURE_ALWAYS, SIZES(in_DX),  "SDM 2A IN"},
    {"E6", "OUT",  "Ib,AL",  "",  "", "", 0, FEATURE_ALWAYS, BYTES(out_I),  "SDM 2B OUT"},
    {"E7", "OUT",  "Ib,eAX", "",  "", "", 0, FEATURE_ALWAYS, SIZES(out_I),  "SDM 2B OUT"},
    {"EE", "OUT",  "DX,AL",  "",  "", "", 0, FEATURE_ALWAYS, BYTES(out_DX), "SDM 2B OUT"},
    {"EF", "OUT",  "DX,eAX", "",  "", "", 0, FEATURE_ALWAYS, SIZES(out_DX), "SDM 2B OUT"},
    {"6C", "INS",  "Yb,DX",  "d", "", "", 0, FEATURE_ALWAYS, BYTES(ins),    "SDM 2A INS"},
    {"6D", "INS",  "Yv,DX",  "d", "", "", 0, FEATURE_ALWAYS, SIZES(ins),    "SDM 2A INS"},
    {"6E", "OUTS", "DX,Xb",  "d", "", "", 0, FEATURE_ALWAYS, BYTES(outs),   "SDM 2B OUTS"},
    {"6F", "OUTS", "DX,Xv",  "d", "", "", 0, FEATURE_ALWAYS, SIZES(outs),   "SDM 2B OUTS"},
    {0},
};
/* clang-format on */
