/*
 * A processor on the test bench: 4 MiB of RAM, a clock, empty ports, and a protected-mode environment that
 * tests may rearrange.
 *
 *   GDT at BENCH_GDT:  08 code CPL 0, 10 data CPL 0, 1B code CPL 3, 23 data CPL 3, 28 TSS (32-bit), 30 LDT
 *   IDT at BENCH_IDT:  256 interrupt gates, 32-bit, DPL 3; vector n enters BENCH_HANDLERS + n, where HLT stands
 *   TSS at BENCH_TSS:  SS0:ESP0 = 10:BENCH_STACK0, no I/O bitmap
 */
#ifndef GATE86_TESTS_CPU_BENCH_H
#define GATE86_TESTS_CPU_BENCH_H

#include "base/log.h"
#include "cpu/cpu.h"

#define BENCH_RAM      0x400000u
#define BENCH_GDT      0x1000u
#define BENCH_LDT      0x1800u
#define BENCH_IDT      0x2000u
#define BENCH_HANDLERS 0x3000u
#define BENCH_TSS      0x4000u
#define BENCH_STACK0   0x8000u /* grows down */
#define BENCH_STACK    0x9000u
#define BENCH_CODE     0x10000u
#define BENCH_DATA     0x20000u

#define BENCH_CODE0        0x08
#define BENCH_DATA0        0x10
#define BENCH_CODE3        0x1b
#define BENCH_DATA3        0x23
#define BENCH_TSS_SELECTOR 0x28
#define BENCH_LDT_SELECTOR 0x30

struct bench {
    struct memory memory;
    struct ports ports;
    struct clock clock;
    struct log log;
    struct cpu cpu;
    uint8_t next_vector; /* what the interrupt acknowledge cycle answers */
};

/* A processor of a model ("core-duo" when NULL), after RESET. */
struct bench *bench_new(const char *model);
/* The same with an engine; bench_new takes the exact one. */
struct bench *bench_new_with(const char *model, enum cpu_engine engine);
void bench_free(struct bench *bench);

/* Flat 32-bit protected mode at CPL 0 or 3, with the tables above; EIP = BENCH_CODE, ESP = BENCH_STACK. */
void bench_protected(struct bench *bench, unsigned cpl);

/* Real-address mode, CS:IP = 1000:0000 (BENCH_CODE), SS:SP = 0000:9000, the others 2000 (BENCH_DATA). */
void bench_real(struct bench *bench);

/* Virtual-8086 mode under the protected environment; segments as in bench_real. */
void bench_v86(struct bench *bench, unsigned iopl);

/* Descriptors from their parts; `access` as in mmu/segment.h, limit in bytes. */
uint64_t bench_descriptor(uint32_t base, uint32_t limit, uint16_t access);
uint64_t bench_gate(uint16_t selector, uint32_t offset, uint16_t access, uint8_t parameters);
void bench_gdt_set(struct bench *bench, uint16_t selector, uint64_t descriptor);
void bench_idt_set(struct bench *bench, unsigned vector, uint64_t gate);

/* Physical memory. */
void bench_write(struct bench *bench, uint32_t address, const void *bytes, size_t size);
void bench_write32(struct bench *bench, uint32_t address, uint32_t value);
void bench_write16(struct bench *bench, uint32_t address, uint16_t value);
uint32_t bench_read32(struct bench *bench, uint32_t address);
uint16_t bench_read16(struct bench *bench, uint32_t address);
uint8_t bench_read8(struct bench *bench, uint32_t address);

/* Puts bytes at CS:EIP (identity-mapped); runs that many instructions or boundary events. */
void bench_code(struct bench *bench, const void *bytes, size_t size);
void bench_run(struct bench *bench, unsigned instructions);

/* Puts the bytes at CS:EIP and runs one instruction. */
#define BENCH_STEP(bench, ...)                              \
    do {                                                    \
        static const uint8_t bench_bytes[] = {__VA_ARGS__}; \
        bench_code(bench, bench_bytes, sizeof bench_bytes); \
        bench_run(bench, 1);                                \
    } while (0)

/* The fault delivered last (reason NO_FAULT: none since bench_new or bench_forget). */
struct fault bench_fault(const struct bench *bench);
void bench_forget(struct bench *bench);

#endif
