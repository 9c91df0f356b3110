/*
 * Thousands of damaged images, the same ones in every run: none may crash a loader, write outside RAM (the
 * sanitizer build sees it) or fail without saying why.
 */
#include "loader/initrd.h"
#include "loader/multiboot.h"
#include "loader/recognise.h"

#include "images.h"
#include "loader/bzimage.h"

#define ROUNDS 4000

struct random {
    uint64_t state;
};

/* xorshift64: any fixed sequence will do. */
static uint32_t random_below(struct random *random, uint32_t limit)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)((random->state >> 32) * limit >> 32);
}

/* Values at which sums overflow and comparisons turn. */
static uint32_t random_value(struct random *random)
{
    static const uint32_t edges[] = {
        0,       1,        4,        0x7fffffff,   0x80000000, 0xfffffff0,       0xffffffff, 0x9fc00,
        0xa0000, 0x100000, RAM_SIZE, RAM_SIZE - 1, 0xfff,      ELF_PHYSICAL + 8, 0x1badb002, 40};
    return random_below(random, 2) ? edges[random_below(random, sizeof edges / sizeof edges[0])]
                                   : random_below(random, 0xffffffff);
}

/* One to four damages: a flipped bit, a changed field of 1, 2 or 4 bytes; sometimes the file is cut. */
static struct file_bytes damaged(struct random *random, const struct file_bytes *whole, size_t head)
{
    struct file_bytes file = file_cut(
        whole, random_below(random, 8) == 0 ? random_below(random, (uint32_t)whole->size + 1) : whole->size);
    for (uint32_t i = random_below(random, 4) + 1; i > 0 && file.size >= 4; i--) {
        const size_t limit = head < file.size && random_below(random, 4) != 0 ? head : file.size;
        const size_t at = random_below(random, (uint32_t)(limit < 4 ? 1 : limit - 3));
        const uint32_t value = random_value(random);
        if (random_below(random, 3) == 0)
            file.bytes[at] ^= (uint8_t)(1u << (value & 7));
        else
            memcpy(file.bytes + at, &value, 1u << random_below(random, 3));
    }
    return file;
}

typedef bool loader(const struct boot_memory *, const struct load_request *, const struct file_bytes *,
                    struct boot_state *, struct error *);

/* head: the size of the file's interesting start. */
static void damage_all(loader *load, struct file_bytes whole, size_t head, const char *initrd)
{
    struct guest guest;
    struct random random = {0x9e3779b97f4a7c15};
    unsigned loaded = 0, refused = 0;
    const struct load_request request = {.path = "damaged", .command_line = "x", .initrd = initrd};
    guest_init(&guest);
    for (int i = 0; i < ROUNDS; i++) {
        struct file_bytes file = damaged(&random, &whole, head);
        guest.error = (struct error){0};
        if (load(&guest.boot, &request, &file, &guest.state, &guest.error)) {
            loaded++;
            ck_assert_int_eq(guest.error.kind, ERROR_NONE);
        } else {
            refused++;
            ck_assert_int_eq(guest.error.kind, ERROR_INPUT);
            ck_assert_ptr_nonnull(strstr(guest.error.text, "damaged"));
        }
        file_bytes_free(&file);
    }
    /* Both ways must have been taken often, else the damages are too coarse or too fine to test anything. */
    ck_assert_uint_gt(loaded, ROUNDS / 20);
    ck_assert_uint_gt(refused, ROUNDS / 20);
    memory_free(&guest.memory);
    file_bytes_free(&whole);
}

START_TEST(damaged_elf_kernels_are_refused_or_loaded)
{
    damage_all(multiboot_load, elf_new(3), sizeof(Elf32_Ehdr) + 2 * sizeof(Elf32_Phdr), NULL);
}
END_TEST

START_TEST(damaged_section_headers_are_survived)
{
    struct file_bytes file = elf_new(7);
    /* Section headers in front, where most damages fall. */
    memmove(file.bytes + 256, file.bytes + ELF_SECTIONS_AT, 3 * sizeof(Elf32_Shdr));
    store_le32(file.bytes + offsetof(Elf32_Ehdr, e_shoff), 256);
    damage_all(multiboot_load, file, 256 + 3 * sizeof(Elf32_Shdr), NULL);
}
END_TEST

START_TEST(damaged_header_addresses_are_refused_or_loaded)
{
    damage_all(multiboot_load, raw_new(), RAW_HEADER_AT + 48, NULL);
}
END_TEST

START_TEST(damaged_linux_kernels_are_refused_or_loaded)
{
    damage_all(bzimage_load, linux_new(), 0x280, NULL);
}
END_TEST

START_TEST(damaged_archives_are_refused_or_pass)
{
    struct random random = {0x2545f4914f6cdd1d};
    struct file_bytes whole = cpio_new();
    unsigned refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct file_bytes file = damaged(&random, &whole, whole.size);
        struct error error = {0};
        if (!initrd_check("damaged", &file, &error)) {
            ck_assert_int_eq(error.kind, ERROR_INPUT);
            refused++;
        }
        file_bytes_free(&file);
    }
    ck_assert_uint_gt(refused, ROUNDS / 20);
    file_bytes_free(&whole);
}
END_TEST

START_TEST(damaged_files_of_any_kind_are_recognised_or_named)
{
    struct random random = {0x632be59bd9b4e019};
    struct file_bytes kinds[3] = {elf_new(3), raw_new(), linux_new()};
    for (int i = 0; i < ROUNDS; i++) {
        struct file_bytes file = damaged(&random, &kinds[i % 3], 0x280);
        struct error error = {0};
        enum load_kind kind;
        if (!recognise_kind("damaged", &file, &kind, &error))
            ck_assert_int_eq(error.kind, ERROR_INPUT);
        file_bytes_free(&file);
    }
    for (int i = 0; i < 3; i++)
        file_bytes_free(&kinds[i]);
}
END_TEST

UNIT_SUITE("damage", damaged_elf_kernels_are_refused_or_loaded, damaged_section_headers_are_survived,
           damaged_header_addresses_are_refused_or_loaded, damaged_linux_kernels_are_refused_or_loaded,
           damaged_archives_are_refused_or_pass, damaged_files_of_any_kind_are_recognised_or_named)
