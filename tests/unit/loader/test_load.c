/* The one entry point: recognition, unpacking, flat binaries, ROMs, and options that do not fit. */
#include "loader/load.h"

#include <sys/stat.h>
#include <zlib.h>

#include "images.h"

/* Saves the bytes to a file, loads it by `kind` and removes it. */
static bool load_saved(struct guest *guest, const struct file_bytes *file, struct load_request request)
{
    char path[] = "/tmp/gate86-test-XXXXXX";
    file_save(file, path);
    request.path = path;
    guest_init(guest);
    const bool loaded = load_image(&guest->boot, &request, &guest->state, &guest->error);
    unlink(path);
    return loaded;
}

static void guest_free(struct guest *guest)
{
    memory_free(&guest->memory);
    file_bytes_free(&guest->state.rom);
}

static void assert_described(struct file_bytes file, const char *description)
{
    struct guest guest;
    ck_assert_msg(load_saved(&guest, &file, (struct load_request){.kind = LOAD_RECOGNISE}), "%s",
                  guest.error.text);
    ck_assert_msg(strstr(guest.state.description, description) != NULL, "%s", guest.state.description);
    guest_free(&guest);
    file_bytes_free(&file);
}

static struct file_bytes rom_new(size_t size)
{
    struct file_bytes file = file_new(size);
    file.bytes[0] = 0x11;
    file.bytes[size - 16] = 0xea;
    return file;
}

static struct file_bytes packed(struct file_bytes file)
{
    char path[] = "/tmp/gate86-test-XXXXXX";
    struct error error;
    struct file_bytes result;
    close(mkstemp(path));
    gzFile stream = gzopen(path, "wb");
    ck_assert_int_eq(gzwrite(stream, file.bytes, (unsigned)file.size), (int)file.size);
    ck_assert_int_eq(gzclose(stream), Z_OK);
    ck_assert(file_read(path, LOAD_FILE_MAX, &result, &error));
    unlink(path);
    file_bytes_free(&file);
    return result;
}

START_TEST(each_kind_is_recognised)
{
    assert_described(elf_new(3), "multiboot kernel (ELF)");
    assert_described(raw_new(), "multiboot kernel (addresses");
    assert_described(linux_new(), "Linux 6.1.0-test bzImage");
    assert_described(rom_new(0x10000), "BIOS ROM, 64 KiB at F0000h");
    assert_described(rom_new(0x40000), "BIOS ROM, 256 KiB at C0000h");
}
END_TEST

/* A folder whose name is the last part of `folder`, perhaps with a kernel NAME.elf in it. */
static bool load_folder(struct guest *guest, bool with_kernel, const char *path_format, struct error *error)
{
    char top[] = "/tmp/gate86-test-XXXXXX", folder[64], path[80], kernel[80];
    struct file_bytes elf = elf_new(3);
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(folder, sizeof folder, "%s/nt", top);
    snprintf(kernel, sizeof kernel, "%s/nt.elf", folder);
    snprintf(path, sizeof path, path_format, folder);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    if (with_kernel) {
        FILE *stream = fopen(kernel, "wb");
        ck_assert_uint_eq(fwrite(elf.bytes, 1, elf.size, stream), elf.size);
        ck_assert_int_eq(fclose(stream), 0);
    }
    guest_init(guest);
    const struct load_request request = {.kind = LOAD_RECOGNISE, .path = path};
    const bool loaded = load_image(&guest->boot, &request, &guest->state, error);
    unlink(kernel);
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_int_eq(rmdir(top), 0);
    file_bytes_free(&elf);
    return loaded;
}

START_TEST(a_folder_stands_for_the_kernel_of_its_name)
{
    static const char *const spellings[] = {"%s", "%s/", "%s/."};
    for (size_t i = 0; i < ARRAY_LENGTH(spellings); i++) {
        struct guest guest;
        ck_assert_msg(load_folder(&guest, true, spellings[i], &guest.error), "%s", guest.error.text);
        ck_assert_msg(strstr(guest.state.description, "multiboot kernel (ELF)") != NULL, "%s",
                      guest.state.description);
        guest_free(&guest);
    }
}
END_TEST

