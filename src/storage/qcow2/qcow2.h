/*
 * qcow2 images, versions 2 and 3, by the format's specification (QEMU project, docs/interop/qcow2). Names below are the
 * specification's.
 *
 * The file is kept so that at any moment it can be left as it is: a cluster's refcount is raised before anything points
 * to it and lowered after nothing does, and a table is written before its parent points to it. A killed emulator thus
 * leaves clusters counted but not used, at most. The same holds when the host itself fails, which may leave any part of
 * what was written since the last flush: refcounts are raised for many clusters at once and flushed before these are
 * used, and are lowered after a flush. What a failing host may take along: the rest of a cluster that was copied for a
 * smaller write since the last flush.
 *
 * NOT IMPLEMENTED: encryption, external data files, extended L2 entries (refused by name); persistent bitmaps (become
 * invalid with the first write, as the specification asks); internal snapshots are kept, not made or shown.
 */
#ifndef GATE86_STORAGE_QCOW2_QCOW2_H
#define GATE86_STORAGE_QCOW2_QCOW2_H

#include "storage/cluster_map.h"
#include "storage/medium_class.h"

enum {
    QCOW2_CLUSTER_BITS_MIN = 9,
    QCOW2_CLUSTER_BITS_MAX = 21, /* 2 MiB, QEMU's limit too */
    QCOW2_HEADER_V2 = 72,        /* bytes */
    QCOW2_HEADER_V3 = 104,
    QCOW2_NAME_MAX = 1023, /* bytes of a backing file's name */
};

#define QCOW2_MAGIC              0x514649fbu
#define QCOW2_L1_MAX             (32u << 20) /* bytes, QEMU's limits too */
#define QCOW2_REFCOUNT_TABLE_MAX (8u << 20)
#define QCOW2_SNAPSHOTS_MAX      65536u

/* incompatible_features */
#define QCOW2_DIRTY         (1ull << 0)
#define QCOW2_CORRUPT       (1ull << 1)
#define QCOW2_EXTERNAL_DATA (1ull << 2)
#define QCOW2_COMPRESSION   (1ull << 3)
#define QCOW2_EXTENDED_L2   (1ull << 4)

/* L1 and L2 entries, refcount table entries */
#define QCOW2_OFFSET     0x00fffffffffffe00ull
#define QCOW2_COPIED     (1ull << 63) /* refcount is exactly one */
#define QCOW2_COMPRESSED (1ull << 62)
#define QCOW2_ZERO       (1ull << 0)

/* Offsets of header fields that are written later, bytes. */
enum {
    QCOW2_AT_BACKING = 8,
    QCOW2_AT_L1 = 36,             /* l1_size, l1_table_offset */
    QCOW2_AT_REFCOUNT_TABLE = 48, /* refcount_table_offset, refcount_table_clusters */
    QCOW2_AT_INCOMPATIBLE = 72,
    QCOW2_AT_AUTOCLEAR = 88,
};

struct qcow2_header {
    unsigned version;
    uint64_t backing_offset;
    uint32_t backing_size;
    unsigned cluster_bits;
    uint64_t size;
    uint32_t l1_size; /* entries */
    uint64_t l1_offset;
    uint64_t refcount_table_offset;
    uint32_t refcount_table_clusters;
    uint32_t snapshot_count;
    uint64_t snapshots_offset;
    uint64_t incompatible, compatible, autoclear;
    unsigned refcount_order;
    bool zstd;
    char backing[QCOW2_NAME_MAX + 1]; /* "" without */
    char backing_format[16];          /* "" when it is not said */
};

/* Tables of one cluster each as they are in the file; a table has one place where it can be. */
struct qcow2_cache {
    uint8_t *bytes;    /* count clusters */
    uint64_t *offsets; /* in the file; 0: empty */
    unsigned count;
};

#define QCOW2_GIVEN_UP_MAX 1024u

