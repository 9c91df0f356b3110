/* Images of every shape against a plain array, with qemu-img as the second opinion on the file. */
#include "unit/storage/bench.h"

/* An image and what it should hold. */
struct model {
    struct dice dice;
    struct medium *medium;
    uint64_t size;
    uint8_t *bytes;
    uint8_t *buffer;
};

static void model_start(struct model *model, uint64_t size, uint64_t seed)
{
    *model = (struct model){.dice = {seed * 0x9e3779b97f4a7c15u + 1}, .size = size};
    model->bytes = calloc(1, size);
    model->buffer = malloc(size);
    ck_assert(model->bytes != NULL && model->buffer != NULL);
}

static void model_end(struct model *model)
{
    free(model->bytes);
    free(model->buffer);
}

/* Mostly short, sometimes long ranges; often at the borders of sectors. */
static void random_range(struct model *model, uint64_t *offset, uint64_t *length)
{
    static const uint64_t longest[] = {16, 512, 4096, 70000, 400000};
    *offset = dice_below(&model->dice, model->size);
    if (dice_below(&model->dice, 4) != 0)
        *offset &= ~511ull;
    *length = 1 + dice_below(&model->dice, longest[dice_below(&model->dice, ARRAY_LENGTH(longest))]);
    if (dice_below(&model->dice, 4) != 0)
        *length = (*length + 511) & ~511ull;
    if (*length > model->size - *offset)
        *length = model->size - *offset;
}

static void random_write(struct model *model)
{
    struct error error = NO_ERROR;
    uint64_t offset, length;
    random_range(model, &offset, &length);
    dice_fill(&model->dice, model->bytes + offset, length);
    must(medium_write(model->medium, offset, model->bytes + offset, length, &error));
}

static void random_read(struct model *model)
{
    struct error error = NO_ERROR;
    uint64_t offset, length;
    random_range(model, &offset, &length);
    must(medium_read(model->medium, offset, model->buffer, length, &error));
    ck_assert_mem_eq(model->buffer, model->bytes + offset, length);
}

static void random_discard(struct model *model)
{
    struct error error = NO_ERROR;
    uint64_t offset, length;
    random_range(model, &offset, &length);
    must(medium_discard(model->medium, offset, length, &error));
    must(medium_read(model->medium, offset, model->buffer, length, &error));
    bool strange = false;
    for (uint64_t i = 0; i < length; i++)
        strange |= model->buffer[i] != 0 && model->buffer[i] != model->bytes[offset + i];
    ck_assert(!strange);
    memcpy(model->bytes + offset, model->buffer, length);
}

static void compare_whole(struct model *model)
{
    struct error error = NO_ERROR;
    must(medium_read(model->medium, 0, model->buffer, model->size, &error));
    ck_assert_mem_eq(model->buffer, model->bytes, model->size);
    for (uint64_t offset = 0; offset < model->size;) {
        struct medium_extent extent;
        must(medium_extent(model->medium, offset, &extent, &error));
        ck_assert(extent.length > 0 && extent.length <= model->size - offset);
        const uint8_t *run = model->bytes + offset;
        ck_assert(!extent.zero || (run[0] == 0 && memcmp(run, run + 1, extent.length - 1) == 0));
        offset += extent.length;
    }
}

static void random_work(struct model *model, unsigned steps)
{
    struct error error = NO_ERROR;
    for (unsigned i = 0; i < steps; i++) {
        switch (dice_below(&model->dice, 16)) {
        case 0:
            random_discard(model);
            break;
        case 1:
            must(medium_flush(model->medium, &error));
            break;
        case 2:
        case 3:
        case 4:
        case 5:
            random_read(model);
            break;
        default:
            random_write(model);
        }
    }
}

/* The closed image by qemu-img: sound, and with the same contents. */
static void second_opinion(struct model *model, const char *path)
{
    if (!have_qemu_img())
        return;
    check_image(path, false);
    write_file("model.raw", model->bytes, model->size);
    ck_assert_msg(shell("qemu-img compare -f raw -F qcow2 model.raw %s", path) == 0, "%s", said());
}

static void work_rounds(struct model *model, const char *path, unsigned rounds, unsigned steps)
{
    for (unsigned i = 0; i < rounds; i++) {
        model->medium = open_image(path, false);
        ck_assert_uint_eq(medium_size(model->medium), model->size);
        compare_whole(model);
        random_work(model, steps);
        compare_whole(model);
        close_image(model->medium);
        second_opinion(model, path);
    }
}

