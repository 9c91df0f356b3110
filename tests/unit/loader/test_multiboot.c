/* Multiboot kernels: where everything lies afterwards, and what is said of damaged ones. */
#include "loader/multiboot.h"

#include "images.h"

static bool load(struct guest *guest, const struct file_bytes *file, const struct load_request *request)
{
    guest_init(guest);
    return multiboot_load(&guest->boot, request, file, &guest->state, &guest->error);
}

/* Loads once and gives the memory back: for files that must be refused. */
static bool refused(struct guest *guest, struct file_bytes file)
{
    const struct load_request request = {.path = "kernel.elf"};
    const bool loaded = load(guest, &file, &request);
    memory_free(&guest->memory);
    file_bytes_free(&file);
    return !loaded;
}

START_TEST(an_elf_kernel_starts_at_the_physical_place_of_its_entry)
{
    struct guest guest;
    struct file_bytes file = elf_new(3);
    const struct load_request request = {.path = "kernel.elf", .command_line = "a=1 b"};
    char text[32];
    guest_init(&guest);
    memory_write(&guest.memory, ELF_PHYSICAL + ELF_CODE_SIZE, 0xffffffff, 4);
    ck_assert_msg(multiboot_load(&guest.boot, &request, &file, &guest.state, &guest.error), "%s",
                  guest.error.text);
    ck_assert_int_eq(guest.state.entry, BOOT_PROTECTED);
    ck_assert_uint_eq(guest.state.eip, ELF_PHYSICAL + 16);
    ck_assert_uint_eq(guest.state.eax, 0x2badb002);
    ck_assert_uint_eq(guest_read(&guest, ELF_PHYSICAL), 0x1badb002);
    ck_assert_uint_eq(guest_read(&guest, ELF_PHYSICAL + ELF_CODE_SIZE), 0);
    const uint32_t info = guest.state.ebx;
    ck_assert_uint_lt(info, LOW_END);
    ck_assert_uint_eq(guest_read(&guest, info), 0x26d);
    ck_assert_uint_eq(guest_read(&guest, info + 4), LOW_END / 1024);
    ck_assert_uint_eq(guest_read(&guest, info + 8), RAM_SIZE / 1024 - 1024);
    guest_text(&guest, guest_read(&guest, info + 16), text, sizeof text);
    ck_assert_str_eq(text, "kernel.elf a=1 b");
    guest_text(&guest, guest_read(&guest, info + 64), text, sizeof text);
    ck_assert_str_eq(text, "gate86");
    ck_assert_uint_eq(guest_read(&guest, info + 20), 0);
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

START_TEST(the_gdt_holds_flat_code_and_data)
{
    struct guest guest;
    struct file_bytes file = elf_new(0);
    const struct load_request request = {.path = "kernel.elf"};
    ck_assert(load(&guest, &file, &request));
    const uint32_t gdt = guest.state.gdt_base;
    ck_assert_uint_eq(guest.state.code_selector, 0x10);
    ck_assert_uint_eq(guest.state.data_selector, 0x18);
    ck_assert_uint_eq(guest.state.gdt_limit, 31);
    ck_assert_uint_eq(memory_read(&guest.memory, gdt, 8), 0);
    ck_assert_uint_eq(memory_read(&guest.memory, gdt + 16, 8), 0x00cf9b000000ffff);
    ck_assert_uint_eq(memory_read(&guest.memory, gdt + 24, 8), 0x00cf93000000ffff);
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

START_TEST(the_memory_map_covers_all_ram)
{
    struct guest guest;
    struct file_bytes file = elf_new(2);
    const struct load_request request = {.path = "kernel.elf"};
    uint64_t ram = 0;
    ck_assert(load(&guest, &file, &request));
    const uint32_t length = guest_read(&guest, guest.state.ebx + 44),
                   map = guest_read(&guest, guest.state.ebx + 48);
    for (uint32_t at = 0; at < length; at += guest_read(&guest, map + at) + 4) {
        ck_assert_uint_eq(guest_read(&guest, map + at), 20);
        if (guest_read(&guest, map + at + 20) == 1)
            ram += memory_read(&guest.memory, map + at + 12, 8);
    }
    ck_assert_uint_eq(ram, LOW_END + RAM_SIZE - 0x100000);
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

START_TEST(section_headers_point_at_the_loaded_string_table)
{
    struct guest guest;
    struct file_bytes file = elf_new(0);
    const struct load_request request = {.path = "kernel.elf"};
    char text[32];
    ck_assert(load(&guest, &file, &request));
    const uint32_t info = guest.state.ebx, table = guest_read(&guest, info + 36);
    ck_assert_uint_eq(guest_read(&guest, info + 28), 3);
    ck_assert_uint_eq(guest_read(&guest, info + 32), 40);
    ck_assert_uint_eq(guest_read(&guest, info + 40), 2);
    ck_assert_uint_eq(guest_read(&guest, table + 40 + 12), ELF_LINEAR);
    const uint32_t strings = guest_read(&guest, table + 80 + 12);
    ck_assert_uint_ge(strings, ELF_PHYSICAL + ELF_CODE_SIZE + ELF_BSS_SIZE);
    guest_text(&guest, strings + 9, text, sizeof text);
    ck_assert_str_eq(text, "kernel_main");
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

START_TEST(modules_lie_page_aligned_behind_the_kernel_with_their_strings)
{
    struct guest guest;
    char paths[2][32] = {"/tmp/gate86-test-XXXXXX", "/tmp/gate86-test-XXXXXX"}, strings[2][64], text[64];
    struct file_bytes file = elf_new(3), first = file_new(5000), second = file_new(1);
    memset(first.bytes, 0x11, first.size);
    second.bytes[0] = 0x22;
    file_save(&first, paths[0]);
    file_save(&second, paths[1]);
    snprintf(strings[0], sizeof strings[0], "%s one two", paths[0]);
    snprintf(strings[1], sizeof strings[1], "%s", paths[1]);
    const struct load_request request = {.path = "kernel.elf", .modules = {strings[0], strings[1]}};
    ck_assert_msg(load(&guest, &file, &request), "%s", guest.error.text);
    ck_assert_uint_eq(guest_read(&guest, guest.state.ebx + 20), 2);
    const uint32_t table = guest_read(&guest, guest.state.ebx + 24);
    const uint32_t place[2] = {guest_read(&guest, table), guest_read(&guest, table + 16)};
    ck_assert_uint_eq(place[0], 0x101000);
    ck_assert_uint_eq(place[1], 0x103000);
    ck_assert_uint_eq(guest_read(&guest, table + 4), place[0] + 5000);
    ck_assert_uint_eq(guest_read(&guest, table + 20), place[1] + 1);
    ck_assert_uint_eq(guest_read(&guest, place[0] + 4996), 0x11111111);
    ck_assert_uint_eq(guest_read(&guest, place[1]), 0x22);
    guest_text(&guest, guest_read(&guest, table + 8), text, sizeof text);
    ck_assert_str_eq(text, strings[0]);
    memory_free(&guest.memory);
    for (int i = 0; i < 2; i++)
        unlink(paths[i]);
    file_bytes_free(&file);
    file_bytes_free(&first);
    file_bytes_free(&second);
}
END_TEST

START_TEST(a_missing_or_too_large_module_is_named)
{
    struct guest guest;
    char path[] = "/tmp/gate86-test-XXXXXX";
    struct file_bytes file = elf_new(3), large = file_new(RAM_SIZE);
    const struct load_request missing = {.path = "kernel.elf", .modules = {"/nowhere/module x"}};
    const struct load_request too_large = {.path = "kernel.elf", .modules = {path}};
    file_save(&large, path);
    ck_assert(!load(&guest, &file, &missing));
    memory_free(&guest.memory);
    ASSERT_ERROR(&guest, "/nowhere/module:");
    ck_assert(!load(&guest, &file, &too_large));
    memory_free(&guest.memory);
    ASSERT_ERROR(&guest, "/tmp/gate86-test-", "no room", "8388608 bytes", "more memory");
    unlink(path);
    file_bytes_free(&file);
    file_bytes_free(&large);
}
END_TEST

START_TEST(header_addresses_replace_the_file_format)
{
    struct guest guest;
    struct file_bytes file = raw_new();
    const struct load_request request = {.path = "kernel.bin"};
    guest_init(&guest);
    memory_write(&guest.memory, RAW_LOAD + 4092, 0xffffffff, 4);
    memory_write(&guest.memory, RAW_LOAD + 4096, 0xffffffff, 4);
    ck_assert_msg(multiboot_load(&guest.boot, &request, &file, &guest.state, &guest.error), "%s",
                  guest.error.text);
    ck_assert_uint_eq(guest.state.eip, RAW_LOAD + 100);
    ck_assert_uint_eq(guest_read(&guest, RAW_LOAD + 32), 0x1badb002);
    ck_assert_uint_eq(guest_read(&guest, RAW_LOAD + 508), 0xf4f4f4f4);
    ck_assert_uint_eq(guest_read(&guest, RAW_LOAD + 512), 0);
    ck_assert_uint_eq(guest_read(&guest, RAW_LOAD + 4092), 0);
    ck_assert_uint_eq(guest_read(&guest, RAW_LOAD + 4096), 0xffffffff);
    ck_assert_uint_eq(guest_read(&guest, guest.state.ebx) & 0x20, 0);
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

START_TEST(header_addresses_that_do_not_fit_are_named_with_their_offset)
{
    struct guest guest;
    static const struct {
        unsigned field;
        uint32_t value;
        const char *word;
    } rows[] = {
        {12, RAW_LOAD - 4, "load_addr 200000h (offset 80)"},
        {12, RAW_LOAD + 68, "load_addr 200000h (offset 80)"},
        {20, RAW_LOAD, "load_end_addr 200000h (offset 84)"},
        {20, RAW_LOAD + RAW_FILE_SIZE, "truncated"},
        {24, RAW_LOAD + 511, "bss_end_addr 2001FFh (offset 88)"},
        {24, RAM_SIZE + 1, "at least 9 MiB"},
        {28, RAW_LOAD + 512, "entry_addr 200200h (offset 92)"},
        {28, RAW_LOAD - 1, "entry_addr 1FFFFFh (offset 92)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file_bytes file = raw_new();
        store_le32(file.bytes + RAW_HEADER_AT + rows[i].field, rows[i].value);
        ck_assert(refused(&guest, file));
        ck_assert_msg(strstr(guest.error.text, rows[i].word) != NULL, "no '%s' in: %s", rows[i].word,
                      guest.error.text);
    }
}
END_TEST

START_TEST(a_header_that_is_missing_misplaced_or_wrong_is_called_so)
{
    struct guest guest;
    struct file_bytes file = elf_new(3);
    memset(file.bytes + ELF_HEADER_AT, 0, 12);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "kernel.elf: no multiboot header", "first 8192 bytes");

    file = elf_new(3);
    file.bytes[ELF_HEADER_AT + 8] ^= 1;
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "offset 4096", "checksum", "expected E4524FFBh");

    file = file_new(16384);
    put_multiboot_header(file.bytes + 8192, 0);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "offset 8192", "beyond the first 8192 bytes");

    file = file_new(16384);
    put_multiboot_header(file.bytes + 8184, 0);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "offset 8184", "cut off");

    file = file_new(16384);
    put_multiboot_header(file.bytes + 102, 0);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "offset 102", "not aligned");

    file = file_new(16384);
    put_multiboot_header(file.bytes + 8164, 0x10000);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "offset 8164", "needs 32 bytes");

    file = file_new(4096);
    store_le32(file.bytes + 8, 0xe85250d6);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "multiboot 2", "offset 8");

    file = elf_new(8);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "flags 00000008h", "bits 0008h");
}
END_TEST

