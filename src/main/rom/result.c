/* Results of ROMs, in memory and as bytes. */
#include "main/rom/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

static char *copy_text(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    INVARIANT(copy != NULL);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void rom_cases_add(struct rom_cases *cases, enum rom_case_kind kind, const char *name, size_t name_length,
                   const char *detail, size_t detail_length)
{
    if (cases->count == ROM_CASES_MAX || cases->text + name_length + detail_length > ROM_CASES_TEXT_MAX) {
        cases->dropped++;
        return;
    }
    cases->text += name_length + detail_length;
    if (cases->count == cases->room) {
        cases->room = cases->room == 0 ? 64 : cases->room * 2;
        cases->list = realloc(cases->list, cases->room * sizeof *cases->list);
        INVARIANT(cases->list != NULL);
    }
    cases->list[cases->count++] = (struct rom_case){
        .kind = kind,
        .name = copy_text(name, name_length),
        .detail = copy_text(detail, detail_length),
    };
    cases->of_kind[kind]++;
}

void rom_cases_add_text(struct rom_cases *cases, enum rom_case_kind kind, const char *name,
                        const char *detail)
{
    rom_cases_add(cases, kind, name, strlen(name), detail, strlen(detail));
}

void rom_cases_free(struct rom_cases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        free(cases->list[i].name);
        free(cases->list[i].detail);
    }
    free(cases->list);
    memset(cases, 0, sizeof *cases);
}

void rom_result_init(struct rom_result *result)
{
    memset(result, 0, sizeof *result);
    result->end = copy_text("", 0);
    result->explanation = copy_text("", 0);
    result->text = copy_text("", 0);
}

void rom_result_free(struct rom_result *result)
{
    rom_cases_free(&result->cases);
    free(result->end);
    free(result->explanation);
    free(result->text);
    memset(result, 0, sizeof *result);
}

void rom_result_set(char **owned, const char *text)
{
    char *copy = copy_text(text, strlen(text));
    free(*owned);
    *owned = copy;
}

/* ---- as bytes: numbers of eight bytes, texts with their length before them ---- */

struct packer {
    uint8_t *bytes;
    size_t used, room;
};

static void pack_bytes(struct packer *packer, const void *bytes, size_t count)
{
    if (packer->room - packer->used < count) {
        packer->room = (packer->room + count) * 2;
        packer->bytes = realloc(packer->bytes, packer->room);
        INVARIANT(packer->bytes != NULL);
    }
    if (count > 0)
        memcpy(packer->bytes + packer->used, bytes, count);
    packer->used += count;
}

static void pack_number(struct packer *packer, uint64_t number)
{
    pack_bytes(packer, &number, sizeof number);
}

static void pack_text(struct packer *packer, const char *text)
{
    size_t length = strlen(text);
    pack_number(packer, length);
    pack_bytes(packer, text, length);
}

uint8_t *rom_result_pack(const struct rom_result *result, size_t *count)
{
    struct packer packer = {NULL, 0, 0};
    pack_number(&packer, (uint64_t)result->status);
    pack_number(&packer, result->instructions);
    pack_number(&packer, result->host_ns);
    pack_text(&packer, result->end);
    pack_text(&packer, result->explanation);
    pack_text(&packer, result->text);
    pack_number(&packer, result->cases.count);
    for (size_t i = 0; i < result->cases.count; i++) {
        pack_number(&packer, result->cases.list[i].kind);
        pack_text(&packer, result->cases.list[i].name);
        pack_text(&packer, result->cases.list[i].detail);
    }
    *count = packer.used;
    return packer.bytes;
}

struct unpacker {
    const uint8_t *bytes;
    size_t left;
};

static bool unpack_number(struct unpacker *unpacker, uint64_t *number)
{
    if (unpacker->left < sizeof *number)
        return false;
    memcpy(number, unpacker->bytes, sizeof *number);
    unpacker->bytes += sizeof *number;
    unpacker->left -= sizeof *number;
    return true;
}

/* Points into the packed bytes. */
static bool unpack_view(struct unpacker *unpacker, const char **text, size_t *length)
{
    uint64_t number;
    if (!unpack_number(unpacker, &number) || number > unpacker->left)
        return false;
    *text = (const char *)unpacker->bytes;
    *length = (size_t)number;
    unpacker->bytes += number;
    unpacker->left -= (size_t)number;
    return true;
}

static bool unpack_text(struct unpacker *unpacker, char **owned)
{
    const char *text;
    size_t length;
    if (!unpack_view(unpacker, &text, &length))
        return false;
    free(*owned);
    *owned = copy_text(text, length);
    return true;
}

static bool unpack_case(struct unpacker *unpacker, struct rom_cases *cases)
{
    uint64_t kind;
    const char *name, *detail;
    size_t name_length, detail_length;
    if (!unpack_number(unpacker, &kind) || kind >= ROM_CASE_KINDS ||
        !unpack_view(unpacker, &name, &name_length) || !unpack_view(unpacker, &detail, &detail_length))
        return false;
    rom_cases_add(cases, (enum rom_case_kind)kind, name, name_length, detail, detail_length);
    return true;
}

bool rom_result_unpack(const uint8_t *bytes, size_t count, struct rom_result *result)
{
    struct unpacker unpacker = {bytes, count};
    uint64_t status, cases;
    if (!unpack_number(&unpacker, &status) || !unpack_number(&unpacker, &result->instructions) ||
        !unpack_number(&unpacker, &result->host_ns) || !unpack_text(&unpacker, &result->end) ||
        !unpack_text(&unpacker, &result->explanation) || !unpack_text(&unpacker, &result->text) ||
        !unpack_number(&unpacker, &cases))
        return false;
    result->status = (int)status;
    for (uint64_t i = 0; i < cases; i++) {
        if (!unpack_case(&unpacker, &result->cases))
            return false;
    }
    return unpacker.left == 0;
}
