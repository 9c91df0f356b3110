/* Hashes, and copies by string instructions and by ordinary moves. */
#include "workload.h"

#define HASH_BYTES  16384u
#define COPY_WORDS  4096u
#define COPY_ROUNDS 8u

/* FIPS 180-4, 4.2.2 and 5.3.3: the fractions of cube and square roots of the first primes. */
/* clang-format off */
static const uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
/* clang-format on */

static uint32_t rotated(uint32_t value, unsigned right)
{
    return value >> right | value << (32 - right);
}

/* FIPS 180-4, 6.2.2: one block of 64 bytes. */
static void sha256_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 8; i++)
        s[i] = state[i];
    for (int i = 0; i < 64; i++) {
        const uint32_t t1 = s[7] + (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)) +
                            ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha256_constants[i] + w[i];
        const uint32_t t2 = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)) +
                            ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        for (int j = 7; j > 0; j--)
            s[j] = s[j - 1];
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

static void bytes_fill(uint8_t *bytes, uint32_t size, uint32_t seed)
{
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_next(&seed);
}

uint32_t run_sha256(uint32_t count)
{
    static uint8_t bytes[HASH_BYTES];
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    bytes_fill(bytes, HASH_BYTES, 4);
    for (uint32_t round = 0; round < count; round++)
        for (uint32_t at = 0; at < HASH_BYTES; at += 64)
            sha256_block(state, bytes + at);
    return state[0] ^ state[7];
}

uint32_t run_crc32(uint32_t count)
{
    static uint8_t bytes[HASH_BYTES];
    uint32_t table[256];
    uint32_t crc = ~0u;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    bytes_fill(bytes, HASH_BYTES, 5);
    for (uint32_t round = 0; round < count; round++)
        for (uint32_t i = 0; i < HASH_BYTES; i++)
            crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}

static uint32_t words_check(const uint32_t *words)
{
    uint32_t check = CHECK_START;
    for (uint32_t i = 0; i < COPY_WORDS; i += 61)
        check = check_add(check, words[i]);
    return check;
}

/* MOVSD, STOSB, SCASB and short MOVSB, all with REP. */
uint32_t run_copy_rep(uint32_t count)
{
    static uint32_t from[COPY_WORDS], to[COPY_WORDS];
    uint32_t check = CHECK_START;
    bytes_fill((uint8_t *)from, sizeof from, 6);
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < COPY_ROUNDS; i++) {
            void *source = from, *target = to;
            uint32_t words = COPY_WORDS;
            asm volatile("rep movsl" : "+S"(source), "+D"(target), "+c"(words) : : "memory");
            target = from + 16 * i;
            words = 37;
            asm volatile("rep stosb" : "+D"(target), "+c"(words) : "a"(round + i) : "memory");
            source = to + 64 * i;
            target = from + 2048 + 16 * i;
            words = 13;
            asm volatile("rep movsb" : "+S"(source), "+D"(target), "+c"(words) : : "memory");
        }
        void *at = to;
        uint32_t left = sizeof to;
        asm volatile("repne scasb" : "+D"(at), "+c"(left) : "a"((uint8_t)round) : "memory", "cc");
        check = check_add(check, left + words_check(to));
    }
    return check;
}

/* The compiler is told not to make MEMCPY of these loops. */
uint32_t run_copy_plain(uint32_t count)
{
    static uint32_t from[COPY_WORDS], to[COPY_WORDS];
    uint32_t check = CHECK_START;
    bytes_fill((uint8_t *)from, sizeof from, 7);
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < COPY_WORDS; i++)
            to[i] = from[i];
        const uint8_t *source = (const uint8_t *)to + round % 4;
        uint8_t *target = (uint8_t *)from;
        for (uint32_t i = 0; i < COPY_WORDS; i++)
            target[i] = source[i];
        check = check_add(check, words_check(to));
    }
    return check;
}