START_TEST(a_folder_without_its_kernel_is_refused_with_a_remedy)
{
    struct guest guest;
    ck_assert(!load_folder(&guest, false, "%s", &guest.error));
    ASSERT_ERROR(&guest, "/nt: a folder without a kernel nt.elf", "remedy", "BUILD/images/nt");
    guest_free(&guest);
}
END_TEST

START_TEST(packed_images_are_unpacked_first)
{
    assert_described(packed(elf_new(3)), "multiboot kernel (ELF)");
    assert_described(packed(linux_new()), "Linux 6.1.0-test bzImage");
}
END_TEST

static void assert_refused(struct file_bytes file, const char *word)
{
    struct guest guest;
    ck_assert(!load_saved(&guest, &file, (struct load_request){.kind = LOAD_RECOGNISE}));
    ck_assert_int_eq(guest.error.kind, ERROR_INPUT);
    ck_assert_msg(strstr(guest.error.text, word) != NULL, "no '%s' in: %s", word, guest.error.text);
    guest_free(&guest);
    file_bytes_free(&file);
}

START_TEST(what_is_no_image_is_called_by_its_name)
{
    struct file_bytes disc = file_new(0x9000), disk = file_new(1024), elf = elf_new(3),
                      whole = packed(elf_new(3));
    memcpy(disc.bytes + 0x8001, "CD001", 5);
    store_le16(disk.bytes + 510, 0xaa55);
    memset(elf.bytes + ELF_HEADER_AT, 0, 12);
    assert_refused(disc, "ISO 9660");
    assert_refused(disk, "boot sector");
    assert_refused(elf, "no multiboot header");
    assert_refused(file_cut(&whole, whole.size - 9), "truncated");
    assert_refused(file_new(1000), "not recognised");
    assert_refused(file_new(0x10000), "not recognised");
    assert_refused(file_cut(&whole, 0), "empty");
    file_bytes_free(&whole);
}
END_TEST

START_TEST(options_the_image_has_no_use_for_are_refused)
{
    struct guest guest;
    struct file_bytes elf = elf_new(3), image = linux_new(), rom = rom_new(0x10000);
    ck_assert(!load_saved(&guest, &elf, (struct load_request){.initrd = "x"}));
    ck_assert_int_eq(guest.error.kind, ERROR_USAGE);
    guest_free(&guest);
    ck_assert(!load_saved(&guest, &image, (struct load_request){.modules = {"x"}}));
    ck_assert_int_eq(guest.error.kind, ERROR_USAGE);
    guest_free(&guest);
    ck_assert(!load_saved(&guest, &rom, (struct load_request){.command_line = "x"}));
    ck_assert_int_eq(guest.error.kind, ERROR_USAGE);
    guest_free(&guest);
    file_bytes_free(&elf);
    file_bytes_free(&image);
    file_bytes_free(&rom);
}
END_TEST

START_TEST(a_flat_binary_lies_and_starts_at_its_address)
{
    struct guest guest;
    struct file_bytes file = file_new(5000);
    memset(file.bytes, 0x90, file.size);
    const struct load_request request = {.kind = LOAD_FLAT, .load_address = 0x7c00};
    ck_assert(load_saved(&guest, &file, request));
    ck_assert_int_eq(guest.state.entry, BOOT_PROTECTED);
    ck_assert_uint_eq(guest.state.eip, 0x7c00);
    ck_assert_uint_eq(guest_read(&guest, 0x7c00 + 4996), 0x90909090);
    ck_assert_uint_eq(guest_read(&guest, 0x7c00 + 5000), 0);
    ck_assert_uint_gt(guest.state.esp, 0x7c00 + 5000);
    ck_assert_uint_le(guest.state.esp, guest.state.gdt_base);
    guest_free(&guest);
    file_bytes_free(&file);
}
END_TEST

