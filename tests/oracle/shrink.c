/* Judging and shrinking; see shrink.h. */
#include "shrink.h"

#include <string.h>

const char *verdict_difference(const struct run *run, const struct oracle_outcome *host)
{
    if (outcome_difference(&run->stepped, &run->free, 0, false) != NULL)
        return "gate86 differs from itself when it is stepped";
    return outcome_difference(&run->free, host, run->undefined, run->loose);
}

void program_judge(const struct judge *judge, const struct oracle_program *program, struct verdict *verdict)
{
    verdict->difference = NULL;
    program_run(judge->processor, program, &verdict->run);
    if (verdict->run.end != RUN_ENDED)
        return;
    judge->host->batch->programs[0] = *program;
    if (!host_run(judge->host, 1)) {
        verdict->difference = "the host's side died or hung";
        return;
    }
    verdict->host = judge->host->batch->outcomes[0];
    verdict->difference = verdict_difference(&verdict->run, &verdict->host);
}

/* Keeps `candidate` when the sides differ on it. */
static bool try_smaller(const struct judge *judge, struct oracle_program *program,
                        const struct oracle_program *candidate, struct verdict *verdict)
{
    struct verdict now;
    program_judge(judge, candidate, &now);
    if (now.difference == NULL)
        return false;
    *program = *candidate;
    *verdict = now;
    return true;
}

static bool shrink_code(const struct judge *judge, struct oracle_program *program, struct verdict *verdict)
{
    bool shrunk = false;
    for (unsigned size = 10; size >= 1; size--) {
        for (uint32_t at = 0; at + size <= program->code_length;) {
            struct oracle_program candidate = *program;
            memmove(candidate.code + at, candidate.code + at + size, candidate.code_length - at - size);
            candidate.code_length -= size;
            memset(candidate.code + candidate.code_length, 0, ORACLE_CODE_MAX - candidate.code_length);
            if (candidate.code_length > 0 && try_smaller(judge, program, &candidate, verdict))
                shrunk = true;
            else
                at++;
        }
    }
    return shrunk;
}

static bool shrink_word(const struct judge *judge, struct oracle_program *program, uint32_t *word,
                        uint32_t value, struct verdict *verdict)
{
    if (*word == value)
        return false;
    struct oracle_program candidate = *program;
    *(uint32_t *)(void *)((char *)&candidate + ((char *)word - (char *)program)) = value;
    return try_smaller(judge, program, &candidate, verdict);
}

static bool shrink_state(const struct judge *judge, struct oracle_program *program, struct verdict *verdict)
{
    bool shrunk = false;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t *word = &program->registers[i];
        shrunk |= shrink_word(judge, program, word, 0, verdict) ||
                  (*word > 1 && shrink_word(judge, program, word, 1, verdict));
    }
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        if (program->eflags & bit & ~0x202u)
            shrunk |= shrink_word(judge, program, &program->eflags, program->eflags & ~bit, verdict);
    }
    for (uint32_t i = 0; i < program->patch_count;) {
        struct oracle_program candidate = *program;
        candidate.patches[i] = candidate.patches[--candidate.patch_count];
        if (try_smaller(judge, program, &candidate, verdict))
            shrunk = true;
        else
            i++;
    }
    for (unsigned i = 0; i < 6; i++) {
        static const uint16_t plain[6] = {ORACLE_DATA, ORACLE_CODE, ORACLE_DATA, ORACLE_DATA, 0, 0};
        struct oracle_program candidate = *program;
        candidate.segments[i] = plain[i];
        if (i == CS && program->segments[CS] == ORACLE_CODE16)
            candidate.eip += oracle_segments[ORACLE_CODE16 >> 3].base;
        if (program->segments[i] != plain[i])
            shrunk |= try_smaller(judge, program, &candidate, verdict);
    }
    return shrunk;
}

void program_shrink(const struct judge *judge, struct oracle_program *program, struct verdict *verdict)
{
    for (unsigned round = 0; round < 8; round++) {
        bool shrunk = shrink_code(judge, program, verdict);
        shrunk |= shrink_state(judge, program, verdict);
        if (!shrunk)
            break;
    }
}
