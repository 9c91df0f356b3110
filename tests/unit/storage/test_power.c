/*
 * The host itself fails: of what was written since the last fdatasync, any part may be on the disk. The calls that
 * change files are this program's own, so that it knows what was pending.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>

#include "unit/storage/bench.h"

#define IMAGE_SIZE  (3 * MIB)
#define FILE_MAX    (24 * MIB)
#define PENDING_MAX 20000u

struct pending {
    uint64_t offset, length;
    uint8_t *bytes; /* NULL: zeros */
};

/* The disk under the image, and a guest's view of it. */
static struct disk {
    bool watching;
    struct dice dice;
    uint8_t durable[FILE_MAX], crashed[FILE_MAX];
    uint64_t size; /* of the file, all writes done */
    struct pending pending[PENDING_MAX];
    unsigned pending_count, flushes, growths;
    unsigned crash_in; /* writes until the sample is taken; 0: taken */
    uint8_t flushed[IMAGE_SIZE], bytes[IMAGE_SIZE];
    bool touched[IMAGE_SIZE / 512]; /* since the guest's last flush, clusters and all */
    bool may_differ[IMAGE_SIZE / 512];
    uint8_t kept[IMAGE_SIZE]; /* `flushed` when the sample was taken */
} disk;

static void apply(uint8_t *file, const struct pending *pending)
{
    if (pending->bytes != NULL)
        memcpy(file + pending->offset, pending->bytes, pending->length);
    else
        memset(file + pending->offset, 0, pending->length);
}

/* The power fails now: each pending write is there or not, or the last one alone. */
static void take_sample(bool last_alone)
{
    memcpy(disk.crashed, disk.durable, FILE_MAX);
    for (unsigned i = 0; i < disk.pending_count; i++) {
        if (last_alone ? i + 1 == disk.pending_count : dice_below(&disk.dice, 2) != 0)
            apply(disk.crashed, &disk.pending[i]);
    }
    memcpy(disk.kept, disk.flushed, IMAGE_SIZE);
    memcpy(disk.may_differ, disk.touched, sizeof disk.touched);
}

static void remember(uint64_t offset, const void *bytes, uint64_t length)
{
    if (!disk.watching || length == 0)
        return;
    ck_assert(disk.pending_count < PENDING_MAX && offset + length <= FILE_MAX);
    struct pending *pending = &disk.pending[disk.pending_count++];
    *pending = (struct pending){offset, length, NULL};
    if (bytes != NULL) {
        pending->bytes = malloc(length);
        memcpy(pending->bytes, bytes, length);
        disk.size = offset + length > disk.size ? offset + length : disk.size;
    }
    /* The header changes when the refcount table grows, which is rare. */
    bool grows = offset < 104 && length == 12 && disk.crash_in > 0;
    disk.growths += grows;
    disk.crash_in = grows ? 1 : disk.crash_in;
    if (disk.crash_in > 0 && --disk.crash_in == 0)
        take_sample(grows);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library has reserved names there */
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset)
{
    ssize_t put = syscall(SYS_pwrite64, descriptor, bytes, length, offset);
    if (put > 0)
        remember((uint64_t)offset, bytes, (uint64_t)put);
    return put;
}

int fallocate(int descriptor, int mode, off_t offset, off_t length)
{
    int result = (int)syscall(SYS_fallocate, descriptor, mode, offset, length);
    uint64_t end = (uint64_t)(offset + length);
    if (result == 0 && (uint64_t)offset < disk.size)
        remember((uint64_t)offset, NULL, (end < disk.size ? end : disk.size) - (uint64_t)offset);
    return result;
}

static void settle(void)
{
    for (unsigned i = 0; i < disk.pending_count; i++) {
        apply(disk.durable, &disk.pending[i]);
        free(disk.pending[i].bytes);
    }
    disk.pending_count = 0;
}

int fdatasync(int descriptor)
{
    settle();
    disk.flushes++;
    return (int)syscall(SYS_fdatasync, descriptor);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static void watch(const char *path, uint64_t seed)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    settle(); /* what the last user's close has left pending */
    memset(disk.durable, 0, FILE_MAX);
    disk.size = fread(disk.durable, 1, FILE_MAX, file);
    fclose(file);
    memset(disk.touched, 0, sizeof disk.touched);
    memcpy(disk.flushed, disk.bytes, IMAGE_SIZE);
    disk.dice.state = seed * 977 + 1;
    disk.watching = true;
}

