/* The machine as its library's users see it: tiny flat programs, and what ends their runs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine/gate86.h"
#include "unit/suite.h"

#define LOAD_ADDRESS 0x100000u
#define PLENTY       100000u

static struct machine_config config;
static char serial_text[64];
static size_t serial_used;

static void on_serial(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    for (size_t i = 0; i < count && serial_used < sizeof serial_text - 1; i++)
        serial_text[serial_used++] = (char)bytes[i];
    serial_text[serial_used] = '\0';
}

static struct machine *machine_with(const uint8_t *code, size_t size)
{
    char path[] = "/tmp/gate86-test-XXXXXX";
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, code, size), (ssize_t)size);
    close(descriptor);
    struct error error;
    struct machine *machine = machine_create(&config, &error);
    ck_assert_msg(machine != NULL, "%s", error.text);
    struct image_request request = {.kind = IMAGE_FLAT, .path = path, .load_address = LOAD_ADDRESS};
    char description[256];
    ck_assert_msg(machine_load(machine, &request, description, sizeof description, &error), "%s", error.text);
    unlink(path);
    return machine;
}

#define MACHINE(...) machine_with((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void begin(void)
{
    machine_config_init(&config);
    config.memory_bytes = 4u << 20;
    config.serial = on_serial;
    serial_used = 0;
}

static enum machine_stop run(struct machine *machine)
{
    return machine_run(machine, PLENTY, NULL, NULL);
}

START_TEST(the_debug_exit_port_ends_the_run_with_its_code)
{
    begin();
    struct machine *machine = MACHINE(0xb0, 0x2a, 0xe6, 0xf4, 0xeb, 0xfe); /* mov al,42; out F4h,al; jmp $ */
    ck_assert_int_eq(run(machine), MACHINE_DEBUG_EXIT);
    ck_assert_uint_eq(machine_exit_code(machine), 42);
    ck_assert_uint_eq(machine_instructions(machine), 2);
    machine_free(machine);
}
END_TEST

START_TEST(the_last_words_before_the_exit_are_sent)
{
    begin();
    /* mov dx,3F8h; mov al,'!'; out dx,al; out F4h,al */
    struct machine *machine = MACHINE(0x66, 0xba, 0xf8, 0x03, 0xb0, '!', 0xee, 0xe6, 0xf4);
    ck_assert_int_eq(run(machine), MACHINE_DEBUG_EXIT);
    ck_assert_str_eq(serial_text, "!");
    machine_free(machine);
}
END_TEST

START_TEST(the_instruction_limit_is_exact)
{
    begin();
    struct machine *machine = MACHINE(0xeb, 0xfe); /* jmp $ */
    ck_assert_int_eq(machine_run(machine, 1234, NULL, NULL), MACHINE_LIMIT);
    ck_assert_uint_eq(machine_instructions(machine), 1234);
    ck_assert_int_eq(machine_run(machine, 1, NULL, NULL), MACHINE_LIMIT);
    ck_assert_uint_eq(machine_instructions(machine), 1235);
    machine_free(machine);
}
END_TEST

START_TEST(a_halt_with_interrupts_off_is_for_ever)
{
    begin();
    struct machine *machine = MACHINE(0xfa, 0xf4); /* cli; hlt */
    ck_assert_int_eq(run(machine), MACHINE_HALTED);
    machine_free(machine);
}
END_TEST

START_TEST(a_halt_with_every_interrupt_line_masked_is_for_ever)
{
    begin();
    /* mov al,FFh; out 21h,al; sti; hlt */
    struct machine *machine = MACHINE(0xb0, 0xff, 0xe6, 0x21, 0xfb, 0xf4);
    ck_assert_int_eq(run(machine), MACHINE_HALTED);
    machine_free(machine);
    begin();
    /* The cascade alone is open, and behind it nothing: mov al,FFh; out A1h,al; mov al,FBh; out 21h,al; sti; hlt */
    machine = MACHINE(0xb0, 0xff, 0xe6, 0xa1, 0xb0, 0xfb, 0xe6, 0x21, 0xfb, 0xf4);
    ck_assert_int_eq(run(machine), MACHINE_HALTED);
    machine_free(machine);
}
END_TEST

