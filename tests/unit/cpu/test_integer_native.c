/*
 * Every row of the integer families against the host's own processor: random operands, registers and flags, in
 * all operand sizes, in registers and memory. What a row calls undefined is masked, narrowed by what the
 * manual says about shift counts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bench.h"
#include "cpu/decode.h"
#include "cpu/instructions/families.h"
#include "native.h"
#include "unit/suite.h"

#define WINDOW       0x4000u /* bytes of BENCH_DATA that are compared */
#define WINDOW_BEGIN (BENCH_DATA + 0x4000u)
#define MIDDLE       (WINDOW_BEGIN + WINDOW / 2)
#define FLAGS        (EFLAGS_STATUS | EFLAGS_DF)

struct oracle {
    struct bench *bench;
    struct decoder *decoder;
    uint64_t seed;
    unsigned cases;
};

/* One instruction with its operands. */
struct sample {
    const struct instruction *row;
    uint8_t bytes[24];
    unsigned displacement_at; /* index of the memory operand's 32-bit displacement; 0: none */
    struct operation op;
    struct native_registers before;
};

static uint32_t random32(struct oracle *oracle)
{
    oracle->seed = oracle->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(oracle->seed >> 32);
}

static bool one_in(struct oracle *oracle, unsigned n)
{
    return random32(oracle) % n == 0;
}

/* Operands with a taste for the borders. */
static uint32_t random_operand(struct oracle *oracle)
{
    static const uint32_t borders[] = {0,          1,          2,          0x7f,    0x80, 0xff,
                                       0x7fff,     0x8000,     0xffff,     0x10000, 0x99, 0x9a,
                                       0x7fffffff, 0x80000000, 0xffffffff, 9,       10,   0xffffff80};
    if (one_in(oracle, 3))
        return borders[random32(oracle) % (sizeof borders / sizeof borders[0])];
    if (one_in(oracle, 3))
        return random32(oracle) & 0xff;
    return random32(oracle);
}

static uint32_t random_pointer(struct oracle *oracle)
{
    uint32_t pointer = MIDDLE - 0x1000 + random32(oracle) % 0x2000;
    return one_in(oracle, 2) ? pointer & ~3u : pointer;
}

static bool is_string(const struct instruction *row)
{
    return strchr(row->operands, 'X') != NULL || strchr(row->operands, 'Y') != NULL;
}

static bool is_bit_string(const struct instruction *row)
{
    return strncmp(row->mnemonic, "BT", 2) == 0 && strcmp(row->operands, "Ev,Gv") == 0;
}

/* Writes the row's opcode, and a ModRM byte for a register or for memory with a 32-bit displacement. */
static unsigned opcode_write(struct oracle *oracle, struct sample *s, unsigned at)
{
    for (const char *token = s->row->opcode; *token != '\0';) {
        char *end;
        if (*token == '/') {
            unsigned digit = token[1] == 'r' ? random32(oracle) % 8 : (unsigned)(token[1] - '0');
            bool memory = strchr(s->row->operands, 'M') != NULL || one_in(oracle, 2);
            unsigned rm = random32(oracle) % 8;
            s->bytes[at++] = (uint8_t)((memory ? 0x80 : 0xc0) | digit << 3 | rm);
            if (memory && rm == ESP)
                s->bytes[at++] = (uint8_t)random32(oracle);
            if (memory)
                s->displacement_at = at;
            end = (char *)token + 2;
        } else if (strncmp(token, "+r", 2) == 0) {
            s->bytes[at - 1] |= random32(oracle) % 8;
            end = (char *)token + 2;
        } else {
            s->bytes[at++] = (uint8_t)strtoul(token, &end, 16);
        }
        token = end + (*end == ' ');
    }
    return at;
}

static unsigned prefixes_write(struct oracle *oracle, struct sample *s)
{
    static const uint8_t segments[] = {0x26, 0x36, 0x3e};
    unsigned at = 0;
    if (one_in(oracle, 2))
        s->bytes[at++] = 0x66;
    if (one_in(oracle, 8))
        s->bytes[at++] = segments[random32(oracle) % 3];
    if (is_string(s->row) && !one_in(oracle, 3))
        s->bytes[at++] = one_in(oracle, 2) ? 0xf2 : 0xf3;
    return at;
}

static void registers_make(struct oracle *oracle, struct sample *s)
{
    for (unsigned i = 0; i < 8; i++)
        s->before.gpr[i] = i >= ESP || one_in(oracle, 8) ? random_pointer(oracle) : random_operand(oracle);
    if (is_string(s->row))
        s->before.gpr[ECX] = random32(oracle) % 80;
    if (strcmp(s->row->mnemonic, "XLAT") == 0)
        s->before.gpr[EBX] = random_pointer(oracle);
    if (is_bit_string(s->row))
        s->before.gpr[s->op.reg] = (uint32_t)((int32_t)(random32(oracle) % 0x8000) - 0x4000);
    s->before.eflags = random32(oracle) & FLAGS;
}

