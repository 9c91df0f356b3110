/* x87 control instructions, the environment in its layouts, FXSAVE, and what is raised before them. */
#include "base/bits.h"
#include "bench.h"
#include "cpu/fpu/environment.h"
#include "cpu/fpu/fpu.h"
#include "cpu/fpu/state.h"
#include "unit/suite.h"

static struct bench *bench_sse(void)
{
    struct bench *bench = bench_new(NULL);
    bench_protected(bench, 0);
    bench->cpu.cr0 |= CR0_NE | CR0_MP;
    bench->cpu.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    return bench;
}

#define ABSOLUTE(address)   (address) & 0xff, ((address) >> 8) & 0xff, ((address) >> 16) & 0xff, 0
#define MODRM_ABSOLUTE(reg) ((reg) << 3 | 5)

START_TEST(every_byte_of_the_state_is_described)
{
    ck_assert_uint_eq(state_rows_uncovered(fpu_rows, sizeof(struct fpu_state)), sizeof(struct fpu_state));
}
END_TEST

START_TEST(reset_leaves_zeros_that_are_not_empty_and_unmasked_exceptions)
{
    struct fpu_state fpu;
    memset(&fpu, 0, sizeof fpu);
    fpu_reset(&fpu);
    ck_assert_uint_eq(fpu.control, 0x0040);
    ck_assert_uint_eq(fpu.status, 0);
    ck_assert_uint_eq(x87_tag_word(&fpu), 0x5555);
    ck_assert_uint_eq(fpu.mxcsr, 0x1f80);
}
END_TEST

START_TEST(fninit_empties_the_stack_and_masks_everything)
{
    struct bench *bench = bench_sse();
    BENCH_STEP(bench, 0xdb, 0xe3);
    ck_assert_uint_eq(bench->cpu.fpu.control, 0x037f);
    ck_assert_uint_eq(bench->cpu.fpu.status, 0);
    ck_assert_uint_eq(x87_tag_word(&bench->cpu.fpu), 0xffff);
    bench->cpu.gpr[EAX] = 0x12345a5a;
    BENCH_STEP(bench, 0xdf, 0xe0); /* FNSTSW AX */
    ck_assert_uint_eq(bench->cpu.gpr[EAX], 0x12340000);
    bench_free(bench);
}
END_TEST

START_TEST(reserved_bits_of_the_control_word_read_as_real_processors_have_them)
{
    struct bench *bench = bench_sse();
    bench_write16(bench, BENCH_DATA, 0xffff);
    BENCH_STEP(bench, 0xd9, MODRM_ABSOLUTE(5), ABSOLUTE(BENCH_DATA)); /* FLDCW */
    BENCH_STEP(bench, 0xd9, MODRM_ABSOLUTE(7), ABSOLUTE(BENCH_DATA)); /* FNSTCW */
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA), 0x1f7f);
    bench_free(bench);
}
END_TEST

START_TEST(fxrstor_takes_back_what_fxsave_stored)
{
    struct bench *bench = bench_sse();
    BENCH_STEP(bench, 0xdb, 0xe3);
    struct fpu_state *fpu = &bench->cpu.fpu;
    for (unsigned i = 0; i < 8; i++) {
        fpu->registers[i] = (struct fpu_register){0x8000000000000000u + i, (uint16_t)(0x3fff + i), {0}};
        fpu->xmm[i] = (struct xmm_register){0x1111111111111111u * i, ~0x1111111111111111u * i};
    }
    fpu->empty = 0x0f;
    fpu->status = 4 << FSW_TOP_SHIFT | FSW_C3 | FSW_PE;
    fpu->opcode = 0x123;
    fpu->instruction_offset = 0x11223344;
    fpu->instruction_selector = 0x08;
    fpu->operand_offset = 0x55667788;
    fpu->operand_selector = 0x10;
    fpu->mxcsr = 0x3f80;
    struct fpu_state before = *fpu;

    BENCH_STEP(bench, 0x0f, 0xae, MODRM_ABSOLUTE(0), ABSOLUTE(BENCH_DATA));
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA + 2), before.status);
    ck_assert_uint_eq(bench_read8(bench, BENCH_DATA + 4), 0xf0);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 8), 0x11223344);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 24), 0x3f80);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 28), 0xffff);
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA + 32 + 8), 0x3fff + 4); /* ST(0) is R4 */
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 160 + 16), 0x11111111);

    fpu_reset(fpu);
    BENCH_STEP(bench, 0x0f, 0xae, MODRM_ABSOLUTE(1), ABSOLUTE(BENCH_DATA));
    char name[64];
    bool differ = state_rows_differ(fpu_rows, fpu, &before, name, sizeof name);
    ck_assert_msg(!differ, "%s", name);
    bench_free(bench);
}
END_TEST

