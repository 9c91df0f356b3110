#include "loader/rom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

#define LOW_TOP           0x100000ull
#define HIGH_TOP          0x100000000ull
#define RESET_VECTOR_SIZE 16u

static bool size_is_rom(size_t size)
{
    return size != 0 && size <= ROM_SIZE_MAX && size % ROM_SIZE_STEP == 0;
}

/* Erased flash reads FFh, filled-up files 00h: neither starts anything. */
static bool reset_vector_is_blank(const struct file_bytes *file)
{
    const uint8_t *vector = file->bytes + file->size - RESET_VECTOR_SIZE;
    if (vector[0] != 0x00 && vector[0] != 0xff)
        return false;
    for (unsigned i = 1; i < RESET_VECTOR_SIZE; i++)
        if (vector[i] != vector[0])
            return false;
    return true;
}

bool rom_is_rom(const struct file_bytes *file)
{
    return size_is_rom(file->size) && !reset_vector_is_blank(file);
}

/* Takes away what the board has mapped in the way, by whole regions. */
static void range_unmap(struct memory *memory, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end; at += PAGE_SIZE) {
        const struct memory_region *region = memory_find(memory, at);
        if (region != NULL) {
            INVARIANT(region->base >= end - ROM_SIZE_MAX && region->base + region->size <= end);
            memory_unmap(memory, region->base);
        }
    }
}

bool rom_load(const struct boot_memory *boot, const struct load_request *request,
              const struct file_bytes *file, struct boot_state *state, struct error *error)
{
    const size_t size = file->size;
    if (!size_is_rom(size)) {
        return error_set(
            error, ERROR_INPUT,
            "%s: %zu bytes, expected a BIOS ROM of 65536, 131072, 196608 or 262144 bytes; remedy: pad it at "
            "the front, its last 16 bytes are the reset vector",
            request->path, size);
    }
    if (reset_vector_is_blank(file)) {
        return error_set(
            error, ERROR_INPUT,
            "%s: the reset vector at offset %zu is blank (16 bytes of %02Xh), expected code; remedy: pad the "
            "image at the front, not at the end",
            request->path, size - RESET_VECTOR_SIZE, file->bytes[size - RESET_VECTOR_SIZE]);
    }
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return error_set(error, ERROR_HOST, "%s: no memory for %zu bytes of ROM", request->path, size);
    memcpy(bytes, file->bytes, size);
    range_unmap(boot->memory, LOW_TOP - size, LOW_TOP);
    range_unmap(boot->memory, HIGH_TOP - size, HIGH_TOP);
    memory_map_rom(boot->memory, "BIOS ROM", LOW_TOP - size, size, bytes);
    memory_map_rom(boot->memory, "BIOS ROM below 4 GiB", HIGH_TOP - size, size, bytes);
    memset(state, 0, sizeof *state);
    state->entry = BOOT_RESET;
    state->rom = (struct file_bytes){bytes, size};
    snprintf(state->description, sizeof state->description, "BIOS ROM, %zu KiB at %llXh", size / 1024,
             (unsigned long long)(LOW_TOP - size));
    return true;
}
