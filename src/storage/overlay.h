/* A layer of changes that vanish: reads what has not been written from the medium below, which is never changed. */
#ifndef GATE86_STORAGE_OVERLAY_H
#define GATE86_STORAGE_OVERLAY_H

#include "storage/medium_class.h"

/* Takes `below` over, also when it fails. */
MUST_USE struct medium *overlay_open(struct medium *below, struct error *error);

#endif
