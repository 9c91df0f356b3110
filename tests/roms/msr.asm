; RDMSR, WRMSR, RDTSC, RDPMC: SDM 2B RDMSR, WRMSR, RDTSC, RDPMC; 3A 11.11, 11.12; volume 4 for the registers.
%include "lib/rom.inc"

MSR_TSC             equ 0x10
MSR_MTRRCAP         equ 0xfe
MSR_MCG_CAP         equ 0x179
MSR_MTRR_PHYSBASE0  equ 0x200
MSR_MTRR_PHYSMASK0  equ 0x201
MSR_MTRR_FIX64K     equ 0x250
MSR_MTRR_FIX16K     equ 0x258
MSR_MTRR_FIX4K      equ 0x268
MSR_PAT             equ 0x277
MSR_MTRR_DEF_TYPE   equ 0x2ff
MSR_EFER            equ 0xc0000080

; ================ who may ================

%macro MSR_PRIVILEGE 3  ; instruction, mode, CPL
CHECK msr.%1_in_%2_at_cpl_%3_is_gp, "SDM 2B RDMSR, WRMSR"
    IN %2, %3
    NEEDS MSR
    SET ecx, MSR_TSC
    SET_FLAGS IOPL(3)               ; IOPL gives no right to it
CODE
    %1
EXPECT GP, 0
%endmacro
%macro MSR_PRIVILEGES 1
    %assign cpl 1
    %rep 3
        MSR_PRIVILEGE %1, PM32, %[cpl]
        MSR_PRIVILEGE %1, PM16, %[cpl]
        %assign cpl cpl + 1
    %endrep
    MSR_PRIVILEGE %1, V86, 3
%endmacro
MSR_PRIVILEGES rdmsr
MSR_PRIVILEGES wrmsr

%macro MSR_PRIVILEGE_FIRST 1
CHECK msr.%1_at_cpl_3_of_an_absent_msr_is_gp, "SDM 2B RDMSR, WRMSR"
    NEEDS MSR
    SET ecx, 0x12345678
CODE
    %1
EXPECT GP, 0

CHECK msr.%1_with_lock_is_ud, "SDM 2B RDMSR, WRMSR"
    IN PM32, 0
    NEEDS MSR
    SET ecx, MSR_TSC
CODE
    db 0xf0
    %1
EXPECT UD

CHECK msr.%1_with_lock_is_ud_at_cpl_3, "SDM 2B RDMSR, WRMSR"
    NEEDS MSR
    SET ecx, MSR_TSC
CODE
    db 0xf0
    %1
EXPECT UD

CHECK msr.%1_without_msrs_is_ud, "SDM 2B RDMSR, WRMSR"
    IN PM32, 0
    WITHOUT MSR
CODE
    %1
EXPECT UD

CHECK msr.%1_without_msrs_is_ud_at_cpl_3, "SDM 2B RDMSR, WRMSR"
    WITHOUT MSR
CODE
    %1
EXPECT UD
%endmacro
MSR_PRIVILEGE_FIRST rdmsr
MSR_PRIVILEGE_FIRST wrmsr

%macro MSR_WORKS 2
CHECK msr.rdmsr_works_in_%1_at_cpl_0, "SDM 2B RDMSR"
    IN %1, %2
    NEEDS SEP
    MSR MSR_SYSENTER_EIP, 0x12345678
    SET ecx, MSR_SYSENTER_EIP
CODE
    rdmsr
EXPECT END
WANT eax, 0x12345678
WANT edx, 0

CHECK msr.wrmsr_works_in_%1_at_cpl_0, "SDM 2B WRMSR"
    IN %1, %2
    NEEDS SEP
    SET ecx, MSR_SYSENTER_ESP
    SET eax, 0x9abcdef0
    SET edx, 0
CODE
    wrmsr
    xor eax, edx
    mov eax, edx
    rdmsr
