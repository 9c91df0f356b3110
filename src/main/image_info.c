/* `gate86 image info`. It takes no locks: an image may be looked at while a guest uses it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main/image.h"
#include "storage/qcow2/qcow2.h"
#include "storage/recognise.h"

enum { INFO_FORMAT = 1, INFO_HELP };

/* clang-format off */
static const struct option_row info_rows[] = {
    {"format", "f", "FORMAT", "raw or qcow2 (default: by its contents)", INFO_FORMAT},
    {"help", "h", NULL, "this text", INFO_HELP},
    {NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

/* "4 GiB (4294967296 bytes)" */
static void print_size(const char *label, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double number = (double)bytes;
    unsigned unit = 0;
    for (; number >= 1024 && unit + 1 < ARRAY_LENGTH(units); unit++)
        number /= 1024;
    if (unit == 0)
        printf("%-15s %" PRIu64 " bytes\n", label, bytes);
    else
        printf("%-15s %.4g %s (%" PRIu64 " bytes)\n", label, number, units[unit], bytes);
}

/* Names in an image may hold anything; a terminal must not obey it. */
static void print_text(const char *label, const char *text)
{
    printf("%-15s ", label);
    for (; *text != '\0'; text++)
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    putchar('\n');
}

static bool print_kind(struct medium *medium, struct error *error)
{
    enum medium_kind kind;
    if (!medium_recognise(medium, &kind, error))
        return false;
    printf("%-15s %s", "content:", medium_kind_name(kind));
    const struct floppy_geometry *floppy = floppy_geometry_find(medium_size(medium));
    if (kind == MEDIUM_FLOPPY && floppy != NULL)
        printf(", %u cylinders, %u head%s, %u sectors", floppy->cylinders, floppy->heads,
               floppy->heads == 1 ? "" : "s", floppy->sectors);
    putchar('\n');
    return true;
}

static bool print_backing(const struct qcow2 *qcow2, struct error *error)
{
    const struct qcow2_header *header = &qcow2->header;
    if (header->backing[0] == '\0')
        return true;
    char *path = qcow2_backing_path(qcow2->file.path, header->backing, error);
    print_text("backing file:", header->backing);
    print_text("backing format:", header->backing_format[0] != '\0' ? header->backing_format : "not said");
    if (path == NULL || access(path, R_OK) != 0)
        printf("%-15s the backing file cannot be read\n", "warning:");
    free(path);
    return true;
}

static bool print_qcow2(const struct qcow2 *qcow2, struct error *error)
{
    const struct qcow2_header *header = &qcow2->header;
    printf("%-15s %u\n", "version:", header->version);
    print_size("cluster size:", qcow2->cluster_size);
    printf("%-15s %u bits\n", "refcounts:", 1u << header->refcount_order);
    printf("%-15s %s\n", "compression:", header->zstd ? "zstd" : "zlib");
    printf("%-15s %u\n", "snapshots:", header->snapshot_count);
    if (header->incompatible & QCOW2_DIRTY)
        printf("%-15s was not closed by its last writer; it is repaired when it is next written\n",
               "warning:");
    if (header->incompatible & QCOW2_CORRUPT)
        printf("%-15s is marked as damaged and can only be read\n", "warning:");
    return print_backing(qcow2, error);
}

static bool print_image(const char *path, enum medium_format format, struct error *error)
{
    struct medium_options options = {.format = format, .read_only = true, .unlocked = true, .alone = true};
    struct medium *medium = medium_open(path, &options, error);
    struct stat status;
    if (medium == NULL)
        return false;
    print_text("image:", path);
    printf("%-15s %s\n", "format:", medium_format_name(medium));
    print_size("size:", medium_size(medium));
    if (stat(path, &status) == 0)
        print_size("on disk:", (uint64_t)status.st_blocks * 512);
    const struct qcow2 *qcow2 = qcow2_of_medium(medium);
    bool good = print_kind(medium, error) && (qcow2 == NULL || print_qcow2(qcow2, error));
    struct error other;
    return medium_close(medium, good ? error : &other) && good;
}

bool image_info(int count, char *const *words, struct error *error)
{
    struct options options;
    enum medium_format format = MEDIUM_ANY;
    unsigned images = 0;
    options_init(&options, info_rows, "gate86 image info", count, words);
    int id;
    while ((id = options_next(&options, error)) != OPTION_END) {
        bool good = id != OPTION_BAD;
        if (id == INFO_HELP) {
            fputs("Usage: gate86 image info [OPTION]... IMAGE...\n"
                  "Tell what an image is; it may be in use.\n\n",
                  stdout);
            options_print(info_rows, stdout);
            return true;
        }
        if (id == INFO_FORMAT)
            good = image_option_format(&options, &format, error);
        if (id == OPTION_WORD) {
            if (images++ > 0)
                putchar('\n');
            good = print_image(options.value, format, error);
        }
        if (!good)
            return false;
    }
    return images > 0 || error_set(error, ERROR_USAGE, "an image is needed: gate86 image info disk.qcow2");
}
