/* What SYSEXIT cannot do: single steps, contexts with every register, other segments, virtual-8086 mode. */
#include "nt/user.h"

#define STEPS_MOST    16
#define STUB_CALLED   5 /* offsets in a stub: behind MOV EAX, MOV EDX, and CALL */
#define STUB_ADDRESS  10
#define STUB_RETURNED 12
#define EFLAGS_CF     1u
#define BAD_SELECTOR  0x53 /* behind the GDT's end */
#define LANDING_WORDS 512
#define LDT_SELECTOR  7
#define LDT_STACK     15
#define LDT_ACCESS    0xfbu /* present, DPL 3, code, readable, accessed */
#define V86_SEGMENT   0x1000u
#define V86_LINEAR    (V86_SEGMENT * 16)
#define V86_RESULT    0x200u /* where its code writes */
#define V86_TRIES     10000

static uint32_t steps[STEPS_MOST], step_count, step_other;

/* Notes each step, and ends the stepping at its goal. */
static void step_handler(const struct EXCEPTION_RECORD *record, struct CONTEXT *context)
{
    if (record->ExceptionCode != STATUS_SINGLE_STEP)
        step_other++;
    if (step_count < STEPS_MOST)
        steps[step_count++] = context->Eip;
    if (context->Eip == (uint32_t)user_step_end || step_other != 0 || step_count == STEPS_MOST)
        context->EFlags &= ~EFLAGS_TF;
}

static const struct {
    uint32_t offset;
    int in_stub; /* of NtYieldExecution; else in the shared page */
    const char *what;
} expected_steps[] = {
    {0, 1, "after CALL NtYieldExecution"},
    {STUB_CALLED, 1, "after MOV EAX, the service index"},
    {STUB_ADDRESS, 1, "after MOV EDX, 7FFE0300h"},
    {USER_SHARED + SYSTEM_CALL, 0, "after CALL EDX"},
    {0, 0, "after the first instruction of SystemCallStub"},
    {STUB_RETURNED, 1, "after RET: the service was no step, IRET brought TF back"},
};

static uint32_t expected_step(unsigned i)
{
    if (i == sizeof expected_steps / sizeof expected_steps[0])
        return (uint32_t)user_step_end;
    if (expected_steps[i].in_stub)
        return (uint32_t)stub_of_yield + expected_steps[i].offset;
    /* MOV EDX,ESP has 2 bytes, LEA EDX,[ESP+8] has 4. */
    return expected_steps[i].offset != 0 ? expected_steps[i].offset
                                         : USER_SHARED + SYSTEM_CALL + (has_sysenter() ? 2 : 4);
}

static void stray_handler(const struct EXCEPTION_RECORD *record, struct CONTEXT *context)
{
    step_other = record->ExceptionCode;
    steps[0] = context->Eip;
    context->Eip = (uint32_t)user_step_end;
    context->EFlags &= ~EFLAGS_TF;
}

/* The address alone does not make it a SYSENTER: the trap comes after the jump, from ring 3. */
static void step_to_entry(uint32_t fast_call)
{
    const uint32_t before = entries_get().steps_at_entry;
    user_exception_handler = stray_handler;
    user_step_to(fast_call);
    user_exception_handler = NULL;
    check(step_other == STATUS_SINGLE_STEP && steps[0] == fast_call && entries_get().steps_at_entry == before,
          "a program that jumps to KiFastCallEntry with TF set gets the #DB itself");
}

void chapter_steps(void)
{
    const uint32_t count = sizeof expected_steps / sizeof expected_steps[0] + 1;
    static struct frame_information frame;
    int good = 1;
    chapter("single steps through a system call");
    NtQuerySystemInformation(SYSTEM_FRAME_INFORMATION, &frame, sizeof frame, NULL);
    const struct entry_information before = entries_get();
    user_exception_handler = step_handler;
    user_step_run();
    user_exception_handler = NULL;
    const struct entry_information after = entries_get();
    for (unsigned i = 0; i < step_count; i++) {
        good = good && i < count && steps[i] == expected_step(i);
        say("   #DB at ");
        say_hex(steps[i], 8);
        say("  ");
        say_line(i + 1 < count    ? expected_steps[i].what
                 : i + 1 == count ? "after the stub's RET: the handler clears TF"
                                  : "?");
    }
    check(good && step_count == count && step_other == 0, "the program saw these steps and no others");
    step_to_entry(frame.fast_call);
    if (!frame.has_sysenter) {
        check(after.steps_at_entry == 0, "INT 2Eh clears TF itself: no step in the kernel");
        return;
    }
    say("   the kernel saw one more: #DB from ");
    say_hex(after.step_cs & 0xffff, 4);
    say(":");
    say_hex(after.step_eip, 8);
    say(", EFLAGS ");
    say_hex(after.step_eflags, 8);
    say_end();
    check(after.steps_at_entry == before.steps_at_entry + 1, "SYSENTER with TF set traps once in the kernel");
    check(after.step_eip == frame.fast_call && (after.step_cs & 0xffff) == KGDT_R0_CODE,
          "at the first instruction of KiFastCallEntry, at CPL 0");
    check((after.step_eflags & (EFLAGS_TF | EFLAGS_IF)) == EFLAGS_TF,
          "TF is in the pushed EFLAGS, IF is not");
    check(after.left_by_iret == before.left_by_iret + 1, "the stepped service, and it alone, left by IRET");
}