struct qcow2 {
    struct medium medium;
    struct host_file file;
    struct medium *backing; /* or NULL */
    struct qcow2_header header;
    uint64_t cluster_size;
    unsigned l2_bits;         /* an L2 table has 1 << l2_bits entries */
    unsigned block_bits;      /* a refcount block has 1 << block_bits entries */
    uint64_t *l1;             /* host byte order, header.l1_size of them */
    uint64_t *refcount_table; /* the same */
    uint64_t refcount_table_size;
    struct qcow2_cache l2_cache, block_cache;
    uint8_t *buffer;           /* one cluster */
    uint8_t *unpacked;         /* the compressed cluster that was read last, one cluster */
    uint64_t unpacked_entry;   /* its L2 entry; 0: none */
    struct cluster_map tables; /* clusters that hold metadata: a guest's data is never written there */
    uint64_t next_free;        /* no free cluster is below */
    /* Nothing points there any more, but the host's disk may not know that yet. */
    struct qcow2_given_up {
        uint64_t offset, length;
        bool punch;
    } given_up[QCOW2_GIVEN_UP_MAX];
    unsigned given_up_count;
    uint64_t reserved, reserved_end; /* clusters counted, but not used yet */
    bool changing;                   /* the header says that the image is being written */
    bool broken;                     /* damage was found while writing: nothing more is written */
};

/* Takes the open file over, also when it fails; `link` is the image's own place in the chain. */
MUST_USE struct medium *qcow2_open(struct host_file *file, const struct medium_options *options,
                                   const struct medium_chain *link, struct error *error);

/* qcow2_create.c: writes an empty image into a new file. */
MUST_USE bool qcow2_format(struct host_file *file, const struct medium_plan *plan, uint64_t size,
                           const char *backing_format, struct error *error);

/* NULL: not a qcow2 image. For those who show it. */
const struct qcow2 *qcow2_of_medium(const struct medium *medium);

/* qcow2_header.c: reads and checks; errors name the field. */
MUST_USE bool qcow2_header_read(struct host_file *file, struct qcow2_header *header, struct error *error);

/* The name by which a backing file is opened; owned by the caller, NULL on failure. */
MUST_USE char *qcow2_backing_path(const char *path, const char *backing, struct error *error);

/* Sets *error: the image is damaged at an offset of the file. Returns false. */
bool qcow2_damaged(struct qcow2 *qcow2, uint64_t offset, const char *what, struct error *error);

/* The same, found while writing: from now on all writes fail. */
bool qcow2_break(struct qcow2 *qcow2, uint64_t offset, const char *what, struct error *error);

/* qcow2_table.c */
MUST_USE bool qcow2_cache_create(struct qcow2_cache *cache, uint64_t cluster_size);
void qcow2_cache_free(struct qcow2_cache *cache);
/* The table at a cluster's offset; NULL on failure. Good until the next call. */
MUST_USE uint8_t *qcow2_table(struct qcow2 *qcow2, struct qcow2_cache *cache, uint64_t offset,
                              struct error *error);
/* Writes bytes first..first+length-1 of a table that has been changed in its place; on failure it is forgotten. */
MUST_USE bool qcow2_table_write(struct qcow2 *qcow2, struct qcow2_cache *cache, uint64_t offset, size_t first,
                                size_t length, struct error *error);
/* An empty place for a new table, all zero. */
uint8_t *qcow2_table_new(struct qcow2 *qcow2, struct qcow2_cache *cache, uint64_t offset);
/* Reads a table of `count` 64-bit entries into new memory, in host byte order. */
MUST_USE bool qcow2_entries_read(struct qcow2 *qcow2, uint64_t offset, uint64_t count, uint64_t **entries,
                                 struct error *error);
/* Collects the clusters of all metadata; refuses images in which two tables share one. */
MUST_USE bool qcow2_tables_collect(struct qcow2 *qcow2, struct error *error);
MUST_USE bool qcow2_tables_add(struct qcow2 *qcow2, uint64_t offset, uint64_t length, const char *what,
                               struct error *error);

