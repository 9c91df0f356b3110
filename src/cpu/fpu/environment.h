/*
 * The x87 environment in memory, in the four layouts of FNSTENV: 16- or 32-bit operand size, protected mode or real-
 * address and virtual-8086 mode (SDM 1 figures 8-9 to 8-12); and the tag word.
 */
#ifndef GATE86_CPU_FPU_ENVIRONMENT_H
#define GATE86_CPU_FPU_ENVIRONMENT_H

#include "cpu/cpu.h"

#define X87_ENVIRONMENT_MAX 28 /* bytes */

unsigned x87_environment_size(bool wide); /* 28 or 14 */

/* Writes the image in the layout of the present mode; returns its size. */
unsigned x87_environment_write(const struct cpu *cpu, bool wide, uint8_t *image);

/* Loads it: control, status (ES and B are recomputed), tags, pointers, opcode. */
void x87_environment_read(struct cpu *cpu, bool wide, const uint8_t *image);

/* The 16-bit tag word, two bits per physical register (SDM 1 8.1.7). */
uint16_t x87_tag_word(const struct fpu_state *fpu);

/* FNINIT's state (SDM 2A FINIT); FCW as FLDCW loads it. */
void x87_initialize(struct cpu *cpu);
void x87_set_control(struct cpu *cpu, uint32_t control);

#endif
