/* Every chip that a board can carry. */
#include "devices/catalogue.h"

#include <stddef.h>
#include <string.h>

#include "devices/acpi_pm.h"
#include "devices/debug_exit.h"
#include "devices/debugcon.h"
#include "devices/elcr.h"
#include "devices/ferr_latch.h"
#include "devices/gate_and.h"
#include "devices/gate_or.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "devices/mc146818.h"
#include "devices/port61.h"
#include "devices/port92.h"
#include "devices/post_card.h"
#include "devices/reset_control.h"
#include "devices/shutdown_port.h"
#include "devices/uart16550.h"

/* clang-format off */
const struct device_class *const device_catalogue[] = {
    &acpi_pm_class,
    &debug_exit_class,
    &debugcon_class,
    &elcr_class,
    &ferr_latch_class,
    &gate_and_class,
    &gate_or_class,
    &i8042_class,
    &i8254_class,
    &i8259_class,
    &mc146818_class,
    &port61_class,
    &port92_class,
    &post_card_class,
    &reset_control_class,
    &shutdown_port_class,
    &uart16550_class,
    NULL,
};
/* clang-format on */

const struct device_class *device_class_find(const char *name)
{
    for (unsigned i = 0; device_catalogue[i] != NULL; i++) {
        if (strcmp(device_catalogue[i]->name, name) == 0)
            return device_catalogue[i];
    }
    return NULL;
}
