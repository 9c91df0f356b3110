/*
 * String instructions: MOVS, CMPS, SCAS, LODS, STOS, alone and repeated (SDM 2A, 2B; REP in 2B). INS and OUTS are
 * elsewhere. Registers move with every iteration, so that a fault in the n-th leaves n - 1 done, and a repeated
 * instruction pauses when something waits for the boundary between two iterations.
 *
 * Every handler stands for one iteration, inlined into one loop. MOVS and STOS in plain memory are done a page at
 * a time, with the same result and the same count of iterations.
 */
#include "cpu/instructions/families.h"

/* ESI, EDI and ECX are as wide as the address size. */
ALWAYS_INLINE uint32_t pointer_read(const struct cpu *cpu, const struct operation *op, unsigned number)
{
    return cpu->gpr[number] & op->address_mask;
}

ALWAYS_INLINE void pointer_write(struct cpu *cpu, const struct operation *op, unsigned number, uint32_t value)
{
    cpu->gpr[number] = (cpu->gpr[number] & ~op->address_mask) | (value & op->address_mask);
}

/* Moves an index register `count` elements on, in the direction of DF. */
ALWAYS_INLINE void pointer_advance(struct cpu *cpu, const struct operation *op, unsigned number,
                                   uint32_t count, unsigned size)
{
    uint32_t bytes = count * size;
    pointer_write(cpu, op, number, cpu->gpr[number] + (cpu->eflags & EFLAGS_DF ? 0u - bytes : bytes));
}

ALWAYS_INLINE struct fault movs(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t value;
    TRY(data_read(cpu, op->segment, pointer_read(cpu, op, ESI), size, &value));
    TRY(data_write(cpu, ES, pointer_read(cpu, op, EDI), size, value));
    pointer_advance(cpu, op, ESI, 1, size);
    pointer_advance(cpu, op, EDI, 1, size);
    return FAULT_NONE;
}

ALWAYS_INLINE struct fault stos(struct cpu *cpu, const struct operation *op, unsigned size)
{
    TRY(data_write(cpu, ES, pointer_read(cpu, op, EDI), size, register_read(cpu, EAX, size)));
    pointer_advance(cpu, op, EDI, 1, size);
    return FAULT_NONE;
}

ALWAYS_INLINE struct fault lods(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t value;
    TRY(data_read(cpu, op->segment, pointer_read(cpu, op, ESI), size, &value));
    register_write(cpu, EAX, size, value);
    pointer_advance(cpu, op, ESI, 1, size);
    return FAULT_NONE;
}

ALWAYS_INLINE struct fault cmps(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t a, b;
    TRY(data_read(cpu, op->segment, pointer_read(cpu, op, ESI), size, &a));
    TRY(data_read(cpu, ES, pointer_read(cpu, op, EDI), size, &b));
    flags_set(cpu, EFLAGS_STATUS, flags_subtract(a, b, a - b, size));
    pointer_advance(cpu, op, ESI, 1, size);
    pointer_advance(cpu, op, EDI, 1, size);
    return FAULT_NONE;
}

ALWAYS_INLINE struct fault scas(struct cpu *cpu, const struct operation *op, unsigned size)
{
    uint32_t a = register_read(cpu, EAX, size), b;
    TRY(data_read(cpu, ES, pointer_read(cpu, op, EDI), size, &b));
    flags_set(cpu, EFLAGS_STATUS, flags_subtract(a, b, a - b, size));
    pointer_advance(cpu, op, EDI, 1, size);
    return FAULT_NONE;
}

/*
 * Host address of `count` elements from `offset` on, when all of them lie in one page that is open to quick
 * access; *count is cut to what does. NULL: go one by one. Only for DF = 0.
 */
