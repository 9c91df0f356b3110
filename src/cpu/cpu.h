/*
 * The processor: guest-visible state, and what hangs on it. Everything above the line "derived" is guest
 * state, described by cpu_rows; everything below is rebuilt from it by cpu_restored().
 *
 * The processor knows the bus (memory, ports, clock) and two pins, INTR and NMI. It names no device.
 */
#ifndef GATE86_CPU_CPU_H
#define GATE86_CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/rows.h"
#include "bus/clock.h"
#include "bus/memory.h"
#include "bus/ports.h"
#include "cpu/fast/fast.h"
#include "cpu/fetch.h"
#include "cpu/fpu/state.h"
#include "cpu/operation.h"
#include "ia32/fault.h"
#include "ia32/registers.h"
#include "mmu/segment.h"
#include "mmu/tlb.h"
#include "msr/model.h"
#include "msr/msr.h"

struct decoder;
struct recent;

enum activity {
    ACTIVE,
    HALTED,   /* HLT: until an interrupt */
    WAITING,  /* MWAIT */
    SHUTDOWN, /* after a triple fault: until RESET (or NMI or INIT, which the board does not send) */
};

/* Interrupt shadows: what holds until the end of the instruction after the present one (SDM 3A 6.8.3). */
#define SHADOW_STI    1u /* maskable interrupts are held off */
#define SHADOW_MOV_SS 2u /* maskable interrupts, NMI and debug traps are held off */

/* Reasons to look closer before the next instruction; 0 lets the run loop fly. */
#define ATTENTION_INTERRUPT 0x01u /* INTR is high and EFLAGS.IF is set */
#define ATTENTION_NMI       0x02u /* an NMI is latched and not blocked */
#define ATTENTION_DEBUG     0x04u /* TF, RF, code breakpoints, or a debug trap is pending */
#define ATTENTION_SHADOW    0x08u
#define ATTENTION_INACTIVE  0x10u
#define ATTENTION_TRACE     0x20u /* somebody outside wants to see every instruction */
#define ATTENTION_VIRTUAL   0x40u /* VIF and VIP are both set */

struct table_register {
    uint32_t base;
    uint16_t limit;
    uint16_t reserved;
};

/* One link in the chain of events that led to a shutdown; see interrupt.h. */
struct fault_record {
    struct fault fault;
    uint32_t eip;
    uint16_t cs;
    uint8_t cpl;
    bool while_delivering;    /* it happened during the delivery of the record before it */
    uint64_t instructions_ns; /* guest time */
};
#define FAULT_HISTORY 16

struct cpu {
    uint32_t gpr[9];            /* by enum general_register; [GPR_ZERO] is always zero */
    uint32_t eip;               /* of the instruction being executed, until it completes */
    uint32_t eflags;            /* complete and current: nothing is lazy in the exact interpreter */
    struct segment segments[6]; /* by enum segment_register */
    struct segment ldtr;
    struct segment tr;
    struct table_register gdtr;
    struct table_register idtr;
    uint32_t cr0, cr2, cr3, cr4;
    uint32_t dr[4];
    uint32_t dr6, dr7;
    uint32_t pending_debug; /* DR6 bits of a debug trap that waits for the instruction boundary */
    uint8_t cpl;
    uint8_t activity; /* enum activity */
    uint8_t shadow;   /* SHADOW_ bits set by the instruction that just ended */
    bool intr;        /* level of the INTR pin */
    bool nmi_latched;
    bool nmi_blocked;     /* from NMI delivery until IRET (SDM 3A 6.7.1) */
    bool monitor_armed;   /* MONITOR was executed; a store to monitor_address disarms */
    bool wait_ignores_if; /* MWAIT with ECX[0]: INTR ends the wait also when IF is clear */
    bool repeating; /* between two iterations of a repeated string instruction: an interrupt pushes RF = 1 */
    uint64_t monitor_address; /* physical */
    uint32_t monitor_linear;  /* where MONITOR saw it */
    uint32_t repeat_eflags;   /* while `repeating`: EFLAGS before the first iteration */
    struct fpu_state fpu;
    struct msr_bank msr;

    /* ---- derived: not saved, rebuilt by cpu_restored() ---- */
    uint32_t attention;   /* ATTENTION_ bits */
    uint32_t next_eip;    /* where execution goes on when the present instruction completes */
    bool event_delivered; /* the present instruction entered a handler: no single-step trap of its own */
    bool user;            /* cpl == 3: accesses are user-mode accesses */
    struct tlb_set *tlb;  /* &mmu.sets[user] */
    struct mmu mmu;       /* holds pdpte[], which is guest state and has its row */
    struct fetch fetch;   /* where instructions come from at the moment */

