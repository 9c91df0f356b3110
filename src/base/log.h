/*
 * Messages about guest oddities and about what the emulator does. Each machine has its own log; nothing is
 * global. A guest's oddity is logged once per place in the guest's life, by key.
 */
#ifndef GATE86_BASE_LOG_H
#define GATE86_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"

#define LOG_KEYS_MAX 256

struct log {
    FILE *out;                   /* NULL: silent */
    uint64_t keys[LOG_KEYS_MAX]; /* oddities already told */
    unsigned keys_used;
};

void log_init(struct log *log, FILE *out);

/* One line, "gate86: " before it. */
void log_line(struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * The same, but a given key (an address, a port, an MSR number combined with a tag) is told once only. When
 * LOG_KEYS_MAX keys are used up one last line says that further oddities are not told.
 */
void log_once(struct log *log, uint64_t key, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
