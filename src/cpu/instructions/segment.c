/*
 * Segment registers and descriptors: MOV, PUSH, POP and far-pointer loads of segment registers, LAR, LSL,
 * VERR, VERW, ARPL, the descriptor-table registers, LMSW and SMSW (SDM 2A, 2B).
 */
#include "cpu/instructions/families.h"

#include "cpu/control.h"
#include "cpu/segment_load.h"
#include "cpu/stack.h"

/* SDM 3A 6.8.3: loading SS holds off interrupts and debug traps, so that ESP can follow; not so LSS, which
 * loads both. */
static void shadow_after(struct cpu *cpu, unsigned segment)
{
    if (segment == SS) {
        cpu->shadow |= SHADOW_MOV_SS;
        cpu_update_attention(cpu);
    }
}

EXECUTE(mov_SE)
{
    uint32_t selector;
    TRY(rm_read(cpu, op, 2, &selector));
    TRY(segment_load(cpu, op->reg, (uint16_t)selector));
    shadow_after(cpu, op->reg);
    return FAULT_NONE;
}

/* Stores a word-sized register: 16 bits to memory, the operand size (zero-extended) to a register. */
static struct fault store_word(struct cpu *cpu, const struct operation *op, uint16_t value)
{
    return rm_write(cpu, op, op->rm != RM_MEMORY && op->wide ? 4 : 2, value);
}

EXECUTE(mov_ES)
{
    return store_word(cpu, op, cpu->segments[op->reg].selector);
}

/* Bits 5:3 of the opcode number the register, in 06 0E 16 1E as in 0F A0 A8 (and the POPs one above). */
static unsigned opcode_segment(const struct operation *op)
{
    return (op->opcode >> 3) & 7;
}

/*
 * With 32-bit operand size the processors since the Core write 16 bits and leave the upper half of the stack
 * slot as it was (SDM 2B PUSH); the earlier ones do either.
 */
EXECUTE(push_S)
{
    uint32_t mask = cpu->segments[SS].access & ACCESS_DB ? 0xffffffffu : 0xffffu;
    uint32_t pointer = (cpu->gpr[ESP] - (op->wide ? 4 : 2)) & mask;
    TRY(data_write(cpu, SS, pointer, 2, cpu->segments[opcode_segment(op)].selector));
    cpu->gpr[ESP] = (cpu->gpr[ESP] & ~mask) | pointer;
    return FAULT_NONE;
}

EXECUTE(pop_S)
{
    unsigned segment = opcode_segment(op);
    uint32_t old_esp = cpu->gpr[ESP];
    uint32_t value;
    TRY(pop(cpu, op->wide ? 4 : 2, &value));
    struct fault fault = segment_load(cpu, segment, (uint16_t)value);
    if (fault.reason != NO_FAULT) {
        cpu->gpr[ESP] = old_esp;
        return fault;
    }
    shadow_after(cpu, segment);
    return FAULT_NONE;
}

static struct fault load_far_pointer(struct cpu *cpu, const struct operation *op, unsigned segment)
{
    unsigned size = op->wide ? 4 : 2;
    uint32_t address = effective_address(cpu, op);
    uint32_t offset, selector;
    TRY(data_read(cpu, op->segment, address, size, &offset));
    TRY(data_read(cpu, op->segment, (address + size) & op->address_mask, 2, &selector));
    TRY(segment_load(cpu, segment, (uint16_t)selector));
    reg_write(cpu, op, size, offset);
    return FAULT_NONE;
}

EXECUTE(les)
{
    return load_far_pointer(cpu, op, ES);
}
EXECUTE(lds)
{
    return load_far_pointer(cpu, op, DS);
}
EXECUTE(lss)
{
    return load_far_pointer(cpu, op, SS);
}
EXECUTE(lfs)
{
    return load_far_pointer(cpu, op, FS);
}
EXECUTE(lgs)
{
    return load_far_pointer(cpu, op, GS);
}

/* ---- LAR, LSL, VERR, VERW, ARPL: questions about descriptors, answered in ZF ---- */

static struct fault needs_protected_mode(const struct cpu *cpu)
{
    return cpu_is_real_or_v86(cpu) ? fault_ud(NOT_IN_V86) : FAULT_NONE;
}

/*
 * Reads the descriptor that a selector points to. *found is false for null selectors and those beyond their
 * table, which are no faults here; reading the table may still give #PF.
 */
