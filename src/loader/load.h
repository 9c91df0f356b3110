/*
 * Images into guest memory: one entry point for all kinds. A loader reads host files, writes guest RAM and
 * says with which registers the image starts; it touches no processor and no device. The A20 gate must be
 * open.
 */
#ifndef GATE86_LOADER_LOAD_H
#define GATE86_LOADER_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/file.h"
#include "loader/boot.h"

#define LOAD_FILE_MAX (1u << 30) /* no image, module or initrd may be larger, packed or unpacked; bytes */

enum load_kind {
    LOAD_RECOGNISE, /* by the file's contents */
    LOAD_MULTIBOOT,
    LOAD_BZIMAGE,
    LOAD_FLAT,
    LOAD_ROM,
};

struct load_request {
    enum load_kind kind;
    const char *path;
    const char *command_line;              /* multiboot and bzImage; NULL: empty */
    const char *initrd;                    /* bzImage: path or NULL */
    const char *modules[BOOT_MODULES_MAX]; /* multiboot: "path arguments" each, NULL-ended when fewer */
    uint32_t load_address;                 /* flat: physical, also the entry */
};

/*
 * Reads, unpacks (gzip), recognises and loads request->path; a folder stands for its kernel (folder.h). On failure
 * *error names the file, the offset, what was expected and the remedy (ERROR_INPUT); an option that the image's
 * kind has no use for is ERROR_USAGE. Guest memory may be half written then; nothing else is left behind.
 */
MUST_USE bool load_image(const struct boot_memory *boot, const struct load_request *request,
                         struct boot_state *state, struct error *error);

/* Reads a file and unpacks it when it is gzip-packed. Release with file_bytes_free. */
MUST_USE bool load_file(const char *path, struct file_bytes *file, struct error *error);

#endif
