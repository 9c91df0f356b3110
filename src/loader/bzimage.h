/*
 * Linux kernels in bzImage format by the 32-bit boot protocol (the kernel's Documentation/x86/boot.rst,
 * "32-bit Boot Protocol"), protocol 2.02 and later.
 *
 * NOT IMPLEMENTED: zImage (loaded below 1 MiB), setup_data, EFI and EDD information.
 */
#ifndef GATE86_LOADER_BZIMAGE_H
#define GATE86_LOADER_BZIMAGE_H

#include "loader/load.h"

/* True when the boot sector's AA55h and the magic "HdrS" are where a Linux image has them. */
bool bzimage_is_bzimage(const struct file_bytes *file);

MUST_USE bool bzimage_load(const struct boot_memory *boot, const struct load_request *request,
                           const struct file_bytes *file, struct boot_state *state, struct error *error);

#endif