EXPECT END
WANT eax, 0x9abcdef0
WANT eflags, 2 | SF | PF            ; of XOR: AF is undefined and not set by any P6
WANT_BITS eflags, ~(RF | AF)
%endmacro
MSR_WORKS PM32, 0
MSR_WORKS PM16, 0
MSR_WORKS REAL, 0

; ================ registers that are not there ================

%macro MSR_ABSENT 3+  ; name, address, conditions
CHECK msr.rdmsr_%1_is_gp, "SDM 2B RDMSR"
    IN PM32, 0
    NEEDS MSR
    %3
    SET ecx, %2
CODE
    rdmsr
EXPECT GP, 0

CHECK msr.wrmsr_%1_is_gp, "SDM 2B WRMSR"
    IN PM32, 0
    NEEDS MSR
    %3
    SET ecx, %2
    SET eax, 0
    SET edx, 0
CODE
    wrmsr
EXPECT GP, 0

CHECK msr.rdmsr_%1_is_gp_in_real_mode, "SDM 2B RDMSR"
    IN REAL
    NEEDS MSR
    %3
    SET ecx, %2
CODE
    rdmsr
EXPECT GP
%endmacro
MSR_ABSENT unknown_12345678, 0x12345678, NEEDS MSR
MSR_ABSENT unknown_ffffffff, 0xffffffff, NEEDS MSR
MSR_ABSENT ecx_counts_whole_10000010, 0x10000010, NEEDS MSR
MSR_ABSENT ecx_counts_whole_80000174, 0x80000174, NEEDS SEP
MSR_ABSENT sysenter_cs_without_sep, MSR_SYSENTER_CS, WITHOUT SEP, SEP_TRAP
MSR_ABSENT sysenter_esp_without_sep, MSR_SYSENTER_ESP, WITHOUT SEP, SEP_TRAP
MSR_ABSENT sysenter_eip_without_sep, MSR_SYSENTER_EIP, WITHOUT SEP, SEP_TRAP
MSR_ABSENT pat_without_pat, MSR_PAT, WITHOUT PAT
MSR_ABSENT mtrrcap_without_mtrr, MSR_MTRRCAP, WITHOUT MTRR
MSR_ABSENT mtrr_def_type_without_mtrr, MSR_MTRR_DEF_TYPE, WITHOUT MTRR
MSR_ABSENT efer_without_nx, MSR_EFER, WITHOUT NX

; The processors of this project have no 64-bit mode; one that has it knows these.
MSR_ABSENT mtrr_gap_2f0, 0x2f0, NEEDS MTRR
MSR_ABSENT mtrr_gap_251, 0x251, NEEDS MTRR
MSR_ABSENT mtrr_gap_25a, 0x25a, NEEDS MTRR
MSR_ABSENT mtrr_gap_270, 0x270, NEEDS MTRR

; ================ registers that are only read ================

%macro MSR_READ_ONLY 3
CHECK msr.wrmsr_%1_is_gp, "SDM 2B WRMSR, volume 4"
    IN PM32, 0
    NEEDS %3
    SET ecx, %2
    mov ecx, %2
    rdmsr
    mov [before + S_eax], eax
    mov [before + S_edx], edx
CODE
    wrmsr                           ; even its own value
EXPECT GP, 0
%endmacro
MSR_READ_ONLY mtrrcap, MSR_MTRRCAP, MTRR
MSR_READ_ONLY mcg_cap, MSR_MCG_CAP, MCA

; ================ values ================

; A value that is taken and read back as it is; the old one is put back, for the ROM uses some of them itself.
%macro MSR_KEEPS 5  ; name, address, feature, high, low
CHECK msr.%1_is_kept, "SDM volume 4"
    IN PM32, 0
    NEEDS %3
    SET ecx, %2
    SET eax, %5
    SET edx, %4
    mov ecx, %2
    rdmsr
    mov [before + S_esi], eax
    mov [before + S_edi], edx
