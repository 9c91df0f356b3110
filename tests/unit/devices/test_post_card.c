/* The POST card. */
#include "devices/post_card.h"
#include "unit/devices/bench.h"

START_TEST(every_byte_of_the_state_has_its_row)
{
    bench_rows_are_complete(&post_card_class);
}
END_TEST

START_TEST(the_last_code_is_shown_and_reads_back)
{
    struct device card;
    bench_begin();
    device_init(&card, &post_card_class, "post0", &bench.board, 0);
    out8(0x80, 0x12);
    out8(0x80, 0xa5);
    ck_assert_uint_eq(in8(0x80), 0xa5);
    ck_assert_uint_eq(bench.requests, 2);
    ck_assert_int_eq(bench.request, BOARD_POST_CODE);
    ck_assert_uint_eq(bench.request_value, 0xa5);
    device_free(&card);
    bench_end();
}
END_TEST

UNIT_SUITE("post_card", every_byte_of_the_state_has_its_row, the_last_code_is_shown_and_reads_back)
