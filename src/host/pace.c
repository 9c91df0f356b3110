/* Guest time beside the host's clock. */
#include "host/pace.h"

#include <time.h>

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0, 0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t pace_host_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t pace_processor_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void pace_start(struct pace *pace, uint64_t host_ns, uint64_t guest_ns)
{
    pace->host_start = host_ns - guest_ns;
}

uint64_t pace_sleep_ns(struct pace *pace, uint64_t host_ns, uint64_t guest_ns)
{
    int64_t ahead = (int64_t)(pace->host_start + guest_ns - host_ns);
    if (ahead >= 0)
        return (uint64_t)ahead;
    if (-ahead > (int64_t)PACE_LAG_MAX)
        pace->host_start += (uint64_t)-ahead - PACE_LAG_MAX;
    return 0;
}