static void touch(uint64_t offset, uint64_t length, uint64_t cluster)
{
    uint64_t start = offset / cluster * cluster, end = (offset + length + cluster - 1) / cluster * cluster;
    for (uint64_t i = start; i < end && i < IMAGE_SIZE; i += 512)
        disk.touched[i / 512] = true;
}

static void random_step(struct medium *medium, uint64_t cluster)
{
    static uint8_t bytes[64 * KIB];
    struct error error = NO_ERROR;
    uint64_t offset = dice_below(&disk.dice, IMAGE_SIZE / 512) * 512;
    uint64_t length = (1 + dice_below(&disk.dice, sizeof bytes / 512)) * 512;
    length = length < IMAGE_SIZE - offset ? length : IMAGE_SIZE - offset;
    unsigned what = (unsigned)dice_below(&disk.dice, 12);
    if (what == 0) {
        must(medium_flush(medium, &error));
        memcpy(disk.flushed, disk.bytes, IMAGE_SIZE);
        memset(disk.touched, 0, sizeof disk.touched);
        return;
    }
    touch(offset, length, cluster);
    if (what == 1) {
        must(medium_discard(medium, offset, length, &error));
        must(medium_read(medium, offset, disk.bytes + offset, length, &error));
        return;
    }
    dice_fill(&disk.dice, bytes, length);
    must(medium_write(medium, offset, bytes, length, &error));
    memcpy(disk.bytes + offset, bytes, length);
}

/* What the failed host finds: a sound image with all that the guest had flushed. */
static void examine(const char *path)
{
    static uint8_t bytes[IMAGE_SIZE];
    struct error error = NO_ERROR;
    write_file(path, disk.crashed, disk.size);
    check_image(path, true);
    struct medium *medium = open_image(path, true);
    must(medium_read(medium, 0, bytes, IMAGE_SIZE, &error));
    for (uint64_t i = 0; i < IMAGE_SIZE; i += 512)
        ck_assert_msg(disk.may_differ[i / 512] || memcmp(bytes + i, disk.kept + i, 512) == 0,
                      "what was flushed at %#llx is lost", (unsigned long long)i);
    close_image(medium);
}

static void survive_power_failures(const struct medium_plan *plan, unsigned rounds)
{
    struct folder folder = folder_make();
    if (!have_qemu_img())
        return;
    memset(disk.bytes, 0, IMAGE_SIZE);
    create_image("a.qcow2", plan);
    for (unsigned round = 1; round <= rounds; round++) {
        watch("a.qcow2", round);
        struct medium *medium = open_image("a.qcow2", false);
        disk.crash_in = 1 + (unsigned)dice_below(&disk.dice, 150);
        while (disk.crash_in > 0)
            random_step(medium, plan->cluster_size);
        close_image(medium);
        disk.watching = false;
        examine("crashed.qcow2");
        check_image("a.qcow2", false);
        if (round % 5 == 2)
            ck_assert_msg(shell("qemu-img snapshot -c s%u a.qcow2", round) == 0, "%s", said());
    }
    folder_remove(&folder);
}

START_TEST(a_power_failure_leaves_a_sound_image)
{
    survive_power_failures(
        &(struct medium_plan){.format = MEDIUM_QCOW2, .size = IMAGE_SIZE, .cluster_size = 4 * KIB}, 40);
}
END_TEST

START_TEST(so_it_does_while_tables_grow)
{
    struct medium_plan plan = {.format = MEDIUM_QCOW2, .size = IMAGE_SIZE, .cluster_size = 512};
    plan.refcount_bits = 64;
    survive_power_failures(&plan, 40);
    ck_assert(disk.growths > 0 || !have_qemu_img());
}
END_TEST

START_TEST(a_guests_flush_is_the_hosts)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    for (int format = MEDIUM_RAW; format <= MEDIUM_QCOW2; format++) {
        unlink("a");
        create_image("a", &(struct medium_plan){.format = (enum medium_format)format, .size = MIB});
        struct medium *medium = open_image("a", false);
        must(medium_write(medium, 0, "x", 1, &error));
        unsigned before = disk.flushes;
        must(medium_flush(medium, &error));
        ck_assert_uint_gt(disk.flushes, before);
        close_image(medium);
    }
    folder_remove(&folder);
}
END_TEST

UNIT_SUITE("power", a_power_failure_leaves_a_sound_image, so_it_does_while_tables_grow,
           a_guests_flush_is_the_hosts)
