/* What may be compared; see admission.h. */
#include "admission.h"

#include <string.h>

#include "base/bits.h"
#include "cpu/decode.h"
#include "cpu/instructions/families.h"

static bool word_in(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += length) {
        bool begins = at == words || at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

uint32_t operand_linear(const struct oracle_processor *processor, const struct operation *op)
{
    const struct cpu *cpu = &processor->bench->cpu;
    return cpu->segments[op->segment].base + effective_address(cpu, op);
}

static const struct cpu *cpu_of(const struct oracle_processor *processor)
{
    return &processor->bench->cpu;
}

static uint32_t shift_count(const struct oracle_processor *processor, const struct operation *op)
{
    bool by_cl = strstr(op->row->operands, "CL") != NULL;
    return (by_cl ? cpu_of(processor)->gpr[ECX] : op->immediate) & 31;
}

static bool is_byte(const struct operation *op)
{
    return strncmp(op->row->operands, "Eb", 2) == 0;
}

static unsigned operand_bits(const struct operation *op)
{
    return is_byte(op) ? 8 : op->wide ? 32 : 16;
}

/* Linux may slow such a program down or end it (split lock detection), and virtual machines too. */
static bool crosses_line_locked(const struct oracle_processor *processor, const struct operation *op)
{
    if (op->rm != RM_MEMORY || !(op->lock || strcmp(op->row->mnemonic, "XCHG") == 0))
        return false;
    /* Bit strings reach away from the address, at most to a doubleword. */
    bool bit_string = op->row->mnemonic[0] == 'B' && strstr(op->row->operands, "Gv") != NULL;
    uint32_t first = operand_linear(processor, op) % (bit_string ? 4 : 64);
    return bit_string ? first != 0 : first + 8 > 64;
}

static bool double_shift_too_far(const struct oracle_processor *processor, const struct operation *op)
{
    return !op->wide && shift_count(processor, op) > 16;
}

static bool is_narrow(const struct oracle_processor *processor, const struct operation *op)
{
    (void)processor;
    return !op->wide;
}

static bool segment_in_doubleword(const struct oracle_processor *processor, const struct operation *op)
{
    (void)processor;
    return op->wide && op->row->operands[1] == 'S';
}

static bool nested_task(const struct oracle_processor *processor, const struct operation *op)
{
    (void)op;
    return cpu_of(processor)->eflags & EFLAGS_NT;
}

static bool checks_alignment(const struct oracle_processor *processor, const struct operation *op)
{
    (void)op;
    return cpu_of(processor)->eflags & EFLAGS_AC;
}

static bool system_call(const struct oracle_processor *processor, const struct operation *op)
{
    (void)processor;
    return op->immediate == 0x80;
}

static bool repeats(const struct oracle_processor *processor, const struct operation *op)
{
    (void)processor;
    return op->repeat != REPEAT_NONE;
}

static bool next_is_beyond_limit(const struct oracle_processor *processor, const struct operation *op)
{
    const struct cpu *cpu = cpu_of(processor);
    return strchr(op->row->operands, 'J') != NULL && cpu->eip + op->length > cpu->segments[CS].highest;
}

static bool upper_halves_matter(const struct oracle_processor *processor, const struct operation *op)
{
    const struct cpu *cpu = cpu_of(processor);
    return op->repeat != REPEAT_NONE && op->address_mask == 0xffff &&
           (cpu->gpr[ESI] | cpu->gpr[EDI]) > 0xffff;
}

static bool repeats_not_at_all(const struct oracle_processor *processor, const struct operation *op)
{
    return op->repeat != REPEAT_NONE && (cpu_of(processor)->gpr[ECX] & op->address_mask) == 0;
}

static bool debug_register_alias(const struct oracle_processor *processor, const struct operation *op)
{
    (void)processor;
    return strchr(op->row->operands, 'D') != NULL && (op->reg == 4 || op->reg == 5);
}

static bool hidden_selector(uint32_t selector)
{
    return (selector & SELECTOR_INDEX) == (ORACLE_CODE64 & SELECTOR_INDEX) ||
           (selector & SELECTOR_INDEX) == (ORACLE_CPU_LIMIT & SELECTOR_INDEX);
}

/* A selector in a register or in memory that names something the two sides have different ideas of. */
static bool asks_about_host(const struct oracle_processor *processor, const struct operation *op)
{
    uint32_t selector = cpu_of(processor)->gpr[op->rm & 7];
    if (op->rm == RM_MEMORY) {
        uint32_t linear = operand_linear(processor, op);
        const uint8_t *bytes = processor_memory(processor, linear);
        if (bytes == NULL || linear % ORACLE_PAGE == ORACLE_PAGE - 1)
            return false; /* it faults */
        selector = load_le16(bytes);
    }
    return hidden_selector(selector);
}

/* clang-format off */
const struct exclusion exclusions[] = {
    {"SYSENTER SYSEXIT", NULL, "enters the host's kernel, or #UD on AMD processors in compatibility mode"},
    {"CPUID RDTSC RDPMC", NULL, "tells about the host's processor and its time"},
    {"SGDT SIDT SLDT STR SMSW", NULL, "the host's kernel emulates it (UMIP)"},
    {"MONITOR MWAIT", NULL, "allowed, #UD or emulated above CPL 0, by model"},
    {"RSM", NULL, "intercepted by virtual machines"},
    {"INT", system_call, "a system call of the host"},
    {"IRET", nested_task, "with NT a task switch here, #GP in compatibility mode"},
    {"ENTER", checks_alignment, "the final stack pointer, where nothing is written, must be aligned or not, by maker"},
    {"UD0", NULL, "has a ModRM byte or not, by model (SDM 2B UD)"},
    {"BSWAP", is_narrow, "a 16-bit operand is undefined (SDM 2A BSWAP)"},
    {"SHLD SHRD", double_shift_too_far, "the result is undefined for counts above the operand size (SDM 2B SHLD)"},
    {"LAR LSL VERR VERW", asks_about_host, "64-bit code and the host's processor number"},
    {"PUSH", segment_in_doubleword, "the upper half is zero on some processors, not written on others (SDM 2B PUSH)"},
    {"LOOPE LOOPNE", repeats, "a REP prefix inverts the condition on AMD processors"},
    {NULL, next_is_beyond_limit, "AMD processors want room for the next instruction, jump or not"},
    {"MOVS", upper_halves_matter, "copies what overlaps wrongly with 16-bit addresses on AMD family 1Ah"},
    {"INS OUTS", repeats_not_at_all, "the permission is checked or not when there is nothing to repeat, by maker"},
    {"MOV", debug_register_alias, "#UD of DR4 comes before #GP of CPL, or after, by maker"},
    {"INT1", NULL, "virtual machines report it before the instruction, not after"},
    {NULL, crosses_line_locked, "a locked access across cache lines is slowed down or forbidden by hosts"},
    {0},
};

#define BOTH (FORM_MEMORY | FORM_REGISTER)

const struct undefined_opcode undefined_opcodes[UNDEFINED_OPCODES] = {
    {0, 0xc6, 0x7e, BOTH}, {0, 0xc7, 0x7e, BOTH},          {0, 0xfe, 0xfc, BOTH},          {0, 0xff, 0x80, BOTH},
    {0, 0x8c, 0xc0, BOTH}, {0, 0x8e, 0xc2, BOTH},          {0, 0x8d, 0xff, FORM_REGISTER}, {0, 0xff, 0x28, FORM_REGISTER},
    {1, 0x04, 0, 0},       {1, 0x0a, 0, 0},                {1, 0x0c, 0, 0},                {1, 0x36, 0, 0},
    {1, 0x39, 0, 0},       {1, 0x3d, 0, 0},                {1, 0x3f, 0, 0},                {1, 0xa6, 0, 0},
    {1, 0xa7, 0, 0},       {1, 0xb2, 0xff, FORM_REGISTER}, {1, 0xb4, 0xff, FORM_REGISTER}, {1, 0xb5, 0xff, FORM_REGISTER},
    {1, 0xba, 0x0f, BOTH},
};
/* clang-format on */

bool row_excluded(const struct instruction *row)
{
    for (const struct exclusion *e = exclusions; e->reason != NULL; e++) {
        if (e->applies == NULL && e->mnemonics != NULL && word_in(e->mnemonics, row->mnemonic))
            return true;
    }
    return false;
}

bool family_excluded(const struct instruction *family)
{
    const struct instruction *const integer[] = {
        arithmetic_instructions, bit_instructions,      branch_instructions, control_instructions,
        decimal_instructions,    exchange_instructions, far_instructions,    flags_instructions,
        interrupt_instructions,  io_instructions,       misc_instructions,   move_instructions,
        multiply_instructions,   segment_instructions,  shift_instructions,  stack_instructions,
        string_instructions,     sysenter_instructions,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(integer); i++) {
        if (integer[i] == family)
            return false;
    }
    return true;
}

uint32_t flag_letters(const char *letters)
{
    static const struct {
        char letter;
        uint32_t bit;
    } flags[] = {{'o', EFLAGS_OF}, {'s', EFLAGS_SF}, {'z', EFLAGS_ZF}, {'a', EFLAGS_AF},
                 {'p', EFLAGS_PF}, {'c', EFLAGS_CF}, {'d', EFLAGS_DF}};
    uint32_t bits = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        if (strchr(letters, flags[i].letter) != NULL)
            bits |= flags[i].bit;
    }
    return bits;
}

