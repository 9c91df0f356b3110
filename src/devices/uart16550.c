/* National PC16550D: see the header. Names in comments are sections of the data sheet. */
#include "devices/uart16550.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };
enum { IN_CTS, IN_DSR, IN_RI, IN_DCD, IN_FAST };
enum { OUT_INTR, OUT_DTR, OUT_RTS, OUT_OUT1, OUT_OUT2 };
enum { EVENT_TRANSMIT, EVENT_RECEIVE, EVENT_TIMEOUT, EVENT_THRE };

#define IER_RDA   0x01
#define IER_THRE  0x02
#define IER_RLS   0x04
#define IER_MODEM 0x08

#define IIR_NONE    0x01
#define IIR_MODEM   0x00
#define IIR_THRE    0x02
#define IIR_RDA     0x04
#define IIR_RLS     0x06
#define IIR_TIMEOUT 0x0c
#define IIR_FIFOS   0xc0

#define FCR_ENABLE         0x01
#define FCR_CLEAR_RECEIVE  0x02
#define FCR_CLEAR_TRANSMIT 0x04
#define FCR_KEPT           0xc9

#define LCR_STOP   0x04
#define LCR_PARITY 0x08
#define LCR_DLAB   0x80

#define MCR_DTR  0x01
#define MCR_RTS  0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_KEPT 0x1f

#define LSR_DR   0x01
#define LSR_OE   0x02
#define LSR_THRE 0x20
#define LSR_TEMT 0x40

#define MSR_CTS 0x10
#define MSR_DSR 0x20
#define MSR_RI  0x40
#define MSR_DCD 0x80

#define CRYSTAL_HZ          1843200u
#define CLOCKS_PER_HALF_BIT 8u
#define DIVISOR_9600        12

static bool uart_has_fifos(const struct uart16550 *uart)
{
    return uart->fcr & FCR_ENABLE;
}

static unsigned uart_depth(const struct uart16550 *uart)
{
    return uart_has_fifos(uart) ? UART16550_FIFO : 1;
}

static void fifo_put(struct uart16550_fifo *fifo, uint8_t byte)
{
    fifo->bytes[(fifo->first + fifo->count) % UART16550_FIFO] = byte;
    fifo->count++;
}

static uint8_t fifo_get(struct uart16550_fifo *fifo)
{
    uint8_t byte = fifo->bytes[fifo->first];
    fifo->first = (fifo->first + 1) % UART16550_FIFO;
    fifo->count--;
    return byte;
}

static void fifo_clear(struct uart16550_fifo *fifo)
{
    fifo->first = 0;
    fifo->count = 0;
}

/* Line Control Register: stop bits in half bits. */
static unsigned uart_stop_half_bits(const struct uart16550 *uart)
{
    if (!(uart->lcr & LCR_STOP))
        return 2;
    return (uart->lcr & 3) == 0 ? 3 : 4;
}

static uint64_t uart_half_bits_ns(const struct uart16550 *uart, unsigned half_bits)
{
    if (uart->fast)
        return 0;
    uint64_t divisor = uart->divisor ? uart->divisor : 65536; /* a 16-bit counter that is loaded with 0 */
    return half_bits * CLOCKS_PER_HALF_BIT * divisor * 1000000000u / CRYSTAL_HZ;
}

static uint64_t uart_character_ns(const struct uart16550 *uart)
{
    unsigned data_bits = 5 + (uart->lcr & 3);
    unsigned half_bits = 2 * (1 + data_bits + !!(uart->lcr & LCR_PARITY)) + uart_stop_half_bits(uart);
    return uart_half_bits_ns(uart, half_bits);
}

static uint8_t uart_character(const struct uart16550 *uart, uint8_t byte)
{
    if (uart->fast)
        return byte;
    return byte & (0xff >> (3 - (uart->lcr & 3)));
}

