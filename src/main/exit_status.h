/* What the program's exit status tells a script. Never 0 for a guest that ended in a way nobody asked for. */
#ifndef GATE86_MAIN_EXIT_STATUS_H
#define GATE86_MAIN_EXIT_STATUS_H

enum exit_status {
    EXIT_PASSED = 0,       /* the guest passed or shut down, or the user ended the run */
    EXIT_GUEST_FAILED = 1, /* by its own account: debug exit code other than 0 */
    EXIT_USAGE = 2,        /* the command line */
    EXIT_INPUT = 3,        /* a file or the host */
    EXIT_TRIPLE_FAULT = 64,
    EXIT_TIME_LIMIT = 65, /* of instructions or seconds */
    EXIT_HALTED = 66,     /* for ever */
    EXIT_UNIMPLEMENTED = 67,
};

#endif