struct row_facts row_facts_read(const struct instruction *row)
{
    struct row_facts facts = {
        .reads = flag_letters(row->flags_read),
        .writes = flag_letters(row->flags_written),
        .undefined = flag_letters(row->flags_undefined),
        .shift = word_in("ROL ROR RCL RCR SHL SHR SAL SAR SHLD SHRD", row->mnemonic),
        .string = strpbrk(row->operands, "XY") != NULL,
        .loose = word_in("PUSHA POPA ENTER CALL RETF IRET", row->mnemonic),
    };
    for (unsigned i = 0; exclusions[i].reason != NULL; i++) {
        if (exclusions[i].mnemonics == NULL || word_in(exclusions[i].mnemonics, row->mnemonic))
            facts.exclusions |= 1u << i;
    }
    return facts;
}

/* The bytes at EIP as far as they are there and in the code segment, at most 15. */
static unsigned bytes_at_eip(const struct oracle_processor *processor, uint8_t bytes[INSTRUCTION_LENGTH_MAX])
{
    const struct cpu *cpu = cpu_of(processor);
    unsigned available = 0;
    const struct segment *cs = &cpu->segments[CS];
    uint32_t linear = cs->base + cpu->eip;
    if (cpu->eip > cs->highest)
        return 0;
    uint32_t room =
        cs->highest - cpu->eip < INSTRUCTION_LENGTH_MAX ? cs->highest - cpu->eip + 1 : INSTRUCTION_LENGTH_MAX;
    while (available < room) {
        const uint8_t *memory = processor_memory(processor, linear + available);
        if (memory == NULL)
            break;
        unsigned in_page = ORACLE_PAGE - ((linear + available) & (ORACLE_PAGE - 1));
        unsigned left = room - available;
        memcpy(bytes + available, memory, in_page < left ? in_page : left);
        available += in_page < left ? in_page : left;
    }
    return available;
}

