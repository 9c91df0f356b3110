/* Descriptors, gates, page-table entries and TSSs in words. */
#include "machine/explain_tables.h"

#include <string.h>

#include "base/bits.h"

/* What has been printed, so that nothing comes twice. */
#define SHOWN_MAX 64
enum shown_kind { SHOWN_GATE, SHOWN_DESCRIPTOR, SHOWN_PAGE, SHOWN_TSS };

struct tables {
    struct cpu *cpu;
    FILE *out;
    unsigned count;
    struct {
        enum shown_kind kind;
        uint32_t what;
    } shown[SHOWN_MAX];
};

static bool show_once(struct tables *tables, enum shown_kind kind, uint32_t what)
{
    for (unsigned i = 0; i < tables->count; i++) {
        if (tables->shown[i].kind == kind && tables->shown[i].what == what)
            return false;
    }
    if (tables->count == SHOWN_MAX)
        return false;
    if (tables->count == 0)
        fputs("Tables consulted:\n", tables->out);
    tables->shown[tables->count].kind = kind;
    tables->shown[tables->count].what = what;
    tables->count++;
    return true;
}

/* Guest memory by linear address, without side effects; false when some of it is not mapped. */
static bool peek(struct cpu *cpu, uint32_t linear, uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t physical;
        bool writable;
        if (!paging_peek(cpu->memory, &cpu->mmu.paging, linear + i, &physical) ||
            memory_page(cpu->memory, physical, &writable) == NULL)
            return false;
        bytes[i] = (uint8_t)memory_read(cpu->memory, physical, 1);
    }
    return true;
}

/* ---- descriptors and gates (SDM 3A 3.4.5, 3.5, 6.11) ---- */

static const char *const system_types[16] = {
    [SYSTEM_TSS16_AVAILABLE] = "available 16-bit TSS",
    [SYSTEM_LDT] = "LDT",
    [SYSTEM_TSS16_BUSY] = "busy 16-bit TSS",
    [SYSTEM_CALL_GATE16] = "16-bit call gate",
    [SYSTEM_TASK_GATE] = "task gate",
    [SYSTEM_INTERRUPT_GATE16] = "16-bit interrupt gate",
    [SYSTEM_TRAP_GATE16] = "16-bit trap gate",
    [SYSTEM_TSS32_AVAILABLE] = "available 32-bit TSS",
    [SYSTEM_TSS32_BUSY] = "busy 32-bit TSS",
    [SYSTEM_CALL_GATE32] = "32-bit call gate",
    [SYSTEM_INTERRUPT_GATE32] = "32-bit interrupt gate",
    [SYSTEM_TRAP_GATE32] = "32-bit trap gate",
};

static bool type_is_gate(unsigned access)
{
    unsigned type = access & ACCESS_TYPE;
    return !(access & ACCESS_S) && ((type >= SYSTEM_CALL_GATE16 && type <= SYSTEM_TRAP_GATE16) ||
                                    type == SYSTEM_CALL_GATE32 || type >= SYSTEM_INTERRUPT_GATE32);
}

static void segment_words(unsigned access, FILE *out)
{
    if (!(access & ACCESS_S)) {
        const char *type = system_types[access & ACCESS_TYPE];
        fputs(type != NULL ? type : "a reserved type", out);
    } else if (access & ACCESS_CODE) {
        fprintf(out, "%s-bit %scode, %s", access & ACCESS_DB ? "32" : "16",
                access & ACCESS_CONFORMING ? "conforming " : "",
                access & ACCESS_READABLE ? "readable" : "execute-only");
    } else {
        fprintf(out, "%s%sdata, %s", access & ACCESS_DB ? "32-bit " : "",
                access & ACCESS_EXPAND ? "expand-down " : "",
                access & ACCESS_WRITABLE ? "writable" : "read-only");
    }
}

static void entry_words(const uint8_t bytes[8], FILE *out)
{
    uint32_t low = load_le32(bytes), high = load_le32(bytes + 4);
    unsigned access = high >> 8 & 0xf0ff;
    fprintf(out, "%08X %08X: ", high, low);
    if (low == 0 && high == 0) {
        fputs("empty\n", out);
        return;
    }
    segment_words(access, out);
    if (type_is_gate(access)) {
        bool task = (access & ACCESS_TYPE) == SYSTEM_TASK_GATE;
        bool wide = access & 8;
        if (task)
            fprintf(out, " to TSS %04X", low >> 16);
        else
            fprintf(out, " to %04X:%08X", low >> 16, (low & 0xffff) | (wide ? high & 0xffff0000 : 0));
    } else {
        uint32_t limit = (low & 0xffff) | (high & 0xf0000);
        if (access & ACCESS_G)
            limit = limit << 12 | 0xfff;
        fprintf(out, ", base %08X, limit %08X", low >> 16 | (high & 0xff) << 16 | (high & 0xff000000), limit);
    }
    fprintf(out, ", DPL %u, %s\n", access_dpl((uint16_t)access),
            access & ACCESS_P ? "present" : "not present");
}

