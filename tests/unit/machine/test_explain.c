/* A stopped machine in words: chains of faults, tables, the last instructions. The guests are raw code at 1 MiB. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine/gate86.h"
#include "unit/suite.h"

#define CODE_AT 0x100000u

static char *text; /* what was explained */
static size_t text_size;

/* Runs the code from `address`; what is told of faults and of the end is in `text`. Returns the state's hash. */
static uint64_t run(uint32_t address, const char *code, size_t size, bool faults, bool recent,
                    enum machine_stop wanted)
{
    char path[] = "/tmp/gate86-explain-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, code, size), (ssize_t)size);
    close(file);
    struct error error;
    struct machine_config config;
    machine_config_init(&config);
    config.memory_bytes = 4u << 20;
    free(text);
    FILE *out = open_memstream(&text, &text_size);
    config.faults = faults ? out : NULL;
    config.fault_tables = true;
    config.keep_recent = recent;
    struct machine *machine = machine_create(&config, &error);
    ck_assert_ptr_nonnull(machine);
    const struct image_request request = {.kind = IMAGE_FLAT, .path = path, .load_address = address};
    char description[256];
    ck_assert_msg(machine_load(machine, &request, description, sizeof description, &error), "%s", error.text);
    ck_assert_int_eq(machine_run(machine, 50000, NULL, NULL), wanted);
    machine_explain(machine, out);
    fclose(out);
    uint64_t hash = machine_state_hash(machine);
    machine_free(machine);
    unlink(path);
    return hash;
}
#define RUN(code, faults, recent, wanted) run(CODE_AT, code, sizeof(code) - 1, faults, recent, wanted)

static void expect(const char *line)
{
    ck_assert_msg(strstr(text, line) != NULL, "'%s' is not in:\n%s", line, text);
}

/* lidt [idtr] / int 20h / idtr: limit 0FFh, base 00110000 (zeros) */
#define LOAD_IDT "\x0f\x01\x1d\x10\x00\x10\x00"
static const char empty_idt[] = LOAD_IDT "\xcd\x20\x90\x90\x90\x90\x90\x90\x90\xff\x00\x00\x00\x11\x00";

START_TEST(a_shutdown_shows_its_chain_and_its_gates)
{
    RUN(empty_idt, false, false, MACHINE_SHUTDOWN);
    expect("The processor is shut down");
    expect("  1. #GP(0102h) at 0010:00100007, CPL 0: the vector is beyond the limit of the interrupt table "
           "(SDM 2A INT n); IDT entry 20h\n");
    expect("  2. #GP(006Bh) at 0010:00100007, CPL 0, while delivering #GP: the IDT entry is not a task, "
           "interrupt or "
           "trap gate (SDM 2A INT n); IDT entry 0Dh; EXT: an event from outside the program\n");
    expect("  3. #DF(0000h) at 0010:00100007");
    expect("  4. #GP(0043h) at 0010:00100007, CPL 0, while delivering #DF");
    expect("  IDT entry 20h at 00110100: beyond the table's limit 00FF\n");
    expect("  IDT entry 0Dh at 00110068: 00000000 00000000: empty\n");
    expect("At CS:EIP, 0010:00100007:  cd 20                   int 0x20\n");
    ck_assert_ptr_null(strstr(text, "The last "));
}
END_TEST

/* mov eax, 200000h / mov cr3, eax / mov eax, cr0 / or eax, 80000000h / mov cr0, eax: on an empty page directory */
static const char paging[] =
    "\xb8\x00\x00\x20\x00\x0f\x22\xd8\x0f\x20\xc0\x0d\x00\x00\x00\x80\x0f\x22\xc0\x90";

START_TEST(a_page_fault_shows_the_walk)
{
    RUN(paging, false, true, MACHINE_SHUTDOWN);
    expect("  1. #PF(0000h) at 0010:00100013, CPL 0: the page or its table is not present (SDM 3A 4.7); read "
           "of linear "
           "address 00100013 in supervisor mode\n");
    expect("  pages of linear address 00100013, CR3 00200000:\n  PDE at 000200000: 00000000: not present\n");
    expect("  0010:00100000  b8 00 00 20 00          mov eax, 0x200000  ; EAX 00200000\n");
    expect("mov cr0, eax\nAt CS:EIP, 0010:00100013:                          (the rest is not mapped)\n");
}
END_TEST

