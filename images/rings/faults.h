/*
 * Faults that the user program commits on purpose: one list, from which the program's instructions and the kernel's
 * expectations are made. Columns: what it does, the instruction, vector, error code, CR2 of page faults, and
 * whether EIP points at the instruction (FAULT) or behind it (TRAP).
 *
 * Error codes: page faults SDM 3A 4.7 (1 present, 2 write, 4 user); selectors SDM 3A 6.13 (index * 8, +2 for the IDT).
 */
#ifndef IMAGES_RINGS_FAULTS_H
#define IMAGES_RINGS_FAULTS_H

#include <stdint.h>

#define NO_ADDRESS 0xffffffffu

enum { FAULT, TRAP };

enum { VECTOR_DE = 0, VECTOR_BP = 3, VECTOR_BR = 5, VECTOR_UD = 6, VECTOR_GP = 13, VECTOR_PF = 14 };

/* BOUND EAX, [user_bounds] (SDM 2A BOUND: 62 /r); assemblers disagree on its spelling. */
#define BOUND_EAX_USER_BOUNDS ".byte 0x62, 0x05\n\t.long user_bounds"

/* clang-format off */
#define FAULT_ROWS(ROW) \
    ROW("read a kernel page",            "movl 0x100000, %%ecx",        VECTOR_PF, 0x005, 0x100000,   FAULT) \
    ROW("write a kernel page",           "movl %%ecx, 0x100ffc",        VECTOR_PF, 0x007, 0x100ffc,   FAULT) \
    ROW("write its own code",            "movl %%ecx, 0x400010",        VECTOR_PF, 0x007, 0x400010,   FAULT) \
    ROW("read an absent page",           "movl 0x7ff123, %%ecx",        VECTOR_PF, 0x004, 0x7ff123,   FAULT) \
    ROW("write an absent page",          "movl %%ecx, 0x7fe000",        VECTOR_PF, 0x006, 0x7fe000,   FAULT) \
    ROW("read address 0",                "movl 0, %%ecx",               VECTOR_PF, 0x004, 0,          FAULT) \
    ROW("CLI",                           "cli",                         VECTOR_GP, 0,     NO_ADDRESS, FAULT) \
    ROW("HLT",                           "hlt",                         VECTOR_GP, 0,     NO_ADDRESS, FAULT) \
    ROW("read port 60h",                 "inb $0x60, %%al",             VECTOR_GP, 0,     NO_ADDRESS, FAULT) \
    ROW("LIDT",                          "lidt user_zero",              VECTOR_GP, 0,     NO_ADDRESS, FAULT) \
    ROW("write CR0",                     "movl %%ecx, %%cr0",           VECTOR_GP, 0,     NO_ADDRESS, FAULT) \
    ROW("INT 20h, a gate of ring 0",     "int $0x20",                   VECTOR_GP, 0x102, NO_ADDRESS, FAULT) \
    ROW("INT 90h, an empty gate",        "int $0x90",                   VECTOR_GP, 0x482, NO_ADDRESS, FAULT) \
    ROW("load DS from beyond the GDT",   "movw user_beyond, %%ds",      VECTOR_GP, 0x050, NO_ADDRESS, FAULT) \
    ROW("load DS with kernel data",      "movw user_kernel_data, %%ds", VECTOR_GP, 0x010, NO_ADDRESS, FAULT) \
    ROW("load SS with null",             "movw user_zero, %%ss",        VECTOR_GP, 0,     NO_ADDRESS, FAULT) \
    ROW("jump far into the kernel",      "ljmp $0x08, $0x100000",       VECTOR_GP, 0x008, NO_ADDRESS, FAULT) \
    ROW("UD2",                           "ud2",                         VECTOR_UD, 0,     NO_ADDRESS, FAULT) \
    ROW("divide by 0",                   "divl user_zero",              VECTOR_DE, 0,     NO_ADDRESS, FAULT) \
    ROW("BOUND outside its bounds",      BOUND_EAX_USER_BOUNDS,         VECTOR_BR, 0,     NO_ADDRESS, FAULT) \
    ROW("INT3",                          "int3",                        VECTOR_BP, 0,     NO_ADDRESS, TRAP)
/* clang-format on */

struct frame;

/* The program announces row `number`, its instruction at `fault_at`, and where to go on. */
void faults_expect(uint32_t number, uint32_t fault_at, uint32_t resume_at);

/* An exception came: true when one was announced; the frame then goes on behind the instruction. */
int faults_catch(struct frame *frame);

/* Prints the row's line; returns 1 when anything differed from what was announced, else 0. */
int faults_report(uint32_t number);

#endif
