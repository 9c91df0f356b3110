/* Intel 8259A: see the header. Section names are those of the data sheet. */
#include "devices/i8259.h"

enum { RANGE_COMMAND };
enum { IN_IR0 = 0, IN_LT0 = 8, IN_CAS0 = 16, IN_SP = 19 };
enum { OUT_INT, OUT_CAS, OUT_CAS0 };

#define ICW1_IC4   0x01
#define ICW1_SNGL  0x02
#define ICW1_LTIM  0x08
#define ICW1_D4    0x10
#define ICW4_UPM   0x01
#define ICW4_AEOI  0x02
#define ICW4_MS    0x04
#define ICW4_BUF   0x08
#define ICW4_SFNM  0x10
#define OCW3_D3    0x08
#define OCW3_RIS   0x01
#define OCW3_RR    0x02
#define OCW3_P     0x04
#define OCW3_SMM   0x20
#define OCW3_ESMM  0x40
#define LEVEL_NONE 8u
/* "If no interrupt request is present at step 4 of either sequence ... the 8259A will issue an interrupt
 * level 7." */
#define LEVEL_DEFAULT 7u

static bool i8259_is_master(const struct i8259 *pic)
{
    return pic->icw4 & ICW4_BUF ? pic->icw4 & ICW4_MS : pic->master;
}

static bool i8259_has_slave(const struct i8259 *pic, unsigned level)
{
    return !(pic->icw1 & ICW1_SNGL) && i8259_is_master(pic) && (pic->icw3 >> level & 1);
}

static uint8_t i8259_irr(const struct i8259 *pic)
{
    uint8_t level_triggered = pic->icw1 & ICW1_LTIM ? 0xff : pic->level_select;
    return pic->lines & (pic->edges | level_triggered);
}

/* The level of highest priority among `levels`, or LEVEL_NONE. */
static unsigned i8259_highest(const struct i8259 *pic, uint8_t levels)
{
    for (unsigned i = 1; i <= 8; i++) {
        unsigned level = (pic->lowest + i) & 7;
        if (levels >> level & 1)
            return level;
    }
    return LEVEL_NONE;
}

/* The level whose request gets through mask and priority, or LEVEL_NONE. */
static unsigned i8259_request(const struct i8259 *pic)
{
    if (pic->step != I8259_READY)
        return LEVEL_NONE;
    unsigned requested = i8259_highest(pic, i8259_irr(pic) & (uint8_t)~pic->imr);
    /* Special Mask Mode: a masked level in service does not hold off the others. */
    uint8_t in_service = pic->special_mask ? pic->isr & (uint8_t)~pic->imr : pic->isr;
    unsigned serviced = i8259_highest(pic, in_service);
    if (requested == LEVEL_NONE || serviced == LEVEL_NONE)
        return requested;
    unsigned requested_rank = (requested - pic->lowest - 1) & 7;
    unsigned serviced_rank = (serviced - pic->lowest - 1) & 7;
    if (requested_rank < serviced_rank)
        return requested;
    /* Special Fully Nested Mode: a slave in service may still get a higher request of its own through. */
    if (requested == serviced && (pic->icw4 & ICW4_SFNM) && i8259_has_slave(pic, requested))
        return requested;
    return LEVEL_NONE;
}

static void i8259_update(struct device *device)
{
    const struct i8259 *pic = device->state;
    device_drive(device, OUT_INT, i8259_request(pic) != LEVEL_NONE);
}

/* What both an INTA sequence and a poll do: freeze the priority and put the level in service. */
static unsigned i8259_take(struct i8259 *pic)
{
    unsigned level = i8259_request(pic);
    if (level == LEVEL_NONE)
        return LEVEL_NONE;
    pic->isr |= (uint8_t)(1u << level);
    pic->edges &= (uint8_t) ~(1u << level);
    return level;
}

static void i8259_automatic_eoi(struct i8259 *pic, unsigned level)
{
    if (!(pic->icw4 & ICW4_AEOI))
        return;
    pic->isr &= (uint8_t) ~(1u << level);
    if (pic->rotate_in_aeoi)
        pic->lowest = (uint8_t)level;
}

