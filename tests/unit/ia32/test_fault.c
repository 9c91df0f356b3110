/* Faults as values, and their words. */
#include <string.h>

#include "ia32/fault.h"
#include "unit/suite.h"

START_TEST(every_reason_has_words_and_a_reference)
{
    for (unsigned reason = NO_FAULT + 1; reason < FAULT_REASON_COUNT; reason++) {
        const char *words = fault_reason_words(reason);
        ck_assert_msg(words != NULL && strlen(words) > 10, "reason %u has no words", reason);
        ck_assert_msg(fault_reason_manual(reason) != NULL && fault_reason_manual(reason)[0] != 0,
                      "\"%s\" has no reference", words);
    }
}
END_TEST

START_TEST(reasons_differ_in_their_words)
{
    for (unsigned a = NO_FAULT + 1; a < FAULT_REASON_COUNT; a++) {
        for (unsigned b = a + 1; b < FAULT_REASON_COUNT; b++)
            ck_assert_str_ne(fault_reason_words(a), fault_reason_words(b));
    }
}
END_TEST

START_TEST(constructors_fill_what_the_vector_has)
{
    ck_assert_uint_eq(FAULT_NONE.reason, NO_FAULT);
    struct fault undefined = fault_ud(DECODE_UNDEFINED);
    ck_assert_uint_eq(undefined.vector, VECTOR_UD);
    ck_assert(!undefined.has_error_code);
    struct fault general = fault_gp(0x1234, SEGMENT_LIMIT);
    ck_assert_uint_eq(general.vector, VECTOR_GP);
    ck_assert(general.has_error_code);
    ck_assert_uint_eq(general.error_code, 0x1234);
    struct fault page = fault_page(PF_P | PF_WR, 0xdeadbeef, PAGE_NOT_WRITABLE);
    ck_assert_uint_eq(page.vector, VECTOR_PF);
    ck_assert_uint_eq(page.error_code, 3);
    ck_assert_uint_eq(page.address, 0xdeadbeef);
}
END_TEST

static struct fault fails_when(bool wanted, unsigned *reached)
{
    TRY(wanted ? fault_gp(8, SEGMENT_LIMIT) : FAULT_NONE);
    ++*reached;
    return FAULT_NONE;
}

START_TEST(try_leaves_the_function_with_the_fault)
{
    unsigned reached = 0;
    ck_assert_uint_eq(fails_when(true, &reached).error_code, 8);
    ck_assert_uint_eq(reached, 0);
    ck_assert_uint_eq(fails_when(false, &reached).reason, NO_FAULT);
    ck_assert_uint_eq(reached, 1);
}
END_TEST

START_TEST(vectors_have_the_manuals_mnemonics)
{
    ck_assert_str_eq(vector_mnemonic(VECTOR_DE), "#DE");
    ck_assert_str_eq(vector_mnemonic(2), "NMI");
    ck_assert_str_eq(vector_mnemonic(VECTOR_PF), "#PF");
    ck_assert_str_eq(vector_mnemonic(VECTOR_XM), "#XM");
    ck_assert_str_eq(vector_mnemonic(9), "INT");
    ck_assert_str_eq(vector_mnemonic(15), "INT");
    ck_assert_str_eq(vector_mnemonic(20), "INT");
    ck_assert_str_eq(vector_mnemonic(255), "INT");
}
END_TEST

UNIT_SUITE("fault", every_reason_has_words_and_a_reference, reasons_differ_in_their_words,
           constructors_fill_what_the_vector_has, try_leaves_the_function_with_the_fault,
           vectors_have_the_manuals_mnemonics)
