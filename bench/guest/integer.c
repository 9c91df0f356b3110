/* Integer work in registers and small arrays: a mix, sorting, recursion, numbers wider than a register. */
#include "workload.h"

#define MIX_WORDS    1024u
#define MIX_STEPS    10000u
#define SORT_NUMBERS 20000u
#define QUEENS       8u
#define WIDE_WORDS   32u

/* Additions, shifts, multiplications, divisions, table look-ups and branches that depend on the data. */
uint32_t run_mix(uint32_t count)
{
    static uint32_t table[MIX_WORDS];
    uint32_t random = 1;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < MIX_WORDS; i++)
        table[i] = random_next(&random);
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t step = 0; step < MIX_STEPS; step++) {
            const uint32_t value = table[(sum ^ step) % MIX_WORDS];
            if (value & 1)
                sum += value * 0x9e3779b1u;
            else
                sum = (sum << 7 | sum >> 25) - value;
            if ((value >> 8 & 15) == 3)
                sum ^= value / (sum % 1000 + 1);
            table[step % MIX_WORDS] += sum >> 3;
        }
    }
    return sum;
}

static void sort_quick(uint32_t *first, uint32_t *last)
{
    while (last - first > 12) {
        const uint32_t pivot = first[(last - first) / 2];
        uint32_t *low = first, *high = last;
        while (low <= high) {
            while (*low < pivot)
                low++;
            while (*high > pivot)
                high--;
            if (low <= high) {
                const uint32_t kept = *low;
                *low++ = *high;
                *high-- = kept;
            }
        }
        /* The shorter part by recursion keeps the stack small. */
        if (high - first < last - low) {
            sort_quick(first, high);
            first = low;
        } else {
            sort_quick(low, last);
            last = high;
        }
    }
    for (uint32_t *at = first + 1; at <= last; at++) {
        const uint32_t value = *at;
        uint32_t *to = at;
        for (; to > first && to[-1] > value; to--)
            *to = to[-1];
        *to = value;
    }
}

uint32_t run_sort(uint32_t count)
{
    static uint32_t numbers[SORT_NUMBERS];
    uint32_t random = 2;
    uint32_t check = CHECK_START;
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < SORT_NUMBERS; i++)
            numbers[i] = random_next(&random);
        sort_quick(numbers, numbers + SORT_NUMBERS - 1);
        for (uint32_t i = 1; i < SORT_NUMBERS; i++)
            if (numbers[i - 1] > numbers[i])
                return 0;
        for (uint32_t i = 0; i < SORT_NUMBERS; i += 97)
            check = check_add(check, numbers[i]);
    }
    return check;
}

/* Every call a real one: what is measured is CALL, RET and the stack. */
__attribute__((noinline)) static uint32_t queens_place(uint32_t columns, uint32_t left, uint32_t right)
{
    const uint32_t all = (1u << QUEENS) - 1;
    uint32_t solutions = 0;
    if (columns == all)
        return 1;
    for (uint32_t open = all & ~(columns | left | right); open != 0; open &= open - 1) {
        const uint32_t bit = open & -open;
        solutions += queens_place(columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return solutions;
}

__attribute__((noinline)) static uint32_t fibonacci(uint32_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

uint32_t run_recursion(uint32_t count)
{
    uint32_t check = CHECK_START;
    for (uint32_t round = 0; round < count; round++)
        check = check_add(check, queens_place(0, 0, 0) + fibonacci(16 + (round & 3)));
    return check;
}

/* product = a * b: MUL, ADC and chains of carries. */
static void wide_multiply(uint32_t *product, const uint32_t *a, const uint32_t *b)
{
    for (uint32_t i = 0; i < 2 * WIDE_WORDS; i++)
        product[i] = 0;
    for (uint32_t i = 0; i < WIDE_WORDS; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < WIDE_WORDS; j++) {
            carry += (uint64_t)a[i] * b[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + WIDE_WORDS] = (uint32_t)carry;
    }
}

uint32_t run_wide(uint32_t count)
{
    uint32_t a[WIDE_WORDS], b[WIDE_WORDS], product[2 * WIDE_WORDS];
    uint32_t random = 3;
    uint32_t check = CHECK_START;
    uint64_t state = 0x123456789abcdef1u;
    for (uint32_t i = 0; i < WIDE_WORDS; i++) {
        a[i] = random_next(&random);
        b[i] = random_next(&random);
    }
    for (uint32_t round = 0; round < count; round++) {
        wide_multiply(product, a, b);
        for (uint32_t i = 0; i < WIDE_WORDS; i++) {
            state = (state ^ state << 13) + product[i];
            state ^= state >> 7;
            state = state << 17 | state >> 47;
            a[i] = product[i] ^ (uint32_t)state;
            b[i] = product[WIDE_WORDS + i] | 1;
        }
        check = check_add(check, (uint32_t)(state >> 32));
    }
    return check;
}