START_TEST(fxsave_without_osfxsr_leaves_the_xmm_area_alone)
{
    struct bench *bench = bench_sse();
    bench->cpu.cr4 &= ~CR4_OSFXSR;
    bench_write32(bench, BENCH_DATA + 160, 0xdeadbeef);
    BENCH_STEP(bench, 0x0f, 0xae, MODRM_ABSOLUTE(0), ABSOLUTE(BENCH_DATA));
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    ck_assert_uint_eq(bench_read32(bench, BENCH_DATA + 160), 0xdeadbeef);
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA), 0x0040);
    bench_free(bench);
}
END_TEST

START_TEST(fxrstor_refuses_reserved_mxcsr_bits_and_changes_nothing)
{
    struct bench *bench = bench_sse();
    bench_write16(bench, BENCH_DATA, 0x037f);
    bench_write32(bench, BENCH_DATA + 24, 0x00010000);
    BENCH_STEP(bench, 0x0f, 0xae, MODRM_ABSOLUTE(1), ABSOLUTE(BENCH_DATA));
    ck_assert_uint_eq(bench_fault(bench).reason, MXCSR_RESERVED_BIT);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_GP);
    ck_assert_uint_eq(bench->cpu.fpu.control, 0x0040);
    bench_free(bench);
}
END_TEST

START_TEST(fxsave_needs_16_byte_alignment)
{
    struct bench *bench = bench_sse();
    BENCH_STEP(bench, 0x0f, 0xae, MODRM_ABSOLUTE(0), ABSOLUTE(BENCH_DATA + 8));
    ck_assert_uint_eq(bench_fault(bench).reason, SIMD_ALIGNMENT);
    bench_free(bench);
}
END_TEST

START_TEST(task_switched_and_emulation_give_nm_to_x87_instructions)
{
    struct bench *bench = bench_sse();
    bench->cpu.cr0 |= CR0_TS;
    BENCH_STEP(bench, 0xdb, 0xe3);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_NM);
    ck_assert_uint_eq(bench_fault(bench).reason, FPU_TASK_SWITCHED);
    bench_protected(bench, 0);
    bench->cpu.cr0 = (bench->cpu.cr0 & ~CR0_TS) | CR0_EM;
    BENCH_STEP(bench, 0xdb, 0xe3);
    ck_assert_uint_eq(bench_fault(bench).reason, FPU_EMULATED);
    bench_free(bench);
}
END_TEST

START_TEST(wait_gives_nm_only_with_mp_and_ts)
{
    static const struct {
        uint32_t cr0;
        unsigned reason;
    } cases[] = {{0, NO_FAULT},
                 {CR0_MP, NO_FAULT},
                 {CR0_TS, NO_FAULT},
                 {CR0_EM, NO_FAULT},
                 {CR0_MP | CR0_TS, FPU_TASK_SWITCHED}};
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench *bench = bench_sse();
        bench->cpu.cr0 = (bench->cpu.cr0 & ~(CR0_MP | CR0_TS | CR0_EM)) | cases[i].cr0;
        BENCH_STEP(bench, 0x9b);
        ck_assert_uint_eq(bench_fault(bench).reason, cases[i].reason);
        bench_free(bench);
    }
}
END_TEST

START_TEST(sse_instructions_are_undefined_until_the_system_says_it_saves_their_state)
{
    struct bench *bench = bench_sse();
    bench->cpu.cr4 &= ~CR4_OSFXSR;
    BENCH_STEP(bench, 0x0f, 0x28, 0xc1); /* MOVAPS XMM0, XMM1 */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_UD);
    ck_assert_uint_eq(bench_fault(bench).reason, SIMD_NOT_ENABLED);
    bench_protected(bench, 0);
    bench->cpu.cr4 |= CR4_OSFXSR;
    bench->cpu.cr0 |= CR0_TS;
    BENCH_STEP(bench, 0x0f, 0x28, 0xc1);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_NM);
    bench_free(bench);
}
END_TEST

START_TEST(a_pending_exception_is_raised_by_the_next_waiting_instruction)
{
    struct bench *bench = bench_sse();
    BENCH_STEP(bench, 0xdb, 0xe3);
    bench->cpu.fpu.status |= FSW_ZE;
    bench_write16(bench, BENCH_DATA, 0x037b);
    BENCH_STEP(bench, 0xd9, MODRM_ABSOLUTE(5), ABSOLUTE(BENCH_DATA)); /* FLDCW unmasks ZE */
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    ck_assert(bench->cpu.fpu.status & FSW_ES);
    BENCH_STEP(bench, 0xdf, 0xe0); /* FNSTSW does not wait */
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    BENCH_STEP(bench, 0xd9, 0xd0); /* FNOP does */
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_MF);
    bench_free(bench);
}
END_TEST