static void entry_print(struct tables *tables, const char *name, uint32_t index, uint32_t base,
                        uint32_t limit, uint32_t offset)
{
    uint8_t bytes[8];
    fprintf(tables->out, "  %s entry %0*Xh at %08X: ", name, strcmp(name, "IDT") == 0 ? 2 : 4, index,
            base + offset);
    if (offset + 7 > limit)
        fprintf(tables->out, "beyond the table's limit %04X\n", limit);
    else if (!peek(tables->cpu, base + offset, bytes, sizeof bytes))
        fputs("not in memory\n", tables->out);
    else
        entry_words(bytes, tables->out);
}

static void descriptor_print(struct tables *tables, uint32_t selector)
{
    const struct cpu *cpu = tables->cpu;
    uint32_t offset = selector & 0xfff8;
    bool local = selector & 4;
    if (!show_once(tables, SHOWN_DESCRIPTOR, selector & 0xfffc))
        return;
    if (local && !cpu->ldtr.usable)
        fprintf(tables->out, "  LDT entry %04Xh: there is no LDT\n", selector & 0xfffc);
    else
        entry_print(tables, local ? "LDT" : "GDT", selector & 0xfffc, local ? cpu->ldtr.base : cpu->gdtr.base,
                    local ? cpu->ldtr.limit : cpu->gdtr.limit, offset);
}

/* The entry for a vector, and the code segment behind it. */
static void gate_print(struct tables *tables, unsigned vector)
{
    const struct cpu *cpu = tables->cpu;
    uint8_t bytes[8];
    if (!show_once(tables, SHOWN_GATE, vector))
        return;
    if (!cpu_is_protected(cpu)) {
        uint32_t at = cpu->idtr.base + vector * 4;
        fprintf(tables->out, "  interrupt table entry %02Xh at %08X: ", vector, at);
        if (vector * 4 + 3 > cpu->idtr.limit)
            fprintf(tables->out, "beyond the table's limit %04X\n", cpu->idtr.limit);
        else if (peek(tables->cpu, at, bytes, 4))
            fprintf(tables->out, "%04X:%04X\n", load_le16(bytes + 2), load_le16(bytes));
        else
            fputs("not in memory\n", tables->out);
        return;
    }
    entry_print(tables, "IDT", vector, cpu->idtr.base, cpu->idtr.limit, vector * 8);
    if (vector * 8 + 7 <= cpu->idtr.limit &&
        peek(tables->cpu, cpu->idtr.base + vector * 8, bytes, sizeof bytes) && type_is_gate(bytes[5]) &&
        (load_le16(bytes + 2) & 0xfffc) != 0)
        descriptor_print(tables, load_le16(bytes + 2));
}

/* ---- page tables (SDM 3A 4.3, 4.4) ---- */

static void page_entry_print(struct tables *tables, const char *name, uint64_t at, uint64_t entry, bool wide)
{
    fprintf(tables->out, "  %s at %09llX: %0*llX: ", name, (unsigned long long)at, wide ? 16 : 8,
            (unsigned long long)entry);
    if (!(entry & 1)) {
        fputs("not present\n", tables->out);
        return;
    }
    fprintf(tables->out, "present, %s, %s%s%s%s%s\n", entry & 2 ? "writable" : "read-only",
            entry & 4 ? "user" : "supervisor", entry & 0x20 ? ", accessed" : "",
            entry & 0x40 ? ", dirty" : "", entry & 0x80 ? ", large page" : "",
            wide && entry >> 63 ? ", no execution" : "");
}

static uint64_t page_entry(const struct tables *tables, uint64_t at, bool wide)
{
    const struct memory *memory = tables->cpu->memory;
    bool writable;
    uint8_t bytes[8] = {0};
    if (memory_page(memory, at, &writable) != NULL)
        memory_copy_out(memory, at, bytes, wide ? 8 : 4);
    return load_le32(bytes) | (uint64_t)load_le32(bytes + 4) << 32;
}

