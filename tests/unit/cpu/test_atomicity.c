/*
 * A memory access that fails leaves everything as it was, for every row of the instruction table: registers, the x87
 * and SSE state, MSRs and memory, descriptor tables included. Each instruction is run once to see which pages it
 * touches; then each of these pages in turn is absent, and read-only. This is done by standing in for mmu_translate, which
 * the linker lets us do (--wrap); all accesses come there because the TLB gives no fast tags while slow_data is set.
 *
 * Left out: repeated string instructions (the iterations before the fault stand) and task switches (SDM 3A 7.3: a fault
 * behind the commit point belongs to the new task).
 */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "bench.h"
#include "cpu/decode.h"
#include "cpu/decode_table.h"
#include "unit/suite.h"

#define RAM_LOOKED_AT 0x2c000u
#define WINDOW        0x20000u /* operands and stacks; real-mode segments begin here */
#define CALL_GATE     0x38
#define FREE_TSS      0x40
#define GUEST_STATE   offsetof(struct cpu, attention)
#define ROWS_MAX      2048

/* Check tells its parent about every assertion, which is too slow for so many. */
#define DEMAND(condition, ...)         \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

#define PAGES_MAX 32

static struct injection {
    uint32_t touched[PAGES_MAX]; /* pages, in the order of their first access */
    unsigned count;
    uint32_t page; /* accesses to this one fail; TLB_NO_TAG: to none */
    bool writes_only;
    bool done;
} injection;

struct fault __real_mmu_translate(struct mmu *mmu, uint32_t linear, enum access_kind kind, bool user,
                                  struct tlb_entry **entry);
struct fault __wrap_mmu_translate(struct mmu *mmu, uint32_t linear, enum access_kind kind, bool user,
                                  struct tlb_entry **entry);

static void page_note(uint32_t page)
{
    for (unsigned i = 0; i < injection.count; i++) {
        if (injection.touched[i] == page)
            return;
    }
    if (injection.count < PAGES_MAX)
        injection.touched[injection.count++] = page;
}

struct fault __wrap_mmu_translate(struct mmu *mmu, uint32_t linear, enum access_kind kind, bool user,
                                  struct tlb_entry **entry)
{
    uint32_t page = linear & ~PAGE_OFFSET_MASK;
    page_note(page);
    if (page != injection.page || (injection.writes_only && kind != ACCESS_WRITE))
        return __real_mmu_translate(mmu, linear, kind, user, entry);
    injection.done = true;
    uint32_t error_code = (injection.writes_only ? PF_P : 0) | (kind == ACCESS_WRITE ? PF_WR : 0);
    return fault_page(error_code, linear, injection.writes_only ? PAGE_NOT_WRITABLE : PAGE_NOT_PRESENT);
}

enum mode { RING0, RING3, REAL, V86, MODES };
static const char *const mode_names[MODES] = {"ring 0", "ring 3", "real-address mode", "virtual-8086 mode"};

struct experiment {
    struct bench *bench;
    enum mode mode;
    uint8_t state[GUEST_STATE];
    uint8_t ram[RAM_LOOKED_AT];
    bool injected[ROWS_MAX]; /* by number of the row in all families */
};

/* What the operands and the stack hold: the same word all over. */
struct variation {
    uint16_t word;
    bool across; /* operands lie across page boundaries */
    bool operand_size;
    unsigned reg; /* ModRM.reg where it is free */
};

static void descriptors_put(struct bench *bench)
{
    bench_gdt_set(
        bench, CALL_GATE,
        bench_gate(BENCH_CODE0, BENCH_HANDLERS, ACCESS_P | 3 << ACCESS_DPL_SHIFT | SYSTEM_CALL_GATE32, 2));
    bench_gdt_set(bench, FREE_TSS, bench_descriptor(0x5000, 0x67, ACCESS_P | SYSTEM_TSS32_AVAILABLE));
    /* Accessed bits are clear, so that loading a segment writes. */
    static const uint16_t selectors[] = {BENCH_CODE0, BENCH_DATA0, BENCH_CODE3, BENCH_DATA3};
    for (unsigned i = 0; i < ARRAY_LENGTH(selectors); i++) {
        uint32_t rights = BENCH_GDT + (selectors[i] & SELECTOR_INDEX) + 5;
        uint8_t byte = bench_read8(bench, rights) & (uint8_t)~ACCESS_ACCESSED;
        bench_write(bench, rights, &byte, 1);
    }
}