START_TEST(every_cluster_size_holds_what_was_written)
{
    struct folder folder = folder_make();
    for (uint32_t cluster = 512; cluster <= 2 * MIB; cluster *= 2) {
        struct model model;
        struct medium_plan plan = {.format = MEDIUM_QCOW2, .size = 3 * MIB + 1536, .cluster_size = cluster};
        create_image("a.qcow2", &plan);
        model_start(&model, plan.size, cluster);
        work_rounds(&model, "a.qcow2", 2, 60);
        model_end(&model);
        unlink("a.qcow2");
    }
    folder_remove(&folder);
}
END_TEST

START_TEST(every_refcount_width_and_version_is_kept_right)
{
    struct folder folder = folder_make();
    for (unsigned bits = 1; bits <= 64; bits *= 2) {
        for (unsigned version = bits == 16 ? 2 : 3; version <= 3; version++) {
            struct model model;
            struct medium_plan plan = {.format = MEDIUM_QCOW2,
                                       .size = 2 * MIB,
                                       .cluster_size = 1024,
                                       .refcount_bits = bits,
                                       .version = version};
            create_image("a.qcow2", &plan);
            model_start(&model, plan.size, bits * 4 + version);
            work_rounds(&model, "a.qcow2", 2, 60);
            model_end(&model);
            unlink("a.qcow2");
        }
    }
    folder_remove(&folder);
}
END_TEST

/* With the narrowest blocks, of 64 entries, the refcount table of one cluster is full after 2 MiB. */
START_TEST(the_refcount_table_grows)
{
    struct folder folder = folder_make();
    struct model model;
    struct medium_plan plan = {
        .format = MEDIUM_QCOW2, .size = 12 * MIB, .cluster_size = 512, .refcount_bits = 64};
    create_image("a.qcow2", &plan);
    model_start(&model, plan.size, 77);
    model.medium = open_image("a.qcow2", false);
    struct error error = NO_ERROR;
    dice_fill(&model.dice, model.bytes, model.size);
    must(medium_write(model.medium, 0, model.bytes, model.size, &error));
    compare_whole(&model);
    close_image(model.medium);
    second_opinion(&model, "a.qcow2");
    work_rounds(&model, "a.qcow2", 1, 50);
    model_end(&model);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_backing_file_shows_through_and_is_not_changed)
{
    struct folder folder = folder_make();
    struct model model;
    /* Shorter than the image, and of no whole cluster. */
    model_start(&model, 4 * MIB, 5);
    ck_assert_int_eq(mkdir("below", 0777), 0);
    dice_fill(&model.dice, model.bytes, 2 * MIB + 512);
    write_file("below/base.raw", model.bytes, 2 * MIB + 512);
    struct medium_plan middle = {
        .format = MEDIUM_QCOW2, .backing = "base.raw", .version = 2, .cluster_size = 4096};
    struct medium_plan top = {.format = MEDIUM_QCOW2, .backing = "below/middle.qcow2", .size = 4 * MIB};
    create_image("below/middle.qcow2", &middle);
    create_image("top.qcow2", &top);
    work_rounds(&model, "top.qcow2", 4, 40);
    ck_assert_int_eq(shell("cmp -s below/base.raw below/base.raw"), 0);
    if (have_qemu_img())
        ck_assert_msg(shell("qemu-img compare below/base.raw below/middle.qcow2") == 0, "%s", said());
    model_end(&model);
    folder_remove(&folder);
}
END_TEST

