/*
 * Compression in the manner of gzip's first half: chains of hashed triples find the longest match in a window. Unpacked
 * again and compared, each time.
 */
#include "workload.h"

#define TEXT_SIZE   32768u
#define HASH_SLOTS  4096u
#define MATCH_LEAST 3u
#define MATCH_MOST  258u
#define CHAIN_MOST  32u
#define NONE        0xffffffffu

struct packer {
    uint8_t text[TEXT_SIZE];
    uint8_t packed[2 * TEXT_SIZE];
    uint8_t unpacked[TEXT_SIZE];
    uint32_t newest[HASH_SLOTS]; /* the last place where a triple with this hash began */
    uint32_t older[TEXT_SIZE];   /* the place before, for each place */
};

/* Words from a small vocabulary with skewed frequencies: packs about as well as prose. */
static void text_fill(uint8_t *text, uint32_t *random)
{
    uint32_t at = 0;
    while (at < TEXT_SIZE) {
        uint32_t word = (random_next(random) & random_next(random)) % 512;
        uint32_t seed = word * 2654435761u + 1;
        for (uint32_t letters = 2 + word % 7; letters != 0 && at < TEXT_SIZE; letters--)
            text[at++] = (uint8_t)('a' + random_next(&seed) % 26);
        if (at < TEXT_SIZE)
            text[at++] = ' ';
    }
}

static uint32_t triple_hash(const uint8_t *at)
{
    return ((uint32_t)at[0] << 8 ^ (uint32_t)at[1] << 4 ^ at[2]) % HASH_SLOTS;
}

static uint32_t match_length(const uint8_t *a, const uint8_t *b, uint32_t most)
{
    uint32_t length = 0;
    while (length < most && a[length] == b[length])
        length++;
    return length;
}

/* The longest match of what begins at `at`; its length, 0 when there is none. */
static uint32_t match_find(const struct packer *packer, uint32_t at, uint32_t *distance)
{
    const uint32_t most = TEXT_SIZE - at < MATCH_MOST ? TEXT_SIZE - at : MATCH_MOST;
    uint32_t best = MATCH_LEAST - 1;
    uint32_t from = packer->newest[triple_hash(packer->text + at)];
    for (uint32_t tries = CHAIN_MOST; from != NONE && tries != 0; tries--) {
        const uint32_t length = match_length(packer->text + from, packer->text + at, most);
        if (length > best) {
            best = length;
            *distance = at - from;
        }
        from = packer->older[from];
    }
    return best >= MATCH_LEAST ? best : 0;
}

static void place_remember(struct packer *packer, uint32_t at)
{
    if (at + MATCH_LEAST > TEXT_SIZE)
        return;
    uint32_t *newest = &packer->newest[triple_hash(packer->text + at)];
    packer->older[at] = *newest;
    *newest = at;
}

/* A literal is 0 and the byte; a match is length - 2, and the distance in two bytes. */
static uint32_t pack(struct packer *packer)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < HASH_SLOTS; i++)
        packer->newest[i] = NONE;
    for (uint32_t at = 0; at < TEXT_SIZE;) {
        uint32_t distance = 0;
        uint32_t length = at + MATCH_LEAST <= TEXT_SIZE ? match_find(packer, at, &distance) : 0;
        if (length > 257)
            length = 257;
        if (length == 0) {
            packer->packed[used++] = 0;
            packer->packed[used++] = packer->text[at];
            length = 1;
        } else {
            packer->packed[used++] = (uint8_t)(length - 2);
            packer->packed[used++] = (uint8_t)distance;
            packer->packed[used++] = (uint8_t)(distance >> 8);
        }
        for (uint32_t end = at + length; at < end; at++)
            place_remember(packer, at);
    }
    return used;
}

static uint32_t unpack(struct packer *packer, uint32_t used)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < used;) {
        const uint32_t code = packer->packed[i++];
        if (code == 0) {
            packer->unpacked[at++] = packer->packed[i++];
            continue;
        }
        const uint32_t distance = packer->packed[i] | (uint32_t)packer->packed[i + 1] << 8;
        i += 2;
        for (uint32_t left = code + 2; left != 0; left--, at++)
            packer->unpacked[at] = packer->unpacked[at - distance];
    }
    return at;
}

uint32_t run_compress(uint32_t count)
{
    static struct packer packer;
    uint32_t random = 8;
    uint32_t check = CHECK_START;
    for (uint32_t round = 0; round < count; round++) {
        text_fill(packer.text, &random);
        const uint32_t used = pack(&packer);
        if (unpack(&packer, used) != TEXT_SIZE)
            return 0;
        for (uint32_t i = 0; i < TEXT_SIZE; i++)
            if (packer.unpacked[i] != packer.text[i])
                return 0;
        check = check_add(check, used);
        for (uint32_t i = 0; i < used; i++)
            check = check_add(check, packer.packed[i]);
    }
    return check;
}