static void page_walk_print(struct tables *tables, uint32_t linear)
{
    const struct cpu *cpu = tables->cpu;
    bool pae = cpu->cr4 & CR4_PAE;
    if (!(cpu->cr0 & CR0_PG) || !show_once(tables, SHOWN_PAGE, linear & ~PAGE_OFFSET_MASK))
        return;
    uint64_t table = cpu->cr3 & 0xfffff000;
    fprintf(tables->out, "  pages of linear address %08X, CR3 %08X:\n", linear, cpu->cr3);
    if (pae) {
        uint64_t pointer = cpu->mmu.paging.pdpte[linear >> 30];
        fprintf(tables->out, "  PDPTE %u: %016llX: %s\n", linear >> 30, (unsigned long long)pointer,
                pointer & 1 ? "present" : "not present");
        if (!(pointer & 1))
            return;
        table = pointer & 0xffffff000;
    }
    unsigned size = pae ? 8 : 4;
    uint64_t at = table + (pae ? linear >> 21 & 0x1ff : linear >> 22) * size;
    uint64_t directory = page_entry(tables, at, pae);
    page_entry_print(tables, "PDE", at, directory, pae);
    bool large = (directory & 0x80) && (pae || (cpu->cr4 & CR4_PSE));
    if (!(directory & 1) || large)
        return;
    at = (directory & 0xffffff000) + (linear >> 12 & (pae ? 0x1ff : 0x3ff)) * size;
    page_entry_print(tables, "PTE", at, page_entry(tables, at, pae), pae);
}

/* ---- the TSS (SDM 3A 7.2.1, 7.6) ---- */

static void tss_print(struct tables *tables)
{
    struct cpu *cpu = tables->cpu;
    if (!show_once(tables, SHOWN_TSS, 0))
        return;
    bool wide = (cpu->tr.access & ACCESS_TYPE) >= SYSTEM_TSS32_AVAILABLE;
    fprintf(tables->out, "  TSS %04X at %08X, limit %04X:", cpu->tr.selector, cpu->tr.base, cpu->tr.limit);
    for (unsigned ring = 0; ring < 3; ring++) {
        uint8_t bytes[8];
        uint32_t offset = wide ? 4 + 8 * ring : 2 + 4 * ring, size = wide ? 8 : 4;
        if (offset + size - 1 > cpu->tr.limit || !peek(cpu, cpu->tr.base + offset, bytes, size))
            fprintf(tables->out, "  no stack %u", ring);
        else if (wide)
            fprintf(tables->out, "  SS%u:ESP%u %04X:%08X", ring, ring, load_le16(bytes + 4),
                    load_le32(bytes));
        else
            fprintf(tables->out, "  SS%u:SP%u %04X:%04X", ring, ring, load_le16(bytes + 2), load_le16(bytes));
    }
    uint8_t map[2];
    if (wide && cpu->tr.limit >= 0x67 && peek(cpu, cpu->tr.base + 0x66, map, sizeof map))
        fprintf(tables->out, "  I/O map at %04X", load_le16(map));
    fputc('\n', tables->out);
}

static bool names_stack_of_tss(enum fault_reason reason)
{
    return reason >= INNER_STACK_TSS_LIMIT && reason <= INNER_SS_NOT_PRESENT;
}

/* ---- the whole ---- */

static void record_explain(struct tables *tables, const struct fault_record *record)
{
    const struct fault *fault = &record->fault;
    if (fault->vector == VECTOR_PF) {
        page_walk_print(tables, fault->address);
    } else if (fault->has_error_code && (fault->error_code & 0xfffe) != 0) {
        if (fault->error_code & 2)
            gate_print(tables, (fault->error_code >> 3) & 0xff);
        else
            descriptor_print(tables, fault->error_code);
    }
    if (names_stack_of_tss((enum fault_reason)fault->reason) || fault->reason == IO_BITMAP)
        tss_print(tables);
}

void tables_explain(struct cpu *cpu, const struct fault_record *const *chain, unsigned length, FILE *out)
{
    struct tables tables = {.cpu = cpu, .out = out};
    for (unsigned i = 0; i < length; i++) {
        if (chain[i]->while_delivering && i > 0)
            gate_print(&tables, chain[i - 1]->fault.vector);
        record_explain(&tables, chain[i]);
    }
}
