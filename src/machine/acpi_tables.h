/*
 * The ACPI tables of the board, made by itself because it may run without a BIOS: RSDP, RSDT, FADT, FACS and a DSDT
 * that holds \_S5 alone. After the ACPI Specification 1.0b, section 5.2. There is no MADT: interrupts come from the
 * 8259A pair.
 */
#ifndef GATE86_MACHINE_ACPI_TABLES_H
#define GATE86_MACHINE_ACPI_TABLES_H

#include <stdint.h>

#define ACPI_TABLES_SIZE 512 /* bytes used of the ROM, from its start */
#define ACPI_FACS_SIZE   64

struct acpi_hardware {
    uint16_t pm_base;      /* I/O address of the power management block (devices/acpi_pm.h) */
    uint16_t sci;          /* interrupt line */
    uint8_t century_index; /* of the CMOS byte that holds the century */
};

/*
 * Writes the tables to rom[0..ACPI_TABLES_SIZE-1], which the guest sees at physical `rom_base` (16-byte aligned, from
 * E0000h to FFFFFh, where operating systems look for the RSDP), and the FACS, which the guest may write, to
 * facs[0..ACPI_FACS_SIZE-1], seen at `facs_base` (64-byte aligned).
 */
void acpi_tables_write(const struct acpi_hardware *hardware, uint8_t *rom, uint32_t rom_base, uint8_t *facs,
                       uint32_t facs_base);

#endif
