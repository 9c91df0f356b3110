/* Packed blocks, whole and damaged. */
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/unpack.h"
#include "unit/suite.h"

#define SIZE 65536u

static unsigned char plain[SIZE], packed[2 * SIZE], result[SIZE];

static void fill(void)
{
    unsigned seed = 1;
    for (size_t i = 0; i < SIZE; i++) {
        seed = seed * 1103515245u + 12345u;
        plain[i] = "abcd"[seed >> 30];
    }
}

static size_t pack_deflate(void)
{
    z_stream stream = {.next_in = plain, .avail_in = SIZE, .next_out = packed, .avail_out = sizeof packed};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    return size;
}

/* Followed by other bytes, cut short, and asked for more than there is. */
static void try_all(bool (*unpack)(const void *, size_t, void *, size_t), size_t size)
{
    memset(packed + size, 0x5a, sizeof packed - size);
    memset(result, 0, sizeof result);
    ck_assert(unpack(packed, size, result, SIZE));
    ck_assert_mem_eq(result, plain, SIZE);
    memset(result, 0, sizeof result);
    ck_assert(unpack(packed, size + 300, result, SIZE));
    ck_assert_mem_eq(result, plain, SIZE);
    ck_assert(unpack(packed, size, result, SIZE / 2));
    ck_assert(!unpack(packed, size / 2, result, SIZE));
    ck_assert(!unpack(packed, 0, result, SIZE));
    ck_assert(!unpack(packed + 100, size - 100, result, SIZE));
}

START_TEST(deflated_blocks_are_unpacked)
{
    fill();
    try_all(unpack_deflate, pack_deflate());
}
END_TEST

START_TEST(zstd_blocks_are_unpacked)
{
    fill();
    size_t size = ZSTD_compress(packed, sizeof packed, plain, SIZE, 3);
    ck_assert(!ZSTD_isError(size));
    try_all(unpack_zstd, size);
}
END_TEST

UNIT_SUITE("unpack", deflated_blocks_are_unpacked, zstd_blocks_are_unpacked)
