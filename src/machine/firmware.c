/* What a BIOS leaves behind: see the header. */
#include "machine/firmware.h"

#include "base/compiler.h"

#define KIB 1024u

/* Fields of the BIOS data area. */
#define BDA_COM1        0x400u
#define BDA_COM2        0x402u
#define BDA_EBDA        0x40eu
#define BDA_EQUIPMENT   0x410u
#define BDA_MEMORY_KIB  0x413u
#define EQUIPMENT_2_COM 0x0400u
#define EBDA_SIZE_KIB   1u

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

enum {
    CMOS_BASE_KIB = 0x15,
    CMOS_EXTENDED_KIB = 0x17,
    CMOS_CHECKSUM_FIRST = 0x10,
    CMOS_CHECKSUM_LAST = 0x2d,
    CMOS_CHECKSUM = 0x2e,            /* high byte first, unlike all others */
    CMOS_EXTENDED_KIB_FOUND = 0x30,  /* what the power-on test found */
    CMOS_ABOVE_16_MIB_64_KIB = 0x34, /* in units of 64 KiB */
    CMOS_INDEX_AT_REST = 0x0d,       /* with NMI enabled */
};

struct port_write {
    uint16_t port;
    uint8_t value;
};

/* clang-format off */
static const struct port_write chip_writes[] = {
    /* 8259A pair: vectors 08h and 70h, slave on line 2; timer, keyboard, cascade and diskette unmasked, and the clock */
    {0x20, 0x11}, {0x21, 0x08}, {0x21, 0x04}, {0x21, 0x01}, {0x21, 0xb8},
    {0xa0, 0x11}, {0xa1, 0x70}, {0xa1, 0x02}, {0xa1, 0x01}, {0xa1, 0x8e},
    /* 8254: 18.2 Hz, refresh every 15 us, the beep's square wave */
    {0x43, 0x36}, {0x40, 0x00}, {0x40, 0x00},
    {0x43, 0x54}, {0x41, 0x12},
    {0x43, 0xb6}, {0x42, 0x33}, {0x42, 0x05},
    /* keyboard controller: interrupt, system flag, translation; the auxiliary device is off */
    {0x64, 0x60}, {0x60, 0x65},
    /* COM1 and COM2: 115200 baud, 8 data bits */
    {0x3fb, 0x80}, {0x3f8, 0x01}, {0x3f9, 0x00}, {0x3fb, 0x03},
    {0x2fb, 0x80}, {0x2f8, 0x01}, {0x2f9, 0x00}, {0x2fb, 0x03},
    /* A20 open */
    {0x92, 0x02},
};
/* clang-format on */

static void cmos_write(struct ports *ports, uint8_t index, uint8_t value)
{
    ports_write(ports, CMOS_INDEX, index, 1);
    ports_write(ports, CMOS_DATA, value, 1);
}

static void cmos_write_word(struct ports *ports, uint8_t index, uint64_t value)
{
    uint64_t word = value < 0xffff ? value : 0xffff;
    cmos_write(ports, index, (uint8_t)word);
    cmos_write(ports, index + 1, (uint8_t)(word >> 8));
}

static void cmos_write_checksum(struct ports *ports)
{
    unsigned sum = 0;
    for (unsigned index = CMOS_CHECKSUM_FIRST; index <= CMOS_CHECKSUM_LAST; index++) {
        ports_write(ports, CMOS_INDEX, index, 1);
        sum += ports_read(ports, CMOS_DATA, 1);
    }
    cmos_write(ports, CMOS_CHECKSUM, (uint8_t)(sum >> 8));
    cmos_write(ports, CMOS_CHECKSUM + 1, (uint8_t)sum);
}

static void firmware_write_cmos(struct ports *ports, uint64_t memory_bytes)
{
    uint64_t extended = memory_bytes - 1024 * KIB;
    uint64_t above = memory_bytes > 16 * 1024 * KIB ? memory_bytes - 16 * 1024 * KIB : 0;
    cmos_write_word(ports, CMOS_BASE_KIB, 640);
    cmos_write_word(ports, CMOS_EXTENDED_KIB, extended / KIB);
    cmos_write_word(ports, CMOS_EXTENDED_KIB_FOUND, extended / KIB);
    cmos_write_word(ports, CMOS_ABOVE_16_MIB_64_KIB, above / (64 * KIB));
    cmos_write_checksum(ports);
    ports_write(ports, CMOS_INDEX, CMOS_INDEX_AT_REST, 1);
}

void firmware_write_chips(struct ports *ports, uint64_t memory_bytes)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(chip_writes); i++)
        ports_write(ports, chip_writes[i].port, chip_writes[i].value, 1);
    firmware_write_cmos(ports, memory_bytes);
}

void firmware_write_memory(struct memory *memory, uint32_t ebda)
{
    memory_write(memory, BDA_COM1, 0x3f8, 2);
    memory_write(memory, BDA_COM2, 0x2f8, 2);
    memory_write(memory, BDA_EBDA, ebda >> 4, 2);
    memory_write(memory, BDA_EQUIPMENT, EQUIPMENT_2_COM, 2);
    memory_write(memory, BDA_MEMORY_KIB, ebda / KIB, 2);
    memory_write(memory, ebda, EBDA_SIZE_KIB, 1);
}