/* mov ax, 1230h / mov ss, ax */
static const char selector[] = "\x66\xb8\x30\x12\x8e\xd0";

START_TEST(a_selector_in_an_error_code_is_looked_up)
{
    RUN(selector, false, false, MACHINE_SHUTDOWN);
    expect("#GP(1230h) at 0010:00100004, CPL 0: the selector points beyond the limit of its descriptor table "
           "(SDM 3A 3.5.1); selector 1230h in the GDT\n");
    expect("  GDT entry 1230h at 000A0230: beyond the table's limit 001F\n");
}
END_TEST

/*
 * An interrupt from the timer, vector 20h, whose gate is not there: PIC and PIT are set up first.
 * ICW1..4, OCW1: out 20h,11h / out 21h,20h / out 21h,4 / out 21h,1 / out 21h,0FEh; PIT: out 43h,34h / out 40h,0 twice /
 * sti / jmp $
 */
#define OUT(port, value) "\xb0" value "\xe6" port
static const char timer[] =
    LOAD_IDT "\xeb\x07\x90\x90\x90\x90\x90\xff\x07\x00\x00\x11\x00" /* jmp behind it */
    OUT("\x20", "\x11") OUT("\x21", "\x20") OUT("\x21", "\x04") OUT("\x21", "\x01") OUT("\x21", "\xfe")
        OUT("\x43", "\x34") OUT("\x40", "\x10") OUT("\x40", "\x00") "\xfb\xeb\xfe";

START_TEST(an_interrupt_is_called_by_its_line)
{
    static char code[sizeof timer];
    memcpy(code, timer, sizeof timer);
    code[3] = 0x0e; /* idtr lies at 10000Eh here */
    code[8] = 0x0b;
    run(CODE_AT, code, sizeof code - 1, true, true, MACHINE_SHUTDOWN);
    expect("gate86: IRQ 0 (vector 20h) at 0010:");
    expect(", while delivering IRQ 0 (vector 20h): the IDT entry is not a task, interrupt or trap gate (SDM "
           "2A INT n); "
           "IDT entry 20h; EXT: an event from outside the program\n"
           "Tables consulted:\n  IDT entry 20h at 00110100: 00000000 00000000: empty\n");
    expect("  IDT entry 20h at 00110100: 00000000 00000000");
    expect("jmp 0x10");
}
END_TEST

/* mov ecx, 5 / rep stosb / ud2, the ud2 across the page's end */
static const char crossing[] = "\xb9\x05\x00\x00\x00\xbf\x00\x00\x30\x00\xf3\xaa\x0f\x0b";

START_TEST(instructions_are_shown_with_their_bytes_and_iterations)
{
    run(0x101000 - 13, crossing, sizeof crossing - 1, true, true, MACHINE_SHUTDOWN);
    expect("f3 aa                   rep stosb es:[edi], al  (5 iterations)  ; ECX 00000000, EDI 00300005\n");
    expect("  0010:00100FFF  0f 0b                   ud2\n");
    expect("gate86: #UD at 0010:00100FFF, CPL 0: UD0, UD1 or UD2 was executed (SDM 2B UD)\n");
}
END_TEST

/* mov ecx, 2000 / L: add eax, ecx / push eax / pop ebx / loop L / cli / hlt */
static const char busy[] = "\xb9\xd0\x07\x00\x00\x01\xc8\x50\x5b\xe2\xfa\xfa\xf4";

START_TEST(watching_changes_nothing)
{
    uint64_t plain = RUN(busy, false, false, MACHINE_HALTED);
    expect("EFLAGS.IF is clear, so no interrupt can wake it.");
    ck_assert_uint_eq(RUN(busy, true, true, MACHINE_HALTED), plain);
    expect("The last 32 instructions");
    expect("fa                      cli\n");
    uint64_t shut = RUN(empty_idt, false, false, MACHINE_SHUTDOWN);
    ck_assert_uint_eq(RUN(empty_idt, true, true, MACHINE_SHUTDOWN), shut);
}
END_TEST

UNIT_SUITE("explain", a_shutdown_shows_its_chain_and_its_gates, a_page_fault_shows_the_walk,
           a_selector_in_an_error_code_is_looked_up, an_interrupt_is_called_by_its_line,
           instructions_are_shown_with_their_bytes_and_iterations, watching_changes_nothing)
