#include "lib/timer.h"

#include "lib/ports.h"
#include "lib/tables.h"

#define PIT_CHANNEL0   0x40
#define PIT_CONTROL    0x43
#define PIT_RATE       0x34 /* channel 0, low then high byte, mode 2 */
#define PIT_HERTZ      1193182
#define PIC_MASTER     0x20
#define PIC_SLAVE      0xa0
#define PIC_INIT       0x11 /* ICW1: edge triggered, cascaded, ICW4 follows */
#define PIC_8086       0x01 /* ICW4 */
#define PIC_END        0x20 /* OCW2: non-specific end of interrupt */
#define PIC_SLAVE_LINE 2

void timer_start(unsigned hertz)
{
    const unsigned divisor = PIT_HERTZ / hertz;
    port_write(PIC_MASTER, PIC_INIT);
    port_write(PIC_SLAVE, PIC_INIT);
    port_write(PIC_MASTER + 1, TIMER_VECTOR);
    port_write(PIC_SLAVE + 1, TIMER_VECTOR + 8);
    port_write(PIC_MASTER + 1, 1 << PIC_SLAVE_LINE);
    port_write(PIC_SLAVE + 1, PIC_SLAVE_LINE);
    port_write(PIC_MASTER + 1, PIC_8086);
    port_write(PIC_SLAVE + 1, PIC_8086);
    port_write(PIC_MASTER + 1, 0xfe);
    port_write(PIC_SLAVE + 1, 0xff);
    port_write(PIT_CONTROL, PIT_RATE);
    port_write(PIT_CHANNEL0, (uint8_t)divisor);
    port_write(PIT_CHANNEL0, (uint8_t)(divisor >> 8));
}

void timer_acknowledge(void)
{
    port_write(PIC_MASTER, PIC_END);
}
