/*
 * The first process: its ELF program is part of the kernel's image. There is no exec, but this is what exec
 * leaves behind: the segments in their places, and on the stack the number of arguments, the arguments, the
 * environment and the auxiliary vector.
 */
#include "lib/processor.h"
#include "linux26/kernel.h"

#define ELF_LOAD     1
#define ELF_WRITABLE 2
#define STACK_PAGE   (PAGE_OFFSET - PAGE_SIZE)

struct elf_header {
    uint8_t identification[16];
    uint16_t type, machine;
    uint32_t version, entry, segments_at, sections_at, flags;
    uint16_t size, segment_size, segment_count;
};

struct elf_segment {
    uint32_t type, offset, linear, physical, file_size, memory_size, flags, align;
};

static void segment_load(struct space *space, const struct elf_segment *segment)
{
    const uint32_t first = segment->linear & ~(PAGE_SIZE - 1u);
    const uint8_t *from = init_program + segment->offset - (segment->linear - first);
    uint32_t left = segment->linear - first + segment->file_size;
    for (uint32_t at = first; at < segment->linear + segment->memory_size; at += PAGE_SIZE) {
        const uint32_t page = page_take();
        const uint32_t size = left < PAGE_SIZE ? left : PAGE_SIZE;
        if (page == 0 || space_map(space, at, page, (segment->flags & ELF_WRITABLE) != 0) != 0)
            panic("no memory for the first program");
        __builtin_memcpy(physical_pointer(page), from, size);
        from += size;
        left -= size;
    }
}

/* The topmost page of the stack, seen by the kernel at `page`; the answer is the program's ESP. */
static uint32_t stack_fill(uint8_t *page, const struct elf_header *header, uint32_t features)
{
    static const char name[] = "linux26-init", setting[] = "SHELL=none";
    const uint32_t name_at = PAGE_SIZE - 16, setting_at = PAGE_SIZE - 32;
    const uint32_t words[] = {
        1,
        STACK_PAGE + name_at,
        0, /* argc, argv */
        STACK_PAGE + setting_at,
        0, /* environment */
        AT_SYSINFO,
        VSYSCALL_ENTRY, /* auxiliary vector */
        AT_SYSINFO_EHDR,
        VSYSCALL_BASE,
        AT_HWCAP,
        features,
        AT_PAGESZ,
        PAGE_SIZE,
        AT_CLKTCK,
        100,
        AT_PHDR,
        ((const struct elf_segment *)(init_program + header->segments_at))->linear + header->segments_at,
        AT_PHENT,
        header->segment_size,
        AT_PHNUM,
        header->segment_count,
        AT_ENTRY,
        header->entry,
        AT_NULL,
        0,
    };
    const uint32_t at = (setting_at - sizeof words) & ~15u;
    __builtin_memcpy(page + name_at, name, sizeof name);
    __builtin_memcpy(page + setting_at, setting, sizeof setting);
    __builtin_memcpy(page + at, words, sizeof words);
    return STACK_PAGE + at;
}

void program_load(struct task *task, uint32_t features)
{
    const struct elf_header *header = (const struct elf_header *)init_program;
    const struct elf_segment *segments = (const struct elf_segment *)(init_program + header->segments_at);
    const uint32_t stack = page_take();
    struct space *space = space_create();
    if (space == NULL || stack == 0 || space_map(space, STACK_PAGE, stack, 1) != 0)
        panic("no memory for the first program");
    if (header->segment_count == 0 || segments[0].type != ELF_LOAD || segments[0].offset != 0)
        panic("the first segment of the first program must hold the ELF header");
    for (unsigned i = 0; i < header->segment_count; i++)
        if (segments[i].type == ELF_LOAD)
            segment_load(space, &segments[i]);
    task->space = space;
    (void)space_set_vsyscall(space, sysenter_usable ? VSYSCALL_SYSENTER : VSYSCALL_INT80);
    *task_registers(task) = (struct registers){
        .ds = USER_DS,
        .es = USER_DS,
        .orig_eax = -1,
        .eip = header->entry,
        .cs = USER_CS,
        .eflags = EFLAGS_IF,
        .esp = stack_fill(physical_pointer(stack), header, features),
        .ss = USER_DS,
    };
}
