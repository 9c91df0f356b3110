/* Inside of struct machine, for the files of this room. */
#ifndef GATE86_MACHINE_MACHINE_H
#define GATE86_MACHINE_MACHINE_H

#include <signal.h>

#include "base/file.h"
#include "base/log.h"
#include "cpu/cpu.h"
#include "machine/board.h"
#include "machine/gate86.h"

/* A copy of what was loaded, for a reset without firmware: the image is then loaded anew. */
struct machine_image {
    bool loaded;
    struct image_request request; /* its strings are owned */
};

struct machine {
    struct machine_config config;
    struct log log;
    struct board *board;
    struct cpu cpu;
    struct clock *clock;
    struct file_bytes rom;
    struct machine_image image;
    bool stop_wanted;
    enum machine_stop stop; /* valid when stop_wanted */
    bool reset_wanted;
    bool init_wanted;
    uint8_t exit_code;
    int post_code;
    char reset_error[512]; /* why a reset could not load the image again */
    volatile sig_atomic_t interrupted;
    struct recent *recent;            /* owned; NULL: not kept */
    int interrupt_line;               /* of the last interrupt that was acknowledged, or -1 */
    uint64_t faults_told;             /* lines of machine_explain_fault */
    struct fault_record fault_before; /* the last that machine_explain_fault has printed */
};

/* One line to config.faults, as the fault is about to be delivered. */
void machine_explain_fault(struct machine *machine, const struct fault_record *record);

#endif