/* Is the undefined instruction at EIP undefined everywhere? */
static bool undefined_everywhere(const struct oracle_processor *processor)
{
    uint8_t bytes[INSTRUCTION_LENGTH_MAX];
    unsigned available = bytes_at_eip(processor, bytes), at = 0;
    while (at < available && memchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0", bytes[at], 9) != NULL)
        at++;
    bool map = at < available && bytes[at] == 0x0f;
    at += map;
    /* Some processors read the operands that a defined neighbour would have, and fault when these are not there. */
    if (available < INSTRUCTION_LENGTH_MAX || at + 1 >= available)
        return false;
    uint8_t modrm = bytes[at + 1];
    unsigned form = modrm < 0xc0 ? FORM_MEMORY : FORM_REGISTER, digit = 1u << ((modrm >> 3) & 7);
    for (unsigned i = 0; i < UNDEFINED_OPCODES; i++) {
        const struct undefined_opcode *u = &undefined_opcodes[i];
        if (u->map == map && u->opcode == bytes[at] &&
            (u->digits == 0 || ((u->digits & digit) && (u->forms & form))))
            return true;
    }
    return false;
}

/* LOCK where it is not allowed is #UD everywhere, but for LOCK MOV CR0, which means CR8 on AMD processors. */
static const char *undefined_refused(const struct oracle_processor *processor, const struct operation *op)
{
    if (op->lock && op->immediate == DECODE_LOCK)
        return op->opcode == 0x20 || op->opcode == 0x22 ? "perhaps LOCK MOV CR0" : NULL;
    return undefined_everywhere(processor) ? NULL : "an opcode that newer processors define";
}

const char *admission_refused(const struct oracle_processor *processor, const struct operation *op,
                              uint32_t undefined)
{
    if (op->row == NULL)
        return undefined_refused(processor, op);
    const struct row_facts *facts = coverage_find(processor->coverage, op->row);
    if (facts == NULL)
        return "x87, MMX or SSE";
    if (facts->reads & undefined)
        return "reads a flag that is undefined";
    for (uint32_t left = facts->exclusions; left != 0; left &= left - 1) {
        const struct exclusion *e = &exclusions[__builtin_ctz(left)];
        if (e->applies == NULL || e->applies(processor, op))
            return e->reason;
    }
    return NULL;
}

/* SDM 2B RCL, SAL, SHLD: which flags a shift by a known count leaves undefined. */
static uint32_t undefined_after_shift(const struct oracle_processor *processor, const struct operation *op,
                                      const struct row_facts *facts, uint32_t undefined)
{
    uint32_t count = shift_count(processor, op);
    if (count == 0)
        return undefined;
    bool rotate = !(facts->writes & EFLAGS_ZF);
    uint32_t now = 0;
    if (count != 1)
        now |= EFLAGS_OF;
    if (!rotate)
        now |= EFLAGS_AF;
    if (word_in("SHL SHR SAL", op->row->mnemonic) && count >= operand_bits(op))
        now |= EFLAGS_CF;
    return (undefined & ~facts->writes) | now;
}

uint32_t undefined_after(const struct oracle_processor *processor, const struct operation *op,
                         uint32_t undefined)
{
    const struct row_facts *facts = op->row != NULL ? coverage_find(processor->coverage, op->row) : NULL;
    if (facts == NULL)
        return undefined;
    if (facts->shift)
        return undefined_after_shift(processor, op, facts, undefined);
    bool idle = op->repeat != REPEAT_NONE && (cpu_of(processor)->gpr[ECX] & op->address_mask) == 0;
    if (facts->string && idle)
        return undefined;
    return (undefined & ~facts->writes) | facts->undefined;
}

bool instruction_at_eip(const struct oracle_processor *processor, struct operation *op)
{
    const struct cpu *cpu = cpu_of(processor);
    uint8_t bytes[INSTRUCTION_LENGTH_MAX];
    unsigned available = bytes_at_eip(processor, bytes);
    return available > 0 &&
           decode(cpu->decoder, bytes, available, cpu->segments[CS].access & ACCESS_DB, op) == DECODE_DONE;
}

/* Cut short by a page or by the 15-byte limit, UD0 and UD1 fault in one way or the other: see the exclusion. */
bool instruction_is_cut_ud(const struct oracle_processor *processor)
{
    uint8_t bytes[INSTRUCTION_LENGTH_MAX];
    unsigned available = bytes_at_eip(processor, bytes);
    for (unsigned i = 0; i + 1 < available; i++) {
        if (bytes[i] == 0x0f && (bytes[i + 1] == 0xff || bytes[i + 1] == 0xb9))
            return true;
    }
    return false;
}
