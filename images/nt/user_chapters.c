/* The ordinary life of a system call: frame, registers, arguments, pointers, faults, interrupts, threads. */
#include "nt/user.h"

#define CALLS             1000
#define FRESH_PAGE        0x00600000u /* an address that nothing lives at yet */
#define ABSENT_PAGE       0x00700000u /* and one where nothing ever will */
#define KERNEL_ADDRESS    0x80101000u
#define EFLAGS_CF         0x001u
#define EFLAGS_ARITHMETIC 0x8d5u
#define STUB_RETURN_INT   0x7ffe0306u /* behind LEA (4 bytes) and INT (2) */
#define TURNS             5

static struct frame_information seen; /* outside the stack: gcc would call memset for it */

static uint32_t stub_return(void)
{
    return seen.has_sysenter ? SYSTEM_CALL_RET : STUB_RETURN_INT;
}

static void frame_row(const char *name, uint32_t offset, const char *what)
{
    say("   +");
    say_hex(offset, 2);
    say("  ");
    say_padded(name, 22);
    say_hex(*(const uint32_t *)((const uint8_t *)&seen.frame + offset), 8);
    say("  ");
    say_line(what);
}

static void frame_print(void)
{
#define ROW(field, what) frame_row(#field, offsetof(struct KTRAP_FRAME, field), what)
    ROW(DbgEbp, "the program's EBP, for a debugger's stack walk");
    ROW(DbgEip, "and its EIP");
    ROW(DbgArgMark, "this is a trap frame");
    ROW(DbgArgPointer, "the arguments on the program's stack: EDX");
    ROW(Edx, "used for the frame of an outer service: none");
    ROW(PreviousPreviousMode, "whose thread this was before: 1 is the program");
    ROW(ExceptionList, "of the kernel before the call: empty");
    ROW(SegFs, "the thread environment block");
    ROW(Edi, "the four registers that a function keeps");
    ROW(Esi, "");
    ROW(Ebx, "");
    ROW(Ebp, "");
    ROW(ErrCode, "exceptions only");
    ROW(Eip, "where the program goes on: behind the SYSENTER or INT 2Eh");
    ROW(SegCs, "the program's code segment");
    ROW(EFlags, "its flags, IF set");
    ROW(HardwareEsp, "its stack");
    ROW(HardwareSegSs, "and stack segment");
#undef ROW
}

/* The same service by INT 2Eh, with strange flags, and called by the kernel. */
static void frames_compare(void)
{
    static struct frame_information other;
    const uint32_t strange = EFLAGS_DF | EFLAGS_NT | EFLAGS_AC;
    uint32_t arguments[4] = {SYSTEM_FRAME_INFORMATION, (uint32_t)&other, sizeof other, 0};
    struct registers registers = {SERVICE_NtQuerySystemInformation, 0, 0, (uint32_t)arguments, 0, 0, 0, 2, 0};
    raw_call(BY_INT2E, &registers);
    check(other.address == seen.address && other.frame.SegCs == USER_CS &&
              other.frame.HardwareSegSs == USER_DS,
          "by INT 2Eh the same frame comes to the same place");
    check(other.frame.DbgArgPointer == (uint32_t)arguments && other.frame.Eip - (uint32_t)raw_call < 0x100,
          "but its arguments are where EDX says, and its Eip is behind the INT");
    user_query_with_flags(strange | 2, arguments);
    check((other.frame.EFlags & strange) == strange,
          "a program that has set DF, NT and AC finds them in its frame");
    check((other.eflags & (EFLAGS_DF | EFLAGS_NT)) == 0, "but the service does not run with DF or NT");
    arguments[0] = SYSTEM_INNER_INFORMATION;
    registers =
        (struct registers){SERVICE_NtQuerySystemInformation, 0, 0, (uint32_t)arguments, 0, 0, 0, 2, 0};
    raw_call(BY_INT2E, &registers);
    check(other.frame.SegCs == KGDT_R0_CODE && other.frame.PreviousPreviousMode == 1,
          "a service called by a service: SegCs 08h, PreviousMode was UserMode");
    check(other.frame.Edx == seen.address && other.address < seen.address,
          "its frame lies below, and Edx holds the outer one");
    arguments[1] = KERNEL_ADDRESS;
    registers.eax = SERVICE_NtQuerySystemInformation;
    registers.edx = (uint32_t)arguments;
    raw_call(BY_INT2E, &registers);
    check(registers.eax == STATUS_ACCESS_VIOLATION,
          "and when it is over, the outer one's pointers are probed again");
}