static uint8_t i8259_acknowledge(struct device *device)
{
    struct i8259 *pic = device->state;
    bool called = i8259_is_master(pic) || (pic->icw1 & ICW1_SNGL) || (pic->icw3 & 7) == pic->cascade_id;
    if (!called)
        return 0xff;
    unsigned level = i8259_take(pic);
    bool slave_answers = level != LEVEL_NONE && i8259_has_slave(pic, level);
    if (slave_answers) {
        for (unsigned i = 0; i < 3; i++)
            device_drive(device, OUT_CAS0 + i, level >> i & 1);
    }
    device_drive(device, OUT_CAS, slave_answers);
    if (level != LEVEL_NONE)
        i8259_automatic_eoi(pic, level);
    else
        level = LEVEL_DEFAULT;
    /* INT falls between the acknowledge and the next request, which is an edge to a master above. */
    device_drive(device, OUT_INT, false);
    i8259_update(device);
    return slave_answers ? 0xff : (uint8_t)((pic->icw2 & 0xf8) | level);
}

static uint8_t i8259_poll(struct device *device)
{
    struct i8259 *pic = device->state;
    pic->poll = false;
    unsigned level = i8259_take(pic);
    if (level == LEVEL_NONE)
        return LEVEL_DEFAULT;
    i8259_automatic_eoi(pic, level);
    device_drive(device, OUT_INT, false);
    i8259_update(device);
    return (uint8_t)(0x80 | level);
}

static void i8259_write_icw1(struct device *device, uint8_t value)
{
    struct i8259 *pic = device->state;
    pic->icw1 = value;
    pic->step = I8259_WANTS_ICW2;
    pic->edges = 0;
    pic->imr = 0;
    pic->isr = 0;
    pic->lowest = 7;
    pic->icw3 = i8259_is_master(pic) ? 0 : 7;
    pic->special_mask = false;
    pic->read_isr = false;
    pic->poll = false;
    pic->rotate_in_aeoi = false;
    if (!(value & ICW1_IC4))
        pic->icw4 = 0;
    i8259_update(device);
}

static void i8259_end_of_interrupt(struct i8259 *pic, unsigned level, bool rotate)
{
    if (level == LEVEL_NONE)
        return;
    pic->isr &= (uint8_t) ~(1u << level);
    if (rotate)
        pic->lowest = (uint8_t)level;
}

static void i8259_write_ocw2(struct i8259 *pic, uint8_t value)
{
    unsigned level = value & 7;
    /* Special Mask Mode: a masked IS bit is not cleared by a non-specific EOI. */
    unsigned highest = i8259_highest(pic, pic->special_mask ? pic->isr & (uint8_t)~pic->imr : pic->isr);
    switch (value >> 5) { /* R, SL, EOI */
    case 0:
        pic->rotate_in_aeoi = false;
        break;
    case 1:
        i8259_end_of_interrupt(pic, highest, false);
        break;
    case 3:
        i8259_end_of_interrupt(pic, level, false);
        break;
    case 4:
        pic->rotate_in_aeoi = true;
        break;
    case 5:
        i8259_end_of_interrupt(pic, highest, true);
        break;
    case 6:
        pic->lowest = (uint8_t)level;
        break;
    case 7:
        i8259_end_of_interrupt(pic, level, true);
        break;
    default: /* 2: no operation */
        break;
    }
}

static void i8259_write_ocw3(struct i8259 *pic, uint8_t value)
{
    if (value & OCW3_ESMM)
        pic->special_mask = value & OCW3_SMM;
    if (value & OCW3_RR)
        pic->read_isr = value & OCW3_RIS;
    pic->poll = value & OCW3_P;
}

