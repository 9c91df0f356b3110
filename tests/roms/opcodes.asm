; Opcodes and forms that do not exist: #UD in every mode and ring, and instructions that a model lacks. SDM 2A 2.1, 2B UD,
; 2D appendix A (opcode maps: empty places, and the superscripts for #UD), 1 5.1 to 5.22 (which model has what).
%include "lib/rom.inc"

; ModRM bytes: memory (at ECX, or BX + DI in 16-bit code) and register (ECX)
%define M(reg) ((reg) << 3 | 1)
%define R(reg) (0xc0 | (reg) << 3 | 1)

%macro NEEDS_OF 1
    %ifnidni %1, -
        NEEDS %1
    %endif
%endmacro
%macro WITHOUT_OF 1
    %ifnidni %1, -
        WITHOUT %1
    %endif
%endmacro

; At CPL 3, at CPL 0 and in real-address mode. ECX points to memory that may be read and written.
%macro UD_BYTES 4+  ; name, needs, without, bytes
CHECK ud.%1_at_cpl_3, "SDM 2D A, 2B UD"
    NEEDS_OF %2
    WITHOUT_OF %3
    SET ecx, DATA
CODE
    db %4
EXPECT UD
CHECK ud.%1_at_cpl_0, "SDM 2D A, 2B UD"
    IN PM32, 0
    NEEDS_OF %2
    WITHOUT_OF %3
    SET ecx, DATA
CODE
    db %4
EXPECT UD
CHECK ud.%1_in_real_mode, "SDM 2D A, 2B UD"
    IN REAL
    NEEDS_OF %2
    WITHOUT_OF %3
    SET ebx, 0
    SET edi, 0
CODE
    db %4
EXPECT UD
%endmacro

; ---- opcodes for #UD ----
UD_BYTES ud2, -, -, 0x0f, 0x0b
UD_BYTES ud1, -, -, 0x0f, 0xb9, R(0)
UD_BYTES ud1_of_memory, -, -, 0x0f, 0xb9, M(3)
UD_BYTES ud0, -, -, 0x0f, 0xff, R(0)
UD_BYTES rsm_outside_system_management_mode, CPUID, -, 0x0f, 0xaa

; ---- empty places of the two-byte map ----
%macro UD_0F 1-*  ; second bytes
    %rep %0
        UD_BYTES opcode_0f_%1, -, -, 0x0f, 0x%1, R(0)
        %rotate 1
    %endrep
%endmacro
UD_0F 04, 05, 07, 0a, 0c, 0e, 0f, 36, 39, 3b, 3d, 3e, 3f, 7a, 7b, a6, a7
; MOV of test registers is of the 386 and 486 only.
UD_BYTES mov_from_test_register, CPUID, -, 0x0f, 0x24, R(6)
UD_BYTES mov_to_test_register, CPUID, -, 0x0f, 0x26, R(6)
UD_BYTES opcode_0f_25, CPUID, -, 0x0f, 0x25, R(0)
UD_BYTES opcode_0f_27, CPUID, -, 0x0f, 0x27, R(0)

; ---- empty places of the groups ----
UD_BYTES group_1a_8f_1, -, -, 0x8f, M(1)
UD_BYTES group_1a_8f_4, -, -, 0x8f, M(4)
UD_BYTES group_1a_8f_7_of_register, -, -, 0x8f, R(7)
UD_BYTES group_4_fe_2, -, -, 0xfe, M(2)
UD_BYTES group_4_fe_3, -, -, 0xfe, M(3)
UD_BYTES group_4_fe_4, -, -, 0xfe, M(4)
UD_BYTES group_4_fe_5, -, -, 0xfe, M(5)
UD_BYTES group_4_fe_6, -, -, 0xfe, M(6)
UD_BYTES group_4_fe_7, -, -, 0xfe, M(7)
UD_BYTES group_4_fe_7_of_register, -, -, 0xfe, R(7)
UD_BYTES group_5_ff_7, -, -, 0xff, M(7)
UD_BYTES group_5_ff_7_of_register, -, -, 0xff, R(7)
UD_BYTES group_6_0f_00_6, -, -, 0x0f, 0x00, M(6)
UD_BYTES group_6_0f_00_7, -, -, 0x0f, 0x00, M(7)
UD_BYTES group_6_0f_00_7_of_register, -, -, 0x0f, 0x00, R(7)
UD_BYTES group_7_0f_01_5, -, -, 0x0f, 0x01, M(5)
UD_BYTES group_7_0f_01_5_of_register, -, -, 0x0f, 0x01, R(5)
UD_BYTES group_8_0f_ba_0, -, -, 0x0f, 0xba, M(0), 1
UD_BYTES group_8_0f_ba_1, -, -, 0x0f, 0xba, M(1), 1
UD_BYTES group_8_0f_ba_2, -, -, 0x0f, 0xba, M(2), 1
UD_BYTES group_8_0f_ba_3, -, -, 0x0f, 0xba, M(3), 1
UD_BYTES group_8_0f_ba_3_of_register, -, -, 0x0f, 0xba, R(3), 1
UD_BYTES group_9_0f_c7_0, -, -, 0x0f, 0xc7, M(0)
UD_BYTES group_9_0f_c7_2, -, -, 0x0f, 0xc7, M(2)
UD_BYTES group_9_0f_c7_5, -, -, 0x0f, 0xc7, M(5)
UD_BYTES group_9_cmpxchg8b_of_register, -, -, 0x0f, 0xc7, R(1)
UD_BYTES group_11_c6_1, -, -, 0xc6, M(1), 1
UD_BYTES group_11_c6_7, -, -, 0xc6, M(7), 1
UD_BYTES group_11_c6_5_of_register, -, -, 0xc6, R(5), 1
UD_BYTES group_11_c7_1, -, -, 0xc7, M(1), 1, 0, 0, 0
UD_BYTES group_11_c7_7, -, -, 0xc7, M(7), 1, 0, 0, 0
UD_BYTES group_11_c7_6_of_register, -, -, 0xc7, R(6), 1, 0, 0, 0

; ---- forms that need memory ----
UD_BYTES lea_of_register, -, -, 0x8d, R(0)
UD_BYTES les_of_register, -, -, 0xc4, R(0)
UD_BYTES lds_of_register, -, -, 0xc5, R(0)
UD_BYTES lss_of_register, -, -, 0x0f, 0xb2, R(0)
UD_BYTES lfs_of_register, -, -, 0x0f, 0xb4, R(0)
UD_BYTES lgs_of_register, -, -, 0x0f, 0xb5, R(0)
UD_BYTES bound_of_register, -, -, 0x62, R(0)
UD_BYTES far_call_of_register, -, -, 0xff, R(3)
UD_BYTES far_jmp_of_register, -, -, 0xff, R(5)
UD_BYTES invlpg_of_register, I486, -, 0x0f, 0x01, 0xf8
UD_BYTES sgdt_of_register, -, -, 0x0f, 0x01, 0xc5
UD_BYTES lgdt_of_register, -, -, 0x0f, 0x01, 0xd5
UD_BYTES lidt_of_register, -, -, 0x0f, 0x01, 0xdf

; ---- registers that do not exist ----
UD_BYTES mov_from_segment_register_6, -, -, 0x8c, R(6)
UD_BYTES mov_from_segment_register_7, -, -, 0x8c, M(7)
UD_BYTES mov_to_cs, -, -, 0x8e, R(1)
UD_BYTES mov_to_cs_from_memory, -, -, 0x8e, M(1)
UD_BYTES mov_to_segment_register_6, -, -, 0x8e, R(6)
UD_BYTES mov_to_segment_register_7, -, -, 0x8e, R(7)

; At CPL 3, #GP and #UD have no order here: CPL 0 and real-address mode only
%macro UD_CONTROL 2
CHECK ud.mov_from_cr%1_at_cpl_0, "SDM 2B MOV"
    IN PM32, 0
    WITHOUT_OF %2
CODE
    db 0x0f, 0x20, R(%1)
EXPECT UD
CHECK ud.mov_to_cr%1_at_cpl_0, "SDM 2B MOV"
    IN PM32, 0
    WITHOUT_OF %2
CODE
    db 0x0f, 0x22, R(%1)
EXPECT UD
CHECK ud.mov_from_cr%1_in_real_mode, "SDM 2B MOV"
    IN REAL
    WITHOUT_OF %2
CODE
    db 0x0f, 0x20, R(%1)
EXPECT UD
%endmacro
UD_CONTROL 1, -
UD_CONTROL 4, CR4
UD_CONTROL 5, -
UD_CONTROL 6, -
UD_CONTROL 7, -

; ---- instructions of protected mode ----
%macro UD_REAL 2+
CHECK ud.%1_in_real_mode, "SDM 2A, 2B: recognised in protected mode only"
    IN REAL
CODE
    %2
EXPECT UD
%endmacro
UD_REAL sldt, sldt ax
UD_REAL str, str ax
UD_REAL lldt, lldt ax
UD_REAL ltr, ltr ax
UD_REAL verr, verr ax
UD_REAL verw, verw ax
UD_REAL lar, lar ax, cx
UD_REAL lsl, lsl ax, cx
UD_REAL arpl, arpl ax, cx

; ---- what a model lacks ----
UD_BYTES cpuid_without_it, -, CPUID, 0x0f, 0xa2
UD_BYTES rdtsc_without_it, -, TSC, 0x0f, 0x31
UD_BYTES rdmsr_without_it, -, MSR, 0x0f, 0x32
UD_BYTES wrmsr_without_it, -, MSR, 0x0f, 0x30
UD_BYTES cmpxchg8b_without_it, -, CX8, 0x0f, 0xc7, M(1)
UD_BYTES cmovo_without_it, -, CMOV, 0x0f, 0x40, R(0)
UD_BYTES cmovg_without_it, -, CMOV, 0x0f, 0x4f, M(0)
UD_BYTES movd_without_mmx, -, MMX, 0x0f, 0x6e, R(0)
UD_BYTES paddb_without_mmx, -, MMX, 0x0f, 0xfc, R(0)
UD_BYTES emms_without_mmx, -, MMX, 0x0f, 0x77
UD_BYTES fxsave_without_it, -, FXSR, 0x0f, 0xae, M(0)
UD_BYTES fxrstor_without_it, -, FXSR, 0x0f, 0xae, M(1)
UD_BYTES ldmxcsr_without_sse, -, SSE, 0x0f, 0xae, M(2)
UD_BYTES stmxcsr_without_sse, -, SSE, 0x0f, 0xae, M(3)
UD_BYTES sfence_without_sse, -, SSE, 0x0f, 0xae, 0xf8
UD_BYTES movups_without_sse, -, SSE, 0x0f, 0x10, M(0)
UD_BYTES addps_without_sse, -, SSE, 0x0f, 0x58, R(0)
UD_BYTES lfence_without_sse2, -, SSE2, 0x0f, 0xae, 0xe8
UD_BYTES mfence_without_sse2, -, SSE2, 0x0f, 0xae, 0xf0
UD_BYTES clflush_without_sse2, -, SSE2, 0x0f, 0xae, M(7)
UD_BYTES movnti_without_sse2, -, SSE2, 0x0f, 0xc3, M(0)
UD_BYTES addpd_without_sse2, -, SSE2, 0x66, 0x0f, 0x58, R(0)
UD_BYTES monitor_without_it, -, MONITOR, 0x0f, 0x01, 0xc8
UD_BYTES mwait_without_it, -, MONITOR, 0x0f, 0x01, 0xc9

; CR0.EM and CR4.OSFXSR decide about the SIMD instructions (SDM 3A 13.1, table 13-1).
%macro UD_SIMD 4-5+  ; name, needs, CR0, CR4, bytes
CHECK ud.%1, "SDM 3A 13.1.1, 2A 2.6"
    NEEDS %2
    SET_CR0 %3
    SET_CR4 %4
    SET ecx, DATA
CODE
    db %5
EXPECT UD
%endmacro
UD_SIMD movd_with_em, MMX, CR0_EM, 0, 0x0f, 0x6e, R(0)
UD_SIMD emms_with_em, MMX, CR0_EM, 0, 0x0f, 0x77
UD_SIMD movd_with_em_and_ts, MMX, CR0_EM | CR0_TS, 0, 0x0f, 0x6e, R(0)
UD_SIMD addps_without_osfxsr, SSE, 0, 0, 0x0f, 0x58, R(0)
UD_SIMD addps_with_em, SSE, CR0_EM, CR4_OSFXSR, 0x0f, 0x58, R(0)
UD_SIMD addps_without_osfxsr_with_ts, SSE, CR0_TS, 0, 0x0f, 0x58, R(0)
UD_SIMD addps_with_em_and_ts, SSE, CR0_EM | CR0_TS, CR4_OSFXSR, 0x0f, 0x58, R(0)
UD_SIMD addpd_without_osfxsr, SSE2, 0, 0, 0x66, 0x0f, 0x58, R(0)
UD_SIMD ldmxcsr_without_osfxsr, SSE, 0, 0, 0x0f, 0xae, M(2)
UD_SIMD ldmxcsr_with_em, SSE, CR0_EM, CR4_OSFXSR, 0x0f, 0xae, M(2)

%macro NM_SIMD 4-5+
CHECK nm.%1, "SDM 3A 2.5, 13.1"
    NEEDS %2
    SET_CR0 %3
    SET_CR4 %4
    SET ecx, DATA
CODE
    db %5
EXPECT NM
%endmacro
NM_SIMD movd_with_ts, MMX, CR0_TS, 0, 0x0f, 0x6e, R(0)
NM_SIMD addps_with_ts, SSE, CR0_TS, CR4_OSFXSR, 0x0f, 0x58, R(0)
NM_SIMD addpd_with_ts, SSE2, CR0_TS, CR4_OSFXSR, 0x66, 0x0f, 0x58, R(0)
NM_SIMD ldmxcsr_with_ts, SSE, CR0_TS, CR4_OSFXSR, 0x0f, 0xae, M(2)
NM_SIMD fxsave_with_ts, FXSR, CR0_TS, 0, 0x0f, 0xae, M(0)
NM_SIMD fxsave_with_em, FXSR, CR0_EM, 0, 0x0f, 0xae, M(0)
NM_SIMD fld1_with_ts, FPU, CR0_TS, 0, 0xd9, 0xe8
NM_SIMD fld1_with_em, FPU, CR0_EM, 0, 0xd9, 0xe8
NM_SIMD fld1_with_em_and_ts, FPU, CR0_EM | CR0_TS, 0, 0xd9, 0xe8
NM_SIMD fwait_with_ts_and_mp, FPU, CR0_TS | CR0_MP, 0, 0x9b

%macro NO_NM 3
CHECK nm.not_for_%1, "SDM 3A 2.5, 2A FWAIT"
    NEEDS FPU
    and dword [before + S_cr0], ~(CR0_MP | CR0_TS | CR0_EM)
    SET_CR0 %2
CODE
    %3
EXPECT END
%endmacro
NO_NM fwait_with_ts_without_mp, CR0_TS, fwait
NO_NM fwait_with_em, CR0_EM, fwait
NO_NM fwait_with_mp, CR0_MP, fwait

END_OF_CHECKS