static void experiment_begin(struct experiment *e, enum mode mode)
{
    memset(e, 0, sizeof *e);
    e->mode = mode;
    e->bench = bench_new(NULL);
    struct cpu *cpu = &e->bench->cpu;
    if (mode == REAL)
        bench_real(e->bench);
    else if (mode == V86)
        bench_v86(e->bench, 3);
    else
        bench_protected(e->bench, mode == RING3 ? 3 : 0);
    if (mode != REAL)
        descriptors_put(e->bench);
    if (mode == REAL || mode == V86)
        cpu->segments[SS] = cpu->segments[DS];
    cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu->mmu.slow_data = true;
    cpu_restored(cpu);
}

/* Fills the window and points the registers into it. */
static void experiment_vary(struct experiment *e, const struct variation *v)
{
    struct cpu *cpu = &e->bench->cpu;
    uint8_t *ram = e->bench->memory.ram;
    bool small = e->mode == REAL || e->mode == V86;
    uint32_t base = (small ? 0 : WINDOW) + (v->across ? 0xfff : 0x800);
    for (uint32_t at = WINDOW; at < RAM_LOOKED_AT; at += 2)
        store_le16(ram + at, v->word);
    static const uint16_t places[8] = {0x1001, 2, 0x1003, 0x2000, 0x5000, 0x6000, 0x7000, 0x8000};
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[i] = places[i] + (i == EBX || i >= ESP ? base : 0);
    cpu->eip = small ? 0 : BENCH_CODE;
    memcpy(e->state, cpu, sizeof e->state);
    memcpy(e->ram, ram, sizeof e->ram);
}

static void experiment_reset(struct experiment *e)
{
    struct cpu *cpu = &e->bench->cpu;
    if (memcmp(cpu, e->state, sizeof e->state) != 0) {
        memcpy(cpu, e->state, sizeof e->state);
        cpu_restored(cpu);
    }
    uint8_t *ram = e->bench->memory.ram;
    if (memcmp(ram, e->ram, sizeof e->ram) != 0)
        memcpy(ram, e->ram, sizeof e->ram);
    cpu->clock->budget = 0;
}

static unsigned immediate_put(uint8_t *bytes, enum immediate_form form, bool wide, bool wide_address,
                              uint16_t word)
{
    static const uint8_t sizes[] = {[IMMEDIATE_BYTE] = 1,
                                    [IMMEDIATE_BYTE_SIGNED] = 1,
                                    [IMMEDIATE_RELATIVE_BYTE] = 1,
                                    [IMMEDIATE_WORD] = 2};
    unsigned by_size = wide ? 4 : 2;
    memset(bytes, 0, 8);
    bytes[0] = 3;
    switch (form) {
    case IMMEDIATE_NONE:
    case IMMEDIATE_ONE:
        return 0;
    case IMMEDIATE_BY_SIZE:
    case IMMEDIATE_RELATIVE:
        return by_size;
    case IMMEDIATE_FAR:
        store_le16(bytes + by_size, word);
        return by_size + 2;
    case IMMEDIATE_OFFSET:
        store_le16(bytes, 0x2ffe);
        bytes[2] = wide_address ? WINDOW >> 16 : 0;
        return wide_address ? 4 : 2;
    default:
        return sizes[form];
    }
}

