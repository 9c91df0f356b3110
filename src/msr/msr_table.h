/* What msr.c and the table of rows share. */
#ifndef GATE86_MSR_MSR_TABLE_H
#define GATE86_MSR_MSR_TABLE_H

#include "msr/msr.h"

extern const unsigned msr_row_count; /* without the ending row */

/* IA32_MISC_ENABLE, SDM 4 table 2-2 */
#define MISC_ENABLE_FAST_STRINGS     (1ull << 0)
#define MISC_ENABLE_BTS_UNAVAILABLE  (1ull << 11)
#define MISC_ENABLE_PEBS_UNAVAILABLE (1ull << 12)
#define MISC_ENABLE_MONITOR          (1ull << 18)
#define MISC_ENABLE_LIMIT_CPUID      (1ull << 22)
#define MISC_ENABLE_XD_DISABLE       (1ull << 34)

#define APIC_BASE_ENABLE (1ull << 11)

#endif
