/* The 8254's channel 0 as a periodic interrupt through the 8259A pair. */
#ifndef IMAGES_TIMER_H
#define IMAGES_TIMER_H

/* Moves the 16 interrupts to TIMER_VECTOR (20h) and up, opens IRQ 0 alone and starts it at `hertz` (19 to 100000). */
void timer_start(unsigned hertz);

/* End of interrupt: lets the next one in. */
void timer_acknowledge(void);

#endif
