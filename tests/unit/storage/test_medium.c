/* Opening and making media: what is refused, with which words, and who may share a file. */
#include "unit/storage/bench.h"

#define USUAL                \
    (struct medium_options)  \
    {                        \
        .format = MEDIUM_ANY \
    }

static const struct medium_plan qcow2_plan = {.format = MEDIUM_QCOW2, .size = MIB};

static void poke(const char *path, off_t offset, const void *bytes, size_t size)
{
    int file = open(path, O_RDWR);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, size, offset), (ssize_t)size);
    close(file);
}

static void poke_be64(const char *path, off_t offset, uint64_t value)
{
    uint8_t bytes[8];
    store_be64(bytes, value);
    poke(path, offset, bytes, sizeof bytes);
}

static void refused(const char *path, const struct medium_options *options, const char *wanted)
{
    struct error error = NO_ERROR;
    must_fail(medium_open(path, options, &error), wanted);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_int_ne(error.kind, ERROR_NONE);
}

START_TEST(what_cannot_be_read_is_refused_by_name)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    char head[512] = "KDMV";
    refused("missing", &USUAL, "No such file");
    refused("/dev/null", &USUAL, "stream");
    refused(".", &USUAL, "folder");
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    refused("pipe", &(struct medium_options){.read_only = true}, "stream");
    write_file("disk.vmdk", head, sizeof head);
    refused("disk.vmdk", &USUAL, "VMware");
    struct medium *medium = medium_open("disk.vmdk", &(struct medium_options){.format = MEDIUM_RAW}, &error);
    ck_assert_ptr_nonnull(medium);
    close_image(medium);
    refused("disk.vmdk", &(struct medium_options){.format = MEDIUM_QCOW2}, "no qcow2 image");
    ck_assert_int_eq(shell("gzip -k disk.vmdk"), 0);
    refused("disk.vmdk.gz", &USUAL, "unpack it");
    folder_remove(&folder);
}
END_TEST

START_TEST(features_that_are_not_supported_are_named)
{
    static const struct {
        unsigned bit;
        const char *name;
    } features[] = {{2, "external data file"}, {4, "extended L2 entries"}, {40, "number 40"}};
    struct folder folder = folder_make();
    create_image("a", &qcow2_plan);
    for (size_t i = 0; i < ARRAY_LENGTH(features); i++) {
        poke_be64("a", 72, 1ull << features[i].bit);
        refused("a", &USUAL, features[i].name);
    }
    /* The image may know the name itself: a row of the feature name table. */
    uint8_t table[8 + 48] = {0x68, 0x03, 0xf8, 0x57, 0, 0, 0, 48, 0, 40};
    poke("a", 112, table, sizeof table);
    poke("a", 112 + 10, "frobnicated", 11);
    refused("a", &USUAL, "frobnicated");
    poke_be64("a", 72, 0);
    uint8_t luks[4] = {0, 0, 0, 2};
    poke("a", 32, luks, sizeof luks);
    refused("a", &USUAL, "encrypted (LUKS)");
    folder_remove(&folder);
}
END_TEST

START_TEST(an_image_marked_as_damaged_can_only_be_read)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    uint8_t sector[512];
    create_image("a", &qcow2_plan);
    poke_be64("a", 72, 2);
    refused("a", &USUAL, "marked as damaged");
    struct medium *medium = open_image("a", true);
    must(medium_read(medium, 0, sector, sizeof sector, &error));
    must_fail(medium_write(medium, 0, sector, sizeof sector, &error), "reading only");
    must_fail(medium_read(medium, MIB - 511, sector, sizeof sector, &error), "beyond its end");
    must_fail(medium_read(medium, UINT64_MAX, sector, sizeof sector, &error), "beyond its end");
    close_image(medium);
    folder_remove(&folder);
}
END_TEST

START_TEST(changes_make_unknown_auto_clear_features_void)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    create_image("a", &qcow2_plan);
    poke_be64("a", 88, 1 | 1ull << 50);
    close_image(open_image("a", false));
    uint8_t field[8];
    int file = open("a", O_RDONLY);
    ck_assert_int_eq(pread(file, field, 8, 88), 8);
    ck_assert_uint_eq(load_be64(field), 1 | 1ull << 50);
    struct medium *medium = open_image("a", false);
    must(medium_write(medium, 5, "x", 1, &error));
    ck_assert_int_eq(pread(file, field, 8, 88), 8);
    ck_assert_uint_eq(load_be64(field), 0);
    close_image(medium);
    close(file);
    folder_remove(&folder);
}
END_TEST

