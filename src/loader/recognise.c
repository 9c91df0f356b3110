#include "loader/recognise.h"

#include <string.h>

#include "base/bits.h"
#include "loader/bzimage.h"
#include "loader/elf.h"
#include "loader/multiboot.h"
#include "loader/rom.h"

/* Known things that are no image for this machine, or not yet: magic bytes at an offset. */
static const struct {
    size_t offset;
    const char *magic;
    size_t size;
    const char *what;
} strangers[] = {
    /* clang-format off */
    {0x8001, "CD001", 5, "an ISO 9660 disc image, and there is no disc drive yet; remedy: give the kernel inside it"},
    {257, "ustar", 5, "a tar archive; remedy: unpack it and give the kernel inside"},
    {0, "QFI\xfb", 4, "a qcow2 disk image, and there is no disk yet; remedy: give a kernel"},
    {0, "MZ", 2, "a DOS or EFI program, which needs its own system; remedy: give a kernel"},
    {0, "\xfd" "7zXZ", 5, "packed by xz; remedy: unpack it with xz -d"},
    {0, "BZh", 3, "packed by bzip2; remedy: unpack it with bzip2 -d"},
    {0, "\x28\xb5\x2f\xfd", 4, "packed by zstd; remedy: unpack it with zstd -d"},
    {0, "PK\x03\x04", 4, "a zip archive; remedy: unpack it and give the kernel inside"},
    {0, "070701", 6, "a cpio archive; remedy: give it as the initrd of a Linux kernel"},
    {0, "#!", 2, "a script; remedy: give a kernel"},
    {510, "\x55\xaa", 2, "a disk image with a boot sector, and there is no disk yet; remedy: give a kernel"},
    /* clang-format on */
};

bool recognise_kind(const char *path, const struct file_bytes *file, enum load_kind *kind,
                    struct error *error)
{
    if (bzimage_is_bzimage(file)) {
        *kind = LOAD_BZIMAGE;
        return true;
    }
    if (multiboot_is_multiboot(file) || elf_is_elf(file)) {
        *kind = LOAD_MULTIBOOT;
        return true;
    }
    if (rom_is_rom(file)) {
        *kind = LOAD_ROM;
        return true;
    }
    if (file->size == 0)
        return error_set(error, ERROR_INPUT, "%s: the file is empty", path);
    for (size_t i = 0; i < ARRAY_LENGTH(strangers); i++)
        if (file->size >= strangers[i].offset + strangers[i].size &&
            memcmp(file->bytes + strangers[i].offset, strangers[i].magic, strangers[i].size) == 0)
            return error_set(error, ERROR_INPUT, "%s: looks like %s", path, strangers[i].what);
    return error_set(
        error, ERROR_INPUT,
        "%s: not recognised: no ELF (offset 0), no Linux boot header (HdrS at offset 202h), no multiboot "
        "header in the first 8192 bytes, and %zu bytes are no size of a BIOS ROM (64, 128, 192 or 256 KiB); "
        "remedy: for raw code say that it is a flat binary and where to load it",
        path, file->size);
}

const char *recognise_kind_name(enum load_kind kind)
{
    static const char *const names[] = {
        [LOAD_RECOGNISE] = "file",        [LOAD_MULTIBOOT] = "multiboot kernel",
        [LOAD_BZIMAGE] = "Linux bzImage", [LOAD_FLAT] = "flat binary",
        [LOAD_ROM] = "BIOS ROM",
    };
    return names[kind];
}
