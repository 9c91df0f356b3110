/* Running a program in gate86; see run.h. */
#include "run.h"

#include <string.h>

static bool is_private(uint32_t address)
{
    return address - ORACLE_PRIVATE_BASE < ORACLE_PRIVATE_SIZE;
}

/* Where the host's side keeps itself a stray access would tell the two apart, and a stack would be in its way. */
static bool ended_in_private(const struct oracle_outcome *outcome)
{
    return (outcome->vector == VECTOR_PF && is_private(outcome->cr2)) || is_private(outcome->registers[ESP]);
}

/* Segments of the host's GDT whose meaning is its own. */
static bool holds_foreign_segment(const struct oracle_processor *processor)
{
    const struct segment *segments = processor->bench->cpu.segments;
    for (unsigned i = 0; i < 6; i++) {
        uint16_t index = segments[i].selector & SELECTOR_INDEX;
        if (index == (ORACLE_CPU_LIMIT & SELECTOR_INDEX) ||
            (i == CS && index == (ORACLE_CODE64 & SELECTOR_INDEX)))
            return true;
    }
    return false;
}

/* A repeated string instruction that overwrites itself: when the change is seen depends on interrupts. */
static bool overwrote_itself(const struct oracle_processor *processor, const struct operation *before)
{
    struct operation now;
    if (!processor->bench->cpu.repeating)
        return false;
    return !instruction_at_eip(processor, &now) || now.row != before->row || now.length != before->length ||
           now.repeat != before->repeat || now.segment != before->segment || now.wide != before->wide ||
           now.address_mask != before->address_mask;
}

static void refuse(struct run *run, const char *why)
{
    run->end = RUN_REFUSED;
    run->why = why;
}

static void ended(struct oracle_processor *processor, const struct operation *op, struct run *run)
{
    run->end = RUN_ENDED;
    processor_outcome(processor, &run->stepped);
    processor->coverage->faults[bench_fault(processor->bench).reason]++;
    const struct row_facts *facts =
        op != NULL && op->row != NULL ? coverage_find(processor->coverage, op->row) : NULL;
    /* INT3 and single steps are traps: the instruction has completed. */
    run->loose = facts != NULL && facts->loose && run->stepped.vector != VECTOR_DB;
    /* SDM 2B REP brings the flags back after a fault; AMD processors leave those of the last comparison. */
    if (facts != NULL && facts->string && op->repeat != REPEAT_NONE)
        run->undefined |= facts->writes;
    /* SDM 3B 17.3.1.1: RF is pushed as 1 between two iterations; AMD processors push 0. */
    if (facts != NULL && facts->string && run->stepped.vector == VECTOR_DB)
        run->undefined |= EFLAGS_RF;
    if (ended_in_private(&run->stepped))
        refuse(run, "an address that belongs to the oracle itself");
}

/* One instruction or iteration; false when the run is over. */
static bool step(struct oracle_processor *processor, struct run *run)
{
    struct operation op;
    bool complete = instruction_at_eip(processor, &op);
    const char *why = NULL;
    if (complete)
        why = admission_refused(processor, &op, run->undefined);
    else if (instruction_is_cut_ud(processor))
        why = "UD0 or UD1 with or without ModRM";
    if (why != NULL) {
        refuse(run, why);
        return false;
    }
    uint32_t undefined = complete ? undefined_after(processor, &op, run->undefined) : run->undefined;
    processor_step(processor);
    bool over = processor_ended(processor);
    if (complete)
        coverage_note(processor->coverage, &op, !over);
    if (complete && !(op.row != NULL && op.opcode == 0xf4 && over))
        run->last = op.row;
    if (over) {
        ended(processor, complete ? &op : NULL, run);
        return false;
    }
    run->undefined = undefined;
    if (holds_foreign_segment(processor))
        refuse(run, "64-bit code, or the segment with the host's processor number");
    else if (complete && overwrote_itself(processor, &op))
        refuse(run, "a string instruction that overwrites itself");
    return run->end != RUN_REFUSED;
}

static void run_stepped(struct oracle_processor *processor, const struct oracle_program *program,
                        struct run *run)
{
    run->end = RUN_ENDLESS;
    run->undefined = 0;
    run->loose = false;
    run->last = NULL;
    processor_load(processor, program);
    if (program->eip > processor->bench->cpu.segments[CS].highest) {
        refuse(run, "it cannot be entered: EIP is beyond the limit");
        return;
    }
    for (unsigned steps = 0; steps < RUN_STEPS_MAX; steps++) {
        if (!step(processor, run))
            return;
    }
}

void program_run(struct oracle_processor *processor, const struct oracle_program *program, struct run *run)
{
    run_stepped(processor, program, run);
    if (run->end != RUN_ENDED)
        return;
    processor_load(processor, program);
    processor_run(processor, 2 * RUN_STEPS_MAX);
    if (processor_ended(processor))
        processor_outcome(processor, &run->free);
    else
        run->free = (struct oracle_outcome){.vector = 0xffff}; /* differs from whatever the steps did */
}

const char *outcome_difference(const struct oracle_outcome *a, const struct oracle_outcome *b,
                               uint32_t undefined, bool loose)
{
    static const char *const names[8] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
    if (loose && a->eip == b->eip)
        return NULL;
    if (a->vector != b->vector)
        return "vector";
    if (a->eip != b->eip)
        return "EIP";
    if (a->error_code != b->error_code)
        return "error code";
    if (a->cr2 != b->cr2)
        return "CR2";
    for (unsigned i = 0; i < 8; i++) {
        if (a->registers[i] != b->registers[i])
            return names[i];
    }
    if ((a->eflags ^ b->eflags) & ~undefined)
        return "EFLAGS";
    if (memcmp(a->segments, b->segments, sizeof a->segments) != 0)
        return "segments";
    if (a->change_count != b->change_count || a->change_hash != b->change_hash)
        return "memory";
    return NULL;
}