void chapter_frame(void)
{
    uint32_t length = 0;
    chapter("a system call and its trap frame");
    NtQuerySystemInformation(SYSTEM_FRAME_INFORMATION, &seen, sizeof seen, &length);
    say("   NtQuerySystemInformation entered by ");
    say(seen.has_sysenter ? "SYSENTER at " : "INT 2Eh");
    if (seen.has_sysenter)
        say_hex(seen.fast_call, 8);
    say("; its KTRAP_FRAME lies at ");
    say_hex(seen.address, 8);
    say_end();
    frame_print();
    check(length == sizeof seen, "the service wrote what it said it wrote");
    check(seen.esp0 == seen.initial_stack - NPX_FRAME_LENGTH - KTRAP_FRAME_V86,
          "TSS.ESP0 leaves room for 210h bytes and 4 fields");
    check(seen.address + KTRAP_FRAME_LENGTH == seen.esp0 + KTRAP_FRAME_V86,
          "the frame was pushed from ESP0 downwards");
    check(seen.frame.DbgArgMark == DBG_ARG_MARK, "DbgArgMark is BADB0D00h");
    check(seen.frame.SegCs == USER_CS && seen.frame.HardwareSegSs == USER_DS && seen.frame.SegFs == USER_FS,
          "selectors of the program: CS 1Bh, SS 23h, FS 3Bh");
    check(seen.frame.Eip == stub_return(), "Eip is the RET of SystemCallStub");
    check(seen.frame.DbgArgPointer == seen.frame.HardwareEsp + 8,
          "the arguments lie 8 bytes above HardwareEsp");
    check((seen.frame.EFlags & (EFLAGS_IF | EFLAGS_VM | EFLAGS_TF)) == EFLAGS_IF,
          "EFlags: IF set, TF and VM clear");
    check((seen.eflags & (EFLAGS_IF | EFLAGS_TF | EFLAGS_DF)) == EFLAGS_IF,
          "in the service: interrupts on, TF and DF clear");
    check(seen.frame.PreviousPreviousMode == 1 && seen.frame.Edx == 0,
          "PreviousMode was UserMode, no outer service");
    frames_compare();
}

/* One call with every register known. */
static int registers_survive(unsigned way, uint32_t salt)
{
    struct registers sent = {
        SERVICE_NtYieldExecution, 0x11111111 + salt,         0, 0, 0x22222222 ^ salt, 0x33333333 + salt,
        0x44444444 ^ salt,        EFLAGS_DF | EFLAGS_CF | 2, 0};
    struct registers got = sent;
    raw_call(way, &got);
    int good =
        got.eax == STATUS_NO_YIELD_PERFORMED && got.ebx == sent.ebx && got.esi == sent.esi &&
        got.edi == sent.edi && got.ebp == sent.ebp &&
        (got.eflags & (EFLAGS_ARITHMETIC | EFLAGS_DF | EFLAGS_IF)) == (EFLAGS_DF | EFLAGS_CF | EFLAGS_IF);
    /* SYSEXIT leaves its two operands behind. */
    if (seen.has_sysenter && way == BY_STUB)
        good = good && got.edx == SYSTEM_CALL_RET && got.ecx == got.esp - 4;
    if (seen.has_sysenter && way == BY_INT2E)
        good = good && got.ecx == got.esp;
    return good;
}

