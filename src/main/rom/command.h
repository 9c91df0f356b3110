/* `gate86 rom`: run conformance ROMs and tell which checks pass. */
#ifndef GATE86_MAIN_ROM_COMMAND_H
#define GATE86_MAIN_ROM_COMMAND_H

/* The words that follow `rom`; returns the exit status (exit_status.h). Does not return when a signal ended it. */
int rom_main(int count, char *const *words);

#endif
