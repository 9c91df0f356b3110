/* The emulator is killed, or the host's disk is full: images stay sound and what was written stays written. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "unit/storage/bench.h"

#define IMAGE_SIZE (4 * MIB)
#define WRITE_MAX  (96 * KIB)

/* Shared with the process that is killed. */
struct shared {
    uint8_t bytes[IMAGE_SIZE];        /* what has been written */
    volatile uint64_t offset, length; /* the write that is under way */
    uint8_t next[WRITE_MAX];          /* what it writes */
    volatile unsigned writes;
};

static struct shared *shared_make(void)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    return shared;
}

/* In the child: writes until it is killed. */
static void write_for_ever(struct shared *shared, const char *path, uint64_t seed)
{
    struct error error = NO_ERROR;
    struct dice dice = {seed};
    struct medium *medium = medium_open(path, &(struct medium_options){.format = MEDIUM_QCOW2}, &error);
    while (medium != NULL) {
        shared->length = 0;
        uint64_t offset = dice_below(&dice, IMAGE_SIZE / 512) * 512;
        uint64_t length = (1 + dice_below(&dice, WRITE_MAX / 512)) * 512;
        length = length < IMAGE_SIZE - offset ? length : IMAGE_SIZE - offset;
        dice_fill(&dice, shared->next, length);
        shared->offset = offset;
        shared->length = length;
        if (!medium_write(medium, offset, shared->next, length, &error))
            _exit(2);
        memcpy(shared->bytes + offset, shared->next, length);
        shared->writes++;
        if (dice_below(&dice, 8) == 0 && !medium_flush(medium, &error))
            _exit(3);
    }
    _exit(4);
}

static void kill_in_the_middle(struct shared *shared, const char *path, uint64_t seed)
{
    unsigned before = shared->writes;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        write_for_ever(shared, path, seed);
    int status;
    while (shared->writes < before + 1 + seed % 7 && waitpid(child, &status, WNOHANG) == 0)
        usleep(100);
    usleep((useconds_t)(seed * 7919 % 3000));
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status), "the writer failed with status %d", WEXITSTATUS(status));
}

/* Everything but the write under way, each of whose bytes is the old or the new one. */
static void verify(struct shared *shared, const char *path)
{
    static uint8_t bytes[IMAGE_SIZE];
    struct error error = NO_ERROR;
    struct medium *medium = open_image(path, true);
    must(medium_read(medium, 0, bytes, IMAGE_SIZE, &error));
    bool strange = false;
    for (uint64_t i = 0; i < IMAGE_SIZE; i++) {
        bool under_way = i >= shared->offset && i - shared->offset < shared->length;
        strange |=
            bytes[i] != shared->bytes[i] && !(under_way && bytes[i] == shared->next[i - shared->offset]);
    }
    ck_assert(!strange);
    memcpy(shared->bytes, bytes, IMAGE_SIZE);
    shared->length = 0;
    close_image(medium);
}

static void survive_kills(const struct medium_plan *plan, unsigned rounds)
{
    struct shared *shared = shared_make();
    bool second = have_qemu_img();
    if (plan->backing != NULL) {
        struct dice dice = {99};
        dice_fill(&dice, shared->bytes, IMAGE_SIZE);
        write_file(plan->backing, shared->bytes, IMAGE_SIZE);
    }
    for (unsigned i = 0; i < rounds; i++) {
        if (i % 10 == 0) {
            unlink("a.qcow2");
            create_image("a.qcow2", plan);
            if (plan->backing == NULL) {
                memset(shared->bytes, 0, IMAGE_SIZE);
            } else {
                FILE *file = fopen(plan->backing, "rb");
                ck_assert_uint_eq(fread(shared->bytes, 1, IMAGE_SIZE, file), IMAGE_SIZE);
                fclose(file);
            }
        }
        kill_in_the_middle(shared, "a.qcow2", i + 1);
        if (second)
            check_image("a.qcow2", true);
        verify(shared, "a.qcow2");
        if (second && i % 10 == 4)
            ck_assert_msg(shell("qemu-img snapshot -c s%u a.qcow2", i) == 0, "%s", said());
    }
    munmap(shared, sizeof *shared);
}

START_TEST(a_killed_emulator_leaves_a_sound_image)
{
    struct folder folder = folder_make();
    survive_kills(&(struct medium_plan){.format = MEDIUM_QCOW2, .size = IMAGE_SIZE}, 30);
    folder_remove(&folder);
}
END_TEST