/* The row with [EBX] (or [BX]) as its memory operand; 0: another row takes these bytes. */
static bool operation_make(const struct experiment *e, const struct instruction *instruction,
                           const struct variation *v, struct operation *op)
{
    static const uint8_t prefixes[] = {[PREFIX_66] = 0x66, [PREFIX_F3] = 0xf3, [PREFIX_F2] = 0xf2};
    struct decode_row row = decode_row_read(instruction);
    bool small = e->mode == REAL || e->mode == V86;
    uint8_t bytes[40];
    unsigned length = 0;
    if (row.prefix >= PREFIX_66)
        bytes[length++] = prefixes[row.prefix];
    else if (v->operand_size && row.prefix == PREFIX_ANY)
        bytes[length++] = 0x66;
    bool wide = small == (length > 0 && bytes[0] == 0x66);
    if (row.map == 1)
        bytes[length++] = 0x0f;
    bytes[length++] = (uint8_t)(row.first + (row.count == 8 ? v->reg : 0));
    if (row.whole_modrm)
        bytes[length++] = row.modrm_byte;
    else if (row.modrm == MODRM_REGISTER || row.modrm == MODRM_IGNORED)
        bytes[length++] = (uint8_t)(0xc0 | (row.digit != DIGIT_NONE ? row.digit : v->reg) << 3 | EBX);
    else if (row.modrm != MODRM_NONE)
        bytes[length++] = (uint8_t)((row.digit != DIGIT_NONE ? row.digit : v->reg) << 3 | (small ? 7 : EBX));
    for (unsigned i = 0; i < 2; i++)
        length += immediate_put(bytes + length, (enum immediate_form)row.immediate[i], wide, !small, v->word);
    return decode(e->bench->cpu.decoder, bytes, length, !small, op) == DECODE_DONE && op->row == instruction;
}

static void execute(struct experiment *e, const struct operation *op, uint32_t page, bool writes_only,
                    struct fault *fault)
{
    struct cpu *cpu = &e->bench->cpu;
    experiment_reset(e);
    cpu->next_eip = cpu->eip + op->length;
    injection = (struct injection){.page = page, .writes_only = writes_only};
    *fault = op->execute(cpu, op);
}

/* After a fault: fails the test where something has changed. */
static void unchanged(const struct experiment *e, const char *what)
{
    const uint8_t *now = (const uint8_t *)&e->bench->cpu, *ram = e->bench->memory.ram;
    for (size_t i = 0; i < sizeof e->state; i++)
        DEMAND(now[i] == e->state[i], "%s has changed byte %zu of struct cpu", what, i);
    if (memcmp(ram, e->ram, sizeof e->ram) == 0)
        return;
    for (size_t i = 0; i < sizeof e->ram; i++)
        DEMAND(ram[i] == e->ram[i], "%s has changed memory at %zx", what, i);
}

/* One attempt with a page absent or read-only; true when that made a difference. */
static bool attempt(struct experiment *e, const struct operation *op, uint32_t page, bool writes_only)
{
    struct fault fault;
    execute(e, op, page, writes_only, &fault);
    char what[128];
    snprintf(what, sizeof what, "%s %s %s in %s, page %x %s", op->row->opcode, op->row->mnemonic,
             op->row->operands, mode_names[e->mode], (unsigned)page, writes_only ? "read-only" : "absent");
    DEMAND(!injection.done || fault.reason != NO_FAULT, "%s: the fault was dropped", what);
    DEMAND(!injection.done || fault.vector == VECTOR_PF, "%s: the fault became %s", what,
           vector_mnemonic(fault.vector));
    if (fault.reason != NO_FAULT)
        unchanged(e, what);
    return injection.done;
}

/* All attempts with one instruction; true when some access could be made to fail. */
static bool instruction_check(struct experiment *e, const struct operation *op)
{
    struct fault fault;
    execute(e, op, TLB_NO_TAG, false, &fault);
    const struct injection seen = injection;
    bool failed = false;
    for (unsigned i = 0; i < seen.count; i++) {
        failed |= attempt(e, op, seen.touched[i], false);
        failed |= attempt(e, op, seen.touched[i], true);
    }
    return failed;
}

static bool may_switch_tasks(const struct instruction *row, const struct variation *v)
{
    return (v->word & SELECTOR_INDEX) == FREE_TSS &&
           (strchr(row->operands, 'p') != NULL || row->mnemonic[0] == 'I' ||
            strcmp(row->mnemonic, "RETF") == 0);
}

