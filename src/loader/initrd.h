/* Initial RAM disks: is the file whole? The kernel unpacks it itself. */
#ifndef GATE86_LOADER_INITRD_H
#define GATE86_LOADER_INITRD_H

#include "base/error.h"
#include "base/file.h"

/*
 * Walks cpio archives (newc), plain and gzip-packed, one after another as the kernel takes them, and fails
 * where one is cut off or damaged: ERROR_INPUT with the offset. Other packings and file systems are not
 * looked into.
 */
MUST_USE bool initrd_check(const char *path, const struct file_bytes *file, struct error *error);

#endif
