/* The catalogue, and what holds for every class in it. */
#include "devices/catalogue.h"
#include "unit/devices/bench.h"

START_TEST(every_class_describes_its_whole_state)
{
    for (const struct device_class *const *class = device_catalogue; *class; class ++) {
        ck_assert_msg(state_rows_uncovered((*class)->rows, (*class)->state_size) == (*class)->state_size,
                      "%s: a byte without a row", (*class)->name);
        ck_assert_ptr_nonnull((*class)->manual);
    }
}
END_TEST

START_TEST(classes_are_found_by_name)
{
    for (const struct device_class *const *class = device_catalogue; *class; class ++)
        ck_assert_ptr_eq(device_class_find((*class)->name), *class);
    ck_assert_ptr_null(device_class_find("z80"));
}
END_TEST

/* Any port access in any order is something a guest can do. */
START_TEST(no_sequence_of_accesses_harms_a_chip)
{
    for (const struct device_class *const *class = device_catalogue; *class; class ++) {
        struct device device;
        uint32_t seed = 12345;
        bench_begin();
        device_init(&device, *class, "chip", &bench.board, 0);
        for (unsigned i = 0; i < 20000 && (*class)->ports; i++) {
            seed = seed * 1664525 + 1013904223;
            const struct device_ports *range = &(*class)->ports[0];
            if (range[1].name && (seed & 0x100))
                range++;
            uint16_t port = (uint16_t)(range->first + (seed >> 9) % range->count);
            unsigned size = 1u << (seed >> 20) % 3;
            if (seed & 0x80000000)
                ports_write(&bench.ports, port, seed >> 3, size);
            else
                ports_read(&bench.ports, port, size);
            if (i % 16 == 0)
                bench_run(seed >> 12);
            bench.sent_count = 0;
        }
        for (unsigned pin = 0; (*class)->inputs && (*class)->inputs[pin]; pin++) {
            (*class)->input(&device, pin, true);
            bench_run(100000);
            (*class)->input(&device, pin, false);
        }
        device_reset(&device);
        device_free(&device);
        bench_end();
    }
}
END_TEST

UNIT_SUITE("catalogue", every_class_describes_its_whole_state, classes_are_found_by_name,
           no_sequence_of_accesses_harms_a_chip)