CODE
    wrmsr
    mov eax, 0x77777777
    mov edx, eax
    rdmsr
    xchg eax, esi
    xchg edx, edi
    wrmsr
EXPECT END
mov eax, [before + S_esi]
mov edx, [before + S_edi]
mov [want + S_eax], eax
mov [want + S_edx], edx
WANT esi, %5
WANT edi, %4
%endmacro

; A value that is refused, and leaves the register as it was.
%macro MSR_REFUSES 5
CHECK msr.%1_is_gp, "SDM volume 4"
    IN PM32, 0
    NEEDS %3
    SET ecx, %2
    SET eax, %5
    SET edx, %4
    GATE VECTOR_GP, CS0, .fault, PRESENT | INT_GATE32
    mov ecx, %2
    rdmsr
    mov [before + S_esi], eax
    mov [before + S_edi], edx
CODE
    wrmsr
    int3                            ; not reached
.fault:
    rdmsr
    cmp eax, esi
    jne .changed
    cmp edx, edi
.changed:
EXPECT END
mov eax, [before + S_esi]
mov edx, [before + S_edi]
mov [want + S_eax], eax
mov [want + S_edx], edx
WANT eflags, 2 | ZF | PF
WANT_PUSHED dword, STACK0_CHECK, START_FLAGS | RF, CS0, .code, 0
%endmacro

MSR_KEEPS sysenter_cs_0, MSR_SYSENTER_CS, SEP, 0, 0
MSR_KEEPS sysenter_cs_ffff, MSR_SYSENTER_CS, SEP, 0, 0xffff
MSR_KEEPS sysenter_cs_3, MSR_SYSENTER_CS, SEP, 0, 3
MSR_KEEPS sysenter_esp_0, MSR_SYSENTER_ESP, SEP, 0, 0
MSR_KEEPS sysenter_esp_ffffffff, MSR_SYSENTER_ESP, SEP, 0, 0xffffffff
MSR_KEEPS sysenter_eip_0, MSR_SYSENTER_EIP, SEP, 0, 0
MSR_KEEPS sysenter_eip_ffffffff, MSR_SYSENTER_EIP, SEP, 0, 0xffffffff

; SDM 3A 11.12.2: types 2 and 3 and everything above 7 are reserved
%macro PAT_TYPE 1
    %if %1 == 2 || %1 == 3 || %1 > 7
        MSR_REFUSES pat_low_type_%1, MSR_PAT, PAT, 0x00070106, 0x00070100 | %1
        MSR_REFUSES pat_high_type_%1, MSR_PAT, PAT, 0x00070106 | (%1 << 24), 0x00070106
    %else
        MSR_KEEPS pat_low_type_%1, MSR_PAT, PAT, 0x00070406, 0x00070400 | %1
        MSR_KEEPS pat_high_type_%1, MSR_PAT, PAT, 0x00070406 | (%1 << 24), 0x00070406
    %endif
%endmacro
%assign type 0
%rep 9
    PAT_TYPE %[type]
    %assign type type + 1
%endrep
PAT_TYPE 16
PAT_TYPE 32
PAT_TYPE 64
PAT_TYPE 128

; SDM 3A 11.11.2: types 0, 1, 4, 5, 6; IA32_MTRR_DEF_TYPE has bits 10 and 11 beside the type
%macro MTRR_TYPE 1
    %if %1 == 0 || %1 == 1 || (%1 >= 4 && %1 <= 6)
        MSR_KEEPS mtrr_def_type_%1, MSR_MTRR_DEF_TYPE, MTRR, 0, %1
        MSR_KEEPS mtrr_physbase_type_%1, MSR_MTRR_PHYSBASE0, MTRR, 0, 0xd0000000 | %1
        MSR_KEEPS mtrr_fix64k_type_%1, MSR_MTRR_FIX64K, MTRR, 0x06060600 | %1, 0x06060606
    %else
        MSR_REFUSES mtrr_def_type_%1, MSR_MTRR_DEF_TYPE, MTRR, 0, %1
        MSR_REFUSES mtrr_physbase_type_%1, MSR_MTRR_PHYSBASE0, MTRR, 0, 0xd0000000 | %1
        MSR_REFUSES mtrr_fix64k_type_%1, MSR_MTRR_FIX64K, MTRR, 0x06060600 | %1, 0x06060606
        MSR_REFUSES mtrr_fix4k_type_%1, MSR_MTRR_FIX4K, MTRR, 0x06060606, 0x06060600 | %1
    %endif
