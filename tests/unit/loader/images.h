/* Images built in memory, whole and damaged, and a small machine's memory to load them into. */
#ifndef GATE86_TESTS_LOADER_IMAGES_H
#define GATE86_TESTS_LOADER_IMAGES_H

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/file.h"
#include "loader/load.h"
#include "unit/suite.h"

#define RAM_SIZE (8u << 20)
#define LOW_END  0x9fc00u

struct guest {
    struct memory memory;
    struct boot_memory boot;
    struct boot_state state;
    struct error error;
};

static inline void guest_init(struct guest *guest)
{
    memset(guest, 0, sizeof *guest);
    ck_assert(memory_init(&guest->memory, RAM_SIZE, &guest->error));
    memory_map_ram(&guest->memory, "low", 0, 0xa0000, 0);
    memory_map_ram(&guest->memory, "high", 0x100000, RAM_SIZE - 0x100000, 0x100000);
    guest->boot = (struct boot_memory){.memory = &guest->memory, .low_end = LOW_END, .high_end = RAM_SIZE};
}

static inline uint32_t guest_read(struct guest *guest, uint32_t physical)
{
    return (uint32_t)memory_read(&guest->memory, physical, 4);
}

static inline void guest_text(struct guest *guest, uint32_t physical, char *text, size_t size)
{
    memory_copy_out(&guest->memory, physical, text, size);
    text[size - 1] = '\0';
}

/* The error is of the input kind and its text holds each of the words. */
#define ASSERT_ERROR(guest, ...)                                                                       \
    do {                                                                                               \
        static const char *const words[] = {__VA_ARGS__};                                              \
        ck_assert_int_eq((guest)->error.kind, ERROR_INPUT);                                            \
        for (size_t w_ = 0; w_ < sizeof words / sizeof words[0]; w_++)                                 \
            ck_assert_msg(strstr((guest)->error.text, words[w_]) != NULL, "no '%s' in: %s", words[w_], \
                          (guest)->error.text);                                                        \
    } while (0)

/* A heap block of exactly `size` zero bytes, so that the sanitizer sees every step beyond it. */
static inline struct file_bytes file_new(size_t size)
{
    struct file_bytes file = {malloc(size), size};
    memset(file.bytes, 0, size);
    return file;
}

static inline struct file_bytes file_cut(const struct file_bytes *file, size_t size)
{
    struct file_bytes cut = {malloc(size), size};
    memcpy(cut.bytes, file->bytes, size);
    return cut;
}

/* Writes the bytes to a new file; path is a mkstemp template. */
static inline void file_save(const struct file_bytes *file, char *path)
{
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, file->bytes, file->size), (ssize_t)file->size);
    close(descriptor);
}

static inline void put_multiboot_header(uint8_t *at, uint32_t flags)
{
    store_le32(at, 0x1badb002);
    store_le32(at + 4, flags);
    store_le32(at + 8, -(0x1badb002 + flags));
}

#define ELF_HEADER_AT   4096u /* the multiboot header's place in elf_new's file */
#define ELF_CODE_SIZE   64u
#define ELF_BSS_SIZE    256u
#define ELF_SYMBOLS_AT  (ELF_HEADER_AT + ELF_CODE_SIZE)
#define ELF_SECTIONS_AT (ELF_SYMBOLS_AT + 32)
#define ELF_FILE_SIZE   (ELF_SECTIONS_AT + 3 * 40)
#define ELF_PHYSICAL    0x100000u
#define ELF_LINEAR      0xc0100000u

/* A kernel of one segment, linked to 3 GiB + 1 MiB, with a string table and a multiboot header. */
static inline struct file_bytes elf_new(uint32_t flags)
{
    struct file_bytes file = file_new(ELF_FILE_SIZE);
    Elf32_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_386,
        .e_version = EV_CURRENT,
        .e_entry = ELF_LINEAR + 16,
        .e_phoff = sizeof header,
        .e_shoff = ELF_SECTIONS_AT,
        .e_ehsize = sizeof header,
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = 2,
        .e_shentsize = sizeof(Elf32_Shdr),
        .e_shnum = 3,
        .e_shstrndx = 2,
    };
    Elf32_Phdr segments[2] = {
        {.p_type = PT_NOTE},
        {.p_type = PT_LOAD,
         .p_offset = ELF_HEADER_AT,
         .p_vaddr = ELF_LINEAR,
         .p_paddr = ELF_PHYSICAL,
         .p_filesz = ELF_CODE_SIZE,
         .p_memsz = ELF_CODE_SIZE + ELF_BSS_SIZE,
         .p_flags = PF_R | PF_X},
    };
    Elf32_Shdr sections[3] = {
        {.sh_type = SHT_NULL},
        {.sh_type = SHT_PROGBITS,
         .sh_flags = SHF_ALLOC,
         .sh_addr = ELF_LINEAR,
         .sh_offset = ELF_HEADER_AT,
         .sh_size = ELF_CODE_SIZE},
        {.sh_type = SHT_STRTAB, .sh_offset = ELF_SYMBOLS_AT, .sh_size = 32},
    };
    memcpy(file.bytes, &header, sizeof header);
    memcpy(file.bytes + sizeof header, segments, sizeof segments);
    memcpy(file.bytes + ELF_SECTIONS_AT, sections, sizeof sections);
    memset(file.bytes + ELF_HEADER_AT, 0x90, ELF_CODE_SIZE);
    memcpy(file.bytes + ELF_SYMBOLS_AT, "\0.strtab\0kernel_main", 21);
    put_multiboot_header(file.bytes + ELF_HEADER_AT, flags);
    return file;
}

