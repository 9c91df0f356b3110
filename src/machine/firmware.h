/*
 * What a BIOS leaves behind when it starts an operating system: chips initialised, CMOS memory filled, the BIOS data
 * area written. The board may run without a BIOS; guests that were written for PCs count on these things all the same.
 * After the IBM PC AT Technical Reference (BIOS listing, CMOS map) and the Phoenix System BIOS for IBM PCs.
 */
#ifndef GATE86_MACHINE_FIRMWARE_H
#define GATE86_MACHINE_FIRMWARE_H

#include <stdint.h>

#include "bus/memory.h"
#include "bus/ports.h"

#define FIRMWARE_CMOS_CENTURY 0x32

/* The BIOS data area at 400h and the extended one at `ebda`, the end of conventional memory for the guest. */
void firmware_write_memory(struct memory *memory, uint32_t ebda);

/* Interrupt controllers, timer, keyboard controller, COM1 and COM2, CMOS memory, A20. RAM has memory_bytes. */
void firmware_write_chips(struct ports *ports, uint64_t memory_bytes);

#endif