static struct fault descriptor_look_up(struct cpu *cpu, uint16_t selector, bool *found,
                                       struct descriptor *descriptor)
{
    *found = false;
    if ((selector & ~SELECTOR_RPL) == 0)
        return FAULT_NONE;
    struct fault fault = descriptor_read(cpu, selector, VECTOR_GP, 0, descriptor);
    if (fault.reason == SELECTOR_BEYOND_TABLE || fault.reason == SELECTOR_WITHOUT_LDT)
        return FAULT_NONE;
    *found = fault.reason == NO_FAULT;
    return fault;
}

static bool descriptor_visible(const struct cpu *cpu, uint16_t selector, const struct descriptor *descriptor)
{
    unsigned dpl = access_dpl(descriptor->access);
    return access_is_conforming(descriptor->access) || (cpu->cpl <= dpl && (selector & SELECTOR_RPL) <= dpl);
}

/* System types that LAR and LSL know (SDM 2A tables of the LAR and LSL pages). */
#define LSL_TYPES                                                                \
    (1u << SYSTEM_TSS16_AVAILABLE | 1u << SYSTEM_LDT | 1u << SYSTEM_TSS16_BUSY | \
     1u << SYSTEM_TSS32_AVAILABLE | 1u << SYSTEM_TSS32_BUSY)
#define LAR_TYPES (LSL_TYPES | 1u << SYSTEM_CALL_GATE16 | 1u << SYSTEM_TASK_GATE | 1u << SYSTEM_CALL_GATE32)

static struct fault look_up_for(struct cpu *cpu, const struct operation *op, uint32_t system_types,
                                bool *found, struct descriptor *descriptor)
{
    TRY(needs_protected_mode(cpu));
    uint32_t selector;
    TRY(rm_read(cpu, op, 2, &selector));
    TRY(descriptor_look_up(cpu, (uint16_t)selector, found, descriptor));
    if (!*found)
        return FAULT_NONE;
    bool type_known =
        (descriptor->access & ACCESS_S) || (system_types >> (descriptor->access & ACCESS_TYPE) & 1);
    *found = type_known && descriptor_visible(cpu, (uint16_t)selector, descriptor);
    return FAULT_NONE;
}

EXECUTE(lar)
{
    bool found;
    struct descriptor descriptor;
    TRY(look_up_for(cpu, op, LAR_TYPES, &found, &descriptor));
    if (found) {
        /* Bits 19:16 are the limit's and undefined by the manual; processors pass them on. */
        uint32_t rights = (uint32_t)(descriptor.raw >> 32) & 0x00ffff00u;
        reg_write(cpu, op, op->wide ? 4 : 2, rights);
    }
    flags_set(cpu, EFLAGS_ZF, found ? EFLAGS_ZF : 0);
    return FAULT_NONE;
}

EXECUTE(lsl)
{
    bool found;
    struct descriptor descriptor;
    TRY(look_up_for(cpu, op, LSL_TYPES, &found, &descriptor));
    if (found)
        reg_write(cpu, op, op->wide ? 4 : 2, descriptor.limit);
    flags_set(cpu, EFLAGS_ZF, found ? EFLAGS_ZF : 0);
    return FAULT_NONE;
}

EXECUTE(verr)
{
    bool found;
    struct descriptor descriptor;
    TRY(look_up_for(cpu, op, 0, &found, &descriptor));
    flags_set(cpu, EFLAGS_ZF, found && access_is_readable(descriptor.access) ? EFLAGS_ZF : 0);
    return FAULT_NONE;
}

EXECUTE(verw)
{
    bool found;
    struct descriptor descriptor;
    TRY(look_up_for(cpu, op, 0, &found, &descriptor));
    flags_set(cpu, EFLAGS_ZF, found && access_is_writable_data(descriptor.access) ? EFLAGS_ZF : 0);
    return FAULT_NONE;
}

EXECUTE(arpl)
{
    TRY(needs_protected_mode(cpu));
    uint32_t selector;
    TRY(rm_read(cpu, op, 2, &selector));
    uint32_t rpl = reg_read(cpu, op, 2) & SELECTOR_RPL;
    bool raise = (selector & SELECTOR_RPL) < rpl;
    if (raise)
        TRY(rm_write(cpu, op, 2, (selector & ~SELECTOR_RPL) | rpl));
    flags_set(cpu, EFLAGS_ZF, raise ? EFLAGS_ZF : 0);
    return FAULT_NONE;
}

/* ---- LDTR and TR ---- */

EXECUTE(sldt)
{
    TRY(needs_protected_mode(cpu));
    return store_word(cpu, op, cpu->ldtr.selector);
}

EXECUTE(str)
{
    TRY(needs_protected_mode(cpu));
    return store_word(cpu, op, cpu->tr.selector);
}

