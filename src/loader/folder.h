/* A folder in the place of an image: it stands for the kernel in it that bears its name. */
#ifndef GATE86_LOADER_FOLDER_H
#define GATE86_LOADER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

/*
 * Writes the path to read into `result`: `path` itself, or, when that is a folder, the file NAME.elf in it, NAME being the
 * folder's own. ERROR_INPUT when a folder has no such file or the path is longer than `size`. A path that is not there is
 * left alone: whoever opens it says so.
 */
MUST_USE bool folder_find_image(const char *path, char *result, size_t size, struct error *error);

#endif