static void ferr_changed(void *context, bool level)
{
    *(int *)context = level;
}

START_TEST(without_ne_an_error_drives_ferr_and_the_processor_waits_until_ignne)
{
    struct bench *bench = bench_sse();
    int ferr = -1;
    bench->cpu.cr0 &= ~CR0_NE;
    bench->cpu.ferr = ferr_changed;
    bench->cpu.context = &ferr;
    BENCH_STEP(bench, 0xdb, 0xe3);
    bench->cpu.fpu.status |= FSW_IE;
    bench_write16(bench, BENCH_DATA, 0x037e);
    BENCH_STEP(bench, 0xd9, MODRM_ABSOLUTE(5), ABSOLUTE(BENCH_DATA));
    ck_assert_int_eq(ferr, 1);
    uint32_t eip = bench->cpu.eip;
    BENCH_STEP(bench, 0xd9, 0xd0);
    ck_assert_uint_eq(bench->cpu.eip, eip);
    fpu_set_ignne(&bench->cpu, true);
    BENCH_STEP(bench, 0xd9, 0xd0);
    ck_assert_uint_eq(bench->cpu.eip, eip + 2);
    BENCH_STEP(bench, 0xdb, 0xe2); /* FNCLEX */
    ck_assert_int_eq(ferr, 0);
    bench_free(bench);
}
END_TEST

START_TEST(the_environment_has_four_layouts)
{
    struct bench *bench = bench_sse();
    BENCH_STEP(bench, 0xdb, 0xe3);
    struct fpu_state *fpu = &bench->cpu.fpu;
    fpu->opcode = 0x5a5;
    fpu->instruction_offset = 0x12345;
    fpu->instruction_selector = 0x08;
    fpu->operand_offset = 0x6789a;
    fpu->operand_selector = 0x10;
    uint8_t image[X87_ENVIRONMENT_MAX];
    ck_assert_uint_eq(x87_environment_write(&bench->cpu, true, image), 28);
    ck_assert_uint_eq(load_le32(image), 0xffff037f);
    ck_assert_uint_eq(load_le32(image + 8), 0xffffffff);
    ck_assert_uint_eq(load_le32(image + 12), 0x12345);
    ck_assert_uint_eq(load_le32(image + 16), 0x05a50008);
    ck_assert_uint_eq(load_le32(image + 20), 0x6789a);
    ck_assert_uint_eq(load_le32(image + 24), 0xffff0010);
    ck_assert_uint_eq(x87_environment_write(&bench->cpu, false, image), 14);
    ck_assert_uint_eq(load_le16(image + 6), 0x2345);
    ck_assert_uint_eq(load_le16(image + 8), 0x08);
    ck_assert_uint_eq(load_le16(image + 12), 0x10);

    bench_real(bench);
    fpu->instruction_offset = 0x2345;
    fpu->instruction_selector = 0x1000;
    fpu->operand_offset = 0x789a;
    fpu->operand_selector = 0x2000;
    x87_environment_write(&bench->cpu, true, image);
    ck_assert_uint_eq(load_le16(image + 12), 0x2345);
    ck_assert_uint_eq(load_le32(image + 16), 0x000015a5);
    ck_assert_uint_eq(load_le16(image + 20), 0x789a);
    ck_assert_uint_eq(load_le32(image + 24), 0x00002000);
    x87_environment_write(&bench->cpu, false, image);
    ck_assert_uint_eq(load_le16(image + 8), 0x15a5);
    ck_assert_uint_eq(load_le16(image + 12), 0x2000);
    x87_environment_read(&bench->cpu, false, image);
    ck_assert_uint_eq(fpu->instruction_offset, 0x12345);
    ck_assert_uint_eq(fpu->operand_offset, 0x2789a);
    bench_free(bench);
}
END_TEST

