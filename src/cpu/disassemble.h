/*
 * An operation as text, in Intel syntax, from its row of the instruction table: "add dword ptr [ebx+ecx*4+0x10], eax". A
 * segment is shown when a prefix names it. Branches show their target.
 */
#ifndef GATE86_CPU_DISASSEMBLE_H
#define GATE86_CPU_DISASSEMBLE_H

#include <stdint.h>

#include "cpu/operation.h"

#define DISASSEMBLY_SIZE 112

/* next_eip: the address behind the instruction. */
void disassemble(const struct operation *op, uint32_t next_eip, char text[DISASSEMBLY_SIZE]);

#endif
