/* Loading images, and the registers with which they start. */
#include "machine/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "loader/load.h"
#include "machine/firmware.h"

/* The last KiB of conventional memory is the extended BIOS data area, as on every PC. */
#define EBDA_SIZE 0x400u

static char *string_copy(const char *text)
{
    if (text == NULL)
        return NULL;
    char *copy = strdup(text);
    INVARIANT(copy != NULL);
    return copy;
}

static struct image_request request_copy(const struct image_request *request)
{
    struct image_request copy = {
        .kind = request->kind,
        .path = string_copy(request->path),
        .command_line = string_copy(request->command_line),
        .initrd = string_copy(request->initrd),
        .load_address = request->load_address,
    };
    for (unsigned i = 0; i < IMAGE_MODULES_MAX && request->modules[i] != NULL; i++)
        copy.modules[i] = string_copy(request->modules[i]);
    return copy;
}

void image_request_free(struct image_request *request)
{
    free((char *)request->path);
    free((char *)request->command_line);
    free((char *)request->initrd);
    for (unsigned i = 0; i < IMAGE_MODULES_MAX; i++)
        free((char *)request->modules[i]);
    memset(request, 0, sizeof *request);
}

static enum load_kind load_kind_of(enum image_kind kind)
{
    switch (kind) {
    case IMAGE_MULTIBOOT:
        return LOAD_MULTIBOOT;
    case IMAGE_BZIMAGE:
        return LOAD_BZIMAGE;
    case IMAGE_FLAT:
        return LOAD_FLAT;
    case IMAGE_ROM:
        return LOAD_ROM;
    default:
        return LOAD_RECOGNISE;
    }
}

/* Flat 4 GiB segments whose descriptors stand in the GDT that the loader placed. */
static struct segment flat_segment(uint16_t selector, bool code)
{
    struct segment segment = code ? segment_flat_code(selector, 0) : segment_flat_stack(selector, 0);
    segment_derive(&segment);
    return segment;
}

static void start_protected(struct cpu *cpu, const struct boot_state *state)
{
    cpu->gpr[EAX] = state->eax;
    cpu->gpr[ECX] = state->ecx;
    cpu->gpr[EDX] = state->edx;
    cpu->gpr[EBX] = state->ebx;
    cpu->gpr[ESP] = state->esp;
    cpu->gpr[EBP] = state->ebp;
    cpu->gpr[ESI] = state->esi;
    cpu->gpr[EDI] = state->edi;
    cpu->eip = state->eip;
    cpu->eflags = EFLAGS_1;
    cpu->cr0 = CR0_PE | CR0_ET;
    for (unsigned i = 0; i < 6; i++)
        cpu->segments[i] = flat_segment(i == CS ? state->code_selector : state->data_selector, i == CS);
    if (state->gdt_base != 0)
        cpu->gdtr = (struct table_register){.base = state->gdt_base, .limit = state->gdt_limit};
    cpu_restored(cpu);
}

static bool image_load(struct machine *machine, const struct image_request *request, struct boot_state *state,
                       struct error *error)
{
    struct memory *memory = board_memory(machine->board);
    struct boot_memory boot = {
        .memory = memory,
        .low_end = BOARD_LOW_RAM_END - EBDA_SIZE,
        .high_end = machine->config.memory_bytes,
        .acpi_rsdp = board_acpi_rsdp(machine->board),
    };
    struct load_request load = {
        .kind = load_kind_of(request->kind),
        .path = request->path,
        .command_line = request->command_line,
        .initrd = request->initrd,
        .load_address = request->load_address,
    };
    _Static_assert(IMAGE_MODULES_MAX == BOOT_MODULES_MAX, "the two lists of modules are of one length");
    memcpy(load.modules, request->modules, sizeof load.modules);
    /* Before the image, which may lie over it; A20 is open after reset. */
    firmware_write_memory(memory, BOARD_LOW_RAM_END - EBDA_SIZE);
    if (!load_image(&boot, &load, state, error))
        return false;
    if (state->entry == BOOT_PROTECTED) { /* a BIOS ROM finds the chips as they are after reset */
        firmware_write_chips(board_ports(machine->board), machine->config.memory_bytes);
        start_protected(&machine->cpu, state);
    }
    return true;
}

bool machine_load(struct machine *machine, const struct image_request *request, char *description,
                  size_t description_size, struct error *error)
{
    struct boot_state state = {0};
    if (!image_load(machine, request, &state, error))
        return false;
    machine->rom = state.rom;
    machine->image.loaded = true;
    machine->image.request = request_copy(request);
    snprintf(description, description_size, "%s", state.description);
    return true;
}

bool image_load_again(struct machine *machine, struct error *error)
{
    if (!machine->image.loaded || machine->rom.bytes != NULL)
        return true;
    struct boot_state state = {0};
    return image_load(machine, &machine->image.request, &state, error);
}
