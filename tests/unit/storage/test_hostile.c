/* Damaged and malicious images: errors are allowed, crashes, hangs and reads past memory are not. */
#include <sys/time.h>

#include "unit/storage/bench.h"

#define MUTANTS 1500u

/* An image with everything in it: data, holes, discarded and (with qemu-img) compressed clusters and a snapshot. */
static void make_original(const char *path, uint32_t cluster_size, unsigned version)
{
    struct error error = NO_ERROR;
    struct dice dice = {cluster_size + version};
    static uint8_t bytes[64 * KIB];
    bool second = have_qemu_img();
    memset(bytes, 'x', sizeof bytes);
    if (second) {
        write_file("plain.raw", bytes, sizeof bytes);
        ck_assert_msg(shell("qemu-img convert -c -O qcow2 -o cluster_size=%u,compat=%s plain.raw %s && "
                            "qemu-img resize %s 1M",
                            cluster_size, version == 2 ? "0.10" : "1.1", path, path) == 0,
                      "%s", said());
    } else {
        struct medium_plan plan = {
            .format = MEDIUM_QCOW2, .size = MIB, .cluster_size = cluster_size, .version = version};
        create_image(path, &plan);
    }
    for (unsigned round = 0; round < 2; round++) {
        struct medium *medium = open_image(path, false);
        for (unsigned i = 0; i < 20; i++) {
            dice_fill(&dice, bytes, 8 * KIB);
            must(medium_write(medium, dice_below(&dice, 60) * 16 * KIB, bytes, 8 * KIB, &error));
        }
        must(medium_discard(medium, 128 * KIB, 64 * KIB, &error));
        close_image(medium);
        if (second && round == 0)
            ck_assert_msg(shell("qemu-img snapshot -c one %s", path) == 0, "%s", said());
    }
}

/* Whatever it does, it comes back, and says something when it refuses. */
static void use_image(const char *path, bool read_only, struct dice *dice)
{
    static uint8_t bytes[128 * KIB];
    struct error error = NO_ERROR;
    struct medium_options options = {.read_only = read_only, .format = MEDIUM_QCOW2};
    struct medium *medium = medium_open(path, &options, &error);
    if (medium == NULL) {
        ck_assert_int_ne(error.text[0], '\0');
        return;
    }
    uint64_t size = medium_size(medium);
    for (unsigned i = 0; size > 0 && i < 24; i++) {
        uint64_t offset = dice_below(dice, size);
        if (dice_below(dice, 2) != 0 && size > MIB)
            offset = dice_below(dice, MIB);
        uint64_t length = dice_below(dice, sizeof bytes);
        struct medium_extent extent;
        length = length < size - offset ? length : size - offset;
        error.text[0] = '\0';
        bool good;
        switch (dice_below(dice, read_only ? 2 : 5)) {
        case 0:
            good = medium_read(medium, offset, bytes, length, &error);
            break;
        case 1:
            good = medium_extent(medium, offset, &extent, &error);
            ck_assert(!good || (extent.length > 0 && extent.length <= size - offset));
            break;
        case 2:
            good = medium_discard(medium, offset, length, &error);
            break;
        default:
            good = medium_write(medium, offset, bytes, length, &error);
        }
        ck_assert(good || error.text[0] != '\0');
    }
    error.text[0] = '\0';
    ck_assert(medium_close(medium, &error) || error.text[0] != '\0');
}

/* Numbers that break limits, in the place of one of the format's numbers. */
static void mutate(uint8_t *bytes, size_t size, uint32_t cluster_size, struct dice *dice)
{
    static const uint64_t nasty[] = {0,
                                     1,
                                     0x200,
                                     0x7fff,
                                     0xffffffff,
                                     0x80000000,
                                     0x7fffffffffffffff,
                                     0xffffffffffffffff,
                                     0x4000000000000000,
                                     0x7ffffffffffffe00,
                                     0x8000000000000000,
                                     0x00fffffffffffe00,
                                     0x80fffffffffffe00,
                                     0x8000000000000001};
    unsigned changes = 1 + (unsigned)dice_below(dice, 4);
    for (unsigned i = 0; i < changes; i++) {
        size_t limit = dice_below(dice, 2) != 0   ? 112
                       : dice_below(dice, 2) != 0 ? size
                                                  : 8 * (size_t)cluster_size;
        limit = limit < size ? limit : size;
        size_t at = dice_below(dice, limit - 8);
        switch (dice_below(dice, 5)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << dice_below(dice, 8));
            break;
        case 1:
            bytes[at] = (uint8_t)dice_roll(dice);
            break;
        case 2:
            store_be32(bytes + (at & ~3u), (uint32_t)nasty[dice_below(dice, ARRAY_LENGTH(nasty))]);
            break;
        case 3: /* some cluster of the file, often another table */
            store_be64(bytes + (at & ~7u), (dice_below(dice, 2) << 63) |
                                               dice_below(dice, size / cluster_size + 2) * cluster_size);
            break;
        default:
            store_be64(bytes + (at & ~7u), nasty[dice_below(dice, ARRAY_LENGTH(nasty))]);
        }
    }
}