/* For user_land; it must take an exception's context, too. */
static uint32_t landing_stack[LANDING_WORDS];

static uint32_t refused_code, refused_at, refused_selector;

/* Where the program would have gone, had there been a way. */
static void bad_exit_handler(const struct EXCEPTION_RECORD *record, struct CONTEXT *context)
{
    refused_code = record->ExceptionCode;
    refused_at = record->ExceptionAddress;
    refused_selector = context->SegCs;
    context->SegCs = USER_CS;
    context->SegSs = USER_DS;
}

/* A selector that does not exist must not stop the kernel on its way out. */
static void bad_exits(struct CONTEXT *context)
{
    context->SegCs = BAD_SELECTOR;
    user_exception_handler = bad_exit_handler;
    user_continue(context);
    check(refused_code == STATUS_ACCESS_VIOLATION && refused_at == (uint32_t)user_land &&
              (refused_selector & 0xffff) == BAD_SELECTOR,
          "to a CS that does not exist: the IRET faults, and the program gets C0000005h");
    check(user_landed.ecx == 0xc0c0c0c0 && user_landed.edi == 0xd1d1d1d1 && user_landed.ebp == 0xb2b2b2b2,
          "and its handler finds the registers and goes on");
    refused_code = 0;
    context->SegCs = USER_CS;
    context->SegSs = BAD_SELECTOR;
    user_continue(context);
    check(refused_code == STATUS_ACCESS_VIOLATION, "an SS that does not exist: the same");
    user_exception_handler = NULL;
    context->SegSs = USER_DS;
    context->SegGs = BAD_SELECTOR;
    user_continue(context);
    uint16_t gs = 1;
    asm volatile("movw %%gs, %0" : "=r"(gs));
    check(gs == 0, "a GS that does not exist becomes null");
    context->SegGs = 0;
}

void chapter_continue(void)
{
    static struct CONTEXT context;
    chapter("NtContinue: a frame with every register");
    context.ContextFlags = CONTEXT_FULL;
    context.SegCs = USER_CS;
    context.SegSs = context.SegDs = context.SegEs = USER_DS;
    context.SegFs = USER_FS;
    context.Eax = 0xa0a0a0a0;
    context.Ebx = 0xb0b0b0b0;
    context.Ecx = 0xc0c0c0c0;
    context.Edx = 0xd0d0d0d0;
    context.Esi = 0x51515151;
    context.Edi = 0xd1d1d1d1;
    context.Ebp = 0xb2b2b2b2;
    context.Eip = (uint32_t)user_land;
    context.Esp = (uint32_t)(landing_stack + LANDING_WORDS);
    context.EFlags = EFLAGS_CF | 0x3000; /* IOPL 3 is a wish that nobody grants */
    const struct entry_information before = entries_get();
    user_continue(&context);
    const struct entry_information after = entries_get();
    check(user_landed.eax == 0xa0a0a0a0 && user_landed.ebx == 0xb0b0b0b0 && user_landed.esi == 0x51515151 &&
              user_landed.edi == 0xd1d1d1d1 && user_landed.ebp == 0xb2b2b2b2,
          "EAX EBX ESI EDI EBP are the context's");
    check(user_landed.ecx == 0xc0c0c0c0 && user_landed.edx == 0xd0d0d0d0,
          "ECX and EDX as well: no SYSEXIT could do that");
    check(user_landed.esp == context.Esp, "so is ESP");
    check((user_landed.eflags & (EFLAGS_CF | EFLAGS_IF | 0x3000)) == (EFLAGS_CF | EFLAGS_IF),
          "CF as asked, IF on, IOPL 0 although 3 was asked");
    check(after.left_by_full_iret == before.left_by_full_iret + 1, "left by KiServiceExit2, the full IRET");
    static struct frame_information frame;
    NtQuerySystemInformation(SYSTEM_FRAME_INFORMATION, &frame, sizeof frame, NULL);
    check(frame.frame.Edx == 0, "and the service is over: the next one has no outer frame");
    bad_exits(&context);
    context.EFlags |= EFLAGS_VM;
    check(NtContinue(&context, 0) == STATUS_INVALID_PARAMETER,
          "a context in virtual-8086 mode is refused: that is NtVdmControl's");
}