/* A random instruction of the row; its memory operand lies in the window. False: an earlier row took the opcode. */
static bool sample_make(struct oracle *oracle, const struct instruction *row, struct sample *s)
{
    *s = (struct sample){.row = row};
    unsigned at = opcode_write(oracle, s, prefixes_write(oracle, s));
    for (; at < INSTRUCTION_LENGTH_MAX; at++)
        s->bytes[at] = (uint8_t)random_operand(oracle);
    enum decode_result result = decode(oracle->decoder, s->bytes, INSTRUCTION_LENGTH_MAX, true, &s->op);
    ck_assert_int_eq(result, DECODE_DONE);
    if (s->op.row != row)
        return false;
    registers_make(oracle, s);
    if (s->op.rm != RM_MEMORY || strcmp(row->mnemonic, "LEA") == 0)
        return true;
    uint32_t index = s->op.index == GPR_ZERO ? 0 : s->before.gpr[s->op.index] << s->op.scale;
    uint32_t base = s->op.base == GPR_ZERO ? 0 : s->before.gpr[s->op.base];
    unsigned patch =
        s->displacement_at != 0 ? s->displacement_at : s->op.length - 4u; /* MOV AL,Ob has only that */
    store_le32(s->bytes + patch, random_pointer(oracle) - base - index);
    result = decode(oracle->decoder, s->bytes, INSTRUCTION_LENGTH_MAX, true, &s->op);
    ck_assert(result == DECODE_DONE && s->op.row == row);
    return true;
}

/* `list` is words with a blank before and behind each. */
static bool is_any_of(const char *mnemonic, const char *list)
{
    size_t length = strlen(mnemonic);
    for (const char *p = strstr(list, mnemonic); p != NULL; p = strstr(p + 1, mnemonic)) {
        if (p[-1] == ' ' && p[length] == ' ')
            return true;
    }
    return false;
}

/* The flags that the manual leaves undefined for exactly these operands. */
static uint32_t undefined_flags(const struct sample *s)
{
    static const char letters[] = "oszapc";
    static const uint32_t flags[] = {EFLAGS_OF, EFLAGS_SF, EFLAGS_ZF, EFLAGS_AF, EFLAGS_PF, EFLAGS_CF};
    uint32_t undefined = 0;
    for (const char *p = s->row->flags_undefined; *p != '\0'; p++)
        undefined |= flags[strchr(letters, *p) - letters];
    if (!is_any_of(s->row->mnemonic, " ROL ROR RCL RCR SHL SHR SAL SAR SHLD SHRD "))
        return undefined;
    unsigned bits = s->row->operands[1] == 'b' ? 8 : s->op.wide ? 32 : 16;
    unsigned count = (strstr(s->row->operands, "CL") != NULL ? s->before.gpr[ECX] : s->op.immediate) & 31;
    uint32_t refined = 0;
    if (count != 0 && s->row->mnemonic[0] == 'S')
        refined |= EFLAGS_AF;
    if (count > 1)
        refined |= EFLAGS_OF;
    if (count >= bits && is_any_of(s->row->mnemonic, " SHL SAL SHR "))
        refined |= EFLAGS_CF;
    ck_assert_msg((refined & ~undefined) == 0, "%s %s: undefined flags missing", s->row->opcode,
                  s->row->mnemonic);
    return refined;
}

/* Results, not only flags, that the manual leaves open. */
static bool is_undefined(const struct sample *s)
{
    if (s->op.wide)
        return false;
    if (strcmp(s->row->mnemonic, "BSWAP") == 0)
        return true;
    unsigned count = (strstr(s->row->operands, "CL") != NULL ? s->before.gpr[ECX] : s->op.immediate) & 31;
    return is_any_of(s->row->mnemonic, " SHLD SHRD ") && count > 16;
}

/* Executes on our side, from the first boundary to the last; returns the fault's vector. */
static int emulate(struct oracle *oracle, const struct sample *s, struct native_registers *after)
{
    struct cpu *cpu = &oracle->bench->cpu;
    memcpy(cpu->gpr, s->before.gpr, sizeof s->before.gpr);
    cpu->eflags = s->before.eflags | EFLAGS_1;
    cpu->eip = BENCH_CODE;
    cpu->repeating = false;
    struct fault fault;
    do {
        cpu->clock->budget = random32(oracle) % 100;
        cpu->next_eip = cpu->eip + s->op.length;
        fault = s->op.execute(cpu, &s->op);
    } while (fault.reason == NO_FAULT && cpu->repeating);
    ck_assert(fault.reason != NO_FAULT || cpu->next_eip == BENCH_CODE + s->op.length);
    ck_assert_uint_eq(cpu->gpr[GPR_ZERO], 0);
    ck_assert_uint_eq(cpu->eflags & ~FLAGS, EFLAGS_1);
    memcpy(after->gpr, cpu->gpr, sizeof after->gpr);
    after->eflags = cpu->eflags & FLAGS;
    return fault.reason == NO_FAULT ? NATIVE_NO_FAULT : fault.vector;
}

