/* Hashes chain through their seed. */
#include "base/hash.h"
#include "unit/suite.h"

START_TEST(the_hash_is_xxh3)
{
    /* The published test vector: XXH3_64bits of no bytes, seed 0. */
    ck_assert(hash_bytes("", 0, 0) == 0x2d06800538d394c2ull);
}
END_TEST

START_TEST(bytes_and_seed_both_count)
{
    ck_assert(hash_bytes("a", 1, 0) != hash_bytes("b", 1, 0));
    ck_assert(hash_bytes("a", 1, 0) != hash_bytes("a", 1, 1));
    ck_assert(hash_bytes("a", 1, 7) == hash_bytes("a", 1, 7));
}
END_TEST

UNIT_SUITE("hash", the_hash_is_xxh3, bytes_and_seed_both_count)
