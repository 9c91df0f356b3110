/* Small arithmetic on bits that C spells awkwardly. Widths are in bits, sizes in bytes. */
#ifndef GATE86_BASE_BITS_H
#define GATE86_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* All ones in the low `size` bytes; size is 1, 2 or 4. */
static inline uint32_t size_mask(unsigned size)
{
    return size == 4 ? 0xffffffffu : (1u << (size * 8)) - 1;
}

/* The top bit of an operand of `size` bytes. */
static inline uint32_t sign_bit(unsigned size)
{
    return 1u << (size * 8 - 1);
}

/* The low `size` bytes of value, sign-extended to 32 bits. */
static inline uint32_t sign_extend(uint32_t value, unsigned size)
{
    return size == 1   ? (uint32_t)(int32_t)(int8_t)value
           : size == 2 ? (uint32_t)(int32_t)(int16_t)value
                       : value;
}

/* Bits high..low of value, shifted down; 0 <= low <= high <= 63. */
static inline uint64_t bits(uint64_t value, unsigned high, unsigned low)
{
    return (value >> low) & (~0ull >> (63 - (high - low)));
}

/* Unaligned little-endian access to host memory. gate86 runs on little-endian hosts only (checked in base/bits.c). */
static inline uint16_t load_le16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint32_t load_le32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint64_t load_le64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void store_le16(void *p, uint16_t v)
{
    memcpy(p, &v, sizeof v);
}
static inline void store_le32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}
static inline void store_le64(void *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
}

/* The same for big-endian values. */
static inline uint16_t load_be16(const void *p)
{
    return __builtin_bswap16(load_le16(p));
}
static inline uint32_t load_be32(const void *p)
{
    return __builtin_bswap32(load_le32(p));
}
static inline uint64_t load_be64(const void *p)
{
    return __builtin_bswap64(load_le64(p));
}
static inline void store_be16(void *p, uint16_t v)
{
    store_le16(p, __builtin_bswap16(v));
}
static inline void store_be32(void *p, uint32_t v)
{
    store_le32(p, __builtin_bswap32(v));
}
static inline void store_be64(void *p, uint64_t v)
{
    store_le64(p, __builtin_bswap64(v));
}

#endif