/* FIFO Control Register: the receiver FIFO's trigger level. */
static unsigned uart_trigger(const struct uart16550 *uart)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};
    return uart_has_fifos(uart) ? levels[uart->fcr >> 6] : 1;
}

static uint8_t uart_modem_lines(const struct uart16550 *uart)
{
    if (!(uart->mcr & MCR_LOOP))
        return uart->modem_lines;
    /* Modem Control Register: in loopback the four control bits are the four inputs. */
    return (uart->mcr & MCR_RTS ? MSR_CTS : 0) | (uart->mcr & MCR_DTR ? MSR_DSR : 0) |
           (uart->mcr & MCR_OUT1 ? MSR_RI : 0) | (uart->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static uint8_t uart_identification(const struct uart16550 *uart)
{
    if ((uart->ier & IER_RLS) && uart->lsr_errors)
        return IIR_RLS;
    if ((uart->ier & IER_RDA) && uart->receive.count >= uart_trigger(uart))
        return IIR_RDA;
    if ((uart->ier & IER_RDA) && uart->timeout)
        return IIR_TIMEOUT;
    if ((uart->ier & IER_THRE) && uart->thre_interrupt)
        return IIR_THRE;
    if ((uart->ier & IER_MODEM) && uart->modem_deltas)
        return IIR_MODEM;
    return IIR_NONE;
}

static void uart_update(struct device *device)
{
    const struct uart16550 *uart = device->state;
    bool loop = uart->mcr & MCR_LOOP; /* Modem Control Register: the control outputs are forced inactive */
    device_drive(device, OUT_DTR, !loop && (uart->mcr & MCR_DTR));
    device_drive(device, OUT_RTS, !loop && (uart->mcr & MCR_RTS));
    device_drive(device, OUT_OUT1, !loop && (uart->mcr & MCR_OUT1));
    device_drive(device, OUT_OUT2, !loop && (uart->mcr & MCR_OUT2));
    device_drive(device, OUT_INTR, uart_identification(uart) != IIR_NONE);
}

/* Records changes of the modem inputs; RI counts at its trailing edge. */
static void uart_modem_changed(struct uart16550 *uart, uint8_t before)
{
    uint8_t after = uart_modem_lines(uart);
    uint8_t changed = (before ^ after) & (uint8_t)~MSR_RI;
    uint8_t trailing = before & (uint8_t)~after & MSR_RI;
    uart->modem_deltas |= (uint8_t)((changed | trailing) >> 4);
}

static void uart_set_thre(struct uart16550 *uart)
{
    uart->thre = true;
    uart->thre_interrupt = true;
    uart->two_in_fifo = false;
}

/* Moves the next character into the shift register when that is free. */
static void uart_start_transmit(struct device *device)
{
    struct uart16550 *uart = device->state;
    if (uart->transmitting || uart->transmit.count == 0)
        return;
    uart->transmit_shift = uart_character(uart, fifo_get(&uart->transmit));
    uart->transmitting = true;
    uint64_t now = device_now(device);
    uint64_t character_ns = uart_character_ns(uart);
    device_schedule(device, EVENT_TRANSMIT, now + character_ns);
    if (uart->transmit.count != 0)
        return;
    /*
     * FIFO interrupt mode operation, B: the indication is delayed by a character less its stop bit when the
     * FIFO has not held two bytes at once since the last one.
     */
    if (uart_has_fifos(uart) && !uart->two_in_fifo)
        device_schedule(device, EVENT_THRE,
                        now + character_ns - uart_half_bits_ns(uart, uart_stop_half_bits(uart)));
    else
        uart_set_thre(uart);
}

/* Restarts the clock of the character time-out: four characters without a read or an arrival. */
static void uart_restart_timeout(struct device *device)
{
    struct uart16550 *uart = device->state;
    uart->timeout = false;
    if (uart_has_fifos(uart) && uart->receive.count > 0)
        device_schedule(device, EVENT_TIMEOUT, device_now(device) + 4 * uart_character_ns(uart));
    else
        device_cancel(device, EVENT_TIMEOUT);
}

static void uart_character_arrived(struct device *device, uint8_t byte)
{
    struct uart16550 *uart = device->state;
    if (uart->receive.count >= uart_depth(uart)) {
        uart->lsr_errors |= LSR_OE;
        /* Line Status Register: without FIFOs the new character replaces the old one, with them it is lost in
         * the shift register. */
        if (!uart_has_fifos(uart))
            uart->receive.bytes[uart->receive.first] = byte;
        return;
    }
    fifo_put(&uart->receive, byte);
    uart_restart_timeout(device);
}

static bool uart_has_room(const struct uart16550 *uart)
{
    return !uart->receiving && !(uart->mcr & MCR_LOOP) && uart->receive.count < uart_depth(uart);
}

static size_t uart_receive(struct device *device, const uint8_t *bytes, size_t count)
{
    struct uart16550 *uart = device->state;
    if (count == 0 || !uart_has_room(uart))
        return 0;
    uart->receive_shift = uart_character(uart, bytes[0]);
    uart->receiving = true;
    device_schedule(device, EVENT_RECEIVE, device_now(device) + uart_character_ns(uart));
    return 1;
}

static void uart_transmitted(struct device *device)
{
    struct uart16550 *uart = device->state;
    uart->transmitting = false;
    if (uart->mcr & MCR_LOOP)
        uart_character_arrived(device, uart->transmit_shift);
    else
        device_transmit(device, &uart->transmit_shift, 1);
    uart_start_transmit(device);
}

static void uart_event(struct device *device, unsigned event)
{
    struct uart16550 *uart = device->state;
    switch (event) {
    case EVENT_TRANSMIT:
        uart_transmitted(device);
        break;
    case EVENT_RECEIVE:
        uart->receiving = false;
        if (!(uart->mcr & MCR_LOOP)) /* Modem Control Register: SIN is disconnected */
            uart_character_arrived(device, uart->receive_shift);
        break;
    case EVENT_TIMEOUT:
        uart->timeout = uart->receive.count > 0;
        break;
    default:
        if (uart->transmit.count == 0)
            uart_set_thre(uart);
        break;
    }
    uart_update(device);
    if (event == EVENT_RECEIVE && uart_has_room(uart))
        device_ready_to_receive(device);
}

static uint8_t uart_read_data(struct device *device)
{
    struct uart16550 *uart = device->state;
    if (uart->receive.count == 0)
        return uart->receive.bytes[uart->receive.first]; /* what was left in the buffer */
    uint8_t byte = fifo_get(&uart->receive);
    uart_restart_timeout(device);
    uart_update(device);
    if (uart_has_room(uart))
        device_ready_to_receive(device);
    return byte;
}

static void uart_write_data(struct device *device, uint8_t value)
{
    struct uart16550 *uart = device->state;
    device_cancel(device, EVENT_THRE);
    uart->thre = false;
    uart->thre_interrupt = false;
    if (uart->transmit.count < uart_depth(uart))
        fifo_put(&uart->transmit, value);
    else if (!uart_has_fifos(uart))
        uart->transmit.bytes[uart->transmit.first] = value; /* the holding register is overwritten */
    if (uart->transmit.count >= 2)
        uart->two_in_fifo = true;
    uart_start_transmit(device);
}

static void uart_write_fcr(struct device *device, uint8_t value)
{
    struct uart16550 *uart = device->state;
    bool changed =
        (uart->fcr ^ value) & FCR_ENABLE; /* FIFO Control Register: a change of modes clears both FIFOs */
    /* FIFO Control Register: bit 0 must be set for the other bits to be programmed. */
    uart->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    bool enabled = value & FCR_ENABLE;
    if (changed || (enabled && (value & FCR_CLEAR_RECEIVE))) {
        fifo_clear(&uart->receive);
        uart_restart_timeout(device);
    }
    if (changed || (enabled && (value & FCR_CLEAR_TRANSMIT))) {
        fifo_clear(&uart->transmit);
        device_cancel(device, EVENT_THRE);
        if (!uart->thre)
            uart_set_thre(uart);
        uart->two_in_fifo =
            changed; /* "the first transmitter interrupt after changing FCR0 will be immediate" */
    }
    if (uart_has_room(uart))
        device_ready_to_receive(device);
}

static void uart_write_ier(struct uart16550 *uart, uint8_t value)
{
    bool newly = (value & IER_THRE) && !(uart->ier & IER_THRE);
    uart->ier = value & 0x0f;
    if (newly && uart->thre)
        uart->thre_interrupt = true; /* enabling the interrupt with an empty holding register raises it */
}

static void uart_write_mcr(struct device *device, uint8_t value)
{
    struct uart16550 *uart = device->state;
    uint8_t before = uart_modem_lines(uart);
    uart->mcr = value & MCR_KEPT;
    uart_modem_changed(uart, before);
    if (uart_has_room(uart))
        device_ready_to_receive(device);
}

static void uart_port_write(struct device *device, unsigned range, uint16_t offset, uint32_t value,
                            unsigned size)
{
    (void)range;
    (void)size;
    struct uart16550 *uart = device->state;
    uint8_t byte = (uint8_t)value;
    bool latch = uart->lcr & LCR_DLAB;
    switch (offset) {
    case REG_DATA:
        if (latch)
            uart->divisor = (uint16_t)((uart->divisor & 0xff00) | byte);
        else
            uart_write_data(device, byte);
        break;
    case REG_IER:
        if (latch)
            uart->divisor = (uint16_t)((uart->divisor & 0x00ff) | byte << 8);
        else
            uart_write_ier(uart, byte);
        break;
    case REG_IIR_FCR:
        uart_write_fcr(device, byte);
        break;
    case REG_LCR:
        uart->lcr = byte;
        break;
    case REG_MCR:
        uart_write_mcr(device, byte);
        break;
    case REG_SCRATCH:
        uart->scratch = byte;
        break;
    default: /* LSR and MSR: "intended for read operations only" */
        break;
    }
    uart_update(device);
}

static uint8_t uart_read_iir(struct device *device)
{
    struct uart16550 *uart = device->state;
    uint8_t identification = uart_identification(uart);
    if (identification == IIR_THRE) {
        uart->thre_interrupt = false;
        uart_update(device);
    }
    return identification | (uart_has_fifos(uart) ? IIR_FIFOS : 0);
}

static uint8_t uart_read_lsr(struct device *device)
{
    struct uart16550 *uart = device->state;
    bool empty = uart->thre && !uart->transmitting;
    uint8_t value = uart->lsr_errors | (uart->receive.count ? LSR_DR : 0) | (uart->thre ? LSR_THRE : 0) |
                    (empty ? LSR_TEMT : 0);
    uart->lsr_errors = 0;
    uart_update(device);
    return value;
}

static uint8_t uart_read_msr(struct device *device)
{
    struct uart16550 *uart = device->state;
    uint8_t value = uart_modem_lines(uart) | uart->modem_deltas;
    uart->modem_deltas = 0;
    uart_update(device);
    return value;
}

static uint32_t uart_port_read(struct device *device, unsigned range, uint16_t offset, unsigned size)
{
    (void)range;
    (void)size;
    const struct uart16550 *uart = device->state;
    bool latch = uart->lcr & LCR_DLAB;
    switch (offset) {
    case REG_DATA:
        return latch ? uart->divisor & 0xff : uart_read_data(device);
    case REG_IER:
        return latch ? uart->divisor >> 8 : uart->ier;
    case REG_IIR_FCR:
        return uart_read_iir(device);
    case REG_LCR:
        return uart->lcr;
    case REG_MCR:
        return uart->mcr;
    case REG_LSR:
        return uart_read_lsr(device);
    case REG_MSR:
        return uart_read_msr(device);
    default:
        return uart->scratch;
    }
}

static bool uart_busy(const struct device *device)
{
    const struct uart16550 *uart = device->state;
    return uart->transmitting || uart->transmit.count != 0;
}

static void uart_input(struct device *device, unsigned pin, bool level)
{
    struct uart16550 *uart = device->state;
    if (pin == IN_FAST) {
        uart->fast = level;
        return;
    }
    uint8_t before = uart_modem_lines(uart);
    unsigned bit = 4 + pin; /* the inputs are listed in the order of MSR bits 4-7 */
    uart->modem_lines = (uint8_t)((uart->modem_lines & ~(1u << bit)) | (unsigned)level << bit);
    uart_modem_changed(uart, before);
    uart_update(device);
}

/* Table "UART reset configuration". The divisor latch is not reset; at power-on it stands for 9600 baud. */
static void uart_reset(struct device *device, bool power_on)
{
    struct uart16550 *uart = device->state;
    if (power_on)
        uart->divisor = DIVISOR_9600;
    fifo_clear(&uart->receive);
    fifo_clear(&uart->transmit);
    uart->ier = 0;
    uart->fcr = 0;
    uart->lcr = 0;
    uart->mcr = 0;
    uart->lsr_errors = 0;
    uart->modem_deltas = 0;
    uart->transmitting = false;
    uart->receiving = false;
    uart->thre = true;
    uart->thre_interrupt = false;
    uart->timeout = false;
    uart->two_in_fifo = false;
    for (unsigned event = EVENT_TRANSMIT; event <= EVENT_THRE; event++)
        device_cancel(device, event);
    uart_update(device);
}

static const struct state_row fifo_rows[] = {
    ROW_ARRAY(struct uart16550_fifo, bytes),
    ROW(struct uart16550_fifo, first),
    ROW(struct uart16550_fifo, count),
    ROW_END,
};

static const struct state_row uart_rows[] = {
    ROW_STRUCT(struct uart16550, receive, fifo_rows),
    ROW_STRUCT(struct uart16550, transmit, fifo_rows),
    ROW(struct uart16550, divisor),
    ROW(struct uart16550, ier),
    ROW(struct uart16550, fcr),
    ROW(struct uart16550, lcr),
    ROW(struct uart16550, mcr),
    ROW(struct uart16550, lsr_errors),
    ROW(struct uart16550, scratch),
    ROW(struct uart16550, modem_lines),
    ROW(struct uart16550, modem_deltas),
    ROW(struct uart16550, transmit_shift),
    ROW(struct uart16550, receive_shift),
    ROW(struct uart16550, transmitting),
    ROW(struct uart16550, receiving),
    ROW(struct uart16550, thre),
    ROW(struct uart16550, thre_interrupt),
    ROW(struct uart16550, timeout),
    ROW(struct uart16550, fast),
    ROW(struct uart16550, two_in_fifo),
    ROW(struct uart16550, reserved),
    ROW_END,
};

const struct device_class uart16550_class = {
    .name = "uart16550",
    .manual = "National PC16550D Universal Asynchronous Receiver/Transmitter with FIFOs, TL/C/8652",
    .state_size = sizeof(struct uart16550),
    .rows = uart_rows,
    .inputs = (const char *const[]){"cts", "dsr", "ri", "dcd", "fast", NULL},
    .outputs = (const char *const[]){"intr", "dtr", "rts", "out1", "out2", NULL},
    .events = (const char *const[]){"transmit", "receive", "timeout", "thre", NULL},
    .ports = (const struct device_ports[]){{"registers", 0x3f8, 8, 1}, {0}},
    .reset = uart_reset,
    .input = uart_input,
    .event = uart_event,
    .port_read = uart_port_read,
    .port_write = uart_port_write,
    .receive = uart_receive,
    .busy = uart_busy,
};
