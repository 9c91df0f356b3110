/* ACPI tables: see the header. */
#include "machine/acpi_tables.h"

#include <string.h>

#include "base/bits.h"
#include "devices/acpi_pm.h"

/* Where the tables lie in the ROM. */
#define RSDP_OFFSET 0x00
#define RSDT_OFFSET 0x40
#define FADT_OFFSET 0x80
#define DSDT_OFFSET 0x100

#define RSDP_SIZE   20
#define HEADER_SIZE 36
#define RSDT_SIZE   (HEADER_SIZE + 4)
#define FADT_SIZE   116 /* revision 1 */

/* Table 5-4: fields that follow the header of every table. */
#define HEADER_LENGTH       4
#define HEADER_REVISION     8
#define HEADER_CHECKSUM     9
#define HEADER_OEM          10
#define HEADER_OEM_TABLE    16
#define HEADER_OEM_REVISION 24
#define HEADER_CREATOR      28
#define HEADER_CREATOR_REV  32

/* Table 5-5: the FADT. */
#define FADT_FIRMWARE_CONTROL 36
#define FADT_DSDT             40
#define FADT_SCI_INTERRUPT    46
#define FADT_PM1A_EVENT       56
#define FADT_PM1A_CONTROL     64
#define FADT_PM_TIMER         76
#define FADT_PM1_EVENT_LENGTH 88
#define FADT_PM1_CONTROL_LEN  89
#define FADT_PM_TIMER_LENGTH  91
#define FADT_C2_LATENCY       96
#define FADT_C3_LATENCY       98
#define FADT_CENTURY          108
#define FADT_FLAGS            112

#define FLAG_WBINVD         0x01
#define FLAG_PROC_C1        0x04
#define FLAG_NO_SLP_BUTTON  0x20 /* no sleep button among the fixed features */
#define FLAG_NO_FIXED_RTC   0x40 /* no RTC wake status among the fixed features */
#define LATENCY_UNSUPPORTED 0xffff

/* Name (\_S5, Package (4) {SLP_TYPa, SLP_TYPb, 0, 0}), assembled by hand after section 16. */
/* clang-format off */
static const uint8_t dsdt_code[] = {
    0x08, 0x5c, '_', 'S', '5', '_', /* NameOp, RootChar, name */
    0x12, 0x08, 0x04,               /* PackageOp, length from here on, four elements */
    0x0a, ACPI_PM_SLEEP_OFF,        /* BytePrefix */
    0x0a, ACPI_PM_SLEEP_OFF,        /* of PM1b, which does not exist */
    0x00, 0x00,                     /* ZeroOp: reserved */
};
/* clang-format on */

static uint8_t checksum(const uint8_t *bytes, unsigned size)
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < size; i++)
        sum += bytes[i];
    return (uint8_t)-sum;
}

static void header_write(uint8_t *table, const char *signature, unsigned size)
{
    memcpy(table, signature, 4);
    store_le32(table + HEADER_LENGTH, size);
    table[HEADER_REVISION] = 1;
    memcpy(table + HEADER_OEM, "GATE86", 6);
    memcpy(table + HEADER_OEM_TABLE, "GATE86PC", 8);
    store_le32(table + HEADER_OEM_REVISION, 1);
    memcpy(table + HEADER_CREATOR, "GT86", 4);
    store_le32(table + HEADER_CREATOR_REV, 1);
}

static void rsdp_write(uint8_t *rsdp, uint32_t rsdt)
{
    memcpy(rsdp, "RSD PTR ", 8);
    memcpy(rsdp + 9, "GATE86", 6);
    store_le32(rsdp + 16, rsdt);
    rsdp[8] = checksum(rsdp, RSDP_SIZE);
}

static void fadt_write(uint8_t *fadt, const struct acpi_hardware *hardware, uint32_t facs, uint32_t dsdt)
{
    header_write(fadt, "FACP", FADT_SIZE);
    store_le32(fadt + FADT_FIRMWARE_CONTROL, facs);
    store_le32(fadt + FADT_DSDT, dsdt);
    store_le16(fadt + FADT_SCI_INTERRUPT, hardware->sci);
    store_le32(fadt + FADT_PM1A_EVENT, hardware->pm_base + ACPI_PM_EVENT);
    store_le32(fadt + FADT_PM1A_CONTROL, hardware->pm_base + ACPI_PM_CONTROL);
    store_le32(fadt + FADT_PM_TIMER, hardware->pm_base + ACPI_PM_TIMER);
    fadt[FADT_PM1_EVENT_LENGTH] = 4;
    fadt[FADT_PM1_CONTROL_LEN] = 2;
    fadt[FADT_PM_TIMER_LENGTH] = 4;
    store_le16(fadt + FADT_C2_LATENCY, LATENCY_UNSUPPORTED);
    store_le16(fadt + FADT_C3_LATENCY, LATENCY_UNSUPPORTED);
    fadt[FADT_CENTURY] = hardware->century_index;
    store_le32(fadt + FADT_FLAGS, FLAG_WBINVD | FLAG_PROC_C1 | FLAG_NO_SLP_BUTTON | FLAG_NO_FIXED_RTC);
    fadt[HEADER_CHECKSUM] = checksum(fadt, FADT_SIZE);
}

void acpi_tables_write(const struct acpi_hardware *hardware, uint8_t *rom, uint32_t rom_base, uint8_t *facs,
                       uint32_t facs_base)
{
    memset(rom, 0, ACPI_TABLES_SIZE);
    rsdp_write(rom + RSDP_OFFSET, rom_base + RSDT_OFFSET);
    uint8_t *rsdt = rom + RSDT_OFFSET;
    header_write(rsdt, "RSDT", RSDT_SIZE);
    store_le32(rsdt + HEADER_SIZE, rom_base + FADT_OFFSET);
    rsdt[HEADER_CHECKSUM] = checksum(rsdt, RSDT_SIZE);
    fadt_write(rom + FADT_OFFSET, hardware, facs_base, rom_base + DSDT_OFFSET);
    uint8_t *dsdt = rom + DSDT_OFFSET;
    header_write(dsdt, "DSDT", HEADER_SIZE + sizeof dsdt_code);
    memcpy(dsdt + HEADER_SIZE, dsdt_code, sizeof dsdt_code);
    dsdt[HEADER_CHECKSUM] = checksum(dsdt, HEADER_SIZE + sizeof dsdt_code);
    memset(facs, 0, ACPI_FACS_SIZE);
    memcpy(facs, "FACS", 4);
    store_le32(facs + 4, ACPI_FACS_SIZE);
}