START_TEST(snapshots_keep_their_contents)
{
    struct folder folder = folder_make();
    struct model model;
    if (!have_qemu_img())
        return;
    for (uint32_t cluster = 512; cluster <= 64 * KIB; cluster *= 128) {
        struct medium_plan plan = {.format = MEDIUM_QCOW2, .size = 2 * MIB, .cluster_size = cluster};
        create_image("a.qcow2", &plan);
        model_start(&model, plan.size, 9 + cluster);
        work_rounds(&model, "a.qcow2", 1, 40);
        for (unsigned i = 0; i < 3; i++) {
            char name[32];
            snprintf(name, sizeof name, "kept%u.raw", i);
            write_file(name, model.bytes, model.size);
            ck_assert_msg(shell("qemu-img snapshot -c s%u a.qcow2", i) == 0, "%s", said());
            work_rounds(&model, "a.qcow2", 2, 30);
        }
        ck_assert_msg(shell("qemu-img snapshot -d s1 a.qcow2") == 0, "%s", said());
        work_rounds(&model, "a.qcow2", 1, 30);
        for (unsigned i = 0; i < 3; i += 2) {
            ck_assert_msg(
                shell("qemu-img convert -l s%u -O raw a.qcow2 s.raw && cmp s.raw kept%u.raw", i, i) == 0,
                "%s", said());
        }
        ck_assert_msg(shell("qemu-img snapshot -a s0 a.qcow2") == 0, "%s", said());
        check_image("a.qcow2", false);
        unlink("a.qcow2");
        model_end(&model);
    }
    folder_remove(&folder);
}
END_TEST

/* Text packs; the model is written by qemu-img. */
static void compressed_image_works(const char *options, uint64_t seed)
{
    struct model model;
    model_start(&model, 2 * MIB, seed);
    for (size_t i = 0; i < model.size; i++)
        model.bytes[i] = (uint8_t) "abcdefgh"[dice_below(&model.dice, 1 + i / (512 * KIB) * 2)];
    write_file("plain.raw", model.bytes, model.size);
    ck_assert_msg(shell("qemu-img convert -c -O qcow2 -o %s plain.raw a.qcow2", options) == 0, "%s", said());
    work_rounds(&model, "a.qcow2", 3, 30);
    model_end(&model);
    unlink("a.qcow2");
}

START_TEST(compressed_clusters_are_read_and_replaced)
{
    struct folder folder = folder_make();
    if (!have_qemu_img())
        return;
    compressed_image_works("cluster_size=64K", 1);
    compressed_image_works("cluster_size=4K,compat=0.10", 2);
    compressed_image_works("cluster_size=512", 3);
    compressed_image_works("cluster_size=2M", 4);
    compressed_image_works("cluster_size=64K,compression_type=zstd", 5);
    folder_remove(&folder);
}
END_TEST

START_TEST(images_of_qemu_img_are_worked_on)
{
    static const char *const options[] = {"preallocation=metadata", "preallocation=falloc,cluster_size=4K",
                                          "lazy_refcounts=on,compat=1.1", "refcount_bits=1,cluster_size=1M"};
    struct folder folder = folder_make();
    if (!have_qemu_img())
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        struct model model;
        ck_assert_msg(shell("qemu-img create -f qcow2 -o %s a.qcow2 3M", options[i]) == 0, "%s", said());
        model_start(&model, 3 * MIB, i);
        work_rounds(&model, "a.qcow2", 2, 40);
        model_end(&model);
        unlink("a.qcow2");
    }
    folder_remove(&folder);
}
END_TEST

START_TEST(a_raw_image_and_an_overlay_obey_the_model)
{
    struct folder folder = folder_make();
    struct model model;
    struct error error = NO_ERROR;
    model_start(&model, MIB + 512, 3);
    dice_fill(&model.dice, model.bytes, 512 * KIB);
    write_file("a.raw", model.bytes, MIB + 511); /* the last sector is filled up */
    ck_assert_int_eq(shell("cp a.raw before.raw"), 0);
    model.medium = medium_open("a.raw", &(struct medium_options){.snapshot = true}, &error);
    ck_assert_msg(model.medium != NULL, "%s", error.text);
    random_work(&model, 200);
    compare_whole(&model);
    close_image(model.medium);
    ck_assert_int_eq(shell("cmp a.raw before.raw"), 0);
    memset(model.bytes, 0, model.size);
    FILE *file = fopen("a.raw", "rb");
    ck_assert_uint_eq(fread(model.bytes, 1, model.size, file), MIB + 511);
    fclose(file);
    model.medium = open_image("a.raw", false);
    random_work(&model, 200);
    compare_whole(&model);
    close_image(model.medium);
    model_end(&model);
    folder_remove(&folder);
}
END_TEST

UNIT_SUITE("qcow2_model", every_cluster_size_holds_what_was_written,
           every_refcount_width_and_version_is_kept_right, the_refcount_table_grows,
           a_backing_file_shows_through_and_is_not_changed, snapshots_keep_their_contents,
           compressed_clusters_are_read_and_replaced, images_of_qemu_img_are_worked_on,
           a_raw_image_and_an_overlay_obey_the_model)
