/*
 * Matching addresses with the debug registers (SDM 3B 17.2.1 to 17.2.5, 17.3.1). GE and LE have no meaning
 * since the 486 (matches are always exact) and none here.
 */
#include "cpu/debug.h"

enum breakpoint_kind { BREAK_EXECUTE, BREAK_WRITE, BREAK_PORT, BREAK_READ_WRITE };

static enum breakpoint_kind breakpoint_kind(const struct cpu *cpu, unsigned number)
{
    return (enum breakpoint_kind)((cpu->dr7 >> (16 + number * 4)) & 3);
}

/* Length in bytes. LEN = 2 means eight bytes on the processors that define it. */
static uint32_t breakpoint_length(const struct cpu *cpu, unsigned number)
{
    static const uint8_t lengths[] = {1, 2, 8, 4};
    return lengths[(cpu->dr7 >> (18 + number * 4)) & 3];
}

static bool breakpoint_enabled(const struct cpu *cpu, unsigned number)
{
    return (cpu->dr7 >> (number * 2)) & 3;
}

/* SDM 3B 17.2.5: the low bits of the address register are ignored, as the length demands. */
static bool breakpoint_overlaps(const struct cpu *cpu, unsigned number, uint32_t address, unsigned size)
{
    uint32_t length = breakpoint_length(cpu, number);
    uint32_t first = cpu->dr[number] & ~(length - 1);
    /* Modulo 2^32, as linear addresses wrap: one range begins within the other. */
    return address - first < length || first - address < size;
}

/*
 * SDM 3B 17.2.3: B0 to B3 tell of every condition that is met, also of those not enabled; but it takes an
 * enabled one to make a debug exception.
 */
static uint32_t report(const struct cpu *cpu, uint32_t matched)
{
    for (unsigned number = 0; number < 4; number++) {
        if ((matched & (DR6_B0 << number)) && breakpoint_enabled(cpu, number))
            return matched;
    }
    return 0;
}

static bool kind_is_data(enum breakpoint_kind kind)
{
    return kind == BREAK_WRITE || kind == BREAK_READ_WRITE;
}

bool debug_watches_code(const struct cpu *cpu)
{
    for (unsigned number = 0; number < 4; number++) {
        if (breakpoint_enabled(cpu, number) && breakpoint_kind(cpu, number) == BREAK_EXECUTE)
            return true;
    }
    return false;
}

bool debug_watches_data(const struct cpu *cpu)
{
    for (unsigned number = 0; number < 4; number++) {
        if (breakpoint_enabled(cpu, number) && kind_is_data(breakpoint_kind(cpu, number)))
            return true;
    }
    return false;
}

void debug_registers_changed(struct cpu *cpu)
{
    uint32_t pages[TLB_WATCH_MAX];
    unsigned count = 0;
    for (unsigned number = 0; number < 4; number++) {
        if (breakpoint_enabled(cpu, number) && kind_is_data(breakpoint_kind(cpu, number)))
            pages[count++] = cpu->dr[number] & ~PAGE_OFFSET_MASK;
    }
    if (cpu->monitor_armed)
        pages[count++] = cpu->monitor_linear & ~PAGE_OFFSET_MASK;
    mmu_watch_pages(&cpu->mmu, pages, count);
    cpu_update_attention(cpu);
}

uint32_t debug_match_code(const struct cpu *cpu, uint32_t linear)
{
    uint32_t matched = 0;
    for (unsigned number = 0; number < 4; number++) {
        /* SDM 3B 17.3.1.1: LEN must be 0 for instruction breakpoints, and only the first byte's address
         * counts. */
        if (breakpoint_kind(cpu, number) == BREAK_EXECUTE && cpu->dr[number] == linear)
            matched |= DR6_B0 << number;
    }
    return report(cpu, matched);
}

void debug_match_data(struct cpu *cpu, uint32_t linear, unsigned size, bool write)
{
    uint32_t matched = 0;
    for (unsigned number = 0; number < 4; number++) {
        enum breakpoint_kind kind = breakpoint_kind(cpu, number);
        if ((kind == BREAK_READ_WRITE || (kind == BREAK_WRITE && write)) &&
            breakpoint_overlaps(cpu, number, linear, size))
            matched |= DR6_B0 << number;
    }
    uint32_t reported = report(cpu, matched);
    if (reported) {
        cpu->pending_debug |= reported;
        cpu_update_attention(cpu);
    }
}

void debug_match_port(struct cpu *cpu, uint16_t port, unsigned size)
{
    /* SDM 3B 17.2.4: R/W = 10b is undefined without CR4.DE */
    if (!(cpu->cr4 & CR4_DE))
        return;
    uint32_t matched = 0;
    for (unsigned number = 0; number < 4; number++) {
        if (breakpoint_kind(cpu, number) == BREAK_PORT && breakpoint_overlaps(cpu, number, port, size))
            matched |= DR6_B0 << number;
    }
    uint32_t reported = report(cpu, matched);
    if (reported) {
        cpu->pending_debug |= reported;
        cpu_update_attention(cpu);
    }
}
