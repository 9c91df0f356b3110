/* What kind of image a file is, by its contents. */
#ifndef GATE86_LOADER_RECOGNISE_H
#define GATE86_LOADER_RECOGNISE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/file.h"
#include "loader/load.h"

/*
 * The kind of an (unpacked) file. An ELF file counts as multiboot even without a header, so that the loader
 * can say what is missing. ERROR_INPUT says what else the file seems to be and what to do.
 */
MUST_USE bool recognise_kind(const char *path, const struct file_bytes *file, enum load_kind *kind,
                             struct error *error);

/* "multiboot kernel", "Linux bzImage", "flat binary", "BIOS ROM". */
const char *recognise_kind_name(enum load_kind kind);

#endif