    struct lazy_flags lazy;   /* of the fast engine, settled outside it */
    struct fast_block *block; /* the one it is running */
    struct fast_engine *fast; /* owned; NULL: every instruction goes through the exact interpreter */

    struct cpu_model model;
    struct decoder *decoder;       /* owned */
    struct code_cache *code_cache; /* owned */
    struct memory *memory;
    struct ports *ports;
    struct clock *clock;
    struct log *log;
    uint8_t (*interrupt_acknowledge)(void *context); /* the INTA bus cycle: returns the vector */
    void (*ferr)(void *context, bool level);         /* the FERR# pin; NULL: not connected */
    void *context;

    struct fault_record history[FAULT_HISTORY]; /* ring of delivered faults */
    unsigned history_next;
    void (*fault)(void *context, const struct fault_record *record); /* see struct cpu_board */
    struct recent *recent;     /* not NULL: the last instructions are kept here; see cpu_keep_recent */
    const char *unimplemented; /* not NULL: the guest needs this, which gate86 does not have; the run stops */
};

extern const struct state_row cpu_rows[];

enum cpu_engine { CPU_ENGINE_EXACT, CPU_ENGINE_FAST };

/* What the processor is plugged into. */
struct cpu_board {
    struct memory *memory;
    struct ports *ports;
    struct clock *clock;
    struct log *log;
    enum cpu_engine engine;
    uint8_t (*interrupt_acknowledge)(void *context);
    void (*ferr)(void *context, bool level);
    /* Told about each fault as it is about to be delivered, and each link of a chain; NULL: nobody listens. */
    void (*fault)(void *context, const struct fault_record *record);
    void *context;
};

MUST_USE bool cpu_init(struct cpu *cpu, const struct cpu_model *model, const struct cpu_board *board,
                       struct error *error);
void cpu_free(struct cpu *cpu);

/* RESET# (SDM 3A table 9-1). */
void cpu_reset(struct cpu *cpu);

/* After the guest state was changed from outside (loader, snapshot, debugger): rebuilds everything derived. */
void cpu_restored(struct cpu *cpu);

/* From now on each instruction is entered into `recent` before it is executed; NULL: no more. Costs about half the speed. */
void cpu_keep_recent(struct cpu *cpu, struct recent *recent);

/* The pins. */
void cpu_set_intr(struct cpu *cpu, bool level);
void cpu_set_nmi(struct cpu *cpu, bool level);

/*
 * Executes instructions until the clock's budget is used up or the processor stops being active. Each
 * instruction, and each iteration of a repeated string instruction, uses one unit of budget.
 */
void cpu_run(struct cpu *cpu);

/* True when a halted processor would wake up now. */
bool cpu_would_wake(const struct cpu *cpu);

/* Recomputes `attention` after IF, TF, RF, shadow, DR7, pins or activity changed. */
void cpu_update_attention(struct cpu *cpu);

/* Sets CPL and what is derived from it. */
void cpu_set_cpl(struct cpu *cpu, unsigned cpl);

/* Replaces EFLAGS whole (bit 1 is forced) and what is derived from it. Checks nothing. */
void cpu_set_eflags(struct cpu *cpu, uint32_t eflags);

/* Tells the MMU that CR0, CR3, CR4 or EFER.NXE changed, and flushes; keep_global: global entries survive. */
void cpu_update_paging(struct cpu *cpu, bool keep_global);

static inline bool cpu_is_protected(const struct cpu *cpu) /* protected mode, virtual-8086 included */
{
    return cpu->cr0 & CR0_PE;
}
static inline bool cpu_is_v86(const struct cpu *cpu)
{
    return cpu->eflags & EFLAGS_VM;
}
static inline bool cpu_is_real_or_v86(const struct cpu *cpu)
{
    return !(cpu->cr0 & CR0_PE) || (cpu->eflags & EFLAGS_VM);
}
static inline unsigned cpu_iopl(const struct cpu *cpu)
{
    return (cpu->eflags & EFLAGS_IOPL) >> 12;
}
static inline bool cpu_has(const struct cpu *cpu, uint64_t feature)
{
    return cpu_model_has(&cpu->model, feature);
}

#endif