START_TEST(a_flat_binary_that_fills_low_memory_has_its_gdt_elsewhere)
{
    struct guest guest;
    struct file_bytes file = file_new(LOW_END - 0x1000);
    ck_assert(load_saved(&guest, &file, (struct load_request){.kind = LOAD_FLAT, .load_address = 0x1000}));
    ck_assert_uint_ge(guest.state.gdt_base, 0x100000);
    guest_free(&guest);
    ck_assert(!load_saved(&guest, &file, (struct load_request){.kind = LOAD_FLAT, .load_address = 0x2000}));
    ASSERT_ERROR(&guest, "not all RAM");
    guest_free(&guest);
    file_bytes_free(&file);
}
END_TEST

START_TEST(a_rom_is_read_only_and_seen_at_both_places)
{
    struct guest guest;
    struct file_bytes file = rom_new(0x20000);
    ck_assert(load_saved(&guest, &file, (struct load_request){.kind = LOAD_ROM}));
    ck_assert_int_eq(guest.state.entry, BOOT_RESET);
    ck_assert_uint_eq(memory_read(&guest.memory, 0xe0000, 1), 0x11);
    ck_assert_uint_eq(memory_read(&guest.memory, 0xfffe0000, 1), 0x11);
    ck_assert_uint_eq(memory_read(&guest.memory, 0xffff0, 1), 0xea);
    ck_assert_uint_eq(memory_read(&guest.memory, 0xfffffff0, 1), 0xea);
    memory_write(&guest.memory, 0xe0000, 0x22, 1);
    ck_assert_uint_eq(memory_read(&guest.memory, 0xe0000, 1), 0x11);
    guest_free(&guest);
    file_bytes_free(&file);
}
END_TEST

START_TEST(a_rom_takes_the_place_of_the_boards)
{
    struct guest guest;
    static uint8_t board_rom[0x10000];
    char path[] = "/tmp/gate86-test-XXXXXX";
    struct file_bytes file = rom_new(0x20000);
    const struct load_request request = {.path = path};
    file_save(&file, path);
    guest_init(&guest);
    memory_map_rom(&guest.memory, "board ROM", 0xf0000, sizeof board_rom, board_rom);
    ck_assert(load_image(&guest.boot, &request, &guest.state, &guest.error));
    ck_assert_uint_eq(memory_read(&guest.memory, 0xffff0, 1), 0xea);
    unlink(path);
    guest_free(&guest);
    file_bytes_free(&file);
}
END_TEST

START_TEST(a_rom_of_another_size_or_without_a_start_is_refused)
{
    struct guest guest;
    static const size_t sizes[] = {1, 0xffff, 0x10001, 0x50000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct file_bytes file = file_new(sizes[i]);
        ck_assert(!load_saved(&guest, &file, (struct load_request){.kind = LOAD_ROM}));
        ASSERT_ERROR(&guest, "expected a BIOS ROM of 65536");
        guest_free(&guest);
        file_bytes_free(&file);
    }
    struct file_bytes blank = file_new(0x10000);
    memset(blank.bytes, 0xff, blank.size);
    ck_assert(!load_saved(&guest, &blank, (struct load_request){.kind = LOAD_ROM}));
    ASSERT_ERROR(&guest, "reset vector at offset 65520 is blank (16 bytes of FFh)");
    guest_free(&guest);
    file_bytes_free(&blank);
}
END_TEST

UNIT_SUITE("load", each_kind_is_recognised, a_folder_stands_for_the_kernel_of_its_name,
           a_folder_without_its_kernel_is_refused_with_a_remedy, packed_images_are_unpacked_first,
           what_is_no_image_is_called_by_its_name, options_the_image_has_no_use_for_are_refused,
           a_flat_binary_lies_and_starts_at_its_address,
           a_flat_binary_that_fills_low_memory_has_its_gdt_elsewhere,
           a_rom_is_read_only_and_seen_at_both_places, a_rom_takes_the_place_of_the_boards,
           a_rom_of_another_size_or_without_a_start_is_refused)
