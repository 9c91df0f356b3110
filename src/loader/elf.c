/*
 * ELF by the System V ABI, chapters 4 and 5, and its Intel386 supplement. libelf reads the tables; what it
 * would answer with a bare "invalid file" is checked here first, so that the message can say what is wrong
 * and where.
 */
#include "loader/elf.h"

#include <elf.h>
#include <libelf.h>
#include <string.h>

#include "base/bits.h"
#include "base/invariant.h"

bool elf_is_elf(const struct file_bytes *file)
{
    return file->size >= SELFMAG && memcmp(file->bytes, ELFMAG, SELFMAG) == 0;
}

/* The identification and header fields that decide whether this is a program for an IA-32 machine. */
static bool header_check(const char *path, const struct file_bytes *file, struct error *error)
{
    const uint8_t *bytes = file->bytes;
    if (!elf_is_elf(file))
        return error_set(error, ERROR_INPUT, "%s: not an ELF file: expected 7F 45 4C 46 at offset 0", path);
    if (file->size > EI_CLASS && bytes[EI_CLASS] == ELFCLASS64) {
        return error_set(
            error, ERROR_INPUT,
            "%s: a 64-bit ELF (class 2 at offset 4), but the machine is 32-bit; remedy: compile with -m32 "
            "and link with -m elf_i386, or wrap it by 'objcopy -O elf32-i386'",
            path);
    }
    if (file->size < sizeof(Elf32_Ehdr)) {
        return error_set(
            error, ERROR_INPUT,
            "%s: truncated: %zu bytes, expected an ELF header of %zu bytes; remedy: build or copy it "
            "again",
            path, file->size, sizeof(Elf32_Ehdr));
    }
    if (bytes[EI_CLASS] != ELFCLASS32) {
        return error_set(error, ERROR_INPUT, "%s: ELF class %u at offset 4, expected 1 (32-bit)", path,
                         bytes[EI_CLASS]);
    }
    if (bytes[EI_DATA] != ELFDATA2LSB) {
        return error_set(error, ERROR_INPUT,
                         "%s: ELF data encoding %u at offset 5, expected 1 (little-endian)", path,
                         bytes[EI_DATA]);
    }
    if (bytes[EI_VERSION] != EV_CURRENT) {
        return error_set(error, ERROR_INPUT, "%s: ELF version %u at offset 6, expected 1", path,
                         bytes[EI_VERSION]);
    }
    const unsigned type = load_le16(bytes + offsetof(Elf32_Ehdr, e_type));
    const unsigned machine = load_le16(bytes + offsetof(Elf32_Ehdr, e_machine));
    if (machine != EM_386) {
        return error_set(
            error, ERROR_INPUT,
            "%s: ELF machine %u at offset 18, expected 3 (Intel 80386); remedy: compile with -m32", path,
            machine);
    }
    if (type != ET_EXEC) {
        return error_set(
            error, ERROR_INPUT,
            "%s: ELF type %u at offset 16 (%s), expected 2 (executable with fixed addresses); remedy: "
            "link it, with -no-pie",
            path, type,
            type == ET_REL    ? "an object file"
            : type == ET_DYN  ? "a shared object or position-independent program"
            : type == ET_CORE ? "a core dump"
                              : "unknown");
    }
    return true;
}

static bool program_headers_check(const char *path, const struct file_bytes *file, struct error *error)
{
    const uint32_t offset = load_le32(file->bytes + offsetof(Elf32_Ehdr, e_phoff));
    const unsigned size = load_le16(file->bytes + offsetof(Elf32_Ehdr, e_phentsize));
    const unsigned count = load_le16(file->bytes + offsetof(Elf32_Ehdr, e_phnum));
    if (count == 0 || offset == 0) {
        return error_set(
            error, ERROR_INPUT,
            "%s: no program headers (count %u at offset 44): nothing says what to load; remedy: link it "
            "as an executable",
            path, count);
    }
    if (size != sizeof(Elf32_Phdr)) {
        return error_set(error, ERROR_INPUT, "%s: program headers of %u bytes (offset 42), expected %zu",
                         path, size, sizeof(Elf32_Phdr));
    }
    if ((uint64_t)offset + (uint64_t)count * size > file->size) {
        return error_set(
            error, ERROR_INPUT,
            "%s: truncated: %u program headers at offset %u end beyond the file's %zu bytes; remedy: "
            "build or copy it again",
            path, count, offset, file->size);
    }
    return true;
}