#define RAW_HEADER_AT 64u
#define RAW_FILE_SIZE 1024u
#define RAW_LOAD      0x200000u

/* An image with its addresses in the header; the first 32 bytes of the file are not loaded. */
static inline struct file_bytes raw_new(void)
{
    struct file_bytes file = file_new(RAW_FILE_SIZE);
    uint8_t *at = file.bytes + RAW_HEADER_AT;
    memset(file.bytes, 0xf4, file.size);
    put_multiboot_header(at, 0x10003);
    store_le32(at + 12, RAW_LOAD + 32);
    store_le32(at + 16, RAW_LOAD);
    store_le32(at + 20, RAW_LOAD + 512);
    store_le32(at + 24, RAW_LOAD + 4096);
    store_le32(at + 28, RAW_LOAD + 100);
    return file;
}

#define LINUX_SETUP_SECTS 4u
#define LINUX_KERNEL_AT   ((LINUX_SETUP_SECTS + 1) * 512)
#define LINUX_KERNEL_SIZE 8192u
#define LINUX_RUN_AT      0x200000u
#define LINUX_INIT_SIZE   0x100000u

/* A bzImage of protocol 2.15 that would run at 2 MiB and needs 1 MiB there. */
static inline struct file_bytes linux_new(void)
{
    struct file_bytes file = file_new(LINUX_KERNEL_AT + LINUX_KERNEL_SIZE);
    uint8_t *bytes = file.bytes;
    bytes[0x1f1] = LINUX_SETUP_SECTS;
    store_le32(bytes + 0x1f4, LINUX_KERNEL_SIZE / 16);
    store_le16(bytes + 0x1fe, 0xaa55);
    store_le16(bytes + 0x200, 0x6aeb); /* jmp +6Ah: the header ends at 26Ch */
    memcpy(bytes + 0x202, "HdrS", 4);
    store_le16(bytes + 0x206, 0x020f);
    store_le16(bytes + 0x20e, 0x400);
    bytes[0x211] = 0x41;
    store_le32(bytes + 0x214, 0x100000);
    store_le32(bytes + 0x22c, 0x7fffffff);
    store_le32(bytes + 0x230, 0x200000);
    bytes[0x234] = 1;
    store_le32(bytes + 0x238, 2047);
    store_le32(bytes + 0x248, 16);
    store_le32(bytes + 0x24c, 4096);
    store_le64(bytes + 0x258, LINUX_RUN_AT);
    store_le32(bytes + 0x260, LINUX_INIT_SIZE);
    memcpy(bytes + 0x600, "6.1.0-test (us@here) #1", 24);
    memset(bytes + LINUX_KERNEL_AT, 0xf4, LINUX_KERNEL_SIZE);
    return file;
}

static inline size_t cpio_put(uint8_t *at, const char *name, const char *contents)
{
    const unsigned name_size = (unsigned)strlen(name) + 1, size = (unsigned)strlen(contents);
    char header[111];
    snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1, 0x81a4,
             0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0);
    const size_t contents_at = (110 + name_size + 3) & ~3u, end = (contents_at + size + 3) & ~3u;
    memset(at, 0, end);
    memcpy(at, header, 110);
    memcpy(at + 110, name, name_size);
    memcpy(at + contents_at, contents, size);
    return end;
}

/* A cpio archive of one file and the trailer. */
static inline struct file_bytes cpio_new(void)
{
    uint8_t bytes[1024];
    size_t size = cpio_put(bytes, "init", "#!/bin/sh\necho hello\n");
    size += cpio_put(bytes + size, "TRAILER!!!", "");
    struct file_bytes whole = {bytes, size};
    return file_cut(&whole, size);
}

#endif
