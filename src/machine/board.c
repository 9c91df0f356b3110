/*
 * The PC board: parts list, netlist, address map. A part is one line of `parts`, a connection one line of
 * `nets`; "cpu" and "memory" are the sockets that are no chips, "high" is the supply.
 */
#include "machine/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/invariant.h"
#include "devices/acpi_pm.h"
#include "devices/catalogue.h"
#include "devices/i8259.h"
#include "machine/acpi_tables.h"
#include "machine/firmware.h"

#define CASCADE_LINE 2 /* of the master controller, where the slave stands */

struct part {
    const char *name;
    const char *class;
    uint16_t port_base; /* 0: where the class says */
};

static const struct part parts[] = {
    {"pic0", "i8259", 0x20},
    {"pic1", "i8259", 0xa0},
    {"elcr", "elcr", 0},
    {"pit", "i8254", 0},
    {"port61", "port61", 0},
    {"port92", "port92", 0},
    {"rtc", "mc146818", 0},
    {"kbc", "i8042", 0},
    {"acpi_pm", "acpi_pm", 0},
    {"ferr_latch", "ferr_latch", 0},
    {"reset_control", "reset_control", 0},
    {"a20_gate", "gate_or", 0},
    {"init_gate", "gate_or", 0},
    {"uart0", "uart16550", 0x3f8},
    {"uart0_gate", "gate_and", 0},
    {"uart1", "uart16550", 0x2f8},
    {"uart1_gate", "gate_and", 0},
    {"post_card", "post_card", 0},
    {"debugcon", "debugcon", 0},
    {"debug_exit", "debug_exit", 0},
    {"shutdown_port", "shutdown_port", 0},
};

#define PARTS ARRAY_LENGTH(parts)

struct net {
    const char *from; /* "part.output" or "high" */
    const char *to;   /* "part.input", "cpu.pin" or "memory.a20" */
};

static const struct net nets[] = {
    /* Interrupts: two 8259A in cascade */
    {"pic0.int", "cpu.intr"},
    {"pic1.int", "pic0.ir2"},
    {"pic0.cas0", "pic1.cas0"},
    {"pic0.cas1", "pic1.cas1"},
    {"pic0.cas2", "pic1.cas2"},
    {"high", "pic0.sp"},
    {"elcr.level0", "pic0.lt0"},
    {"elcr.level1", "pic0.lt1"},
    {"elcr.level2", "pic0.lt2"},
    {"elcr.level3", "pic0.lt3"},
    {"elcr.level4", "pic0.lt4"},
    {"elcr.level5", "pic0.lt5"},
    {"elcr.level6", "pic0.lt6"},
    {"elcr.level7", "pic0.lt7"},
    {"elcr.level8", "pic1.lt0"},
    {"elcr.level9", "pic1.lt1"},
    {"elcr.level10", "pic1.lt2"},
    {"elcr.level11", "pic1.lt3"},
    {"elcr.level12", "pic1.lt4"},
    {"elcr.level13", "pic1.lt5"},
    {"elcr.level14", "pic1.lt6"},
    {"elcr.level15", "pic1.lt7"},
    /* Timer and speaker */
    {"high", "pit.gate0"},
    {"high", "pit.gate1"},
    {"port61.gate2", "pit.gate2"},
    {"pit.out0", "pic0.ir0"},
    {"pit.out2", "port61.out2"},
    /* Clock, keyboard, auxiliary device, power management, coprocessor */
    {"rtc.irq", "pic1.ir0"},
    {"kbc.irq1", "pic0.ir1"},
    {"kbc.irq12", "pic1.ir4"},
    {"acpi_pm.sci", "pic1.ir1"},
    {"ferr_latch.irq13", "pic1.ir5"},
    {"ferr_latch.ignne", "cpu.ignne"},
    /* A20 and INIT have several drivers */
    {"kbc.a20", "a20_gate.a"},
    {"port92.a20", "a20_gate.b"},
    {"a20_gate.out", "memory.a20"},
    {"kbc.init", "init_gate.a"},
    {"port92.init", "init_gate.b"},
    {"reset_control.init", "init_gate.c"},
    {"init_gate.out", "cpu.init"},
    /* Serial lines without the line's delay (docs/decisions); OUT2 lets the interrupt through, as on every PC */
    {"high", "uart0.fast"},
    {"high", "uart1.fast"},
    {"high", "uart0.cts"}, /* a terminal is plugged in and switched on */
    {"high", "uart0.dsr"},
    {"high", "uart0.dcd"},
    {"uart0.intr", "uart0_gate.a"},
    {"uart0.out2", "uart0_gate.b"},
    {"uart0_gate.out", "pic0.ir4"},
    {"uart1.intr", "uart1_gate.a"},
    {"uart1.out2", "uart1_gate.b"},
    {"uart1_gate.out", "pic0.ir3"},
};