/* A snapshot's L1 table, by its place in the snapshot table. *cursor begins at 0. */
struct qcow2_snapshot {
    uint64_t l1_offset;
    uint32_t l1_size;
};
MUST_USE bool qcow2_snapshot_next(struct qcow2 *qcow2, uint64_t *cursor, struct qcow2_snapshot *snapshot,
                                  struct error *error);

/* qcow2_refcount.c */
MUST_USE bool qcow2_refcount_get(struct qcow2 *qcow2, uint64_t cluster, uint64_t *refcount,
                                 struct error *error);
MUST_USE bool qcow2_refcount_set(struct qcow2 *qcow2, uint64_t cluster, uint64_t count, uint64_t refcount,
                                 struct error *error);
/* Makes sure that there is a refcount block for the cluster; it may come to lie on that very cluster. */
MUST_USE bool qcow2_block_provide(struct qcow2 *qcow2, uint64_t cluster, struct error *error);
/* The value of entry `index` in a refcount block. */
uint64_t qcow2_refcount_load(const uint8_t *block, uint64_t index, unsigned order);
void qcow2_refcount_store(uint8_t *block, uint64_t index, unsigned order, uint64_t refcount);

/* qcow2_allocate.c: offsets of clusters whose refcount has been raised to 1. */
/* At most `wanted` clusters behind each other, at least one. */
MUST_USE bool qcow2_allocate(struct qcow2 *qcow2, uint64_t wanted, uint64_t *offset, uint64_t *got,
                             struct error *error);
/* Takes back what was allocated last and is used nowhere. */
void qcow2_unallocate(struct qcow2 *qcow2, uint64_t offset, uint64_t count);
/*
 * The clusters that the bytes touch have lost a reference. Their refcounts are lowered after the next flush, which may
 * be now; with `punch`, the room of those that are free then goes back to the host. A failure leaves clusters counted
 * that nobody uses.
 */
MUST_USE bool qcow2_release(struct qcow2 *qcow2, uint64_t offset, uint64_t length, bool punch,
                            struct error *error);
/* Flushes, then lowers the refcounts of what has been released. */
MUST_USE bool qcow2_flush(struct qcow2 *qcow2, struct error *error);
/* Gives back what was reserved and not used. */
MUST_USE bool qcow2_unreserve(struct qcow2 *qcow2, struct error *error);

/* qcow2_map.c */
enum qcow2_kind { QCOW2_KIND_BACKING, QCOW2_KIND_ZERO, QCOW2_KIND_DATA, QCOW2_KIND_COMPRESSED };

/* A run of the medium's bytes. */
struct qcow2_extent {
    enum qcow2_kind kind;
    bool copied;     /* DATA: may be written in place */
    uint64_t entry;  /* the first cluster's L2 entry */
    uint64_t host;   /* DATA: where the first byte lies in the file */
    uint64_t length; /* bytes, at most what was asked for */
};

MUST_USE bool qcow2_find(struct qcow2 *qcow2, uint64_t offset, uint64_t length, struct qcow2_extent *extent,
                         struct error *error);
/* Where a compressed cluster's bytes lie in the file, in whole sectors. */
void qcow2_compressed_place(const struct qcow2 *qcow2, uint64_t entry, uint64_t *offset, uint64_t *length);
MUST_USE bool qcow2_read(struct medium *medium, uint64_t offset, uint8_t *bytes, size_t length,
                         struct error *error);
MUST_USE bool qcow2_extent(struct medium *medium, uint64_t offset, struct medium_extent *extent,
                           struct error *error);

/* qcow2_write.c */
MUST_USE bool qcow2_write(struct medium *medium, uint64_t offset, const uint8_t *bytes, size_t length,
                          struct error *error);
MUST_USE bool qcow2_discard(struct medium *medium, uint64_t offset, uint64_t length, struct error *error);

/* qcow2_repair.c: after a crash of a writer with lazy refcounts; afterwards no used cluster counts as free. */
MUST_USE bool qcow2_repair(struct qcow2 *qcow2, struct error *error);

static inline uint64_t qcow2_cluster_of(const struct qcow2 *qcow2, uint64_t offset)
{
    return offset >> qcow2->header.cluster_bits;
}

#endif
