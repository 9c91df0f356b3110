/* Descriptors, segment registers as values, and the checks of an access. */
#include "mmu/segment.h"
#include "unit/suite.h"

static struct segment segment_of(uint64_t raw)
{
    struct descriptor descriptor = descriptor_decode(raw);
    return segment_from_descriptor(8, &descriptor);
}

START_TEST(a_descriptor_gathers_base_limit_and_access_from_their_pieces)
{
    struct descriptor byte_granular = descriptor_decode(0x12409a345678abcdull);
    ck_assert_uint_eq(byte_granular.base, 0x12345678);
    ck_assert_uint_eq(byte_granular.limit, 0x0abcd);
    ck_assert_uint_eq(byte_granular.access, 0x409a);

    struct descriptor limit_in_three = descriptor_decode(0x00159a000000ffffull);
    ck_assert_uint_eq(limit_in_three.limit, 0x5ffff);
    /* The limit's bits do not show in the access rights. */
    ck_assert_uint_eq(limit_in_three.access, 0x109a);

    struct descriptor pages = descriptor_decode(0x00cf92000000ffffull);
    ck_assert_uint_eq(pages.limit, 0xffffffff);
    ck_assert_uint_eq(descriptor_decode(0x00c0920000000000ull).limit, 0xfff);
}
END_TEST

START_TEST(a_gate_takes_its_upper_offset_only_when_it_is_wide)
{
    struct gate call32 = gate_decode(0x1234ec0500085678ull);
    ck_assert_uint_eq(call32.selector, 8);
    ck_assert_uint_eq(call32.offset, 0x12345678);
    ck_assert_uint_eq(call32.parameters, 5);
    ck_assert(call32.wide);
    ck_assert_uint_eq(call32.access & ACCESS_TYPE, SYSTEM_CALL_GATE32);
    ck_assert_uint_eq(access_dpl(call32.access), 3);

    struct gate interrupt16 = gate_decode(0xffff860000085678ull);
    ck_assert_uint_eq(interrupt16.offset, 0x5678);
    ck_assert(!interrupt16.wide);
    ck_assert(!gate_decode(0x0000850000180000ull).wide);
    ck_assert(gate_decode(0x00008e0000180000ull).wide);
    ck_assert(gate_decode(0x00008f0000180000ull).wide);
}
END_TEST

START_TEST(an_expand_up_segment_allows_up_to_its_limit)
{
    struct segment data = segment_of(0x0040920000000fffull);
    ck_assert(segment_allows(&data, 0, 4, true));
    ck_assert(segment_allows(&data, 0xffc, 4, true));
    ck_assert(!segment_allows(&data, 0xffd, 4, false));
    ck_assert(segment_allows(&data, 0xfff, 1, false));
    ck_assert(!segment_allows(&data, 0x1000, 1, false));
    ck_assert(!segment_allows(&data, 0xffffffff, 4, false));

    struct segment flat = segment_of(0x00cf92000000ffffull);
    ck_assert(segment_allows(&flat, 0xfffffffc, 4, true));
    ck_assert(!segment_allows(&flat, 0xfffffffd, 4, true));
}
END_TEST

START_TEST(an_expand_down_segment_allows_above_its_limit_up_to_what_b_says)
{
    struct segment big = segment_of(0x0040960000000fffull);
    ck_assert(!segment_allows(&big, 0xfff, 1, false));
    ck_assert(!segment_allows(&big, 0xffe, 4, false));
    ck_assert(segment_allows(&big, 0x1000, 4, true));
    ck_assert(segment_allows(&big, 0xfffffffc, 4, true));
    ck_assert(!segment_allows(&big, 0xfffffffe, 4, true));

    struct segment small = segment_of(0x0000960000000fffull);
    ck_assert(segment_allows(&small, 0xfffe, 2, true));
    ck_assert(!segment_allows(&small, 0xffff, 2, true));
    ck_assert(!segment_allows(&small, 0x10000, 1, true));
}
END_TEST

START_TEST(an_expand_down_segment_with_the_highest_limit_is_empty)
{
    struct segment big = segment_of(0x00cf96000000ffffull);
    struct segment small = segment_of(0x000096000000ffffull);
    const uint32_t offsets[] = {0, 1, 0xffff, 0x10000, 0x80000000, 0xffffffff};
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        ck_assert(!segment_allows(&big, offsets[i], 1, false));
        ck_assert(!segment_allows(&small, offsets[i], 1, false));
    }
}
END_TEST

START_TEST(the_type_decides_about_reading_and_writing)
{
    struct segment read_only = segment_of(0x0040900000000fffull);
    ck_assert(segment_allows(&read_only, 0, 1, false));
    ck_assert(!segment_allows(&read_only, 0, 1, true));

    struct segment execute_only = segment_of(0x0040980000000fffull);
    ck_assert(!segment_allows(&execute_only, 0, 1, false));
    ck_assert(!segment_allows(&execute_only, 0, 1, true));

    /* Conforming, not expand-down: the same bit. */
    struct segment conforming = segment_of(0x00409e0000000fffull);
    ck_assert(segment_allows(&conforming, 0, 1, false));
    ck_assert(!segment_allows(&conforming, 0, 1, true));
    ck_assert(!segment_allows(&conforming, 0x1000, 1, false));
}
END_TEST

START_TEST(system_segments_are_open_to_the_processor_within_their_limit)
{
    struct segment tss = segment_of(0x0000890000000067ull);
    ck_assert(segment_allows(&tss, 0x64, 4, true));
    ck_assert(!segment_allows(&tss, 0x66, 4, false));
}
END_TEST