ALWAYS_INLINE uint8_t *run_quick(struct cpu *cpu, const struct operation *op, unsigned segment,
                                 uint32_t offset, unsigned size, enum access_kind kind, uint32_t *count)
{
    bool aligned_only = cpu->user && (cpu->cr0 & CR0_AM) && (cpu->eflags & EFLAGS_AC);
    uint8_t *host = data_quick(cpu, segment, offset, aligned_only ? size : 1, kind, kind == ACCESS_WRITE);
    if (host == NULL)
        return NULL;
    uint32_t linear = cpu->segments[segment].base + offset;
    uint32_t in_page = (PAGE_SIZE - (linear & PAGE_OFFSET_MASK)) / size;
    uint32_t in_segment = (uint32_t)(((uint64_t)cpu->segments[segment].highest - offset + 1) / size);
    uint32_t before_wrap = (uint32_t)(((uint64_t)op->address_mask - offset + 1) / size);
    uint32_t fit = in_page < in_segment ? in_page : in_segment;
    fit = fit < before_wrap ? fit : before_wrap;
    *count = *count < fit ? *count : fit;
    return *count > 0 ? host : NULL;
}

/* How many iterations may be done before the boundary is looked at again, the present one included. */
ALWAYS_INLINE uint32_t run_length(const struct cpu *cpu, uint32_t count)
{
    if (cpu->attention != 0 || (cpu->eflags & EFLAGS_DF) || cpu->clock->budget <= 0)
        return 1;
    uint64_t limit = (uint64_t)cpu->clock->budget + 1;
    return count < limit ? count : (uint32_t)limit;
}

/* MOVS a page at a time: returns the iterations done, 0 when the quick road is closed. */
ALWAYS_INLINE uint32_t movs_run(struct cpu *cpu, const struct operation *op, uint32_t count, unsigned size)
{
    count = run_length(cpu, count);
    if (count < 2)
        return 0;
    const uint8_t *from =
        run_quick(cpu, op, op->segment, pointer_read(cpu, op, ESI), size, ACCESS_READ, &count);
    if (from == NULL)
        return 0;
    uint8_t *to = run_quick(cpu, op, ES, pointer_read(cpu, op, EDI), size, ACCESS_WRITE, &count);
    if (to == NULL)
        return 0;
    size_t bytes = (size_t)count * size;
    if (to > from && to < from + bytes) { /* the copy reads what it has written: element by element */
        for (uint32_t i = 0; i < count; i++)
            memmove(to + (size_t)i * size, from + (size_t)i * size, size);
    } else {
        memmove(to, from, bytes);
    }
    pointer_advance(cpu, op, ESI, count, size);
    pointer_advance(cpu, op, EDI, count, size);
    return count;
}

/* The same for STOS. */
ALWAYS_INLINE uint32_t stos_run(struct cpu *cpu, const struct operation *op, uint32_t count, unsigned size)
{
    count = run_length(cpu, count);
    if (count < 2)
        return 0;
    uint8_t *to = run_quick(cpu, op, ES, pointer_read(cpu, op, EDI), size, ACCESS_WRITE, &count);
    if (to == NULL)
        return 0;
    uint32_t value = cpu->gpr[EAX];
    if (size == 1)
        memset(to, (uint8_t)value, count);
    else
        for (uint32_t i = 0; i < count; i++)
            memcpy(to + (size_t)i * size, &value, size);
    pointer_advance(cpu, op, EDI, count, size);
    return count;
}

ALWAYS_INLINE uint32_t no_run(struct cpu *cpu, const struct operation *op, uint32_t count, unsigned size)
{
    (void)cpu, (void)op, (void)count, (void)size;
    return 0;
}

/* One iteration, with its registers; and as many as can be done at once of `count`, 0 for none. */
typedef struct fault iteration_function(struct cpu *cpu, const struct operation *op, unsigned size);
typedef uint32_t run_function(struct cpu *cpu, const struct operation *op, uint32_t count, unsigned size);

/*
 * A string instruction with or without prefix. SDM 2B REP, operation: the count is tested before the first
 * iteration; CMPS and SCAS also end when ZF differs from what the prefix asks for. SDM 2B REP, description: a fault
 * in a repeated CMPS or SCAS brings back the flags from before the instruction, while the registers keep what the
 * iterations did.
 */
