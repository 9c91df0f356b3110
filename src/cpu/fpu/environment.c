/* The x87 environment (SDM 1 8.1.7 to 8.1.10). */
#include "cpu/fpu/environment.h"

#include "base/bits.h"
#include "cpu/fpu/x87.h"

enum tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static enum tag register_tag(const struct fpu_register *value)
{
    unsigned exponent = value->sign_exponent & 0x7fff;
    if (exponent == 0 && value->significand == 0)
        return TAG_ZERO;
    bool integer_bit = value->significand >> 63;
    return exponent == 0 || exponent == 0x7fff || !integer_bit ? TAG_SPECIAL : TAG_VALID;
}

uint16_t x87_tag_word(const struct fpu_state *fpu)
{
    unsigned word = 0;
    for (unsigned i = 0; i < 8; i++) {
        enum tag tag = (fpu->empty >> i) & 1 ? TAG_EMPTY : register_tag(&fpu->registers[i]);
        word |= (unsigned)tag << 2 * i;
    }
    return (uint16_t)word;
}

/* Of a loaded tag word only "empty" counts: the others follow from the contents (SDM 1 8.1.7). */
static void set_tag_word(struct fpu_state *fpu, uint16_t word)
{
    fpu->empty = 0;
    for (unsigned i = 0; i < 8; i++) {
        if (((word >> 2 * i) & 3) == TAG_EMPTY)
            fpu->empty |= (uint8_t)(1u << i);
    }
}

void x87_set_control(struct cpu *cpu, uint32_t control)
{
    cpu->fpu.control = (control & FCW_WRITABLE) | FCW_ONES;
    x87_update_summary(cpu);
}

void x87_initialize(struct cpu *cpu)
{
    struct fpu_state *fpu = &cpu->fpu;
    fpu->status &= FSW_ES | FSW_B;
    fpu->empty = 0xff;
    fpu->opcode = 0;
    fpu->instruction_offset = fpu->operand_offset = 0;
    fpu->instruction_selector = fpu->operand_selector = 0;
    x87_set_control(cpu, FCW_INIT);
}

unsigned x87_environment_size(bool wide)
{
    return wide ? 28 : 14;
}

/* The pointers of the two layouts without selectors are linear addresses. */
static uint32_t real_pointer(uint16_t selector, uint32_t offset)
{
    return ((uint32_t)selector << 4) + offset;
}

unsigned x87_environment_write(const struct cpu *cpu, bool wide, uint8_t *image)
{
    const struct fpu_state *fpu = &cpu->fpu;
    uint32_t fields[7] = {fpu->control, fpu->status, x87_tag_word(fpu)};
    if (!cpu_is_real_or_v86(cpu)) {
        fields[3] = fpu->instruction_offset;
        fields[4] = fpu->instruction_selector | (wide ? (uint32_t)fpu->opcode << 16 : 0);
        fields[5] = fpu->operand_offset;
        fields[6] = fpu->operand_selector;
    } else {
        uint32_t instruction = real_pointer(fpu->instruction_selector, fpu->instruction_offset);
        uint32_t operand = real_pointer(fpu->operand_selector, fpu->operand_offset);
        fields[3] = instruction & 0xffff;
        fields[4] = (instruction >> 16) << 12 | fpu->opcode;
        fields[5] = operand & 0xffff;
        fields[6] = (operand >> 16) << 12;
    }
    if (!wide) {
        for (unsigned i = 0; i < 7; i++)
            store_le16(image + 2 * i, (uint16_t)fields[i]);
        return 14;
    }
    /* Reserved halves are written as ones by real processors; the figures leave them open. */
    fields[0] |= 0xffff0000u;
    fields[1] |= 0xffff0000u;
    fields[2] |= 0xffff0000u;
    if (!cpu_is_real_or_v86(cpu)) {
        fields[6] |= 0xffff0000u;
    } else {
        fields[3] |= 0xffff0000u;
        fields[5] |= 0xffff0000u;
    }
    for (unsigned i = 0; i < 7; i++)
        store_le32(image + 4 * i, fields[i]);
    return 28;
}

void x87_environment_read(struct cpu *cpu, bool wide, const uint8_t *image)
{
    struct fpu_state *fpu = &cpu->fpu;
    uint32_t fields[7];
    for (unsigned i = 0; i < 7; i++)
        fields[i] = wide ? load_le32(image + 4 * i) : load_le16(image + 2 * i);
    if (!cpu_is_real_or_v86(cpu)) {
        fpu->instruction_offset = fields[3];
        fpu->instruction_selector = (uint16_t)fields[4];
        fpu->opcode = wide ? (fields[4] >> 16) & 0x7ff : 0;
        fpu->operand_offset = fields[5];
        fpu->operand_selector = (uint16_t)fields[6];
    } else {
        uint32_t high_mask = wide ? 0xffff : 0xf;
        fpu->instruction_offset = (fields[3] & 0xffff) | ((fields[4] >> 12) & high_mask) << 16;
        fpu->instruction_selector = 0;
        fpu->opcode = fields[4] & 0x7ff;
        fpu->operand_offset = (fields[5] & 0xffff) | ((fields[6] >> 12) & high_mask) << 16;
        fpu->operand_selector = 0;
    }
    set_tag_word(fpu, (uint16_t)fields[2]);
    fpu->status = (uint16_t)((fields[1] & ~(FSW_ES | FSW_B)) | (fpu->status & (FSW_ES | FSW_B)));
    x87_set_control(cpu, fields[0]);
}