static void try_mutants(uint32_t cluster_size, unsigned version)
{
    struct folder folder = folder_make();
    struct dice dice = {cluster_size * 31 + version};
    make_original("original", cluster_size, version);
    struct stat status;
    ck_assert_int_eq(stat("original", &status), 0);
    size_t size = (size_t)status.st_size;
    uint8_t *original = malloc(size), *mutant = malloc(size);
    FILE *file = fopen("original", "rb");
    ck_assert_uint_eq(fread(original, 1, size, file), size);
    fclose(file);
    for (unsigned i = 0; i < MUTANTS; i++) {
        memcpy(mutant, original, size);
        mutate(mutant, size, cluster_size, &dice);
        size_t length = dice_below(&dice, 8) == 0 ? dice_below(&dice, size) : size;
        write_file("mutant", mutant, length);
        /* A hang is a failure: none of it takes a second. */
        struct itimerval limit = {.it_value = {.tv_sec = 20}};
        setitimer(ITIMER_VIRTUAL, &limit, NULL);
        use_image("mutant", true, &dice);
        use_image("mutant", false, &dice);
    }
    free(original);
    free(mutant);
    folder_remove(&folder);
}

START_TEST(mutants_with_small_clusters_do_no_harm)
{
    try_mutants(512, 3);
}
END_TEST

START_TEST(mutants_with_usual_clusters_do_no_harm)
{
    try_mutants(64 * KIB, 3);
}
END_TEST

START_TEST(mutants_of_version_2_do_no_harm)
{
    try_mutants(4 * KIB, 2);
}
END_TEST

/* The table that an L2 entry calls data would be destroyed by the guest's own write. */
START_TEST(a_table_called_data_is_not_overwritten)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    static uint8_t bytes[64 * KIB];
    struct medium_plan plan = {.format = MEDIUM_QCOW2, .size = MIB};
    create_image("a.qcow2", &plan);
    struct medium *medium = open_image("a.qcow2", false);
    must(medium_write(medium, 0, bytes, sizeof bytes, &error));
    close_image(medium);
    int file = open("a.qcow2", O_RDWR);
    uint8_t entry[8];
    ck_assert_int_eq(pread(file, entry, 8, 40), 8);
    uint64_t l1 = load_be64(entry);
    ck_assert_int_eq(pread(file, entry, 8, (off_t)l1), 8);
    uint64_t l2 = load_be64(entry) & 0x00fffffffffffe00;
    store_be64(entry, l1 | 1ull << 63);
    ck_assert_int_eq(pwrite(file, entry, 8, (off_t)l2), 8);
    close(file);
    medium = open_image("a.qcow2", false);
    memset(bytes, 0xff, sizeof bytes);
    must_fail(medium_write(medium, 0, bytes, sizeof bytes, &error), "takes another table for data");
    must_fail(medium_write(medium, 512 * KIB, bytes, 512, &error), "nothing more is written");
    must_fail(medium_discard(medium, 512 * KIB, 64 * KIB, &error), "nothing more is written");
    close_image(medium);
    medium = open_image("a.qcow2", true);
    must(medium_read(medium, 512 * KIB, bytes, 512, &error));
    close_image(medium);
    folder_remove(&folder);
}
END_TEST

UNIT_SUITE("hostile", mutants_with_small_clusters_do_no_harm, mutants_with_usual_clusters_do_no_harm,
           mutants_of_version_2_do_no_harm, a_table_called_data_is_not_overwritten)