ALWAYS_INLINE struct fault string_repeat(struct cpu *cpu, const struct operation *op, iteration_function *one,
                                         run_function *run, bool compares, unsigned size)
{
    uint32_t eflags_before = cpu->repeating ? cpu->repeat_eflags : cpu->eflags;
    cpu->repeating = false;
    cpu->repeat_eflags = 0;
    if (op->repeat == REPEAT_NONE)
        return one(cpu, op, size);
    for (;;) {
        uint32_t left = pointer_read(cpu, op, ECX);
        if (left == 0)
            return FAULT_NONE;
        uint32_t done = run(cpu, op, left, size);
        if (done == 0) {
            struct fault fault = one(cpu, op, size);
            if (UNLIKELY(fault.reason != NO_FAULT)) {
                if (compares)
                    flags_set(cpu, EFLAGS_STATUS, eflags_before);
                return fault;
            }
            done = 1;
        }
        cpu->clock->budget -= done - 1;
        pointer_write(cpu, op, ECX, left - done);
        if (left == done || (compares && !(cpu->eflags & EFLAGS_ZF) == (op->repeat == REPEAT_E)))
            return FAULT_NONE;
        if (!repeat_at_once(cpu)) {
            cpu->repeating = true;
            cpu->repeat_eflags = eflags_before;
            cpu->next_eip = cpu->eip;
            return FAULT_NONE;
        }
    }
}

#define STRING_SIZE(name, run, compares, size)                        \
    EXECUTE(name##_##size)                                            \
    {                                                                 \
        return string_repeat(cpu, op, name, run, compares, size / 8); \
    }

#define STRING(name, run, compares)      \
    STRING_SIZE(name, run, compares, 8)  \
    STRING_SIZE(name, run, compares, 16) \
    STRING_SIZE(name, run, compares, 32)

STRING(movs, movs_run, false)
STRING(stos, stos_run, false)
STRING(lods, no_run, false)
STRING(cmps, no_run, true)
STRING(scas, no_run, true)

/* clang-format off */
const struct instruction string_instructions[] = {
    {"A4", "MOVS", "Yb,Xb",  "d", "",       "", 0, FEATURE_ALWAYS, BYTES(movs), "SDM 2B MOVS"},
    {"A5", "MOVS", "Yv,Xv",  "d", "",       "", 0, FEATURE_ALWAYS, SIZES(movs), "SDM 2B MOVS"},
    {"A6", "CMPS", "Xb,Yb",  "d", "oszapc", "", 0, FEATURE_ALWAYS, BYTES(cmps), "SDM 2A CMPS"},
    {"A7", "CMPS", "Xv,Yv",  "d", "oszapc", "", 0, FEATURE_ALWAYS, SIZES(cmps), "SDM 2A CMPS"},
    {"AA", "STOS", "Yb,AL",  "d", "",       "", 0, FEATURE_ALWAYS, BYTES(stos), "SDM 2B STOS"},
    {"AB", "STOS", "Yv,eAX", "d", "",       "", 0, FEATURE_ALWAYS, SIZES(stos), "SDM 2B STOS"},
    {"AC", "LODS", "AL,Xb",  "d", "",       "", 0, FEATURE_ALWAYS, BYTES(lods), "SDM 2A LODS"},
    {"AD", "LODS", "eAX,Xv", "d", "",       "", 0, FEATURE_ALWAYS, SIZES(lods), "SDM 2A LODS"},
    {"AE", "SCAS", "AL,Yb",  "d", "oszapc", "", 0, FEATURE_ALWAYS, BYTES(scas), "SDM 2B SCAS"},
    {"AF", "SCAS", "eAX,Yv", "d", "oszapc", "", 0, FEATURE_ALWAYS, SIZES(scas), "SDM 2B SCAS"},
    {0},
};
/* clang-format on */
