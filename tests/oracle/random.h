/* Random numbers: the same seed gives the same programs on every host (xorshift64*, Vigna 2016). */
#ifndef GATE86_TESTS_ORACLE_RANDOM_H
#define GATE86_TESTS_ORACLE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state; /* never 0 */
};

static inline void random_seed(struct random *random, uint64_t seed)
{
    random->state = (seed + 1) * 0x9e3779b97f4a7c15ull | 1;
}

static inline uint32_t random_word(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * 0x2545f4914f6cdd1dull) >> 32);
}

static inline uint32_t random_below(struct random *random, uint32_t limit)
{
    return (uint32_t)((uint64_t)random_word(random) * limit >> 32);
}

static inline bool random_percent(struct random *random, unsigned percent)
{
    return random_below(random, 100) < percent;
}

#endif
