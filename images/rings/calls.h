/*
 * The system calls, as kernel and user program agree on them. Both ways in carry the call's number in EAX and its arguments in
 * EBX, ESI, EDI and EBP; the answer comes back in EAX, the other four are kept. SYSENTER saves neither stack pointer nor
 * return address, so the program brings them in ECX and EDX, where SYSEXIT wants them.
 */
#ifndef IMAGES_RINGS_CALLS_H
#define IMAGES_RINGS_CALLS_H

#define CALL_COUNT \
    0 /* one of the counted calls: EBX = its number, the others as call_pattern says; answers call_answer */
#define CALL_EXPECT 1 /* the next fault is row EBX of faults.h, at EDI; go on at ESI */
#define CALL_REPORT 2 /* was it? */
#define CALL_TICKS  3 /* answers the number of timer interrupts so far */
#define CALL_EXIT \
    4 /* EBX, ESI: wrong answers seen by the program on SYSENTER and INT 80h; EDI: ticks in the loop */

#define COUNTED_CALLS 20000

#ifndef __ASSEMBLER__
#include <stdint.h>

struct call {
    uint32_t eax, ebx, esi, edi, ebp;
};

/* What the counted call number i carries, and what it must answer. */
static inline struct call call_pattern(uint32_t i)
{
    return (struct call){CALL_COUNT, i, ~i, i * 0x9e3779b9u, i ^ 0x5a5a5a5au};
}

static inline uint32_t call_answer(uint32_t i)
{
    return i * 0x85ebca6bu ^ 0xc0ffee;
}
#endif

#endif