static bool segment_add(const char *path, const struct file_bytes *file, const Elf32_Phdr *header,
                        unsigned number, struct elf_image *image, struct error *error)
{
    const uint64_t at = load_le32(file->bytes + offsetof(Elf32_Ehdr, e_phoff)) + number * sizeof(Elf32_Phdr);
    if ((uint64_t)header->p_offset + header->p_filesz > file->size) {
        return error_set(
            error, ERROR_INPUT,
            "%s: truncated: segment %u (program header at offset %llu) takes bytes %u-%llu of a file of "
            "%zu bytes; remedy: build or copy it again",
            path, number, (unsigned long long)at, header->p_offset,
            (unsigned long long)header->p_offset + header->p_filesz, file->size);
    }
    if (header->p_filesz > header->p_memsz) {
        return error_set(
            error, ERROR_INPUT,
            "%s: segment %u (program header at offset %llu) has %u bytes in the file but only %u in "
            "memory",
            path, number, (unsigned long long)at, header->p_filesz, header->p_memsz);
    }
    if (image->segments_used == ELF_SEGMENTS_MAX)
        return error_set(error, ERROR_INPUT, "%s: more than %u loadable segments", path, ELF_SEGMENTS_MAX);
    image->segments[image->segments_used++] = (struct elf_segment){
        .number = number,
        .file_offset = header->p_offset,
        .file_size = header->p_filesz,
        .physical = header->p_paddr,
        .linear = header->p_vaddr,
        .memory_size = header->p_memsz,
    };
    return true;
}

/*
 * e_entry is a linear address, but paging is off at the start. A kernel linked to high addresses is entered
 * at the physical place of that address; one whose linker script already gives a physical entry is taken at
 * its word.
 */
static bool entry_resolve(const char *path, uint32_t entry, struct elf_image *image, struct error *error)
{
    for (unsigned i = 0; i < image->segments_used; i++) {
        const struct elf_segment *segment = &image->segments[i];
        if (entry - segment->linear < segment->file_size) {
            image->entry = entry - segment->linear + segment->physical;
            return true;
        }
    }
    for (unsigned i = 0; i < image->segments_used; i++) {
        if (entry - image->segments[i].physical < image->segments[i].file_size) {
            image->entry = entry;
            return true;
        }
    }
    return error_set(
        error, ERROR_INPUT,
        "%s: the entry point %Xh (offset 24) lies in no loaded segment; remedy: name the start symbol with "
        "ENTRY() or ld -e",
        path, entry);
}

/* Section headers serve the guest's own symbol tables only: a damaged table is left out, not an error. */
static void sections_read(Elf *elf, const struct file_bytes *file, struct elf_image *image)
{
    const uint32_t offset = load_le32(file->bytes + offsetof(Elf32_Ehdr, e_shoff));
    const unsigned size = load_le16(file->bytes + offsetof(Elf32_Ehdr, e_shentsize));
    size_t count = 0, names = 0;
    if (offset == 0 || size != ELF_SECTION_SIZE || elf_getshdrnum(elf, &count) != 0 ||
        elf_getshdrstrndx(elf, &names) != 0 || count > ELF_SECTIONS_MAX || names >= count ||
        (uint64_t)offset + count * size > file->size)
        return;
    image->sections_offset = offset;
    image->section_count = (unsigned)count;
    image->section_names = (unsigned)names;
}

static bool image_read(Elf *elf, const char *path, const struct file_bytes *file, struct elf_image *image,
                       struct error *error)
{
    /* libelf points into the file's bytes, at whatever alignment e_phoff has. */
    const uint8_t *headers = (const uint8_t *)elf32_getphdr(elf);
    size_t count = 0;
    if (headers == NULL || elf_getphdrnum(elf, &count) != 0) {
        return error_set(error, ERROR_INPUT, "%s: the program headers cannot be read: %s", path,
                         elf_errmsg(-1));
    }
    for (size_t i = 0; i < count; i++) {
        Elf32_Phdr header;
        memcpy(&header, headers + i * sizeof header, sizeof header);
        if (header.p_type == PT_LOAD && header.p_memsz != 0 &&
            !segment_add(path, file, &header, (unsigned)i, image, error))
            return false;
    }
    if (image->segments_used == 0) {
        return error_set(error, ERROR_INPUT, "%s: none of its %zu program headers is a loadable segment",
                         path, count);
    }
    sections_read(elf, file, image);
    return entry_resolve(path, load_le32(file->bytes + offsetof(Elf32_Ehdr, e_entry)), image, error);
}

bool elf_read(const char *path, const struct file_bytes *file, struct elf_image *image, struct error *error)
{
    memset(image, 0, sizeof *image);
    if (!header_check(path, file, error) || !program_headers_check(path, file, error))
        return false;
    if (elf_version(EV_CURRENT) == EV_NONE)
        return error_set(error, ERROR_HOST, "libelf is older than its header file: %s", elf_errmsg(-1));
    Elf *elf = elf_memory((char *)file->bytes, file->size);
    if (elf == NULL)
        return error_set(error, ERROR_INPUT, "%s: not a readable ELF file: %s", path, elf_errmsg(-1));
    const bool read = image_read(elf, path, file, image, error);
    elf_end(elf);
    return read;
}

struct elf_section elf_section_get(const struct file_bytes *file, const struct elf_image *image,
                                   unsigned number)
{
    INVARIANT(number < image->section_count);
    Elf32_Shdr header;
    memcpy(&header, file->bytes + image->sections_offset + number * ELF_SECTION_SIZE, sizeof header);
    return (struct elf_section){
        .type = header.sh_type,
        .flags = header.sh_flags,
        .address = header.sh_addr,
        .file_offset = header.sh_offset,
        .size = header.sh_size,
        .in_file = header.sh_type != SHT_NOBITS && (uint64_t)header.sh_offset + header.sh_size <= file->size,
    };
}
