#include "loader/load.h"

#include <string.h>

#include "base/invariant.h"
#include "loader/bzimage.h"
#include "loader/flat.h"
#include "loader/folder.h"
#include "loader/multiboot.h"
#include "loader/recognise.h"
#include "loader/rom.h"

#define PATH_SIZE 4096 /* Linux opens nothing longer */

bool load_file(const char *path, struct file_bytes *file, struct error *error)
{
    if (!file_read(path, LOAD_FILE_MAX, file, error))
        return false;
    if (!file_gunzip(path, LOAD_FILE_MAX, file, error)) {
        file_bytes_free(file);
        return false;
    }
    return true;
}

/* An option without effect would be a silent mistake of the user's. */
static bool options_check(const struct load_request *request, enum load_kind kind, struct error *error)
{
    const char *name = recognise_kind_name(kind);
    if (request->initrd != NULL && kind != LOAD_BZIMAGE) {
        return error_set(
            error, ERROR_USAGE,
            "%s: a %s takes no initrd, only a Linux bzImage does; remedy: give '%s' as a module to a "
            "multiboot kernel, or leave it out",
            request->path, name, request->initrd);
    }
    if (request->modules[0] != NULL && kind != LOAD_MULTIBOOT) {
        return error_set(error, ERROR_USAGE,
                         "%s: a %s takes no modules, only a multiboot kernel does; remedy: leave '%s' out",
                         request->path, name, request->modules[0]);
    }
    if (request->command_line != NULL && request->command_line[0] != '\0' && kind != LOAD_MULTIBOOT &&
        kind != LOAD_BZIMAGE) {
        return error_set(error, ERROR_USAGE, "%s: a %s has no command line; remedy: leave it out",
                         request->path, name);
    }
    return true;
}

static bool image_load(const struct boot_memory *boot, const struct load_request *request,
                       enum load_kind kind, const struct file_bytes *file, struct boot_state *state,
                       struct error *error)
{
    switch (kind) {
    case LOAD_MULTIBOOT:
        return multiboot_load(boot, request, file, state, error);
    case LOAD_BZIMAGE:
        return bzimage_load(boot, request, file, state, error);
    case LOAD_FLAT:
        return flat_load(boot, request, file, state, error);
    case LOAD_ROM:
        return rom_load(boot, request, file, state, error);
    case LOAD_RECOGNISE:
        break;
    }
    INVARIANT(!"a kind of image without a loader");
    return false;
}

bool load_image(const struct boot_memory *boot, const struct load_request *request, struct boot_state *state,
                struct error *error)
{
    struct file_bytes file;
    char path[PATH_SIZE];
    struct load_request found = *request;
    enum load_kind kind = request->kind;
    memset(state, 0, sizeof *state);
    if (!folder_find_image(request->path, path, sizeof path, error) || !load_file(path, &file, error))
        return false;
    found.path = path;
    const bool loaded = (kind != LOAD_RECOGNISE || recognise_kind(path, &file, &kind, error)) &&
                        options_check(&found, kind, error) &&
                        image_load(boot, &found, kind, &file, state, error);
    file_bytes_free(&file);
    return loaded;
}
