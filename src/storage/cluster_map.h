/* A map from cluster numbers to numbers, for sets and tables that follow a file's real size, not its nominal one. */
#ifndef GATE86_STORAGE_CLUSTER_MAP_H
#define GATE86_STORAGE_CLUSTER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct cluster_map {
    struct cluster_map_slot {
        uint64_t key; /* cluster number + 1; 0: empty */
        uint64_t value;
    } * slots;       /* owned */
    size_t capacity; /* 0 or a power of two */
    size_t used;
};

/* All zero is an empty map. */
void cluster_map_free(struct cluster_map *map);

/* NULL: not there. Good until the next put. `cluster` is below UINT64_MAX. */
uint64_t *cluster_map_find(const struct cluster_map *map, uint64_t cluster);

/* Adds or replaces. False: no memory, and nothing has changed. */
MUST_USE bool cluster_map_put(struct cluster_map *map, uint64_t cluster, uint64_t value);

#endif
