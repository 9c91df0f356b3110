/*
 * Numbers that the assembler and the C parts share: selectors, addresses, offsets in the published structures
 * (static assertions in ke.h hold the two together), and status codes. All are Windows XP's (NT 5.1, 32-bit x86)
 * unless a comment says otherwise.
 */
#ifndef IMAGES_NT_LAYOUT_H
#define IMAGES_NT_LAYOUT_H

/* Selectors. The first four stand in the order that SYSENTER and SYSEXIT demand (SDM 2B). */
#define KGDT_R0_CODE 0x08
#define KGDT_R0_DATA 0x10
#define KGDT_R3_CODE 0x18
#define KGDT_R3_DATA 0x20
#define KGDT_TSS     0x28
#define KGDT_R0_PCR  0x30 /* FS in the kernel: the processor control region */
#define KGDT_R3_TEB  0x38 /* FS in the program: the thread environment block */
#define KGDT_LDT     0x48
#define RPL_MASK     3
#define USER_CS      0x1b
#define USER_DS      0x23
#define USER_FS      0x3b

#define SYSTEM_BASE     0x80000000 /* linear = physical + this, for the first 4 MiB */
#define USER_SHARED     0x7ffe0000 /* KUSER_SHARED_DATA as programs see it: read only */
#define KERNEL_SHARED   0xffdf0000 /* and as the kernel does */
#define USER_PROBE      0x7fff0000 /* the first address that no program may pass: MmUserProbeAddress */
#define SYSTEM_CALL     0x300      /* KUSER_SHARED_DATA.SystemCall: the code of SystemCallStub */
#define SYSTEM_CALL_RET 0x7ffe0304 /* behind its MOV EDX,ESP (2 bytes) and SYSENTER (2 bytes) */

#define VECTOR_SERVICE 0x2e
#define VECTOR_CLOCK   TIMER_VECTOR /* IRQ 0; the build says 30h: the 8259A pair sits at 30h-3Fh */

#define NPX_FRAME_LENGTH   0x210 /* room for the floating point state, on top of each kernel stack */
#define KTRAP_FRAME_LENGTH 0x8c
#define KTRAP_FRAME_V86    0x10 /* its last four fields: there after a trap from virtual-8086 mode only */

/* KTRAP_FRAME */
#define TF_DBG_EBP         0x00
#define TF_DBG_EIP         0x04
#define TF_DBG_ARG_MARK    0x08
#define TF_DBG_ARG_POINTER 0x0c
#define TF_SEG_GS          0x30
#define TF_EDX             0x3c
#define TF_PREVIOUS_MODE   0x48
#define TF_EXCEPTION_LIST  0x4c
#define TF_SEG_FS          0x50
#define TF_EBP             0x60
#define TF_EIP             0x68
#define TF_SEG_CS          0x6c
#define TF_EFLAGS          0x70
#define TF_SEG_SS          0x78
#define DBG_ARG_MARK       0xbadb0d00

/* KPCR, with KPRCB at 120h */
#define PC_EXCEPTION_LIST 0x00
#define PC_TSS            0x40
#define PC_CURRENT_THREAD 0x124
#define PC_SYSTEM_CALLS   0x638

/* KTHREAD */
#define TH_KERNEL_STACK  0x28
#define TH_SERVICE_TABLE 0xe0
#define TH_TRAP_FRAME    0x134
#define TH_PREVIOUS_MODE 0x140

/* KSERVICE_TABLE_DESCRIPTOR */
#define SD_BASE   0x00
#define SD_LIMIT  0x08
#define SD_NUMBER 0x0c

#define TSS_ESP0 4

#define EFLAGS_TF 0x00000100
#define EFLAGS_IF 0x00000200
#define EFLAGS_DF 0x00000400
#define EFLAGS_NT 0x00004000
#define EFLAGS_VM 0x00020000
#define EFLAGS_AC 0x00040000

#define STATUS_SUCCESS                0x00000000
#define STATUS_NO_YIELD_PERFORMED     0x40000024
#define STATUS_BREAKPOINT             0x80000003
#define STATUS_SINGLE_STEP            0x80000004
#define STATUS_INVALID_INFO_CLASS     0xc0000003
#define STATUS_INFO_LENGTH_MISMATCH   0xc0000004
#define STATUS_ACCESS_VIOLATION       0xc0000005
#define STATUS_INVALID_PARAMETER      0xc000000d
#define STATUS_NO_MEMORY              0xc0000017
#define STATUS_CONFLICTING_ADDRESSES  0xc0000018
#define STATUS_INVALID_SYSTEM_SERVICE 0xc000001c
#define STATUS_ILLEGAL_INSTRUCTION    0xc000001d
#define STATUS_ARRAY_BOUNDS_EXCEEDED  0xc000008c
#define STATUS_INTEGER_DIVIDE_BY_ZERO 0xc0000094
#define STATUS_INTEGER_OVERFLOW       0xc0000095
#define STATUS_INVALID_LDT_DESCRIPTOR 0xc000011a

/*
 * The services: name, bytes of arguments. Their order is the service index. The names and arguments are NT's, the
 * indices our own: NT's changed from build to build, which is why programs call through stubs.
 */
/* clang-format off */
#define SERVICE_LIST(ROW) \
    ROW(NtDisplayString,          4) \
    ROW(NtQuerySystemTime,        4) \
    ROW(NtQuerySystemInformation, 16) \
    ROW(NtAllocateVirtualMemory,  24) \
    ROW(NtDelayExecution,         8) \
    ROW(NtYieldExecution,         0) \
    ROW(NtCreateThread,           32) \
    ROW(NtTerminateThread,        8) \
    ROW(NtContinue,               8) \
    ROW(NtSetLdtEntries,          24) \
    ROW(NtVdmControl,             8) \
    ROW(NtTerminateProcess,       8)
/* clang-format on */

#endif