static void i8259_write_port1(struct device *device, uint8_t value)
{
    struct i8259 *pic = device->state;
    uint8_t after_icw3 = pic->icw1 & ICW1_IC4 ? I8259_WANTS_ICW4 : I8259_READY;
    switch (pic->step) {
    case I8259_WANTS_ICW2:
        pic->icw2 = value;
        pic->step = pic->icw1 & ICW1_SNGL ? after_icw3 : I8259_WANTS_ICW3;
        break;
    case I8259_WANTS_ICW3:
        pic->icw3 = value;
        pic->step = after_icw3;
        break;
    case I8259_WANTS_ICW4:
        pic->icw4 = value;
        pic->step = I8259_READY;
        if (!(value & ICW4_UPM))
            log_once(device->board->log, 0x8259, "%s: MCS-80/85 mode is not implemented, taken as 8086 mode",
                     device->name);
        break;
    default:
        pic->imr = value;
        break;
    }
}

static void i8259_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                             unsigned size)
{
    (void)range;
    (void)size;
    struct i8259 *pic = device->state;
    if (offset == 1)
        i8259_write_port1(device, (uint8_t)value);
    else if (value & ICW1_D4)
        i8259_write_icw1(device, (uint8_t)value);
    else if (value & OCW3_D3)
        i8259_write_ocw3(pic, (uint8_t)value);
    else
        i8259_write_ocw2(pic, (uint8_t)value);
    i8259_update(device);
}

static uint32_t i8259_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)size;
    const struct i8259 *pic = device->state;
    if (pic->poll)
        return i8259_poll(device);
    if (offset == 1)
        return pic->imr;
    return pic->read_isr ? pic->isr : i8259_irr(pic);
}

static uint8_t with_bit(uint8_t value, unsigned bit, bool level)
{
    return (uint8_t)((value & ~(1u << bit)) | (unsigned)level << bit);
}

static void i8259_input(struct device *device, unsigned pin, bool level)
{
    struct i8259 *pic = device->state;
    if (pin >= IN_SP) {
        pic->master = level;
    } else if (pin >= IN_CAS0) {
        pic->cascade_id = with_bit(pic->cascade_id, pin - IN_CAS0, level);
    } else if (pin >= IN_LT0) {
        pic->level_select = with_bit(pic->level_select, pin - IN_LT0, level);
    } else {
        pic->lines = with_bit(pic->lines, pin, level);
        /* A request that goes away before the acknowledge is forgotten: the processor then gets level 7. */
        pic->edges = with_bit(pic->edges, pin, level);
    }
    i8259_update(device);
}

/* The chip has no reset pin: it keeps its state over a reset of the processor. */
static void i8259_reset(struct device *device, bool power_on)
{
    struct i8259 *pic = device->state;
    if (!power_on)
        return;
    pic->step = I8259_UNINITIALIZED;
    pic->lowest = 7;
}

static const struct state_row i8259_rows[] = {
    ROW(struct i8259, lines),
    ROW(struct i8259, edges),
    ROW(struct i8259, level_select),
    ROW(struct i8259, imr),
    ROW(struct i8259, isr),
    ROW(struct i8259, icw1),
    ROW(struct i8259, icw2),
    ROW(struct i8259, icw3),
    ROW(struct i8259, icw4),
    ROW(struct i8259, step),
    ROW(struct i8259, lowest),
    ROW(struct i8259, cascade_id),
    ROW(struct i8259, master),
    ROW(struct i8259, special_mask),
    ROW(struct i8259, poll),
    ROW(struct i8259, read_isr),
    ROW(struct i8259, rotate_in_aeoi),
    ROW_END,
};

const struct device_class i8259_class = {
    .name = "i8259",
    .manual = "Intel 8259A Programmable Interrupt Controller, 231468-003",
    .state_size = sizeof(struct i8259),
    .rows = i8259_rows,
    .inputs =
        (const char *const[]){"ir0", "ir1", "ir2", "ir3", "ir4", "ir5",  "ir6",  "ir7",  "lt0", "lt1", "lt2",
                              "lt3", "lt4", "lt5", "lt6", "lt7", "cas0", "cas1", "cas2", "sp",  NULL},
    .outputs = (const char *const[]){"int", "cas", "cas0", "cas1", "cas2", NULL},
    .ports = (const struct device_ports[]){{"command", 0x20, 2, 1}, {0}},
    .reset = i8259_reset,
    .input = i8259_input,
    .port_read = i8259_port_read,
    .port_write = i8259_port_write,
    .acknowledge = i8259_acknowledge,
};
