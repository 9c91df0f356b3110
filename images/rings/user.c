/* The program in ring 3. It lives in pages of its own and can do nothing but call the kernel. */
#include "rings/calls.h"
#include "rings/faults.h"

void user_int80(struct call *call);
void user_sysenter(struct call *call);
_Noreturn void user_main(void);

#define TICKS_WANTED 10
#define FLAG_IF      0x200u

/* Set by the kernel before the start: may SYSENTER be used? */
volatile uint32_t user_has_sysenter;

/* Operands of faults.h. */
extern const uint32_t user_zero[3];
extern const uint16_t user_beyond, user_kernel_data;
extern const int32_t user_bounds[2];
const uint32_t user_zero[3] = {0, 0, 0};
const uint16_t user_beyond = 0x53, user_kernel_data = 0x10;
const int32_t user_bounds[2] = {1000, 2000};

/* Ring 3 and interrupts on, as CS and EFLAGS say. */
static int state_is_user(void)
{
    uint32_t cs, eflags;
    asm volatile("movl %%cs, %0" : "=r"(cs));
    asm volatile("pushfl\n\tpopl %0" : "=r"(eflags));
    return (cs & 3) == 3 && (eflags & FLAG_IF);
}

/* One counted call: 0 when the answer came, the other registers came back and the ring is 3 again, else 1. */
static uint32_t count_one(void (*way)(struct call *), uint32_t i)
{
    const struct call sent = call_pattern(i);
    struct call call = sent;
    way(&call);
    return !(call.eax == call_answer(i) && call.ebx == sent.ebx && call.esi == sent.esi &&
             call.edi == sent.edi && call.ebp == sent.ebp && state_is_user());
}

static uint32_t ticks_get(void)
{
    struct call call = {CALL_TICKS, 0, 0, 0, 0};
    user_int80(&call);
    return call.eax;
}

/* Announces each row of faults.h, commits it, and asks the kernel to report. */
static void faults_commit(void)
{
    uint32_t row = 0;
#define ROW(name, instruction, vector, code, address, kind)           \
    {                                                                 \
        uint32_t ignored;                                             \
        asm volatile("movl $1f, %%edi\n\t"                            \
                     "movl $2f, %%esi\n\t"                            \
                     "int $0x80\n"                                    \
                     "1:\t" instruction "\n"                          \
                     "2:\tmovl %2, %%eax\n\t"                         \
                     "int $0x80"                                      \
                     : "=a"(ignored)                                  \
                     : "0"(CALL_EXPECT), "i"(CALL_REPORT), "b"(row++) \
                     : "ecx", "edx", "esi", "edi", "memory", "cc");   \
    }
    FAULT_ROWS(ROW)
#undef ROW
}

void user_main(void)
{
    uint32_t wrong_sysenter = 0, wrong_int80 = 0;
    for (uint32_t i = 0; i < COUNTED_CALLS; i++) {
        if (user_has_sysenter)
            wrong_sysenter += count_one(user_sysenter, i);
        wrong_int80 += count_one(user_int80, i);
    }
    const uint32_t ticks = ticks_get();
    while (ticks_get() < TICKS_WANTED) {
    }
    faults_commit();
    struct call call = {CALL_EXIT, wrong_sysenter, wrong_int80, ticks, 0};
    for (;;)
        user_int80(&call);
}
