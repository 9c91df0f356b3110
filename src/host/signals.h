/* Signals that ask the program to end: they end the run in an orderly way instead. */
#ifndef GATE86_HOST_SIGNALS_H
#define GATE86_HOST_SIGNALS_H

struct machine;

/*
 * From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT interrupt the machine's run; a second one of the same kind
 * ends the program at once. SIGPIPE is ignored: a reader that went away is a failed write, which says what
 * was being written. So is SIGXFSZ: a limit on the size of files is a failed write, too. The machine may be NULL.
 */
void signals_watch(struct machine *machine);

/* The first such signal that came, 0 if none. */
int signals_caught(void);

/* Back to the default reactions; to be called before the machine is freed. */
void signals_unwatch(void);

/* Ends the program by the default reaction to the signal, so that the caller's shell sees what ended it. */
_Noreturn void signals_end(int number);

#endif