static void calls_make(unsigned way, const char *name, const char *kept)
{
    uint32_t wrong = 0;
    const struct entry_information before = entries_get();
    for (uint32_t i = 0; i < CALLS; i++)
        wrong += !registers_survive(way, i * 0x9e3779b9u);
    const struct entry_information after = entries_get();
    /* Between the two counts one more call was made, the second entries_get, of which the entry counts, too. */
    const uint32_t fast = after.by_sysenter - before.by_sysenter - (seen.has_sysenter != 0);
    const uint32_t slow = after.by_int2e - before.by_int2e - !seen.has_sysenter;
    const uint32_t out = after.left_by_sysexit - before.left_by_sysexit,
                   iret = after.left_by_iret - before.left_by_iret;
    say("   1000 calls by ");
    say(name);
    say(": entered by SYSENTER ");
    say_number(fast, 0);
    say(", by INT 2Eh ");
    say_number(slow, 0);
    say("; left by SYSEXIT ");
    say_number(out - (seen.has_sysenter != 0), 0); /* the first entries_get's exit */
    say(", by IRET ");
    say_number(iret - !seen.has_sysenter, 0);
    say_end();
    const uint32_t by_sysenter = way == BY_STUB && seen.has_sysenter ? CALLS : 0;
    check(wrong == 0, kept);
    check(fast == by_sysenter && slow == CALLS - by_sysenter, "every call came in by the way it took");
    check(out + iret == CALLS + 1 && (seen.has_sysenter ? iret : out) == 0,
          seen.has_sysenter ? "all left by SYSEXIT, those of INT 2Eh too" : "all left by IRET");
}

void chapter_calls(void)
{
    chapter("registers and flags across a call");
    calls_make(BY_STUB, "SystemCallStub",
               seen.has_sysenter ? "EBX ESI EDI EBP CF DF survive; ECX = ESP and EDX = EIP are SYSEXIT's"
                                 : "EBX ESI EDI EBP CF DF survive");
    check(user_call_without_segments() == (USER_DS << 16 | USER_DS),
          "a program with DS and ES null is served, and gets 23h in both");
    calls_make(BY_INT2E, "INT 2Eh", "EBX ESI EDI EBP CF DF survive");
}

static uint32_t call_index(unsigned way, uint32_t index)
{
    struct registers registers = {index, 0, 0, 0, 0, 0, 0, 2, 0};
    raw_call(way, &registers);
    return registers.eax;
}

static uint32_t refused_with;

static void refusal_handler(const struct EXCEPTION_RECORD *record, struct CONTEXT *context)
{
    refused_with = record->ExceptionCode;
    context->Eip += 2; /* over SYSENTER */
}

/* SEP does not lie about being absent; where a Pentium Pro lies, IA32_SYSENTER_CS is 0 at best. */
static void sysenter_without_sep(void)
{
    user_exception_handler = refusal_handler;
    user_sysenter();
    user_exception_handler = NULL;
    say("   SYSENTER itself, on this processor: exception ");
    say_hex(refused_with, 8);
    say_end();
    check(refused_with == STATUS_ILLEGAL_INSTRUCTION || refused_with == STATUS_ACCESS_VIOLATION,
          "is refused by #UD (C000001Dh) or #GP (C0000005h)");
}

void chapter_limits(void)
{
    chapter("service indices and their limits");
    check(call_index(BY_STUB, SERVICE_NtYieldExecution) == STATUS_NO_YIELD_PERFORMED,
          "a good index answers 40000024h");
    check(call_index(BY_STUB, SERVICE_COUNT) == STATUS_INVALID_SYSTEM_SERVICE,
          "one beyond the last: C000001Ch");
    check(call_index(BY_STUB, 0xfff) == STATUS_INVALID_SYSTEM_SERVICE, "FFFh: C000001Ch");
    check(call_index(BY_STUB, 0x1000) == STATUS_INVALID_SYSTEM_SERVICE,
          "1000h, the window manager's table, empty here: C000001Ch");
    check(call_index(BY_INT2E, 0xffffffff) == STATUS_INVALID_SYSTEM_SERVICE,
          "FFFFFFFFh by INT 2Eh: C000001Ch");
    check(call_index(BY_STUB, 0x4000 + SERVICE_NtYieldExecution) == STATUS_NO_YIELD_PERFORMED,
          "bits 14 and up count for nothing: 4000h more is the same service");
    if (!seen.has_sysenter)
        sysenter_without_sep();
}

static uint32_t call_with_arguments_at(uint32_t service, uint32_t address)
{
    struct registers registers = {service, 0, 0, address, 0, 0, 0, 2, 0};
    raw_call(BY_INT2E, &registers);
    return registers.eax;
}

