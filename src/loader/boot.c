#include "loader/boot.h"

#include <string.h>

#include "base/bits.h"

/*
 * SDM 3A 3.4.5: base 0, limit FFFFFh pages, present, DPL 0, 32-bit; the accessed bit is set so that loading a
 * selector writes nothing.
 */
#define FLAT_CODE_DESCRIPTOR 0x00cf9b000000ffffull
#define FLAT_DATA_DESCRIPTOR 0x00cf93000000ffffull

void boot_gdt_write(uint8_t gdt[BOOT_GDT_SIZE])
{
    memset(gdt, 0, BOOT_GDT_SIZE);
    store_le64(gdt + BOOT_CODE_SELECTOR, FLAT_CODE_DESCRIPTOR);
    store_le64(gdt + BOOT_DATA_SELECTOR, FLAT_DATA_DESCRIPTOR);
}

void boot_state_protected(struct boot_state *state, uint32_t eip, uint32_t gdt_base)
{
    memset(state, 0, sizeof *state);
    state->entry = BOOT_PROTECTED;
    state->eip = eip;
    state->code_selector = BOOT_CODE_SELECTOR;
    state->data_selector = BOOT_DATA_SELECTOR;
    state->gdt_base = gdt_base;
    state->gdt_limit = BOOT_GDT_SIZE - 1;
}
