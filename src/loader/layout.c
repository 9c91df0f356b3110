#include "loader/layout.h"

#include <stdio.h>

#include "base/invariant.h"

#define MEBIBYTE       0x100000u
#define FOUR_GIBIBYTES 0x100000000ull

static const uint8_t zero_bytes[65536];

void layout_init(struct layout *layout, const struct boot_memory *boot)
{
    INVARIANT(boot->low_end <= 0xa0000 && boot->high_end >= LAYOUT_HIGH_START &&
              boot->high_end <= FOUR_GIBIBYTES);
    layout->boot = boot;
    layout->used = 0;
}

static bool range_is_ram(const struct boot_memory *boot, uint64_t start, uint64_t end)
{
    return end <= boot->low_end || (start >= LAYOUT_HIGH_START && end <= boot->high_end);
}

static const struct layout_range *range_overlapping(const struct layout *layout, uint64_t start, uint64_t end)
{
    for (unsigned i = 0; i < layout->used; i++) {
        const struct layout_range *range = &layout->ranges[i];
        if (start < range->end && range->start < end)
            return range;
    }
    return NULL;
}

static void range_add(struct layout *layout, const char *what, uint64_t start, uint64_t size)
{
    INVARIANT(layout->used < LAYOUT_RANGES_MAX);
    struct layout_range *range = &layout->ranges[layout->used++];
    range->start = start;
    range->end = start + size;
    snprintf(range->what, sizeof range->what, "%s", what);
}

static bool error_not_ram(const struct boot_memory *boot, const char *path, const char *what, uint64_t start,
                          uint64_t end, struct error *error)
{
    if (start >= LAYOUT_HIGH_START && end > boot->high_end && end <= FOUR_GIBIBYTES) {
        return error_set(
            error, ERROR_INPUT,
            "%s: %s needs RAM from %llXh to %llXh, but RAM ends at %llXh; remedy: give the machine at "
            "least %llu MiB",
            path, what, (unsigned long long)start, (unsigned long long)end,
            (unsigned long long)boot->high_end, (unsigned long long)((end + MEBIBYTE - 1) / MEBIBYTE));
    }
    return error_set(
        error, ERROR_INPUT,
        "%s: %s goes to %llXh-%llXh, which is not all RAM (RAM is 0-%llXh and 100000h-%llXh); remedy: "
        "link the image to an address in RAM, usually 100000h",
        path, what, (unsigned long long)start, (unsigned long long)end, (unsigned long long)boot->low_end,
        (unsigned long long)boot->high_end);
}

bool layout_take(struct layout *layout, const char *path, const char *what, uint64_t start, uint64_t size,
                 struct error *error)
{
    const uint64_t end = start + size;
    if (end < start || !range_is_ram(layout->boot, start, end))
        return error_not_ram(layout->boot, path, what, start, end, error);
    const struct layout_range *other = range_overlapping(layout, start, end);
    if (other != NULL) {
        return error_set(
            error, ERROR_INPUT,
            "%s: %s (%llXh-%llXh) overlaps %s (%llXh-%llXh); remedy: link the image so that its parts "
            "lie apart",
            path, what, (unsigned long long)start, (unsigned long long)end, other->what,
            (unsigned long long)other->start, (unsigned long long)other->end);
    }
    range_add(layout, what, start, size);
    return true;
}

bool layout_place_above(struct layout *layout, const char *what, uint64_t floor, uint64_t size,
                        uint64_t alignment, uint64_t *address)
{
    uint64_t start = (floor + alignment - 1) & ~(alignment - 1);
    while (start + size <= layout->boot->high_end) {
        if (start < LAYOUT_HIGH_START && start + size > layout->boot->low_end) {
            start = LAYOUT_HIGH_START;
            continue;
        }
        const struct layout_range *other = range_overlapping(layout, start, start + size);
        if (other == NULL) {
            range_add(layout, what, start, size);
            *address = start;
            return true;
        }
        start = (other->end + alignment - 1) & ~(alignment - 1);
    }
    return false;
}

bool layout_place_below(struct layout *layout, const char *what, uint64_t ceiling, uint64_t floor,
                        uint64_t size, uint64_t alignment, uint64_t *address)
{
    uint64_t end = ceiling < layout->boot->high_end ? ceiling : layout->boot->high_end;
    while (end >= size) {
        const uint64_t start = (end - size) & ~(alignment - 1);
        if (start < floor)
            return false;
        if (!range_is_ram(layout->boot, start, start + size)) {
            if (end <= layout->boot->low_end)
                return false;
            end = layout->boot->low_end;
            continue;
        }
        const struct layout_range *other = range_overlapping(layout, start, start + size);
        if (other == NULL) {
            range_add(layout, what, start, size);
            *address = start;
            return true;
        }
        end = other->start;
    }
    return false;
}

bool layout_place_tables(struct layout *layout, const char *path, uint64_t size, uint64_t *address,
                         struct error *error)
{
    /* Page 0 is left to the real-mode vectors and the BIOS data area. */
    if (layout_place_below(layout, "the boot information", layout->boot->low_end, PAGE_SIZE, size, PAGE_SIZE,
                           address) ||
        layout_place_below(layout, "the boot information", layout->boot->high_end, LAYOUT_HIGH_START, size,
                           PAGE_SIZE, address))
        return true;
    return error_set(
        error, ERROR_INPUT,
        "%s: no room for %llu bytes of boot information beside the image; remedy: give the machine "
        "more memory",
        path, (unsigned long long)size);
}

void layout_clear(struct layout *layout, uint64_t start, uint64_t size)
{
    while (size > 0) {
        const uint64_t part = size < sizeof zero_bytes ? size : sizeof zero_bytes;
        layout_write(layout, start, zero_bytes, part);
        start += part;
        size -= part;
    }
}

void layout_write(struct layout *layout, uint64_t start, const void *bytes, uint64_t size)
{
    if (size == 0)
        return;
    const bool copied = memory_copy_in(layout->boot->memory, start, bytes, size);
    INVARIANT(copied);
}