/* Lazy refcounts: a writer that was killed leaves the dirty bit, and counts that are too low. */
START_TEST(counts_that_a_lazy_writer_left_are_put_right)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    uint8_t bytes[4096], read[4096], zeros[512] = {0};
    struct medium_plan plan = {.format = MEDIUM_QCOW2, .size = MIB, .cluster_size = 4096};
    create_image("a", &plan);
    struct medium *medium = open_image("a", false);
    memset(bytes, 'd', sizeof bytes);
    for (unsigned i = 0; i < 64; i++)
        must(medium_write(medium, i * 8192, bytes, sizeof bytes, &error));
    close_image(medium);
    poke_be64("a", 72, 1);
    poke("a", 2 * 4096 + 8, zeros,
         200); /* the refcount block is the third cluster; its first four are tables */
    if (have_qemu_img())
        ck_assert_int_eq(shell("qemu-img check a"), 2);
    close_image(open_image("a", true)); /* reading needs no counts */
    medium = open_image("a", false);
    for (unsigned i = 64; i < 128; i++)
        must(medium_write(medium, i * 8192, bytes, sizeof bytes, &error));
    for (unsigned i = 0; i < 128; i++) {
        must(medium_read(medium, i * 8192, read, sizeof read, &error));
        ck_assert_mem_eq(read, bytes, sizeof read);
    }
    close_image(medium);
    if (have_qemu_img())
        check_image("a", false);
    folder_remove(&folder);
}
END_TEST

START_TEST(backing_files_make_no_loop)
{
    struct folder folder = folder_make();
    uint8_t raw[512] = {0};
    write_file("x", raw, sizeof raw);
    create_image("b", &(struct medium_plan){.format = MEDIUM_QCOW2, .backing = "x"});
    create_image("a", &(struct medium_plan){.format = MEDIUM_QCOW2, .backing = "b"});
    /* "x" becomes "a": the name stands after the header, an extension of 16 bytes and its end of 8. */
    poke("b", 112 + 24, "a", 1);
    poke("b", 112 + 8, "qcow2", 5);
    uint8_t five[4] = {0, 0, 0, 5};
    poke("b", 112 + 4, five, 4);
    refused("a", &USUAL, "its own backing file");
    refused("b", &(struct medium_options){.snapshot = true}, "its own backing file");
    folder_remove(&folder);
}
END_TEST

START_TEST(backing_files_are_files)
{
    struct folder folder = folder_make();
    uint8_t raw[512] = {0};
    write_file("nbd.x", raw, sizeof raw);
    create_image("a", &(struct medium_plan){.format = MEDIUM_QCOW2, .backing = "nbd.x"});
    poke("a", 112 + 24, "nbd:x", 5);
    refused("a", &USUAL, "protocol");
    poke("a", 112 + 24, "nbd.y", 5);
    refused("a", &USUAL, "nbd.y");
    poke("a", 112 + 8, "vdi", 3);
    refused("a", &USUAL, "format 'vdi'");
    folder_remove(&folder);
}
END_TEST

START_TEST(an_image_has_one_writer_and_no_readers_beside_it)
{
    struct folder folder = folder_make();
    create_image("a", &qcow2_plan);
    struct medium *writer = open_image("a", false);
    refused("a", &USUAL, "in use by another program");
    refused("a", &(struct medium_options){.read_only = true}, "that writes it");
    refused("a", &(struct medium_options){.snapshot = true}, "that writes it");
    struct error error = NO_ERROR;
    struct medium *looker =
        medium_open("a", &(struct medium_options){.read_only = true, .unlocked = true}, &error);
    ck_assert_ptr_nonnull(looker);
    close_image(looker);
    if (have_qemu_img())
        ck_assert_int_ne(shell("qemu-img convert -O raw a b"), 0);
    close_image(writer);
    struct medium *one = open_image("a", true), *two = open_image("a", true);
    refused("a", &USUAL, "in use by another program");
    if (have_qemu_img()) {
        ck_assert_int_ne(shell("qemu-io -c 'write 0 512' a"), 0);
        ck_assert_msg(shell("qemu-img convert -O raw a b") == 0, "%s", said());
    }
    close_image(one);
    close_image(two);
    close_image(open_image("a", false));
    folder_remove(&folder);
}
END_TEST

