/*
 * Keeps guest time beside the host's clock in interactive runs. Guest time is the instruction count: pacing
 * decides only when the program sleeps, never what the guest sees, so a paced and an unpaced run are the same
 * run.
 */
#ifndef GATE86_HOST_PACE_H
#define GATE86_HOST_PACE_H

#include <stdint.h>

/* A guest that fell behind catches up by at most this much; what is beyond is given up. Nanoseconds. */
#define PACE_LAG_MAX 200000000u

struct pace {
    uint64_t host_start; /* host nanoseconds that stand for guest time 0; wraps below zero */
};

/* The host's clock for pacing and limits, nanoseconds, never set back. */
uint64_t pace_host_ns(void);

/* Processor time this program has used, nanoseconds. */
uint64_t pace_processor_ns(void);

/* Guest time guest_ns is now, at host_ns. */
void pace_start(struct pace *pace, uint64_t host_ns, uint64_t guest_ns);

/*
 * Nanoseconds to sleep until the host's clock stands at guest time guest_ns; 0 when it is past that. A lag
 * beyond PACE_LAG_MAX is given up.
 */
uint64_t pace_sleep_ns(struct pace *pace, uint64_t host_ns, uint64_t guest_ns);

#endif
