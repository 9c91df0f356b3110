/* An interpreter of byte code with a switch in a loop: indirect jumps whose target changes with each. */
#include "workload.h"

#define SIEVE_SIZE 400

enum code {
    PUSH,  /* operand: the value */
    LOAD,  /* operand: the variable */
    STORE, /* operand: the variable */
    ADD,
    LESS,
    JUMP,     /* operand: the place */
    JUMP_NOT, /* operand: the place; pops the condition */
    GET,      /* pops an index */
    SET,      /* pops value, index */
    COUNT,    /* one more prime */
    STOP,
};

enum { VARIABLE_I, VARIABLE_J, VARIABLES };

/* The sieve of Eratosthenes: every i from 2 whose cell is still 0 is counted, and its multiples are marked. */
/* clang-format off */
static const int16_t sieve[] = {
    /*  0 */ PUSH, 2, STORE, VARIABLE_I,
    /*  4 */ LOAD, VARIABLE_I, PUSH, SIEVE_SIZE, LESS, JUMP_NOT, 53,
    /* 11 */ LOAD, VARIABLE_I, GET, JUMP_NOT, 18, JUMP, 44,
    /* 18 */ COUNT, LOAD, VARIABLE_I, STORE, VARIABLE_J,
    /* 23 */ LOAD, VARIABLE_J, PUSH, SIEVE_SIZE, LESS, JUMP_NOT, 44,
    /* 30 */ LOAD, VARIABLE_J, PUSH, 1, SET, LOAD, VARIABLE_J, LOAD, VARIABLE_I, ADD, STORE, VARIABLE_J, JUMP, 23,
    /* 44 */ LOAD, VARIABLE_I, PUSH, 1, ADD, STORE, VARIABLE_I, JUMP, 4,
    /* 53 */ STOP,
};
/* clang-format on */

struct interpreter {
    int32_t stack[16];
    int32_t variables[VARIABLES];
    int32_t cells[SIEVE_SIZE];
    uint32_t counted;
};

static uint32_t interpret(struct interpreter *machine, const int16_t *code)
{
    const int16_t *at = code;
    int32_t *top = machine->stack;
    for (;;) {
        switch ((enum code) * at++) {
        case PUSH:
            *top++ = *at++;
            break;
        case LOAD:
            *top++ = machine->variables[*at++];
            break;
        case STORE:
            machine->variables[*at++] = *--top;
            break;
        case ADD:
            top--;
            top[-1] += top[0];
            break;
        case LESS:
            top--;
            top[-1] = top[-1] < top[0];
            break;
        case JUMP:
            at = code + *at;
            break;
        case JUMP_NOT:
            at = *--top ? at + 1 : code + *at;
            break;
        case GET:
            top[-1] = machine->cells[top[-1]];
            break;
        case SET:
            top -= 2;
            machine->cells[top[0]] = top[1];
            break;
        case COUNT:
            machine->counted++;
            break;
        case STOP:
            return machine->counted;
        }
    }
}

uint32_t run_interpreter(uint32_t count)
{
    uint32_t check = CHECK_START;
    for (uint32_t round = 0; round < count; round++) {
        struct interpreter machine = {.counted = round};
        check = check_add(check, interpret(&machine, sieve));
    }
    return check;
}