START_TEST(another_programs_writer_is_seen)
{
    struct folder folder = folder_make();
    if (!have_qemu_img())
        return;
    create_image("a", &qcow2_plan);
    pid_t child = fork();
    if (child == 0) {
        execlp("qemu-io", "qemu-io", "-c", "sleep 20000", "a", (char *)NULL);
        _exit(127);
    }
    struct error error = NO_ERROR;
    bool seen = false;
    for (unsigned i = 0; i < 500 && !seen; i++) {
        struct medium *medium = medium_open("a", &(struct medium_options){.read_only = true}, &error);
        seen = medium == NULL;
        if (medium != NULL)
            close_image(medium);
        usleep(10000);
    }
    ck_assert(seen);
    ck_assert_ptr_nonnull(strstr(error.text, "that writes it"));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_guest_cannot_make_a_guessed_raw_image_qcow2)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    uint8_t sector[512] = {0};
    write_file("a", sector, sizeof sector);
    store_be32(sector, 0x514649fb);
    store_be32(sector + 4, 3);
    struct medium *medium = open_image("a", false);
    must_fail(medium_write(medium, 0, sector, sizeof sector, &error), "format is raw");
    must(medium_write(medium, 0, sector, 4, &error));
    must_fail(medium_write(medium, 4, sector + 4, 8, &error), "format is raw");
    close_image(medium);
    medium = medium_open("a", &(struct medium_options){.format = MEDIUM_RAW}, &error);
    ck_assert_msg(medium != NULL, "%s", error.text);
    must(medium_write(medium, 0, sector, sizeof sector, &error));
    close_image(medium);
    folder_remove(&folder);
}
END_TEST

static unsigned files_here(void)
{
    return shell("exit $(ls | grep -v said | wc -l)") & 0xff;
}

START_TEST(a_new_image_has_its_name_when_it_is_complete)
{
    struct folder folder = folder_make();
    struct error error = NO_ERROR;
    struct medium *medium = medium_create("a", &qcow2_plan, false, &error);
    ck_assert_msg(medium != NULL, "%s", error.text);
    must(medium_write(medium, 0, "abc", 3, &error));
    ck_assert_uint_eq(files_here(), 0);
    close_image(medium);
    ck_assert_uint_eq(files_here(), 0);
    medium = medium_create("a", &qcow2_plan, false, &error);
    write_file("a", "mine", 4);
    must_fail(medium_publish(medium, false, &error), "File exists");
    close_image(medium);
    must_fail(medium_create("a", &qcow2_plan, false, &error), "exists already");
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    medium = medium_create("a", &qcow2_plan, true, &error);
    ck_assert_msg(medium != NULL, "%s", error.text);
    must(medium_publish(medium, true, &error));
    must_fail(medium_create("a", &qcow2_plan, true, &error), "in use");
    close_image(medium);
    ck_assert_uint_eq(files_here(), 1);
    close_image(open_image("a", false));
    must_fail(medium_create("no/where", &qcow2_plan, false, &error), "No such file");
    folder_remove(&folder);
}
END_TEST

START_TEST(plans_that_make_no_sense_are_refused)
{
    struct folder folder = folder_make();
    static const struct {
        struct medium_plan plan;
        const char *wanted;
    } plans[] = {
        {{.format = MEDIUM_RAW}, "a size is needed"},
        {{.format = MEDIUM_RAW, .size = 512, .cluster_size = 512}, "no clusters"},
        {{.format = MEDIUM_QCOW2, .size = 512, .cluster_size = 513}, "power of two"},
        {{.format = MEDIUM_QCOW2, .size = 512, .cluster_size = 4 * MIB}, "power of two"},
        {{.format = MEDIUM_QCOW2, .size = 512, .version = 4}, "versions 2 and 3"},
        {{.format = MEDIUM_QCOW2, .size = 512, .refcount_bits = 3}, "1, 2, 4"},
        {{.format = MEDIUM_QCOW2, .size = 512, .refcount_bits = 8, .version = 2}, "16 bits"},
        {{.format = MEDIUM_QCOW2, .size = 1ull << 40, .cluster_size = 512}, "larger clusters"},
        {{.format = MEDIUM_QCOW2, .size = UINT64_MAX}, "that large"},
        {{.format = MEDIUM_QCOW2, .backing = "missing"}, "missing"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
        struct error error = NO_ERROR;
        must_fail(medium_create("a", &plans[i].plan, false, &error), plans[i].wanted);
    }
    ck_assert_uint_eq(files_here(), 0);
    folder_remove(&folder);
}
END_TEST

UNIT_SUITE("medium", what_cannot_be_read_is_refused_by_name, features_that_are_not_supported_are_named,
           an_image_marked_as_damaged_can_only_be_read, changes_make_unknown_auto_clear_features_void,
           counts_that_a_lazy_writer_left_are_put_right, backing_files_make_no_loop, backing_files_are_files,
           an_image_has_one_writer_and_no_readers_beside_it, another_programs_writer_is_seen,
           a_guest_cannot_make_a_guessed_raw_image_qcow2, a_new_image_has_its_name_when_it_is_complete,
           plans_that_make_no_sense_are_refused)
