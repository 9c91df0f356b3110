/*
 * Task switches by JMP, CALL, IRET and task gates (SDM 3A 7.3, tables 7-1 and 7-2), and the fields of the
 * current TSS that others need.
 *
 * All that can fail in the old task (checks, pages of both TSSs and of the GDT, PDPTEs) is tried before the
 * first write; from then on faults belong to the new task.
 */
#include "cpu/task.h"

#include "cpu/access.h"
#include "cpu/control.h"
#include "cpu/debug.h"
#include "cpu/far.h"
#include "cpu/flags.h"
#include "cpu/task_state.h"

#define TSS_BUSY 2u /* the bit of the type that tells a busy TSS */

#define DR7_LOCAL 0x00000155u /* L0 to L3 and LE */

struct switching {
    const struct task_switch *request;
    uint32_t ext;
    struct descriptor target;
    const struct tss_layout *new_layout;
    const struct tss_layout *old_layout;
};

static bool nests(const struct switching *s)
{
    return s->request->source == TASK_CALL || s->request->source == TASK_INTERRUPT;
}

static bool is_tss(uint16_t access, bool busy)
{
    unsigned type = access & (ACCESS_S | ACCESS_TYPE) & ~8u;
    return type == (busy ? SYSTEM_TSS16_BUSY : SYSTEM_TSS16_AVAILABLE);
}

/* The new TSS's descriptor. An IRET reports #TS where the others report #GP. */
static struct fault target_check(struct cpu *cpu, struct switching *s)
{
    uint16_t selector = s->request->selector;
    bool iret = s->request->source == TASK_IRET;
    enum vector vector = iret ? VECTOR_TS : VECTOR_GP;
    uint32_t error = selector_as_error(selector, s->ext);
    if (selector_is_null(selector) || (selector & SELECTOR_TI))
        return fault_coded(vector, error, TASK_TSS_SELECTOR);
    TRY(descriptor_read(cpu, selector, vector, s->ext, &s->target));
    if (!is_tss(s->target.access, iret))
        return fault_coded(vector, error, iret ? TASK_TSS_NOT_BUSY : TASK_TSS_NOT_AVAILABLE);
    if (!(s->target.access & ACCESS_P))
        return fault_coded(VECTOR_NP, error, TASK_TSS_NOT_PRESENT);
    s->new_layout = tss_layout_of(s->target.access);
    if (s->target.limit < s->new_layout->last_byte)
        return fault_coded(VECTOR_TS, error, TASK_TSS_LIMIT);
    return FAULT_NONE;
}

static uint32_t busy_byte_address(const struct cpu *cpu, uint16_t selector)
{
    return cpu->gdtr.base + (selector & SELECTOR_INDEX) + 5;
}

static struct fault busy_bit_write(struct cpu *cpu, uint16_t selector, bool busy)
{
    uint8_t access;
    TRY(system_read8(cpu, busy_byte_address(cpu, selector), &access));
    access = (uint8_t)(busy ? access | TSS_BUSY : access & ~TSS_BUSY);
    return system_write8(cpu, busy_byte_address(cpu, selector), access);
}

static uint32_t saved_bytes(const struct tss_layout *layout)
{
    return layout->selectors + layout->selector_count * layout->width - layout->eip;
}

/* Every write of the switch, and every read of the new state, would succeed. */
static struct fault memory_check(struct cpu *cpu, const struct switching *s)
{
    const struct tss_layout *old = s->old_layout;
    struct task_state state;
    /* SDM 3A table 6-6: "stores to the old TSS encounter a fault condition" */
    if (!cpu->tr.usable || old->eip + saved_bytes(old) - 1 > cpu->tr.limit)
        return fault_coded(VECTOR_TS, selector_as_error(cpu->tr.selector, s->ext), TASK_OLD_TSS_LIMIT);
    TRY(task_state_read(cpu, s->target.base, s->new_layout, &state));
    TRY(linear_probe_write(cpu, cpu->tr.base + old->eip, saved_bytes(old), false));
    if (nests(s))
        TRY(linear_probe_write(cpu, s->target.base, 2, false));
    else
        TRY(linear_probe_write(cpu, busy_byte_address(cpu, cpu->tr.selector), 1, false));
    if (s->request->source != TASK_IRET)
        TRY(linear_probe_write(cpu, busy_byte_address(cpu, s->request->selector), 1, false));
    if ((cpu->cr0 & CR0_PG) && (cpu->cr4 & CR4_PAE) && s->new_layout->width == 4) {
        uint64_t pdpte[4];
        TRY(paging_load_pdptes(cpu->memory, state.cr3, cpu->model.physical_bits, pdpte));
    }
    return FAULT_NONE;
}

