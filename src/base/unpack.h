/* Packed blocks of a known unpacked size, as disk images and traces hold them. Hostile bytes do no harm. */
#ifndef GATE86_BASE_UNPACK_H
#define GATE86_BASE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

/*
 * Unpacks until `size` bytes are there; what follows in `packed` is ignored. False: the bytes are damaged, yield
 * less, or there was no memory.
 */
MUST_USE bool unpack_deflate(const void *packed, size_t packed_size, void *bytes, size_t size); /* RFC 1951 */
MUST_USE bool unpack_zstd(const void *packed, size_t packed_size, void *bytes, size_t size);    /* RFC 8878 */

#endif
