/* Prints through each output of the machine and shows what the loader told. See README.md. */
#include "lib/boot_info.h"
#include "lib/ports.h"
#include "lib/print.h"

#define POST_PORT 0x80

int kernel_main(uint32_t magic, const struct boot_info *info);

static int check(int good, const char *what)
{
    print(good ? "ok     " : "WRONG  ");
    print(what);
    print("\n");
    return good ? 0 : 1;
}

static void info_print(const struct boot_info *info)
{
    if (info->flags & BOOT_HAS_LOADER) {
        print("loader:  ");
        print(info->loader_name);
        print("\n");
    }
    if (info->flags & BOOT_HAS_COMMAND) {
        print("command: ");
        print(info->command_line);
        print("\n");
    }
    if (info->flags & BOOT_HAS_MEMORY) {
        print("memory:  ");
        print_number(info->lower_kib, 0);
        print(" KiB below 1 MiB, ");
        print_number(info->upper_kib, 0);
        print(" KiB above\n");
    }
    for (uint32_t i = 0; info->flags & BOOT_HAS_MODULES && i < info->modules_used; i++) {
        print("module:  ");
        print_number((uint32_t)(info->modules[i].end - info->modules[i].start), 0);
        print(" bytes, ");
        print(info->modules[i].string);
        print("\n");
    }
}

int kernel_main(uint32_t magic, const struct boot_info *info)
{
    static const char screen_text[] = "Hello from the screen\n";
    int failures = 0;
    print_init();
    print_to(PRINT_SERIAL, "Hello from the serial line\n");
    print_to(PRINT_DEBUG, "Hello from port E9h\n");
    print_to(PRINT_SCREEN, screen_text);
    /* The one output that can be read back. */
    const volatile uint16_t *screen = (const volatile uint16_t *)SCREEN_ADDRESS;
    int kept = 1;
    for (unsigned i = 0; screen_text[i] != '\n'; i++)
        kept &= (screen[i] & 0xff) == (uint8_t)screen_text[i];
    if (screen[0] == 0xffff)
        print("no screen on this machine: its memory reads all ones\n");
    else
        failures += check(kept, "the screen's memory holds what was written");
    failures += check(magic == BOOT_MAGIC, "EAX holds the multiboot magic");
    if (magic == BOOT_MAGIC)
        info_print(info);
    /* Power-on self-test codes: a display on the board shows the last one. */
    for (uint8_t code = 1; code <= 0x42; code++)
        port_write(POST_PORT, code);
    print(failures == 0 ? "hello: all checks passed\n" : "hello: FAILED\n");
    return failures;
}