static void families_check(struct experiment *e, const struct variation *v)
{
    unsigned number = 0;
    experiment_vary(e, v);
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        for (const struct instruction *row = instruction_families[family]; row->opcode != NULL;
             row++, number++) {
            struct operation op;
            if (!cpu_model_has(&e->bench->cpu.model, row->features) || may_switch_tasks(row, v) ||
                !operation_make(e, row, v, &op))
                continue;
            e->injected[number] |= instruction_check(e, &op);
        }
    }
}

/* Does the row touch memory in every form that it is tried in? */
static bool touches_memory(const struct instruction *row)
{
    static const char *const without[] = {"LEA", "NOP", "INVLPG", "UD0", "UD1", "PREFETCH", "CLFLUSH"};
    for (unsigned i = 0; i < ARRAY_LENGTH(without); i++) {
        if (strncmp(row->mnemonic, without[i], strlen(without[i])) == 0)
            return false;
    }
    if (decode_row_read(row).modrm == MODRM_REGISTER || strncmp(row->opcode, "D", 1) == 0)
        return strchr(row->operands, 'M') != NULL;
    for (const char *operand = row->operands; operand != NULL; operand = strchr(operand, ',')) {
        operand += *operand == ',';
        if (*operand != '\0' && strchr("EMOQWXY", *operand) != NULL && islower((unsigned char)operand[1]))
            return true;
    }
    return strncmp(row->mnemonic, "PUSH", 4) == 0 || strncmp(row->mnemonic, "POP", 3) == 0 ||
           strncmp(row->mnemonic, "CALL", 4) == 0 || strncmp(row->mnemonic, "RET", 3) == 0 ||
           strcmp(row->mnemonic, "IRET") == 0 || strcmp(row->mnemonic, "INT") == 0;
}

static void mode_check(enum mode mode)
{
    static struct experiment e;
    static const uint16_t words[MODES][6] = {
        [RING0] = {BENCH_DATA0, BENCH_CODE0, CALL_GATE, BENCH_LDT_SELECTOR, FREE_TSS, BENCH_CODE3},
        [RING3] = {BENCH_DATA3, BENCH_CODE3, CALL_GATE | 3, BENCH_LDT_SELECTOR, FREE_TSS, BENCH_DATA0},
        [REAL] = {0x2000, 0x1000, 0x0010, 0x00ff, 0x0202, 0x0001},
        [V86] = {0x2000, 0x1000, 0x0010, 0x00ff, 0x0202, 0x0001},
    };
    experiment_begin(&e, mode);
    for (unsigned i = 0; i < 6; i++) {
        for (unsigned k = 0; k < 4; k++) {
            struct variation v = {words[mode][i], k & 1, k & 2, (i + k) % 6};
            families_check(&e, &v);
        }
    }
    unsigned number = 0, missing = 0;
    for (unsigned family = 0; instruction_families[family] != NULL; family++) {
        for (const struct instruction *row = instruction_families[family]; row->opcode != NULL;
             row++, number++) {
            bool exists = cpu_model_has(&e.bench->cpu.model, row->features);
            if (mode == RING0 && exists && touches_memory(row) && !e.injected[number]) {
                printf("never failed in memory: %s %s %s\n", row->opcode, row->mnemonic, row->operands);
                missing++;
            }
        }
    }
    bench_free(e.bench);
    ck_assert_uint_eq(missing, 0);
}

START_TEST(no_access_that_fails_at_ring_0_leaves_a_trace)
{
    mode_check(RING0);
}
END_TEST

START_TEST(no_access_that_fails_at_ring_3_leaves_a_trace)
{
    mode_check(RING3);
}
END_TEST

START_TEST(no_access_that_fails_in_real_address_mode_leaves_a_trace)
{
    mode_check(REAL);
}
END_TEST

START_TEST(no_access_that_fails_in_virtual_8086_mode_leaves_a_trace)
{
    mode_check(V86);
}
END_TEST

UNIT_SUITE("atomicity of every row", no_access_that_fails_at_ring_0_leaves_a_trace,
           no_access_that_fails_at_ring_3_leaves_a_trace,
           no_access_that_fails_in_real_address_mode_leaves_a_trace,
           no_access_that_fails_in_virtual_8086_mode_leaves_a_trace)