struct board {
    struct memory memory;
    struct ports ports;
    struct clock clock;
    struct board_sockets sockets;
    struct device_board device_board;
    struct device devices[PARTS];
    struct device *master_pic, *slave_pic;
    unsigned cascade_pin; /* the master's output that calls a slave */
    int interrupt_line;   /* see board_interrupt_line */
    struct device *ferr_latch, *power_management;
    uint8_t firmware[BOARD_FIRMWARE_SIZE];
};

#define SCI_LINE 9 /* pic1.ir1 */

/* ---- sockets that are no chips ---- */

enum socket_pin { SOCKET_INTR, SOCKET_NMI, SOCKET_INIT, SOCKET_IGNNE, SOCKET_A20, SOCKET_PINS };
static const char *const socket_names[SOCKET_PINS] = {"cpu.intr", "cpu.nmi", "cpu.init", "cpu.ignne",
                                                      "memory.a20"};

static void socket_drive(void (*socket)(void *context, bool level), void *context, bool level)
{
    if (socket != NULL)
        socket(context, level);
}

static void socket_input(void *context, unsigned pin, bool level)
{
    struct board *board = context;
    const struct board_sockets *sockets = &board->sockets;
    switch (pin) {
    case SOCKET_INTR:
        socket_drive(sockets->intr, sockets->context, level);
        break;
    case SOCKET_NMI:
        socket_drive(sockets->nmi, sockets->context, level);
        break;
    case SOCKET_INIT:
        socket_drive(sockets->init, sockets->context, level);
        break;
    case SOCKET_IGNNE:
        socket_drive(sockets->ignne, sockets->context, level);
        break;
    default:
        memory_set_a20(&board->memory, level);
        break;
    }
}

static int socket_find(const char *name)
{
    for (int i = 0; i < SOCKET_PINS; i++) {
        if (strcmp(socket_names[i], name) == 0)
            return i;
    }
    return -1;
}

/* ---- soldering ---- */

/* Splits "part.pin"; returns the part. */
static struct device *pin_split(struct board *board, const char *text, const char **pin)
{
    const char *dot = strchr(text, '.');
    INVARIANT(dot != NULL);
    char name[32];
    size_t length = (size_t)(dot - text);
    INVARIANT(length < sizeof name);
    memcpy(name, text, length);
    name[length] = '\0';
    struct device *device = board_part(board, name);
    INVARIANT(device != NULL);
    *pin = dot + 1;
    return device;
}

static void pin_drive(struct device *device, const char *pin, bool level)
{
    int number = device_find_input(device->class, pin);
    INVARIANT(number >= 0);
    device->class->input(device, (unsigned)number, level);
}

static void net_tie_high(struct board *board, const char *to)
{
    const char *pin;
    struct device *device = pin_split(board, to, &pin);
    pin_drive(device, pin, true);
}

static void net_solder(struct board *board, const struct net *net)
{
    if (strcmp(net->from, "high") == 0) {
        net_tie_high(board, net->to);
        return;
    }
    const char *output, *input;
    struct device *from = pin_split(board, net->from, &output);
    int socket = socket_find(net->to);
    if (socket < 0) {
        struct device *to = pin_split(board, net->to, &input);
        device_connect(from, output, to, input);
        return;
    }
    int number = device_find_output(from->class, output);
    INVARIANT(number >= 0);
    wire_connect(&from->outputs[number], socket_input, board, (unsigned)socket);
}

