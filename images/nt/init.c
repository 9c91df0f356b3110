/* The processor made ready: GDT, IDT, TSS, processor control region, the SYSENTER registers and SystemCallStub. */
#include "lib/boot_info.h"
#include "lib/print.h"
#include "lib/processor.h"
#include "lib/timer.h"
#include "nt/ke.h"

/* SDM 3A 3.4.5 and 7.2.2: access byte and flags of a descriptor. */
#define ACCESS_CODE  0x9bu
#define ACCESS_DATA  0x93u
#define ACCESS_TASK  0x89u
#define ACCESS_LDT   0x82u
#define ACCESS_RING3 0x60u
#define FLAGS_FLAT   0xcu /* 4 KiB granularity, 32-bit */
#define FLAGS_SMALL  0x4u /* bytes, 32-bit */
#define GATE_PRESENT 0x8e00u

#define LDT_ENTRIES    8
#define DPC_STACK_SIZE 1024

struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

struct KPCR KiPcr;
struct KTSS KiTss;
uint8_t KiFastSystemCallPossible;
static uint64_t gdt[10], idt[256], ldt[LDT_ENTRIES];

/* Where SYSENTER itself puts ESP. Nothing but a debug exception or an NMI at KiFastCallEntry ever uses it. */
static uint8_t dpc_stack[DPC_STACK_SIZE] __attribute__((aligned(16)));

_Noreturn void kernel_main(uint32_t magic);
void user_start(void); /* user_stubs.S, at addresses of the program */
extern uint8_t user_stack_top[];
extern struct TEB user_teb[];

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
    const uint32_t low = (base & 0xffff) << 16 | (limit & 0xffff);
    const uint32_t high =
        (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff);
    return (uint64_t)high << 32 | low;
}

void KiSetTebBase(uint32_t base)
{
    gdt[KGDT_R3_TEB / 8] = descriptor(base, 0xfff, ACCESS_DATA | ACCESS_RING3, FLAGS_SMALL);
}

/* Code or data of ring 3 below MmUserProbeAddress, or nothing at all. */
static int descriptor_is_harmless(uint32_t low, uint32_t high)
{
    if ((low | high) == 0)
        return 1;
    const uint32_t base = (high & 0xff000000) | (high & 0xff) << 16 | low >> 16;
    uint32_t limit = (high & 0xf0000) | (low & 0xffff);
    if (high & 0x00800000)
        limit = limit << 12 | 0xfff;
    const uint32_t expands_down = (high & 0x1c00) == 0x1400, conforming = (high & 0x1c00) == 0x1c00;
    return (high & 0xf000) == 0xf000 && !expands_down && !conforming && base < USER_PROBE &&
           limit < USER_PROBE - base;
}

uint32_t KiSetLdtEntry(uint32_t selector, uint32_t low, uint32_t high)
{
    if (selector == 0)
        return STATUS_SUCCESS;
    if ((selector & 7) != 7 || selector / 8 >= LDT_ENTRIES || !descriptor_is_harmless(low, high))
        return STATUS_INVALID_LDT_DESCRIPTOR;
    ldt[selector / 8] = (uint64_t)high << 32 | low;
    return STATUS_SUCCESS;
}

static void segments_load(void)
{
    const struct table_pointer pointer = {sizeof gdt - 1, (uint32_t)gdt};
    gdt[KGDT_R0_CODE / 8] = descriptor(0, 0xfffff, ACCESS_CODE, FLAGS_FLAT);
    gdt[KGDT_R0_DATA / 8] = descriptor(0, 0xfffff, ACCESS_DATA, FLAGS_FLAT);
    gdt[KGDT_R3_CODE / 8] = descriptor(0, 0xfffff, ACCESS_CODE | ACCESS_RING3, FLAGS_FLAT);
    gdt[KGDT_R3_DATA / 8] = descriptor(0, 0xfffff, ACCESS_DATA | ACCESS_RING3, FLAGS_FLAT);
    gdt[KGDT_TSS / 8] = descriptor((uint32_t)&KiTss, sizeof KiTss - 1, ACCESS_TASK, 0);
    gdt[KGDT_R0_PCR / 8] = descriptor((uint32_t)&KiPcr, 0xfff, ACCESS_DATA, FLAGS_SMALL);
    gdt[KGDT_LDT / 8] = descriptor((uint32_t)ldt, sizeof ldt - 1, ACCESS_LDT, 0);
    KiTss.Ss0 = KGDT_R0_DATA;
    KiTss.IoMapBase = sizeof KiTss; /* beyond the limit: no port is open to ring 3 */
    KiPcr.ExceptionList = LIST_END;
    KiPcr.SelfPcr = &KiPcr;
    KiPcr.TSS = &KiTss;
    asm volatile("lgdt %0\n\t"
                 "ljmp %1, $1f\n"
                 "1:\n\t"
                 "movw %w2, %%ss\n\t"
                 "movw %w3, %%ds\n\t"
                 "movw %w3, %%es\n\t"
                 "movw %w4, %%fs\n\t"
                 "movw %w5, %%gs\n\t"
                 "ltr %w6\n\t"
                 "lldt %w7"
                 :
                 : "m"(pointer), "i"(KGDT_R0_CODE), "r"(KGDT_R0_DATA), "r"(USER_DS), "r"(KGDT_R0_PCR), "r"(0),
                   "r"(KGDT_TSS), "m"((const uint16_t){KGDT_LDT})
                 : "memory");
}

