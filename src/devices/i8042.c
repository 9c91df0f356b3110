/* Intel 8042 as keyboard controller: see the header. */
#include "devices/i8042.h"

#include "devices/scan_codes.h"

enum { RANGE_DATA, RANGE_COMMAND };
enum { OUT_IRQ1, OUT_IRQ12, OUT_A20, OUT_INIT };
enum { EVENT_CABLE, EVENT_TEST, EVENT_PULSE };

#define STATUS_OUTPUT_FULL   0x01
#define STATUS_SYSTEM        0x04
#define STATUS_COMMAND       0x08
#define STATUS_NOT_INHIBITED 0x10
#define STATUS_AUXILIARY     0x20
#define STATUS_TIME_OUT      0x40

/* The command byte. */
#define MODE_IRQ1              0x01
#define MODE_IRQ12             0x02
#define MODE_SYSTEM            0x04
#define MODE_DISABLE_KEYBOARD  0x10
#define MODE_DISABLE_AUXILIARY 0x20
#define MODE_TRANSLATE         0x40

#define OUTPUT_PORT_NO_RESET 0x01
#define OUTPUT_PORT_A20      0x02
#define OUTPUT_PORT_IRQ1     0x10
#define OUTPUT_PORT_IRQ12    0x20
#define OUTPUT_PORT_RESET    0xcf

#define INPUT_PORT      0xb0 /* not locked, manufacturing jumper open, both RAM banks */
#define NO_PASSWORD     0xf1
#define SELF_TEST_GOOD  0x55
#define INTERFACE_GOOD  0x00
#define NOBODY_ANSWERED 0xfe

#define CABLE_BYTE_NS 1000000u   /* 11 bits at about 11 kHz */
#define TEST_NS       300000000u /* BAT: 300 to 500 ms */
#define PULSE_NS      6000u      /* commands F0h-FFh */

static void i8042_update(struct device *device)
{
    const struct i8042 *controller = device->state;
    uint8_t mode = controller->ram[0];
    bool full = controller->output_full;
    device_drive(device, OUT_IRQ1, full && !controller->output_auxiliary && (mode & MODE_IRQ1));
    device_drive(device, OUT_IRQ12, full && controller->output_auxiliary && (mode & MODE_IRQ12));
}

/* Puts a byte at port 60h; one that was not read yet is lost, as on the chip. */
static void i8042_answer(struct device *device, uint8_t byte, bool auxiliary)
{
    struct i8042 *controller = device->state;
    controller->output = byte;
    controller->output_full = true;
    controller->output_auxiliary = auxiliary;
    i8042_update(device);
}

/* Starts the next byte over the keyboard cable when there is one and the controller lets the clock run. */
static void i8042_kick(struct device *device)
{
    struct i8042 *controller = device->state;
    if (controller->carrying || controller->output_full || (controller->ram[0] & MODE_DISABLE_KEYBOARD) ||
        !keyboard_has_output(&controller->keyboard))
        return;
    controller->carrying = true;
    device_schedule(device, EVENT_CABLE, device_now(device) + CABLE_BYTE_NS);
}

/* Set 2 to set 1 as the controller's firmware does it: F0h becomes bit 7 of the code that follows. */
static bool i8042_translate(struct i8042 *controller, uint8_t *byte)
{
    if (!(controller->ram[0] & MODE_TRANSLATE))
        return true;
    if (*byte == SCAN_BREAK) {
        controller->translate_break = true;
        return false;
    }
    *byte = scan_code_set1(*byte) | (controller->translate_break ? 0x80 : 0);
    controller->translate_break = false;
    return true;
}

static void i8042_cable(struct device *device)
{
    struct i8042 *controller = device->state;
    controller->carrying = false;
    /* Disabled or filled meanwhile: the keyboard keeps its byte and sends it again later. */
    if (!controller->output_full && !(controller->ram[0] & MODE_DISABLE_KEYBOARD) &&
        keyboard_has_output(&controller->keyboard)) {
        uint8_t byte = keyboard_take_output(&controller->keyboard);
        if (i8042_translate(controller, &byte))
            i8042_answer(device, byte, false);
    }
    i8042_kick(device);
}

static void i8042_drive_a20(struct device *device)
{
    const struct i8042 *controller = device->state;
    device_drive(device, OUT_A20, controller->output_port & OUTPUT_PORT_A20);
}

static void i8042_pulse_init(struct device *device)
{
    device_drive(device, OUT_INIT, true);
    device_drive(device, OUT_INIT, false);
}

static void i8042_event(struct device *device, unsigned event)
{
    struct i8042 *controller = device->state;
    switch (event) {
    case EVENT_CABLE:
        i8042_cable(device);
        break;
    case EVENT_TEST:
        keyboard_test_done(&controller->keyboard);
        i8042_kick(device);
        break;
    default:
        i8042_drive_a20(device);
        break;
    }
}

