/*
 * BIOS ROM images: 64 to 256 KiB in whole 64 KiB, mapped so that the last byte is at FFFFFh and, as on every
 * PC since the 386, a second time so that it is at FFFFFFFFh, where the processor starts.
 */
#ifndef GATE86_LOADER_ROM_H
#define GATE86_LOADER_ROM_H

#include "loader/load.h"

#define ROM_SIZE_STEP 0x10000u
#define ROM_SIZE_MAX  0x40000u

/* True when the size is that of a ROM and the reset vector, 16 bytes before the end, is programmed. */
bool rom_is_rom(const struct file_bytes *file);

/*
 * Maps a copy of the file, which state->rom owns afterwards. ROM or RAM that the board has there is unmapped;
 * such a region must lie within C0000h-FFFFFh or within the last 256 KiB below 4 GiB.
 */
MUST_USE bool rom_load(const struct boot_memory *boot, const struct load_request *request,
                       const struct file_bytes *file, struct boot_state *state, struct error *error);

#endif
