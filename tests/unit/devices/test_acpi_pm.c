/* ACPI fixed hardware. */
#include "devices/acpi_pm.h"
#include "unit/devices/bench.h"

static struct device pm;
static struct probe sci;

static void make_pm(void)
{
    bench_begin();
    device_init(&pm, &acpi_pm_class, "pm0", &bench.board, 0);
    bench_probe(&pm, "sci", &sci);
}

static void end_pm(void)
{
    device_free(&pm);
    bench_end();
}

static uint32_t get(unsigned offset, unsigned size)
{
    return ports_read(&bench.ports, (uint16_t)(ACPI_PM_BASE + offset), size);
}

static void put(unsigned offset, uint32_t value, unsigned size)
{
    ports_write(&bench.ports, (uint16_t)(ACPI_PM_BASE + offset), value, size);
}

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&acpi_pm_class);
}
END_TEST

START_TEST(soft_off_switches_the_machine_off)
{
    make_pm();
    ck_assert_uint_eq(get(4, 2), 1); /* ACPI mode always */
    put(4, 0x1401, 2);
    ck_assert_uint_eq(get(4, 2), 0x1401);
    ck_assert_uint_eq(bench.requests, 0);
    put(4, 0x3401, 2); /* a sleep state that is not there */
    ck_assert_uint_eq(bench.requests, 0);
    put(4, 0x0001, 2);
    put(5, 0x20, 1); /* SLP_EN as a byte */
    ck_assert_uint_eq(bench.requests, 1);
    ck_assert_int_eq(bench.request, BOARD_POWER_OFF);
    ck_assert_uint_eq(get(4, 2), 0x0001); /* SLP_EN reads 0 */
    end_pm();
}
END_TEST

START_TEST(the_timer_counts_24_bits_at_3_58_mhz)
{
    make_pm();
    ck_assert_uint_eq(get(8, 4), 0);
    bench_run_until(1000000000);
    ck_assert_uint_eq(get(8, 4), 3579545);
    ck_assert_uint_eq(get(9, 1), 3579545 >> 8 & 255);
    bench_run_until(5000000000);
    ck_assert_uint_eq(get(8, 4), 17897727 & 0xffffff);
    put(8, 0, 4);
    ck_assert_uint_eq(get(8, 4), 17897727 & 0xffffff);
    end_pm();
}
END_TEST

START_TEST(the_carry_sets_its_status_and_interrupts_when_enabled)
{
    make_pm();
    bench_run_until(2343484000); /* 2^23 ticks are 2.343485 s */
    ck_assert_uint_eq(get(0, 2), 0);
    bench_run_until(2343486000);
    ck_assert_uint_eq(get(0, 2), 1);
    ck_assert_uint_eq(sci.rises, 0);
    put(2, 0x0001, 2);
    ck_assert_uint_eq(sci.rises, 1);
    put(0, 0x0001, 2);
    ck_assert_uint_eq(sci.falls, 1);
    ck_assert_uint_eq(get(2, 2), 0x0001);
    bench_run_until(4686972000);
    ck_assert_uint_eq(sci.rises, 2);
    ck_assert_uint_ge(sci.rise_ns, 4686968000);
    end_pm();
}
END_TEST

START_TEST(the_power_button_raises_sci)
{
    make_pm();
    put(0, 0x01210000, 4);
    ck_assert_uint_eq(get(0, 4), 0x01210000);
    bench_pin(&pm, "power_button", true);
    bench_pin(&pm, "power_button", false);
    ck_assert_uint_eq(sci.rises, 1);
    ck_assert_uint_eq(get(1, 1), 0x01);
    put(1, 0x01, 1);
    ck_assert_uint_eq(sci.falls, 1);
    device_reset(&pm);
    ck_assert_uint_eq(get(2, 2), 0);
    end_pm();
}
END_TEST

UNIT_SUITE("acpi_pm", every_byte_of_the_state_has_its_row, soft_off_switches_the_machine_off,
           the_timer_counts_24_bits_at_3_58_mhz, the_carry_sets_its_status_and_interrupts_when_enabled,
           the_power_button_raises_sci)
