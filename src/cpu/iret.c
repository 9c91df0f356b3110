/*
 * Return from an interrupt: in real-address mode, within a ring or to an outer one, to a virtual-8086 program,
 * to the task that was interrupted, and within virtual-8086 mode (SDM 2A IRET, 3B 20.2 and 20.3).
 */
#include "cpu/iret.h"

#include "cpu/access.h"
#include "cpu/far.h"
#include "cpu/flags.h"
#include "cpu/task.h"

/* The image on the stack: three slots, of 2 or 4 bytes. */
struct image {
    struct stack stack;
    unsigned slot;
    uint32_t eip;
    uint16_t cs;
    uint32_t eflags;
};

/* Flags of the low word that any IRET loads at any privilege; IF and IOPL depend on it. */
#define EFLAGS_IRET16 (EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT)
#define EFLAGS_IRET32 (EFLAGS_RF | EFLAGS_AC | EFLAGS_ID)

static struct fault image_read(struct cpu *cpu, bool wide, struct image *image)
{
    uint32_t cs;
    image->stack = stack_current(cpu);
    image->slot = wide ? 4 : 2;
    TRY(stack_peek(cpu, &image->stack, 0, image->slot, &image->eip));
    TRY(stack_peek(cpu, &image->stack, image->slot, image->slot, &cs));
    TRY(stack_peek(cpu, &image->stack, 2 * image->slot, image->slot, &image->eflags));
    image->cs = (uint16_t)cs;
    return FAULT_NONE;
}

/* The new EFLAGS: the bits of `mask` that this processor has, from the image. */
static uint32_t eflags_merge(const struct cpu *cpu, const struct image *image, uint32_t mask)
{
    mask &= eflags_supported(cpu);
    return (cpu->eflags & ~mask) | (image->eflags & mask);
}

static void image_release(struct cpu *cpu, struct image *image)
{
    stack_drop(&image->stack, 3 * image->slot);
    stack_commit(cpu, &image->stack);
}

/* SDM 3A 6.7.1: any IRET that completes lets NMIs through again. */
static void finish(struct cpu *cpu, uint32_t eip, uint32_t eflags)
{
    cpu->nmi_blocked = false;
    cpu_set_eflags(cpu, eflags);
    cpu->next_eip = eip;
}

static struct fault return_real(struct cpu *cpu, bool wide)
{
    struct image image;
    TRY(image_read(cpu, wide, &image));
    if (image.eip > cpu->segments[CS].highest)
        return fault_gp(0, IRET_OFFSET);

    image_release(cpu, &image);
    struct segment cs = cpu->segments[CS];
    segment_load_real_code(&cs, image.cs);
    segment_set_code(cpu, &cs);
    uint32_t mask = EFLAGS_IRET16 | EFLAGS_IF | EFLAGS_IOPL | (wide ? EFLAGS_IRET32 : 0);
    finish(cpu, image.eip, eflags_merge(cpu, &image, mask));
    return FAULT_NONE;
}

/*
 * SDM 3B 20.3.2, 20.3.3.5: with CR4.VME and IOPL below 3 the IF of a 16-bit image stands for VIF, as in POPF.
 * (The operation section of the IRET page knows only IOPL 3.)
 */
static struct fault v86_flags(const struct cpu *cpu, const struct image *image, uint32_t *eflags)
{
    if (cpu_iopl(cpu) == 3) {
        uint32_t mask = EFLAGS_IRET16 | EFLAGS_IF | (image->slot == 4 ? EFLAGS_IRET32 : 0);
        *eflags = eflags_merge(cpu, image, mask);
        return FAULT_NONE;
    }
    if (image->eflags & EFLAGS_TF)
        return fault_gp(0, IRET_V86_TRAP);
    if ((image->eflags & EFLAGS_IF) && (cpu->eflags & EFLAGS_VIP))
        return fault_gp(0, IRET_V86_PENDING);
    *eflags = eflags_merge(cpu, image, EFLAGS_IRET16) & ~EFLAGS_VIF;
    if (image->eflags & EFLAGS_IF)
        *eflags |= EFLAGS_VIF;
    return FAULT_NONE;
}