/* SDM 3A table 7-2: what the switch leaves in memory */
static struct fault memory_update(struct cpu *cpu, const struct switching *s)
{
    uint32_t eflags = s->request->eflags_image;
    if (s->request->source == TASK_IRET)
        eflags &= ~EFLAGS_NT;
    if (!nests(s))
        TRY(busy_bit_write(cpu, cpu->tr.selector, false));
    TRY(task_state_save(cpu, cpu->tr.base, s->old_layout, s->request->return_eip, eflags));
    if (nests(s))
        TRY(system_write16(cpu, s->target.base, cpu->tr.selector));
    if (s->request->source != TASK_IRET)
        TRY(busy_bit_write(cpu, s->request->selector, true));
    return FAULT_NONE;
}

/* Steps 10 to 12 of SDM 3A 7.3: everything but the hidden parts of LDTR and the segment registers. */
static struct fault registers_load(struct cpu *cpu, const struct switching *s, const struct task_state *state)
{
    struct descriptor tss = s->target;
    tss.access |= TSS_BUSY;
    cpu->tr = segment_from_descriptor(s->request->selector, &tss);
    cpu->cr0 |= CR0_TS;
    cpu->dr7 &= ~DR7_LOCAL;
    debug_registers_changed(cpu);

    for (unsigned i = 0; i < ARRAY_LENGTH(state->registers); i++)
        cpu->gpr[i] = state->registers[i];
    cpu->eip = cpu->next_eip = state->eip;
    cpu->ldtr = segment_null(state->ldt);
    for (unsigned i = 0; i < ARRAY_LENGTH(state->selectors); i++)
        cpu->segments[i] = segment_null(state->selectors[i]);
    uint32_t eflags = state->eflags & eflags_supported(cpu);
    if (nests(s))
        eflags |= EFLAGS_NT;
    cpu_set_cpl(cpu, eflags & EFLAGS_VM ? 3 : state->selectors[CS] & SELECTOR_RPL);
    cpu_set_eflags(cpu, eflags);
    if ((cpu->cr0 & CR0_PG) && s->new_layout->width == 4)
        TRY(cr3_write(cpu, state->cr3));
    return FAULT_NONE;
}

/* SDM 2A INT n: on the new task's stack, as wide as its TSS */
static struct fault error_code_push(struct cpu *cpu, const struct switching *s)
{
    struct stack stack = stack_current(cpu);
    stack.limit_error = s->ext;
    TRY(stack_reserve(cpu, &stack, 1, s->new_layout->width));
    stack_push(cpu, &stack, s->new_layout->width, s->request->error_code);
    stack_commit(cpu, &stack);
    return FAULT_NONE;
}

static struct fault new_task_begin(struct cpu *cpu, const struct switching *s, const struct task_state *state)
{
    TRY(task_segments_load(cpu, state, s->ext));
    if (s->request->has_error_code)
        TRY(error_code_push(cpu, s));
    if (cpu->eip > cpu->segments[CS].limit)
        return fault_gp(s->ext, CODE_LIMIT);
    /* SDM 3B 17.3.1.5: reported before the first instruction of the new task */
    if (state->trap) {
        cpu->pending_debug |= DR6_BT;
        cpu_update_attention(cpu);
    }
    return FAULT_NONE;
}

struct fault task_switch(struct cpu *cpu, const struct task_switch *request)
{
    struct switching s = {
        .request = request,
        .ext = request->external ? ERROR_CODE_EXT : 0,
        .old_layout = tss_layout_of(cpu->tr.access),
    };
    TRY(target_check(cpu, &s));
    TRY(memory_check(cpu, &s));

    /* Read after the save: an IRET may lead back to the very task it leaves. */
    struct task_state state;
    TRY(memory_update(cpu, &s));
    TRY(task_state_read(cpu, s.target.base, s.new_layout, &state));
    if (request->source == TASK_IRET)
        cpu->nmi_blocked = false;
    TRY(registers_load(cpu, &s, &state));
    return new_task_begin(cpu, &s, &state);
}

struct fault task_back_link(struct cpu *cpu, uint16_t *selector)
{
    if (!cpu->tr.usable || cpu->tr.limit < 1)
        return fault_coded(VECTOR_TS, selector_as_error(cpu->tr.selector, 0), TASK_OLD_TSS_LIMIT);
    return system_read16(cpu, cpu->tr.base, selector);
}

struct fault task_inner_stack(struct cpu *cpu, unsigned cpl, uint32_t error_ext, uint16_t *ss, uint32_t *esp)
{
    unsigned width = tss_layout_of(cpu->tr.access)->width;
    /* A stack pointer and a selector for each ring, behind the back link. */
    uint32_t offset = width + cpl * 2 * width;
    uint32_t last = offset + width + 1;
    if (!cpu->tr.usable || last > cpu->tr.limit)
        return fault_coded(VECTOR_TS, selector_as_error(cpu->tr.selector, error_ext), INNER_STACK_TSS_LIMIT);
    if (width == 4) {
        TRY(system_read32(cpu, cpu->tr.base + offset, esp));
    } else {
        uint16_t sp;
        TRY(system_read16(cpu, cpu->tr.base + offset, &sp));
        *esp = sp;
    }
    return system_read16(cpu, cpu->tr.base + offset + width, ss);
}
