/* A hash table with linear probing; nothing is ever removed from it. */
#include "storage/cluster_map.h"

#include <stdlib.h>

#define CAPACITY_START 64u

/* The multiplier spreads neighbouring numbers over the table (the golden ratio in 64 bits). */
static struct cluster_map_slot *slot_of(struct cluster_map_slot *slots, size_t capacity, uint64_t key)
{
    size_t i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (capacity - 1);
    while (slots[i].key != 0 && slots[i].key != key)
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

uint64_t *cluster_map_find(const struct cluster_map *map, uint64_t cluster)
{
    if (map->capacity == 0)
        return NULL;
    struct cluster_map_slot *slot = slot_of(map->slots, map->capacity, cluster + 1);
    return slot->key != 0 ? &slot->value : NULL;
}

static bool cluster_map_grow(struct cluster_map *map)
{
    size_t capacity = map->capacity == 0 ? CAPACITY_START : map->capacity * 2;
    struct cluster_map_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].key != 0)
            *slot_of(slots, capacity, map->slots[i].key) = map->slots[i];
    }
    free(map->slots);
    map->slots = slots;
    map->capacity = capacity;
    return true;
}

bool cluster_map_put(struct cluster_map *map, uint64_t cluster, uint64_t value)
{
    if (map->used * 2 >= map->capacity && !cluster_map_grow(map))
        return false;
    struct cluster_map_slot *slot = slot_of(map->slots, map->capacity, cluster + 1);
    map->used += slot->key == 0;
    *slot = (struct cluster_map_slot){cluster + 1, value};
    return true;
}

void cluster_map_free(struct cluster_map *map)
{
    free(map->slots);
    *map = (struct cluster_map){0};
}
