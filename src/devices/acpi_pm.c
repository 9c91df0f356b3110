/* ACPI fixed hardware: see the header. */
#include "devices/acpi_pm.h"

#include "base/bits.h"

enum { OUT_SCI };
enum { EVENT_TIMER };

/* PM1_STS and PM1_EN */
#define PM1_TMR    0x0001
#define PM1_GBL    0x0020
#define PM1_PWRBTN 0x0100
#define PM1_RTC    0x0400
#define PM1_ENABLE (PM1_TMR | PM1_GBL | PM1_PWRBTN | PM1_RTC)

/* PM1_CNT */
#define CONTROL_SCI_EN  0x0001
#define CONTROL_BM_RLD  0x0002
#define CONTROL_SLP_TYP 0x1c00
#define CONTROL_SLP_EN  0x2000 /* write-only */

#define TIMER_MULTIPLIER 315u
#define TIMER_DIVISOR    88000u
#define TIMER_MASK       0xffffffu
#define TIMER_TOP_BIT    23

static uint64_t pm_ticks(const struct device *device)
{
    return clock_scale(device_now(device), TIMER_MULTIPLIER, TIMER_DIVISOR);
}

/* 4.7.3.1: TMR_STS is set whenever the most significant bit of the timer changes. */
static void pm_sync(struct device *device)
{
    struct acpi_pm *pm = device->state;
    uint64_t toggles = pm_ticks(device) >> TIMER_TOP_BIT;
    if (toggles != pm->toggles_done)
        pm->status |= PM1_TMR;
    pm->toggles_done = toggles;
}

static void pm_update(struct device *device)
{
    const struct acpi_pm *pm = device->state;
    device_drive(device, OUT_SCI, pm->status & pm->enable);
    if ((pm->enable & PM1_TMR) && !(pm->status & PM1_TMR)) {
        uint64_t tick = (pm->toggles_done + 1) << TIMER_TOP_BIT;
        device_schedule(device, EVENT_TIMER, clock_scale(tick, TIMER_DIVISOR, TIMER_MULTIPLIER) + 1);
    } else {
        device_cancel(device, EVENT_TIMER);
    }
}

static void pm_event(struct device *device, unsigned event)
{
    (void)event;
    pm_sync(device);
    pm_update(device);
}

static void pm_sleep(struct device *device, uint16_t control)
{
    unsigned type = (unsigned)bits(control, 12, 10);
    if (type == ACPI_PM_SLEEP_OFF)
        device_request(device, BOARD_POWER_OFF, 0);
    else
        log_once(device->board->log, 0x5100000000 | type, "%s: sleep type %u is not implemented",
                 device->name, type);
}

/* The doubleword that holds a register; bits outside `mask` are not written. */
static void pm_write_doubleword(struct device *device, unsigned base, uint32_t value, uint32_t mask)
{
    struct acpi_pm *pm = device->state;
    if (base == ACPI_PM_EVENT) {
        pm->status &= (uint16_t) ~(value & mask); /* cleared by writing a 1 */
        uint16_t enable_mask = mask >> 16 & PM1_ENABLE;
        pm->enable = (uint16_t)((pm->enable & ~enable_mask) | (value >> 16 & enable_mask));
    } else if (base == ACPI_PM_CONTROL) {
        uint16_t kept = mask & (CONTROL_BM_RLD | CONTROL_SLP_TYP);
        pm->control = (uint16_t)((pm->control & ~kept) | (value & kept));
        if (value & mask & CONTROL_SLP_EN)
            pm_sleep(device, pm->control);
    }
}

static void pm_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                          unsigned size)
{
    (void)range;
    unsigned shift = offset % 4 * 8;
    pm_sync(device);
    pm_write_doubleword(device, offset & ~3u, value << shift, size_mask(size) << shift);
    pm_update(device);
}

static uint32_t pm_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)size;
    const struct acpi_pm *pm = device->state;
    pm_sync(device);
    pm_update(device);
    uint32_t value;
    switch (offset & ~3u) {
    case ACPI_PM_EVENT:
        value = pm->status | (uint32_t)pm->enable << 16;
        break;
    case ACPI_PM_CONTROL:
        value = pm->control | CONTROL_SCI_EN;
        break;
    default:
        value = pm_ticks(device) & TIMER_MASK;
        break;
    }
    return value >> offset % 4 * 8;
}

static void pm_input(struct device *device, unsigned pin, bool level)
{
    (void)pin;
    struct acpi_pm *pm = device->state;
    if (level)
        pm->status |= PM1_PWRBTN;
    pm_update(device);
}

static void pm_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct acpi_pm *pm = device->state;
    pm_sync(device);
    pm->status = 0;
    pm->enable = 0;
    pm->control = 0;
    pm_update(device);
}

static const struct state_row pm_rows[] = {
    ROW(struct acpi_pm, toggles_done), ROW(struct acpi_pm, status),         ROW(struct acpi_pm, enable),
    ROW(struct acpi_pm, control),      ROW_ARRAY(struct acpi_pm, reserved), ROW_END,
};

const struct device_class acpi_pm_class = {
    .name = "acpi_pm",
    .manual = "ACPI Specification 1.0b, 4.7; Intel 82371AB (PIIX4), 290562-001",
    .state_size = sizeof(struct acpi_pm),
    .rows = pm_rows,
    .inputs = (const char *const[]){"power_button", NULL},
    .outputs = (const char *const[]){"sci", NULL},
    .events = (const char *const[]){"timer", NULL},
    .ports = (const struct device_ports[]){{"registers", ACPI_PM_BASE, ACPI_PM_SIZE, 4}, {0}},
    .reset = pm_reset,
    .input = pm_input,
    .event = pm_event,
    .port_read = pm_port_read,
    .port_write = pm_port_write,
};