/* ---- what the parts ask of the board ---- */

static void on_request(void *context, struct device *device, enum board_request request, uint32_t value)
{
    struct board *board = context;
    (void)device;
    board->sockets.request(board->sockets.context, request, value);
}

static void on_transmit(void *context, struct device *device, const uint8_t *bytes, size_t count)
{
    struct board *board = context;
    board->sockets.transmit(board->sockets.context, device->name, bytes, count);
}

static void map_memory(struct board *board, uint64_t memory_bytes)
{
    struct memory *memory = &board->memory;
    memory_map_ram(memory, "conventional memory", 0, BOARD_LOW_RAM_END, 0);
    memory_map_ram(memory, "ACPI RAM", BOARD_ACPI_RAM, PAGE_SIZE, BOARD_ACPI_RAM);
    memory_map_rom(memory, "firmware area", BOARD_FIRMWARE_BASE, BOARD_FIRMWARE_SIZE, board->firmware);
    if (memory_bytes > BOARD_HIGH_RAM)
        memory_map_ram(memory, "extended memory", BOARD_HIGH_RAM, memory_bytes - BOARD_HIGH_RAM,
                       BOARD_HIGH_RAM);
}

static void write_acpi_tables(struct board *board)
{
    static const struct acpi_hardware hardware = {
        .pm_base = ACPI_PM_BASE,
        .sci = SCI_LINE,
        .century_index = FIRMWARE_CMOS_CENTURY,
    };
    acpi_tables_write(&hardware, board->firmware, BOARD_FIRMWARE_BASE, board->memory.ram + BOARD_ACPI_RAM,
                      BOARD_ACPI_RAM);
}

/* The port that the configuration puts a part at; 0: none. */
static uint16_t port_asked_for(const struct part *part, const struct board_config *config)
{
    if (strcmp(part->name, "debug_exit") == 0)
        return config->exit_port;
    if (strcmp(part->name, "post_card") == 0)
        return config->post_port;
    return 0;
}

static bool ports_are_free(const struct ports *ports, uint16_t first, unsigned count, struct error *error)
{
    if (first + count > PORT_COUNT)
        return error_set(error, ERROR_USAGE, "port %04Xh: %u ports from there do not exist", first, count);
    for (unsigned port = first; port < first + count; port++) {
        unsigned owner = ports->owner[port];
        if (owner != 0)
            return error_set(error, ERROR_USAGE, "port %04Xh belongs to another part of the board (%s)", port,
                             ports->ranges[owner - 1].name);
    }
    return true;
}

/* Parts that are moved come last, so that a clash is the mover's. */
static bool make_parts(struct board *board, const struct board_config *config, bool moved,
                       struct error *error)
{
    for (unsigned i = 0; i < PARTS; i++) {
        const struct part *part = &parts[i];
        const struct device_class *class = device_class_find(part->class);
        INVARIANT(class != NULL);
        uint16_t asked = port_asked_for(part, config);
        if ((asked != 0) != moved)
            continue;
        if (moved && !ports_are_free(&board->ports, asked, class->ports[0].count, error))
            return false;
        device_init(&board->devices[i], class, part->name, &board->device_board,
                    moved ? asked : part->port_base);
    }
    return true;
}

static void join_parts(struct board *board)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(nets); i++)
        net_solder(board, &nets[i]);
    board->master_pic = board_part(board, "pic0");
    board->slave_pic = board_part(board, "pic1");
    board->ferr_latch = board_part(board, "ferr_latch");
    board->power_management = board_part(board, "acpi_pm");
    board->interrupt_line = -1;
    board->cascade_pin = (unsigned)device_find_output(board->master_pic->class, "cas");
}

