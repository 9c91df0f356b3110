/*
 * The board: a PC's parts list and netlist, and the buses between the parts. It knows every chip by its class
 * and no chip's inside; the processor plugs in through a few callbacks.
 *
 *   00000000 - 0009FFFF  RAM          000E1000 - 000EFFFF  empty
 *   000A0000 - 000DFFFF  empty        000F0000 - 000FFFFF  firmware area (ROM), unless a loader fits a BIOS
 *   000E0000 - 000E0FFF  ACPI's RAM   00100000 - ...       RAM
 */
#ifndef GATE86_MACHINE_BOARD_H
#define GATE86_MACHINE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "bus/clock.h"
#include "bus/device.h"
#include "bus/memory.h"
#include "bus/ports.h"

#define BOARD_LOW_RAM_END   0xa0000u    /* conventional memory */
#define BOARD_HIGH_RAM      0x100000u   /* the rest of RAM begins here */
#define BOARD_RAM_MIN       0x100000u   /* bytes */
#define BOARD_RAM_MAX       0xc0000000u /* bytes: the PCI hole begins above */
#define BOARD_ACPI_RAM      0xe0000u    /* one page for the FACS, which the guest may write */
#define BOARD_FIRMWARE_BASE 0xf0000u    /* 64 KiB for what a BIOS would leave there: the ACPI tables */
#define BOARD_FIRMWARE_SIZE 0x10000u

struct board;

/* The processor's side of the board, and the outside world's. */
struct board_sockets {
    void (*intr)(void *context, bool level);
    void (*nmi)(void *context, bool level);
    void (*ignne)(void *context, bool level);
    void (*init)(void *context, bool level); /* INIT: from the keyboard controller, port 92h, port CF9h */
    void (*request)(void *context, enum board_request request, uint32_t value);
    /* Bytes from a part to the outside; `part` is its name ("uart0", "debugcon"). */
    void (*transmit)(void *context, const char *part, const uint8_t *bytes, size_t count);
    void *context;
};

struct board_config {
    uint64_t memory_bytes; /* whole pages, BOARD_RAM_MIN to BOARD_RAM_MAX */
    uint32_t instruction_ns;
    int64_t start_seconds;
    uint16_t exit_port; /* where the debug exit port is put; 0: F4h */
    uint16_t post_port; /* where the POST card listens; 0: 80h */
    struct log *log;
    struct board_sockets sockets;
};

/*
 * Makes all parts and joins their pins. Not to be moved afterwards. NULL with *error set on failure
 * (ERROR_USAGE: a port asked for belongs to another part).
 */
struct board *board_new(const struct board_config *config, struct error *error);
void board_free(struct board *board);

struct memory *board_memory(struct board *board);
struct ports *board_ports(struct board *board);
struct clock *board_clock(struct board *board);

/* RESET# to every part; RAM keeps its contents but for the FACS, which is made anew. */
void board_reset(struct board *board);

/* The INTA bus cycle: the vector of the interrupt being acknowledged. */
uint8_t board_interrupt_acknowledge(struct board *board);

/* Could INTR ever rise without the processor's help? Not while the controllers mask every line. */
bool board_can_interrupt(const struct board *board);

/* The line of the interrupt acknowledged last, 0 to 15, or -1 before the first. */
int board_interrupt_line(const struct board *board);

/* The processor's FERR# pin. */
void board_set_ferr(struct board *board, bool level);

/* Physical address of the ACPI root pointer in the firmware area, 0 when there is none. */
uint64_t board_acpi_rsdp(const struct board *board);

/* The machine's power button is pressed and let go. */
void board_press_power_button(struct board *board);

/* Some part has bytes on their way to the outside. */
bool board_is_transmitting(const struct board *board);

/* A part by its name on the parts list, or NULL. */
struct device *board_part(struct board *board, const char *name);
unsigned board_parts(const struct board *board);
const struct device *board_part_at(const struct board *board, unsigned number);

/* Hash over the state of all parts, the times of their events, and RAM. */
uint64_t board_state_hash(const struct board *board, uint64_t seed);

#endif
