/* Flat binaries: raw bytes at an address, entered there in 32-bit protected mode with flat segments. */
#ifndef GATE86_LOADER_FLAT_H
#define GATE86_LOADER_FLAT_H

#include "loader/load.h"

/* Loads at request->load_address. EIP is that address, ESP the top of conventional memory's free part. */
MUST_USE bool flat_load(const struct boot_memory *boot, const struct load_request *request,
                        const struct file_bytes *file, struct boot_state *state, struct error *error);

#endif
