/* Motorola MC146818A: see the header. */
#include "devices/mc146818.h"

#include "devices/calendar.h"

enum { PORT_INDEX, PORT_DATA };
enum { OUT_IRQ, OUT_NMI_MASK };
enum { EVENT_FLAG };

enum {
    SECONDS,
    SECONDS_ALARM,
    MINUTES,
    MINUTES_ALARM,
    HOURS,
    HOURS_ALARM,
    WEEKDAY,
    DAY,
    MONTH,
    YEAR,
    REGISTER_A,
    REGISTER_B,
    REGISTER_C,
    REGISTER_D,
    CENTURY = 0x32, /* where PC BIOSes keep it */
};

#define A_UIP           0x80
#define A_DIVIDER       0x70
#define A_DIVIDER_32768 0x20
#define A_DIVIDER_RESET 0x60 /* 11x */
#define A_RATE          0x0f
#define A_POWER_ON      0x26 /* 32.768 kHz, 1024 Hz */

#define B_24_HOURS 0x02
#define B_BINARY   0x04
#define B_SQWE     0x08
#define B_UIE      0x10
#define B_AIE      0x20
#define B_PIE      0x40
#define B_SET      0x80

#define C_UF   0x10
#define C_AF   0x20
#define C_PF   0x40
#define C_IRQF 0x80

#define D_VRT 0x80

#define HOURS_PM        0x80
#define ALARM_DONT_CARE 0xc0

#define SECOND_NS      1000000000u
#define HALF_SECOND_NS 500000000u
#define UPDATE_NS      (244000u + 1984000u) /* table 6: t(BUC) and t(UC) at 32.768 kHz */

/* One crystal period is 1953125/64 ns. */
#define CRYSTAL_NS_NUMERATOR   1953125u
#define CRYSTAL_NS_DENOMINATOR 64u

static bool rtc_divider_runs(const struct mc146818 *rtc)
{
    return (rtc->bytes[REGISTER_A] & A_DIVIDER) == A_DIVIDER_32768;
}

static unsigned rtc_decode(const struct mc146818 *rtc, uint8_t value)
{
    return rtc->bytes[REGISTER_B] & B_BINARY ? value : (unsigned)(value >> 4) * 10 + (value & 15);
}

static uint8_t rtc_encode(const struct mc146818 *rtc, unsigned value)
{
    return (uint8_t)(rtc->bytes[REGISTER_B] & B_BINARY ? value : value / 10 << 4 | value % 10);
}

static unsigned rtc_hour(const struct mc146818 *rtc)
{
    uint8_t raw = rtc->bytes[HOURS];
    if (rtc->bytes[REGISTER_B] & B_24_HOURS)
        return rtc_decode(rtc, raw);
    return rtc_decode(rtc, raw & (uint8_t)~HOURS_PM) % 12 + (raw & HOURS_PM ? 12 : 0);
}

static void rtc_set_hour(struct mc146818 *rtc, unsigned hour)
{
    if (rtc->bytes[REGISTER_B] & B_24_HOURS)
        rtc->bytes[HOURS] = rtc_encode(rtc, hour);
    else
        rtc->bytes[HOURS] = rtc_encode(rtc, (hour + 11) % 12 + 1) | (hour >= 12 ? HOURS_PM : 0);
}

static void rtc_count_day(struct mc146818 *rtc)
{
    unsigned year = rtc_decode(rtc, rtc->bytes[YEAR]);
    unsigned month = rtc_decode(rtc, rtc->bytes[MONTH]);
    unsigned day = rtc_decode(rtc, rtc->bytes[DAY]) + 1;
    rtc->bytes[WEEKDAY] = rtc_encode(rtc, rtc_decode(rtc, rtc->bytes[WEEKDAY]) % 7 + 1);
    /* The chip knows two digits of the year: every fourth is a leap year. A month that is none has 31 days. */
    unsigned days = month >= 1 && month <= 12 ? calendar_month_days(2000 + year % 4, month) : 31;
    if (day > days) {
        day = 1;
        month++;
    }
    if (month > 12) {
        month = 1;
        year++;
    }
    rtc->bytes[DAY] = rtc_encode(rtc, day);
    rtc->bytes[MONTH] = rtc_encode(rtc, month);
    rtc->bytes[YEAR] = rtc_encode(rtc, year % 100);
}

/* Increments one unit that ends at `limit`; returns true when it rolls over. */
static bool rtc_count(struct mc146818 *rtc, unsigned index, unsigned limit)
{
    unsigned value = rtc_decode(rtc, rtc->bytes[index]) + 1;
    rtc->bytes[index] = rtc_encode(rtc, value < limit ? value : 0);
    return value >= limit;
}

