/*
 * Loading segment registers and reading descriptor tables (SDM 2B MOV, POP, LDS; 3A 5.2 to 5.8).
 */
#ifndef GATE86_CPU_SEGMENT_LOAD_H
#define GATE86_CPU_SEGMENT_LOAD_H

#include "cpu/cpu.h"

/*
 * The eight bytes a selector points to, from the GDT or LDT. A selector beyond the table (or an LDT selector
 * without LDT) gives `vector` with the selector's index as error code, `error_ext` added.
 */
MUST_USE struct fault descriptor_read(struct cpu *cpu, uint16_t selector, enum vector vector,
                                      uint32_t error_ext, struct descriptor *descriptor);

/* Linear address of the descriptor; the selector has been checked by descriptor_read. */
uint32_t descriptor_address(const struct cpu *cpu, uint16_t selector);

/* Sets the accessed bit of a code or data descriptor in the table when it is clear. Supervisor write. */
MUST_USE struct fault descriptor_mark_accessed(struct cpu *cpu, uint16_t selector,
                                               struct descriptor *descriptor);

/* MOV, POP, LDS and kin into SS, DS, ES, FS or GS in the current mode, all checks included. CS is never loaded so. */
MUST_USE struct fault segment_load(struct cpu *cpu, unsigned segment, uint16_t selector);

/* Puts a checked segment into CS and what follows from it (CPL is set by the caller first). */
void segment_set_code(struct cpu *cpu, const struct segment *segment);

/* On a return to an outer ring: DS, ES, FS, GS that the new CPL may not use become null (SDM 2A RET). */
void segments_drop_privileged(struct cpu *cpu);

#endif
