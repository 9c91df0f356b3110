#include "loader/bzimage.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "loader/initrd.h"
#include "loader/layout.h"

/* Offsets in the file and, from 1F1h on, in the zero page (boot.rst, "The Real-Mode Kernel Header"). */
enum {
    SETUP_SECTS = 0x1f1,
    SYSSIZE = 0x1f4,
    BOOT_FLAG = 0x1fe,
    JUMP_DISPLACEMENT = 0x201,
    HEADER_MAGIC = 0x202,
    PROTOCOL_VERSION = 0x206,
    KERNEL_VERSION = 0x20e,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    CODE32_START = 0x214,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c,
    KERNEL_ALIGNMENT = 0x230,
    RELOCATABLE_KERNEL = 0x234,
    XLOADFLAGS = 0x236,
    CMDLINE_SIZE = 0x238,
    PAYLOAD_OFFSET = 0x248,
    PAYLOAD_LENGTH = 0x24c,
    PREF_ADDRESS = 0x258,
    INIT_SIZE = 0x260,
    HEADER_END_MIN = 0x230, /* protocol 2.02 ends before it */
    HEADER_END_MAX = 0x290, /* the zero page's next field */
};

/* The zero page, outside the header (zero-page.rst and screen_info). */
enum {
    ZERO_EXT_MEM_K = 0x002,
    ZERO_VIDEO_MODE = 0x006,
    ZERO_VIDEO_COLS = 0x007,
    ZERO_VIDEO_LINES = 0x00e,
    ZERO_VIDEO_IS_VGA = 0x00f,
    ZERO_VIDEO_POINTS = 0x010,
    ZERO_ACPI_RSDP = 0x070,
    ZERO_ALT_MEM_K = 0x1e0,
    ZERO_E820_ENTRIES = 0x1e8,
    ZERO_E820_TABLE = 0x2d0,
    ZERO_PAGE_SIZE = 4096,
};

#define MAGIC_HDRS       0x53726448u
#define LOADED_HIGH      0x01u
#define KEEP_SEGMENTS    0x40u
#define XLF_KERNEL_64    0x0001u
#define LOADER_UNDEFINED 0xffu
#define SECTOR           512u
#define SETUP_SECTS_OLD  4u          /* what a count of 0 means */
#define INITRD_MAX_OLD   0x37ffffffu /* before protocol 2.03 */
#define CMDLINE_SIZE_OLD 255u        /* before protocol 2.06 */
#define E820_ENTRY_SIZE  20u
#define E820_RAM         1u
#define E820_RESERVED    2u

struct bzimage {
    const char *path;
    const struct file_bytes *file;
    unsigned version;       /* of the protocol, 0x020f for 2.15 */
    uint32_t kernel_offset; /* of the protected-mode part in the file */
    uint32_t kernel_size;
    uint32_t load_address;
    uint32_t header_end;         /* of the setup header */
    uint64_t run_start, run_end; /* memory the kernel takes while it unpacks itself */
    uint32_t initrd_limit;       /* the highest address an initrd's byte may have */
    uint32_t cmdline_size;       /* without the final zero */
};

bool bzimage_is_bzimage(const struct file_bytes *file)
{
    return file->size >= PROTOCOL_VERSION + 2 && load_le16(file->bytes + BOOT_FLAG) == 0xaa55 &&
           load_le32(file->bytes + HEADER_MAGIC) == MAGIC_HDRS;
}

static bool header_check(struct bzimage *image, struct error *error)
{
    const uint8_t *bytes = image->file->bytes;
    const size_t size = image->file->size;
    if (!bzimage_is_bzimage(image->file)) {
        return error_set(error, ERROR_INPUT,
                         "%s: no Linux bzImage: expected 55 AA at offset 1FEh and HdrS at offset 202h",
                         image->path);
    }
    image->version = load_le16(bytes + PROTOCOL_VERSION);
    if (image->version < 0x0202) {
        return error_set(error, ERROR_INPUT,
                         "%s: Linux boot protocol %u.%02u (offset 206h), expected 2.02 or later; remedy: a "
                         "kernel from 2.4 "
                         "on",
                         image->path, image->version >> 8, image->version & 0xff);
    }
    image->header_end = HEADER_MAGIC + bytes[JUMP_DISPLACEMENT];
    if (image->header_end < HEADER_END_MIN || image->header_end > HEADER_END_MAX ||
        image->header_end > size) {
        return error_set(
            error, ERROR_INPUT,
            "%s: the setup header ends at offset %Xh (jump at offset 201h), expected %Xh to %Xh, within "
            "the file of %zu bytes",
            image->path, image->header_end, HEADER_END_MIN, HEADER_END_MAX, size);
    }
    if (!(bytes[LOADFLAGS] & LOADED_HIGH)) {
        return error_set(
            error, ERROR_INPUT,
            "%s: a zImage, made for loading below 1 MiB (loadflags %02Xh at offset 211h, bit 0 clear); "
            "remedy: make bzImage",
            image->path, bytes[LOADFLAGS]);
    }
    return true;
}

