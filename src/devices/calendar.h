/* Civil dates of the proleptic Gregorian calendar. */
#ifndef GATE86_DEVICES_CALENDAR_H
#define GATE86_DEVICES_CALENDAR_H

#include <stdint.h>

struct calendar_date {
    int64_t year;
    unsigned month;   /* 1-12 */
    unsigned day;     /* 1-31 */
    unsigned weekday; /* 1-7, 1 is Sunday */
    unsigned hour;    /* 0-23 */
    unsigned minute;
    unsigned second;
};

/* The date of a count of seconds since 1970-01-01 00:00:00 UTC, which may be negative. */
struct calendar_date calendar_from_seconds(int64_t seconds);

/* Days of a month; year decides for February. */
unsigned calendar_month_days(int64_t year, unsigned month);

#endif