START_TEST(a_triple_fault_is_a_shutdown_that_is_explained)
{
    begin();
    /* push 0; push 0; lidt [esp]; ud2 */
    struct machine *machine = MACHINE(0x6a, 0x00, 0x6a, 0x00, 0x0f, 0x01, 0x1c, 0x24, 0x0f, 0x0b);
    ck_assert_int_eq(run(machine), MACHINE_SHUTDOWN);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    machine_explain(machine, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "#UD at 0010:00100008"));
    ck_assert_ptr_nonnull(strstr(text, "#DF"));
    free(text);
    machine_free(machine);
}
END_TEST

/* in al,92h; or al,1; out 92h,al: the fast reset */
#define FAST_RESET 0xe4, 0x92, 0x0c, 0x01, 0xe6, 0x92, 0xeb, 0xfe

START_TEST(a_reset_ends_the_run_when_asked_to)
{
    begin();
    config.reboot_stops = true;
    struct machine *machine = MACHINE(FAST_RESET);
    ck_assert_int_eq(run(machine), MACHINE_RESET);
    machine_free(machine);
}
END_TEST

START_TEST(a_reset_that_cannot_load_its_image_again_says_so)
{
    begin();
    struct machine *machine = MACHINE(FAST_RESET); /* the file is gone by now */
    ck_assert_int_eq(run(machine), MACHINE_RESET);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    machine_explain(machine, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "/tmp/gate86-test-"));
    free(text);
    machine_free(machine);
}
END_TEST

START_TEST(two_machines_in_one_process_run_alike_and_apart)
{
    begin();
    /* inc eax; mov [200000h],eax; jmp back */
    const uint8_t code[] = {0x40, 0xa3, 0x00, 0x00, 0x20, 0x00, 0xeb, 0xf8};
    struct machine *a = machine_with(code, sizeof code);
    struct machine *b = machine_with(code, sizeof code);
    ck_assert_int_eq(machine_run(a, 3000, NULL, NULL), MACHINE_LIMIT);
    ck_assert_int_eq(machine_run(b, 1000, NULL, NULL), MACHINE_LIMIT);
    ck_assert(machine_state_hash(a) != machine_state_hash(b));
    ck_assert_int_eq(machine_run(b, 2000, NULL, NULL), MACHINE_LIMIT);
    ck_assert_uint_eq(machine_state_hash(a), machine_state_hash(b));
    uint32_t counter;
    ck_assert(machine_read_physical(a, 0x200000, &counter, sizeof counter));
    ck_assert_uint_eq(counter, 1000);
    ck_assert_uint_eq(machine_register(a, MACHINE_EAX), 1000);
    machine_free(a);
    machine_free(b);
}
END_TEST

START_TEST(code_that_writes_over_itself_runs_as_written)
{
    begin();
    /*
     * The instruction behind the store, once decoded, becomes another one: at 6 `inc ecx` is made `inc edx`.
     *   0: mov ebx,2   5: nop   6: inc ecx   7: mov byte [100006h],42h   E: dec ebx   F: jnz 5   11: out F4h,al
     */
    struct machine *machine = MACHINE(0xbb, 2, 0, 0, 0, 0x90, 0x41, 0xc6, 0x05, 0x06, 0x00, 0x10, 0x00, 0x42,
                                      0x4b, 0x75, 0xf4, 0xe6, 0xf4);
    ck_assert_int_eq(run(machine), MACHINE_DEBUG_EXIT);
    ck_assert_uint_eq(machine_register(machine, MACHINE_ECX), 1);
    ck_assert_uint_eq(machine_register(machine, MACHINE_EDX), 1);
    machine_free(machine);
}
END_TEST

START_TEST(a_configuration_that_no_board_has_is_refused_with_its_reason)
{
    struct error error;
    begin();
    config.memory_bytes = 4097;
    ck_assert_ptr_null(machine_create(&config, &error));
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    begin();
    config.cpu = "pentium9";
    ck_assert_ptr_null(machine_create(&config, &error));
    ck_assert_int_eq(error.kind, ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "pentium4"));
}
END_TEST

UNIT_SUITE("machine", the_debug_exit_port_ends_the_run_with_its_code, the_last_words_before_the_exit_are_sent,
           the_instruction_limit_is_exact, a_halt_with_interrupts_off_is_for_ever,
           a_halt_with_every_interrupt_line_masked_is_for_ever,
           a_triple_fault_is_a_shutdown_that_is_explained, a_reset_ends_the_run_when_asked_to,
           a_reset_that_cannot_load_its_image_again_says_so, two_machines_in_one_process_run_alike_and_apart,
           code_that_writes_over_itself_runs_as_written,
           a_configuration_that_no_board_has_is_refused_with_its_reason)