/* A header field of 4 or 8 bytes, or `otherwise` when the header is older and ends before it. */
static uint64_t field_get(const struct bzimage *image, uint32_t offset, unsigned size, uint64_t otherwise)
{
    if (offset + size > image->header_end)
        return otherwise;
    const uint8_t *at = image->file->bytes + offset;
    return size == 1 ? *at : size == 2 ? load_le16(at) : size == 4 ? load_le32(at) : load_le64(at);
}

static bool parts_check(struct bzimage *image, struct error *error)
{
    const uint8_t *bytes = image->file->bytes;
    const unsigned sectors = bytes[SETUP_SECTS] != 0 ? bytes[SETUP_SECTS] : SETUP_SECTS_OLD;
    /* syssize has 32 bits since protocol 2.04 only. */
    const uint64_t paragraphs =
        image->version >= 0x0204 ? load_le32(bytes + SYSSIZE) : load_le16(bytes + SYSSIZE);
    const uint64_t end = (sectors + 1) * SECTOR + paragraphs * 16;
    const uint64_t payload = field_get(image, PAYLOAD_OFFSET, 4, 0) + field_get(image, PAYLOAD_LENGTH, 4, 0);
    if (field_get(image, XLOADFLAGS, 2, 0) & XLF_KERNEL_64) {
        return error_set(
            error, ERROR_INPUT,
            "%s: a 64-bit kernel (xloadflags %04Xh at offset 236h, bit 0 set), but the machine is 32-bit; "
            "remedy: an i386 kernel, such as Debian's linux-image-686",
            image->path, load_le16(bytes + XLOADFLAGS));
    }
    if (paragraphs == 0 || end > image->file->size) {
        return error_set(error, ERROR_INPUT,
                         "%s: truncated: %u setup sectors and %llu bytes of kernel (offsets 1F1h and 1F4h) "
                         "make %llu bytes, "
                         "but the file has %zu; remedy: build or copy it again",
                         image->path, sectors, (unsigned long long)paragraphs * 16, (unsigned long long)end,
                         image->file->size);
    }
    if (payload > paragraphs * 16) {
        return error_set(
            error, ERROR_INPUT,
            "%s: the packed kernel (offsets 248h and 24Ch) ends at byte %llu of a protected-mode part of "
            "%llu bytes",
            image->path, (unsigned long long)payload, (unsigned long long)paragraphs * 16);
    }
    image->kernel_offset = (sectors + 1) * SECTOR;
    image->kernel_size = (uint32_t)(paragraphs * 16);
    return true;
}

/*
 * The unpacking code moves itself to the aligned load address, or up to pref_address, and needs init_size
 * bytes there (boot.rst, init_size).
 */
static bool addresses_check(struct bzimage *image, struct error *error)
{
    const uint64_t alignment = field_get(image, KERNEL_ALIGNMENT, 4, 0);
    const uint64_t preferred = field_get(image, PREF_ADDRESS, 8, 0);
    const uint64_t init_size = field_get(image, INIT_SIZE, 4, 0);
    const bool relocatable = field_get(image, RELOCATABLE_KERNEL, 1, 0) != 0;
    if (alignment & (alignment - 1)) {
        return error_set(error, ERROR_INPUT, "%s: kernel_alignment %llXh (offset 230h) is no power of two",
                         image->path, (unsigned long long)alignment);
    }
    image->load_address = load_le32(image->file->bytes + CODE32_START);
    image->run_start = image->load_address;
    if (relocatable && alignment > 1)
        image->run_start = (image->run_start + alignment - 1) & ~(alignment - 1);
    if (preferred > image->run_start)
        image->run_start = preferred;
    image->run_end = image->run_start + init_size;
    if (image->run_end < image->run_start || image->run_end > 0x100000000ull) {
        return error_set(
            error, ERROR_INPUT,
            "%s: the kernel wants to run at %llXh with %llXh bytes (offsets 258h and 260h), beyond 4 GiB",
            image->path, (unsigned long long)image->run_start, (unsigned long long)init_size);
    }
    image->initrd_limit =
        (uint32_t)(image->version >= 0x0203 ? field_get(image, INITRD_ADDR_MAX, 4, INITRD_MAX_OLD)
                                            : INITRD_MAX_OLD);
    image->cmdline_size = (uint32_t)field_get(image, CMDLINE_SIZE, 4, CMDLINE_SIZE_OLD);
    return true;
}

