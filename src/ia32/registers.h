/*
 * The architecture's registers and their bits, named and numbered as the SDM prints them. Only names live
 * here; behaviour is in mmu/, msr/ and cpu/.
 */
#ifndef GATE86_IA32_REGISTERS_H
#define GATE86_IA32_REGISTERS_H

/* General registers in encoding order (SDM 2A table 2-2). */
enum general_register { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };

/* Segment registers in encoding order (SDM 2B "Sreg"). */
enum segment_register { ES, CS, SS, DS, FS, GS };

/* EFLAGS, SDM 1 3.4.3 */
#define EFLAGS_CF   0x00000001u
#define EFLAGS_1    0x00000002u /* always one */
#define EFLAGS_PF   0x00000004u
#define EFLAGS_AF   0x00000010u
#define EFLAGS_ZF   0x00000040u
#define EFLAGS_SF   0x00000080u
#define EFLAGS_TF   0x00000100u
#define EFLAGS_IF   0x00000200u
#define EFLAGS_DF   0x00000400u
#define EFLAGS_OF   0x00000800u
#define EFLAGS_IOPL 0x00003000u
#define EFLAGS_NT   0x00004000u
#define EFLAGS_RF   0x00010000u
#define EFLAGS_VM   0x00020000u
#define EFLAGS_AC   0x00040000u
#define EFLAGS_VIF  0x00080000u
#define EFLAGS_VIP  0x00100000u
#define EFLAGS_ID   0x00200000u

#define EFLAGS_STATUS (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF)

/* Control registers, SDM 3A 2.5 */
#define CR0_PE 0x00000001u
#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_ET 0x00000010u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u
#define CR0_AM 0x00040000u
#define CR0_NW 0x20000000u
#define CR0_CD 0x40000000u
#define CR0_PG 0x80000000u

#define CR3_PWT 0x00000008u
#define CR3_PCD 0x00000010u

#define CR4_VME        0x00000001u
#define CR4_PVI        0x00000002u
#define CR4_TSD        0x00000004u
#define CR4_DE         0x00000008u
#define CR4_PSE        0x00000010u
#define CR4_PAE        0x00000020u
#define CR4_MCE        0x00000040u
#define CR4_PGE        0x00000080u
#define CR4_PCE        0x00000100u
#define CR4_OSFXSR     0x00000200u
#define CR4_OSXMMEXCPT 0x00000400u

/* Debug registers, SDM 3B 17.2 */
#define DR6_B0    0x00000001u
#define DR6_B1    0x00000002u
#define DR6_B2    0x00000004u
#define DR6_B3    0x00000008u
#define DR6_BD    0x00002000u
#define DR6_BS    0x00004000u
#define DR6_BT    0x00008000u
#define DR6_FIXED 0xffff0ff0u /* read as one */
#define DR7_L0    0x00000001u
#define DR7_G0    0x00000002u
#define DR7_LE    0x00000100u
#define DR7_GE    0x00000200u
#define DR7_FIXED 0x00000400u /* reads as one */
#define DR7_GD    0x00002000u

/* IA32_EFER, SDM 4 */
#define IA32_EFER_NXE 0x00000800u

/* Exceptions, SDM 3A table 6-1 */
enum vector {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_OF = 4,
    VECTOR_BR = 5,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_TS = 10,
    VECTOR_NP = 11,
    VECTOR_SS = 12,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_MF = 16,
    VECTOR_AC = 17,
    VECTOR_MC = 18,
    VECTOR_XM = 19,
};

/* Page-fault error code, SDM 3A 4.7 */
#define PF_P    0x01u
#define PF_WR   0x02u
#define PF_US   0x04u
#define PF_RSVD 0x08u
#define PF_ID   0x10u

/* Selector error codes, SDM 3A 6.13 */
#define ERROR_CODE_EXT 0x1u
#define ERROR_CODE_IDT 0x2u

/* Selectors */
#define SELECTOR_RPL   0x0003u
#define SELECTOR_TI    0x0004u
#define SELECTOR_INDEX 0xfff8u

#endif
