/* Packed blocks: a door to zlib and the door to libzstd. */
#include "base/unpack.h"

#include <limits.h>
#include <zlib.h>
#include <zstd.h>

bool unpack_deflate(const void *packed, size_t packed_size, void *bytes, size_t size)
{
    if (packed_size > UINT_MAX || size > UINT_MAX)
        return false;
    z_stream stream = {.next_in = (Bytef *)packed, /* zlib reads it only */
                       .avail_in = (uInt)packed_size,
                       .next_out = bytes,
                       .avail_out = (uInt)size};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) /* negative: no zlib header */
        return false;
    int result = inflate(&stream, Z_FINISH);
    bool complete = stream.avail_out == 0 && (result == Z_STREAM_END || result == Z_BUF_ERROR);
    inflateEnd(&stream);
    return complete;
}

bool unpack_zstd(const void *packed, size_t packed_size, void *bytes, size_t size)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (context == NULL)
        return false;
    ZSTD_inBuffer in = {packed, packed_size, 0};
    ZSTD_outBuffer out = {bytes, size, 0};
    bool moving = true;
    while (moving && out.pos < out.size) {
        size_t before_in = in.pos, before_out = out.pos;
        moving = !ZSTD_isError(ZSTD_decompressStream(context, &out, &in)) &&
                 (in.pos != before_in || out.pos != before_out);
    }
    ZSTD_freeDCtx(context);
    return out.pos == out.size;
}