/*
 * Claims the loaded bytes and the memory the kernel unpacks itself into. The two may overlap, and the kernel
 * knows: one range covers both.
 */
static bool kernel_place(struct layout *layout, struct bzimage *image, struct error *error)
{
    uint64_t start = image->load_address;
    uint64_t end = start + image->kernel_size;
    if (image->run_end > image->run_start) {
        start = image->run_start < start ? image->run_start : start;
        end = image->run_end > end ? image->run_end : end;
    }
    return layout_take(layout, image->path, "the kernel", start, end - start, error);
}

static bool initrd_place(struct layout *layout, const struct bzimage *image, const char *path,
                         uint32_t *address, uint32_t *size, struct error *error)
{
    struct file_bytes file;
    uint64_t place;
    if (!file_read(path, LOAD_FILE_MAX, &file, error))
        return false;
    bool placed = initrd_check(path, &file, error);
    if (placed) {
        /* As high as possible, so that the kernel's own growth does not meet it. */
        placed = layout_place_below(layout, "the initrd", (uint64_t)image->initrd_limit + 1,
                                    LAYOUT_HIGH_START, file.size, PAGE_SIZE, &place);
        if (placed) {
            layout_write(layout, place, file.bytes, file.size);
            *address = (uint32_t)place;
            *size = (uint32_t)file.size;
        } else {
            error_set(error, ERROR_INPUT,
                      "%s: no room for this initrd of %zu bytes beside the kernel (%llXh-%llXh), below the "
                      "end of RAM at "
                      "%llXh and the kernel's limit %Xh; remedy: give the machine more memory",
                      path, file.size, (unsigned long long)image->run_start,
                      (unsigned long long)image->run_end, (unsigned long long)layout->boot->high_end,
                      image->initrd_limit);
        }
    }
    file_bytes_free(&file);
    return placed;
}

static void e820_entry_write(uint8_t *zero_page, uint64_t start, uint64_t end, uint32_t type)
{
    if (start == end)
        return;
    uint8_t *entry = zero_page + ZERO_E820_TABLE + zero_page[ZERO_E820_ENTRIES]++ * E820_ENTRY_SIZE;
    store_le64(entry, start);
    store_le64(entry + 8, end - start);
    store_le32(entry + 16, type);
}

static void firmware_fill(uint8_t *zero_page, const struct boot_memory *boot)
{
    const uint64_t high_k = (boot->high_end - LAYOUT_HIGH_START) / 1024;
    e820_entry_write(zero_page, 0, boot->low_end, E820_RAM);
    e820_entry_write(zero_page, boot->low_end, 0xa0000, E820_RESERVED);
    e820_entry_write(zero_page, 0xe0000, 0x100000, E820_RESERVED);
    e820_entry_write(zero_page, LAYOUT_HIGH_START, boot->high_end, E820_RAM);
    store_le16(zero_page + ZERO_EXT_MEM_K, (uint16_t)(high_k < 0xfc00 ? high_k : 0xfc00));
    store_le32(zero_page + ZERO_ALT_MEM_K, (uint32_t)high_k);
    store_le64(zero_page + ZERO_ACPI_RSDP, boot->acpi_rsdp);
    if (boot->text_screen) {
        zero_page[ZERO_VIDEO_MODE] = 3;
        zero_page[ZERO_VIDEO_COLS] = 80;
        zero_page[ZERO_VIDEO_LINES] = 25;
        zero_page[ZERO_VIDEO_IS_VGA] = 1;
        store_le16(zero_page + ZERO_VIDEO_POINTS, 16);
    }
}