%endmacro
%assign type 0
%rep 9
    MTRR_TYPE %[type]
    %assign type type + 1
%endrep
MTRR_TYPE 255

%macro MTRR_RESERVED 1
    MSR_REFUSES mtrr_def_type_bit_%1, MSR_MTRR_DEF_TYPE, MTRR, 0, 1 << %1
%endmacro
MTRR_RESERVED 8
MTRR_RESERVED 9
MTRR_RESERVED 12
MTRR_RESERVED 31
MSR_REFUSES mtrr_def_type_bit_32, MSR_MTRR_DEF_TYPE, MTRR, 1, 0
MSR_KEEPS mtrr_def_type_fixed_enable, MSR_MTRR_DEF_TYPE, MTRR, 0, 1 << 10
MSR_REFUSES mtrr_physbase_bit_8, MSR_MTRR_PHYSBASE0, MTRR, 0, 1 << 8
MSR_REFUSES mtrr_physbase_bit_11, MSR_MTRR_PHYSBASE0, MTRR, 0, 1 << 11
MSR_REFUSES mtrr_physbase_bit_63, MSR_MTRR_PHYSBASE0, MTRR, 1 << 31, 0
MSR_KEEPS mtrr_physmask_valid, MSR_MTRR_PHYSMASK0, MTRR, 0, 0xf0000800
MSR_REFUSES mtrr_physmask_bit_0, MSR_MTRR_PHYSMASK0, MTRR, 0, 0xf0000001
MSR_REFUSES mtrr_physmask_bit_10, MSR_MTRR_PHYSMASK0, MTRR, 0, 0xf0000400
MSR_REFUSES mtrr_physmask_bit_63, MSR_MTRR_PHYSMASK0, MTRR, 1 << 31, 0

; Without 64-bit mode and SYSCALL only NXE is defined (volume 4, IA32_EFER).
MSR_KEEPS efer_0, MSR_EFER, NX, 0, 0
MSR_KEEPS efer_nxe, MSR_EFER, NX, 0, 1 << 11
MSR_REFUSES efer_bit_1, MSR_EFER, NX, 0, 2
MSR_REFUSES efer_bit_9, MSR_EFER, NX, 0, 1 << 9
MSR_REFUSES efer_bit_31, MSR_EFER, NX, 0, 1 << 31
MSR_REFUSES efer_bit_63, MSR_EFER, NX, 1 << 31, 0

; ================ RDTSC ================

%macro RDTSC_CHECK 4  ; mode, CPL, CR4 bits, name
CHECK msr.rdtsc_%4_in_%1_at_cpl_%2, "SDM 2B RDTSC"
    IN %1, %2
    NEEDS TSC
    SET_CR4 %3
CODE
    rdtsc
    %if %3 && %2
EXPECT GP, 0
    %else
EXPECT END
WANT_BITS eax, 0                    ; whatever time it is
WANT_BITS edx, 0
    %endif
%endmacro
%assign cpl 0
%rep 4
    RDTSC_CHECK PM32, %[cpl], 0, without_tsd
    RDTSC_CHECK PM32, %[cpl], CR4_TSD, with_tsd
    %assign cpl cpl + 1
