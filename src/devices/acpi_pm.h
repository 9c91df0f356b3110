/*
 * ACPI fixed hardware: the PM1 event and control registers and the power management timer, after the ACPI
 * Specification 1.0b, section 4.7, laid out as in the Intel 82371AB (PIIX4).
 *
 *     +0  PM1_STS   +2  PM1_EN   +4  PM1_CNT   +8  PM_TMR (24 bits, 3.579545 MHz = 315/88 MHz)
 *
 *     power_button ---->| PM |----> sci (active high here, level)
 *
 * There is no legacy mode: SCI_EN reads 1 always, and the FADT says SMI_CMD = 0. SLP_TYP 0 is S5, soft off.
 *
 * NOT IMPLEMENTED: sleep states other than S5; general-purpose events; the RTC's wake event, BM_STS and GBL_STS, whose
 * sources this board does not have.
 */
#ifndef GATE86_DEVICES_ACPI_PM_H
#define GATE86_DEVICES_ACPI_PM_H

#include "bus/device.h"

#define ACPI_PM_BASE      0x600
#define ACPI_PM_SIZE      12
#define ACPI_PM_EVENT     0 /* offsets of the blocks */
#define ACPI_PM_CONTROL   4
#define ACPI_PM_TIMER     8
#define ACPI_PM_SLEEP_OFF 0 /* SLP_TYP of S5 */

struct acpi_pm {
    uint64_t toggles_done; /* changes of the timer's top bit already seen */
    uint16_t status;
    uint16_t enable;
    uint16_t control;
    uint8_t reserved[2]; /* always zero */
};

extern const struct device_class acpi_pm_class;

#endif