/* The tables' block: zero page, GDT, command line. */
static bool tables_write(struct layout *layout, const struct bzimage *image, const char *command_line,
                         uint32_t initrd, uint32_t initrd_size, uint32_t *base, struct error *error)
{
    uint8_t zero_page[ZERO_PAGE_SIZE] = {0};
    uint8_t gdt[BOOT_GDT_SIZE];
    const size_t length = strlen(command_line);
    uint64_t place;
    if (length > image->cmdline_size) {
        return error_set(
            error, ERROR_INPUT,
            "%s: the command line has %zu characters, but this kernel takes %u (offset 238h); remedy: "
            "shorten it",
            image->path, length, image->cmdline_size);
    }
    if (!layout_place_tables(layout, image->path, ZERO_PAGE_SIZE + sizeof gdt + length + 1, &place, error))
        return false;
    memcpy(zero_page + SETUP_SECTS, image->file->bytes + SETUP_SECTS, image->header_end - SETUP_SECTS);
    firmware_fill(zero_page, layout->boot);
    zero_page[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    zero_page[LOADFLAGS] &= (uint8_t)~KEEP_SEGMENTS;
    store_le32(zero_page + RAMDISK_IMAGE, initrd);
    store_le32(zero_page + RAMDISK_SIZE, initrd_size);
    store_le32(zero_page + CMD_LINE_PTR, (uint32_t)place + ZERO_PAGE_SIZE + sizeof gdt);
    boot_gdt_write(gdt);
    layout_write(layout, place, zero_page, sizeof zero_page);
    layout_write(layout, place + ZERO_PAGE_SIZE, gdt, sizeof gdt);
    layout_write(layout, place + ZERO_PAGE_SIZE + sizeof gdt, command_line, length + 1);
    *base = (uint32_t)place;
    return true;
}

/* "6.1.0-50-686" of the version text, which lies in the setup part, or nothing. */
static void version_get(const struct bzimage *image, char *version, size_t version_size)
{
    const unsigned pointer = load_le16(image->file->bytes + KERNEL_VERSION);
    size_t at = pointer + SECTOR;
    size_t used = 0;
    while (pointer != 0 && at < image->kernel_offset && used + 1 < version_size &&
           image->file->bytes[at] > ' ' && image->file->bytes[at] < 0x7f)
        version[used++] = (char)image->file->bytes[at++];
    version[used] = '\0';
}

static void description_write(const struct bzimage *image, const char *initrd, uint32_t initrd_address,
                              uint32_t initrd_size, struct boot_state *state)
{
    char version[64];
    version_get(image, version, sizeof version);
    const int used = snprintf(
        state->description, sizeof state->description, "Linux %s bzImage, %.1f MiB, boot protocol %u.%02u",
        version, (double)image->kernel_size / (1 << 20), image->version >> 8, image->version & 0xff);
    if (initrd != NULL && used > 0 && (size_t)used < sizeof state->description) {
        snprintf(state->description + used, sizeof state->description - (size_t)used,
                 ", initrd %.1f MiB at %Xh", (double)initrd_size / (1 << 20), initrd_address);
    }
}

bool bzimage_load(const struct boot_memory *boot, const struct load_request *request,
                  const struct file_bytes *file, struct boot_state *state, struct error *error)
{
    struct bzimage image = {.path = request->path, .file = file};
    const char *command_line = request->command_line != NULL ? request->command_line : "";
    uint32_t initrd = 0, initrd_size = 0, base = 0;
    struct layout layout;
    layout_init(&layout, boot);
    if (!header_check(&image, error) || !parts_check(&image, error) || !addresses_check(&image, error) ||
        !kernel_place(&layout, &image, error) ||
        (request->initrd != NULL &&
         !initrd_place(&layout, &image, request->initrd, &initrd, &initrd_size, error)) ||
        !tables_write(&layout, &image, command_line, initrd, initrd_size, &base, error))
        return false;
    layout_write(&layout, image.load_address, file->bytes + image.kernel_offset, image.kernel_size);
    /* boot.rst, 32-bit protocol: ESI = zero page; EBP, EDI, EBX = 0; CS = 10h, DS, ES, SS = 18h. */
    boot_state_protected(state, image.load_address, base + ZERO_PAGE_SIZE);
    state->esi = base;
    description_write(&image, request->initrd, initrd, initrd_size, state);
    return true;
}