%endrep
RDTSC_CHECK PM16, 3, 0, without_tsd
RDTSC_CHECK PM16, 3, CR4_TSD, with_tsd
RDTSC_CHECK V86, 3, 0, without_tsd
RDTSC_CHECK V86, 3, CR4_TSD, with_tsd
RDTSC_CHECK REAL, 0, 0, without_tsd
RDTSC_CHECK REAL, 0, CR4_TSD, with_tsd

CHECK msr.rdtsc_without_tsc_is_ud, "SDM 2B RDTSC"
    WITHOUT TSC
CODE
    rdtsc
EXPECT UD

CHECK msr.rdtsc_with_lock_is_ud, "SDM 2B RDTSC"
    NEEDS TSC
CODE
    db 0xf0
    rdtsc
EXPECT UD

CHECK msr.tsc_goes_on, "SDM 3B 17.12"
    NEEDS TSC
CODE
    rdtsc
    mov ebx, eax
    mov ecx, edx
    rdtsc
    sub eax, ebx
    sbb edx, ecx
    or eax, edx
    setnz al                        ; SDM: it increments, so two readings differ
    movzx eax, al
EXPECT END
WANT eax, 1
WANT edx, 0
WANT_BITS ebx, 0
WANT_BITS ecx, 0
WANT_BITS eflags, ~(CF | PF | AF | ZF | SF | OF | RF)

CHECK msr.rdtsc_reads_the_msr, "SDM volume 4 IA32_TIME_STAMP_COUNTER"
    IN PM32, 0
    NEEDS TSC, MSR
    SET ecx, MSR_TSC
    SET eax, 0
    SET edx, 0
CODE
    wrmsr
    rdtsc
    shr eax, 20                     ; well under a million cycles since
    mov ebx, eax
    mov esi, edx
    rdmsr
    shr eax, 20
    or eax, ebx
EXPECT END
WANT eax, 0
WANT ebx, 0
WANT esi, 0
WANT edx, 0
WANT_BITS eflags, ~(CF | PF | AF | ZF | SF | OF | RF)

; ================ RDPMC ================

%macro RDPMC_CHECK 4
CHECK msr.rdpmc_%4_in_%1_at_cpl_%2, "SDM 2B RDPMC"
    IN %1, %2
    NEEDS P6
    SET_CR4 %3
    SET ecx, 0
CODE
    rdpmc
    %if %3 == 0 && %2
EXPECT GP, 0
    %else
EXPECT END
WANT_BITS eax, 0
WANT_BITS edx, 0
    %endif
%endmacro
%assign cpl 0
%rep 4
    RDPMC_CHECK PM32, %[cpl], 0, without_pce
    RDPMC_CHECK PM32, %[cpl], CR4_PCE, with_pce
    %assign cpl cpl + 1
%endrep
RDPMC_CHECK V86, 3, 0, without_pce
RDPMC_CHECK V86, 3, CR4_PCE, with_pce
RDPMC_CHECK REAL, 0, 0, without_pce

CHECK msr.rdpmc_of_an_absent_counter_is_gp, "SDM 2B RDPMC"
    IN PM32, 0
    NEEDS P6
    SET ecx, 0x5555
CODE
    rdpmc
EXPECT GP, 0

CHECK msr.rdpmc_of_an_absent_counter_is_gp_at_cpl_3_with_pce, "SDM 2B RDPMC"
    NEEDS P6
    SET_CR4 CR4_PCE
    SET ecx, 0x5555
CODE
    rdpmc
EXPECT GP, 0

CHECK msr.rdpmc_with_lock_is_ud, "SDM 2B RDPMC"
    IN PM32, 0
    NEEDS P6
    SET ecx, 0
CODE
    db 0xf0
    rdpmc
EXPECT UD

CHECK msr.rdpmc_before_p6_is_ud, "SDM 2B RDPMC"
    IN PM32, 0
    WITHOUT P6
CODE
    rdpmc
EXPECT UD

END_OF_CHECKS
