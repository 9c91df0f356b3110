/* `gate86 cpu`: the processor models, their CPUID and their MSRs. */
#ifndef GATE86_MAIN_CPU_COMMAND_H
#define GATE86_MAIN_CPU_COMMAND_H

/* The words that follow `cpu`; returns the exit status (exit_status.h). */
int cpu_main(int count, char *const *words);

#endif
