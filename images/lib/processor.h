/* What processor this is: CPUID, its MSRs, and whether SYSENTER may be used. */
#ifndef IMAGES_PROCESSOR_H
#define IMAGES_PROCESSOR_H

#include <stdint.h>

#define IA32_SYSENTER_CS  0x174
#define IA32_SYSENTER_ESP 0x175
#define IA32_SYSENTER_EIP 0x176
#define CPUID_SEP         0x800u
#define EFLAGS_ID         0x200000u

/* What CPUID leaf 1 says; all 0 on a processor without CPUID. */
struct processor {
    uint32_t signature; /* stepping in bits 3:0, model in 7:4, family in 11:8 */
    uint32_t features;  /* EDX */
};

/* CPUID exists when EFLAGS.ID can be changed (SDM 2A CPUID). */
static inline int processor_has_cpuid(void)
{
    uint32_t before, after;
    asm volatile("pushfl\n\t"
                 "popl %0\n\t"
                 "movl %0, %1\n\t"
                 "xorl %2, %1\n\t"
                 "pushl %1\n\t"
                 "popfl\n\t"
                 "pushfl\n\t"
                 "popl %1\n\t"
                 "pushl %0\n\t"
                 "popfl"
                 : "=&r"(before), "=&r"(after)
                 : "i"(EFLAGS_ID));
    return ((before ^ after) & EFLAGS_ID) != 0;
}

static inline struct processor processor_identify(void)
{
    uint32_t eax = 1, ebx, ecx, edx;
    if (!processor_has_cpuid())
        return (struct processor){0, 0};
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return (struct processor){eax, edx};
}

/*
 * A Pentium Pro says that it has SYSENTER and has not. SDM 2B SYSENTER gives the test "family 6, model < 3 and
 * stepping < 3", which lets the last Pentium Pro through (model 1 stepping 9). Family, model and stepping as
 * one number do not: the instruction came with model 3 stepping 3.
 */
static inline int processor_has_sysenter(struct processor processor)
{
    return processor.features & CPUID_SEP && (processor.signature & 0xfff) >= 0x633;
}

static inline void msr_write(uint32_t number, uint32_t value)
{
    asm volatile("wrmsr" : : "c"(number), "a"(value), "d"(0));
}

#endif