static struct fault return_within_v86(struct cpu *cpu, bool wide)
{
    if (cpu_iopl(cpu) < 3 && (wide || !(cpu->cr4 & CR4_VME)))
        return fault_gp(0, IRET_V86_IOPL);
    struct image image;
    TRY(image_read(cpu, wide, &image));
    struct segment cs = segment_v86(image.cs);
    if (image.eip > cs.limit)
        return fault_gp(0, IRET_OFFSET);
    uint32_t eflags;
    TRY(v86_flags(cpu, &image, &eflags));

    image_release(cpu, &image);
    segment_set_code(cpu, &cs);
    finish(cpu, image.eip, eflags);
    return FAULT_NONE;
}

/* SDM 2A IRET, RETURN-TO-VIRTUAL-8086-MODE: CPL 0, 32-bit, VM set in the image; six more slots */
static struct fault return_to_v86(struct cpu *cpu, const struct image *image)
{
    static const uint8_t popped[] = {SS, ES, DS, FS, GS};
    uint32_t pointer;
    uint32_t selectors[ARRAY_LENGTH(popped)];
    TRY(stack_peek(cpu, &image->stack, 12, 4, &pointer));
    for (unsigned i = 0; i < ARRAY_LENGTH(popped); i++)
        TRY(stack_peek(cpu, &image->stack, 16 + 4 * i, 4, &selectors[i]));
    struct segment cs = segment_v86(image->cs);
    if (image->eip > cs.limit)
        return fault_gp(0, IRET_OFFSET);

    cpu_set_cpl(cpu, 3);
    segment_set_code(cpu, &cs);
    for (unsigned i = 0; i < ARRAY_LENGTH(popped); i++)
        cpu->segments[popped[i]] = segment_v86((uint16_t)selectors[i]);
    cpu->gpr[ESP] = pointer;
    finish(cpu, image->eip, eflags_merge(cpu, image, 0xffffffffu));
    return FAULT_NONE;
}

/* What the image may change depends on the privilege that IRET is executed at, not on the one returned to. */
static uint32_t protected_flags(const struct cpu *cpu, const struct image *image)
{
    bool wide = image->slot == 4;
    uint32_t mask = EFLAGS_IRET16 | (wide ? EFLAGS_IRET32 : 0);
    if (cpu->cpl <= cpu_iopl(cpu))
        mask |= EFLAGS_IF;
    if (cpu->cpl == 0)
        mask |= EFLAGS_IOPL | (wide ? EFLAGS_VIF | EFLAGS_VIP : 0);
    return eflags_merge(cpu, image, mask);
}

static struct fault return_protected(struct cpu *cpu, struct image *image)
{
    struct far_segment code, stack;
    uint32_t pointer = 0;
    TRY(return_code_check(cpu, image->cs, &code));
    unsigned rpl = image->cs & SELECTOR_RPL;
    bool outward = rpl > cpu->cpl;
    if (outward) {
        uint32_t selector;
        TRY(stack_peek(cpu, &image->stack, 3 * image->slot, image->slot, &pointer));
        TRY(stack_peek(cpu, &image->stack, 4 * image->slot, image->slot, &selector));
        TRY(return_stack_check(cpu, (uint16_t)selector, rpl, &stack));
    }
    if (image->eip > code.descriptor.limit)
        return fault_gp(0, IRET_OFFSET);
    TRY(far_segments_mark(cpu, &code, outward ? &stack : NULL));

    uint32_t eflags = protected_flags(cpu, image);
    if (outward) {
        return_outward(cpu, &code, &stack, pointer);
    } else {
        image_release(cpu, image);
        far_code_enter(cpu, &code, rpl);
    }
    finish(cpu, image->eip, eflags);
    return FAULT_NONE;
}

/* SDM 2A IRET, TASK-RETURN */
static struct fault return_to_task(struct cpu *cpu)
{
    struct task_switch request = {
        .source = TASK_IRET,
        .return_eip = cpu->next_eip,
        .eflags_image = cpu->eflags,
    };
    TRY(task_back_link(cpu, &request.selector));
    return task_switch(cpu, &request);
}

struct fault interrupt_return(struct cpu *cpu, bool wide)
{
    if (!cpu_is_protected(cpu))
        return return_real(cpu, wide);
    if (cpu_is_v86(cpu))
        return return_within_v86(cpu, wide);
    if (cpu->eflags & EFLAGS_NT)
        return return_to_task(cpu);

    struct image image;
    TRY(image_read(cpu, wide, &image));
    if (wide && (image.eflags & EFLAGS_VM) && cpu->cpl == 0)
        return return_to_v86(cpu, &image);
    return return_protected(cpu, &image);
}