static void i8042_write_output_port(struct device *device, uint8_t value)
{
    struct i8042 *controller = device->state;
    /* Bit 0 holds the processor in reset while it is low; nobody could raise it again, so it is a pulse. */
    controller->output_port = value | OUTPUT_PORT_NO_RESET;
    i8042_drive_a20(device);
    if (!(value & OUTPUT_PORT_NO_RESET))
        i8042_pulse_init(device);
}

/* Commands F0h-FFh: output port bits whose command bit is 0 go low for some 6 us. */
static void i8042_pulse_output_port(struct device *device, uint8_t command)
{
    if (!(command & OUTPUT_PORT_A20)) {
        device_drive(device, OUT_A20, false);
        device_schedule(device, EVENT_PULSE, device_now(device) + PULSE_NS);
    }
    if (!(command & OUTPUT_PORT_NO_RESET))
        i8042_pulse_init(device);
}

static uint8_t i8042_read_output_port(const struct device *device)
{
    const struct i8042 *controller = device->state;
    return (uint8_t)((controller->output_port & ~(OUTPUT_PORT_IRQ1 | OUTPUT_PORT_IRQ12)) |
                     (device_output_level(device, OUT_IRQ1) ? OUTPUT_PORT_IRQ1 : 0) |
                     (device_output_level(device, OUT_IRQ12) ? OUTPUT_PORT_IRQ12 : 0));
}

static void i8042_set_mode(struct device *device, uint8_t set, uint8_t clear)
{
    struct i8042 *controller = device->state;
    controller->ram[0] = (uint8_t)((controller->ram[0] | set) & ~clear);
    i8042_update(device);
    i8042_kick(device);
}

/* Commands with neither parameter nor row in the switch below: RAM and the pulses. Returns false for an unknown one. */
static bool i8042_range_command(struct device *device, uint8_t command)
{
    struct i8042 *controller = device->state;
    if (command >= 0x20 && command <= 0x3f)
        i8042_answer(device, controller->ram[command - 0x20], false);
    else if (command >= 0x60 && command <= 0x7f)
        controller->command = command;
    else if (command >= 0xf0)
        i8042_pulse_output_port(device, command);
    else
        return false;
    return true;
}

static void i8042_write_command(struct device *device, uint8_t command)
{
    struct i8042 *controller = device->state;
    controller->last_was_command = true;
    controller->command = 0;
    if (i8042_range_command(device, command))
        return;
    switch (command) {
    case 0xa4:
        i8042_answer(device, NO_PASSWORD, false);
        break;
    case 0xa6:
        break;
    case 0xa7:
        i8042_set_mode(device, MODE_DISABLE_AUXILIARY, 0);
        break;
    case 0xa8:
        i8042_set_mode(device, 0, MODE_DISABLE_AUXILIARY);
        break;
    case 0xa9:
        i8042_answer(device, INTERFACE_GOOD, false);
        break;
    case 0xaa:
        i8042_set_mode(device, MODE_SYSTEM, 0);
        i8042_answer(device, SELF_TEST_GOOD, false);
        break;
    case 0xab:
        i8042_answer(device, INTERFACE_GOOD, false);
        break;
    case 0xad:
        i8042_set_mode(device, MODE_DISABLE_KEYBOARD, 0);
        break;
    case 0xae:
        i8042_set_mode(device, 0, MODE_DISABLE_KEYBOARD);
        break;
    case 0xc0:
        i8042_answer(device, INPUT_PORT, false);
        break;
    case 0xd0:
        i8042_answer(device, i8042_read_output_port(device), false);
        break;
    case 0xa5:
    case 0xd1:
    case 0xd2:
    case 0xd3:
    case 0xd4:
        controller->command = command;
        break;
    case 0xdd: /* A20 off and on in one byte, as many chip sets have it */
        i8042_write_output_port(device, controller->output_port & (uint8_t)~OUTPUT_PORT_A20);
        break;
    case 0xdf:
        i8042_write_output_port(device, controller->output_port | OUTPUT_PORT_A20);
        break;
    case 0xe0: /* test inputs: keyboard clock and data, both idle high unless the clock is held */
        i8042_answer(device, controller->ram[0] & MODE_DISABLE_KEYBOARD ? 0x02 : 0x03, false);
        break;
    default:
        log_once(device->board->log, (uint64_t)command << 32 | 0x64, "%s: command %02xh is not implemented",
                 device->name, command);
        break;
    }
}

static void i8042_write_keyboard(struct device *device, uint8_t byte)
{
    struct i8042 *controller = device->state;
    /* A byte for the keyboard switches its clock on again. */
    controller->ram[0] &= (uint8_t)~MODE_DISABLE_KEYBOARD;
    controller->translate_break = false;
    if (keyboard_command(&controller->keyboard, byte))
        device_schedule(device, EVENT_TEST, device_now(device) + TEST_NS);
    i8042_kick(device);
}

