/* A small kernel that is entered as Linux 2.6 was. See README.md. */
#include "lib/boot_info.h"
#include "lib/print.h"
#include "lib/processor.h"
#include "lib/timer.h"
#include "linux26/kernel.h"

#define TIMER_HERTZ   1000
#define MEMORY_NEEDED 7168 /* KiB above 1 MiB */
#define CR0_WP        0x10000u

int sysenter_usable;
void kernel_main(uint32_t magic, uint32_t upper_kib);

/* A loader that does not say how much memory there is (0) is taken to have enough. */
static void machine_require(uint32_t magic, uint32_t upper_kib)
{
    uint32_t cr0;
    check(magic == BOOT_MAGIC, "EAX holds the multiboot magic");
    if (upper_kib != 0 && upper_kib < MEMORY_NEEDED)
        panic("8 MiB of memory are needed");
    asm volatile("movl %%cr0, %0" : "=r"(cr0));
    if (!(cr0 & CR0_WP))
        panic("an i486 is needed: copy-on-write works by CR0.WP");
}

/* Answers the features as the program shall see them: without SEP where it is not to be believed. */
static uint32_t sysenter_init(void)
{
    const struct processor processor = processor_identify();
    uint32_t features = processor.features;
    sysenter_usable = processor_has_sysenter(processor);
    note("CPUID: signature %03xh, SEP = %d", processor.signature & 0xfff, (features & CPUID_SEP) != 0);
    if (!sysenter_usable) {
        if (features & CPUID_SEP)
            note("a Pentium Pro: it reports SEP, but SYSENTER came with signature 633h");
        note("the page at %08xh is the one with INT 80h", VSYSCALL_BASE);
        return features & ~CPUID_SEP;
    }
    msr_write(IA32_SYSENTER_CS, KERNEL_CS);
    msr_write(IA32_SYSENTER_ESP, segments_tss_end());
    msr_write(IA32_SYSENTER_EIP, (uint32_t)sysenter_entry);
    note("the page at %08xh is the one with SYSENTER", VSYSCALL_BASE);
    note("IA32_SYSENTER_CS  = %08xh  SS %xh; after SYSEXIT CS %xh, SS %xh", KERNEL_CS, KERNEL_DS, USER_CS,
         USER_DS);
    note("IA32_SYSENTER_ESP = %08xh  the end of the TSS; ESP0 lies %d bytes below", segments_tss_end(),
         -TSS_ESP0_FROM_END);
    note("IA32_SYSENTER_EIP = %08xh  sysenter_entry", (uint32_t)sysenter_entry);
    return features;
}

void kernel_main(uint32_t magic, uint32_t upper_kib)
{
    print_init();
    print("linux26: how a system call entered Linux 2.6\n\n1. The kernel gets ready\n");
    machine_require(magic, upper_kib);
    segments_init((uint32_t)stack_top);
    memory_init();
    calls_init();
    const uint32_t features = sysenter_init();
    struct task *init = task_create();
    program_load(init, features);
    task_prepare(init);
    timer_start(TIMER_HERTZ);
    tasks_run();
}