START_TEST(so_it_does_while_tables_grow)
{
    struct folder folder = folder_make();
    survive_kills(
        &(struct medium_plan){
            .format = MEDIUM_QCOW2, .size = IMAGE_SIZE, .cluster_size = 512, .refcount_bits = 64},
        30);
    folder_remove(&folder);
}
END_TEST

START_TEST(so_it_does_upon_a_backing_file)
{
    struct folder folder = folder_make();
    survive_kills(
        &(struct medium_plan){
            .format = MEDIUM_QCOW2, .cluster_size = 4096, .version = 2, .backing = "base.raw"},
        30);
    folder_remove(&folder);
}
END_TEST

/* Writes to a disk that fills up: `limit` bytes is the largest size of a file. */
struct filling {
    struct medium *medium;
    struct dice dice;
    uint8_t bytes[IMAGE_SIZE];
    uint8_t buffer[IMAGE_SIZE];
    unsigned failures;
};

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A write that fails has transferred some of its bytes, and nothing else. */
static void fill_some(struct filling *filling, unsigned writes)
{
    for (unsigned i = 0; i < writes; i++) {
        struct error error = NO_ERROR;
        uint64_t offset = dice_below(&filling->dice, IMAGE_SIZE / 512) * 512;
        uint64_t length = (1 + dice_below(&filling->dice, WRITE_MAX / 512)) * 512;
        length = length < IMAGE_SIZE - offset ? length : IMAGE_SIZE - offset;
        dice_fill(&filling->dice, filling->buffer, length);
        if (medium_write(filling->medium, offset, filling->buffer, length, &error)) {
            memcpy(filling->bytes + offset, filling->buffer, length);
            continue;
        }
        ck_assert_msg(strstr(error.text, "File too large") != NULL, "%s", error.text);
        filling->failures++;
        must(medium_read(filling->medium, offset, filling->bytes + offset, length, &error));
    }
}

static void compare_filling(struct filling *filling)
{
    struct error error = NO_ERROR;
    must(medium_read(filling->medium, 0, filling->buffer, IMAGE_SIZE, &error));
    ck_assert_mem_eq(filling->buffer, filling->bytes, IMAGE_SIZE);
}

static void survive_full_disk(const struct medium_plan *plan, const struct medium_options *options)
{
    struct folder folder = folder_make();
    static struct filling filling;
    struct error error = NO_ERROR;
    memset(&filling, 0, sizeof filling);
    filling.dice.state = plan->cluster_size + 1;
    signal(SIGXFSZ, SIG_IGN);
    create_image("a", plan);
    filling.medium = medium_open("a", options, &error);
    ck_assert_msg(filling.medium != NULL, "%s", error.text);
    /* Room for more comes by the piece, and the disk is full again. */
    for (unsigned round = 1; round <= 4; round++) {
        limit_files(round * 700 * KIB);
        fill_some(&filling, 60);
        compare_filling(&filling);
    }
    must(medium_flush(filling.medium, &error));
    ck_assert_uint_ge(filling.failures, 10);
    limit_files(RLIM_INFINITY);
    unsigned before = filling.failures;
    fill_some(&filling, 60);
    ck_assert_uint_eq(filling.failures, before);
    compare_filling(&filling);
    close_image(filling.medium);
    if (!options->snapshot) {
        filling.medium = open_image("a", true);
        compare_filling(&filling);
        close_image(filling.medium);
        if (plan->format == MEDIUM_QCOW2 && have_qemu_img())
            check_image("a", true);
    }
    folder_remove(&folder);
}

START_TEST(a_full_disk_fails_the_write_and_loses_nothing)
{
    for (uint32_t cluster = 512; cluster <= 512 * KIB; cluster *= 8)
        survive_full_disk(
            &(struct medium_plan){.format = MEDIUM_QCOW2, .size = IMAGE_SIZE, .cluster_size = cluster},
            &(struct medium_options){.format = MEDIUM_QCOW2});
}
END_TEST

START_TEST(so_it_does_behind_an_overlay)
{
    survive_full_disk(&(struct medium_plan){.format = MEDIUM_QCOW2, .size = IMAGE_SIZE},
                      &(struct medium_options){.snapshot = true});
}
END_TEST

UNIT_SUITE("crash", a_killed_emulator_leaves_a_sound_image, so_it_does_while_tables_grow,
           so_it_does_upon_a_backing_file, a_full_disk_fails_the_write_and_loses_nothing,
           so_it_does_behind_an_overlay)