static void i8042_write_data(struct device *device, uint8_t byte)
{
    struct i8042 *controller = device->state;
    uint8_t command = controller->command;
    controller->last_was_command = false;
    controller->command = 0;
    switch (command) {
    case 0:
        i8042_write_keyboard(device, byte);
        break;
    case 0xa5: /* a password ends with a zero byte */
        controller->command = byte != 0 ? command : 0;
        break;
    case 0xd1:
        i8042_write_output_port(device, byte);
        break;
    case 0xd2:
    case 0xd3:
        i8042_answer(device, byte, command == 0xd3);
        break;
    case 0xd4:
        controller->time_out = true;
        i8042_answer(device, NOBODY_ANSWERED, true);
        break;
    default:
        controller->ram[command - 0x60] = byte;
        i8042_set_mode(device, 0, 0);
        break;
    }
}

static uint8_t i8042_read_data(struct device *device)
{
    struct i8042 *controller = device->state;
    controller->output_full = false;
    controller->output_auxiliary = false;
    controller->time_out = false;
    i8042_update(device);
    i8042_kick(device);
    return controller->output;
}

static uint8_t i8042_status(const struct i8042 *controller)
{
    return STATUS_NOT_INHIBITED | (controller->output_full ? STATUS_OUTPUT_FULL : 0) |
           (controller->ram[0] & MODE_SYSTEM ? STATUS_SYSTEM : 0) |
           (controller->last_was_command ? STATUS_COMMAND : 0) |
           (controller->output_full && controller->output_auxiliary ? STATUS_AUXILIARY : 0) |
           (controller->time_out ? STATUS_TIME_OUT : 0);
}

static uint32_t i8042_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return range == RANGE_DATA ? i8042_read_data(device) : i8042_status(device->state);
}

static void i8042_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                             unsigned size)
{
    (void)offset;
    (void)size;
    if (range == RANGE_DATA)
        i8042_write_data(device, (uint8_t)value);
    else
        i8042_write_command(device, (uint8_t)value);
}

/* Keys never wait outside: a full keyboard buffer takes the overrun code instead. */
static size_t i8042_receive(struct device *device, const uint8_t *bytes, size_t count)
{
    struct i8042 *controller = device->state;
    for (size_t i = 0; i < count; i++)
        keyboard_key(&controller->keyboard, bytes[i]);
    i8042_kick(device);
    return count;
}

static void i8042_reset(struct device *device, bool power_on)
{
    (void)power_on;
    struct i8042 *controller = device->state;
    keyboard_reset(&controller->keyboard);
    for (unsigned i = 0; i < I8042_RAM; i++)
        controller->ram[i] = 0;
    controller->ram[0] = MODE_DISABLE_KEYBOARD | MODE_DISABLE_AUXILIARY;
    controller->output_port = OUTPUT_PORT_RESET;
    controller->command = 0;
    controller->output_full = false;
    controller->output_auxiliary = false;
    controller->time_out = false;
    controller->last_was_command = false;
    controller->carrying = false;
    controller->translate_break = false;
    device_cancel(device, EVENT_CABLE);
    device_cancel(device, EVENT_TEST);
    device_cancel(device, EVENT_PULSE);
    i8042_update(device);
    i8042_drive_a20(device);
}

static const struct state_row i8042_rows[] = {
    ROW_STRUCT(struct i8042, keyboard, keyboard_rows),
    ROW_ARRAY(struct i8042, ram),
    ROW(struct i8042, output),
    ROW(struct i8042, output_port),
    ROW(struct i8042, command),
    ROW(struct i8042, output_full),
    ROW(struct i8042, output_auxiliary),
    ROW(struct i8042, time_out),
    ROW(struct i8042, last_was_command),
    ROW(struct i8042, carrying),
    ROW(struct i8042, translate_break),
    ROW_END,
};

const struct device_class i8042_class = {
    .name = "i8042",
    .manual = "IBM PS/2 Hardware Interface Technical Reference, Keyboard and Auxiliary Device Controller",
    .state_size = sizeof(struct i8042),
    .rows = i8042_rows,
    .outputs = (const char *const[]){"irq1", "irq12", "a20", "init", NULL},
    .events = (const char *const[]){"cable", "test", "pulse", NULL},
    .ports = (const struct device_ports[]){{"data", 0x60, 1, 1}, {"command", 0x64, 1, 1}, {0}},
    .reset = i8042_reset,
    .event = i8042_event,
    .port_read = i8042_port_read,
    .port_write = i8042_port_write,
    .receive = i8042_receive,
};