void chapter_segments(void)
{
    static struct frame_information frame;
    const uint32_t base = (uint32_t)user_ldt_code, limit = (uint32_t)(user_ldt_code_end - user_ldt_code) - 1;
    const uint32_t low = base << 16 | limit,
                   high = (base & 0xff000000) | 0x400000 | LDT_ACCESS << 8 | (base >> 16 & 0xff);
    const uint32_t arguments[4] = {SYSTEM_FRAME_INFORMATION, (uint32_t)&frame, sizeof frame, 0};
    chapter("a service called from another code segment");
    check(NtSetLdtEntries(LDT_SELECTOR, low, high, 0, 0, 0) == STATUS_SUCCESS,
          "NtSetLdtEntries: selector 7, three bytes of code");
    check(NtSetLdtEntries(LDT_SELECTOR + 8, low, high & ~0x6000u, 0, 0, 0) == STATUS_INVALID_LDT_DESCRIPTOR,
          "a segment of ring 0 is refused: C000011Ah");
    const struct entry_information before = entries_get();
    user_ldt_call(SERVICE_NtQuerySystemInformation, arguments);
    const struct entry_information after = entries_get();
    say("   INT 2Eh from ");
    say_hex(frame.frame.SegCs & 0xffff, 4);
    say(":");
    say_hex(frame.frame.Eip - 2, 8);
    say_end();
    check((frame.frame.SegCs & 0xffff) == LDT_SELECTOR && frame.frame.Eip == 2,
          "the frame holds CS 7 and an Eip of 2");
    /* Without SEP both calls that ended in between left by IRET. */
    check(after.left_by_iret - before.left_by_iret == (frame.has_sysenter ? 1u : 2u),
          "so KiServiceExit left by IRET: SYSEXIT knows only CS 1Bh");
    check(NtSetLdtEntries(LDT_STACK, 0x0000ffff, 0x00c3f300, 0, 0, 0) == STATUS_SUCCESS,
          "a data segment of 1 GiB at selector 0Fh");
    check((user_ldt_stack(SERVICE_NtQuerySystemInformation, arguments) & 0xffff) == LDT_STACK &&
              (frame.frame.HardwareSegSs & 0xffff) == LDT_STACK,
          "serves as stack segment, and comes back, by IRET again");
}

/* The program's registers in V86 mode, from the start; true when NtVdmControl came back. */
static int v86_run(struct CONTEXT *context)
{
    context->ContextFlags = CONTEXT_FULL;
    context->SegCs = context->SegDs = context->SegSs = V86_SEGMENT;
    context->SegEs = 0x1234;
    context->SegFs = 0x2345;
    context->SegGs = 0x3456;
    context->Eip = 0;
    context->Esp = 0xff0;
    context->EFlags = EFLAGS_CF;
    return NtVdmControl(0, context) == STATUS_SUCCESS;
}

void chapter_v86(void)
{
    static struct CONTEXT context;
    uint32_t base = V86_LINEAR, size = 0x1000, tries = 0;
    volatile uint8_t *to = (volatile uint8_t *)V86_LINEAR;
    const uint32_t length = (uint32_t)(user_v86_code_end - user_v86_code);
    int good = 1;
    chapter("virtual-8086 mode");
    check(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &size, 0x3000, 0x40) == STATUS_SUCCESS,
          "a page at 1000h:0000h");
    for (uint32_t i = 0; i < length; i++)
        to[i] = user_v86_code[i];
    const struct entry_information before = entries_get();
    do
        good = good && v86_run(&context);
    while (entries_get().ticks_in_v86 == before.ticks_in_v86 && ++tries < V86_TRIES);
    const struct entry_information after = entries_get();
    say("   real-mode code ended at ");
    say_hex(context.SegCs, 4);
    say(":");
    say_hex(context.Eip, 4);
    say(" by INT ");
    say_hex(to[context.Eip + 1], 2);
    say(" with AX = ");
    say_hex(context.Eax & 0xffff, 4);
    say_end();
    check(good, "NtVdmControl entered it by IRET and came back");
    check((context.Eax & 0xffff) == 0x1234 && (context.Ebx & 0xffff) == 0x1234,
          "it counted, pushed and popped");
    check(*(volatile uint16_t *)(V86_LINEAR + V86_RESULT) == 0x1234, "and wrote through DS 1000h");
    check(context.Eip == length - 2 && context.SegCs == V86_SEGMENT && (context.EFlags & EFLAGS_VM),
          "INT 21h at IOPL 0 trapped where it stands, EFLAGS.VM set");
    check(context.SegEs == 0x1234 && context.SegFs == 0x2345 && context.SegGs == 0x3456,
          "ES, FS, GS came back with the frame's last four fields");
    check(after.ticks_in_v86 != before.ticks_in_v86, "the timer interrupted it, too");
    static struct frame_information frame;
    NtQuerySystemInformation(SYSTEM_FRAME_INFORMATION, &frame, sizeof frame, NULL);
    check(after.v86_frame == frame.initial_stack - NPX_FRAME_LENGTH - KTRAP_FRAME_LENGTH &&
              frame.address == after.v86_frame,
          "its frame and those of ring 3 begin at the same place: ESP0 was 10h higher meanwhile");
}
