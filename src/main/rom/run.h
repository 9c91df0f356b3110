/* One ROM on one machine, from power-on to its judgement. */
#ifndef GATE86_MAIN_ROM_RUN_H
#define GATE86_MAIN_ROM_RUN_H

#include "main/rom/options.h"
#include "main/rom/result.h"

/* Fills the initialised result. What the host refuses is a failed case, too (status 3). */
void rom_run(const struct rom_job *job, struct rom_result *result);

#endif