static void gate_set(unsigned vector, void (*handler)(void), unsigned ring)
{
    const uint32_t offset = (uint32_t)handler;
    const uint32_t high = (offset & 0xffff0000) | GATE_PRESENT | ring << 13;
    idt[vector] = (uint64_t)high << 32 | KGDT_R0_CODE << 16 | (offset & 0xffff);
}

static void gates_load(void)
{
    const struct table_pointer pointer = {sizeof idt - 1, (uint32_t)idt};
    for (unsigned vector = 0; vector < sizeof KiTrapTable / sizeof KiTrapTable[0]; vector++)
        gate_set(vector, KiTrapTable[vector], vector == 3 || vector == 4 ? 3 : 0);
    gate_set(VECTOR_SERVICE, KiSystemService, 3);
    gate_set(VECTOR_CLOCK, KiInterruptClock, 0);
    asm volatile("lidt %0" : : "m"(pointer));
}

/* Tells what it finds. */
static int sysenter_is_usable(void)
{
    const struct processor processor = processor_identify();
    if (processor.signature == 0) {
        print("  the processor has no CPUID, and so no SYSENTER\n");
        return 0;
    }
    print("  CPUID: signature ");
    print_hex(processor.signature, 8);
    print(processor.features & CPUID_SEP ? ", SEP set" : ", SEP clear");
    if (processor.features & CPUID_SEP && !processor_has_sysenter(processor))
        print(": a Pentium Pro, where SEP is not to be believed");
    print("\n");
    return processor_has_sysenter(processor);
}

static void sysenter_register_write(uint32_t number, uint32_t value, const char *name)
{
    msr_write(number, value);
    print("  ");
    print_padded(name, 18);
    print("= ");
    print_hex(value, 8);
    print("\n");
}

/* The code that every stub calls, chosen once for this processor. */
static void system_call_stub_write(void)
{
    /* mov edx, esp; sysenter; ret */
    static const uint8_t fast[] = {0x89, 0xe2, 0x0f, 0x34, 0xc3};
    /* lea edx, [esp + 8]; int 2Eh; ret */
    static const uint8_t slow[] = {0x8d, 0x54, 0x24, 0x08, 0xcd, VECTOR_SERVICE, 0xc3};
    volatile uint8_t *to = (volatile uint8_t *)(KERNEL_SHARED + SYSTEM_CALL);
    const uint8_t *code = KiFastSystemCallPossible ? fast : slow;
    for (unsigned i = 0; i < (KiFastSystemCallPossible ? sizeof fast : sizeof slow); i++)
        to[i] = code[i];
    print("  SystemCallStub at 7FFE0300h: ");
    print(KiFastSystemCallPossible ? "MOV EDX,ESP; SYSENTER; RET\n" : "LEA EDX,[ESP+8]; INT 2Eh; RET\n");
}

void KiInitializeProcessor(void)
{
    segments_load();
    gates_load();
    KiFastSystemCallPossible = (uint8_t)sysenter_is_usable();
    if (KiFastSystemCallPossible) {
        sysenter_register_write(IA32_SYSENTER_CS, KGDT_R0_CODE, "IA32_SYSENTER_CS");
        sysenter_register_write(IA32_SYSENTER_ESP, (uint32_t)(dpc_stack + sizeof dpc_stack),
                                "IA32_SYSENTER_ESP");
        sysenter_register_write(IA32_SYSENTER_EIP, (uint32_t)KiFastCallEntry, "IA32_SYSENTER_EIP");
    }
    system_call_stub_write();
}

/* CR0.WP came with the 486, and so did EFLAGS.AC (SDM 3B 22.18): on a 386 it cannot be set. */
static int has_write_protect(void)
{
    uint32_t eflags;
    asm volatile("pushl %1\n\t"
                 "popfl\n\t"
                 "pushfl\n\t"
                 "popl %0\n\t"
                 "pushl $2\n\t"
                 "popfl"
                 : "=r"(eflags)
                 : "r"(EFLAGS_AC | 2));
    return (eflags & EFLAGS_AC) != 0;
}

void kernel_main(uint32_t magic)
{
    static struct CONTEXT first; /* in .bss: all else 0 */
    print_init();
    print("nt: a kernel that is entered as Windows XP's is\n\nThe kernel starts\n");
    if (magic != BOOT_MAGIC) {
        print("nt: FAILED: EAX does not hold the multiboot magic\n");
        machine_exit(1);
    }
    if (!has_write_protect()) {
        print("nt: FAILED: an i486 is needed: on a 386 no page is read-only for the kernel\n");
        machine_exit(1);
    }
    MmInitialize();
    KiInitializeProcessor();
    timer_start(TICKS_PER_SECOND);
    first.Eip = (uint32_t)user_start;
    first.Esp = (uint32_t)user_stack_top;
    print("  the first thread goes to ring 3 by IRET; from here on the program tells\n\n");
    KiRunFirstThread(KiCreateThread(&first, (uint32_t)&user_teb[0]));
}