START_TEST(a_null_segment_allows_nothing)
{
    struct segment null = segment_null(3);
    ck_assert_uint_eq(null.selector, 3);
    ck_assert(!null.usable);
    ck_assert(!segment_allows(&null, 0, 1, false));
    ck_assert(!segment_allows(&null, 1, 1, false));
    struct fault fault = segment_access_fault(&null, false, 0, 1, false);
    ck_assert_uint_eq(fault.vector, VECTOR_GP);
    ck_assert_uint_eq(fault.reason, SEGMENT_UNUSABLE);
}
END_TEST

START_TEST(a_fault_tells_the_reason_and_ss_has_its_own_vector_for_limits)
{
    struct segment read_only = segment_of(0x0040900000000fffull);
    struct fault fault = segment_access_fault(&read_only, false, 0, 4, true);
    ck_assert_uint_eq(fault.vector, VECTOR_GP);
    ck_assert_uint_eq(fault.reason, SEGMENT_NOT_WRITABLE);
    ck_assert(fault.has_error_code);
    ck_assert_uint_eq(fault.error_code, 0);

    struct segment execute_only = segment_of(0x0040980000000fffull);
    ck_assert_uint_eq(segment_access_fault(&execute_only, false, 0, 4, false).reason, SEGMENT_NOT_READABLE);

    struct segment stack = segment_of(0x0040920000000fffull);
    fault = segment_access_fault(&stack, true, 0x1000, 4, true);
    ck_assert_uint_eq(fault.vector, VECTOR_SS);
    ck_assert_uint_eq(fault.reason, SEGMENT_LIMIT);
    ck_assert_uint_eq(fault.error_code, 0);
    ck_assert_uint_eq(segment_access_fault(&stack, false, 0x1000, 4, true).vector, VECTOR_GP);
}
END_TEST

START_TEST(a_real_mode_load_keeps_limit_and_rights)
{
    struct segment unreal = segment_of(0x00cf92000000ffffull);
    segment_load_real(&unreal, 0xf123);
    ck_assert_uint_eq(unreal.base, 0xf1230);
    ck_assert_uint_eq(unreal.selector, 0xf123);
    ck_assert_uint_eq(unreal.limit, 0xffffffff);
    ck_assert(segment_allows(&unreal, 0x12345678, 4, true));

    struct segment read_only = segment_of(0x0000900000000fffull);
    segment_load_real(&read_only, 0);
    ck_assert(!segment_allows(&read_only, 0, 1, true));
    ck_assert(!segment_allows(&read_only, 0x1000, 1, false));
}
END_TEST

START_TEST(cs_becomes_writable_by_a_real_mode_far_transfer_and_keeps_its_limit)
{
    struct segment code = segment_of(0x00cffa000000ffffull);
    segment_load_real_code(&code, 0x1000);
    ck_assert_uint_eq(code.base, 0x10000);
    ck_assert_uint_eq(code.limit, 0xffffffff);
    ck_assert_uint_eq(access_dpl(code.access), 0);
    ck_assert(code.access & ACCESS_DB);
    ck_assert(segment_allows(&code, 0, 2, true));
}
END_TEST

START_TEST(a_null_register_becomes_usable_by_a_real_mode_load)
{
    struct segment segment = segment_null(0);
    segment_load_real(&segment, 0x40);
    ck_assert(segment.usable);
    ck_assert_uint_eq(segment.base, 0x400);
    ck_assert(segment_allows(&segment, 0xfffe, 2, true));
    ck_assert(!segment_allows(&segment, 0xffff, 2, true));
}
END_TEST

START_TEST(virtual_8086_segments_are_64_kib_of_dpl_3)
{
    struct segment segment = segment_v86(0xffff);
    ck_assert_uint_eq(segment.base, 0xffff0);
    ck_assert_uint_eq(segment.limit, 0xffff);
    ck_assert_uint_eq(segment.access, 0x00f3);
    ck_assert(segment_allows(&segment, 0xffff, 1, true));
    ck_assert(!segment_allows(&segment, 0x10000, 1, true));
}
END_TEST

START_TEST(sysenter_segments_are_flat)
{
    struct segment code = segment_flat_code(0x1b, 3);
    ck_assert_uint_eq(code.access, 0xc0fb);
    ck_assert_uint_eq(code.limit, 0xffffffff);
    ck_assert_uint_eq(code.base, 0);
    struct segment stack = segment_flat_stack(0x10, 0);
    ck_assert_uint_eq(stack.access, 0xc093);
    ck_assert(segment_allows(&stack, 0xfffffffc, 4, true));
}
END_TEST

START_TEST(rows_describe_every_byte)
{
    ck_assert_uint_eq(state_rows_uncovered(segment_rows, sizeof(struct segment)), sizeof(struct segment));
}
END_TEST

UNIT_SUITE("segment", a_descriptor_gathers_base_limit_and_access_from_their_pieces,
           a_gate_takes_its_upper_offset_only_when_it_is_wide, an_expand_up_segment_allows_up_to_its_limit,
           an_expand_down_segment_allows_above_its_limit_up_to_what_b_says,
           an_expand_down_segment_with_the_highest_limit_is_empty, the_type_decides_about_reading_and_writing,
           system_segments_are_open_to_the_processor_within_their_limit, a_null_segment_allows_nothing,
           a_fault_tells_the_reason_and_ss_has_its_own_vector_for_limits,
           a_real_mode_load_keeps_limit_and_rights,
           cs_becomes_writable_by_a_real_mode_far_transfer_and_keeps_its_limit,
           a_null_register_becomes_usable_by_a_real_mode_load, virtual_8086_segments_are_64_kib_of_dpl_3,
           sysenter_segments_are_flat, rows_describe_every_byte)