void chapter_pointers(void)
{
    uint64_t now;
    struct UNICODE_STRING bad = {8, 8, (const uint16_t *)ABSENT_PAGE};
    chapter("bad pointers");
    check(NtQuerySystemTime(&now) == STATUS_SUCCESS, "NtQuerySystemTime to a good place");
    check(NtQuerySystemTime(NULL) == STATUS_ACCESS_VIOLATION, "to address 0: C0000005h");
    check(NtQuerySystemTime((void *)ABSENT_PAGE) == STATUS_ACCESS_VIOLATION,
          "to a page that is absent: C0000005h");
    check(NtQuerySystemTime((void *)KERNEL_ADDRESS) == STATUS_ACCESS_VIOLATION,
          "into the kernel: C0000005h, by the probe");
    check(NtQuerySystemTime((void *)(USER_PROBE - 4)) == STATUS_ACCESS_VIOLATION,
          "across MmUserProbeAddress: C0000005h");
    check(NtQuerySystemTime((void *)user_step_run) == STATUS_ACCESS_VIOLATION,
          "to the program's own code, read only: C0000005h, by CR0.WP");
    check(NtQuerySystemTime((void *)USER_SHARED) == STATUS_ACCESS_VIOLATION,
          "to the shared page, read only: C0000005h");
    check(NtDisplayString(&bad) == STATUS_ACCESS_VIOLATION,
          "NtDisplayString, the pointer inside the structure bad: C0000005h");
    check(call_with_arguments_at(SERVICE_NtYieldExecution, KERNEL_ADDRESS) == STATUS_ACCESS_VIOLATION,
          "arguments in the kernel: KiSystemService refuses, before it calls anything");
    check(call_with_arguments_at(SERVICE_NtYieldExecution, USER_PROBE) == STATUS_ACCESS_VIOLATION,
          "arguments at MmUserProbeAddress: refused");
    check(call_with_arguments_at(SERVICE_NtQuerySystemTime, ABSENT_PAGE) == STATUS_ACCESS_VIOLATION,
          "arguments on an absent page: the copy faults, the kernel goes on");
    check(NtQuerySystemTime(&now) == STATUS_SUCCESS, "and after all this the kernel still answers");
}

void chapter_page_fault(void)
{
    uint32_t base = FRESH_PAGE + 0x123, size = 0x3000;
    volatile uint32_t *page = (volatile uint32_t *)FRESH_PAGE;
    chapter("a page fault during a service");
    check(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &size, 0x3000, 4) == STATUS_SUCCESS,
          "NtAllocateVirtualMemory, six arguments");
    check(base == FRESH_PAGE && size == 0x4000, "answers whole pages");
    const struct entry_information before = entries_get();
    const uint32_t status = NtQuerySystemTime((uint64_t *)(FRESH_PAGE + 0xffc));
    const struct entry_information after = entries_get();
    say("   the service wrote 8 bytes at ");
    say_hex(FRESH_PAGE + 0xffc, 8);
    say(", across two pages that did not exist: page faults in it ");
    say_number(after.faults_resolved_in_service - before.faults_resolved_in_service, 0);
    say_end();
    check(status == STATUS_SUCCESS, "the service never noticed");
    check(after.faults_resolved_in_service == before.faults_resolved_in_service + 2,
          "KiTrap0E made both pages");
    check(after.violations_in_service == before.violations_in_service, "and called neither a violation");
    check(page[0] == 0 && page[0x2000 / 4] == 0,
          "what it made is zero; the third page comes by a fault of the program");
    check(entries_get().faults_resolved_in_program == before.faults_resolved_in_program + 1,
          "which KiTrap0E resolved as well");
    check(NtQuerySystemTime((uint64_t *)(FRESH_PAGE + 0x3ffc)) == STATUS_ACCESS_VIOLATION,
          "half on a page to be made, half on none: one fault resolved, the next C0000005h");
}

