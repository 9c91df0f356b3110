/* Linux kernels by the 32-bit boot protocol: zero page, initrd, command line, and damaged ones. */
#include "loader/bzimage.h"

#include "images.h"

static bool load(struct guest *guest, const struct file_bytes *file, const struct load_request *request)
{
    guest_init(guest);
    return bzimage_load(&guest->boot, request, file, &guest->state, &guest->error);
}

static bool refused(struct guest *guest, struct file_bytes file)
{
    const struct load_request request = {.path = "vmlinuz"};
    const bool loaded = load(guest, &file, &request);
    memory_free(&guest->memory);
    file_bytes_free(&file);
    return !loaded;
}

START_TEST(a_kernel_is_loaded_with_its_zero_page)
{
    struct guest guest;
    struct file_bytes file = linux_new();
    const struct load_request request = {.path = "vmlinuz", .command_line = "console=ttyS0 quiet"};
    char text[32];
    ck_assert_msg(load(&guest, &file, &request), "%s", guest.error.text);
    const uint32_t zero_page = guest.state.esi;
    ck_assert_int_eq(guest.state.entry, BOOT_PROTECTED);
    ck_assert_uint_eq(guest.state.eip, 0x100000);
    ck_assert_uint_eq(guest.state.code_selector, 0x10);
    ck_assert_uint_eq(guest.state.data_selector, 0x18);
    ck_assert_uint_eq(guest.state.ebx | guest.state.ebp | guest.state.edi, 0);
    ck_assert_uint_eq(zero_page % 4096, 0);
    ck_assert_uint_eq(guest_read(&guest, 0x100000 + LINUX_KERNEL_SIZE - 4), 0xf4f4f4f4);
    ck_assert_uint_eq(guest_read(&guest, 0x100000 + LINUX_KERNEL_SIZE), 0);
    ck_assert_uint_eq(guest_read(&guest, zero_page + 0x202), 0x53726448);
    ck_assert_uint_eq(memory_read(&guest.memory, zero_page + 0x210, 1), 0xff);
    ck_assert_uint_eq(memory_read(&guest.memory, zero_page + 0x211, 1), 0x01);
    ck_assert_uint_eq(guest_read(&guest, zero_page + 0x218), 0);
    guest_text(&guest, guest_read(&guest, zero_page + 0x228), text, sizeof text);
    ck_assert_str_eq(text, "console=ttyS0 quiet");
    ck_assert_ptr_nonnull(strstr(guest.state.description, "Linux 6.1.0-test bzImage"));
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

START_TEST(the_e820_map_covers_all_ram)
{
    struct guest guest;
    struct file_bytes file = linux_new();
    const struct load_request request = {.path = "vmlinuz"};
    uint64_t ram = 0;
    guest_init(&guest);
    guest.boot.acpi_rsdp = 0xf5678;
    ck_assert(bzimage_load(&guest.boot, &request, &file, &guest.state, &guest.error));
    const unsigned entries = (unsigned)memory_read(&guest.memory, guest.state.esi + 0x1e8, 1);
    ck_assert_uint_eq(entries, 4);
    for (unsigned i = 0; i < entries; i++) {
        const uint32_t entry = guest.state.esi + 0x2d0 + i * 20;
        if (guest_read(&guest, entry + 16) == 1)
            ram += memory_read(&guest.memory, entry + 8, 8);
    }
    ck_assert_uint_eq(ram, LOW_END + RAM_SIZE - 0x100000);
    ck_assert_uint_eq(memory_read(&guest.memory, guest.state.esi + 0x70, 8), 0xf5678);
    ck_assert_uint_eq(guest_read(&guest, guest.state.esi + 0x1e0), RAM_SIZE / 1024 - 1024);
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

/* Loads a kernel with an initrd and gives the initrd's address, or 0 when it was refused. */
static uint32_t initrd_address(struct guest *guest, uint32_t limit, struct file_bytes *initrd)
{
    char path[] = "/tmp/gate86-test-XXXXXX";
    struct file_bytes file = linux_new();
    const struct load_request request = {.path = "vmlinuz", .initrd = path};
    uint32_t address = 0;
    store_le32(file.bytes + 0x22c, limit);
    file_save(initrd, path);
    if (load(guest, &file, &request)) {
        address = guest_read(guest, guest->state.esi + 0x218);
        ck_assert_uint_eq(guest_read(guest, guest->state.esi + 0x21c), initrd->size);
        ck_assert_uint_eq(guest_read(guest, address), load_le32(initrd->bytes));
    }
    memory_free(&guest->memory);
    unlink(path);
    file_bytes_free(&file);
    return address;
}

START_TEST(the_initrd_lies_as_high_as_ram_and_kernel_allow)
{
    struct guest guest;
    struct file_bytes initrd = cpio_new();
    ck_assert_uint_eq(initrd_address(&guest, 0x7fffffff, &initrd), RAM_SIZE - 4096);
    ck_assert_uint_eq(initrd_address(&guest, 0x4fffff, &initrd), 0x4ff000);
    /* Between the loaded kernel and the place it moves to there is nothing for an initrd. */
    ck_assert_uint_eq(initrd_address(&guest, 0x2fffff, &initrd), 0);
    ASSERT_ERROR(&guest, "the kernel's limit 2FFFFFh");
    file_bytes_free(&initrd);
}
END_TEST

START_TEST(an_initrd_without_room_is_refused)
{
    struct guest guest;
    struct file_bytes initrd = file_new(RAM_SIZE - 0x200000);
    memset(initrd.bytes, 0xaa, initrd.size);
    ck_assert_uint_eq(initrd_address(&guest, 0x7fffffff, &initrd), 0);
    ASSERT_ERROR(&guest, "no room for this initrd of 6291456 bytes", "more memory");
    file_bytes_free(&initrd);
}
END_TEST

START_TEST(a_truncated_initrd_is_refused)
{
    struct guest guest;
    struct file_bytes whole = cpio_new(), initrd = file_cut(&whole, whole.size - 100);
    ck_assert_uint_eq(initrd_address(&guest, 0x7fffffff, &initrd), 0);
    ASSERT_ERROR(&guest, "/tmp/gate86-test-", "truncated", "cpio entry at offset");
    file_bytes_free(&initrd);
    file_bytes_free(&whole);
}
END_TEST

START_TEST(a_command_line_may_fill_the_kernels_limit_but_not_more)
{
    struct guest guest;
    struct file_bytes file = linux_new();
    char line[64] = "";
    const struct load_request request = {.path = "vmlinuz", .command_line = line};
    memset(line, 'x', 32);
    store_le32(file.bytes + 0x238, 32);
    ck_assert(load(&guest, &file, &request));
    memory_free(&guest.memory);
    line[32] = 'x';
    ck_assert(!load(&guest, &file, &request));
    memory_free(&guest.memory);
    ASSERT_ERROR(&guest, "33 characters", "takes 32", "shorten");
    file_bytes_free(&file);
}
END_TEST

START_TEST(what_is_wrong_with_a_kernel_is_said)
{
    struct guest guest;
    static const struct {
        unsigned offset;
        uint32_t value;
        unsigned size;
        const char *word;
    } rows[] = {
        {0x202, 0, 4, "HdrS"},
        {0x1fe, 0, 2, "55 AA"},
        {0x206, 0x0201, 2, "protocol 2.01 (offset 206h)"},
        {0x211, 0, 1, "zImage"},
        {0x201, 0x10, 1, "setup header ends at offset 212h"},
        {0x201, 0x90, 1, "setup header ends at offset 292h"},
        {0x236, 1, 2, "64-bit kernel"},
        {0x1f4, LINUX_KERNEL_SIZE / 16 + 1, 4, "truncated"},
        {0x1f4, 0xffffffff, 4, "truncated"},
        {0x1f4, 0, 4, "truncated"},
        {0x1f1, 5, 1, "truncated"},
        {0x24c, 0xffffffff, 4, "packed kernel"},
        {0x230, 3, 4, "power of two"},
        {0x260, 0x7f00000, 4, "at least 129 MiB"},
        {0x25c, 1, 4, "beyond 4 GiB"},
        {0x214, 0x9fff0, 4, "not all RAM"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file_bytes file = linux_new();
        memcpy(file.bytes + rows[i].offset, &rows[i].value, rows[i].size);
        ck_assert_msg(refused(&guest, file), "row %zu loaded", i);
        ck_assert_int_eq(guest.error.kind, ERROR_INPUT);
        ck_assert_msg(strstr(guest.error.text, rows[i].word) != NULL, "no '%s' in: %s", rows[i].word,
                      guest.error.text);
    }
}
END_TEST

START_TEST(a_kernel_cut_anywhere_is_refused)
{
    struct guest guest;
    struct file_bytes file = linux_new();
    for (size_t size = 0; size < file.size; size += size >= 0x1f0 && size < 0x280 ? 1 : 97)
        ck_assert(refused(&guest, file_cut(&file, size)));
    file_bytes_free(&file);
}
END_TEST

START_TEST(an_old_header_gets_the_old_limits)
{
    struct guest guest;
    struct file_bytes file = linux_new();
    char line[512] = "";
    const struct load_request request = {.path = "vmlinuz", .command_line = line};
    memset(line, 'x', 256);
    store_le16(file.bytes + 0x206, 0x0202);
    file.bytes[0x201] = 0x2e; /* ends at 230h */
    ck_assert(!load(&guest, &file, &request));
    memory_free(&guest.memory);
    ASSERT_ERROR(&guest, "takes 255");
    line[255] = '\0';
    ck_assert(load(&guest, &file, &request));
    memory_free(&guest.memory);
    file_bytes_free(&file);
}
END_TEST

UNIT_SUITE("bzimage", a_kernel_is_loaded_with_its_zero_page, the_e820_map_covers_all_ram,
           the_initrd_lies_as_high_as_ram_and_kernel_allow, an_initrd_without_room_is_refused,
           a_truncated_initrd_is_refused, a_command_line_may_fill_the_kernels_limit_but_not_more,
           what_is_wrong_with_a_kernel_is_said, a_kernel_cut_anywhere_is_refused,
           an_old_header_gets_the_old_limits)
