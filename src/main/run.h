/* `gate86 run`: boot an image and see it through to its end. */
#ifndef GATE86_MAIN_RUN_H
#define GATE86_MAIN_RUN_H

/* The words that follow `run`; returns the exit status (exit_status.h). Does not return when a signal ended
 * the run. */
int run_main(int count, char *const *words);

#endif
