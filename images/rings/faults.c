#include "rings/faults.h"

#include "lib/print.h"
#include "lib/tables.h"
#include "rings/frame.h"

struct expectation {
    const char *name;
    uint32_t vector, error, address, kind;
};

#define ROW(name, instruction, vector, code, address, kind) {name, vector, code, address, kind},
static const struct expectation expectations[] = {FAULT_ROWS(ROW)};
#undef ROW

/* What was announced and what came. */
static struct {
    int armed, caught;
    uint32_t fault_at, resume_at;
    uint32_t cr2;
    const struct frame *place;
    struct frame frame;
} state;

void faults_expect(uint32_t number, uint32_t fault_at, uint32_t resume_at)
{
    (void)number;
    state.armed = 1;
    state.caught = 0;
    state.fault_at = fault_at;
    state.resume_at = resume_at;
}

int faults_catch(struct frame *frame)
{
    if (!state.armed)
        return 0;
    asm volatile("movl %%cr2, %0" : "=r"(state.cr2));
    state.armed = 0;
    state.caught = 1;
    state.place = frame;
    state.frame = *frame;
    frame->eip = state.resume_at;
    return 1;
}

static int matches(const struct expectation *expected)
{
    const struct frame *frame = &state.frame;
    const uint32_t eip = expected->kind == TRAP ? state.resume_at : state.fault_at;
    return state.caught && frame->vector == expected->vector && frame->error == expected->error &&
           (expected->address == NO_ADDRESS || state.cr2 == expected->address) && frame->eip == eip &&
           frame->cs == USER_CODE && frame->ss == USER_DATA && frame->eflags & FLAG_IF &&
           state.place + 1 == (const struct frame *)stack_top;
}

static const char *vector_name(uint32_t vector)
{
    static const char *const names[] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
                                        "#DF", "09h", "#TS", "#NP", "#SS", "#GP", "#PF"};
    return vector < sizeof names / sizeof names[0] ? names[vector] : "???";
}

static void fault_print(uint32_t vector, uint32_t error, uint32_t address)
{
    print_padded(vector_name(vector), 4);
    print_hex(error, 3);
    if (vector == VECTOR_PF) {
        print(" at ");
        print_hex(address, 6);
    }
}

int faults_report(uint32_t number)
{
    if (number >= sizeof expectations / sizeof expectations[0])
        return 1;
    const struct expectation *expected = &expectations[number];
    const int good = matches(expected);
    state.armed = 0;
    print("  ");
    print_padded(expected->name, 32);
    if (state.caught)
        fault_print(state.frame.vector, state.frame.error, state.cr2);
    else
        print("nothing");
    if (!good) {
        print("  WRONG, expected ");
        fault_print(expected->vector, expected->error, expected->address);
        print(" from ring 3, EIP ");
        print_hex(state.fault_at, 8);
        print(", got EIP ");
        print_hex(state.frame.eip, 8);
    }
    print("\n");
    return !good;
}
