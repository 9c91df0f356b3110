#include "loader/flat.h"

#include <stdio.h>

#include "loader/layout.h"

/* Raw code has nowhere to say that it wants a stack, so it gets one: a page, below the GDT. */
#define FLAT_STACK_SIZE PAGE_SIZE

bool flat_load(const struct boot_memory *boot, const struct load_request *request,
               const struct file_bytes *file, struct boot_state *state, struct error *error)
{
    struct layout layout;
    uint8_t gdt[BOOT_GDT_SIZE];
    uint64_t tables;
    if (file->size == 0)
        return error_set(error, ERROR_INPUT, "%s: the file is empty", request->path);
    layout_init(&layout, boot);
    if (!layout_take(&layout, request->path, "the flat binary", request->load_address, file->size, error) ||
        !layout_place_tables(&layout, request->path, FLAT_STACK_SIZE + sizeof gdt, &tables, error))
        return false;
    boot_gdt_write(gdt);
    layout_write(&layout, request->load_address, file->bytes, file->size);
    layout_write(&layout, tables + FLAT_STACK_SIZE, gdt, sizeof gdt);
    boot_state_protected(state, request->load_address, (uint32_t)tables + FLAT_STACK_SIZE);
    state->esp = (uint32_t)tables + FLAT_STACK_SIZE;
    snprintf(state->description, sizeof state->description, "flat binary, %zu bytes at %Xh", file->size,
             request->load_address);
    return true;
}