START_TEST(frstor_takes_back_what_fnsave_stored_and_fnsave_initialises)
{
    struct bench *bench = bench_sse();
    struct fpu_state *fpu = &bench->cpu.fpu;
    BENCH_STEP(bench, 0xdb, 0xe3);
    for (unsigned i = 0; i < 8; i++)
        fpu->registers[i] = (struct fpu_register){0x8000000000000000u + i, (uint16_t)(0x3fff + i), {0}};
    fpu->status = 3 << FSW_TOP_SHIFT;
    fpu->empty = 0x81;
    fpu->opcode = 0x123;
    fpu->instruction_selector = 8;
    struct fpu_state before = *fpu;
    BENCH_STEP(bench, 0xdd, MODRM_ABSOLUTE(6), ABSOLUTE(BENCH_DATA));
    ck_assert_uint_eq(bench_read16(bench, BENCH_DATA + 28 + 8), 0x3fff + 3);
    ck_assert_uint_eq(x87_tag_word(fpu), 0xffff);
    ck_assert_uint_eq(fpu->status, 0);
    memset(fpu->registers, 0, sizeof fpu->registers);
    BENCH_STEP(bench, 0xdd, MODRM_ABSOLUTE(4), ABSOLUTE(BENCH_DATA));
    char name[64];
    bool differ = state_rows_differ(fpu_rows, fpu, &before, name, sizeof name);
    ck_assert_msg(!differ, "%s", name);
    bench_free(bench);
}
END_TEST

START_TEST(wide_operands_are_checked_for_alignment_at_cpl_3)
{
    static const struct {
        uint8_t code[8];
        uint32_t address;
        unsigned reason;
    } cases[] = {
        {{0xdb, 0x2a}, BENCH_DATA + 8, NO_FAULT}, /* FLD m80 */
        {{0xdb, 0x2a}, BENCH_DATA + 4, ALIGNMENT},
        {{0xdb, 0x3a}, BENCH_DATA + 4, ALIGNMENT},       /* FSTP m80 */
        {{0xd9, 0x32}, BENCH_DATA + 2, ALIGNMENT},       /* FNSTENV */
        {{0x66, 0xd9, 0x32}, BENCH_DATA + 2, NO_FAULT},  /* FNSTENV, 14 bytes */
        {{0xdd, 0x22}, BENCH_DATA + 1, ALIGNMENT},       /* FRSTOR */
        {{0x0f, 0x10, 0x02}, BENCH_DATA + 8, ALIGNMENT}, /* MOVUPS */
        {{0x0f, 0x10, 0x02}, BENCH_DATA + 16, NO_FAULT},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench *bench = bench_sse();
        bench_protected(bench, 3);
        bench->cpu.cr0 |= CR0_AM | CR0_NE;
        bench->cpu.cr4 |= CR4_OSFXSR;
        bench->cpu.fpu.control = FCW_INIT;
        cpu_set_eflags(&bench->cpu, bench->cpu.eflags | EFLAGS_AC);
        bench->cpu.gpr[EDX] = cases[i].address;
        bench_code(bench, cases[i].code, sizeof cases[i].code);
        bench_run(bench, 1);
        ck_assert_msg(bench_fault(bench).reason == cases[i].reason, "case %u: %s", i,
                      fault_reason_words(bench_fault(bench).reason));
        bench_free(bench);
    }
}
END_TEST

START_TEST(a_processor_without_fpu_answers_no_probe)
{
    struct bench *bench = bench_new("386,-fpu");
    bench_protected(bench, 0);
    bench->cpu.gpr[EAX] = 0x5a5a;
    BENCH_STEP(bench, 0xdb, 0xe3);
    BENCH_STEP(bench, 0xdf, 0xe0);
    ck_assert_uint_eq(bench_fault(bench).reason, NO_FAULT);
    ck_assert_uint_eq(bench->cpu.gpr[EAX], 0x5a5a);
    bench->cpu.cr0 |= CR0_EM;
    BENCH_STEP(bench, 0xdf, 0xe0);
    ck_assert_uint_eq(bench_fault(bench).vector, VECTOR_NM);
    bench_free(bench);
}
END_TEST

UNIT_SUITE("fpu_state", every_byte_of_the_state_is_described,
           reset_leaves_zeros_that_are_not_empty_and_unmasked_exceptions,
           fninit_empties_the_stack_and_masks_everything,
           reserved_bits_of_the_control_word_read_as_real_processors_have_them,
           fxrstor_takes_back_what_fxsave_stored, fxsave_without_osfxsr_leaves_the_xmm_area_alone,
           fxrstor_refuses_reserved_mxcsr_bits_and_changes_nothing, fxsave_needs_16_byte_alignment,
           task_switched_and_emulation_give_nm_to_x87_instructions, wait_gives_nm_only_with_mp_and_ts,
           sse_instructions_are_undefined_until_the_system_says_it_saves_their_state,
           a_pending_exception_is_raised_by_the_next_waiting_instruction,
           without_ne_an_error_drives_ferr_and_the_processor_waits_until_ignne,
           the_environment_has_four_layouts, frstor_takes_back_what_fnsave_stored_and_fnsave_initialises,
           wide_operands_are_checked_for_alignment_at_cpl_3, a_processor_without_fpu_answers_no_probe)
