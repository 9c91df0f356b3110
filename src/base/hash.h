/* 64-bit hashes for state comparison (XXH3 from libxxhash). Not for security. */
#ifndef GATE86_BASE_HASH_H
#define GATE86_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Hash of `size` bytes; `seed` chains calls. */
uint64_t hash_bytes(const void *bytes, size_t size, uint64_t seed);

#endif
