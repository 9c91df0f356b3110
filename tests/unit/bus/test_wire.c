/* Wires tell edges. */
#include "bus/wire.h"
#include "unit/suite.h"

struct ear {
    unsigned calls, pin;
    bool level;
};

static void listen(void *context, unsigned pin, bool level)
{
    struct ear *ear = context;
    ear->calls++;
    ear->pin = pin;
    ear->level = level;
}

START_TEST(the_listener_hears_edges_only)
{
    struct wire wire = {0};
    struct ear ear = {0};
    wire_connect(&wire, listen, &ear, 5);
    ck_assert_uint_eq(ear.calls, 0);
    wire_set(&wire, true);
    wire_set(&wire, true);
    ck_assert_uint_eq(ear.calls, 1);
    ck_assert_uint_eq(ear.pin, 5);
    ck_assert(ear.level);
    wire_set(&wire, false);
    ck_assert_uint_eq(ear.calls, 2);
    ck_assert(!ear.level);
}
END_TEST

START_TEST(a_line_that_is_high_when_connected_is_an_edge)
{
    struct wire wire = {0};
    struct ear ear = {0};
    wire_set(&wire, true);
    wire_connect(&wire, listen, &ear, 1);
    ck_assert_uint_eq(ear.calls, 1);
    ck_assert(ear.level);
}
END_TEST

UNIT_SUITE("wire", the_listener_hears_edges_only, a_line_that_is_high_when_connected_is_an_edge)
