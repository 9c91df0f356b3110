#include "loader/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool path_fits(int written, size_t size, const char *path, struct error *error)
{
    return (written >= 0 && (size_t)written < size) ||
           error_set(error, ERROR_INPUT, "%s: the path is too long", path);
}

bool folder_find_image(const char *path, char *result, size_t size, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return path_fits(snprintf(result, size, "%s", path), size, path, error);
    /* The name that "." or "nt/" has. */
    char *whole = realpath(path, NULL);
    if (whole == NULL)
        return error_set_errno(error, ERROR_INPUT, "%s: cannot be examined", path);
    const char *name = strrchr(whole, '/') + 1;
    bool good = path_fits(snprintf(result, size, "%s/%s.elf", path, name), size, path, error);
    if (good && stat(result, &status) != 0)
        good = error_set(error, ERROR_INPUT,
                         "%s: a folder without a kernel %s.elf; remedy: name the folder of that name in the "
                         "build tree (BUILD/images/%s after building the images), or the kernel's file",
                         path, name, name);
    free(whole);
    return good;
}