static bool rtc_alarm_matches(const struct mc146818 *rtc)
{
    for (unsigned index = SECONDS; index <= HOURS; index += 2) {
        uint8_t alarm = rtc->bytes[index + 1];
        if ((alarm & ALARM_DONT_CARE) != ALARM_DONT_CARE && alarm != rtc->bytes[index])
            return false;
    }
    return true;
}

static void rtc_update_cycle(struct mc146818 *rtc)
{
    if (rtc_count(rtc, SECONDS, 60) && rtc_count(rtc, MINUTES, 60)) {
        unsigned hour = rtc_hour(rtc) + 1;
        rtc_set_hour(rtc, hour < 24 ? hour : 0);
        if (hour >= 24)
            rtc_count_day(rtc);
    }
    rtc->bytes[REGISTER_C] |= C_UF;
    if (rtc_alarm_matches(rtc))
        rtc->bytes[REGISTER_C] |= C_AF;
}

/* Crystal periods between two periodic edges, 0 for none. Table 5: rates 1 and 2 are those of 8 and 9. */
static unsigned rtc_period(const struct mc146818 *rtc)
{
    unsigned rate = rtc->bytes[REGISTER_A] & A_RATE;
    if (rate == 0)
        return 0;
    return 1u << (rate <= 2 ? rate + 6 : rate - 1);
}

static uint64_t rtc_periods(const struct mc146818 *rtc, uint64_t now)
{
    unsigned period = rtc_period(rtc);
    if (period == 0 || !rtc_divider_runs(rtc))
        return 0;
    return clock_scale(now - rtc->divider_ns, CRYSTAL_NS_DENOMINATOR,
                       (uint64_t)CRYSTAL_NS_NUMERATOR * period);
}

/* Brings clock, calendar and flags to the present. */
static void rtc_sync(struct mc146818 *rtc, uint64_t now)
{
    if (!rtc_divider_runs(rtc))
        return;
    uint64_t seconds = (now - rtc->divider_ns) / SECOND_NS;
    for (; rtc->seconds_done < seconds; rtc->seconds_done++) {
        if (!(rtc->bytes[REGISTER_B] &
              B_SET)) /* SET: "any update cycle in progress is aborted" and none begins */
            rtc_update_cycle(rtc);
    }
    uint64_t periods = rtc_periods(rtc, now);
    if (periods != rtc->periods_done)
        rtc->bytes[REGISTER_C] |= C_PF;
    rtc->periods_done = periods;
}

static bool rtc_interrupts(const struct mc146818 *rtc)
{
    return rtc->bytes[REGISTER_C] & rtc->bytes[REGISTER_B] & (B_PIE | B_AIE | B_UIE);
}

/* Drives IRQ and waits for the next flag that would raise it. */
static void rtc_update(struct device *device)
{
    const struct mc146818 *rtc = device->state;
    bool interrupts = rtc_interrupts(rtc);
    device_drive(device, OUT_IRQ, interrupts);
    uint64_t due = CLOCK_NEVER;
    uint8_t enabled = rtc->bytes[REGISTER_B];
    if (!interrupts && rtc_divider_runs(rtc)) {
        unsigned period = rtc_period(rtc);
        if ((enabled & B_PIE) && period != 0) {
            uint64_t edge = (rtc->periods_done + 1) * period;
            due = rtc->divider_ns + clock_scale(edge, CRYSTAL_NS_NUMERATOR, CRYSTAL_NS_DENOMINATOR) +
                  (edge % CRYSTAL_NS_DENOMINATOR != 0);
        }
        uint64_t second = rtc->divider_ns + (rtc->seconds_done + 1) * SECOND_NS;
        if ((enabled & (B_AIE | B_UIE)) && !(enabled & B_SET) && second < due)
            due = second;
    }
    if (due == CLOCK_NEVER)
        device_cancel(device, EVENT_FLAG);
    else
        device_schedule(device, EVENT_FLAG, due);
}

static void rtc_event(struct device *device, unsigned event)
{
    (void)event;
    rtc_sync(device->state, device_now(device));
    rtc_update(device);
}

static uint8_t rtc_read_a(const struct mc146818 *rtc, uint64_t now)
{
    uint8_t value = rtc->bytes[REGISTER_A];
    if (!rtc_divider_runs(rtc) || (rtc->bytes[REGISTER_B] & B_SET))
        return value;
    bool updating = (now - rtc->divider_ns) % SECOND_NS >= SECOND_NS - UPDATE_NS;
    return value | (updating ? A_UIP : 0);
}

static uint8_t rtc_read_c(struct device *device)
{
    struct mc146818 *rtc = device->state;
    uint8_t value = rtc->bytes[REGISTER_C] | (rtc_interrupts(rtc) ? C_IRQF : 0);
    rtc->bytes[REGISTER_C] = 0;
    rtc_update(device);
    return value;
}

