/* Programs and outcomes as text; see vector.h. */
#include "vector.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define CHANGES_LISTED 12 /* more are given by their number and hash */

static const char *const register_names[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};

static void program_write(FILE *to, const struct oracle_program *program)
{
    fprintf(to, "code %08" PRIx32 " ", program->code_address);
    for (uint32_t i = 0; i < program->code_length; i++)
        fprintf(to, "%02x", program->code[i]);
    fprintf(to, "\neip %08" PRIx32 "\neflags %08" PRIx32 "\n", program->eip, program->eflags);
    for (unsigned i = 0; i < 8; i++) {
        if (program->registers[i] != 0)
            fprintf(to, "%s %08" PRIx32 "\n", register_names[i], program->registers[i]);
    }
    fprintf(to, "segments");
    for (unsigned i = 0; i < 6; i++)
        fprintf(to, " %04x", program->segments[i]);
    fprintf(to, "\n");
    for (uint32_t i = 0; i < program->patch_count; i++)
        fprintf(to, "memory %08" PRIx32 " %08" PRIx32 "\n", program->patches[i].address,
                program->patches[i].value);
}

void vector_write(FILE *to, const struct vector_text *vector)
{
    const struct oracle_outcome *want = &vector->want;
    if (vector->needs != 0)
        fprintf(to, "needs%s%s\n", vector->needs & ORACLE_LOW_MEMORY ? " low" : "",
                vector->needs & ORACLE_LDT ? " ldt" : "");
    program_write(to, &vector->program);
    fprintf(to, "undefined %08" PRIx32 "\n", vector->undefined);
    fprintf(to,
            "want vector %02" PRIx32 " error %08" PRIx32 " cr2 %08" PRIx32 " eip %08" PRIx32
            " eflags %08" PRIx32 "\n",
            want->vector, want->error_code, want->cr2, want->eip, want->eflags);
    for (unsigned i = 0; i < 8; i++) {
        if (want->registers[i] != 0)
            fprintf(to, "want %s %08" PRIx32 "\n", register_names[i], want->registers[i]);
    }
    fprintf(to, "want segments");
    for (unsigned i = 0; i < 6; i++)
        fprintf(to, " %04x", want->segments[i]);
    fprintf(to, "\n");
    bool few = want->change_count <= CHANGES_LISTED;
    for (uint32_t i = 0; few && i < want->change_count; i++)
        fprintf(to, "want changed %08" PRIx32 " %08" PRIx32 "\n", want->changes[i].address,
                want->changes[i].value);
    if (!few)
        fprintf(to, "want changes %" PRIu32 " %08" PRIx32 "\n", want->change_count, want->change_hash);
    fprintf(to, "end\n");
}

void outcome_print(FILE *to, const char *who, const struct oracle_outcome *outcome)
{
    fprintf(to,
            "  %-8s vector %02" PRIx32 " error %08" PRIx32 " cr2 %08" PRIx32 " eip %08" PRIx32
            " eflags %08" PRIx32 "\n          ",
            who, outcome->vector, outcome->error_code, outcome->cr2, outcome->eip, outcome->eflags);
    for (unsigned i = 0; i < 8; i++)
        fprintf(to, " %s %08" PRIx32 "%s", register_names[i], outcome->registers[i],
                i == 3 ? "\n          " : "");
    fprintf(to, "\n           segments");
    for (unsigned i = 0; i < 6; i++)
        fprintf(to, " %04x", outcome->segments[i]);
    fprintf(to, "\n           %" PRIu32 " changes:", outcome->change_count);
    for (uint32_t i = 0; i < outcome->change_count && i < 12; i++)
        fprintf(to, " %08" PRIx32 "=%08" PRIx32, outcome->changes[i].address, outcome->changes[i].value);
    fprintf(to, "\n");
}

/* One line of a vector in words; at most MAX_WORDS. */
#define MAX_WORDS 12
struct line {
    char text[2 * ORACLE_CODE_MAX + 64];
    char *words[MAX_WORDS];
    unsigned count;
};