EXECUTE(lldt)
{
    TRY(needs_protected_mode(cpu));
    if (cpu->cpl != 0)
        return fault_gp(0, NOT_CPL0);
    uint32_t value;
    TRY(rm_read(cpu, op, 2, &value));
    uint16_t selector = (uint16_t)value;
    uint32_t error = selector & ~SELECTOR_RPL;
    if (error == 0) {
        cpu->ldtr = segment_null(selector);
        return FAULT_NONE;
    }
    if (selector & SELECTOR_TI)
        return fault_gp(error, LDT_SELECTOR_TI);

    struct descriptor descriptor;
    TRY(descriptor_read(cpu, selector, VECTOR_GP, 0, &descriptor));
    if ((descriptor.access & (ACCESS_S | ACCESS_TYPE)) != SYSTEM_LDT)
        return fault_gp(error, LDT_TYPE);
    if (!(descriptor.access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, LDT_NOT_PRESENT);
    cpu->ldtr = segment_from_descriptor(selector, &descriptor);
    return FAULT_NONE;
}

EXECUTE(ltr)
{
    TRY(needs_protected_mode(cpu));
    if (cpu->cpl != 0)
        return fault_gp(0, NOT_CPL0);
    uint32_t value;
    TRY(rm_read(cpu, op, 2, &value));
    uint16_t selector = (uint16_t)value;
    uint32_t error = selector & ~SELECTOR_RPL;
    if (error == 0)
        return fault_gp(0, TR_SELECTOR_NULL);
    if (selector & SELECTOR_TI)
        return fault_gp(error, TR_SELECTOR_TI);

    struct descriptor descriptor;
    TRY(descriptor_read(cpu, selector, VECTOR_GP, 0, &descriptor));
    unsigned type = descriptor.access & (ACCESS_S | ACCESS_TYPE);
    if (type != SYSTEM_TSS16_AVAILABLE && type != SYSTEM_TSS32_AVAILABLE)
        return fault_gp(error, TR_TYPE);
    if (!(descriptor.access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, TR_NOT_PRESENT);

    /* SDM 2A LTR: the busy bit is set in the table, and the hidden part has it too */
    descriptor.access |= 2;
    TRY(system_write8(cpu, descriptor_address(cpu, selector) + 5, (uint8_t)descriptor.access));
    cpu->tr = segment_from_descriptor(selector, &descriptor);
    return FAULT_NONE;
}

/* ---- GDTR and IDTR ---- */

/*
 * SDM 3A 3.5.1: a word, then a doubleword at the next word, each checked for alignment on its own; when the
 * doubleword is aligned, so is the word, and its write cannot fault any more. The whole
 * base is stored for 16-bit operands too (docs/manual-errata.md).
 */
static struct fault table_store(struct cpu *cpu, const struct operation *op,
                                const struct table_register *table)
{
    uint32_t address = effective_address(cpu, op);
    uint32_t base_address = (address + 2) & op->address_mask;
    TRY(data_probe_write(cpu, op->segment, address, 2));
    TRY(data_write(cpu, op->segment, base_address, 4, table->base));
    return data_write(cpu, op->segment, address, 2, table->limit);
}

static struct fault table_load(struct cpu *cpu, const struct operation *op, struct table_register *table)
{
    if (cpu->cpl != 0)
        return fault_gp(0, NOT_CPL0);
    uint32_t address = effective_address(cpu, op);
    uint32_t limit, base;
    TRY(data_read(cpu, op->segment, address, 2, &limit));
    TRY(data_read(cpu, op->segment, (address + 2) & op->address_mask, 4, &base));
    /* SDM 2A LGDT: with 16-bit operand size the base has 24 bits */
    table->base = op->wide ? base : base & 0x00ffffffu;
    table->limit = (uint16_t)limit;
    return FAULT_NONE;
}

EXECUTE(sgdt)
{
    return table_store(cpu, op, &cpu->gdtr);
}
EXECUTE(sidt)
{
    return table_store(cpu, op, &cpu->idtr);
}
EXECUTE(lgdt)
{
    return table_load(cpu, op, &cpu->gdtr);
}
EXECUTE(lidt)
{
    return table_load(cpu, op, &cpu->idtr);
}

/* ---- the machine status word ---- */

/* A register gets as much of CR0 as the operand size holds, memory always a word (SDM 2B SMSW). */
EXECUTE(smsw)
{
    return rm_write(cpu, op, op->rm != RM_MEMORY && op->wide ? 4 : 2, cpu->cr0);
}

EXECUTE(lmsw)
{
    if (cpu->cpl != 0)
        return fault_gp(0, NOT_CPL0);
    uint32_t value;
    TRY(rm_read(cpu, op, 2, &value));
    /* SDM 2A LMSW: PE can be set, not cleared */
    uint32_t loaded = CR0_MP | CR0_EM | CR0_TS;
    return cr0_write(cpu, (cpu->cr0 & ~loaded) | (value & (loaded | CR0_PE)));
}

/* clang-format off */
#define STORE_SREG(digit) {"8C /" digit, "MOV", "Ev,Sw", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(mov_ES), "SDM 2B MOV"}
#define LOAD_SREG(digit)  {"8E /" digit, "MOV", "Sw,Ew", "", "", "", 0, FEATURE_ALWAYS, ALWAYS(mov_SE), "SDM 2B MOV"}

const struct instruction segment_instructions[] = {
    STORE_SREG("0"), STORE_SREG("1"), STORE_SREG("2"), STORE_SREG("3"), STORE_SREG("4"), STORE_SREG("5"),
    /* CS (/1) cannot be loaded by MOV: #UD */
    LOAD_SREG("0"), LOAD_SREG("2"), LOAD_SREG("3"), LOAD_SREG("4"), LOAD_SREG("5"),
    {"06",       "PUSH", "ES",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(push_S), "SDM 2B PUSH"},
    {"0E",       "PUSH", "CS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(push_S), "SDM 2B PUSH"},
    {"16",       "PUSH", "SS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(push_S), "SDM 2B PUSH"},
    {"1E",       "PUSH", "DS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(push_S), "SDM 2B PUSH"},
    {"0F A0",    "PUSH", "FS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(push_S), "SDM 2B PUSH"},
    {"0F A8",    "PUSH", "GS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(push_S), "SDM 2B PUSH"},
    {"07",       "POP",  "ES",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(pop_S),  "SDM 2B POP"},
    {"17",       "POP",  "SS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(pop_S),  "SDM 2B POP"},
    {"1F",       "POP",  "DS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(pop_S),  "SDM 2B POP"},
    {"0F A1",    "POP",  "FS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(pop_S),  "SDM 2B POP"},
    {"0F A9",    "POP",  "GS",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(pop_S),  "SDM 2B POP"},
    {"C4 /r",    "LES",  "Gv,Mp", "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(les),    "SDM 2A LDS"},
    {"C5 /r",    "LDS",  "Gv,Mp", "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lds),    "SDM 2A LDS"},
    {"0F B2 /r", "LSS",  "Gv,Mp", "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lss),    "SDM 2A LDS"},
    {"0F B4 /r", "LFS",  "Gv,Mp", "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lfs),    "SDM 2A LDS"},
    {"0F B5 /r", "LGS",  "Gv,Mp", "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lgs),    "SDM 2A LDS"},
    {"0F 02 /r", "LAR",  "Gv,Ew", "", "z", "", 0, FEATURE_ALWAYS, ALWAYS(lar),    "SDM 2A LAR"},
    {"0F 03 /r", "LSL",  "Gv,Ew", "", "z", "", 0, FEATURE_ALWAYS, ALWAYS(lsl),    "SDM 2A LSL"},
    {"63 /r",    "ARPL", "Ew,Gw", "", "z", "", 0, FEATURE_ALWAYS, ALWAYS(arpl),   "SDM 2A ARPL"},
    {"0F 00 /0", "SLDT", "Ev",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(sldt),   "SDM 2B SLDT"},
    {"0F 00 /1", "STR",  "Ev",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(str),    "SDM 2B STR"},
    {"0F 00 /2", "LLDT", "Ew",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lldt),   "SDM 2A LLDT"},
    {"0F 00 /3", "LTR",  "Ew",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(ltr),    "SDM 2A LTR"},
    {"0F 00 /4", "VERR", "Ew",    "", "z", "", 0, FEATURE_ALWAYS, ALWAYS(verr),   "SDM 2B VERR"},
    {"0F 00 /5", "VERW", "Ew",    "", "z", "", 0, FEATURE_ALWAYS, ALWAYS(verw),   "SDM 2B VERR"},
    {"0F 01 /0", "SGDT", "Ms",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(sgdt),   "SDM 2B SGDT"},
    {"0F 01 /1", "SIDT", "Ms",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(sidt),   "SDM 2B SIDT"},
    {"0F 01 /2", "LGDT", "Ms",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lgdt),   "SDM 2A LGDT"},
    {"0F 01 /3", "LIDT", "Ms",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lidt),   "SDM 2A LGDT"},
    {"0F 01 /4", "SMSW", "Ev",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(smsw),   "SDM 2B SMSW"},
    {"0F 01 /6", "LMSW", "Ew",    "", "",  "", 0, FEATURE_ALWAYS, ALWAYS(lmsw),   "SDM 2A LMSW"},
    {0},
};
/* clang-format on */