void chapter_timer(void)
{
    const int64_t three_ms = -30000;
    uint64_t start = 0, end = 0;
    chapter("timer interrupts during a service");
    const struct entry_information before = entries_get();
    NtQuerySystemTime(&start);
    const uint32_t status = NtDelayExecution(0, &three_ms);
    NtQuerySystemTime(&end);
    const struct entry_information after = entries_get();
    say("   NtDelayExecution slept; the last tick interrupted the kernel at ");
    say_hex(after.tick_eip, 8);
    say(", its frame at ");
    say_hex(after.tick_frame, 8);
    say_end();
    check(status == STATUS_SUCCESS, "NtDelayExecution of 3 ms");
    check(end - start >= 30000, "took 3 ms by the kernel's clock");
    check(after.ticks_in_service >= before.ticks_in_service + 3,
          "interrupted by the timer at least three times");
    check(after.tick_frame + TF_EFLAGS + 4 <= seen.address,
          "the tick's frame lies below the service's, on the same stack");
    uint32_t tries = 0;
    while (entries_get().ticks_in_program == after.ticks_in_program && ++tries < 100000)
        for (volatile uint32_t i = 0; i < 1000; i++) {
        }
    check(entries_get().ticks_in_program != after.ticks_in_program, "and in ring 3 it interrupts as well");
}

/* The second thread. */
static struct {
    char order[2 * TURNS + 1];
    volatile uint32_t count, done;
    struct frame_information frame;
    uint32_t teb;
} second;

extern uint8_t user_second_stack_top[];
extern uint32_t user_teb[2][7];
_Noreturn void user_second(void);

void user_second(void)
{
    const int64_t two_ms = -20000;
    asm volatile("movl %%fs:0x18, %0" : "=r"(second.teb));
    for (unsigned i = 0; i < TURNS; i++) {
        second.order[second.count++] = 'B';
        call_index(BY_INT2E, SERVICE_NtYieldExecution);
    }
    NtDelayExecution(0, &two_ms);
    NtQuerySystemInformation(SYSTEM_FRAME_INFORMATION, &second.frame, sizeof second.frame, NULL);
    second.done = 1;
    for (;;)
        NtTerminateThread(CURRENT_THREAD, STATUS_SUCCESS);
}

static int order_is_turns(void)
{
    int good = 1;
    for (unsigned i = 0; i < 2 * TURNS; i++)
        good = good && second.order[i] == "AB"[i % 2];
    return good;
}

void chapter_threads(void)
{
    static struct CONTEXT context;
    uint32_t handle = 0, id[2] = {0, 0}, teb = 0;
    chapter("two threads that change places inside a service");
    context.Eip = (uint32_t)user_second_start;
    context.Esp = (uint32_t)user_second_stack_top;
    const uint32_t status = NtCreateThread(&handle, 0, NULL, CURRENT_PROCESS, id, &context, user_teb[1], 0);
    check(status == STATUS_SUCCESS && handle != 0 && id[1] == handle, "NtCreateThread, eight arguments");
    const struct entry_information before = entries_get();
    for (unsigned i = 0; i < TURNS; i++) {
        second.order[second.count++] = 'A';
        NtYieldExecution();
    }
    const struct entry_information after = entries_get();
    say("   A enters by SystemCallStub, B by INT 2Eh, each yields in turn: ");
    say_line(second.order);
    uint32_t turns = 0;
    while (!second.done && turns++ < 10000000)
        NtYieldExecution();
    NtQuerySystemInformation(SYSTEM_FRAME_INFORMATION, &seen, sizeof seen, NULL);
    asm volatile("movl %%fs:0x18, %0" : "=r"(teb));
    check(order_is_turns(), "A and B took turns, five each");
    check(after.switches - before.switches == 2 * TURNS, "ten switches, each inside NtYieldExecution");
    check(second.done, "B slept two ticks in NtDelayExecution while A ran, and has ended");
    check(second.frame.initial_stack != seen.initial_stack, "each has a kernel stack of its own");
    check(second.frame.address + KTRAP_FRAME_LENGTH == second.frame.esp0 + KTRAP_FRAME_V86 &&
              second.frame.esp0 != seen.esp0,
          "and TSS.ESP0 followed the switch");
    check(second.teb == (uint32_t)user_teb[1] && teb == (uint32_t)user_teb[0],
          "FS:[18h] is each thread's own TEB");
}