START_TEST(an_elf_file_that_cannot_run_here_is_refused_with_the_reason)
{
    struct guest guest;
    static const struct {
        unsigned offset;
        uint8_t value;
        const char *word;
    } rows[] = {
        {4, 2, "64-bit ELF"},   {4, 7, "ELF class 7"},     {5, 2, "data encoding 2"},
        {6, 0, "version 0"},    {16, 1, "an object file"}, {16, 3, "shared object"},
        {18, 40, "machine 40"}, {42, 31, "of 31 bytes"},   {44, 0, "no program headers"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file_bytes file = elf_new(3);
        file.bytes[rows[i].offset] = rows[i].value;
        ck_assert(refused(&guest, file));
        ck_assert_msg(strstr(guest.error.text, rows[i].word) != NULL, "no '%s' in: %s", rows[i].word,
                      guest.error.text);
    }
}
END_TEST

START_TEST(a_segment_outside_ram_or_file_is_named)
{
    struct guest guest;
    const size_t segment = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr);
    struct file_bytes file = elf_new(3);
    store_le32(file.bytes + segment + offsetof(Elf32_Phdr, p_paddr), 0x9ff00);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "segment 1 goes to 9FF00h-A0040h", "RAM is 0-9FC00h and 100000h-800000h");

    file = elf_new(3);
    store_le32(file.bytes + segment + offsetof(Elf32_Phdr, p_memsz), 32 << 20);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "segment 1 needs RAM", "at least 33 MiB");

    file = elf_new(3);
    store_le32(file.bytes + segment + offsetof(Elf32_Phdr, p_paddr), 0xfffffff0);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "segment 1", "not all RAM");

    file = elf_new(3);
    store_le32(file.bytes + segment + offsetof(Elf32_Phdr, p_offset), ELF_FILE_SIZE - ELF_CODE_SIZE + 1);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "truncated", "segment 1 (program header at offset 84)");

    file = elf_new(3);
    store_le32(file.bytes + segment + offsetof(Elf32_Phdr, p_memsz), 1);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "64 bytes in the file but only 1 in memory");

    file = elf_new(3);
    store_le32(file.bytes + offsetof(Elf32_Ehdr, e_entry), 0x1234);
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "entry point 1234h", "no loaded segment");

    file = elf_new(3);
    memcpy(file.bytes + sizeof(Elf32_Ehdr), file.bytes + segment, sizeof(Elf32_Phdr));
    ck_assert(refused(&guest, file));
    ASSERT_ERROR(&guest, "segment 1", "overlaps segment 0");
}
END_TEST