struct board *board_new(const struct board_config *config, struct error *error)
{
    struct board *board = calloc(1, sizeof *board);
    if (board == NULL) {
        error_set(error, ERROR_HOST, "not enough memory for the board");
        return NULL;
    }
    if (!memory_init(&board->memory, config->memory_bytes, error)) {
        free(board);
        return NULL;
    }
    ports_init(&board->ports);
    clock_init(&board->clock, config->instruction_ns);
    map_memory(board, config->memory_bytes);
    board->sockets = config->sockets;
    board->device_board = (struct device_board){
        .clock = &board->clock,
        .memory = &board->memory,
        .ports = &board->ports,
        .log = config->log,
        .request = on_request,
        .transmit = on_transmit,
        .start_seconds = config->start_seconds,
        .context = board,
    };
    if (!make_parts(board, config, false, error) || !make_parts(board, config, true, error)) {
        board_free(board);
        return NULL;
    }
    join_parts(board);
    board_reset(board); /* the supply is up: RESET# ends, and pins that are tied high are no events */
    return board;
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    for (unsigned i = 0; i < PARTS; i++)
        device_free(&board->devices[i]);
    memory_free(&board->memory);
    free(board);
}

struct memory *board_memory(struct board *board)
{
    return &board->memory;
}

struct ports *board_ports(struct board *board)
{
    return &board->ports;
}

struct clock *board_clock(struct board *board)
{
    return &board->clock;
}

void board_reset(struct board *board)
{
    for (unsigned i = 0; i < PARTS; i++)
        device_reset(&board->devices[i]);
    write_acpi_tables(board);
}

/* A slave answers when the master calls it through the cascade lines. */
uint8_t board_interrupt_acknowledge(struct board *board)
{
    uint8_t vector = board->master_pic->class->acknowledge(board->master_pic);
    bool cascaded = device_output_level(board->master_pic, board->cascade_pin);
    if (cascaded)
        vector = board->slave_pic->class->acknowledge(board->slave_pic);
    /* In 8086 mode the low three bits of the vector are the number of the input (8259A datasheet, ICW2). */
    board->interrupt_line = (vector & 7) + (cascaded ? 8 : 0);
    return vector;
}

bool board_can_interrupt(const struct board *board)
{
    const struct i8259 *master = board->master_pic->state;
    const struct i8259 *slave = board->slave_pic->state;
    uint8_t cascade = 1u << CASCADE_LINE;
    return (master->imr | cascade) != 0xff || (!(master->imr & cascade) && slave->imr != 0xff);
}

int board_interrupt_line(const struct board *board)
{
    return board->interrupt_line;
}

void board_set_ferr(struct board *board, bool level)
{
    pin_drive(board->ferr_latch, "ferr", level);
}

void board_press_power_button(struct board *board)
{
    pin_drive(board->power_management, "power_button", true);
    pin_drive(board->power_management, "power_button", false);
}

uint64_t board_acpi_rsdp(const struct board *board)
{
    (void)board;
    return BOARD_FIRMWARE_BASE;
}

bool board_is_transmitting(const struct board *board)
{
    for (unsigned i = 0; i < PARTS; i++) {
        const struct device *device = &board->devices[i];
        if (device->class->busy != NULL && device->class->busy(device))
            return true;
    }
    return false;
}

struct device *board_part(struct board *board, const char *name)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (strcmp(parts[i].name, name) == 0)
            return &board->devices[i];
    }
    return NULL;
}

unsigned board_parts(const struct board *board)
{
    (void)board;
    return PARTS;
}

const struct device *board_part_at(const struct board *board, unsigned number)
{
    INVARIANT(number < PARTS);
    return &board->devices[number];
}

uint64_t board_state_hash(const struct board *board, uint64_t seed)
{
    uint64_t hash = memory_hash(&board->memory, seed);
    for (unsigned i = 0; i < PARTS; i++)
        hash = state_rows_hash(board->devices[i].class->rows, board->devices[i].state, hash);
    uint64_t now = clock_now(&board->clock);
    hash = hash_bytes(&now, sizeof now, hash);
    for (unsigned i = 0; i < board->clock.events_used; i++) {
        uint64_t due = clock_due(&board->clock, i);
        hash = hash_bytes(&due, sizeof due, hash);
    }
    return hash;
}