static bool line_read(FILE *from, struct line *line)
{
    while (fgets(line->text, sizeof line->text, from) != NULL) {
        line->text[strcspn(line->text, "#\n")] = '\0';
        line->count = 0;
        for (char *word = strtok(line->text, " "); word != NULL && line->count < MAX_WORDS;
             word = strtok(NULL, " "))
            line->words[line->count++] = word;
        if (line->count > 0)
            return true;
    }
    return false;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Reads the hexadecimal number after a name; false when it is no number. */
static bool number(const struct line *line, unsigned word, uint32_t *value)
{
    char *end = NULL;
    if (word >= line->count)
        return false;
    *value = (uint32_t)strtoul(line->words[word], &end, 16);
    return *end == '\0';
}

static uint32_t *register_named(uint32_t registers[8], const char *name)
{
    for (unsigned i = 0; i < 8; i++) {
        if (is(register_names[i], name))
            return &registers[i];
    }
    return NULL;
}

static bool code_take(const struct line *line, struct oracle_program *program)
{
    if (line->count != 3 || !number(line, 1, &program->code_address))
        return false;
    const char *digits = line->words[2];
    size_t length = strlen(digits) / 2;
    if (length == 0 || length > ORACLE_CODE_MAX || strlen(digits) != 2 * length)
        return false;
    program->code_length = (uint32_t)length;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        if (sscanf(digits + 2 * i, "%2x", &byte) != 1)
            return false;
        program->code[i] = (uint8_t)byte;
    }
    return true;
}

static bool selectors_take(const struct line *line, unsigned word, uint16_t segments[6])
{
    for (unsigned i = 0; i < 6; i++) {
        uint32_t value;
        if (!number(line, word + i, &value))
            return false;
        segments[i] = (uint16_t)value;
    }
    return true;
}

static bool pair_take(const struct line *line, unsigned word, struct oracle_word *pairs, uint32_t *count,
                      uint32_t max)
{
    if (*count >= max || !number(line, word, &pairs[*count].address) ||
        !number(line, word + 1, &pairs[*count].value))
        return false;
    ++*count;
    return true;
}

static void needs_take(const struct line *line, struct vector_text *vector)
{
    for (unsigned i = 1; i < line->count; i++) {
        vector->needs |= is(line->words[i], "low") ? ORACLE_LOW_MEMORY : 0;
        vector->needs |= is(line->words[i], "ldt") ? ORACLE_LDT : 0;
    }
}

static bool program_line_take(const struct line *line, struct vector_text *vector)
{
    struct oracle_program *program = &vector->program;
    const char *name = line->words[0];
    if (is(name, "needs")) {
        needs_take(line, vector);
        return true;
    }
    if (is(name, "code"))
        return code_take(line, program);
    if (is(name, "eip"))
        return number(line, 1, &program->eip);
    if (is(name, "eflags"))
        return number(line, 1, &program->eflags);
    if (is(name, "undefined"))
        return number(line, 1, &vector->undefined);
    if (is(name, "segments"))
        return selectors_take(line, 1, program->segments);
    if (is(name, "memory"))
        return pair_take(line, 1, program->patches, &program->patch_count, ORACLE_PATCHES_MAX);
    uint32_t *value = register_named(program->registers, name);
    return value != NULL && number(line, 1, value);
}

static bool want_vector_take(const struct line *line, struct oracle_outcome *want)
{
    return line->count == 11 && number(line, 2, &want->vector) && number(line, 4, &want->error_code) &&
           number(line, 6, &want->cr2) && number(line, 8, &want->eip) && number(line, 10, &want->eflags);
}

static bool want_line_take(const struct line *line, struct oracle_outcome *want)
{
    const char *name = line->count > 1 ? line->words[1] : "";
    if (is(name, "vector"))
        return want_vector_take(line, want);
    if (is(name, "changed"))
        return pair_take(line, 2, want->changes, &want->change_count, ORACLE_CHANGES_MAX);
    if (is(name, "changes"))
        return number(line, 3, &want->change_hash) &&
               sscanf(line->words[2], "%" SCNu32, &want->change_count) == 1;
    if (is(name, "segments"))
        return selectors_take(line, 2, want->segments);
    uint32_t *value = register_named(want->registers, name);
    return value != NULL && number(line, 2, value);
}

/* The hash of changes that are all listed follows from the list. */
static void want_complete(struct oracle_outcome *want)
{
    if (want->change_hash != 0)
        return;
    for (uint32_t i = 0; i < want->change_count; i++) {
        want->change_hash = (want->change_hash ^ want->changes[i].address) * 0x01000193u;
        want->change_hash = (want->change_hash ^ want->changes[i].value) * 0x01000193u;
    }
}

bool vector_read(FILE *from, struct vector_text *vector, const char **error)
{
    struct line line;
    memset(vector, 0, sizeof *vector);
    *error = NULL;
    bool any = false;
    while (line_read(from, &line)) {
        any = true;
        if (is(line.words[0], "end")) {
            want_complete(&vector->want);
            return true;
        }
        bool taken = is(line.words[0], "want") ? want_line_take(&line, &vector->want)
                                               : program_line_take(&line, vector);
        if (!taken) {
            *error = "a line that is not understood";
            return false;
        }
    }
    if (any)
        *error = "the last vector has no end";
    return false;
}