START_TEST(an_elf_file_cut_anywhere_is_refused_or_loads_whole)
{
    struct guest guest;
    struct file_bytes file = elf_new(3);
    for (size_t size = 0; size < ELF_SYMBOLS_AT; size += size < 200 ? 1 : 61)
        ck_assert(refused(&guest, file_cut(&file, size)));
    file_bytes_free(&file);
}
END_TEST

START_TEST(the_text_screen_is_told_when_there_is_one)
{
    struct guest guest;
    struct file_bytes file = elf_new(7);
    const struct load_request request = {.path = "kernel.elf"};
    guest_init(&guest);
    guest.boot.text_screen = true;
    ck_assert(multiboot_load(&guest.boot, &request, &file, &guest.state, &guest.error));
    ck_assert_uint_eq(guest_read(&guest, guest.state.ebx) & 0x1000, 0x1000);
    ck_assert_uint_eq(memory_read(&guest.memory, guest.state.ebx + 88, 8), 0xb8000);
    ck_assert_uint_eq(memory_read(&guest.memory, guest.state.ebx + 109, 1), 2);
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

UNIT_SUITE("multiboot", an_elf_kernel_starts_at_the_physical_place_of_its_entry,
           the_gdt_holds_flat_code_and_data, the_memory_map_covers_all_ram,
           section_headers_point_at_the_loaded_string_table,
           modules_lie_page_aligned_behind_the_kernel_with_their_strings,
           a_missing_or_too_large_module_is_named, header_addresses_replace_the_file_format,
           header_addresses_that_do_not_fit_are_named_with_their_offset,
           a_header_that_is_missing_misplaced_or_wrong_is_called_so,
           an_elf_file_that_cannot_run_here_is_refused_with_the_reason,
           a_segment_outside_ram_or_file_is_named, an_elf_file_cut_anywhere_is_refused_or_loads_whole,
           the_text_screen_is_told_when_there_is_one)
