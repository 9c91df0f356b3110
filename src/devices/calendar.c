/* Civil dates: see the header. */
#include "devices/calendar.h"

#include <stdbool.h>

#define DAY_SECONDS           86400
#define DAYS_OF_400_YEARS     146097
#define WEEKDAY_OF_1970_01_01 4 /* Thursday, counted from Sunday as 0 */

static int64_t floor_divide(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

static bool calendar_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned calendar_month_days(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && calendar_is_leap(year));
}

struct calendar_date calendar_from_seconds(int64_t seconds)
{
    int64_t days = floor_divide(seconds, DAY_SECONDS);
    unsigned rest = (unsigned)(seconds - days * DAY_SECONDS);
    struct calendar_date date = {
        .year = 1970,
        .month = 1,
        .weekday = (unsigned)((days % 7 + 7 + WEEKDAY_OF_1970_01_01) % 7) + 1,
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
    int64_t eras = floor_divide(days, DAYS_OF_400_YEARS);
    date.year += eras * 400;
    days -= eras * DAYS_OF_400_YEARS;
    while (days >= 365 + calendar_is_leap(date.year)) {
        days -= 365 + calendar_is_leap(date.year);
        date.year++;
    }
    while (days >= calendar_month_days(date.year, date.month)) {
        days -= calendar_month_days(date.year, date.month);
        date.month++;
    }
    date.day = (unsigned)days + 1;
    return date;
}