static void describe(const struct sample *s, char *text, size_t size)
{
    int used = snprintf(text, size, "%s %s [", s->row->mnemonic, s->row->operands);
    for (unsigned i = 0; i < s->op.length; i++)
        used += snprintf(text + used, size - (size_t)used, "%02x ", s->bytes[i]);
    used += snprintf(text + used, size - (size_t)used, "] eflags %03x", s->before.eflags);
    for (unsigned i = 0; i < 8; i++)
        used += snprintf(text + used, size - (size_t)used, " %08x", s->before.gpr[i]);
}

static void compare(struct oracle *oracle, const struct sample *s)
{
    struct native_registers theirs = s->before, ours;
    int their_fault = native_run(s->bytes, s->op.length, &theirs);
    int our_fault = emulate(oracle, s, &ours);
    char text[400];
    describe(s, text, sizeof text);
    ck_assert_msg(our_fault == their_fault, "%s: vector %d, host %d", text, our_fault, their_fault);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_msg(ours.gpr[i] == theirs.gpr[i], "%s: register %u is %08x, host %08x", text, i,
                      ours.gpr[i], theirs.gpr[i]);
    uint32_t differ = (ours.eflags ^ theirs.eflags) & FLAGS & ~undefined_flags(s);
    ck_assert_msg(differ == 0, "%s: flags %03x, host %03x", text, ours.eflags, theirs.eflags);
    ck_assert_msg(memcmp(oracle->bench->memory.ram + WINDOW_BEGIN, (void *)(uintptr_t)WINDOW_BEGIN, WINDOW) ==
                      0,
                  "%s: memory differs", text);
    oracle->cases++;
}

/* The row must change no flag that it does not name; the oracle's masks hang on that. */
static void check_flags_column(struct oracle *oracle, const struct sample *s)
{
    static const struct {
        char letter;
        uint32_t flag;
    } names[] = {{'o', EFLAGS_OF}, {'s', EFLAGS_SF}, {'z', EFLAGS_ZF}, {'a', EFLAGS_AF},
                 {'p', EFLAGS_PF}, {'c', EFLAGS_CF}, {'d', EFLAGS_DF}};
    uint32_t changed = (oracle->bench->cpu.eflags ^ s->before.eflags) & FLAGS;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool named = strchr(s->row->flags_written, names[i].letter) != NULL;
        ck_assert_msg(named || !(changed & names[i].flag), "%s %s changes flag %c without saying so",
                      s->row->mnemonic, s->row->operands, names[i].letter);
    }
}

static void family_check(const struct instruction *rows, unsigned rounds)
{
    if (!native_open()) {
        printf("this host cannot run 32-bit code: not compared\n");
        return;
    }
    struct oracle oracle = {.bench = bench_new(NULL), .seed = 1};
    bench_protected(oracle.bench, 0);
    oracle.decoder = decoder_new(&oracle.bench->cpu.model);
    for (uint32_t offset = 0; offset < WINDOW; offset += 4) {
        uint32_t value = random_operand(&oracle);
        store_le32((void *)(uintptr_t)(WINDOW_BEGIN + offset), value);
        bench_write32(oracle.bench, WINDOW_BEGIN + offset, value);
    }
    for (const struct instruction *row = rows; row->opcode != NULL; row++) {
        unsigned before = oracle.cases;
        for (unsigned round = 0; round < rounds; round++) {
            struct sample s;
            if (!sample_make(&oracle, row, &s) || is_undefined(&s))
                continue;
            compare(&oracle, &s);
            check_flags_column(&oracle, &s);
        }
        ck_assert_msg(oracle.cases - before > rounds / 4, "%s %s: only %u cases", row->opcode, row->mnemonic,
                      oracle.cases - before);
    }
    decoder_free(oracle.decoder);
    bench_free(oracle.bench);
}

#define FAMILY_TEST(family, rounds)                      \
    START_TEST(family##_is_what_the_host_processor_does) \
    {                                                    \
        family_check(family##_instructions, rounds);     \
    }                                                    \
    END_TEST

FAMILY_TEST(arithmetic, 400)
FAMILY_TEST(bit, 800)
FAMILY_TEST(decimal, 5000)
FAMILY_TEST(exchange, 800)
FAMILY_TEST(misc, 400)
FAMILY_TEST(move, 400)
FAMILY_TEST(multiply, 2000)
FAMILY_TEST(shift, 800)
FAMILY_TEST(stack, 800)
FAMILY_TEST(string, 800)

UNIT_SUITE("integer instructions against the host", arithmetic_is_what_the_host_processor_does,
           bit_is_what_the_host_processor_does, decimal_is_what_the_host_processor_does,
           exchange_is_what_the_host_processor_does, misc_is_what_the_host_processor_does,
           move_is_what_the_host_processor_does, multiply_is_what_the_host_processor_does,
           shift_is_what_the_host_processor_does, stack_is_what_the_host_processor_does,
           string_is_what_the_host_processor_does)
