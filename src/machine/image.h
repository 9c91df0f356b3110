/* From a loaded image to a processor that is about to start it. */
#ifndef GATE86_MACHINE_IMAGE_H
#define GATE86_MACHINE_IMAGE_H

#include "machine/machine.h"

/* Loads machine->image.request once more after a reset. True as well when nothing was loaded or firmware will do it. */
MUST_USE bool image_load_again(struct machine *machine, struct error *error);

/* Frees the strings of a kept request. */
void image_request_free(struct image_request *request);

#endif
