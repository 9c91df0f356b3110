/* Every chip that a board can carry. A new chip is one line here. */
#ifndef GATE86_DEVICES_CATALOGUE_H
#define GATE86_DEVICES_CATALOGUE_H

#include "bus/device.h"

/* All classes, ended by NULL. */
extern const struct device_class *const device_catalogue[];

/* A class by its name ("i8254"), or NULL. */
const struct device_class *device_class_find(const char *name);

#endif