static uint8_t rtc_read_data(struct device *device)
{
    struct mc146818 *rtc = device->state;
    rtc_sync(rtc, device_now(device));
    switch (rtc->index) {
    case REGISTER_A:
        return rtc_read_a(rtc, device_now(device));
    case REGISTER_C:
        return rtc_read_c(device);
    case REGISTER_D:
        return D_VRT; /* the battery never fails */
    default:
        return rtc->bytes[rtc->index];
    }
}

static void rtc_write_a(struct mc146818 *rtc, uint8_t value, uint64_t now)
{
    bool was_reset = (rtc->bytes[REGISTER_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET;
    bool ran = rtc_divider_runs(rtc);
    rtc->bytes[REGISTER_A] = value & (uint8_t)~A_UIP;
    if (rtc_divider_runs(rtc) && !ran) {
        /* "When the divider reset is removed the first update cycle begins one-half second later." */
        rtc->divider_ns = was_reset ? now - HALF_SECOND_NS : now;
        rtc->seconds_done = 0;
    }
    rtc->periods_done = rtc_periods(rtc, now);
}

static void rtc_write_data(struct device *device, uint8_t value)
{
    struct mc146818 *rtc = device->state;
    uint64_t now = device_now(device);
    rtc_sync(rtc, now);
    switch (rtc->index) {
    case REGISTER_A:
        rtc_write_a(rtc, value, now);
        break;
    case REGISTER_B:
        rtc->bytes[REGISTER_B] = value & B_SET ? value & (uint8_t)~B_UIE : value; /* SET clears UIE */
        break;
    case REGISTER_C:
    case REGISTER_D: /* read-only */
        break;
    default:
        rtc->bytes[rtc->index] = value;
        break;
    }
    rtc_update(device);
}

static uint32_t rtc_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)size;
    return offset == PORT_DATA ? rtc_read_data(device) : 0xff; /* the index cannot be read */
}

static void rtc_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                           unsigned size)
{
    (void)range;
    (void)size;
    struct mc146818 *rtc = device->state;
    if (offset == PORT_DATA) {
        rtc_write_data(device, (uint8_t)value);
        return;
    }
    rtc->index = value & 0x7f;
    rtc->nmi_masked = value & 0x80;
    device_drive(device, OUT_NMI_MASK, rtc->nmi_masked);
}

static void rtc_power_on(struct device *device)
{
    struct mc146818 *rtc = device->state;
    struct calendar_date date = calendar_from_seconds(device->board->start_seconds);
    rtc->bytes[REGISTER_A] = A_POWER_ON;
    rtc->bytes[REGISTER_B] = B_24_HOURS;
    rtc->bytes[SECONDS] = rtc_encode(rtc, date.second);
    rtc->bytes[MINUTES] = rtc_encode(rtc, date.minute);
    rtc_set_hour(rtc, date.hour);
    rtc->bytes[WEEKDAY] = rtc_encode(rtc, date.weekday);
    rtc->bytes[DAY] = rtc_encode(rtc, date.day);
    rtc->bytes[MONTH] = rtc_encode(rtc, date.month);
    unsigned century = (unsigned)((date.year / 100 % 100 + 100) % 100);
    rtc->bytes[YEAR] = rtc_encode(rtc, (unsigned)((date.year % 100 + 100) % 100));
    rtc->bytes[CENTURY] = rtc_encode(rtc, century);
    rtc->divider_ns = device_now(device);
}

/* RESET clears the interrupt enables, the flags and SQWE; the clock goes on. */
static void rtc_reset(struct device *device, bool power_on)
{
    struct mc146818 *rtc = device->state;
    if (power_on)
        rtc_power_on(device);
    rtc_sync(rtc, device_now(device));
    rtc->bytes[REGISTER_B] &= (uint8_t) ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    rtc->bytes[REGISTER_C] = 0;
    rtc->nmi_masked = false;
    device_drive(device, OUT_NMI_MASK, false);
    rtc_update(device);
}

static const struct state_row rtc_rows[] = {
    ROW_ARRAY(struct mc146818, bytes),    ROW(struct mc146818, divider_ns),
    ROW(struct mc146818, seconds_done),   ROW(struct mc146818, periods_done),
    ROW(struct mc146818, index),          ROW(struct mc146818, nmi_masked),
    ROW_ARRAY(struct mc146818, reserved), ROW_END,
};

const struct device_class mc146818_class = {
    .name = "mc146818",
    .manual = "Motorola MC146818A Real-Time Clock plus RAM, ADI-1005",
    .state_size = sizeof(struct mc146818),
    .rows = rtc_rows,
    .outputs = (const char *const[]){"irq", "nmi_mask", NULL},
    .events = (const char *const[]){"flag", NULL},
    .ports = (const struct device_ports[]){{"registers", 0x70, 2, 1}, {0}},
    .reset = rtc_reset,
    .event = rtc_event,
    .port_read = rtc_port_read,
    .port_write = rtc_port_write,
};
